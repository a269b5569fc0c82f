//! `ruhu bench`, at a size at which nothing but its words and its counts can be right.

use std::path::PathBuf;
use std::process::{Command, Output};

use crate::support::engine::{Engine, admin_url, names};
use crate::support::*;

/// A directory that is gone with the test.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        let dir = std::env::temp_dir().join(format!("ruhu_it_bench_{}", new_id()));
        std::fs::create_dir(&dir).unwrap();
        Self(dir)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs it with the directory for temporary files in `dir`.
fn bench(dir: &Dir, engine: Engine, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruhu"));
    command.args(["bench", "--rounds", "1"]).args(arguments).env("TMPDIR", &dir.0);
    if engine == Engine::Postgres {
        command.args(["--database-url", &admin_url()]);
    }
    command.output().expect("the binary runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn prints_its_table(engine: Engine) {
    let (dir, json) = (Dir::new(), Dir::new());
    let file = json.0.join("figures.json");
    let output = bench(&dir, engine, &["--records", "200", "--json", file.to_str().unwrap()]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    let figures: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let lines = figures["lines"].as_array().unwrap();
    let counts: Vec<(&str, u64)> =
        lines.iter().map(|line| (line["name"].as_str().unwrap(), line["count"].as_u64().unwrap())).collect();
    // Batches of equal size for each connection: 32 of 7 are 224. Polls and single pushes go on for a while only.
    let expected = [
        ("push, 1 connection", 200..=200),
        ("push, 8 connections", 200..=200),
        ("push, 32 connections", 224..=224),
        ("change one answer, 8 connections", 200..=200),
        ("pull, 1 device", 200..=200),
        ("pull, 8 devices", 1600..=1600),
        ("poll with nothing new, 8 connections", 1..=200),
        ("poll that brings 100 changes, 8 connections", 1..=200),
        ("single-record push, 8 writers", 1..=104),
        ("single-record push, 8 writers, median", 1..=104),
        ("single-record push, 8 writers, p99", 1..=104),
        ("push, 8 connections, 50 counties", 200..=200),
        ("push, 32 connections, 50 counties", 224..=224),
        ("change one answer, 8 connections, 50 counties", 200..=200),
        // What both pushes made, eight times.
        ("pull, 8 devices, 50 counties", 3392..=3392),
        ("poll with nothing new, 8 connections, 50 counties", 1..=200),
        // Two in each of the two counties that 200 records reach.
        ("poll that brings 4 changes, 8 connections, 50 counties", 1..=200),
        ("single-record push, 8 writers, 50 counties", 1..=104),
        ("single-record push, 8 writers, 50 counties, median", 1..=104),
        ("single-record push, 8 writers, 50 counties, p99", 1..=104),
        // Four times the records of a phase; the phases before have pushed more than that.
        ("memory while 1 device pulls everything in pages of 5000", 1400..=1700),
        ("memory, the most in any phase", 1..=3392),
    ];
    assert_eq!(counts.len(), expected.len(), "{counts:?}");
    for ((name, count), (expected, range)) in counts.iter().zip(expected) {
        assert!(*name == expected && range.contains(count), "{name}: {count}, not {expected}: {range:?}");
    }
    for (name, _) in counts {
        assert!(said.contains(name), "{name} is missing: {said}");
    }
    for line in lines {
        let ours = line["ours"].as_f64().unwrap();
        assert!(ours > 0.0 && (line["unit"] == "MB" || line["raw"].as_f64().unwrap() > 0.0), "{line}");
    }
    leaves_nothing(&dir);
}

fn leaves_nothing(dir: &Dir) {
    assert_eq!(std::fs::read_dir(&dir.0).unwrap().count(), 0);
}

#[test]
fn it_prints_its_table_for_sqlite() {
    prints_its_table(Engine::Sqlite);
}

#[test]
fn it_prints_its_table_for_postgres() {
    prints_its_table(Engine::Postgres);
}

fn answers_dashboards(engine: Engine) {
    let (dir, json) = (Dir::new(), Dir::new());
    let file = json.0.join("figures.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruhu"));
    command.args(["bench", "dashboards", "--scale", "0.005", "--rounds", "1", "--json", file.to_str().unwrap()]);
    if engine == Engine::Postgres {
        command.args(["--database-url", &admin_url()]);
    }
    let output = command.env("TMPDIR", &dir.0).output().expect("the binary runs");
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    let figures: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let lines = figures["lines"].as_array().unwrap();
    assert!(lines.len() > 35, "{} questions", lines.len());
    for line in lines {
        let (name, target) = (line["name"].as_str().unwrap(), line["target_ms"].as_f64());
        assert!(
            said.contains(name)
                && target.is_none_or(|target| target >= 100.0)
                && line["median_ms"].as_f64().unwrap() > 0.0,
            "{line}"
        );
        assert!(line["bytes"].as_u64().unwrap() > 0, "{line}");
    }
    // Few lists are empty, even in so small a province.
    let empty = lines.iter().filter(|line| line["bytes"].as_u64().unwrap() < 40).count();
    assert!(empty < 6, "{empty} of {} answers are empty: {said}", lines.len());
    leaves_nothing(&dir);
}

#[test]
fn dashboards_are_answered_on_sqlite() {
    answers_dashboards(Engine::Sqlite);
}

#[test]
fn dashboards_are_answered_on_postgres() {
    answers_dashboards(Engine::Postgres);
}

#[test]
fn a_phase_by_itself_makes_what_it_needs_and_its_databases_go_again() {
    let dir = Dir::new();
    let output = bench(&dir, Engine::Postgres, &["--records", "50", "--phase", "pull-1", "--phase", "change"]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("change one answer") && said.contains("pull, 1 device") && !said.contains("push"), "{said}");
    leaves_nothing(&dir);
}

#[test]
fn what_was_interrupted_leaves_nothing_behind() {
    let dir = Dir::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ruhu"))
        .args(["bench", "--records", "1000000", "--database-url", &admin_url()])
        .env("TMPDIR", &dir.0)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mine = || std::fs::read_dir(&dir.0).unwrap().next()?.unwrap().file_name().into_string().ok();
    let name = eventually(30, "it has a directory", mine);
    let databases = || names(&format!("SELECT datname AS name FROM pg_database WHERE datname LIKE '{name}%'"));
    let sessions = || names(&format!("SELECT datname AS name FROM pg_stat_activity WHERE datname = '{name}_1_server'"));
    eventually(60, "its server runs", || (sessions().len() > 1).then_some(()));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(databases().is_empty(), "{:?}", databases());
    leaves_nothing(&dir);
}
