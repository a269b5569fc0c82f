//! The server under test: a process of its own, with the counties, teams and phones that the phases want.

use super::http::{Connection, request};
use super::site::{Pair, Site};
use crate::{Config, setup};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use uuid::Uuid;

/// Counties that there are: 513401 and the following.
const COUNTIES: u32 = 99;
const FIRST: u32 = 513_401;

/// The bucket of a county, counted from 0.
pub(super) fn county(number: u32) -> u32 {
    FIRST + number
}

pub(super) fn counties() -> Vec<u32> {
    (0..COUNTIES).map(county).collect()
}

/// A running server and the province's sign-in.
pub(super) struct Server {
    pub address: SocketAddr,
    pub pid: u32,
    password: String,
    token: String,
    campaign: Value,
}

/// A phone that is signed in.
#[derive(Debug, Clone)]
pub(super) struct Phone {
    pub token: String,
    pub next_op: u64,
}

/// Starts a server on a database, with its other files in `dir`; its address and process.
pub(super) fn spawn(site: &Site, url: &str, dir: &Path) -> anyhow::Result<(SocketAddr, u32)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0", "--log", "warn"])
        .env("RUHU_DATABASE_URL", url)
        .env("RUHU_DATA_DIR", dir.join("data"))
        // No ruhu.toml lies there.
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("the server does not start")?;
    let pid = child.id();
    let output = child.stdout.take();
    site.watch(child);
    let mut lines = BufReader::new(output.context("the server has no output")?).lines();
    let address = loop {
        let line = lines.next().context("the server ended before it listened")??;
        if let Some(url) = line.strip_prefix("listening on http://") {
            break url.parse()?;
        }
    };
    // It must never wait for someone to read what it says.
    std::thread::spawn(move || lines.for_each(drop));
    Ok((address, pid))
}

impl Server {
    /// Sets up the database and starts the server on it.
    pub(super) fn start(site: &Site, pair: &Pair) -> anyhow::Result<Self> {
        let config = Config::for_test(pair.url.clone(), pair.dir.join("data"));
        setup::import_divisions(&config, divisions().as_bytes(), &|_| ())?;
        let password = Uuid::new_v4().simple().to_string();
        setup::add_user(&config, "province", &password, "provincial", "51", None)?;
        let (address, pid) = spawn(site, &pair.url, &pair.dir)?;
        let mut server = Self { address, pid, password, token: String::new(), campaign: Value::Null };
        server.token = server.sign_in("province", None)?.token;
        let campaign = json!({"name": "bench", "from": "2015-04-13", "to": "2015-04-30"});
        server.campaign = server.post("/v1/campaigns", &campaign)?["id"].take();
        Ok(server)
    }

    /// So many phones of a new team that has these counties.
    pub(super) fn phones(&self, name: &str, buckets: &[u32], count: usize) -> anyhow::Result<Vec<Phone>> {
        let team = self.post("/v1/teams", &json!({"name": name, "region": "51"}))?["id"].take();
        for bucket in buckets {
            self.post(
                "/v1/assignments",
                &json!({"campaign": self.campaign, "team": team, "county": bucket.to_string(), "kind": "provincial",
                        "from": "2015-04-13", "to": "2015-04-30"}),
            )?;
        }
        // No blanks in the name to sign in with.
        let name = &name.replace([' ', ','], "-");
        let user = json!({"username": name, "password": self.password, "role": "team", "region": "51", "team": team});
        self.post("/v1/users", &user)?;
        (0..count).map(|number| self.sign_in(name, Some(&format!("{name} {number}")))).collect()
    }

    /// A phone of the province, which sees everything.
    pub(super) fn province_phone(&self) -> anyhow::Result<Phone> {
        self.sign_in("province", Some("province"))
    }

    fn sign_in(&self, username: &str, device: Option<&str>) -> anyhow::Result<Phone> {
        let mut body = json!({"username": username, "password": self.password});
        if let Some(name) = device {
            body["device"] = json!({"name": name});
        }
        let tokens = self.ask("/v1/auth/login", None, &body)?;
        let Some(token) = tokens["access_token"].as_str() else { bail!("no token in the answer to a sign-in") };
        Ok(Phone { token: token.to_owned(), next_op: 1 })
    }

    fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.ask(path, Some(&self.token), body)
    }

    /// Over a connection of its own: the server may close one that is idle for as long as a phase.
    fn ask(&self, path: &str, token: Option<&str>, body: &Value) -> anyhow::Result<Value> {
        let mut connection = Connection::open(self.address)?;
        let answer = connection.ask(&request(path, token, &body.to_string()))?;
        Ok(serde_json::from_slice(answer.ok().context(path.to_owned())?)?)
    }
}

/// The list of divisions: a province, a prefecture, its counties.
fn divisions() -> String {
    let mut csv = String::from("code,level,name,parent\n51,province,四川省,\n5134,prefecture,凉山彝族自治州,51\n");
    for bucket in counties() {
        // Writing to a string cannot fail.
        let _ = writeln!(csv, "{bucket},county,{bucket}县,5134");
    }
    csv
}
