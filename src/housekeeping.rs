//! What has to be done now and then, by a thread of its own: whatever was kept for a time is forgotten after it.

use crate::app::App;
use crate::store::{Instant, StoreError, Tx, idempotency, sessions};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

const EVERY: Duration = Duration::from_mins(10);

/// Dropping it ends it.
pub struct Housekeeping {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Housekeeping {
    pub fn begin(app: App) -> anyhow::Result<Self> {
        let (stop, stopped) = sync_channel(0);
        let thread = std::thread::Builder::new().name("housekeeping".into()).spawn(move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                app.limits.sweep();
                if let Err(error) = app.store.write_now(sweep) {
                    tracing::warn!(%error, "what is too old could not be removed: it will be tried again");
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

fn sweep(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = Instant::now();
    idempotency::sweep(tx, now)?;
    sessions::sweep(tx, now)?;
    Ok(())
}

impl Drop for Housekeeping {
    fn drop(&mut self) {
        self.stop.take();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("housekeeping panicked");
        }
    }
}
