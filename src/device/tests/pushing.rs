//! Sending: what is repeated, what is forgotten, what is stored.

use super::*;

fn county() -> Value {
    json!({"head_name": "阿力", "people": 4})
}

#[test]
fn an_operation_is_sent_as_the_protocol_has_it() {
    let mut phone = Phone::new();
    phone.given("c1", &[(1, 7, county())]);
    phone.upsert(1, json!({"answers": {"water": true}, "people": null}));
    phone.delete(2);
    phone.script.seen();
    phone.script.lose();
    assert!(phone.device().push().is_err());
    let (path, token, body) = phone.script.seen().remove(0);
    assert_eq!((path.as_str(), token.as_deref()), ("/v1/sync/push", Some("access1")));
    let at = |mono: i64, wall: &str| json!({"wall": wall, "mono": mono, "boot": "b1"});
    assert_eq!(
        body,
        json!({"schema": 1, "clock": at(3000, "2015-04-14T08:26:43.000+00:00"), "ops": [
            {"op_seq": 1, "kind": "upsert", "bucket": "513430", "collection": "households", "id": key(1).id, "base": 7,
             "at": at(1000, "2015-04-14T08:26:41.000+00:00"), "fields": {"answers.water": true, "people": null}},
            {"op_seq": 2, "kind": "delete", "bucket": "513430", "collection": "households", "id": key(2).id,
             "at": at(2000, "2015-04-14T08:26:42.000+00:00")}]})
    );
}

#[test]
fn what_got_no_answer_is_sent_again_after_a_restart_too() {
    let mut phone = Phone::new();
    phone.upsert(1, county());
    phone.script.lose();
    assert!(phone.device().push().is_err());
    phone.restart();
    phone.upsert(1, json!({"people": 5}));
    let answer = json!([{"op_seq": 1, "status": "applied", "rev": 1, "seq": 1},
                        {"op_seq": 2, "status": "applied", "rev": 2, "seq": 2}]);
    phone.script.answer(200, results(answer));
    assert_eq!(phone.device().push().unwrap(), 2);
    let seen = phone.script.seen();
    assert_eq!(seen[0].2["ops"][0], seen[1].2["ops"][0]);
    assert_eq!(phone.device().unsent().unwrap(), 0);
}

#[test]
fn an_answer_to_another_push_settles_nothing() {
    let mut phone = Phone::new();
    phone.upsert(1, county());
    for wrong in [json!([]), json!([{"op_seq": 2, "status": "applied"}])] {
        phone.script.answer(200, results(wrong));
        assert!(matches!(phone.device().push(), Err(Error::Offline(_))));
        assert_eq!(phone.device().unsent().unwrap(), 1);
    }
}

#[test]
fn applied_results_are_worked_out_by_the_phone() {
    let mut phone = Phone::new();
    phone.given("c1", &[(1, 7, county())]);
    phone.upsert(1, json!({"people": 5}));
    phone.upsert(1, json!({"head_name": "阿力 2", "people": null}));
    phone.upsert(2, json!({"head_name": "木呷", "phone": null}));
    phone.delete(3);
    phone.script.answer(
        200,
        results(json!([{"op_seq": 1, "status": "applied", "rev": 8, "seq": 20},
                       {"op_seq": 2, "status": "applied", "rev": 9, "seq": 21},
                       {"op_seq": 3, "status": "applied", "rev": 1, "seq": 22},
                       {"op_seq": 4, "status": "applied", "rev": 1, "seq": 23}])),
    );
    phone.device().push().unwrap();
    let expected = [(1, 9, json!({"head_name": "阿力 2"})), (2, 1, json!({"head_name": "木呷"})), (3, 1, Value::Null)];
    for (number, rev, fields) in expected {
        let row = copy::record(phone.device().store.conn(), &key(number)).unwrap().unwrap();
        assert_eq!((row.rev, row.deleted), (rev, fields.is_null()));
        assert_eq!(row.digest, digest_of(number, rev, &fields).0);
    }
    assert_eq!((phone.record(1), phone.record(3)), (Some(json!({"head_name": "阿力 2"})), None));
}

#[test]
fn an_applied_result_beyond_the_next_rev_waits_for_the_pull() {
    let mut phone = Phone::new();
    phone.given("c1", &[(1, 7, county())]);
    phone.upsert(1, json!({"people": 5}));
    phone.script.answer(200, results(json!([{"op_seq": 1, "status": "applied", "rev": 9, "seq": 30}])));
    phone.device().push().unwrap();
    assert_eq!(phone.device().rev(&key(1)).unwrap(), Some(7));
}

#[test]
fn merged_records_replace_the_copy_unless_it_is_newer() {
    let mut phone = Phone::new();
    phone.given("c1", &[(1, 7, county())]);
    phone.upsert(1, json!({"people": 5}));
    let merged = json!({"head_name": "伍呷", "people": 5});
    let record =
        |rev: i64| json!({"rev": rev, "seq": 30, "digest": digest_of(1, rev, &merged).to_string(), "fields": merged});
    let result = |op_seq: i64, rev: i64| json!([{"op_seq": op_seq, "status": "merged", "rev": rev, "seq": 30, "conflicts": ["c"], "record": record(rev)}]);
    phone.script.answer(200, results(result(1, 9)));
    phone.device().push().unwrap();
    assert_eq!((phone.record(1), phone.device().rev(&key(1)).unwrap()), (Some(merged.clone()), Some(9)));
    assert_eq!(phone.device().notices().unwrap()[0].status, "merged");

    phone.given("c2", &[(1, 12, county())]);
    phone.upsert(1, json!({"people": 5}));
    phone.script.answer(200, results(result(2, 11)));
    phone.device().push().unwrap();
    assert_eq!(phone.device().rev(&key(1)).unwrap(), Some(12));
}

#[test]
fn nothing_is_stored_of_a_bucket_that_the_cursor_lacks() {
    let mut phone = Phone::new();
    phone.upsert(1, county());
    let record = json!({"rev": 1, "seq": 1, "digest": digest_of(1, 1, &county()).to_string(), "fields": county()});
    phone.script.answer(200, results(json!([{"op_seq": 1, "status": "merged", "rev": 1, "seq": 1, "record": record}])));
    phone.device().push().unwrap();
    assert_eq!(phone.record(1), None);
}

#[test]
fn held_operations_are_told_and_do_not_stop_the_others() {
    let mut phone = Phone::new();
    for number in 0..3 {
        phone.upsert(number, county());
    }
    phone.script.answer(
        200,
        results(json!([{"op_seq": 1, "status": "rejected", "error": {"code": "invalid", "errors": []}},
                       {"op_seq": 2, "status": "parked", "reason": "deleted"},
                       {"op_seq": 3, "status": "quarantined"}])),
    );
    assert_eq!(phone.device().push().unwrap(), 3);
    let notices = phone.device().notices().unwrap();
    let told: Vec<(&str, i64, &str)> =
        notices.iter().map(|n| (n.device.as_str(), n.op_seq, n.status.as_str())).collect();
    assert_eq!(told, [("d1", 1, "rejected"), ("d1", 2, "parked"), ("d1", 3, "quarantined")]);
    assert!(notices[0].detail.contains("invalid") && notices[1].detail.contains("deleted"));
}

#[test]
fn too_large_a_push_is_halved() {
    let mut phone = Phone::new();
    for number in 0..5 {
        phone.upsert(number, county());
    }
    let quarantined = |seqs: std::ops::RangeInclusive<i64>| {
        results(seqs.map(|op_seq| json!({"op_seq": op_seq, "status": "quarantined"})).collect())
    };
    phone.script.problem(413, "too_large", json!({})).answer(200, quarantined(1..=2));
    phone.script.answer(200, quarantined(3..=4)).answer(200, quarantined(5..=5));
    assert_eq!(phone.device().push().unwrap(), 5);
    let sizes: Vec<usize> = phone.script.seen().iter().map(|s| s.2["ops"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [5, 2, 2, 1]);
}

#[test]
fn a_batch_stays_below_four_mebibytes() {
    let mut phone = Phone::new();
    let remarks = "长".repeat(200_000);
    for number in 0..9 {
        phone.upsert(number, json!({"remarks": remarks}));
    }
    let bytes: usize = phone.outbox().iter().map(|op| op.fields.as_ref().unwrap().len()).sum();
    assert!(bytes > 3 << 20 && bytes < 4 << 20, "{bytes}");
    let huge = Edit { key: key(1), change: Change::Upsert(object(json!({"remarks": "长".repeat(2_000_000)}))) };
    assert!(matches!(phone.device().edit(&[huge]), Err(Error::BadEdit(_))));
    assert_eq!(phone.device().unsent().unwrap(), 9);
}

#[test]
fn a_copied_phone_becomes_a_new_device_with_its_unacknowledged_operations() {
    for code in ["device_cloned", "op_gap"] {
        let mut phone = Phone::new();
        phone.given("c1", &[(1, 7, county()), (2, 1, county())]);
        phone.upsert(3, county());
        phone.script.answer(200, results(json!([{"op_seq": 1, "status": "applied", "rev": 1, "seq": 9}])));
        phone.device().push().unwrap();
        phone.upsert(1, json!({"people": 5}));
        phone.upsert(2, json!({"people": 6}));
        let old = phone.outbox();
        phone.script.seen();
        phone.script.problem(409, code, json!({"acked": 9, "expected": 10})).lose();
        assert!(phone.device().push().unwrap_err().passes());
        // It remembers that it has to, and nothing was lost on the way.
        assert_eq!(phone.outbox(), old);
        phone.script.tokens(2, "d2").lose();
        assert!(phone.device().push().is_err());
        let new = phone.outbox();
        assert_eq!(phone.device().id().unwrap().as_deref(), Some("d2"));
        assert_eq!(new.iter().map(|op| op.op_seq).collect::<Vec<_>>(), [1, 2]);
        for (old, new) in old.iter().zip(&new) {
            assert_eq!((&old.base, &old.at, &old.fields, &old.id), (&new.base, &new.at, &new.fields, &new.id));
        }
        let seen = phone.script.seen();
        let paths: Vec<&str> = seen.iter().map(|s| s.0.as_str()).collect();
        assert_eq!(paths, ["/v1/sync/push", "/v1/auth/login", "/v1/auth/login", "/v1/sync/push"]);
        assert_eq!(seen[3].2["ops"][0]["op_seq"], 1);
        // Readable until the new device's own pull has come; whatever that does not give is gone after it.
        assert_eq!(phone.record(3), Some(county()));
        phone.given("c2", &[(1, 8, county())]);
        assert_eq!(phone.script.seen()[0].2.get("cursor"), None);
        assert_eq!((phone.record(1).is_some(), phone.record(3)), (true, None));
        assert_eq!(phone.upsert(5, county()), 3);
    }
}
