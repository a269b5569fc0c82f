//! How pushes wait. Those of the same counties would wait for one another's commit anyway, so while one is being applied,
//! the ones that come behind it gather, and then share one transaction: it costs hardly more than any one of them.
//! On PostgreSQL, pushes of different counties never wait for each other; on SQLite, where there is one writer, all
//! share one lane.
//!
//! Invariant: an answer leaves after the commit that it tells of, and where one push makes the shared transaction fail,
//! each is tried once more by itself.

use super::batch::{self, Job};
use super::result::Answer;
use crate::http::{Code, Problem};
use crate::store::{Engine, Store};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sync_core::Bucket;
use tokio::sync::oneshot;

/// How many operations share one transaction at most (a single push may have more): bounds the time to the first answer.
const SHARED_OPS: usize = 1600;

/// The counties of a push; empty on SQLite.
type Lane = BTreeSet<Bucket>;

type Outcome = Result<Answer, Problem>;

struct Waiting {
    job: Job,
    answer: oneshot::Sender<Outcome>,
}

/// The pushes of this process. Cheap to clone.
#[derive(Clone)]
pub struct Lanes {
    store: Store,
    /// A lane is here while somebody works in it, with those that wait.
    waiting: Arc<Mutex<HashMap<Lane, Vec<Waiting>>>>,
}

impl Lanes {
    pub fn new(store: Store) -> Self {
        Self { store, waiting: Arc::default() }
    }

    /// Applies a push, or leaves it to the one who is already at work on its counties; the answer comes by `answer`.
    /// Blocks while there is work.
    pub fn push(&self, job: Job, answer: oneshot::Sender<Outcome>) {
        let lane = self.lane(&job);
        let first = Waiting { job, answer };
        match self.lock().entry(lane.clone()) {
            Entry::Occupied(mut lane) => return lane.get_mut().push(first),
            Entry::Vacant(lane) => lane.insert(Vec::new()),
        };
        let turn = Turn { lanes: self, lane };
        let mut next = vec![first];
        while !next.is_empty() {
            self.apply(next);
            next = turn.next();
        }
    }

    fn lane(&self, job: &Job) -> Lane {
        match self.store.engine() {
            Engine::Sqlite => Lane::new(),
            Engine::Postgres => job.ops.iter().filter_map(|op| op.bucket).collect(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Lane, Vec<Waiting>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait, in all lanes, where somebody is at work.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> Option<usize> {
        let lanes = self.lock();
        (!lanes.is_empty()).then(|| lanes.values().map(Vec::len).sum())
    }

    fn apply(&self, together: Vec<Waiting>) {
        let (jobs, answers): (Vec<_>, Vec<_>) = together.into_iter().map(|w| (w.job, w.answer)).unzip();
        let jobs = Arc::new(jobs);
        let outcomes = match self.commit(jobs.clone()) {
            Err(problem) if problem.code == Code::Internal && jobs.len() > 1 => {
                let alone = |job: &Job| self.commit(Arc::new(vec![job.clone()])).and_then(only);
                jobs.iter().map(alone).collect()
            }
            Err(problem) => vec![Err(problem); jobs.len()],
            Ok(outcomes) => outcomes,
        };
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // Whoever has hung up sends it again, and gets the same answer.
            let _ = answer.send(outcome);
        }
    }

    fn commit(&self, jobs: Arc<Vec<Job>>) -> Result<Vec<Outcome>, Problem> {
        self.store.write_now(move |tx| batch::apply(tx, &jobs)).map_err(Problem::from)
    }
}

fn only(outcomes: Vec<Outcome>) -> Outcome {
    outcomes.into_iter().next().unwrap_or_else(|| Err(Problem::new(Code::Internal)))
}

/// The right to work in a lane. Given back when nobody waits, or by a panic: those who wait are then told to try again.
struct Turn<'a> {
    lanes: &'a Lanes,
    lane: Lane,
}

impl Turn<'_> {
    /// Those who came meanwhile, as many as may go together. When there are none, the lane is free.
    fn next(&self) -> Vec<Waiting> {
        let mut lanes = self.lanes.lock();
        let Some(waiting) = lanes.get_mut(&self.lane) else { return Vec::new() };
        let mut ops = 0;
        let fits = |w: &&Waiting| {
            ops += w.job.ops.len();
            ops <= SHARED_OPS
        };
        let count = waiting.iter().take_while(fits).count().max(1).min(waiting.len());
        let next: Vec<_> = waiting.drain(..count).collect();
        if next.is_empty() {
            lanes.remove(&self.lane);
        }
        next
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.lanes.lock().remove(&self.lane);
        }
    }
}
