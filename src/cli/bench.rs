//! `ruhu bench`: what the command line says, handed on to [`crate::bench`].

use crate::bench::{Options, Phase, dashboards, run};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measure the server, and the raw database engine beside it with the same bytes
///
/// Starts a server in a process of its own on a fresh database, drives it over HTTP from this process with keep-alive
/// connections in a closed loop, does the same work on the raw engine in another fresh database with the same tables,
/// indexes and durability, and prints both, with the server's processor time and memory. Medians of the rounds; in every
/// other round the raw engine comes first.
///
/// Measures SQLite, in the directory for temporary files (TMPDIR) or in that of --keep: let it lie on the disk that
/// matters. With --database-url it measures PostgreSQL: two databases are made there for each round, and dropped again.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  ruhu bench
  ruhu bench --database-url postgres://ruhu@localhost/postgres --json figures.json
  ruhu bench --phase push --phase pull-1 --rounds 1
  RUHU_TEST_POSTGRES_FSYNC=1 bin/postgres sh -c 'ruhu bench --database-url \"$RUHU_TEST_POSTGRES\"'"
)]
pub struct Bench {
    #[command(subcommand)]
    what: Option<What>,
    /// A PostgreSQL whose user may create databases [default: SQLite files]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// New records of each push phase; the other phases follow it
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    records: u32,
    /// Rounds, each with fresh databases
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Only this phase, or family of phases: push-1, push-8, push-32, change, pull-1, pull-8, poll-empty, poll-100,
    /// single, memory, and over 50 counties counties-8, counties-32, counties-change, counties-pull, counties-poll-empty,
    /// counties-poll-100, counties-single; may be given several times
    #[arg(long = "phase", value_name = "NAME", value_parser = phases)]
    phases: Vec<Phases>,
    /// Write the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Keep the databases: files in this directory, which must be empty or not exist
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// The same number makes the same records
    #[arg(long, default_value_t = 2015)]
    seed: u64,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Dashboards(Dashboards),
}

/// Measure how soon dashboards are answered on a whole province
///
/// Fills a database as `ruhu demo --scale` does (with --filled it takes one that is filled already), starts a server on it in
/// a process of its own, and asks what dashboards and integrators ask, one question after the other, when warm.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ruhu bench dashboards --scale 0.1
  ruhu demo --scale 1 --exit --keep full && ruhu bench dashboards --filled sqlite:full/ruhu.db")]
struct Dashboards {
    /// A PostgreSQL whose user may create databases [default: a SQLite file]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// A database that was filled before; it gets a user, who is disabled again
    #[arg(long, value_name = "URL")]
    filled: Option<String>,
    /// 1 is 1,500,000 households and 240,000 visits
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = super::demo::share, conflicts_with = "filled")]
    scale: f64,
    /// How often each question is asked
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Only questions in whose name this stands
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Write the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The same number makes the same records
    #[arg(long, default_value_t = 2015)]
    seed: u64,
}

impl Dashboards {
    fn run(self) -> anyhow::Result<ExitCode> {
        let Self { database_url, filled, scale, rounds, only, json, seed } = self;
        dashboards::run(&dashboards::Options {
            database_url,
            filled,
            scale,
            rounds: rounds as usize,
            only,
            json,
            seed,
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, Clone)]
struct Phases(Vec<Phase>);

fn phases(name: &str) -> Result<Phases, String> {
    let found = Phase::named(name);
    let names = || Phase::ALL.map(Phase::name).join(", ");
    if found.is_empty() { Err(format!("the phases are {}", names())) } else { Ok(Phases(found)) }
}

impl Bench {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(What::Dashboards(dashboards)) = self.what {
            return dashboards.run();
        }
        let Self { what: _, database_url, records, rounds, phases, json, keep, seed } = self;
        let wanted: BTreeSet<Phase> = phases.into_iter().flat_map(|Phases(phases)| phases).collect();
        let phases = if wanted.is_empty() { Phase::ALL.to_vec() } else { wanted.into_iter().collect() };
        run(&Options { database_url, records: records as usize, rounds: rounds as usize, phases, json, keep, seed })?;
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::Bench;
    use clap::{Args as _, FromArgMatches as _};

    #[test]
    fn the_options_parse() {
        let command = Bench::augment_args(clap::Command::new("bench"));
        command.clone().debug_assert();
        let parse = |args: &[&str]| {
            let matches = command.clone().try_get_matches_from([&["bench"], args].concat())?;
            Bench::from_arg_matches(&matches)
        };
        let bench = parse(&["--phase", "pull", "--phase", "single"]).unwrap();
        assert_eq!((bench.records, bench.phases.iter().map(|phases| phases.0.len()).sum::<usize>()), (50_000, 3));
        assert!(parse(&["--phase", "sleep"]).is_err());
        assert!(parse(&["dashboards", "--scale", "0.1", "--only", "coverage"]).unwrap().what.is_some());
        assert!(parse(&["dashboards", "--scale", "0.1", "--filled", "sqlite:x.db"]).is_err());
        assert!(parse(&["--records", "5", "dashboards"]).is_err());
    }
}
