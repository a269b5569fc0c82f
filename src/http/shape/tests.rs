//! What fits is read; of what does not, the place and the fault are told.

use super::read;
use crate::http::time::Day;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Provincial,
    SpotCheck,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Leader {
    #[expect(dead_code, reason = "read, and dropped")]
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read, and dropped")]
struct Body {
    id: Uuid,
    kind: Kind,
    from: Option<Day>,
    count: Option<u8>,
    share: Option<f64>,
    done: Option<bool>,
    #[serde(default)]
    leaders: Vec<Leader>,
    any: Option<Value>,
}

fn with(name: &str, value: Value) -> Value {
    let mut body = json!({ "id": "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e", "kind": "spot_check" });
    body[name] = value;
    body
}

#[test]
fn what_fits_is_read() {
    for (name, value) in [
        ("kind", json!("provincial")),
        ("from", json!("2016-02-29")),
        ("from", json!(null)),
        ("count", json!(255)),
        ("share", json!(1)),
        ("done", json!(false)),
        ("leaders", json!([{ "name": "马" }])),
        ("any", json!([{ "a": [1, -1, 1.5, null, "x"] }])),
    ] {
        let any = value.clone();
        let body: Body = read(with(name, value)).unwrap();
        assert!(name != "any" || body.any == Some(any));
    }
}

#[test]
fn what_does_not_fit_is_named_and_pointed_at() {
    for (body, pointer, code) in [
        (json!([]), "", "wrong_type"),
        (json!({ "kind": "spot_check" }), "/id", "required"),
        (with("id", json!("x")), "/id", "invalid_uuid"),
        (with("id", json!(7)), "/id", "wrong_type"),
        (with("kind", json!("friendly")), "/kind", "not_in_list"),
        (with("kind", json!(null)), "/kind", "wrong_type"),
        (with("from", json!("2016-13-01")), "/from", "invalid_date"),
        (with("from", json!("2016-1-1")), "/from", "invalid_date"),
        (with("count", json!(256)), "/count", "out_of_range"),
        (with("count", json!(-1)), "/count", "out_of_range"),
        (with("count", json!(1.5)), "/count", "wrong_type"),
        (with("share", json!("1")), "/share", "wrong_type"),
        (with("done", json!(0)), "/done", "wrong_type"),
        (with("leaders", json!([{ "name": "x" }, {}])), "/leaders/1/name", "required"),
        (with("leaders", json!([{ "name": "x\0" }])), "/leaders/0/name", "invalid_text"),
        (with("leaders", json!([{ "name": "x", "a/b~": 1 }])), "/leaders/0/a~1b~0", "unknown_field"),
        (with("any", json!({ "deep": ["\0"] })), "/any/deep/0", "invalid_text"),
    ] {
        let error = read::<Body>(body.clone()).unwrap_err();
        assert_eq!((error.pointer.as_str(), error.fault.code()), (pointer, code), "{body}");
    }
}
