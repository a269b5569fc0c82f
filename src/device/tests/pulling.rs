//! Fetching: pages, resets, revoked buckets, sums.

use super::*;

fn sheet(name: &str) -> Value {
    json!({ "head_name": name })
}

fn complete(seq: i64, live: &[(u128, i64, Value)], changes: Value, reset: bool) -> Value {
    let sum = live.iter().fold(Sum::default(), |sum, (number, rev, fields)| sum.plus(digest_of(*number, *rev, fields)));
    json!([{"bucket": "513430", "reset": reset, "seq": seq, "complete": true, "count": live.len(), "sum": sum.to_string(),
            "changes": changes}])
}

#[test]
fn pages_are_fetched_until_there_are_no_more() {
    let mut phone = Phone::new();
    let bucket = |number| json!([{"bucket": "513430", "seq": 2, "complete": false, "changes": [change(number, 1, &sheet("a"))]}]);
    phone.script.answer(200, page("c1", true, &[], bucket(1))).lose();
    assert!(phone.device().pull().is_err());
    phone.restart();
    phone.script.answer(200, page("c2", false, &[], bucket(2)));
    phone.device().pull().unwrap();
    let cursors: Vec<Value> = phone.script.seen().into_iter().map(|s| s.2["cursor"].clone()).collect();
    assert_eq!(cursors, [Value::Null, "c1".into(), "c1".into()]);
    assert_eq!(phone.device().ids("513430", "households").unwrap().len(), 2);
}

#[test]
fn unsent_edits_stay_on_top_and_keep_their_base() {
    let mut phone = Phone::new();
    phone.given("c1", &[(1, 1, json!({"head_name": "a", "people": 3}))]);
    phone.upsert(1, json!({"people": 4}));
    phone.given("c2", &[(1, 2, json!({"head_name": "b", "people": 9}))]);
    assert_eq!(phone.record(1), Some(json!({"head_name": "b", "people": 4})));
    phone.upsert(1, json!({"phone": "1"}));
    assert_eq!(phone.outbox().iter().map(|op| op.base).collect::<Vec<_>>(), [Some(1), Some(2)]);
}

#[test]
fn a_lower_rev_is_ignored_except_under_reset() {
    let mut phone = Phone::new();
    phone.given("c1", &[(1, 5, sheet("new"))]);
    phone.given("c2", &[(1, 4, sheet("old"))]);
    assert_eq!(phone.record(1), Some(sheet("new")));
    let live = [(1, 4, sheet("old"))];
    phone.pull("c3", &[], complete(9, &live, json!([change(1, 4, &sheet("old"))]), true)).unwrap();
    assert_eq!(phone.record(1), Some(sheet("old")));
}

#[test]
fn a_pulled_delete_waits_for_the_edits() {
    let mut phone = Phone::new();
    phone.given("c1", &[(1, 1, sheet("a")), (2, 1, sheet("b"))]);
    phone.upsert(1, json!({"people": 4}));
    // It counts as deleted in the sum at once, but the person still sees it, and has not seen the delete.
    let live = [(2, 1, sheet("b"))];
    phone.pull("c2", &[], complete(2, &live, json!([change(1, 2, &Value::Null)]), false)).unwrap();
    assert_eq!(phone.record(1), Some(json!({"head_name": "a", "people": 4})));
    phone.upsert(1, json!({"people": 5}));
    assert_eq!(phone.outbox()[1].base, Some(1));
    let parked = |op_seq| json!({"op_seq": op_seq, "status": "parked", "reason": "deleted"});
    phone.script.answer(200, results(json!([parked(1), parked(2)])));
    phone.device().push().unwrap();
    assert_eq!((phone.record(1), phone.device().rev(&key(1)).unwrap()), (None, Some(2)));
}

#[test]
fn a_record_that_came_back_meanwhile_does_not_go_again() {
    let mut phone = Phone::new();
    phone.given("c1", &[(1, 1, sheet("a"))]);
    phone.upsert(1, json!({"people": 4}));
    phone.given("c2", &[(1, 2, Value::Null)]);
    phone.given("c3", &[(1, 3, sheet("restored"))]);
    phone.script.answer(200, results(json!([{"op_seq": 1, "status": "parked", "reason": "deleted"}])));
    phone.device().push().unwrap();
    assert_eq!(phone.record(1), Some(sheet("restored")));
}

#[test]
fn a_revoked_bucket_goes_when_nothing_unsent_is_left_in_it() {
    let mut phone = Phone::new();
    phone.given("c1", &[(1, 1, sheet("a"))]);
    phone.upsert(1, json!({"people": 4}));
    phone.pull("c2", &["513430"], json!([])).unwrap();
    assert!(phone.record(1).is_some());
    phone.script.answer(200, results(json!([{"op_seq": 1, "status": "quarantined"}])));
    phone.device().push().unwrap();
    assert_eq!(phone.record(1), None);
    // Without unsent work it goes at once; and a bucket that the phone never had is no trouble.
    phone.given("c3", &[(1, 1, sheet("a"))]);
    phone.pull("c4", &["513430", "513431"], json!([])).unwrap();
    assert_eq!((phone.record(1), phone.device().holdings().unwrap()), (None, Vec::new()));
}

#[test]
fn a_bucket_that_does_not_add_up_is_pulled_again_from_nothing() {
    let mut phone = Phone::new();
    phone.upsert(9, sheet("mine"));
    let live = [(1, 1, sheet("a")), (2, 1, sheet("b"))];
    let all = json!([change(1, 1, &sheet("a")), change(2, 1, &sheet("b"))]);
    // Record 2 is missing in the first answer; the request to begin again gets lost and is remembered.
    phone
        .script
        .answer(200, page("c1", false, &[], complete(2, &live, json!([change(1, 1, &sheet("a"))]), false)))
        .lose();
    assert!(phone.device().pull().is_err());
    phone.restart();
    phone.script.answer(200, page("c2", true, &[], json!([])));
    phone.script.answer(200, page("c3", false, &[], complete(2, &live, all, true)));
    phone.device().pull().unwrap();
    let asked: Vec<Value> = phone.script.seen().into_iter().map(|s| s.2["restart"].clone()).collect();
    assert_eq!(asked, [Value::Null, json!(["513430"]), json!(["513430"]), Value::Null]);
    assert_eq!((phone.record(2), phone.device().unsent().unwrap()), (Some(sheet("b")), 1));
}

#[test]
fn a_bucket_that_never_adds_up_is_reported() {
    let mut phone = Phone::new();
    let live = [(1, 1, sheet("a")), (2, 1, sheet("b"))];
    let part = || json!([change(1, 1, &sheet("a"))]);
    phone.script.answer(200, page("c1", false, &[], complete(2, &live, part(), false)));
    phone.script.answer(200, page("c2", false, &[], complete(2, &live, part(), true)));
    assert!(matches!(phone.device().pull(), Err(Error::Differs(bucket)) if bucket == "513430"));
}

#[test]
fn a_cursor_of_another_life_is_forgotten() {
    let mut phone = Phone::new();
    phone.given("c1", &[(1, 1, sheet("a")), (2, 1, sheet("b"))]);
    phone.script.problem(400, "bad_cursor", json!({}));
    phone.given("c2", &[(1, 2, sheet("a"))]);
    assert_eq!(phone.script.seen().pop().unwrap().2.get("cursor"), None);
    assert_eq!((phone.record(1), phone.record(2)), (Some(sheet("a")), None));
}
