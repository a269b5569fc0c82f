//! `ruhu bench dashboards`: how soon the server answers what dashboards and integrators ask, on a database with a whole
//! province in it (`ruhu demo --scale`), one question after the other over one connection, when warm.

mod client;
mod questions;

use super::drive::Timed;
use super::meter::{Meter, Watched};
use super::server;
use super::site::{Clearing, Site};
use super::table;
use crate::demo::scale::{self, Amount};
use crate::{Config, setup};
use anyhow::{Context as _, ensure};
use client::Client;
use indicatif::{ProgressBar, ProgressStyle};
use questions::Question;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What the command line can say.
#[derive(Debug, Clone)]
pub struct Options {
    /// A PostgreSQL in which databases may be made; SQLite files without it.
    pub database_url: Option<String>,
    /// A database that was filled before, in place of one that is filled now and removed afterwards.
    pub filled: Option<String>,
    /// Of a whole province.
    pub scale: f64,
    /// How often each question is asked.
    pub rounds: usize,
    /// Only questions in whose name this stands.
    pub only: Option<String>,
    pub json: Option<PathBuf>,
    pub seed: u64,
}

/// Asked before the clock counts.
const WARM: usize = 3;
/// Nothing is asked for longer than that, but at least a few times.
const PATIENCE: Duration = Duration::from_secs(30);
const FEW: usize = 3;

/// What one question came to, in milliseconds.
struct Line {
    question: Question,
    median: f64,
    p95: f64,
    /// The first time that it was asked.
    cold: f64,
    bytes: usize,
}

impl Line {
    fn is_reached(&self) -> Option<bool> {
        self.question.target.map(|target| self.median <= target)
    }
}

/// Runs it all and prints the table.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let begun = Instant::now();
    ensure!(options.rounds > 0, "each question has to be asked once at least");
    let elsewhere = options.filled.as_ref().filter(|url| url.starts_with("postgres"));
    let site = Site::prepare(elsewhere.or(options.database_url.as_ref()).cloned(), None)?;
    let _clearing = Clearing(site.clone());
    let (settings, postgres) = site.settings()?;
    println!("{settings}; {}", super::machine());
    let (url, dir) = match &options.filled {
        Some(url) => (url.clone(), site.dir().to_owned()),
        None => site.empty("dashboards")?,
    };
    let config = Config::for_test(url.clone(), dir.join("data"));
    let (username, password) = if options.filled.is_none() {
        scale::fill_only(&config, Amount::of(options.scale, options.seed))?
    } else {
        let (name, password) = (format!("bench-{}", Uuid::new_v4().simple()), Uuid::new_v4().to_string());
        setup::add_user(&config, &name, &password, "provincial", "51", None)?;
        (name, password)
    };
    let (address, pid) = server::spawn(&site, &url, &dir)?;
    let meter = Meter::begin(Watched { server: pid, postgres });
    let mut client = Client::sign_in(address, &username, &password)?;
    let mut questions = questions::questions(&mut client)?;
    questions.retain(|question| options.only.as_ref().is_none_or(|only| question.name.contains(only.as_str())));
    let bar = ProgressBar::new(questions.len() as u64);
    bar.set_style(ProgressStyle::with_template("  {spinner} {msg}  {bar:32} {pos}/{len}  {elapsed}")?);
    bar.enable_steady_tick(Duration::from_millis(120));
    let mut lines = Vec::new();
    for question in questions {
        bar.set_message(question.name.clone());
        client.renew()?;
        // Somebody who reads a log wants to see how far it is, too.
        if bar.is_hidden() {
            eprintln!("  {} …", question.name);
        }
        lines.push(measured(&mut client, question, options.rounds)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let used = meter.end();
    if options.filled.is_some() {
        setup::disable_user(&config, &username)?;
    }
    println!("{}", text(&lines));
    let missed = lines.iter().filter(|line| line.is_reached() == Some(false)).count();
    println!(
        "  {missed} targets missed; the server had {} MB at most; {:.0} s in all",
        used.resident / 1_000_000,
        begun.elapsed().as_secs_f64()
    );
    if let Some(path) = &options.json {
        let document = json!({
            "settings": settings, "machine": super::machine(), "scale": options.scale, "rounds": options.rounds,
            "seed": options.seed, "version": env!("CARGO_PKG_VERSION"), "optimised": !cfg!(debug_assertions),
            "server_memory_bytes": used.resident, "lines": lines.iter().map(json).collect::<Vec<_>>(),
        });
        std::fs::write(path, format!("{document:#}\n")).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn measured(client: &mut Client, question: Question, rounds: usize) -> anyhow::Result<Line> {
    let mut cold = None;
    let mut bytes = 0;
    for _ in 0..WARM {
        let (took, length) = client.time(&question.path)?;
        cold.get_or_insert(took);
        bytes = length;
    }
    let mut timed = Timed::default();
    let begun = Instant::now();
    for round in 0..rounds {
        if round >= FEW && begun.elapsed() > PATIENCE {
            break;
        }
        timed.latencies.push(client.time(&question.path)?.0);
    }
    let cold = cold.unwrap_or_default().as_secs_f64() * 1000.0;
    Ok(Line { question, median: timed.quantile(0.5), p95: timed.quantile(0.95), cold, bytes })
}

/// For people.
fn text(lines: &[Line]) -> String {
    let rows: Vec<[String; 7]> = lines
        .iter()
        .map(|line| {
            let ms = |value: f64| format!("{value:.1}");
            let reached = line.is_reached().map_or("-", |reached| if reached { "yes" } else { "NO" });
            let target = line.question.target.map_or("-".into(), |target| format!("≤ {target}"));
            let size = format!("{:.1}", line.bytes as f64 / 1000.0);
            [line.question.name.clone(), ms(line.median), ms(line.p95), ms(line.cold), target, reached.into(), size]
        })
        .collect();
    table::columns(&["", "median ms", "p95", "first", "target", "reached", "KB"].map(str::to_owned), &rows)
}

/// For programs.
fn json(line: &Line) -> Value {
    json!({
        "name": line.question.name, "path": line.question.path, "median_ms": line.median, "p95_ms": line.p95,
        "first_ms": line.cold, "target_ms": line.question.target, "reached": line.is_reached(), "bytes": line.bytes,
    })
}
