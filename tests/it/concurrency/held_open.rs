//! Guarantee 5, to the letter: a push whose transaction is held open by real means, while others commit and pull.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Follower, second};
use crate::support::engine::Engine;
use crate::support::outside::Outside;
use crate::support::*;

/// Pulls by `follower` go on until `done`, and come to `pages` at least.
fn follow(follower: &mut Follower, done: &AtomicBool, pages: usize) {
    let mut pulled = 0;
    while pulled < pages || !done.load(Ordering::SeqCst) {
        follower.page();
        pulled += 1;
    }
}

/// How a push of ali is held, and whether other counties stay free.
const HOLDS: [(&str, bool); 6] = [
    // Before it has numbers.
    ("SELECT * FROM devices WHERE id = '{ali}' FOR UPDATE", true),
    ("SELECT * FROM buckets WHERE bucket = 513430 FOR UPDATE", true),
    // After it has taken them.
    ("SELECT * FROM records WHERE id = '{record}' FOR UPDATE", true),
    ("LOCK TABLE history IN SHARE MODE", false),
    ("LOCK TABLE records IN SHARE MODE", false),
    ("LOCK TABLE devices IN SHARE MODE", false),
];

#[test]
fn a_push_that_hangs_in_its_transaction_is_skipped_by_nobody() {
    let w = &World::new(Engine::Postgres);
    let (mut holder, mut watcher) = (Outside::open(w), Outside::open(w));
    let other = second(w);
    let (bo, deng) = (w.bo().at(&other.url()), w.deng().at(&other.url()));
    let record = Rec::household(JINYANG);
    w.ali().push_one(record.create());
    let mut followers = [Follower::of(w.liangshan(), 2), Follower::of(&w.chen().session.at(&other.url()), 1)];
    for (hold, others_are_free) in HOLDS {
        holder.hold(&hold.replace("{ali}", &w.ali().device).replace("{record}", &record.id));
        let (done, [one, two]) = (&AtomicBool::new(false), &mut followers);
        std::thread::scope(|scope| {
            // It writes new records, and one that is there.
            let first = scope
                .spawn(|| w.ali().push([Rec::household(JINYANG).create(), record.edit(json!({ "phone": hold[..9] }))]));
            watcher.until_stuck(1);
            // Somebody else's push into the same county, which must not get ahead of it; by another server, so that they
            // meet in the database.
            let second = scope.spawn(|| bo.push([Rec::household(JINYANG).create()]));
            if others_are_free {
                for _ in 0..3 {
                    is(w.chen().push_one(Rec::household(ZHAOJUE).create()), "applied");
                    is(deng.push_one(Rec::household(WUSHENG).create()), "applied");
                }
            }
            let pulling = scope.spawn(|| follow(one, done, 4));
            follow(two, &AtomicBool::new(true), 4);
            assert!(!first.is_finished(), "{hold} does not hold it");
            holder.release();
            let (first, second) = (first.join().unwrap(), second.join().unwrap());
            assert_eq!((first.statuses()[0], second.statuses()[0]), ("applied", "applied"));
            done.store(true, Ordering::SeqCst);
            pulling.join().unwrap();
        });
        followers.iter_mut().for_each(Follower::finish);
    }
    assert_eq!(w.ali().see(&record).unwrap()["rev"], 1 + HOLDS.len());
    other.stop();
}

#[test]
fn a_push_that_hangs_at_its_second_county_is_skipped_by_nobody() {
    let w = &World::new(Engine::Postgres);
    let (mut holder, mut watcher) = (Outside::open(w), Outside::open(w));
    let other = second(w);
    let ali = w.ali().at(&other.url());
    let mut follower = Follower::of(w.liangshan(), 2);
    let both = || [Rec::household(ZHAOJUE).create(), Rec::household(JINYANG).create()];
    w.chen().push(both());
    holder.hold(&format!("SELECT * FROM buckets WHERE bucket = {ZHAOJUE} FOR UPDATE"));
    std::thread::scope(|scope| {
        // It has the lower county, and waits for the higher one.
        let first = scope.spawn(|| w.chen().push(both()));
        watcher.until_stuck(1);
        // This one waits for the first.
        let second = scope.spawn(|| ali.push_one(Rec::household(JINYANG).create()));
        watcher.until_stuck(2);
        is(w.deng().push_one(Rec::household(WUSHENG).create()), "applied");
        follow(&mut follower, &AtomicBool::new(true), 4);
        holder.release();
        assert_eq!(first.join().unwrap().statuses(), ["applied", "applied"]);
        is(second.join().unwrap(), "applied");
    });
    follower.finish();
    assert_eq!(follower.mirror.live()[JINYANG].len(), 3);
    other.stop();
}

#[test]
fn while_another_program_writes_to_sqlite_pushes_wait_and_pulls_go_on() {
    let w = &World::new(Engine::Sqlite);
    let mut holder = Outside::open(w);
    let other = second(w);
    let bo = w.bo().at(&other.url());
    let mut followers = [Follower::of(w.liangshan(), 2), Follower::of(&w.chen().session.at(&other.url()), 1)];
    w.chen().push([Rec::household(JINYANG).create(), Rec::household(ZHAOJUE).create()]);
    for _ in 0..3 {
        holder.run("BEGIN IMMEDIATE; UPDATE teams SET name = name");
        let [one, two] = &mut followers;
        std::thread::scope(|scope| {
            let pushes = [
                scope.spawn(|| w.ali().push([Rec::household(JINYANG).create(), Rec::household(JINYANG).create()])),
                scope.spawn(|| bo.push([Rec::household(JINYANG).create()])),
                scope.spawn(|| w.deng().push([Rec::household(WUSHENG).create()])),
            ];
            let pulling = scope.spawn(|| follow(one, &AtomicBool::new(true), 10));
            follow(two, &AtomicBool::new(true), 10);
            pulling.join().unwrap();
            assert!(pushes.iter().all(|push| !push.is_finished()), "somebody wrote beside the writer");
            holder.run("COMMIT");
            for push in pushes {
                assert!(push.join().unwrap().statuses().iter().all(|status| *status == "applied"));
            }
        });
        followers.iter_mut().for_each(Follower::finish);
    }
    other.stop();
}

on_both_engines! {
    fn a_reader_that_stays_holds_nobody(w) {
        let mut reader = Outside::open(w);
        let mut follower = Follower::of(w.bo(), 2);
        w.ali().push_one(Rec::household(JINYANG).create());
        reader.hold("SELECT count(*) AS n FROM records");
        for _ in 0..20 {
            w.ali().push((0..5).map(|_| Rec::household(JINYANG).create()));
            follower.page();
        }
        follower.finish();
        reader.release();
    }

    fn who_waits_too_long_is_told_to_try_again_and_nothing_was_changed(w) {
        let mut holder = Outside::open(w);
        let record = Rec::household(JINYANG);
        let envelope = w.ali().envelope([record.create()]);
        match w.engine() {
            Engine::Sqlite => holder.run("BEGIN IMMEDIATE"),
            Engine::Postgres => holder.hold("SELECT * FROM buckets FOR UPDATE"),
        }
        let refused = w.ali().send(&envelope);
        assert!(refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok()));
        refused.problem(503, "unavailable");
        assert_eq!(w.ali().see(&record), None);
        holder.release();
        assert_eq!(w.ali().push([]).acked(), 0);
        assert_eq!(w.ali().accept(&envelope).statuses(), ["applied"]);
        assert_eq!(w.ali().see(&record).unwrap()["rev"], 1);
    }
}
