//! `ruhu serve`

use crate::config::{self, DataSettings, ServerSettings};
use std::process::ExitCode;

/// Serve the API until Ctrl-C or SIGTERM
///
/// Applies pending migrations first. Prints "listening on URL" when it is ready.
#[derive(Debug, clap::Args)]
pub struct Serve {
    #[command(flatten)]
    data: DataSettings,
    #[command(flatten)]
    server: ServerSettings,
    /// Do not apply pending migrations; fail if there are any
    #[arg(long)]
    no_migrate: bool,
}

impl Serve {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut config = config::resolve(self.data, self.server)?;
        config.migrate = !self.no_migrate;
        let running = crate::start(config)?;
        println!("listening on {}", running.url());
        ended()?;
        tracing::info!("finishing the requests under way");
        running.stop();
        Ok(ExitCode::SUCCESS)
    }
}

/// Waits for Ctrl-C or SIGTERM.
fn ended() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        Ok(())
    })
}
