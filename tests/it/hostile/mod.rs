//! Bytes that no honest client sends: each gets its documented answer, harms nothing beside it, and leaves the server
//! standing and the data as it was.

mod alike;
mod bodies;
mod bombs;
mod connections;
mod cursors;
mod dictionary;
mod duplicates;
mod members;
mod operations;
mod parameters;
mod requests;
mod texts;
mod values;
mod wire;

use crate::support::http::Reply;
use crate::support::*;

const PUSH: &str = "/v1/sync/push";
const PULL: &str = "/v1/sync/pull";
const JSON: &str = "application/json";

/// Posts bytes as JSON.
fn post(session: &Session, path: &str, body: impl Into<Vec<u8>>) -> Reply {
    session.call("POST", path).bytes(body).header("content-type", JSON).send()
}

/// A push of these operations, given as texts.
fn envelope(operations: &[String]) -> String {
    format!(r#"{{"schema":1,"ops":[{}]}}"#, operations.join(","))
}

/// A push of a good operation, a bad one given as text, and a good one. `SEQ` stands for the bad one's number.
fn sandwich(w: &World, bad: &str) -> (Rec, Rec, Reply) {
    let (before, after) = (Rec::household(JINYANG), Rec::household(JINYANG));
    let first = w.ali().next();
    let text = |record: &Rec, op_seq: u64| record.create().with("op_seq", op_seq).0.to_string();
    let bad = bad.replace("SEQ", &(first + 1).to_string());
    let reply = post(w.ali(), PUSH, envelope(&[text(&before, first), bad, text(&after, first + 2)]));
    (before, after, reply)
}

/// The bad operation is rejected; those around it are applied, and the phone goes on behind it. Its error.
#[track_caller]
fn rejected_alone(w: &World, bad: &str) -> Value {
    let (before, after, reply) = sandwich(w, bad);
    let answer = reply.ok();
    let statuses: Vec<_> = answer["results"].as_array().unwrap().iter().map(|r| r["status"].clone()).collect();
    assert_eq!(statuses, ["applied", "rejected", "applied"], "{bad:.300}: {answer}");
    assert!(w.ali().see(&before).is_some() && w.ali().see(&after).is_some());
    goes_on(w);
    answer["results"][1]["error"].clone()
}

/// The phone's next operation is applied.
#[track_caller]
fn goes_on(w: &World) {
    let next = w.ali().push([]).acked() + 1;
    let pushed = w.ali().accept(&w.ali().envelope_from(next, [Rec::household(JINYANG).create()]));
    assert_eq!(pushed.statuses(), ["applied"]);
}

/// An upsert of a new household as text, with these fields.
fn upsert(fields: &str) -> String {
    let identity = format!(r#""bucket":"{JINYANG}","collection":"households","id":"{}""#, new_id());
    format!(r#"{{"op_seq":SEQ,"kind":"upsert",{identity},"fields":{fields}}}"#)
}

/// The same with the fields that a household needs, and `more` behind them.
fn household(more: &str) -> String {
    upsert(&format!(r#"{{"village":"513430100201","head_name":"阿力"{more}}}"#))
}

/// The codes of a problem's `errors`.
fn codes(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().into_iter().flatten().filter_map(|error| error["code"].as_str()).collect()
}

/// Everything that the two counties of the tests hold, and what is held beside: to be the same before and after.
fn everything(w: &World) -> Value {
    let mut mirror = Mirror::of(w.province());
    mirror.sync();
    let records: Vec<_> = mirror.buckets.iter().map(|(bucket, records)| json!([bucket, records.len()])).collect();
    let held = w.province().get("/v1/held-ops?count=true&limit=1").send().ok()["total"].clone();
    json!({ "records": records, "held": held, "acked": w.ali().push([]).acked() })
}
