//! The way to write. On SQLite there is one writer: the transactions that are waiting when it is free share one
//! commit, a savepoint each, and every answer leaves after that commit. On PostgreSQL each takes a connection of its own.

use super::conn::{Conn, Engine, Manager, StoreError, Tx, transact};
use diesel::r2d2::Pool;
use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, TryRecvError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many waiting transactions share one commit at most: bounds the time to the first answer.
const SHARED_COMMIT: usize = 64;

/// Done inside the transaction; what it gives back is called with the fate of the commit.
type Job = Box<dyn FnOnce(&mut Tx<'_>) -> Announce + Send>;
type Announce = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

pub(super) struct Writer {
    manager: Manager,
    pool: Pool<Manager>,
    /// SQLite's one writing connection; opened at the first write, and again after a failure.
    conn: Mutex<Option<Conn>>,
    waiting: Mutex<VecDeque<Job>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under these locks is left half changed by a panic: see `run`.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writer {
    pub(super) fn new(manager: Manager, pool: Pool<Manager>) -> Self {
        Self { manager, pool, conn: Mutex::new(None), waiting: Mutex::new(VecDeque::new()) }
    }

    pub(super) fn write<T, E>(&self, body: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if self.manager.engine() == Engine::Postgres {
            let mut conn = self.pool.get().map_err(|e| StoreError::Unavailable(e.into()))?;
            return transact(&mut conn, body);
        }
        let (sender, receiver) = sync_channel(1);
        lock(&self.waiting).push_back(job(body, sender));
        loop {
            // Whoever gets the connection works for all that wait; the others find their answer when they get it.
            let mut conn = lock(&self.conn);
            match receiver.try_recv() {
                Ok(answer) => return answer,
                Err(TryRecvError::Disconnected) => {
                    return Err(StoreError::Unavailable(anyhow::anyhow!("the writer failed")).into());
                }
                Err(TryRecvError::Empty) => {}
            }
            let jobs: Vec<Job> = {
                let mut waiting = lock(&self.waiting);
                let count = waiting.len().min(SHARED_COMMIT);
                waiting.drain(..count).collect()
            };
            self.run(&mut conn, jobs);
        }
    }

    fn run(&self, slot: &mut Option<Conn>, jobs: Vec<Job>) {
        // Taken out of its place while it is used: a panic or a failed commit leaves none behind.
        let mut conn = match slot.take().map_or_else(|| self.manager.open(), Ok) {
            Ok(conn) => conn,
            Err(error) => {
                // Dropping a job drops its sender, which its owner reads as unavailable.
                tracing::error!(%error, "the database cannot be opened for writing");
                return;
            }
        };
        let mut announcements = Vec::with_capacity(jobs.len());
        let outcome = transact(&mut conn, |tx| {
            for job in jobs {
                announcements.push(job(tx));
            }
            Ok::<_, StoreError>(())
        });
        let committed = outcome.is_ok();
        if committed {
            *slot = Some(conn);
        }
        let mut error = outcome.err();
        for announce in announcements {
            announce(if committed {
                Ok(())
            } else {
                Err(error
                    .take()
                    .unwrap_or_else(|| StoreError::Unavailable(anyhow::anyhow!("the shared commit failed"))))
            });
        }
    }
}

/// Wraps a body so that it runs in a savepoint and its answer is sent after the commit.
fn job<T, E>(body: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static, sender: SyncSender<Result<T, E>>) -> Job
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    Box::new(move |tx| {
        let result = tx.savepoint(body);
        Box::new(move |committed| {
            let answer = match committed {
                Ok(()) => result,
                Err(error) => result.and(Err(error.into())),
            };
            // The owner waits for this and nothing else; if it is gone, nobody wants the answer.
            let _ = sender.send(answer);
        })
    })
}
