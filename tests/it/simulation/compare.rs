//! After healing: every copy, list, sum, history, conflict and held operation beside the model's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::model::record::{Record, Standing, equal, flat};
use super::model::{Check, Held, Model, ensure, millis};
use super::truth::Truth;
use crate::support::mirror;
use crate::support::{Mirror, Rec, jcs, rev};

pub(crate) fn all(model: &Model<'_>, truth: &Truth, copies: &[(String, &Mirror)]) -> Check {
    for (rec, record) in &model.records {
        history(model, rec, record, truth.history(rec))?;
    }
    held(model, truth)?;
    conflicts(model, truth)?;
    let everything: BTreeSet<String> = truth.pulled.buckets.keys().cloned().collect();
    copy(model, &everything, &truth.pulled).map_err(|e| format!("the province's copy: {e}"))?;
    for (device, mirror) in copies {
        copy(model, &model.authors[device].scope, mirror).map_err(|e| format!("the copy of {device}: {e}"))?;
    }
    Ok(())
}

/// A copy holds the live records of its scope, and no others; of deleted ones it holds no fields.
fn copy(model: &Model<'_>, scope: &BTreeSet<String>, mirror: &Mirror) -> Check {
    let names: BTreeSet<String> = mirror.buckets.keys().cloned().collect();
    ensure!(names == *scope, "it has the counties {names:?}, not {scope:?}");
    for (bucket, records) in &mirror.buckets {
        let live: BTreeMap<_, _> = model.live(bucket).collect();
        for (rec, record) in &live {
            let held = records.get(&(rec.collection.to_owned(), rec.id.clone()));
            let held = held.ok_or_else(|| format!("{rec:?} is missing"))?;
            let expected = mirror::Held {
                rev: record.rev(),
                seq: record.last().expect("it has revs").seq,
                digest: record.digest(rec),
                fields: Some(record.fields()),
            };
            let same = (held.rev, held.seq, &held.digest) == (expected.rev, expected.seq, &expected.digest);
            let fields = held.fields.clone().unwrap_or_default();
            ensure!(same && equal(&fields, &record.fields()), "{rec:?} is {held:?}, not {expected:?}");
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

fn history(model: &Model<'_>, rec: &Rec, record: &Record, told: &[Value]) -> Check {
    let revs: Vec<u64> = told.iter().map(rev).collect();
    let expected: Vec<u64> = (1..=record.rev()).collect();
    ensure!(revs == expected, "{rec:?} has the revs {revs:?}, not {expected:?}");
    for ((n, of), told) in (1..).zip(&record.revs).zip(told) {
        let op = &of.op;
        let kind = if op.delete { "delete" } else { "upsert" };
        ensure!(told["kind"] == kind && told["seq"] == of.seq, "rev {n} of {rec:?} is {op:?}: {told}");
        let author = told["user"] == op.user && told["device"] == op.device && told["team"] == json!(op.team);
        ensure!(author, "rev {n} of {rec:?} is by {op:?}: {told}");
        let claimed = if told["claimed_at"].is_null() { None } else { Some(millis(&told["claimed_at"])?) };
        let time = millis(&told["at"])? == op.at && claimed == op.claimed && told["clock_corrected"] == op.corrected;
        ensure!(time, "rev {n} of {rec:?} was made when {op:?} was: {told}");
        let fields = told["fields"].as_array().ok_or_else(|| format!("no fields in {told}"))?;
        ensure!(fields.len() == op.fields.len() || op.delete, "rev {n} of {rec:?} names {:?}: {told}", op.fields);
        for field in fields {
            let name = field["name"].as_str().unwrap_or_default();
            let value = op.fields.get(name).ok_or_else(|| format!("rev {n} of {rec:?} names no {name}: {told}"))?;
            ensure!(equal(&field["value"], value), "{name} of rev {n} of {rec:?} is {value}: {told}");
            let current = of.standing != Standing::SetAside && record.is_current(name, n);
            ensure!(field["current"] == current, "{name} of rev {n} of {rec:?}: current {current}, not {told}");
        }
    }
    ensure!(model.records[rec].rev() == revs.len() as u64, "revs of {rec:?}");
    Ok(())
}

/// Each held operation is told once, as the model has it.
fn held(model: &Model<'_>, truth: &Truth) -> Check {
    let mut left: Vec<Value> = truth.held.iter().map(told).collect();
    for held in &model.held {
        let expected = expected(held);
        let place = left.iter().position(|told| equal(told, &expected));
        let place = place.ok_or_else(|| format!("{expected} is not among those held: {}", json!(left)))?;
        left.remove(place);
    }
    ensure!(left.is_empty(), "held, although nothing held it: {}", json!(left));
    Ok(())
}

/// Of a held operation, what the model knows. One that had been a rev before is told as what it said, in a form that the
/// protocol leaves open.
fn told(told: &Value) -> Value {
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

fn expected(held: &Held) -> Value {
    let op = &held.op;
    json!({ "op": if held.was_rev.is_some() { json!(op.fields) } else { op.raw.clone() },
        "device": op.device, "user": op.user, "team": op.team, "bucket": op.record.bucket,
        "collection": op.record.collection, "record_id": op.record.id, "status": held.status, "reason": held.reason,
        "state": held.state, "settled_by": held.settled_by, "at": op.at })
}

/// Each conflict is told once.
fn conflicts(model: &Model<'_>, truth: &Truth) -> Check {
    let mut left: Vec<&Value> = truth.conflicts.iter().collect();
    for conflict in &model.conflicts {
        let place = left.iter().position(|told| conflict.is_told_by(told) && told["state"] == "open");
        let place = place.ok_or_else(|| format!("{conflict:?} is not told: {left:?}"))?;
        left.remove(place);
    }
    ensure!(left.is_empty(), "conflicts that nothing made: {left:?}");
    Ok(())
}
