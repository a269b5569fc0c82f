//! What has to be done now and then, by a thread of its own: whatever was kept for a time is forgotten after it.

use crate::app::App;
use crate::store::{Instant, idempotency};
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
                let swept = app.store.write_now(|tx| idempotency::sweep(tx, Instant::now()));
                if let Err(error) = swept {
                    tracing::warn!(%error, "what is too old could not be removed: it will be tried again");
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Housekeeping {
    fn drop(&mut self) {
        self.stop.take();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("housekeeping panicked");
        }
    }
}
