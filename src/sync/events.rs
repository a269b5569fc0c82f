//! Nudges: whoever listens is told when a bucket in its scope moves. One thread watches for all listeners: it looks at the
//! buckets' heads and at everyone's scope with two statements, once a second and after each write of this process. It
//! asks the database rather than being told by it, since a PostgreSQL `NOTIFY` has all commits wait for each other.

use crate::store::callers::{self, Standing};
use crate::store::{Conn, Store, StoreError, buckets};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use sync_core::{Bucket, Scope};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use uuid::Uuid;

/// Writes of other processes are noticed after this long at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Under steady writes, listeners are told this often.
const REST: Duration = Duration::from_millis(50);
/// A listener that is slower than this misses nothing: it is told later, of the newest state.
const BACKLOG: usize = 256;
/// Streams of one session: the oldest ends when there is one more.
const STREAMS: usize = 16;

/// A bucket moved to this sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    pub bucket: Bucket,
    pub seq: u64,
}

/// The listeners of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Moves {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    listeners: Vec<Listener>,
    /// Something was written here.
    poked: bool,
    stopped: bool,
}

struct Listener {
    session: Uuid,
    /// Up to where it knows of each bucket in its scope.
    known: BTreeMap<Bucket, u64>,
    tell: Sender<Moved>,
}

/// What the watcher sees at one moment.
struct Sight {
    seqs: BTreeMap<Bucket, u64>,
    callers: HashMap<Uuid, Standing>,
}

impl Sight {
    fn take(conn: &mut Conn, sessions: &BTreeSet<Uuid>) -> Result<Self, StoreError> {
        Ok(Self { seqs: buckets::seqs(conn)?, callers: callers::load(conn, sessions)? })
    }
}

/// The thread that watches. Dropping it ends every stream, and waits until the thread has let go of the database.
pub struct Watcher {
    moves: Moves,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    pub fn begin(store: Store) -> anyhow::Result<Self> {
        let moves = Moves::default();
        let shared = moves.shared.clone();
        let thread = std::thread::Builder::new().name("events".into()).spawn(move || shared.run(&store))?;
        Ok(Self { moves, thread: Some(thread) })
    }

    pub fn moves(&self) -> Moves {
        self.moves.clone()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.moves.stop();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the watcher of events panicked");
        }
    }
}

impl Moves {
    /// Something was written: look now.
    pub fn poke(&self) {
        self.shared.lock().poked = true;
        self.shared.wake.notify_one();
    }

    /// Listens from the state in which `heads` were read.
    pub fn listen(&self, session: Uuid, heads: BTreeMap<Bucket, u64>) -> Receiver<Moved> {
        let (tell, heard) = channel(BACKLOG);
        let mut state = self.shared.lock();
        if !state.stopped {
            let mut own = state.listeners.iter().enumerate().filter(|(_, listener)| listener.session == session);
            let (oldest, count) = (own.next().map(|(place, _)| place), own.count() + 1);
            if let Some(oldest) = oldest.filter(|_| count >= STREAMS) {
                state.listeners.remove(oldest);
            }
            state.listeners.push(Listener { session, known: heads, tell });
            state.poked = true;
            self.shared.wake.notify_one();
        }
        heard
    }

    /// Ends every stream, and the watcher.
    fn stop(&self) {
        let mut state = self.shared.lock();
        state.stopped = true;
        state.listeners.clear();
        self.shared.wake.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, store: &Store) {
        while let Some(sessions) = self.next() {
            let begun = Instant::now();
            match store.snapshot_now(|conn| Sight::take(conn, &sessions)) {
                Ok(sight) => self.tell(&sessions, &sight),
                // The listeners stay: they are told when the database is back.
                Err(error) => tracing::warn!(%error, "cannot look for news"),
            }
            std::thread::sleep(REST.saturating_sub(begun.elapsed()));
        }
    }

    /// Waits until it is time to look; the sessions of the listeners, or `None` when there is nothing to do any more.
    fn next(&self) -> Option<BTreeSet<Uuid>> {
        let mut state = self.lock();
        let mut due = Instant::now() + LOOK_EVERY;
        loop {
            if state.stopped {
                return None;
            }
            let wait = due.saturating_duration_since(Instant::now());
            if !state.listeners.is_empty() && (state.poked || wait.is_zero()) {
                state.poked = false;
                return Some(state.listeners.iter().map(|l| l.session).collect());
            }
            if state.listeners.is_empty() {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                due = Instant::now() + LOOK_EVERY;
            } else {
                state = self.wake.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    fn tell(&self, asked: &BTreeSet<Uuid>, sight: &Sight) {
        self.lock().listeners.retain_mut(|listener| match sight.callers.get(&listener.session) {
            // Signed out, disabled or revoked: it hears nothing any more.
            Some(caller) if caller.ended || caller.revoked.is_some() => false,
            Some(caller) => listener.tell(&caller.scope(), &sight.seqs),
            // It came while the watcher was looking: its turn is next.
            None => !asked.contains(&listener.session) && !listener.tell.is_closed(),
        });
    }
}

impl Listener {
    /// Tells what moved, also a bucket that is new in its scope; `false` when it listens no more.
    fn tell(&mut self, scope: &Scope, seqs: &BTreeMap<Bucket, u64>) -> bool {
        self.known.retain(|bucket, _| scope.contains(*bucket));
        for (bucket, seq) in seqs.iter().filter(|(bucket, _)| scope.contains(**bucket)) {
            if self.known.get(bucket).is_some_and(|known| known >= seq) {
                continue;
            }
            match self.tell.try_send(Moved { bucket: *bucket, seq: *seq }) {
                Ok(()) => {
                    self.known.insert(*bucket, *seq);
                }
                Err(TrySendError::Full(_)) => return true,
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        !self.tell.is_closed()
    }
}
