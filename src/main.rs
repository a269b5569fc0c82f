//! The binary: a command line over the library.

use clap::Parser as _;
use ruhu::cli::Cli;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Free memory goes back to the system a twentieth of a second after it was used last, by a thread that does nothing else: kept for
/// good, large pulls pile up hundreds of megabytes; given back at once, a push of 100 costs a quarter more. The name is where
/// jemalloc looks for it. MALLOC_CONF in the environment goes before it.
#[unsafe(export_name = "malloc_conf")]
pub static MALLOC_CONF: &[u8] = b"background_thread:true,dirty_decay_ms:50,muzzy_decay_ms:0,thp:never\0";

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ruhu: {error:#}");
            ExitCode::FAILURE
        }
    }
}
