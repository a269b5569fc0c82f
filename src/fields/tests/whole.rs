//! What spans more than one value: nested objects, answers, the record's own id, the author.

use serde_json::{Value, json};
use sync_core::Collection::{Findings, Households, Interviews, Members, Photos, Villages, Visits};
use uuid::Uuid;

use super::{ID, TEAM, VILLAGE, bucket, check, faults, field, judge, object, told};
use crate::fields::{FieldError, Named, required};

#[test]
fn villages() {
    field(Households, "village", json!(VILLAGE), Ok(&format!("\"{VILLAGE}\"")));
    field(Households, "village", json!("513431201201"), Err(&["outside_bucket"]));
    field(Households, "village", json!("51343020120"), Err(&["invalid_village"]));
    field(Households, "village", json!("51343020120a"), Err(&["invalid_village"]));
    field(Households, "village", json!(513_430_201_201_i64), Err(&["wrong_type"]));
    field(Visits, "village", Value::Null, Ok("null"));
    field(Villages, "village", json!(VILLAGE), Err(&["id_mismatch"]));

    let namespace = Uuid::parse_str("6ba7b814-9dad-11d1-80b4-00c04fd430c8").unwrap();
    let id = Uuid::new_v5(&namespace, VILLAGE.as_bytes());
    assert!(check(Villages, bucket(), id, None, &object(json!({"village": VILLAGE, "bus": true}))).is_ok());
    // An edit that leaves the code alone cannot move the sheet to another village.
    assert!(check(Villages, bucket(), ID, None, &object(json!({"bus": true}))).is_ok());
}

#[test]
fn nested_objects() {
    let good = json!({"lat": 28.0, "lon": 102.85, "accuracy_m": 12.5, "datum": "gcj02"});
    field(Visits, "location", good, Ok(r#"{"accuracy_m":12.5,"datum":"gcj02","lat":28,"lon":102.85}"#));
    field(
        Visits,
        "location",
        json!({"lat": -90, "lon": 180, "datum": null}),
        Ok(r#"{"datum":null,"lat":-90,"lon":180}"#),
    );
    field(Visits, "location", json!("28,102"), Err(&["wrong_type"]));
    told(
        faults(Visits, json!({"location": {"lat": 90.5, "datum": "mars", "alt": 3000, "accuracy_m": -1}})),
        [
            ("/location/accuracy_m", "out_of_range"),
            ("/location/alt", "unknown_field"),
            ("/location/datum", "not_in_list"),
            ("/location/lat", "out_of_range"),
            ("/location/lon", "required"),
        ],
    );
    told(
        faults(
            Households,
            json!({"helpers": [{"name": "王芳", "affiliation": "county", "from": "2014-06-01"}, {"affiliation": "moon", "a/b~": 1}, 3]}),
        ),
        [
            ("/helpers/1/affiliation", "not_in_list"),
            ("/helpers/1/a~1b~0", "unknown_field"),
            ("/helpers/2", "wrong_type"),
        ],
    );
    let subject = json!({"id": ID.to_string().to_uppercase(), "collection": "visits"});
    field(Photos, "subject", subject, Ok(&format!(r#"{{"collection":"visits","id":"{ID}"}}"#)));
    field(Photos, "subject", json!({"id": null, "collection": "teams"}), Err(&["not_in_list", "required"]));
    field(
        Visits,
        "participants",
        json!([{"name": "李强", "rank": "department"}, {}]),
        Ok(r#"[{"name":"李强","rank":"department"},{}]"#),
    );
}

#[test]
fn answers() {
    let named = judge(
        Interviews,
        json!({"answers": {"q2": ["a", "b"], "q1": false, "gone": null}, "answers.q3": 1.50, "answers.题.甲": "是", "respondent": "阿力"}),
    )
    .unwrap();
    let edits: Vec<_> = named.edits.iter().collect();
    assert_eq!(
        edits,
        [
            ("answers.gone", None),
            ("answers.q1", Some("false")),
            ("answers.q2", Some(r#"["a","b"]"#)),
            ("answers.q3", Some("1.5")),
            ("answers.题.甲", Some("\"是\"")),
            ("respondent", Some("\"阿力\"")),
        ]
    );
    assert!(judge(Interviews, json!({"answers": {}})).unwrap().edits.is_empty());
    field(Interviews, "answers", Value::Null, Err(&["not_clearable"]));
    field(Interviews, "answers", json!([]), Err(&["wrong_type"]));
    field(Interviews, "answers.q1", json!({"a": 1}), Err(&["wrong_type"]));
    field(Interviews, "answers.q1", json!(["a", 1]), Err(&["wrong_type"]));
    field(Interviews, "answers.q1", json!("\0"), Err(&["invalid_text"]));
    field(Interviews, "answers.q1", json!(9_007_199_254_740_991_i64), Ok("9007199254740991"));
    field(Interviews, "answers.q1", json!(9_007_199_254_740_993_i64), Err(&["out_of_range"]));
    field(Interviews, "answers.q1", json!(1_000_000_000_000_000_000_i64), Ok("1000000000000000000"));
    field(Interviews, "answers.q1", json!(1e21), Ok("1e+21"));
    field(Interviews, "answers.q1", json!(-9_007_199_254_740_993_i64), Err(&["out_of_range"]));
    field(Interviews, "answers.", json!(1), Err(&["invalid_key"]));
    field(Interviews, &format!("answers.{}", "键".repeat(128)), json!(1), Ok("1"));
    field(Interviews, &format!("answers.{}", "键".repeat(129)), json!(1), Err(&["invalid_key"]));
    field(Interviews, "answers.a\u{85}", json!(1), Err(&["invalid_key"]));
    told(
        faults(Interviews, json!({"answers": {"a": 1, "": 2, "x/y": {}}, "answers.a": 1})),
        [("/answers.a", "duplicate_field"), ("/answers/", "invalid_key"), ("/answers/x~1y", "wrong_type")],
    );
    told(faults(Visits, json!({"answers.a": 1})), [("/answers.a", "unknown_field")]);
}

#[test]
fn names_sort_as_utf16() {
    let named = judge(Interviews, json!({"answers.\u{fb33}": 1, "answers.\u{1f600}": 2})).unwrap();
    assert_eq!(named.edits.iter().next().unwrap().0, "answers.\u{1f600}");
    assert_eq!(named.edits.get("answers.\u{fb33}"), Some(Some("1")));
    assert_eq!(named.edits.get("answers.none"), None);
}

#[test]
fn authors() {
    let by_team = |collection, fields| check(collection, bucket(), ID, Some(TEAM), &object(fields));
    let code = |judged: Result<Named, Vec<FieldError>>| judged.map(|_| ()).map_err(|errors| errors[0].fault.code());
    assert_eq!(code(by_team(Visits, json!({"team": TEAM.to_string().to_uppercase()}))), Ok(()));
    assert_eq!(code(by_team(Visits, json!({"team": ID}))), Err("foreign_team"));
    assert_eq!(code(judge(Visits, json!({"team": ID}))), Ok(()));
    assert_eq!(code(by_team(Findings, json!({"state": "rectified"}))), Ok(()));
    assert_eq!(code(by_team(Findings, json!({"state": "closed"}))), Err("not_allowed"));
    assert_eq!(code(judge(Findings, json!({"state": "verified"}))), Ok(()));
    field(Photos, "content", json!("stored"), Err(&["read_only"]));
    field(Photos, "content", Value::Null, Err(&["read_only"]));
    field(Photos, "flags", json!([]), Err(&["read_only"]));
}

#[test]
fn every_fault_is_told() {
    told(
        faults(Members, json!({"household": "x", "name": null, "sex": "?", "age": 7, "months_away": 99})),
        [
            ("/age", "unknown_field"),
            ("/household", "invalid_uuid"),
            ("/months_away", "out_of_range"),
            ("/name", "required"),
            ("/sex", "not_in_list"),
        ],
    );
    assert!(judge(Members, json!({})).unwrap().edits.is_empty());
}

#[test]
fn required_fields() {
    assert_eq!(required(Households), ["village", "head_name"]);
    assert_eq!(required(Members), ["household", "name"]);
    assert_eq!(required(Villages), ["village"]);
    assert_eq!(required(Visits), ["campaign", "team", "method", "level", "day"]);
    assert_eq!(required(Interviews), ["visit", "level", "form", "form_version"]);
    assert_eq!(required(Findings), ["level", "topic", "title"]);
    assert_eq!(required(Photos), ["subject", "sha256", "bytes", "mime"]);
}
