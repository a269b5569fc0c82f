//! The command line: one file for each subcommand.

pub mod bench;
pub mod check;
pub mod demo;
pub mod draw;
pub mod healthcheck;
pub mod import;
pub mod migrate;
pub mod openapi;
pub mod serve;
pub mod user;

use crate::config::{self, Log, LogSettings};
use anyhow::Context as _;
use clap::Parser;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// ruhu 入户: the server of a field campaign
///
/// Phones record offline for days and sync when they can; nothing that a person recorded is ever lost.
///
/// Settings are flags, else environment variables, else ruhu.toml in the working directory.
#[derive(Debug, Parser)]
#[command(name = "ruhu", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    log: LogSettings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Demo(demo::Demo),
    Bench(bench::Bench),
    Serve(serve::Serve),
    Migrate(migrate::Migrate),
    Openapi(openapi::Openapi),
    Healthcheck(healthcheck::Healthcheck),
    User(user::User),
    Import(import::Import),
    Draw(draw::Draw),
    Check(check::Check),
}

impl Cli {
    /// Runs the subcommand.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        // The words of these are what matters there, and the demo's phones ask a great deal.
        let usual = if matches!(self.command, Command::Demo(_) | Command::Bench(_)) { "warn" } else { "info" };
        log_to_stderr(self.log, usual)?;
        match self.command {
            Command::Demo(demo) => demo.run(),
            Command::Bench(bench) => bench.run(),
            Command::Serve(serve) => serve.run(),
            Command::Migrate(migrate) => migrate.run(),
            Command::Openapi(openapi) => openapi.run(),
            Command::Healthcheck(healthcheck) => Ok(healthcheck.run()),
            Command::User(user) => user.run(),
            Command::Import(import) => import.run(),
            Command::Draw(draw) => draw.run(),
            Command::Check(check) => check.run(),
        }
    }
}

fn log_to_stderr(settings: LogSettings, usual: &str) -> anyhow::Result<()> {
    let Log { filter, json } = config::logging(settings, usual)?;
    let filter = EnvFilter::try_new(&filter).with_context(|| format!("`{filter}` does not say what to log"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        lines.json().init();
    } else {
        lines.init();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
