//! A phone as section 2 and 5 want it: an outbox, a copy of what it pulled, the rev that it knows of each record, and a
//! clock that may be anything.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::plan::{Clock, Fault, Made, Told};
use crate::support::http::Session;
use crate::support::time::Time;
use crate::support::{Mirror, Phone, Rec, ms, now, wire};

#[derive(Clone)]
pub(crate) struct Client {
    /// Who of the cast has it.
    pub(crate) name: String,
    pub(crate) session: Session,
    pub(crate) device: String,
    next: u64,
    pub(crate) outbox: Vec<Value>,
    pub(crate) mirror: Mirror,
    /// The rev that the server last gave of a record.
    known: BTreeMap<(String, String), u64>,
    clock: Clock,
    started: Time,
    boots: u32,
    /// The counties that its cursor has.
    given: BTreeSet<String>,
    /// The cursors that it had, each with its counties.
    cursors: Vec<(String, BTreeSet<String>)>,
    backup: Option<Box<Self>>,
    /// It was told to push, or to forget everything.
    pub(crate) revoked: Option<&'static str>,
}

/// The record's key on the phone.
fn key(bucket: &Value, id: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(bucket), text(id))
}

impl Client {
    pub(crate) fn new(phone: &Phone) -> Self {
        Self {
            name: phone.name.clone(),
            session: phone.session.clone(),
            device: phone.device.clone(),
            next: 1,
            outbox: Vec::new(),
            mirror: Mirror::of(phone),
            known: BTreeMap::new(),
            clock: Clock { ahead: 0, mono: true, reboot: false, silent: false },
            started: now(),
            boots: 0,
            given: BTreeSet::new(),
            cursors: Vec::new(),
            backup: None,
            revoked: None,
        }
    }

    /// Puts a copy away.
    pub(crate) fn back_up(&mut self) {
        self.backup = None;
        self.backup = Some(Box::new(self.clone()));
    }

    /// Becomes what it was when the copy was made; its clock goes on.
    pub(crate) fn restore(&mut self) {
        if let Some(backup) = self.backup.take() {
            let (clock, started, boots) = (self.clock, self.started, self.boots);
            *self = Self { clock, started, boots, revoked: self.revoked, ..*backup };
        }
    }

    /// Goes on as another device, with what has no result yet, and pulls from the beginning.
    pub(crate) fn become_device(&mut self, phone: &Phone) {
        self.session = phone.session.clone();
        self.device.clone_from(&phone.device);
        self.mirror = Mirror::of(phone);
        self.given.clear();
        self.cursors.clear();
        self.backup = None;
        self.next = 1;
        for op in &mut self.outbox {
            op["op_seq"] = self.next.into();
            self.next += 1;
        }
    }

    /// Goes back to the cursor of so many pages ago, if there is one, and on from there.
    pub(crate) fn go_back(&mut self, back: usize) {
        if back < self.cursors.len() {
            self.cursors.truncate(self.cursors.len() - back);
            if let Some((cursor, given)) = self.cursors.pop() {
                (self.mirror.cursor, self.given) = (Some(cursor), given);
            }
        }
    }

    /// What it holds of counties that its cursor has not: of these, no answer can tell that they were taken away.
    pub(crate) fn in_doubt(&self) -> Vec<&str> {
        self.mirror.names().into_iter().filter(|name| !self.given.contains(*name)).collect()
    }

    pub(crate) fn set_clock(&mut self, clock: Clock) {
        if clock.reboot {
            self.started = now();
            self.boots += 1;
        }
        self.clock = clock;
    }

    /// What its clock says at `time`.
    fn reading(&self, time: Time) -> Value {
        let mut reading = json!({ "wall": wire(time + ms(self.clock.ahead)) });
        if self.clock.mono {
            reading["mono"] = (time - self.started).num_milliseconds().into();
            reading["boot"] = format!("boot {}", self.boots).into();
        }
        reading
    }

    /// Whether the phone has the record, or made it.
    fn has(&self, record: &Rec) -> bool {
        let made = |op: &Value| op["id"] == record.id && op["bucket"] == record.bucket && op["kind"] == "upsert";
        self.known.contains_key(&(record.bucket.clone(), record.id.clone())) || self.outbox.iter().any(made)
    }

    pub(crate) fn edit(&mut self, record: &Rec, fields: &Value, partial: bool, made: Made) {
        let mut whole = if partial || self.has(record) { json!({}) } else { super::plan::whole(record) };
        for (name, value) in fields.as_object().expect("fields are an object") {
            whole[name] = value.clone();
        }
        self.enqueue(record, "upsert", Some(whole), made);
    }

    pub(crate) fn delete(&mut self, record: &Rec, made: Made) {
        self.enqueue(record, "delete", None, made);
    }

    pub(crate) fn spoil(&mut self, record: &Rec, fault: Fault, made: Made) {
        let mut fields = super::plan::whole(record);
        let mut record = record.clone();
        match fault {
            Fault::Type => fields["level"] = 7.into(),
            Fault::UnknownField => fields["unheard_of"] = 1.into(),
            Fault::Cleared => fields.as_object_mut().expect("an object").values_mut().for_each(|v| *v = Value::Null),
            Fault::UnknownBucket => record.bucket = "999999".into(),
            Fault::UnknownCollection => record.collection = "hamlets",
        }
        self.enqueue(&record, "upsert", Some(fields), made);
    }

    fn enqueue(&mut self, record: &Rec, kind: &str, fields: Option<Value>, made: Made) {
        let mut op = json!({ "op_seq": self.next, "kind": kind, "bucket": record.bucket,
            "collection": record.collection, "id": record.id });
        match made.told {
            Told::Rightly => op["at"] = self.reading(now() - ms(made.ago)),
            Told::Nothing => {}
            Told::Nonsense => op["at"] = json!({ "wall": "in the morning", "mono": 1, "boot": "boot 0" }),
        }
        if let Some(rev) = self.known.get(&(record.bucket.clone(), record.id.clone())) {
            op["base"] = (*rev).into();
        }
        if let Some(fields) = fields {
            op["fields"] = fields;
        }
        self.next += 1;
        self.outbox.push(op);
    }

    /// A push of the oldest `most`.
    pub(crate) fn envelope(&self, most: usize) -> Value {
        let mut envelope = json!({ "schema": 1, "ops": self.outbox[..most.min(self.outbox.len())] });
        if !self.clock.silent {
            envelope["clock"] = self.reading(now());
        }
        envelope
    }

    /// Takes in the answer to a push that was done.
    pub(crate) fn answered(&mut self, answer: &Value) {
        for result in answer["results"].as_array().into_iter().flatten() {
            let Some(place) = self.outbox.iter().position(|op| op["op_seq"] == result["op_seq"]) else { continue };
            let op = self.outbox.remove(place);
            if let ("applied" | "merged", Some(rev)) =
                (result["status"].as_str().unwrap_or_default(), result["rev"].as_u64())
            {
                self.learn(key(&op["bucket"], &op["id"]), rev);
            }
        }
    }

    fn learn(&mut self, record: (String, String), rev: u64) {
        let known = self.known.entry(record).or_default();
        *known = rev.max(*known);
    }

    /// Takes in a page.
    pub(crate) fn pulled(&mut self, page: &Value, limit: usize) {
        self.mirror.limit = limit;
        self.cursors.extend(self.mirror.cursor.clone().map(|cursor| (cursor, self.given.clone())));
        self.mirror.take(page);
        for part in page["buckets"].as_array().into_iter().flatten() {
            self.given.extend(part["bucket"].as_str().map(str::to_owned));
        }
        for gone in page["revoked"].as_array().into_iter().flatten() {
            self.given.remove(gone.as_str().unwrap_or_default());
        }
        let lost = |bucket: &str| {
            let reset = |part: &Value| part["bucket"] == bucket && part["reset"] == true;
            page["revoked"].as_array().is_some_and(|list| list.contains(&bucket.into()))
                || page["buckets"].as_array().is_some_and(|list| list.iter().any(reset))
        };
        self.known.retain(|(bucket, _), _| !lost(bucket));
        for part in page["buckets"].as_array().into_iter().flatten() {
            for change in part["changes"].as_array().into_iter().flatten() {
                self.learn(key(&part["bucket"], &change["id"]), change["rev"].as_u64().unwrap_or_default());
            }
        }
    }
}
