//! `ruhu demo`: the whole job, as the command does it.

mod campaign;
mod scale;

use std::path::PathBuf;
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
        let name = format!("ruhu_it_demo_{}", new_id().replace('-', ""));
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

    /// What the demo says; it succeeds, and what it made is kept.
    fn demo(&self, arguments: &[&str]) -> String {
        let kept = self.kept();
        let place = ["--keep", kept.to_str().unwrap(), "--database-url", &self.url, "--listen", "127.0.0.1:0"];
        self.run(&[&["demo", "--exit"], arguments, &place].concat(), "")
    }

    /// A server on what the demo made.
    fn serve(&self) -> Served<'_> {
        let server = ruhu::start(ruhu::Config::for_test(self.url.clone(), self.kept().join("server"))).unwrap();
        Served { fresh: self, session: Session::new(Arc::new(Mutex::new(server.url()))), server }
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

struct Served<'a> {
    fresh: &'a Fresh,
    session: Session,
    server: ruhu::Running,
}

impl Served<'_> {
    /// One of the demo's users, with a new password.
    fn sign_in(&self, user: &str, device: Option<&str>) -> (Session, Value) {
        self.fresh.run(&["user", "reset-password", user, "--password-stdin"], PASSWORD);
        let tokens = cast::login(&self.session, user, PASSWORD, device);
        (self.session.with_token(tokens["access_token"].as_str().unwrap()), tokens)
    }
}

/// The number that the demo tells of something.
fn told(said: &str, what: &str) -> u64 {
    let line =
        said.lines().find(|line| line.trim_start().starts_with(what)).unwrap_or_else(|| panic!("{what}: {said}"));
    line.split_whitespace().last().unwrap().replace(',', "").parse().unwrap()
}
