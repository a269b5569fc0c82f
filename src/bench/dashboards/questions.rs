//! What a dashboard asks on a full province, and how soon it wants to know.

use super::client::Client;
use crate::http::time::format_ms;
use anyhow::Context as _;
use serde_json::Value;

/// Milliseconds, at the median, when warm.
const PAGE: f64 = 100.0;
const STATISTICS: f64 = 1_000.0;
const REPORT: f64 = 10_000.0;

/// One question.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub name: String,
    pub path: String,
    /// Milliseconds; `None` where nothing is aimed at.
    pub target: Option<f64>,
}

/// What the questions name, read from the database that is asked.
struct Names {
    campaign: String,
    county: String,
    prefecture: String,
    village: String,
    household: String,
    team: String,
    head: String,
    lat: f64,
    lon: f64,
}

fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value.as_str().context("a name is missing in an answer of the server")?.to_owned())
}

impl Names {
    fn read(client: &mut Client) -> anyhow::Result<Self> {
        let campaign = text(&client.json("/v1/campaigns?limit=1")?["items"][0]["id"])?;
        let visit = client.json("/v1/visits?level=household&state=done&limit=1&sort=-day")?["items"][0].take();
        let household = text(&visit["fields"]["household"])?;
        let sheet = client.json(&format!("/v1/households/{household}"))?;
        let fields = &sheet["fields"];
        let county = text(&sheet["bucket"])?;
        let place = |name: &str| fields["location"][name].as_f64().context("a household has no place");
        Ok(Self {
            campaign,
            prefecture: county.get(..4).unwrap_or_default().to_owned(),
            village: text(&fields["village"])?,
            team: text(&visit["fields"]["team"])?,
            head: text(&fields["head_name"])?,
            lat: place("lat")?,
            lon: place("lon")?,
            household,
            county,
        })
    }
}

/// Percent-encoded for a query string.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Everything that is asked, in the order in which it is.
pub(super) fn questions(client: &mut Client) -> anyhow::Result<Vec<Question>> {
    let names = Names::read(client)?;
    let mut all = Vec::new();
    let mut ask = |name: &str, path: String, target: f64| {
        all.push(Question { name: name.to_owned(), path, target: Some(target) });
    };
    let Names { campaign, county, prefecture, village, household, team, head, lat, lon } = &names;
    let of = format!("/v1/campaigns/{campaign}");
    ask("coverage of the province", format!("{of}/coverage"), PAGE);
    ask("coverage by prefecture", format!("{of}/coverage?level=prefecture"), PAGE);
    ask("coverage by county", format!("{of}/coverage?level=county"), PAGE);
    ask("coverage by contiguous poor area", format!("{of}/coverage?level=area"), PAGE);
    ask("coverage of a prefecture, by county", format!("{of}/coverage?level=county&prefecture={prefecture}"), PAGE);
    ask("coverage of a county", format!("{of}/coverage?level=county&county={county}"), PAGE);
    // A part of a name that many bear, and one that few do.
    let family: String = head.chars().take(1).collect();
    let given: String = head.chars().skip(1).collect();
    for (name, list) in [
        ("households", String::new()),
        ("households, status=returned", "?status=returned".into()),
        ("households, status and cause, count", "?status=poor&cause_main=illness&count=true".into()),
        ("households of a county", format!("?bucket={county}")),
        ("households of a village, count", format!("?village={village}&count=true")),
        ("households, poorest first", "?sort=income_per_capita".into()),
        ("households, poor, richest first", "?status=poor&sort=-income_per_capita".into()),
        ("households, income below 500, count", "?income_per_capita%5Blt%5D=500&count=true".into()),
        ("households, dangerous and unsafe water", "?housing_dangerous=true&water_safe=false".into()),
        ("households, three rare filters", "?status=returned&housing_grade=D&road_kind=asphalt".into()),
        ("households, no index, few pass", "?road_km%5Bgte%5D=7.9".into()),
        ("households, q= a family name", format!("?q={}", encoded(&family))),
        ("households, q= a given name, count", format!("?q={}&count=true", encoded(&given))),
        ("households, q= a whole name", format!("?q={}", encoded(head))),
        ("households, near= 2 km, count", format!("?near={lat},{lon},2000&count=true")),
        ("households, near= 20 km, poor", format!("?near={lat},{lon},20000&status=poor")),
        ("households, changed last", "?sort=-updated_at".into()),
    ] {
        ask(name, format!("/v1/households{list}"), PAGE);
    }
    for (name, path) in [
        ("members of a household", format!("members?household={household}")),
        ("members, disabled, q= a given name", format!("members?health=disabled&q={}", encoded(&given))),
        ("villages, poor, largest first, count", "villages?poor_village=true&sort=-poor_households&count=true".into()),
        ("visits of a day, newest first", format!("visits?campaign={campaign}&day=2015-04-20&sort=-started_at")),
        ("visits of a team, count", format!("visits?team={team}&count=true")),
        ("visits by hearing", "visits?method=hearing&state=done".into()),
        ("visits to a household", format!("visits?household={household}")),
        ("interviews of a household", format!("interviews?household={household}")),
        ("interviews at village level", "interviews?level=village&sort=-started_at".into()),
        ("findings, open and severe, count", "findings?state=open&severity=high&count=true".into()),
        (
            "findings overdue, by date",
            "findings?state%5Bin%5D=open,accepted&due_on%5Blt%5D=2015-07-01&sort=due_on".into(),
        ),
        ("findings, overdue=true, count", "findings?overdue=true&count=true".into()),
        ("findings of a county by topic", format!("findings?bucket={county}&topic=plan_tasks")),
        ("photos of a county", format!("photos?bucket={county}")),
    ] {
        ask(name, format!("/v1/{path}"), PAGE);
    }
    ask("statistics of a yes or no", format!("{of}/statistics?question=drinking_water_safe"), STATISTICS);
    ask(
        "statistics of a number, by prefecture",
        format!("{of}/statistics?question=income_total&by=prefecture"),
        STATISTICS,
    );
    ask("statistics of a choice, by area", format!("{of}/statistics?question=satisfied&by=area"), STATISTICS);
    ask("statistics of a field, by county", format!("{of}/statistics?field=income_per_capita&by=county"), STATISTICS);
    ask("statistics of a field, causes by area", format!("{of}/statistics?field=cause_main&by=area"), STATISTICS);
    // A chapter of the report.
    ask("statistics of all questions, by topic", format!("{of}/statistics?by=topic"), REPORT);
    ask("findings of the province, summed up", format!("{of}/findings?level=prefecture"), STATISTICS);
    ask("days of a prefecture", format!("{of}/days?prefecture={prefecture}"), STATISTICS);
    ask("spot checks of the province", format!("{of}/spot-checks"), STATISTICS);
    if client.has(&format!("{of}/report"))? {
        ask("report of the province", format!("{of}/report"), REPORT);
        ask("the report as a page", format!("{of}/report?format=html"), REPORT);
        ask("the report as a document", format!("{of}/report?format=docx"), REPORT);
    }
    let moment = encoded(&format_ms(chrono::Utc::now().timestamp_millis()));
    all.push(Question {
        name: "coverage of the province, as of the start".to_owned(),
        path: format!("{of}/coverage?as_of={moment}"),
        target: None,
    });
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn names_are_encoded() {
        assert_eq!(encoded("阿a 1"), "%E9%98%BFa%201");
    }
}
