//! The binary: a command line over the library.

use clap::Parser as _;
use ruhu::cli::Cli;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ruhu: {error:#}");
            ExitCode::FAILURE
        }
    }
}
