//! Work beside a statement: while the database writes, a thread of ours works out what the next statement takes.

use rayon::ThreadPool;
use std::sync::LazyLock;

/// Apart from rayon's global pool, where whatever else is to be worked out would stand before it, while a transaction
/// holds its locks.
static ASSISTANTS: LazyLock<ThreadPool> = LazyLock::new(|| {
    let pool = rayon::ThreadPoolBuilder::new().thread_name(|i| format!("assistant-{i}"));
    // Without threads the process has come to its end anyway.
    pool.build().expect("threads can be started")
});

/// Runs `work` beside `statements`; gives what both came to.
pub(super) fn beside<W: Send, S>(work: impl FnOnce() -> W + Send, statements: impl FnOnce() -> S) -> (W, S) {
    let mut worked = None;
    let stated = ASSISTANTS.in_place_scope(|scope| {
        scope.spawn(|_| worked = Some(work()));
        statements()
    });
    // The scope ends when all of it is done, or goes on with its panic.
    (worked.expect("what was spawned has run"), stated)
}
