//! A push costs a handful of statements, however many operations it has.

use super::{COUNTY, Ground, job};
use crate::store::Engine;
use crate::sync::batch::{self, Answers, Job};
use diesel::Connection;
use diesel::connection::InstrumentationEvent;
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use sync_core::window::Status;
use uuid::Uuid;

/// Applies a push of these operations and counts the statements that it takes.
fn apply(ground: &Ground, ops: Vec<Value>) -> (Answers, usize) {
    apply_all(ground, vec![job(ground.session, &ops)])
}

/// Applies pushes in one transaction.
fn apply_all(ground: &Ground, jobs: Vec<Job>) -> (Answers, usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let answers = ground.scratch.store.write_now(move |tx| {
        let counter = move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        };
        tx.set_instrumentation(counter);
        batch::apply(tx, &jobs)
    });
    (answers.unwrap(), count.load(Ordering::Relaxed))
}

fn edits(ids: &[Uuid], seqs: Range<usize>, base: Option<u64>, people: u64) -> Vec<Value> {
    let fields = json!({"village": format!("{COUNTY}100201"), "head_name": "吉克阿力", "people": people});
    let op = |(id, op_seq): (&Uuid, usize)| {
        json!({"op_seq": op_seq, "kind": "upsert", "bucket": COUNTY, "collection": "households", "id": id,
            "base": base, "fields": fields})
    };
    ids.iter().zip(seqs).map(op).collect()
}

fn all(answers: &Answers, status: Status) -> bool {
    answers.iter().all(|answer| answer.as_ref().unwrap().results.iter().all(|result| result.status == status))
}

#[test]
fn a_push_of_five_hundred_costs_hardly_more_than_one_of_one() {
    // A list of values is cut into powers of two on SQLite: a batch of 500 is at most this many statements. On PostgreSQL one
    // statement writes all of a short push; of a long one, that of a collection's table and that of the history stand alone.
    for (engine, chunks, apart) in [(Engine::Postgres, 1, 1), (Engine::Sqlite, 7, 0)] {
        let ground = Ground::new(engine);
        let ids: Vec<Uuid> = (0..501).map(|_| Uuid::now_v7()).collect();
        let (answers, one) = apply(&ground, edits(&ids[..1], 1..2, None, 5));
        assert!(all(&answers, Status::Applied), "{answers:?}");
        let (answers, many) = apply(&ground, edits(&ids[1..], 2..502, None, 5));
        assert!(all(&answers, Status::Applied));
        assert!(one <= 8 - 3 * apart, "{engine:?}: {one} statements for one new record");
        assert!(many <= one + apart + 3 * (chunks - 1), "{engine:?}: {many} statements for 500 new records");
        let (answers, many) = apply(&ground, edits(&ids[1..], 502..1002, Some(1), 6));
        assert!(all(&answers, Status::Applied));
        assert!(many <= one + 1 + apart + 5 * (chunks - 1), "{engine:?}: {many} statements for 500 edits");
    }
}

#[test]
fn answers_are_checked_without_a_statement_once_their_form_is_known() {
    let interviews = |seqs: Range<usize>| -> Vec<Value> {
        let fields = json!({"visit": Uuid::now_v7(), "level": "household", "form": "household", "form_version": 1,
            "answers": {"knows_helper": true, "helper_visits": 999}});
        let op = |op_seq: usize| {
            json!({"op_seq": op_seq, "kind": "upsert", "bucket": COUNTY, "collection": "interviews",
                "id": Uuid::now_v7(), "fields": fields})
        };
        seqs.map(op).collect()
    };
    for (engine, chunks, apart) in [(Engine::Postgres, 1, 1), (Engine::Sqlite, 7, 0)] {
        let ground = Ground::new(engine);
        let (answers, first) = apply(&ground, interviews(1..2));
        assert_eq!(answers[0].as_ref().unwrap().results[0].warnings.len(), 1);
        let (_, second) = apply(&ground, interviews(2..3));
        assert_eq!(second, first - 1, "{engine:?}: the form is read once");
        let (answers, many) = apply(&ground, interviews(3..503));
        assert!(answers[0].as_ref().unwrap().results.iter().all(|result| result.warnings.len() == 1));
        assert!(
            many <= second + apart + 3 * (chunks - 1),
            "{engine:?}: {many} statements for 500 interviews, {second} for one"
        );
        // Of a form that is nowhere, it is asked each time, and once.
        let mut unknown = interviews(503..903);
        for op in &mut unknown {
            op["fields"]["form_version"] = 7.into();
        }
        let (_, many) = apply(&ground, unknown);
        assert!(many <= second + 1 + apart + 3 * (chunks - 1), "{engine:?}: {many} statements for an unknown form");
    }
}

#[test]
fn pushes_of_many_phones_cost_as_many_statements_as_one() {
    // On PostgreSQL the devices of several are locked by a statement of its own.
    for (engine, chunks, lock) in [(Engine::Postgres, 1, 1), (Engine::Sqlite, 5, 0)] {
        let ground = Ground::new(engine);
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"];
        let push = |session| job(session, &edits(&[Uuid::now_v7()], 1..2, None, 5));
        let (answers, one) = apply_all(&ground, vec![push(ground.session)]);
        assert!(all(&answers, Status::Applied), "{answers:?}");
        let (answers, many) = apply_all(&ground, names.map(|name| push(ground.phone(name))).into());
        assert!(answers.len() == names.len() && all(&answers, Status::Applied), "{answers:?}");
        assert!(
            many <= one + lock + 3 * (chunks - 1),
            "{engine:?}: {many} statements for {} phones, {one} for one",
            names.len()
        );
    }
}
