//! PostgreSQL is stopped and started under load: callers are told to come back, the server finds its way by itself,
//! and nothing acknowledged is lost.

use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::assert_unavailable;
use super::moments::{SHUT, gate};
use crate::support::cluster::Cluster;
use crate::support::engine::{Engine, Store};
use crate::support::load::{Commons, Sent, Worker};
use crate::support::outside::Outside;
use crate::support::raw::Events;
use crate::support::serving::Serving;
use crate::support::*;

/// For which who is turned away waits: who asks again at once leaves no processor to whom they wait for.
const PAUSE: Duration = Duration::from_millis(100);

/// How often each caller was served, and turned away.
#[derive(Default)]
struct Counts {
    served: AtomicUsize,
    refused: AtomicUsize,
}

impl Counts {
    fn refuse(&self, reply: http::Reply) {
        assert_unavailable(reply);
        self.refused.fetch_add(1, Ordering::SeqCst);
        std::thread::park_timeout(PAUSE);
    }

    fn serve(&self) {
        self.served.fetch_add(1, Ordering::SeqCst);
    }
}

/// Waits until each of them has come so far.
fn until<'a>(what: &str, counts: impl IntoIterator<Item = &'a AtomicUsize> + Clone, upto: usize) {
    let come = || counts.clone().into_iter().all(|count| count.load(Ordering::SeqCst) >= upto).then_some(());
    eventually(60, what, come);
}

#[test]
fn while_postgres_is_away_callers_are_told_to_come_back() {
    let cluster = Cluster::start();
    let w = &World::over(Store::on(&cluster.url));
    let commons = Commons::default();
    let worker = |phone, counties: &[&str]| Worker::new(phone, counties, &commons, rand::random());
    let mut workers = [
        worker(w.ali(), &[JINYANG]),
        worker(w.bo(), &[JINYANG]),
        worker(w.chen(), &[ZHAOJUE]),
        worker(w.phone("liangshan"), &[ZHAOJUE]),
    ];
    let pullers = [w.liangshan(), w.province()];
    w.stop();
    let serving = Serving::start(w);
    let events = Events::open(w.liangshan());
    // The commits of one county hang while it is stopped.
    Outside::open(w).run(&gate(ZHAOJUE));
    for mode in ["fast", "immediate"] {
        let over = &AtomicBool::new(false);
        let pushing: [Counts; 4] = Default::default();
        let pulling: [Counts; 2] = Default::default();
        let all = || pushing.iter().chain(&pulling);
        std::thread::scope(|scope| {
            for (worker, counts) in workers.iter_mut().zip(&pushing) {
                scope.spawn(move || {
                    while !over.load(Ordering::SeqCst) {
                        match worker.send() {
                            Sent::Taken => counts.serve(),
                            Sent::Refused(reply) => counts.refuse(reply),
                            Sent::Unanswered => panic!("a push had no answer"),
                        }
                    }
                });
            }
            for (session, counts) in pullers.iter().zip(&pulling) {
                scope.spawn(move || {
                    while !over.load(Ordering::SeqCst) {
                        let reply = session.pull_body(&json!({ "schema": 1, "limit": 100 }));
                        if reply.status == 200 { counts.serve() } else { counts.refuse(reply) }
                    }
                });
            }
            until("all are served", all().map(|c| &c.served).collect::<Vec<_>>(), 3);
            let mut holder = Outside::open(w);
            holder.run(SHUT);
            Outside::open(w).until_stuck(1);
            // The other county's were acknowledged a moment ago.
            cluster.stop(mode);
            until("all are turned away", all().map(|c| &c.refused).collect::<Vec<_>>(), 1);
            assert_unavailable(w.session.get("/readyz").send());
            w.session.get("/healthz").send().ok();
            cluster.start_again();
            let before: Vec<_> = all().map(|c| c.served.load(Ordering::SeqCst)).collect();
            let again = || all().zip(&before).all(|(c, n)| c.served.load(Ordering::SeqCst) > n + 3).then_some(());
            eventually(180, "all are served again", again);
            over.store(true, Ordering::SeqCst);
        });
        w.session.get("/readyz").send().ok();
        for worker in &mut workers {
            worker.push();
        }
        let told: Vec<_> = workers.iter().flat_map(|worker| worker.told.clone()).collect();
        ledger::check(w.province(), &told);
        // Who listens all the while is told of what is new.
        let last = told.iter().filter(|one| one.op["bucket"] == JINYANG).filter_map(|one| one.result["seq"].as_u64());
        let last = last.max().unwrap();
        while events.event(10).expect("an event")["seq"].as_u64() < Some(last) {}
    }
    drop(serving);
}

/// Ends every session that a server has.
fn end_sessions(outside: &mut Outside) -> i64 {
    outside.number(
        "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity WHERE datname = current_database() \
         AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )
}

#[test]
fn connections_that_were_ended_are_opened_again() {
    let w = &World::new(Engine::Postgres);
    let mut outside = Outside::open(w);
    let commons = Commons::default();
    let mut worker = Worker::new(w.ali(), &[JINYANG], &commons, 1);
    // Connections that have never seen what they will be lent for.
    let office = w.province();
    assert!(all_at_once(w, || office.get("/v1/devices").send()).iter().all(|reply| reply.status == 200));
    let poll = || w.ali().pull_body(&json!({ "schema": 1 }));
    assert_eq!(poll().status, 200);
    for _ in 0..3 {
        worker.push();
        assert!(end_sessions(&mut outside) > 0);
        eventually(20, "a push is taken again", || match worker.send() {
            Sent::Taken => Some(()),
            Sent::Refused(reply) => {
                assert_unavailable(reply);
                None
            }
            Sent::Unanswered => panic!("a push had no answer"),
        });
        // Those that read are others: each is needed by somebody at the same moment.
        eventually(20, "every reading connection works again", || {
            let replies = all_at_once(w, || office.get("/v1/teams").send());
            let refused: Vec<_> = replies.into_iter().filter(|reply| reply.status != 200).collect();
            let works = refused.is_empty();
            refused.into_iter().for_each(assert_unavailable);
            works.then_some(())
        });
        eventually(20, "a poll is answered again", || {
            let reply = poll();
            let works = reply.status == 200;
            if !works {
                assert_unavailable(reply);
            }
            works.then_some(())
        });
    }
    ledger::check(office, &worker.told);
}

/// As many callers as there are connections to read with, none of whom is answered before each has one, or was turned away.
fn all_at_once(w: &World, ask: impl Fn() -> http::Reply + Sync) -> Vec<http::Reply> {
    let (mut holder, mut watcher) = (Outside::open(w), Outside::open(w));
    let (count, answered) = (w.store.config.pool_size, &AtomicUsize::new(0));
    holder.hold("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE");
    std::thread::scope(|scope| {
        let ask = || {
            let reply = ask();
            answered.fetch_add(1, Ordering::SeqCst);
            reply
        };
        let asked: Vec<_> = (0..count).map(|_| scope.spawn(ask)).collect();
        watcher.until_stuck_or(count.into(), answered);
        holder.release();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// Which accepts a connection and says nothing.
#[test]
fn a_database_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nothing");
    let url = format!("postgres://nobody@{}/nothing", silent.local_addr().unwrap());
    let error = ruhu::start(ruhu::Config::for_test(url, dir)).err().expect("there is no database");
    assert!(format!("{error:#}").contains("timeout"), "{error:#}");
}
