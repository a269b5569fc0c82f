//! Section 2, repeats: a push may be repeated any number of times with the same effect as once.

use crate::support::*;

/// Results without `record`, which is "as it is now".
fn without_records(results: &[Value]) -> Vec<Value> {
    let mut results = results.to_vec();
    for result in &mut results {
        result.as_object_mut().unwrap().remove("record");
    }
    results
}

fn households(n: usize) -> Vec<Op> {
    (0..n).map(|_| Rec::household(JINYANG).create()).collect()
}

/// The newest seq of a bucket.
fn head(session: &Session, bucket: &str) -> u64 {
    let mut mirror = Mirror::of(session);
    mirror.sync();
    mirror.buckets[bucket].values().map(|held| held.seq).max().unwrap_or(0)
}

on_both_engines! {
    fn a_repeat_gets_the_same_results_and_changes_nothing(w) {
        let envelope = w.ali().envelope(households(3));
        let first = w.ali().accept(&envelope);
        let before = head(w.ali(), JINYANG);
        for _ in 0..3 {
            let again = w.ali().accept(&envelope);
            assert_eq!(first.results(), again.results());
            assert_eq!(again.acked(), 3);
        }
        assert_eq!(head(w.ali(), JINYANG), before);
    }

    fn every_status_is_repeated(w) {
        let (gone, shared) = (Rec::household(JINYANG), Rec::household(JINYANG));
        w.chen().push([gone.create(), gone.delete(), shared.create_with(json!({ "phone": "1" }))]);
        let envelope = w.ali().envelope([
            Rec::household(JINYANG).create(),
            shared.edit(json!({ "phone": "2" })),
            gone.edit(json!({ "phone": "1" })),
            Rec::household(JINYANG).edit(json!({ "phone": "1" })),
            Rec::household(ZHAOJUE).create(),
            Rec::household(JINYANG).create_with(json!({ "people": "five" })),
        ]);
        let first = w.ali().accept(&envelope);
        assert_eq!(first.statuses(), ["applied", "merged", "parked", "parked", "quarantined", "rejected"]);
        let again = w.ali().accept(&envelope);
        assert_eq!(without_records(first.results()), without_records(again.results()));
        let held = w.province().all("/v1/held-ops");
        assert_eq!(held.len(), 4, "a repeat holds nothing a second time: {held:?}");
        assert_eq!(w.ali().conflicts(&shared).len(), 1);
    }

    fn a_repeat_brings_the_record_as_it_is_now(w) {
        let record = Rec::household(JINYANG);
        w.chen().push_one(record.create());
        let envelope = w.ali().envelope([record.edit(json!({ "phone": "1" }))]);
        let first = w.ali().accept(&envelope).results()[0].clone();
        is(first.clone(), "merged");
        w.chen().push_one(record.edit(json!({ "people": 9 })).base(2));
        let again = w.ali().accept(&envelope).results()[0].clone();
        for member in ["status", "rev", "seq"] {
            assert_eq!(first[member], again[member], "{member}");
        }
        let now = check_record(&record, &again);
        assert_eq!(now["rev"], 3);
        assert_eq!(now["fields"]["people"], 9);
    }

    fn a_repeat_tells_that_the_record_is_deleted_now(w) {
        let record = Rec::household(JINYANG);
        w.chen().push_one(record.create());
        let envelope = w.ali().envelope([record.edit(json!({ "phone": "1" }))]);
        is(w.ali().accept(&envelope).results()[0].clone(), "merged");
        w.chen().push_one(record.delete().base(2));
        let again = w.ali().accept(&envelope).results()[0].clone();
        assert_eq!(again["status"], "merged");
        assert_eq!(again["rev"], 2);
        assert_eq!(check_record(&record, &again)["deleted"], true);
    }

    fn a_repeat_is_known_by_its_meaning_not_its_bytes(w) {
        let record = Rec::household(JINYANG);
        let text = |people: &str, space: &str, reversed: bool| {
            let fields = format!(r#"{{"village":"513430100201",{space}"head_name":"阿力","people":{people}}}"#);
            let members = [
                r#""op_seq":1"#.to_owned(),
                r#""kind":"upsert""#.to_owned(),
                format!(r#""bucket":"{JINYANG}""#),
                r#""collection":"households""#.to_owned(),
                format!(r#""id":"{}""#, record.id),
                r#""at":{"wall":"2015-04-16T08:40:02.000+08:00"}"#.to_owned(),
                format!(r#""fields":{fields}"#),
            ];
            let order: Vec<_> = if reversed { members.iter().rev().cloned().collect() } else { members.to_vec() };
            format!(r#"{{"schema":1,"ops":[{{{}}}]}}"#, order.join(&format!(",{space}")))
        };
        let send = |body: String| {
            w.ali().call("POST", "/v1/sync/push").bytes(body).header("content-type", "application/json").send()
        };
        let first = send(text("5", "", false)).ok();
        assert_eq!(first["results"][0]["status"], "applied");
        for body in [text("5", " \n", false), text("5", "", true), text("5.0", "", false), text("0.5e1", " ", true)] {
            assert_eq!(send(body.clone()).ok()["results"], first["results"], "{body}");
        }
        let escaped = text("5", "", false).replace("阿力", "\\u963f\\u529b");
        assert_eq!(send(escaped).ok()["results"], first["results"]);
    }

    fn the_clock_is_no_part_of_an_operation(w) {
        let mut envelope = w.ali().envelope(households(1));
        let first = w.ali().accept(&envelope);
        envelope["clock"] = mono(ago(600), 5, "b2");
        assert_eq!(w.ali().accept(&envelope).results(), first.results());
    }

    fn other_content_under_a_known_number_is_a_clone(w) {
        w.ali().push(households(3));
        let before = head(w.ali(), JINYANG);
        let problem = w.ali().send(&w.ali().envelope_from(3, households(1))).problem(409, "device_cloned");
        assert_eq!(problem["acked"], 3);
        assert_eq!(head(w.ali(), JINYANG), before);
    }

    fn any_difference_makes_a_clone(w) {
        let record = Rec::household(JINYANG);
        let op = record.create().base(1);
        w.ali().push([op.clone()]);
        let others = [
            op.clone().field("people", 6),
            op.clone().field("phone", "1"),
            op.clone().base(2),
            op.clone().without("base"),
            op.clone().ago(5),
            op.clone().with("id", new_id()),
            op.clone().with("bucket", ZHAOJUE),
            op.with("collection", "members"),
        ];
        for other in others {
            w.ali().send(&w.ali().envelope_from(1, [other.clone()])).problem(409, "device_cloned");
        }
        assert_eq!(w.ali().fields(&record)["people"], 5);
    }

    fn other_content_under_the_number_of_a_held_operation_is_a_clone(w) {
        let op = Rec::household(ZHAOJUE).create();
        w.ali().push_one(op.clone());
        w.ali().send(&w.ali().envelope_from(1, [op.field("people", 6)])).problem(409, "device_cloned");
    }

    fn a_clone_among_new_operations_stops_them_all(w) {
        let ops = households(2);
        w.ali().push(ops.clone());
        let new = Rec::household(JINYANG);
        let envelope = w.ali().envelope_from(1, [ops[0].clone(), Rec::household(JINYANG).create(), new.create()]);
        w.ali().send(&envelope).problem(409, "device_cloned");
        assert_eq!(w.ali().see(&new), None);
        assert_eq!(w.ali().push([]).acked(), 2);
    }

    fn the_window_begins_with_the_latest_request(w) {
        let ops = households(3);
        w.ali().push(ops[..2].to_vec());
        w.ali().push([ops[2].clone()]);
        // Number 3 is in the window; 2 lies below it, although its content is the same.
        assert_eq!(w.ali().send(&w.ali().envelope_from(3, [ops[2].clone()])).ok()["acked"], 3);
        let problem = w.ali().send(&w.ali().envelope_from(2, ops[1..].to_vec())).problem(409, "device_cloned");
        assert_eq!(problem["acked"], 3);
    }

    fn known_and_new_operations_may_come_together(w) {
        let ops = households(5);
        let first = w.ali().push(ops[..3].to_vec());
        let envelope = w.ali().envelope_from(2, ops[1..].to_vec());
        let second = w.ali().accept(&envelope);
        assert_eq!(second.acked(), 5);
        assert_eq!(second.results()[..2], first.results()[1..]);
        assert_eq!(second.statuses(), ["applied"; 4]);
        // The window now begins at 2.
        w.ali().accept(&envelope);
        w.ali().send(&w.ali().envelope_from(1, ops)).problem(409, "device_cloned");
    }

    fn a_part_of_the_window_may_be_repeated(w) {
        let ops = households(4);
        let first = w.ali().push(ops.clone());
        let part = w.ali().accept(&w.ali().envelope_from(1, ops[..2].to_vec()));
        assert_eq!(part.results(), &first.results()[..2]);
        assert_eq!(part.acked(), 4);
    }

    fn an_empty_request_leaves_the_window(w) {
        let envelope = w.ali().envelope(households(2));
        let first = w.ali().accept(&envelope);
        assert_eq!(w.ali().push([]).acked(), 2);
        assert_eq!(w.ali().accept(&envelope).results(), first.results());
    }

    fn a_refused_request_leaves_the_window(w) {
        let ops = households(3);
        let envelope = w.ali().envelope(ops.clone());
        let first = w.ali().accept(&envelope);
        w.ali().send(&w.ali().envelope_from(3, households(1))).problem(409, "device_cloned");
        w.ali().send(&w.ali().envelope_from(9, households(1))).problem(409, "op_gap");
        w.ali().send(&json!({ "schema": 1, "ops": [{ "op_seq": "three" }] })).problem(400, "malformed");
        w.ali().send(&w.ali().envelope_from(3, households(501))).problem(413, "too_large");
        assert_eq!(w.ali().accept(&envelope).results(), first.results());
    }

    fn the_window_and_the_results_survive_a_restart(w) {
        let envelope = w.ali().envelope(households(2));
        let first = w.ali().accept(&envelope);
        w.restart();
        assert_eq!(w.ali().accept(&envelope).results(), first.results());
        w.ali().send(&w.ali().envelope_from(2, households(1))).problem(409, "device_cloned");
        assert_eq!(w.ali().push(households(1)).acked(), 3);
    }

    fn the_first_operation_is_number_one(w) {
        let problem = w.ali().send(&w.ali().envelope_from(2, households(1))).problem(409, "op_gap");
        assert_eq!(problem["acked"], 0);
        assert_eq!(problem["expected"], 1);
        assert_eq!(w.ali().push([]).acked(), 0);
    }

    fn a_gap_after_acked_says_what_was_expected(w) {
        w.ali().push(households(2));
        let new = Rec::household(JINYANG);
        let problem = w.ali().send(&w.ali().envelope_from(4, [new.create()])).problem(409, "op_gap");
        assert_eq!(problem["acked"], 2);
        assert_eq!(problem["expected"], 3);
        assert_eq!(w.ali().see(&new), None);
    }

    fn a_gap_inside_a_request_changes_nothing(w) {
        let new = Rec::household(JINYANG);
        let mut envelope = w.ali().envelope([new.create(), Rec::household(JINYANG).create()]);
        envelope["ops"][1]["op_seq"] = 3.into();
        let problem = w.ali().send(&envelope).problem(409, "op_gap");
        assert_eq!(problem["acked"], 0);
        assert!(problem["expected"].is_u64(), "{problem}");
        assert_eq!(w.ali().see(&new), None);
        assert_eq!(w.ali().push([]).acked(), 0);
    }

    fn a_gap_inside_the_known_part_is_refused(w) {
        let ops = households(3);
        w.ali().push(ops.clone());
        let mut envelope = w.ali().envelope_from(1, [ops[0].clone(), ops[2].clone()]);
        envelope["ops"][1]["op_seq"] = 3.into();
        w.ali().send(&envelope).problem(409, "op_gap");
    }

    fn numbers_that_repeat_or_go_back_are_refused(w) {
        for numbers in [[1, 1], [2, 1]] {
            let record = Rec::household(JINYANG);
            let mut envelope = w.ali().envelope([record.create(), Rec::household(JINYANG).create()]);
            for (op, number) in envelope["ops"].as_array_mut().unwrap().iter_mut().zip(numbers) {
                op["op_seq"] = number.into();
            }
            w.ali().send(&envelope).refused(&[400, 409]);
            assert_eq!(w.ali().see(&record), None, "{numbers:?}");
            assert_eq!(w.ali().push([]).acked(), 0);
        }
    }
}
