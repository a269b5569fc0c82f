//! SIGTERM under load: what is under way is answered, nothing else is done, and the process ends well and in time.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::engine::Engine;
use crate::support::ledger::Open;
use crate::support::load::{Commons, Sent, Worker};
use crate::support::outside::Outside;
use crate::support::serving::Serving;
use crate::support::*;

/// The grace time, and as much again for a busy machine.
const IN_TIME: u64 = 16;

on_both_engines! {
    fn what_is_under_way_is_answered_before_the_end(w) {
        let phones = [w.ali(), w.bo(), w.chen(), w.phone("liangshan"), w.phone("province")];
        let office = w.province();
        w.stop();
        let commons = Commons::default();
        let mut workers: Vec<_> =
            (0..).zip(phones).map(|(seed, phone)| Worker::new(phone, &[JINYANG], &commons, seed)).collect();
        for _ in 0..3 {
            let mut serving = Serving::start(w);
            let taken = &AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for worker in &mut workers {
                    scope.spawn(move || loop {
                        match worker.send() {
                            Sent::Taken => taken.fetch_add(1, Ordering::SeqCst),
                            Sent::Refused(reply) => panic!("a push gave {}: {}", reply.status, reply.text()),
                            Sent::Unanswered => return,
                        };
                    });
                }
                eventually(30, "pushes are taken", || (taken.load(Ordering::SeqCst) > 20).then_some(()));
                serving.signal("TERM");
                assert_eq!(serving.ended(IN_TIME).code(), Some(0));
            });
        }
        let _serving = Serving::start(w);
        let told: Vec<_> = workers.iter().flat_map(|worker| worker.told.clone()).collect();
        // What had no answer was never begun: there is nothing that nobody was told of.
        ledger::check(office, &told);
        for worker in &workers {
            let none = Open { device: worker.phone.device.clone(), envelope: worker.pending.clone().unwrap() };
            for op in none.envelope["ops"].as_array().unwrap() {
                let id = op["id"].as_str().unwrap();
                let told = told.iter().any(|one| one.op["id"] == id);
                let path = format!("/v1/{}/{id}/history", op["collection"].as_str().unwrap());
                assert!(told || office.get(&path).send().status == 404, "{op} was done, and not answered");
            }
            assert_eq!(worker.phone.push([]).acked() + 1, worker.phone.next());
        }
        for worker in &mut workers {
            worker.push();
        }
    }
}

#[test]
fn a_push_that_waits_in_the_database_is_answered_before_the_end() {
    let w = &World::new(Engine::Postgres);
    let (mut holder, mut watcher) = (Outside::open(w), Outside::open(w));
    let phones = [w.ali(), w.chen()];
    w.stop();
    let mut serving = Serving::start(w);
    holder.hold("SELECT * FROM buckets WHERE bucket = 513430 FOR UPDATE");
    std::thread::scope(|scope| {
        let pushes: Vec<_> =
            phones.iter().map(|phone| scope.spawn(|| phone.push_one(Rec::household(JINYANG).create()))).collect();
        watcher.until_stuck(1);
        serving.signal("TERM");
        // Nobody new is let in, when it has heard.
        eventually(10, "it takes no more", || w.session.get("/healthz").try_send().is_none().then_some(()));
        assert!(pushes.iter().all(|push| !push.is_finished()));
        holder.release();
        for push in pushes {
            is(push.join().unwrap(), "applied");
        }
    });
    assert_eq!(serving.ended(IN_TIME).code(), Some(0));
}
