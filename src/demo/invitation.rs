//! The last words of the demo: where it serves, who can sign in, and what is worth asking.

use std::fmt::Write as _;

use super::office::Office;
use super::opening::Opened;
use crate::device::Account;

/// `team`: the account of a phone, and the phone's name.
pub(super) fn text(
    url: &str,
    province: &Office,
    opened: &Opened,
    team: Option<(&Account, &str)>,
) -> anyhow::Result<String> {
    let mut out = String::new();
    let _ = writeln!(out, "  serving at    {url}");
    let _ = writeln!(out, "  API docs at   {url}/docs");
    let _ = writeln!(out, "\n  sign in as");
    let (name, password) = (&province.username, &province.password);
    let _ = writeln!(out, "    {name:16} {password}   the province");
    // The prefecture where most is left to settle.
    let conflicts = province.list("/v1/conflicts?state=open")?;
    let of =
        |code: &str| conflicts.iter().filter(|c| c["bucket"].as_str().is_some_and(|b| b.starts_with(code))).count();
    if let Some((code, office)) = opened.prefectures.iter().max_by_key(|(code, _)| of(code)) {
        let _ = writeln!(out, "    {:16} {}   prefecture {code}", office.username, office.password);
    }
    if let Some((account, phone)) = team {
        let _ = writeln!(out, "    {:16} {}   {phone}", account.username, account.password);
    }
    let _ = writeln!(out, "\n  take a token, then ask:");
    let _ = writeln!(
        out,
        "    TOKEN=$(curl -s {url}/v1/auth/login -H 'Content-Type: application/json' \
         -d '{{\"username\":\"{name}\",\"password\":\"{password}\"}}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')"
    );
    let ask = |out: &mut String, path: &str, what: &str| {
        let _ = writeln!(out, "    curl -s --compressed -H \"Authorization: Bearer $TOKEN\" '{url}{path}'   # {what}");
    };
    let campaign = format!("/v1/campaigns/{}", opened.campaign);
    ask(&mut out, &format!("{campaign}/coverage?level=prefecture"), "what was reached");
    ask(
        &mut out,
        &format!("{campaign}/statistics?question=drinking_water_safe&by=prefecture"),
        "what people said, for all of them",
    );
    ask(&mut out, &format!("{campaign}/report?format=html&lang=en"), "the general report, as a page");
    ask(&mut out, "/v1/conflicts?state=open&limit=2", "what two people said of one field");
    let of_household = conflicts.iter().find(|c| c["collection"] == "households");
    match of_household.and_then(|c| Some((c["record_id"].as_str()?, c["bucket"].as_str()?))) {
        Some((id, bucket)) => {
            ask(
                &mut out,
                &format!("/v1/households/{id}/history?bucket={bucket}"),
                "and all that was ever written there",
            );
        }
        None => ask(&mut out, "/v1/divisions?parent=51", "the prefectures"),
    }
    ask(&mut out, "/v1/held-ops?state=open&limit=2", "what waits for a person");
    let _ = writeln!(out, "\n  Ctrl-C ends it.");
    Ok(out)
}
