//! `ruhu demo`: what the command line says, handed on to [`crate::demo`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::demo::{Options, Size, run, scale};

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
    /// Instead, fill a database with a whole province: 1 is 1,500,000 households and 240,000 visits with their interviews in
    /// 161 counties, 0.01 a hundredth of that
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with_all = ["devices", "households", "days"])]
    scale: Option<f64>,
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

/// A part of a whole province.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "a number".to_owned())?;
    if (0.0001..=10.0).contains(&share) { Ok(share) } else { Err("between 0.0001 and 10".into()) }
}

impl Demo {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let Self { devices, households, days, seed, scale, exit, keep, database_url, listen } = self;
        if let Some(scale) = scale {
            scale::run(scale::Options { scale, seed, exit, keep, database_url, listen })?;
            return Ok(ExitCode::SUCCESS);
        }
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
        assert_eq!(parse(&["--scale", "0.01"]).unwrap().scale, Some(0.01));
        assert!(parse(&["--scale", "0.01", "--devices", "7"]).is_err() && parse(&["--scale", "-1"]).is_err());
    }
}
