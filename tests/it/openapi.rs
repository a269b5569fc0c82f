//! The OpenAPI document: current, whole, and true of what goes over the wire.

use std::collections::BTreeSet;

use ruhu::sync::wire::{PullAnswer, PushAnswer};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::*;

fn document() -> Value {
    serde_json::to_value(ruhu::routes::openapi()).unwrap()
}

/// `(path, method, operation)`
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let methods = item.as_object().unwrap().clone();
        let path = path.clone();
        methods.into_iter().map(move |(method, operation)| (path.clone(), method, operation)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn the_committed_document_is_current() {
    let committed = include_str!("../../openapi/openapi.json");
    let current = ruhu::routes::openapi().to_pretty_json().unwrap();
    assert!(
        committed.trim_end() == current,
        "openapi/openapi.json is stale: cargo run -- openapi >openapi/openapi.json"
    );
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    let dangling: Vec<_> = found.iter().filter(|r| document.pointer(r.trim_start_matches('#')).is_none()).collect();
    assert!(dangling.is_empty(), "{dangling:?}");
}

#[test]
fn every_operation_is_told_in_full() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let name = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no id"));
        assert!(ids.insert(id.to_owned()), "{id} is there twice");
        assert!(operation["summary"].as_str().is_some_and(|s| s.ends_with('.')), "{name} has no summary");
        assert!(operation["tags"][0].is_string(), "{name} has no tag");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name} never succeeds");
        for (status, response) in responses {
            let described = response["description"].as_str().is_some_and(|text| !text.is_empty());
            assert!(described, "{name}: {status} is not described");
            if status.starts_with(['4', '5']) {
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{name}: {status}");
            }
        }
        let public = operation.get("security").is_none();
        let open = ["/healthz", "/readyz", "/.well-known/jwks.json", "/v1/auth/login", "/v1/auth/refresh"];
        assert_eq!(public, open.contains(&path.as_str()) || path == "/v1/auth/logout" && public, "{name}: security");
        assert!(public || responses.contains_key("401"), "{name} is secured and never answers 401");
    }
    assert!(ids.len() > 30, "{ids:?}");
}

/// The answer is what the documented type holds, no more and no less.
#[track_caller]
fn is_as_documented<T: DeserializeOwned + Serialize>(answer: &Value) {
    let read: T = serde_json::from_value(answer.clone()).unwrap_or_else(|error| panic!("{error}: {answer}"));
    assert_eq!(serde_json::to_value(read).unwrap(), *answer);
}

on_both_engines! {
    fn pushes_and_pulls_are_as_documented(w) {
        let record = Rec::household(JINYANG);
        w.chen().push([record.create(), Rec::household(JINYANG).create(), Rec::household(WUSHENG).create()]);
        let gone = Rec::household(JINYANG);
        w.ali().push([gone.create(), gone.delete()]);
        let answer = w.ali().push([
            record.edit(json!({ "people": 9 })),
            record.edit(json!({ "phone": "1" })),
            record.edit(json!({ "people": "x" })),
            record.delete(),
        ]);
        is_as_documented::<PushAnswer>(&answer.0);
        is_as_documented::<PushAnswer>(&w.chen().push([gone.edit(json!({ "phone": "1" }))]).0);
        w.close("two", ZHAOJUE);
        is_as_documented::<PullAnswer>(&w.chen().pull(None));
        is_as_documented::<PullAnswer>(&w.er().pull(None));
    }
}
