//! The closed loop: each worker sends its next piece of work when the last one is done. The clock runs from the moment
//! when all are ready until the last one has finished.

use anyhow::anyhow;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything takes.
pub(super) const LONG: Duration = Duration::from_mins(10);

/// What a loop did.
#[derive(Debug, Default)]
pub(super) struct Timed {
    /// Of whatever is counted: records, polls, pushes.
    pub count: u64,
    pub took: Duration,
    /// Of each request or transaction.
    pub latencies: Vec<Duration>,
}

impl Timed {
    pub(super) fn per_second(&self) -> f64 {
        self.count as f64 / self.took.as_secs_f64().max(1e-9)
    }

    /// The latency below which this share of all lies, in milliseconds.
    pub(super) fn quantile(&mut self, share: f64) -> f64 {
        self.latencies.sort_unstable();
        let last = self.latencies.len().saturating_sub(1);
        let at = (last as f64 * share).round() as usize;
        self.latencies.get(at).map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    }
}

/// Counts and times what one worker does.
pub(super) struct Tally {
    count: u64,
    latencies: Vec<Duration>,
    begun: Instant,
    /// When a worker that repeats itself has done enough.
    pub enough: Instant,
}

impl Tally {
    /// Runs one piece of work that counts for `count`.
    pub(super) fn time<T>(&mut self, count: u64, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let begun = Instant::now();
        let made = work()?;
        self.latencies.push(begun.elapsed());
        self.add(count);
        Ok(made)
    }

    /// Counts what only the work itself could tell.
    pub(super) fn add(&mut self, count: u64) {
        self.count += count;
    }

    pub(super) fn is_enough(&self) -> bool {
        Instant::now() >= self.enough
    }
}

/// Runs the workers side by side and gives what each made. `prepare` runs before the clock starts, `work` after that;
/// a worker that repeats itself stops after `most`.
pub(super) fn side_by_side<I: Send, W, T: Send>(
    inputs: Vec<I>,
    most: Duration,
    prepare: impl Fn(I) -> anyhow::Result<W> + Sync,
    work: impl Fn(W, &mut Tally) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<(Timed, Vec<T>)> {
    let ready = Barrier::new(inputs.len());
    let one = |input: I| {
        let prepared = prepare(input);
        // Everybody comes here, also who could not get ready: the others wait.
        ready.wait();
        let prepared = prepared?;
        let begun = Instant::now();
        let mut tally = Tally { count: 0, latencies: Vec::new(), begun, enough: begun + most };
        let made = work(prepared, &mut tally)?;
        Ok::<_, anyhow::Error>((tally, Instant::now(), made))
    };
    let outcomes: Vec<_> = thread::scope(|scope| {
        let one = &one;
        let workers: Vec<_> = inputs.into_iter().map(|input| scope.spawn(move || one(input))).collect();
        workers.into_iter().map(|worker| worker.join().map_err(|_| anyhow!("a worker failed"))).collect()
    });
    let (mut timed, mut made, mut span) = (Timed::default(), Vec::new(), None::<(Instant, Instant)>);
    for outcome in outcomes {
        let (tally, ended, result) = outcome??;
        timed.count += tally.count;
        timed.latencies.extend(tally.latencies);
        let (from, to) = span.unwrap_or((tally.begun, ended));
        span = Some((from.min(tally.begun), to.max(ended)));
        made.push(result);
    }
    timed.took = span.map_or(Duration::ZERO, |(from, to)| to - from);
    Ok((timed, made))
}
