//! A push costs a handful of statements, however many operations it has.

use super::{COUNTY, Ground};
use crate::store::Engine;
use crate::sync::batch::{self, Answers, Job};
use crate::sync::envelope::Push;
use diesel::Connection;
use diesel::connection::InstrumentationEvent;
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use sync_core::window::Status;
use uuid::Uuid;

const NOW: i64 = 1_429_153_358_000;

/// Applies a push of these operations and counts the statements that it takes.
fn apply(ground: &Ground, ops: Vec<Value>) -> (Answers, usize) {
    let body = json!({"schema": 1, "ops": ops}).to_string();
    let Push { clock, ops } = Push::read(body.as_bytes(), None, 500).unwrap();
    let job = Job { session: ground.session, team: None, received: NOW, clock, ops };
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let answers = ground.scratch.store.write_now(move |tx| {
        let counter = move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        };
        tx.set_instrumentation(counter);
        batch::apply(tx, &[job])
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
    answers[0].as_ref().unwrap().results.iter().all(|result| result.status == status)
}

#[test]
fn a_push_of_five_hundred_costs_hardly_more_than_one_of_one() {
    // A list of values is cut into powers of two on SQLite: a batch of 500 is at most this many statements.
    for (engine, chunks) in [(Engine::Postgres, 1), (Engine::Sqlite, 7)] {
        let ground = Ground::new(engine);
        let ids: Vec<Uuid> = (0..501).map(|_| Uuid::now_v7()).collect();
        let (answers, one) = apply(&ground, edits(&ids[..1], 1..2, None, 5));
        assert!(all(&answers, Status::Applied), "{answers:?}");
        let (answers, many) = apply(&ground, edits(&ids[1..], 2..502, None, 5));
        assert!(all(&answers, Status::Applied));
        assert!(one <= 8, "{engine:?}: {one} statements for one new record");
        assert!(many <= one + 2 * (chunks - 1), "{engine:?}: {many} statements for 500 new records");
        let (answers, many) = apply(&ground, edits(&ids[1..], 502..1002, Some(1), 6));
        assert!(all(&answers, Status::Applied));
        assert!(many <= one + 1 + 4 * (chunks - 1), "{engine:?}: {many} statements for 500 edits");
    }
}
