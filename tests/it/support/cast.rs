//! The standard cast, made over HTTP once for a template: who is who, signed in, with refresh tokens that each
//! copy of the template may spend once. So a test pays for no password hash.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ruhu::Config;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::http::Session;
use super::op::{JINYANG, WUSHENG, ZHAOJUE};

pub(crate) const PASSWORD: &str = "Daliangshan-2015-4-16";

/// Ids, and what to sign in with.
///
/// | who | role | counties |
/// |---|---|---|
/// | province | provincial, 51 | all |
/// | liangshan | prefecture, 5134 | 5134.. |
/// | guangan | prefecture, 5116 | 5116.. |
/// | ali, bo | team one (of 51) | JINYANG |
/// | chen | team two (of 5134) | JINYANG, ZHAOJUE |
/// | deng | team three (of 5116) | WUSHENG |
/// | er | team four (of 5134) | none |
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Cast {
    /// Tells this template from one of the same name.
    pub(crate) mark: String,
    pub(crate) users: BTreeMap<String, String>,
    /// `one` … `four`
    pub(crate) teams: BTreeMap<String, String>,
    pub(crate) campaign: String,
    /// By team and county: `one 513430`.
    pub(crate) assignments: BTreeMap<String, String>,
    /// Refresh tokens of sign-ins without a device.
    pub(crate) offices: BTreeMap<String, String>,
    /// Refresh tokens and ids of devices.
    pub(crate) phones: BTreeMap<String, (String, String)>,
}

/// The rows of the division list that tests need: province, prefectures, counties, and below those of the cast.
pub(crate) fn divisions() -> String {
    let csv = include_str!("../../../data/sichuan-divisions.csv");
    let wanted = |line: &&str| {
        let code = line.split(',').next().unwrap_or_default();
        let below = [JINYANG, ZHAOJUE, WUSHENG].iter().any(|county| code.starts_with(&format!("{county}100")));
        code == "code" || code.len() <= 6 || below
    };
    csv.lines().filter(wanted).flat_map(|line| [line, "\n"]).collect()
}

/// The counties whose codes begin with `prefix`, from the list itself.
pub(crate) fn counties(prefix: &str) -> Vec<String> {
    let mut codes: Vec<String> = divisions()
        .lines()
        .filter_map(|line| line.split(',').next())
        .filter(|code| code.len() == 6 && code.starts_with(prefix))
        .map(str::to_owned)
        .collect();
    codes.sort();
    codes
}

/// Signs in. `device` registers a new installation.
pub(crate) fn login(session: &Session, username: &str, password: &str, device: Option<&str>) -> Value {
    let mut body = json!({ "username": username, "password": password });
    if let Some(name) = device {
        body["device"] = json!({ "name": name, "platform": "android", "app_version": "1.0.0" });
    }
    session.anonymous().post("/v1/auth/login", &body).send().ok()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

impl Cast {
    pub(crate) fn make(config: &Config) -> Self {
        // The first start makes the tables; what is set up from outside is there before the second.
        ruhu::start(config.clone()).expect("the server starts").stop();
        ruhu::setup::import_divisions(config, divisions().as_bytes(), &|_| {}).expect("the divisions are imported");
        let mut cast = Self {
            mark: super::op::new_id(),
            users: BTreeMap::new(),
            teams: BTreeMap::new(),
            campaign: String::new(),
            assignments: BTreeMap::new(),
            offices: BTreeMap::new(),
            phones: BTreeMap::new(),
        };
        for (name, role, region) in
            [("province", "provincial", "51"), ("liangshan", "prefecture", "5134"), ("guangan", "prefecture", "5116")]
        {
            let id = ruhu::setup::add_user(config, name, PASSWORD, role, region, None).expect("a user is added");
            cast.users.insert(name.into(), id.to_string());
        }
        let running = ruhu::start(config.clone()).expect("the server starts again");
        cast.people(&Session::new(Arc::new(Mutex::new(running.url()))));
        running.stop();
        cast
    }

    fn people(&mut self, session: &Session) {
        let province = session.with_token(&text(&login(session, "province", PASSWORD, None)["access_token"]));
        let id_of = |path: &str, body: Value| text(&province.post(path, &body).send().created()["id"]);
        self.campaign =
            id_of("/v1/campaigns", json!({ "name": "2015年4月督查", "from": "2015-04-15", "to": "2015-05-05" }));
        for (name, region) in [("one", "51"), ("two", "5134"), ("three", "5116"), ("four", "5134")] {
            let id = id_of("/v1/teams", json!({ "name": format!("team {name}"), "region": region }));
            self.teams.insert(name.into(), id);
        }
        for (name, team) in [("ali", "one"), ("bo", "one"), ("chen", "two"), ("deng", "three"), ("er", "four")] {
            let team = &self.teams[team];
            let body = json!({ "username": name, "password": PASSWORD, "role": "team", "team": team });
            self.users.insert(name.into(), id_of("/v1/users", body));
        }
        for (team, county, kind) in [
            ("one", JINYANG, "provincial"),
            ("two", JINYANG, "prefecture"),
            ("two", ZHAOJUE, "prefecture"),
            ("three", WUSHENG, "prefecture"),
        ] {
            let body = json!({ "campaign": self.campaign, "team": self.teams[team], "county": county, "kind": kind,
                "from": "2015-04-15", "to": "2015-05-05" });
            self.assignments.insert(format!("{team} {county}"), id_of("/v1/assignments", body));
        }
        for name in ["province", "liangshan", "guangan"] {
            let tokens = login(session, name, PASSWORD, None);
            self.offices.insert(name.into(), text(&tokens["refresh_token"]));
        }
        for name in ["province", "liangshan", "ali", "bo", "chen", "deng", "er"] {
            let tokens = login(session, name, PASSWORD, Some("a phone"));
            let phone = (text(&tokens["refresh_token"]), text(&tokens["device"]["id"]));
            self.phones.insert(name.into(), phone);
        }
    }

    pub(crate) fn read(dir: &Path) -> Self {
        let text = std::fs::read(dir.join("cast.json")).expect("the template has a cast");
        serde_json::from_slice(&text).expect("the cast is JSON")
    }

    /// Written last, in one step: its presence says that the template is whole.
    pub(crate) fn write(&self, dir: &Path) {
        let draft = dir.join("cast.json.new");
        std::fs::write(&draft, serde_json::to_vec(self).unwrap()).unwrap();
        std::fs::rename(draft, dir.join("cast.json")).unwrap();
    }
}
