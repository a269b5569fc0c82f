//! Section 2: what a push must be answered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::record::{Conflict, Op, Side, equal, flat};
use super::time::{Reading, corrected, is_marked, stamp};
use super::validity::is_faulty;
use super::{Check, Model, ensure, millis};
use crate::simulation::log::Push;
use crate::support::{COLLECTIONS, Rec, jcs};

/// What the server remembers of a device.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    /// Who has it.
    pub(super) name: String,
    pub(super) revoked: Option<&'static str>,
    acked: u64,
    /// The results that are still remembered: those from the first number of the latest push on.
    told: BTreeMap<u64, Told>,
    /// The stamp of its latest operation.
    stamp: Option<u64>,
}

/// The result of an operation, for good.
#[derive(Clone, Debug)]
struct Told {
    /// Its canonical form.
    content: String,
    record: Rec,
    status: &'static str,
    reason: Option<&'static str>,
    /// Rev, seq.
    made: Option<(u64, u64)>,
    conflicts: Vec<Conflict>,
}

/// What is known of a request.
struct Request<'a> {
    device: &'a str,
    clock: Option<Reading>,
    /// The moments at which it may have arrived, in milliseconds.
    arrivals: Vec<i64>,
    /// By number, how an operation's record was at the times at which a result may show it.
    shown: BTreeMap<u64, Vec<Value>>,
}

fn number(op: &Value) -> u64 {
    op["op_seq"].as_u64().expect("a number")
}

fn rec(op: &Value) -> Rec {
    let text = |name: &str| op[name].as_str().expect("a text").to_owned();
    let mut collections = COLLECTIONS.into_iter().chain(["hamlets"]);
    let collection = collections.find(|name| *name == op["collection"]).expect("a collection");
    Rec { bucket: text("bucket"), collection, id: text("id") }
}

impl Device {
    pub(super) fn of(name: &str) -> Self {
        Self { name: name.to_owned(), revoked: None, acked: 0, told: BTreeMap::new(), stamp: None }
    }

    /// Why nothing of it is done: status, code, and what else the problem says.
    fn refusal(&self, ops: &[Value]) -> Option<(u16, &'static str, Value)> {
        if self.revoked == Some("wipe") {
            return Some((403, "device_revoked", json!({ "action": "wipe" })));
        }
        let known = |op: &Value| self.told.get(&number(op)).is_some_and(|told| told.content == jcs::canonical(op));
        if ops.iter().any(|op| number(op) <= self.acked && !known(op)) {
            return Some((409, "device_cloned", json!({ "acked": self.acked })));
        }
        let gap = ops.iter().map(number).find(|n| *n > self.acked).is_some_and(|n| n != self.acked + 1);
        gap.then(|| (409, "op_gap", json!({ "acked": self.acked, "expected": self.acked + 1 })))
    }
}

impl Model<'_> {
    pub(super) fn push(&mut self, push: &Push, (sent, answered): (i64, i64)) -> Check {
        let Push { device, envelope, answers } = push;
        let ops = envelope["ops"].as_array().expect("ops");
        if let Some((status, code, members)) = self.devices[device].refusal(ops) {
            for answer in answers {
                let says = members.as_object().expect("an object").iter().all(|(name, v)| answer.body[name] == *v);
                let refused = answer.status == status && answer.body["code"] == code && says;
                ensure!(refused, "it must be refused as {code}, {members}: {answer}");
            }
            return Ok(());
        }
        let clock = Reading::of(&envelope["clock"]);
        let mut request = Request { device, clock, arrivals: (sent..=answered).collect(), shown: BTreeMap::new() };
        self.take(&mut request, ops)?;
        let state = &self.devices[device];
        for answer in answers {
            ensure!(answer.status == 200, "a push must be taken: {answer}");
            ensure!(answer.body["acked"] == state.acked, "acked must be {}: {answer}", state.acked);
            let action = if state.revoked.is_some() { json!("flush_then_wipe") } else { Value::Null };
            ensure!(answer.body["action"] == action, "the action must be {action}: {answer}");
            let time = millis(&answer.body["server_time"])?;
            ensure!((sent..=answered).contains(&time), "server_time lies outside of the request: {answer}");
            let results = answer.body["results"].as_array().map(Vec::as_slice).unwrap_or_default();
            ensure!(results.len() == ops.len(), "one result for each operation: {answer}");
            for (op, result) in ops.iter().zip(results) {
                self.check_result(&request, number(op), result)?;
            }
        }
        Ok(())
    }

    /// Does what is new of it.
    fn take(&mut self, request: &mut Request<'_>, ops: &[Value]) -> Check {
        let state = self.devices.get_mut(request.device).expect("it is known");
        if let Some(first) = ops.first() {
            state.told.retain(|n, _| *n >= number(first));
        }
        for op in ops {
            if number(op) > self.devices[request.device].acked {
                let told = self.arrive(request, op)?;
                let state = self.devices.get_mut(request.device).expect("it is known");
                state.acked = number(op);
                state.told.insert(number(op), told);
            }
            // A merge shows its record as it left it, a repeat as it is then.
            request.shown.entry(number(op)).or_default().push(self.shown(&rec(op)));
        }
        for op in ops {
            request.shown.entry(number(op)).or_default().push(self.shown(&rec(op)));
        }
        Ok(())
    }

    /// A new operation.
    fn arrive(&mut self, request: &mut Request<'_>, raw: &Value) -> Check<Told> {
        let record = rec(raw);
        let (op, writes) = self.read(request, raw, &record)?;
        let mut told = Told {
            content: jcs::canonical(raw),
            record: record.clone(),
            status: "quarantined",
            reason: None,
            made: None,
            conflicts: Vec::new(),
        };
        self.devices.get_mut(request.device).expect("it is known").stamp = Some(op.stamp);
        if is_faulty(raw, &self.facts.counties) {
            told.status = "rejected";
            self.hold(op, "rejected", None);
        } else if !writes {
            self.hold(op, "quarantined", None);
        } else if let Some(reason) = self.parked(&op) {
            (told.status, told.reason) = ("parked", Some(reason));
            self.hold(op, "parked", Some(reason));
        } else {
            let (device, base) = (op.device.clone(), op.base);
            (told.status, told.conflicts) = self.accept(op, None)?;
            let of = self.records.get_mut(&record).expect("it is there");
            of.revs.last_mut().expect("it has revs").shown = told.status == "merged";
            let (of, thought) = (&self.records[&record], self.records[&record].as_thought_by(&device, base));
            ensure!(
                equal(&thought, &of.fields()),
                "{raw} was {}, its author thinks {thought} stands there, and it is {}",
                told.status,
                of.fields()
            );
            told.made = Some((of.rev(), of.last().expect("it has revs").seq));
        }
        Ok(told)
    }

    /// The operation with its stamp, and whether its author may write there.
    fn read(&mut self, request: &mut Request<'_>, raw: &Value, record: &Rec) -> Check<(Op, bool)> {
        let (device, op_seq) = (request.device, number(raw));
        self.records.entry(record.clone()).or_default();
        let of = &self.records[record];
        // If it was accepted, what waited for it came before.
        let begins = raw["kind"] == "upsert" && !of.lives();
        let waiting = self.waiting(record).into_iter().filter(|n| begins && self.held[*n].was_rev.is_none()).count();
        let held = self.truth.held_of(device, op_seq);
        let shown = held.or_else(|| self.truth.rev(record, of.rev() + waiting as u64 + 1));
        let shown = shown.ok_or_else(|| format!("operation {op_seq} of {device} is nowhere: {raw}"))?;
        let (told, at) = (millis(&shown["at"])?, Reading::of(&raw["at"]));
        let clock = request.clock.as_ref();
        request.arrivals.retain(|arrival| corrected(at.as_ref(), clock, *arrival) == told);
        ensure!(!request.arrivals.is_empty(), "no moment of arrival explains the corrected time in {shown}, of {raw}");
        let may = self.scope(device).contains(&record.bucket);
        // At the very moment of a change, the server's word counts.
        let doubt = || held.is_none_or(|held| held["status"] != "quarantined");
        let may = may || self.was_own(device, &record.bucket, told).unwrap_or_else(doubt);
        let writes = may && self.revoked(device).is_none();
        let base = raw["base"].as_u64().unwrap_or(0);
        let looks = writes && !is_faulty(raw, &self.facts.counties);
        let floor = if looks { of.floor(base) } else { None };
        let staff = self.staff(device).clone();
        let mut fields = flat(&raw["fields"]);
        if raw["kind"] == "delete" {
            fields.clear();
        }
        let op = Op {
            raw: raw.clone(),
            record: record.clone(),
            device: device.to_owned(),
            user: staff.user,
            team: staff.team,
            delete: raw["kind"] == "delete",
            fields,
            base,
            stamp: stamp(told, self.devices[device].stamp, floor),
            at: told,
            claimed: at.as_ref().map(|at| at.wall),
            corrected: is_marked(at.as_ref(), told),
        };
        Ok((op, writes))
    }

    /// A record as a result shows it.
    fn shown(&self, rec: &Rec) -> Value {
        let record = &self.records[rec];
        let Some(last) = record.last() else { return Value::Null };
        let mut shown = json!({ "rev": record.rev(), "seq": last.seq, "digest": record.digest(rec) });
        if record.deleted {
            shown["deleted"] = true.into();
        } else {
            shown["fields"] = record.fields();
        }
        shown
    }

    /// What a result must say.
    fn check_result(&self, request: &Request<'_>, op_seq: u64, result: &Value) -> Check {
        let told = &self.devices[request.device].told[&op_seq];
        let mut expected = json!({ "op_seq": op_seq, "status": told.status });
        let (mut shown, mut record, mut ids, mut error) = (result.clone(), Value::Null, Value::Null, Value::Null);
        let mut warnings = Value::Null;
        if let Some(members) = shown.as_object_mut() {
            record = members.remove("record").unwrap_or_default();
            ids = members.remove("conflicts").unwrap_or_default();
            error = members.remove("error").unwrap_or_default();
            warnings = members.remove("warnings").unwrap_or_default();
        }
        // A revoked device has no county any more.
        let revoked = self.revoked(request.device).is_some();
        let in_scope = !revoked && self.scope(request.device).contains(&told.record.bucket);
        if in_scope {
            if let Some(reason) = told.reason {
                expected["reason"] = reason.into();
            }
            if let Some((rev, seq)) = told.made {
                (expected["rev"], expected["seq"]) = (rev.into(), seq.into());
            }
        }
        ensure!(equal(&shown, &expected), "the result must be {expected}: {result}");
        // What they say is the form's business, and that of the findings' steps.
        let kind = told.record.collection;
        let judged = in_scope && told.made.is_some() && ["interviews", "findings"].contains(&kind);
        let warned = warnings.as_array().map_or(warnings.is_null(), |list| judged && !list.is_empty());
        ensure!(warned, "warnings are of interviews and findings: {result}");
        if in_scope && told.status == "merged" {
            let records = &request.shown[&op_seq];
            let any = records.iter().any(|one| equal(one, &record));
            ensure!(any, "its record must be one of {}: {result}", json!(records));
        } else {
            ensure!(record.is_null(), "it shows a record: {result}");
        }
        let faults = error["errors"].as_array().is_some_and(|errors| !errors.is_empty());
        ensure!(faults == (told.status == "rejected"), "what is wrong is told of those that are rejected: {result}");
        self.check_conflicts(if in_scope { &told.conflicts } else { &[] }, &ids)
    }

    /// The ids lead to these conflicts.
    fn check_conflicts(&self, expected: &[Conflict], ids: &Value) -> Check {
        let ids = ids.as_array().map(Vec::as_slice).unwrap_or_default();
        let named: BTreeSet<&str> = ids.iter().filter_map(Value::as_str).collect();
        ensure!(named.len() == ids.len(), "a conflict is named twice: {ids:?}");
        let all = self.truth.conflicts.iter();
        let shown: Vec<&Value> = all.filter(|one| one["id"].as_str().is_some_and(|id| named.contains(id))).collect();
        let matched = expected.iter().all(|one| shown.iter().any(|shown| one.is_told_by(shown)));
        ensure!(
            matched && shown.len() == expected.len() && ids.len() == expected.len(),
            "the conflicts must be {expected:?}, not {}",
            json!(shown)
        );
        Ok(())
    }
}

impl Conflict {
    /// Whether the server tells the same of it.
    pub(crate) fn is_told_by(&self, shown: &Value) -> bool {
        let side = |side: &Side, shown: &Value| {
            shown["rev"] == side.rev && shown["device"] == side.device && equal(&shown["value"], &side.value)
        };
        shown["record_id"] == self.record.id
            && shown["bucket"] == self.record.bucket
            && shown["collection"] == self.record.collection
            && shown["field"] == self.field
            && equal(&shown["base"], &self.base)
            && side(&self.current, &shown["current"])
            && side(&self.other, &shown["other"])
    }
}

#[test]
fn what_is_refused_says_why() {
    let op = |n: u64, id: &str| json!({ "op_seq": n, "id": id });
    let mut device = Device::of("ali");
    device.acked = 3;
    let told = |op: &Value| Told {
        content: jcs::canonical(op),
        record: Rec::household("513430"),
        status: "applied",
        reason: None,
        made: None,
        conflicts: Vec::new(),
    };
    device.told = [(2, told(&op(2, "b"))), (3, told(&op(3, "c")))].into();
    let code = |ops: &[Value]| device.refusal(ops).map(|(_, code, _)| code);
    assert_eq!(code(&[]), None);
    assert_eq!(code(&[op(2, "b"), op(3, "c"), op(4, "d")]), None);
    assert_eq!(code(&[op(1, "a")]), Some("device_cloned"));
    assert_eq!(code(&[op(3, "x"), op(4, "d")]), Some("device_cloned"));
    assert_eq!(code(&[op(5, "e")]), Some("op_gap"));
}
