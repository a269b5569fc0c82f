//! `ruhu demo --scale`: what is written in bulk cannot be told from what phones push. `ruhu check` finds every digest, sum,
//! history and row right, lists and phones find the records, and phones go on where it ends.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::support::engine::{Engine, database_url, sql_as_admin};
use crate::support::*;

const PASSWORD: &str = "Jinyang-by-the-river-7";

/// An empty database and a directory, gone with the test.
struct Fresh {
    dir: PathBuf,
    url: String,
    database: Option<String>,
}

impl Fresh {
    fn new(engine: Engine) -> Self {
        let name = format!("ruhu_it_scale_{}", new_id().replace('-', ""));
        let dir = std::env::temp_dir().join(&name);
        std::fs::create_dir(&dir).unwrap();
        let database = (engine == Engine::Postgres).then(|| name.clone());
        let url = match &database {
            None => format!("sqlite:{}", dir.join("ruhu.db").display()),
            Some(name) => {
                sql_as_admin(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"));
                database_url(name)
            }
        };
        Self { dir, url, database }
    }

    fn kept(&self) -> PathBuf {
        self.dir.join("kept")
    }

    /// What the command says; it succeeds.
    fn run(&self, arguments: &[&str], input: &str) -> String {
        use std::io::Write as _;
        let mut command = Command::new(env!("CARGO_BIN_EXE_ruhu"));
        command.args(arguments).env("RUHU_DATABASE_URL", &self.url).env("RUHU_DATA_DIR", self.kept().join("server"));
        let piped = std::process::Stdio::piped;
        let mut child = command.stdin(piped()).stdout(piped()).stderr(piped()).spawn().expect("the binary runs");
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {said}");
        said
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some(name) = &self.database {
            sql_as_admin(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn total(session: &Session, list: &str) -> u64 {
    let separator = if list.contains('?') { '&' } else { '?' };
    session.get(&format!("/v1/{list}{separator}count=true&limit=1")).send().ok()["total"].as_u64().unwrap()
}

/// The number that the demo tells of something.
fn told(said: &str, what: &str) -> u64 {
    let line =
        said.lines().find(|line| line.trim_start().starts_with(what)).unwrap_or_else(|| panic!("{what}: {said}"));
    line.split_whitespace().last().unwrap().replace(',', "").parse().unwrap()
}

fn a_province_in_bulk(engine: Engine) {
    let fresh = Fresh::new(engine);
    let kept = fresh.kept();
    let keep = Path::to_str(&kept).unwrap();
    let said = fresh.run(
        &["demo", "--scale", "0.01", "--exit", "--keep", keep, "--database-url", &fresh.url, "--listen", "127.0.0.1:0"],
        "",
    );
    assert_eq!(told(&said, "households"), 15_000);
    let checked = fresh.run(&["check"], "");
    assert!(checked.contains("nothing is wrong"), "{checked}");

    for user in ["province", "team001-1"] {
        fresh.run(&["user", "reset-password", user, "--password-stdin"], PASSWORD);
    }
    let config = ruhu::Config::for_test(fresh.url.clone(), kept.join("server"));
    let server = ruhu::start(config).unwrap();
    let session = Session::new(Arc::new(Mutex::new(server.url())));
    let tokens = cast::login(&session, "province", PASSWORD, None);
    let province = session.with_token(tokens["access_token"].as_str().unwrap());
    for list in ["households", "members", "villages", "visits", "interviews", "findings", "photos"] {
        assert_eq!(total(&province, list), told(&said, list), "{list}");
    }
    let visits = told(&said, "visits");
    assert!((2_300..2_500).contains(&visits), "{visits} visits, not about 2,400");
    // A correction is a second rev, by another device than the first.
    let corrected = &province.get("/v1/households?sort=-updated_at&limit=1").send().ok()["items"][0];
    let id = id_of(corrected);
    let history = province.all(&format!("/v1/households/{id}/history"));
    assert_eq!(history.iter().map(|rev| rev["rev"].clone()).collect::<Vec<_>>(), [1, 2]);
    assert_ne!(history[0]["device"], history[1]["device"]);
    assert!(history[0]["at"].as_str().unwrap() < "2015" && history[1]["at"].as_str().unwrap() > "2015-04-13");
    // What the inspection reached, by what the records say; the samples have their visits.
    let campaign = id_of(&province.get("/v1/campaigns").send().ok()["items"][0]);
    let coverage = province.get(&format!("/v1/campaigns/{campaign}/coverage")).send().ok();
    assert!(coverage.to_string().contains("random_check"), "{coverage}");
    let slots: Vec<Value> =
        province.all("/v1/visits?sort=-day").into_iter().filter(|v| v["fields"]["sample_slot"].is_string()).collect();
    assert!(!slots.is_empty());
    // No answer is flagged but the slips that were made on purpose.
    let flagged =
        province.all("/v1/interviews").into_iter().filter(|i| i["warnings"].as_array().is_some_and(|w| !w.is_empty()));
    let (flagged, all) = (flagged.count() as u64, told(&said, "interviews"));
    assert!(flagged > 0 && flagged * 20 < all, "{flagged} of {all} interviews are flagged");

    // A phone pulls its counties; every sum is what the digests add up to.
    let tokens = cast::login(&session, "team001-1", PASSWORD, Some("a new phone"));
    let (user, device) = (tokens["user"]["id"].as_str().unwrap_or_default(), tokens["device"]["id"].as_str().unwrap());
    let phone = Phone::new(&session, &tokens, "team", user, device);
    let mut mirror = Mirror::of(&phone.session);
    mirror.sync();
    let county = mirror.buckets.keys().next().unwrap().clone();
    let held = mirror.buckets[&county].values().filter(|record| record.fields.is_some()).count() as u64;
    let listed = ["households", "members", "villages", "visits", "interviews", "findings", "photos"];
    assert_eq!(held, listed.iter().map(|list| total(&province, &format!("{list}?bucket={county}"))).sum::<u64>());
    accepted(phone.push_one(Rec::household(&county).create()));
    mirror.page();
    server.stop();
}

#[test]
fn a_province_is_written_in_bulk_on_sqlite() {
    a_province_in_bulk(Engine::Sqlite);
}

#[test]
fn a_province_is_written_in_bulk_on_postgres() {
    a_province_in_bulk(Engine::Postgres);
}
