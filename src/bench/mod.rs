//! `ruhu bench`: drives a server in a process of its own over HTTP, and the raw engine beside it with the same bytes, and
//! prints what each reached.
//!
//! What is told is what was there: every operation is checked to have been applied, every pull to have brought
//! everything, outside of the measured time.

pub mod dashboards;
mod data;
mod drive;
mod http;
mod meter;
mod plan;
mod raw;
mod round;
mod server;
mod site;
mod table;
mod traffic;
mod wire;

pub use plan::Phase;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use round::Round;
use serde_json::json;
use site::{Clearing, Site};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What the command line can say.
#[derive(Debug, Clone)]
pub struct Options {
    /// A PostgreSQL in which databases may be made; SQLite files without it.
    pub database_url: Option<String>,
    /// New records of each push phase.
    pub records: usize,
    pub rounds: usize,
    pub phases: Vec<Phase>,
    /// Where the figures go as JSON.
    pub json: Option<PathBuf>,
    /// Keep the databases in this directory, which must be empty or not be there.
    pub keep: Option<PathBuf>,
    pub seed: u64,
}

/// Runs it all and prints the table.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let begun = Instant::now();
    let site = Site::prepare(options.database_url.clone(), options.keep.clone())?;
    let _clearing = Clearing(site.clone());
    let (settings, postgres) = site.settings()?;
    println!("{settings}; {}", machine());
    if settings.contains("=off") {
        println!("this PostgreSQL does not wait for its disk: nothing here is durable");
    }
    println!("{} records, {} rounds, seed {}\n", options.records, options.rounds, options.seed);
    let bar = ProgressBar::new((options.rounds * options.phases.len()) as u64);
    bar.set_style(ProgressStyle::with_template("  {spinner} {msg}  {bar:32} {pos}/{len}  {elapsed}")?);
    bar.enable_steady_tick(Duration::from_millis(120));
    let (mut rounds, mut syncs) = (Vec::new(), Vec::new());
    for number in 0..options.rounds {
        syncs.push(fsync(&site).context("the directory for the databases")?);
        let mut round = Round::begin(&site, number, options.seed, options.records, postgres)?;
        for phase in &options.phases {
            bar.set_message(format!("round {}: {}", number + 1, phase.name()));
            round.run(*phase)?;
            bar.inc(1);
        }
        let (figures, pair) = round.end();
        site.end_round(pair);
        rounds.push(figures);
    }
    bar.finish_and_clear();
    let lines = table::lines(rounds);
    println!("{}", table::text(&lines));
    let missed = lines.iter().filter(|line| line.is_reached() == Some(false)).count();
    let took: Vec<String> = syncs.iter().map(|ms| format!("{ms:.2}")).collect();
    println!("  One fsync of 4 KiB took {} ms before the rounds.", took.join(", "));
    println!("  {missed} targets missed; {:.0} s in all", begun.elapsed().as_secs_f64());
    if let Some(dir) = site.kept() {
        println!("  kept in {}", dir.display());
    }
    if let Some(path) = &options.json {
        let document = json!({
            "settings": settings, "machine": machine(), "records": options.records, "rounds": options.rounds,
            "seed": options.seed, "fsync_ms": syncs, "version": env!("CARGO_PKG_VERSION"), "optimised": !cfg!(debug_assertions),
            "lines": table::json(&lines),
        });
        std::fs::write(path, format!("{document:#}\n")).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let built = if cfg!(debug_assertions) { "; NOT OPTIMISED: build with --release" } else { "" };
    format!("{cores} cores{built}")
}

/// How long the disk takes to keep a little, in milliseconds: what bounds small transactions.
fn fsync(site: &Site) -> anyhow::Result<f64> {
    use std::io::Write as _;
    let path = site.dir().join("fsync");
    let mut file = std::fs::File::create(&path)?;
    let mut taken = Vec::new();
    for _ in 0..25 {
        file.write_all(&[1; 4096])?;
        let begun = Instant::now();
        file.sync_data()?;
        taken.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    std::fs::remove_file(&path)?;
    taken.sort_by(f64::total_cmp);
    Ok(taken[taken.len() / 2])
}
