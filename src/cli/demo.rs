//! `ruhu demo`: what the command line says, handed on to [`crate::demo`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::demo::{Options, Size, run};

/// Show the whole job in a minute: phones of many teams record offline, with wrong clocks and bad networks
///
/// Sets up a fresh database, opens the campaign of 2015 with its 161 counties, imports a register of invented
/// households, lets simulated phones work for some days, checks that every copy agrees and that nothing was
/// lost, and goes on serving. Exits with 1 when something differs.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Simulated phones, two or more to a team
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    devices: u32,
    /// Households in the register; each brings its members, about four records in all
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    households: u32,
    /// Days of work; each lasts a few seconds
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    days: u32,
    /// The same number makes the same plan, the same work and the same mishaps
    #[arg(long, default_value_t = 2015)]
    seed: u64,
    /// End after the report instead of serving
    #[arg(long)]
    exit: bool,
    /// Keep the database and the phones' stores in this directory, which must be empty or not exist
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// An empty database to use instead of a SQLite file of its own
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where to serve [default: 127.0.0.1:8080, or a free port when that is taken]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

impl Demo {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let Self { devices, households, days, seed, exit, keep, database_url, listen } = self;
        let size = Size { devices: devices as usize, households: households as usize, days, seed };
        let agrees = run(Options { size, exit, keep, database_url, listen })?;
        Ok(if agrees { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::Demo;

    #[test]
    fn the_options_parse() {
        let command = Demo::augment_args(clap::Command::new("demo"));
        command.clone().debug_assert();
        let parse = |args: &[&str]| {
            let matches = command.clone().try_get_matches_from([&["demo"], args].concat())?;
            Demo::from_arg_matches(&matches)
        };
        let demo = parse(&["--devices", "7", "--exit", "--listen", "127.0.0.1:0"]).unwrap();
        assert_eq!((demo.devices, demo.days, demo.exit, demo.keep), (7, 4, true, None));
        assert!(parse(&["--devices", "0"]).is_err());
    }
}
