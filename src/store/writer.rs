//! The way to write. On SQLite there is one writer: the transactions that are waiting when it is free share one
//! commit, a savepoint each, and every answer leaves after that commit. One that comes alone needs no savepoint, for which
//! SQLite would copy every page before it changes it. On PostgreSQL each takes a connection of its own, from a pool of such
//! as only write.

use super::conn::{Conn, Manager, StoreError, Tx, transact};
use super::form_cache::Forms;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ManageConnection, Pool};
use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many waiting transactions share one commit at most: bounds the time to the first answer.
const SHARED_COMMIT: usize = 64;

/// Done inside the transaction, which is its own or shared.
type Job = Box<dyn FnOnce(&mut Tx<'_>, Sharing) -> Done + Send>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Alone,
    Shared,
}

/// What became of a job.
struct Done {
    failed: bool,
    /// Called with the fate of the commit.
    announce: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

/// Why nothing of a transaction is kept.
enum Undone {
    /// The only job failed: its announcement tells how.
    Job,
    Store(StoreError),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

pub(super) enum Writer {
    Alone(Alone),
    Many(Pool<Opener>),
}

/// Opens PostgreSQL's connections that keep their plans: those that write, and the one for lookups.
pub(super) struct Opener(pub Manager);

/// One of them, and how many times it was lent for a transaction or a lookup.
pub(super) struct Used {
    conn: Conn,
    uses: u64,
}

impl Used {
    /// PostgreSQL keeps a plan from when a table was empty, even one that reads all of it, until it is analysed a minute
    /// later. So plans are made anew when the connection is lent for the 8th, 16th, 32nd, … time.
    pub(super) fn begin(&mut self) -> Result<&mut Conn, StoreError> {
        self.uses += 1;
        if let Conn::Pg(conn) = &mut self.conn
            && self.uses >= 8
            && self.uses.is_power_of_two()
        {
            conn.batch_execute("DISCARD PLANS")?;
        }
        Ok(&mut self.conn)
    }
}

impl ManageConnection for Opener {
    type Connection = Used;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Used, Self::Error> {
        Ok(Used { conn: self.0.open_writer()?, uses: 0 })
    }

    fn is_valid(&self, used: &mut Used) -> Result<(), Self::Error> {
        self.0.is_valid(&mut used.conn)
    }

    fn has_broken(&self, used: &mut Used) -> bool {
        self.0.has_broken(&mut used.conn)
    }
}

pub(super) struct Alone {
    manager: Manager,
    /// The one writing connection; opened at the first write, and again after a failure.
    conn: Mutex<Option<Conn>>,
    waiting: Mutex<VecDeque<Job>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under these locks is left half changed by a panic: see `run`.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writer {
    pub(super) fn alone(manager: Manager) -> Self {
        Self::Alone(Alone { manager, conn: Mutex::new(None), waiting: Mutex::new(VecDeque::new()) })
    }

    pub(super) fn many(pool: Pool<Opener>) -> Self {
        Self::Many(pool)
    }

    pub(super) fn write<T, E>(
        &self,
        forms: &Arc<Forms>,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match self {
            Self::Alone(writer) => writer.write(forms, body),
            Self::Many(pool) => {
                let mut conn = pool.get().map_err(|e| StoreError::Unavailable(e.into()))?;
                transact(conn.begin()?, forms, body)
            }
        }
    }
}

impl Alone {
    fn write<T, E>(
        &self,
        forms: &Arc<Forms>,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
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
            self.run(&mut conn, forms, jobs);
        }
    }

    fn run(&self, slot: &mut Option<Conn>, forms: &Arc<Forms>, jobs: Vec<Job>) {
        // Taken out of its place while it is used: a panic or a failed commit leaves none behind.
        let mut conn = match slot.take().map_or_else(|| self.manager.open_writer(), Ok) {
            Ok(conn) => conn,
            Err(error) => {
                // Dropping a job drops its sender, which its owner reads as unavailable.
                tracing::error!(%error, "the database cannot be opened for writing");
                return;
            }
        };
        let mut announcements = Vec::with_capacity(jobs.len());
        let sharing = if jobs.len() == 1 { Sharing::Alone } else { Sharing::Shared };
        let outcome = transact(&mut conn, forms, |tx| {
            let mut failed = false;
            for job in jobs {
                let done = job(tx, sharing);
                failed = done.failed;
                announcements.push(done.announce);
            }
            if failed && sharing == Sharing::Alone { Err(Undone::Job) } else { Ok(()) }
        });
        let mut error = match outcome {
            Ok(()) | Err(Undone::Job) => None,
            Err(Undone::Store(error)) => Some(error),
        };
        let committed = error.is_none();
        if committed {
            *slot = Some(conn);
        }
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

/// Wraps a body so that its failure undoes what it did and nothing else, and its answer is sent after the commit.
fn job<T, E>(body: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static, sender: SyncSender<Result<T, E>>) -> Job
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    Box::new(move |tx, sharing| {
        let result = match sharing {
            Sharing::Alone => body(tx),
            Sharing::Shared => tx.savepoint(body),
        };
        let failed = result.is_err();
        let announce = Box::new(move |committed: Result<(), StoreError>| {
            let answer = match committed {
                Ok(()) => result,
                Err(error) => result.and(Err(error.into())),
            };
            // The owner waits for this and nothing else; if it is gone, nobody wants the answer.
            let _ = sender.send(answer);
        });
        Done { failed, announce }
    })
}
