//! The binary: a command line over the library.

use clap::Parser as _;
use libmimalloc_sys::{mi_option_get, mi_option_set_default, mi_option_t};
use ruhu::cli::Cli;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay`, which the bindings do not name: how many milliseconds free memory is kept for the next one who
/// wants some. The default is a second, in which large pulls pile up hundreds of megabytes; at 2, a tenth more than at 0.
const PURGE_DELAY: mi_option_t = 15;

fn main() -> ExitCode {
    // SAFETY: reads and sets a number, before there is any other thread. MIMALLOC_PURGE_DELAY still goes before it.
    unsafe {
        if mi_option_get(PURGE_DELAY) == 1000 {
            mi_option_set_default(PURGE_DELAY, 0);
        }
    }
    match Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ruhu: {error:#}");
            ExitCode::FAILURE
        }
    }
}
