//! After healing: every copy, list, sum, history, conflict and held operation beside the model's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::client::Client;
use super::model::record::{Record, equal, flat};
use super::model::{Check, Held, Model, ensure, millis};
use super::truth::{Seen, Truth};
use crate::support::{Mirror, Rec, jcs, rev};

pub(crate) fn all(model: &Model<'_>, truth: &Truth, clients: &[Client]) -> Check {
    for (rec, record) in model.records.iter().filter(|(rec, _)| rec.collection != "hamlets") {
        history(rec, record, truth.history(rec))?;
    }
    held(model, &truth.held, |_| true)?;
    conflicts(model, &truth.conflicts, |_| true)?;
    let everything: BTreeSet<String> = truth.pulled.buckets.keys().cloned().collect();
    copy(model, &everything, &truth.pulled).map_err(|e| format!("the province's copy: {e}"))?;
    for client in clients {
        let Some(seen) = truth.seen.get(&client.device) else { continue };
        let scope = model.scope(&client.device);
        let of = |e: String| format!("{}: {e}", client.device);
        copy(model, &scope, &client.mirror).map_err(|e| of(format!("its copy: {e}")))?;
        lists(model, seen, &scope).map_err(of)?;
    }
    Ok(())
}

/// What a caller is listed is what lies in its scope.
fn lists(model: &Model<'_>, seen: &Seen, scope: &BTreeSet<String>) -> Check {
    let within = |rec: &Rec| scope.contains(&rec.bucket);
    held(model, &seen.held, within)?;
    conflicts(model, &seen.conflicts, within)?;
    let live: BTreeMap<&Rec, &Record> = scope.iter().flat_map(|bucket| model.live(bucket)).collect();
    ensure!(seen.records.len() == live.len(), "{:?} live there, and listed are {}", live.keys(), json!(seen.records));
    for (rec, record) in live {
        let listed = seen.records.iter().find(|one| one["id"] == rec.id && one["bucket"] == rec.bucket);
        let listed = listed.ok_or_else(|| format!("{rec:?} is not listed"))?;
        let same = listed["rev"] == record.rev() && listed["digest"] == record.digest(rec);
        ensure!(same && equal(&listed["fields"], &record.fields()), "{rec:?} is {}: {listed}", record.fields());
    }
    Ok(())
}

/// A copy holds the live records of its scope, and no others; of deleted ones it holds no fields.
fn copy(model: &Model<'_>, scope: &BTreeSet<String>, mirror: &Mirror) -> Check {
    let names: BTreeSet<String> = mirror.buckets.keys().cloned().collect();
    ensure!(names == *scope, "it has the counties {names:?}, not {scope:?}");
    for (bucket, records) in &mirror.buckets {
        let live: BTreeMap<&Rec, &Record> = model.live(bucket).collect();
        for (rec, record) in &live {
            let held = records.get(&(rec.collection.to_owned(), rec.id.clone()));
            let held = held.ok_or_else(|| format!("{rec:?} is missing"))?;
            let seq = record.last().expect("it has revs").seq;
            let same = (held.rev, held.seq, &held.digest) == (record.rev(), seq, &record.digest(rec));
            let fields = held.fields.clone().unwrap_or_default();
            ensure!(
                same && equal(&fields, &record.fields()),
                "{rec:?} is {held:?}, not rev {}, seq {seq}, {}",
                record.rev(),
                record.fields()
            );
        }
        let count = records.values().filter(|held| held.fields.is_some()).count();
        ensure!(count == live.len(), "{count} records live in {bucket}, not {}: {records:?}", live.len());
        let here = jcs::sum(records.values().filter(|h| h.fields.is_some()).map(|h| h.digest.as_str()));
        let digests: Vec<String> = live.iter().map(|(rec, record)| record.digest(rec)).collect();
        let sum = jcs::sum(digests.iter().map(String::as_str));
        ensure!(here == sum, "the sum of {bucket} is {here}, not {sum}");
    }
    Ok(())
}

fn history(rec: &Rec, record: &Record, told: &[Value]) -> Check {
    let revs: Vec<u64> = told.iter().map(rev).collect();
    let expected: Vec<u64> = (1..=record.rev()).collect();
    ensure!(revs == expected, "{rec:?} has the revs {revs:?}, not {expected:?}");
    for ((n, of), told) in (1..).zip(&record.revs).zip(told) {
        let op = &of.op;
        let field = |(name, value): (&String, &Value)| {
            let current = record.is_current(name, n);
            (name.clone(), json!({ "name": name, "value": value, "current": current }))
        };
        let fields: BTreeMap<String, Value> = op.fields.iter().map(field).collect();
        let expected = json!({ "rev": n, "seq": of.seq, "kind": if op.delete { "delete" } else { "upsert" },
            "at": op.at, "claimed_at": op.claimed, "clock_corrected": op.corrected, "user": op.user,
            "device": op.device, "team": op.team, "fields": fields });
        let mut told = told.clone();
        told["at"] = millis(&told["at"])?.into();
        told["claimed_at"] =
            json!(if told["claimed_at"].is_null() { None } else { Some(millis(&told["claimed_at"])?) });
        let listed = told["fields"].as_array().cloned().unwrap_or_default();
        let named = |field: Value| (field["name"].as_str().unwrap_or_default().to_owned(), field);
        told["fields"] = json!(listed.into_iter().map(named).collect::<BTreeMap<_, _>>());
        ensure!(equal(&told, &expected), "rev {n} of {rec:?} must be {expected}: {told}");
    }
    Ok(())
}

/// Each held operation is told once, as the model has it.
fn held(model: &Model<'_>, listed: &[Value], which: impl Fn(&Rec) -> bool) -> Check {
    let mut left: Vec<Value> = listed.iter().map(told_held).collect();
    for held in model.held.iter().filter(|held| which(&held.op.record)) {
        let expected = expected_held(held);
        let place = left.iter().position(|told| equal(told, &expected));
        let place = place.ok_or_else(|| format!("{expected} is not among those held: {}", json!(left)))?;
        left.remove(place);
    }
    ensure!(left.is_empty(), "held, although nothing held it: {}", json!(left));
    Ok(())
}

/// Of a held operation, what the model knows. One that had been a rev before is told as what it said, in a form that the
/// protocol leaves open.
pub(crate) fn told_held(told: &Value) -> Value {
    let mut told = told.clone();
    let members = told.as_object_mut().expect("it is an object");
    for name in ["id", "errors", "received_at", "settled_at"] {
        members.remove(name);
    }
    if told["op"]["op_seq"].is_null() {
        told["op"] = json!(flat(&told["op"]["fields"]));
    }
    told["at"] = json!(millis(&told["at"]).ok());
    told
}

pub(crate) fn expected_held(held: &Held) -> Value {
    let op = &held.op;
    json!({ "op": if held.was_rev.is_some() { json!(op.fields) } else { op.raw.clone() },
        "device": op.device, "user": op.user, "team": op.team,
        "bucket": if op.record.bucket == "999999" { None } else { Some(&op.record.bucket) },
        "collection": if op.record.collection == "hamlets" { None } else { Some(op.record.collection) }, "record_id": op.record.id, "status": held.status, "reason": held.reason,
        "state": held.state, "settled_by": held.settled_by, "at": op.at })
}

/// Each conflict is told once.
fn conflicts(model: &Model<'_>, listed: &[Value], which: impl Fn(&Rec) -> bool) -> Check {
    let mut left: Vec<&Value> = listed.iter().collect();
    for conflict in model.conflicts.iter().filter(|conflict| which(&conflict.record)) {
        let state = if conflict.settled_by.is_some() { "settled" } else { "open" };
        let told = |told: &&Value| {
            conflict.is_told_by(told) && told["state"] == state && told["settled_by"] == json!(conflict.settled_by)
        };
        let place = left.iter().position(told);
        let place = place.ok_or_else(|| format!("{state}: {conflict:?} is not told: {}", json!(left)))?;
        left.remove(place);
    }
    ensure!(left.is_empty(), "conflicts that nothing made: {}", json!(left));
    Ok(())
}
