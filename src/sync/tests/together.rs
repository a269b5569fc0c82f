//! Copies of a push that come while another is being applied share its successor's transaction: each gets the answer
//! that the first one gets.

use super::{COUNTY, Ground, job};
use crate::lang::Lang;
use crate::store::Engine;
use crate::sync::batch::{self, Job};
use serde_json::json;
use uuid::Uuid;

fn answers(ground: &Ground, jobs: Vec<Job>) -> Vec<String> {
    let answers = ground.scratch.store.write_now(move |tx| batch::apply(tx, &jobs)).unwrap();
    answers.into_iter().map(|answer| answer.unwrap().body(Lang::En, 0)).collect()
}

#[test]
fn copies_that_share_a_transaction_get_the_same_answer() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let ground = Ground::new(engine);
        let good = json!({"village": "513430100201", "head_name": "阿力"});
        let op = |op_seq: u64, bucket: &str, fields: &serde_json::Value| {
            json!({"op_seq": op_seq, "kind": "upsert", "bucket": bucket, "collection": "households",
                "id": Uuid::now_v7(), "fields": fields})
        };
        let mut bad = good.clone();
        bad["people"] = "five".into();
        // Applied, rejected for itself, rejected for its county, parked.
        let ops = [
            op(1, COUNTY, &good),
            op(2, COUNTY, &bad),
            op(3, "513499", &json!({"village": "513499100201", "head_name": "阿力"})),
            op(4, COUNTY, &json!({"people": 5})),
        ];
        let copy = || job(ground.session, &ops);
        let together = answers(&ground, vec![copy(), copy()]);
        assert!(together[0].contains("/fields/people") && together[0].contains("/bucket"), "{}", together[0]);
        assert_eq!(together[0], together[1]);
        assert_eq!(answers(&ground, vec![copy()])[0], together[0]);
    }
}
