//! `ruhu openapi`

use std::process::ExitCode;

/// Print the OpenAPI document
#[derive(Debug, clap::Args)]
pub struct Openapi {}

impl Openapi {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        println!("{}", crate::routes::openapi().to_pretty_json()?);
        Ok(ExitCode::SUCCESS)
    }
}
