//! `ruhu migrate`

use crate::config::{self, DataSettings, ServerSettings};
use crate::store::migrations;
use std::process::ExitCode;

/// Bring the database's schema up to date
///
/// `serve` does the same at its start, unless it is told --no-migrate.
#[derive(Debug, clap::Args)]
pub struct Migrate {
    #[command(flatten)]
    data: DataSettings,
}

impl Migrate {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = config::resolve(self.data, ServerSettings::default())?;
        let applied = migrations::migrate(&config.database_url)?;
        for name in &applied {
            println!("applied {name}");
        }
        if applied.is_empty() {
            println!("nothing to do: the schema is up to date");
        }
        Ok(ExitCode::SUCCESS)
    }
}
