//! Sections 2 and 4: what a push must be answered, and what it does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::record::{Conflict, Op, Standing, flat, is_whole};
use super::time::{Reading, corrected, is_marked, stamp};
use super::{Check, Held, Model, ensure, millis};
use crate::simulation::log::Answer;
use crate::support::{COLLECTIONS, Rec, jcs};

/// What the server remembers of a device.
#[derive(Clone, Debug, Default)]
pub(crate) struct Device {
    acked: u64,
    /// The first number that is still remembered.
    window: u64,
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

/// By number, how an operation's record was at the times at which a result may show it.
type Shown = HashMap<u64, Vec<Value>>;

/// What is known of a request.
struct Request<'a> {
    device: &'a str,
    clock: Option<Reading>,
    /// The moments at which it may have arrived, in milliseconds.
    arrivals: Vec<i64>,
}

fn number(op: &Value) -> u64 {
    op["op_seq"].as_u64().expect("a number")
}

pub(crate) fn rec(op: &Value) -> Rec {
    let text = |name: &str| op[name].as_str().expect("a text").to_owned();
    let collection = COLLECTIONS.into_iter().find(|name| *name == op["collection"]).expect("a collection");
    Rec { bucket: text("bucket"), collection, id: text("id") }
}

impl Model<'_> {
    pub(super) fn push(
        &mut self,
        device: &str,
        envelope: &Value,
        answers: &[Answer],
        (sent, answered): (i64, i64),
    ) -> Check {
        let ops = envelope["ops"].as_array().expect("ops");
        let request = Request { device, clock: Reading::of(&envelope["clock"]), arrivals: (sent..=answered).collect() };
        // A merge shows its record as it left it; a repeat, and so the later one of two copies, shows it as it is then.
        let mut shown = HashMap::new();
        let acked = self.take(request, ops, &mut shown)?;
        for op in ops {
            shown.entry(number(op)).or_default().push(self.shown(&rec(op)));
        }
        for answer in answers {
            ensure!(answer.status == 200, "a push must be taken: {answer}");
            ensure!(answer.body["acked"] == acked, "acked must be {acked}: {answer}");
            let time = millis(&answer.body["server_time"])?;
            ensure!((sent..=answered).contains(&time), "server_time lies outside of the request: {answer}");
            let results = answer.body["results"].as_array().map(Vec::as_slice).unwrap_or_default();
            ensure!(results.len() == ops.len(), "one result for each operation: {answer}");
            for (op, result) in ops.iter().zip(results) {
                let told = self.devices[device].told[&number(op)].clone();
                self.check_result(device, number(op), &told, &shown[&number(op)], result)?;
            }
        }
        Ok(())
    }

    /// Does what is new of it; what is acknowledged then.
    fn take(&mut self, mut request: Request<'_>, ops: &[Value], shown: &mut Shown) -> Check<u64> {
        let state = self.devices.entry(request.device.to_owned()).or_default();
        if let Some(first) = ops.first() {
            state.window = number(first);
            state.told.retain(|n, _| *n >= number(first));
        }
        for op in ops {
            let state = &self.devices[request.device];
            if number(op) <= state.acked {
                ensure!(state.told[&number(op)].content == jcs::canonical(op), "the plan repeats {op} otherwise");
                shown.entry(number(op)).or_default().push(self.shown(&rec(op)));
                continue;
            }
            let told = self.arrive(&mut request, op)?;
            shown.entry(number(op)).or_default().push(self.shown(&rec(op)));
            let state = self.devices.get_mut(request.device).expect("it is there");
            state.acked = number(op);
            state.told.insert(number(op), told);
        }
        Ok(self.devices[request.device].acked)
    }

    /// A new operation.
    fn arrive(&mut self, request: &mut Request<'_>, raw: &Value) -> Check<Told> {
        let record = rec(raw);
        let op = self.read(request, raw, &record)?;
        let in_scope = self.authors[request.device].scope.contains(&record.bucket);
        let mut told = Told {
            content: jcs::canonical(raw),
            record: record.clone(),
            status: "quarantined",
            reason: None,
            made: None,
            conflicts: Vec::new(),
        };
        self.devices.get_mut(request.device).expect("it is there").stamp = Some(op.stamp);
        if !in_scope {
            self.hold(op, "quarantined", None);
        } else if let Some(reason) = self.parked(&op) {
            (told.status, told.reason) = ("parked", Some(reason));
            self.hold(op, "parked", Some(reason));
        } else {
            (told.status, told.conflicts) = self.accept(op)?;
            let (rev, of) = (self.records[&record].rev(), &self.records[&record]);
            told.made = Some((rev, of.last().expect("it has one").seq));
        }
        Ok(told)
    }

    /// The operation with its stamp.
    fn read(&mut self, request: &mut Request<'_>, raw: &Value, record: &Rec) -> Check<Op> {
        let (device, author) = (request.device, self.authors[request.device].clone());
        self.records.entry(record.clone()).or_default();
        let of = &self.records[record];
        // If it was accepted, what waited for it came before.
        let waits = raw["kind"] == "upsert" && (of.rev() == 0 || of.deleted);
        let waiting = if waits { self.waiting(record).len() as u64 } else { 0 };
        let op_seq = number(raw);
        let shown = match self.truth.held_of(device, op_seq) {
            Some(held) => Some(held),
            None => self.truth.rev(record, of.rev() + waiting + 1),
        };
        let shown = shown.ok_or_else(|| format!("operation {op_seq} of {device} is nowhere: {raw}"))?;
        let (told, at) = (millis(&shown["at"])?, Reading::of(&raw["at"]));
        let clock = request.clock.as_ref();
        request.arrivals.retain(|arrival| corrected(at.as_ref(), clock, *arrival) == told);
        ensure!(!request.arrivals.is_empty(), "no moment of arrival explains the corrected time in {shown}, of {raw}");
        let base = raw["base"].as_u64().unwrap_or(0);
        let floor = if author.scope.contains(&record.bucket) { of.floor(base) } else { None };
        Ok(Op {
            raw: raw.clone(),
            record: record.clone(),
            device: device.to_owned(),
            user: author.user,
            team: author.team,
            delete: raw["kind"] == "delete",
            fields: flat(&raw["fields"]),
            base,
            stamp: stamp(told, self.devices[device].stamp, floor),
            at: told,
            claimed: at.as_ref().map(|at| at.wall),
            corrected: is_marked(at.as_ref(), told),
        })
    }

    /// Why it cannot be merged now.
    fn parked(&self, op: &Op) -> Option<&'static str> {
        let record = &self.records[&op.record];
        if op.delete {
            return None;
        }
        if record.deleted && !record.saw_delete(op) {
            return Some("deleted");
        }
        if record.rev() > 0 && !record.deleted {
            return None;
        }
        let mut content = record.content();
        for held in self.waiting(&op.record) {
            content.extend(self.held[held].op.fields.clone());
        }
        content.extend(op.fields.clone());
        content.retain(|_, value| !value.is_null());
        (!is_whole(op.record.collection, &content)).then_some("incomplete")
    }

    fn hold(&mut self, op: Op, status: &'static str, reason: Option<&'static str>) {
        self.held.push(Held { op, status, reason, state: "open", settled_by: None, was_rev: None });
    }

    /// What is parked of a record and has made no rev, the oldest first.
    fn waiting(&self, record: &Rec) -> Vec<usize> {
        let waits = |held: &Held| held.op.record == *record && held.status == "parked" && held.state == "open";
        (0..self.held.len()).filter(|n| waits(&self.held[*n]) && self.held[*n].was_rev.is_none()).collect()
    }

    /// Merges an operation that nothing holds up: `applied` or `merged`, and the conflicts that it makes.
    fn accept(&mut self, op: Op) -> Check<(&'static str, Vec<Conflict>)> {
        let rec = op.record.clone();
        let record = &self.records[&rec];
        let (fresh, restores) = (record.rev() == 0, record.deleted && !op.delete);
        let unseen = record.unseen(&op);
        if op.delete {
            return Ok((self.delete(op, &unseen)?, Vec::new()));
        }
        let mut more = !unseen.is_empty();
        let mut conflicts = Vec::new();
        if fresh || restores {
            more |= self.release_waiting(&rec, &mut conflicts)?;
        }
        let own: BTreeMap<_, _> = op.fields.clone().into_iter().filter(|(_, value)| !value.is_null()).collect();
        conflicts.extend(self.add(op)?);
        more |= !conflicts.is_empty();
        if restores {
            more |= json!(self.records[&rec].content()) != json!(own);
        }
        Ok((if more { "merged" } else { "applied" }, conflicts))
    }

    /// One more rev, and the conflicts that it makes.
    fn add(&mut self, op: Op) -> Check<Vec<Conflict>> {
        let seq = self.next_seq(&op.record, self.records[&op.record].rev() + 1)?;
        let record = self.records.get_mut(&op.record).expect("it is there");
        let conflicts = if op.delete { Vec::new() } else { record.conflicts(&op) };
        record.add(op, seq);
        self.conflicts.extend(conflicts.iter().cloned());
        Ok(conflicts)
    }

    fn delete(&mut self, op: Op, unseen: &[u64]) -> Check<&'static str> {
        let record = self.records.get_mut(&op.record).expect("it is there");
        let mut parked = Vec::new();
        for n in unseen {
            let rev = &mut record.revs[*n as usize - 1];
            if !record.deleted && !rev.op.delete && rev.standing == Standing::Counts {
                rev.standing = Standing::Hidden;
                parked.push((*n, rev.op.clone()));
            }
        }
        self.add(op)?;
        let hides = !parked.is_empty();
        for (n, op) in parked {
            self.hold(op, "parked", Some("deleted"));
            self.held.last_mut().expect("one was added").was_rev = Some(n);
        }
        Ok(if hides { "merged" } else { "applied" })
    }

    /// Brings back what waited for the record to live: what a delete hid counts again, what made no rev makes one, with its
    /// stamp. Whether there was anything.
    fn release_waiting(&mut self, rec: &Rec, conflicts: &mut Vec<Conflict>) -> Check<bool> {
        for rev in &mut self.records.get_mut(rec).expect("it is there").revs {
            if rev.standing == Standing::Hidden {
                rev.standing = Standing::Counts;
            }
        }
        let waits = |held: &Held| held.op.record == *rec && held.status == "parked" && held.state == "open";
        let waiting: Vec<usize> = (0..self.held.len()).filter(|n| waits(&self.held[*n])).collect();
        for n in &waiting {
            self.held[*n].state = "released";
            if self.held[*n].was_rev.is_none() {
                conflicts.extend(self.add(self.held[*n].op.clone())?);
            }
        }
        Ok(!waiting.is_empty())
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
    fn check_result(&self, device: &str, op_seq: u64, told: &Told, records: &[Value], result: &Value) -> Check {
        let mut expected = json!({ "op_seq": op_seq, "status": told.status });
        let (mut shown, mut record, mut ids) = (result.clone(), Value::Null, Value::Null);
        if let Some(members) = shown.as_object_mut() {
            record = members.remove("record").unwrap_or_default();
            ids = members.remove("conflicts").unwrap_or_default();
        }
        let in_scope = self.authors[device].scope.contains(&told.record.bucket);
        if in_scope {
            if let Some(reason) = told.reason {
                expected["reason"] = reason.into();
            }
            if let Some((rev, seq)) = told.made {
                (expected["rev"], expected["seq"]) = (rev.into(), seq.into());
            }
        }
        ensure!(super::record::equal(&shown, &expected), "the result must be {expected}: {result}");
        if in_scope && told.status == "merged" {
            ensure!(
                records.iter().any(|one| super::record::equal(one, &record)),
                "its record must be one of {records:?}: {result}"
            );
        } else {
            ensure!(record.is_null(), "it shows a record: {result}");
        }
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
            "the conflicts must be {expected:?}, not {ids:?}: {shown:?}"
        );
        Ok(())
    }
}

impl Conflict {
    /// Whether the server tells the same of it.
    pub(crate) fn is_told_by(&self, shown: &Value) -> bool {
        let side = |side: &super::record::Side, shown: &Value| {
            shown["rev"] == side.rev
                && shown["device"] == side.device
                && super::record::equal(&shown["value"], &side.value)
        };
        shown["record_id"] == self.record.id
            && shown["bucket"] == self.record.bucket
            && shown["collection"] == self.record.collection
            && shown["field"] == self.field
            && super::record::equal(&shown["base"], &self.base)
            && side(&self.current, &shown["current"])
            && side(&self.other, &shown["other"])
    }
}
