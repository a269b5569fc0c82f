//! Guarantees 2, 3, 5 and 6 while many do many things at the same moment: no gap, no loss, nothing twice, nothing out of
//! scope, and nobody turned away for it.

mod counties;
mod crowd;
mod events;
mod held_open;
mod once;
mod scope;
mod settling;

use std::sync::Barrier;

use ruhu::Running;

use crate::support::engine::Engine;
use crate::support::outside::Outside;
use crate::support::*;

/// A second server over the same database: what meets there meets nowhere else.
fn second(w: &World) -> Running {
    ruhu::start(w.store.config.clone()).expect("a second server starts")
}

type Deed<'a, T> = Box<dyn FnOnce() -> T + Send + 'a>;

/// Does all of these at the same moment; the outcomes in their order. On PostgreSQL each of them needs what `hold` locks,
/// and has come as far as that when it is released; on SQLite, where nobody can tell, they set out together.
fn together<'a, T: Send + 'a>(w: &World, hold: &str, deeds: Vec<Deed<'a, T>>) -> Vec<T> {
    let (barrier, count) = (&Barrier::new(deeds.len()), deeds.len() as i64);
    std::thread::scope(|scope| {
        let mut holder = Outside::open(w);
        if w.engine() == Engine::Postgres {
            holder.hold(hold);
        }
        let run = |deed: Deed<'a, T>| {
            scope.spawn(move || {
                barrier.wait();
                deed()
            })
        };
        let running: Vec<_> = deeds.into_iter().map(run).collect();
        if w.engine() == Engine::Postgres {
            Outside::open(w).until_stuck(count);
        }
        drop(holder);
        running.into_iter().map(|deed| deed.join().unwrap()).collect()
    })
}

/// A puller that goes on while others write, and checks that no page goes back behind one before it. (`Mirror` checks
/// of each that it is in order, and of each complete one that count and sum are those of what it holds.)
struct Follower {
    mirror: Mirror,
    upto: std::collections::BTreeMap<String, u64>,
}

impl Follower {
    fn of(session: &Session, limit: usize) -> Self {
        Self { mirror: Mirror::of(session).with_limit(limit), upto: std::collections::BTreeMap::new() }
    }

    /// Pulls one page; whether there is more.
    fn page(&mut self) -> bool {
        let page = self.mirror.page();
        assert_eq!(page["revoked"], json!([]));
        for part in page["buckets"].as_array().unwrap() {
            let (bucket, upto) = (part["bucket"].as_str().unwrap(), seq(part));
            assert_eq!(part["reset"], false, "{part}");
            let before = self.upto.insert(bucket.to_owned(), upto).unwrap_or(0);
            assert!(before <= upto, "{bucket} goes back from {before} to {upto}");
            for change in part["changes"].as_array().unwrap() {
                assert!(seq(change) > before, "{bucket} was given up to {before}: {change}");
            }
        }
        page["more"] == true
    }

    /// Pulls the rest; then it holds what somebody new gets.
    fn finish(&mut self) {
        while self.page() {}
        let mut new = Mirror::of(self.mirror.session());
        new.sync();
        assert_eq!(self.mirror.live(), new.live());
    }
}
