//! Guarantees 1 and 2 when things break: the server is killed or told to stop, the database goes away, the disk is full.

mod first;
mod full;
mod kill;
mod moments;
mod outage;
mod stop;

use std::time::{Duration, Instant};

use crate::support::http::Reply;

/// A problem that says to come back, and when.
#[track_caller]
fn assert_unavailable(reply: Reply) {
    let wait = reply.header("retry-after").map(str::to_owned);
    assert!(wait.as_ref().is_some_and(|wait| wait.parse::<u64>().is_ok()), "{}: {wait:?}", reply.status);
    reply.problem(503, "unavailable");
}

/// Comes to a moment that nothing else tells.
fn wait(time: Duration) {
    let moment = Instant::now() + time;
    while Instant::now() < moment {
        std::hint::spin_loop();
    }
}
