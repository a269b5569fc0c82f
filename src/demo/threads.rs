//! Doing many things at once, on a few threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Runs `f` for 0, 1, … `count` on a few threads; the results in order, or the first failure.
pub(super) fn side_by_side<T: Send>(
    count: usize,
    f: impl Fn(usize) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..workers().min(count) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let result = f(index);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// More than there are cores: a phone mostly waits.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from) * 3
}

/// Runs `f` on every item, on a few threads; the first failure ends it.
pub(super) fn each<T: Send>(groups: &mut [T], f: impl Fn(&mut T) -> anyhow::Result<()> + Sync) -> anyhow::Result<()> {
    let queue = Mutex::new(groups.iter_mut());
    let failure = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..workers() {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(group) = next else { return };
                    if let Err(e) = f(group) {
                        failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(e);
                        return;
                    }
                }
            });
        }
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}
