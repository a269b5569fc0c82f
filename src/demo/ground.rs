//! Where the demo stands: a directory that nobody else uses, a database that is empty, a server in this process.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};

use anyhow::{Context as _, bail, ensure};

use crate::{Config, Running};

/// The address that is taken when nobody names one and it is free.
const USUAL: ([u8; 4], u16) = ([127, 0, 0, 1], 8080);

/// The directory; gone when this is dropped, unless it is kept.
pub(super) struct Site {
    pub dir: PathBuf,
    kept: bool,
}

impl Site {
    /// `keep` must not exist, or be empty.
    pub(super) fn prepare(keep: Option<PathBuf>) -> anyhow::Result<Self> {
        let kept = keep.is_some();
        let dir =
            keep.unwrap_or_else(|| std::env::temp_dir().join(format!("ruhu-demo-{}", uuid::Uuid::new_v4().simple())));
        std::fs::create_dir_all(dir.join("phones")).with_context(|| format!("cannot make {}", dir.display()))?;
        let entries = std::fs::read_dir(&dir)?.count();
        ensure!(entries == 1, "{} is not empty: the demo wants a directory of its own", dir.display());
        Ok(Self { dir, kept })
    }

    pub(super) fn phones(&self) -> PathBuf {
        self.dir.join("phones")
    }

    /// Where the general report is put: it stays when the directory goes.
    pub(super) fn report(&self) -> PathBuf {
        if self.kept { self.dir.join("report.docx") } else { self.dir.with_extension("docx") }
    }

    pub(super) fn is_kept(&self) -> bool {
        self.kept
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if !self.kept {
            remove(&self.dir);
        }
    }
}

fn remove(dir: &Path) {
    // What cannot be removed from the directory for temporary files is left to whoever cleans that up.
    drop(std::fs::remove_dir_all(dir));
}

/// The configuration of the demo's server, without limits on rates: all phones share one address here.
pub(super) fn config(site: &Site, database_url: Option<String>, listen: Option<SocketAddr>) -> Config {
    let database_url = database_url.unwrap_or_else(|| format!("sqlite:{}", site.dir.join("ruhu.db").display()));
    let usual = SocketAddr::from(USUAL);
    let free = || if TcpListener::bind(usual).is_ok() { usual } else { SocketAddr::from(([127, 0, 0, 1], 0)) };
    Config { listen: listen.unwrap_or_else(free), ..Config::for_test(database_url, site.dir.join("server")) }
}

/// Starts the server on an empty database and makes the first user.
pub(super) fn start(config: &Config, username: &str, password: &str) -> anyhow::Result<Running> {
    if crate::setup::has_users(config)? {
        bail!("the database already holds users: the demo wants an empty one, for it fills it with invented data");
    }
    let running = crate::start(config.clone())?;
    crate::setup::add_user(config, username, password, "provincial", "51", None)?;
    Ok(running)
}

/// Set once the demo is over and the server only serves.
static SERVING: AtomicBool = AtomicBool::new(false);

/// Listens for Ctrl-C (and SIGTERM) on a thread of its own. Before the demo is over it ends the process, after
/// clearing up; afterwards it says so through the channel.
pub(super) fn watch_for_the_end(site: &Site) -> anyhow::Result<Receiver<()>> {
    let (tell, told) = channel();
    let temporary = (!site.kept).then(|| site.dir.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        if runtime.block_on(ended()).is_err() {
            return;
        }
        if SERVING.load(Ordering::SeqCst) {
            // Nobody listens any more when the demo has just ended by itself.
            let _ = tell.send(());
            return;
        }
        if let Some(dir) = temporary {
            remove(&dir);
        }
        eprintln!("\ninterrupted");
        std::process::exit(130);
    })?;
    Ok(told)
}

/// From here on the end is not an interruption.
pub(super) fn now_serving() {
    SERVING.store(true, Ordering::SeqCst);
}

#[cfg(unix)]
async fn ended() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    futures_util::future::select(Box::pin(interrupt.recv()), Box::pin(terminate.recv())).await;
    Ok(())
}

#[cfg(not(unix))]
async fn ended() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
