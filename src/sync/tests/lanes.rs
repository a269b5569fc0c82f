//! Pushes that wait share a transaction, and not a fault.

use super::{COUNTY, Ground, job};
use crate::http::{Code, Problem};
use crate::store::dialect::Rows;
use crate::store::{Engine, StoreError, Tx, buckets};
use crate::sync::batch::Job;
use crate::sync::lanes::Lanes;
use crate::sync::result::Answer;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::mpsc::{Sender, channel};
use std::thread::{Scope, ScopedJoinHandle};
use tokio::sync::oneshot;
use uuid::Uuid;

/// A push of one household.
fn push(session: Uuid, id: Uuid, people: u64) -> Job {
    job(session, &[household(1, id, people)])
}

fn household(op_seq: usize, id: Uuid, people: u64) -> Value {
    let fields = json!({"village": format!("{COUNTY}100201"), "head_name": "吉克阿力", "people": people});
    json!({"op_seq": op_seq, "kind": "upsert", "bucket": COUNTY, "collection": "households", "id": id, "base": 1,
        "fields": fields})
}

/// Keeps the county, until told or dropped.
fn hold<'s>(scope: &'s Scope<'s, '_>, ground: &'s Ground) -> Sender<()> {
    let (held, is_held) = channel();
    let (release, released) = channel::<()>();
    scope.spawn(move || {
        ground.scratch.store.write_now(move |tx| {
            buckets::lock(tx, &BTreeSet::from([COUNTY.parse().unwrap()]))?;
            held.send(()).unwrap();
            let _ = released.recv();
            Ok::<_, StoreError>(())
        })
    });
    is_held.recv().unwrap();
    release
}

fn send<'s>(scope: &'s Scope<'s, '_>, lanes: &'s Lanes, job: Job) -> ScopedJoinHandle<'s, Result<Answer, Problem>> {
    let (sender, receiver) = oneshot::channel();
    scope.spawn(move || {
        lanes.push(job, sender);
        receiver.blocking_recv().unwrap()
    })
}

/// Waits until one push is being applied and `count` wait behind it.
fn until_waiting(lanes: &Lanes, count: usize) {
    while lanes.waiting() != Some(count) {
        std::thread::yield_now();
    }
}

/// A record that nobody can read any more.
fn ruin(tx: &mut Tx<'_>, id: Uuid) -> Result<(), StoreError> {
    let rows = Rows::new().uuid("id", [crate::store::Id(id)]).bytes("digest", [vec![0]]);
    rows.execute(tx, "UPDATE records SET digest = v.digest FROM v WHERE records.id = v.id")?;
    Ok(())
}

#[test]
fn what_breaks_a_shared_transaction_is_answered_alone() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let ground = Ground::new(engine);
        let lanes = Lanes::new(ground.scratch.store.clone());
        let ruined = Uuid::now_v7();
        std::thread::scope(|scope| {
            assert_eq!(send(scope, &lanes, push(ground.phone("zero"), ruined, 5)).join().unwrap().unwrap().acked, 1);
        });
        ground.scratch.store.write_now(move |tx| ruin(tx, ruined)).unwrap();
        let [one, two, three] = ["one", "two", "three"].map(|name| ground.phone(name));
        let answers = std::thread::scope(|scope| {
            let release = hold(scope, &ground);
            let first = send(scope, &lanes, push(ground.session, Uuid::now_v7(), 5));
            until_waiting(&lanes, 0);
            let rest = [push(one, Uuid::now_v7(), 5), push(two, ruined, 6), push(three, Uuid::now_v7(), 5)];
            let rest = rest.map(|job| send(scope, &lanes, job));
            until_waiting(&lanes, 3);
            drop(release);
            let [one, two, three] = rest.map(|push| push.join().unwrap());
            [first.join().unwrap(), one, two, three]
        });
        let outcome = |answer: &Result<Answer, Problem>| answer.as_ref().map(|a| a.acked).map_err(|p| p.code);
        let outcomes = answers.each_ref().map(outcome);
        assert_eq!(outcomes, [Ok(1), Ok(1), Err(Code::Internal), Ok(1)], "{engine:?}");
        assert_eq!(lanes.waiting(), None, "the lane is free again");
    }
}

#[test]
fn more_than_may_go_together_are_answered_one_transaction_after_the_other() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let ground = Ground::new(engine);
        let lanes = Lanes::new(ground.scratch.store.clone());
        let names = ["one", "two", "three", "four", "five"];
        let sessions = names.map(|name| ground.phone(name));
        let answers = std::thread::scope(|scope| {
            let release = hold(scope, &ground);
            let first = send(scope, &lanes, push(ground.session, Uuid::now_v7(), 5));
            until_waiting(&lanes, 0);
            // 2,500 operations, of which 1,600 share a transaction at most.
            let rest = sessions.map(|session| {
                let ops: Vec<Value> = (1..=500).map(|op_seq| household(op_seq, Uuid::now_v7(), 5)).collect();
                send(scope, &lanes, job(session, &ops))
            });
            until_waiting(&lanes, names.len());
            drop(release);
            first.join().unwrap().unwrap();
            rest.map(|push| push.join().unwrap())
        });
        assert_eq!(answers.map(|answer| answer.map(|a| a.acked).map_err(|p| p.code)), [Ok(500); 5], "{engine:?}");
        assert_eq!(lanes.waiting(), None, "the lane is free again");
    }
}
