//! The field table's tests; here what they share.

#![allow(clippy::unwrap_used, reason = "a test that panics says where")]

mod describing;
mod properties;
mod values;
mod whole;

use serde_json::{Map, Value};
use sync_core::{Bucket, Collection};
use uuid::Uuid;

use super::{Fault, FieldError, Named};

const ID: Uuid = Uuid::from_u128(0x0195_f0c2_7a31_7c5e_9d0e_3f6a_1b2c_4d5e);
const TEAM: Uuid = Uuid::from_u128(0x0195_f0c2_7a31_7c5e_9d0e_0000_0000_000a);
const VILLAGE: &str = "513430201201";

fn bucket() -> Bucket {
    Bucket::new(513_430).unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

fn check(
    collection: Collection,
    bucket: Bucket,
    id: Uuid,
    team: Option<Uuid>,
    fields: &Map<String, Value>,
) -> Result<Named, Vec<FieldError>> {
    super::check(collection, bucket, id, team, &fields.into())
}

/// Judged for a record with [`ID`], written by an office.
fn judge(collection: Collection, fields: Value) -> Result<Named, Vec<FieldError>> {
    check(collection, bucket(), ID, None, &object(fields))
}

/// Pointers and codes of all faults, in the order of the pointers.
fn faults(collection: Collection, fields: Value) -> Vec<(String, &'static str)> {
    let mut found: Vec<_> = match judge(collection, fields) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|e| (e.pointer, e.fault.code())).collect(),
    };
    found.sort();
    found
}

/// What is wrong with one field; `Ok` gives its canonical text, `null` when cleared.
fn one(collection: Collection, name: &str, value: Value) -> Result<String, Vec<Fault>> {
    match judge(collection, Value::Object(Map::from_iter([(name.to_owned(), value)]))) {
        Ok(named) => Ok(named.edits.get(name).expect("the field is named").unwrap_or("null").to_owned()),
        Err(errors) => {
            assert!(errors.iter().all(|e| e.pointer.starts_with(&format!("/{name}"))), "{errors:?}");
            Err(errors.into_iter().map(|e| e.fault).collect())
        }
    }
}

/// `expected`: the canonical text, or the codes of the faults.
#[track_caller]
fn field(collection: Collection, name: &str, value: Value, expected: Result<&str, &[&str]>) {
    let told = value.to_string();
    let found = one(collection, name, value);
    let codes = found.as_ref().map(String::as_str).map_err(|f| f.iter().map(Fault::code).collect::<Vec<_>>());
    assert_eq!(codes, expected.map_err(<[_]>::to_vec), "{collection}.{name} = {}", &told[..told.len().min(80)]);
}

/// Every fault and nothing else, in the order of the pointers.
#[track_caller]
fn told<const N: usize>(found: Vec<(String, &'static str)>, expected: [(&str, &str); N]) {
    let found: Vec<_> = found.iter().map(|(pointer, code)| (pointer.as_str(), *code)).collect();
    assert_eq!(found, expected);
}
