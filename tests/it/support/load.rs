//! Phones at work: random pushes of new records, edits and deletes of records that others write too, and operations
//! that are to be held; and a note of all that they were told. `ledger` checks that it is all there.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::cast::{self, PASSWORD};
use super::http::Reply;
use super::op::{Op, Rec};
use super::phone::{Phone, Pushed};
use super::world::World;

/// How many records of a county the phones write in common.
const COMMON: usize = 5;

/// An operation, and what its phone was told of it.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) device: String,
    pub(crate) op: Value,
    pub(crate) result: Value,
}

impl Told {
    pub(crate) fn status(&self) -> &str {
        self.result["status"].as_str().expect("a status")
    }

    pub(crate) fn is_accepted(&self) -> bool {
        ["applied", "merged"].contains(&self.status())
    }

    /// Bucket, collection, id.
    pub(crate) fn record(&self) -> Rec {
        let text = |name: &str| self.op[name].as_str().expect("a text").to_owned();
        let collection = super::op::COLLECTIONS.into_iter().find(|name| *name == self.op["collection"]);
        Rec { bucket: text("bucket"), collection: collection.expect("a collection"), id: text("id") }
    }
}

/// The records that several phones write, by county.
#[derive(Default)]
pub(crate) struct Commons(Mutex<BTreeMap<String, Vec<Rec>>>);

impl Commons {
    fn add(&self, rng: &mut StdRng, record: &Rec) {
        let mut all = self.0.lock().unwrap();
        let here = all.entry(record.bucket.clone()).or_default();
        if here.len() < COMMON {
            here.push(record.clone());
        } else if rng.random_bool(0.2) {
            let place = rng.random_range(0..COMMON);
            here[place] = record.clone();
        }
    }

    fn pick(&self, rng: &mut StdRng, bucket: &str) -> Option<Rec> {
        let all = self.0.lock().unwrap();
        let here = all.get(bucket)?;
        Some(here[rng.random_range(0..here.len())].clone())
    }
}

/// What came of a push.
pub(crate) enum Sent {
    /// It was taken.
    Taken,
    /// It was refused, and is to be sent again.
    Refused(Reply),
    /// There was no answer, so it is to be sent again.
    Unanswered,
}

/// A phone with its worker.
pub(crate) struct Worker<'a> {
    pub(crate) phone: &'a Phone,
    /// Where it works.
    pub(crate) counties: Vec<String>,
    /// A county that is not its own.
    pub(crate) elsewhere: Option<&'static str>,
    /// Operations in one push at most.
    pub(crate) most: usize,
    pub(crate) told: Vec<Told>,
    /// The last push, as long as it has no result.
    pub(crate) pending: Option<Value>,
    commons: &'a Commons,
    rng: StdRng,
    /// The rev that it knows of a record.
    seen: HashMap<String, u64>,
}

impl<'a> Worker<'a> {
    pub(crate) fn new(phone: &'a Phone, counties: &[&str], commons: &'a Commons, seed: u64) -> Self {
        let counties = counties.iter().map(|county| (*county).to_owned()).collect();
        let (rng, seen) = (StdRng::seed_from_u64(seed), HashMap::new());
        Self { phone, counties, elsewhere: None, most: 4, told: Vec::new(), pending: None, commons, rng, seen }
    }

    pub(crate) fn elsewhere(self, county: &'static str) -> Self {
        Self { elsewhere: Some(county), ..self }
    }

    /// Sends what is pending, else something new.
    #[track_caller]
    pub(crate) fn send(&mut self) -> Sent {
        let envelope = self.pending.take().unwrap_or_else(|| self.invent());
        let sent = match self.phone.try_push(&envelope) {
            Some(Ok(pushed)) => {
                self.note(&envelope, &pushed);
                return Sent::Taken;
            }
            Some(Err(reply)) => Sent::Refused(reply),
            None => Sent::Unanswered,
        };
        self.pending = Some(envelope);
        sent
    }

    /// Sends to a server that takes everything.
    #[track_caller]
    pub(crate) fn push(&mut self) {
        match self.send() {
            Sent::Taken => {}
            Sent::Refused(reply) => panic!("a push gave {}: {}", reply.status, reply.text()),
            Sent::Unanswered => panic!("a push had no answer"),
        }
    }

    fn note(&mut self, envelope: &Value, pushed: &Pushed) {
        for (op, result) in envelope["ops"].as_array().expect("ops").iter().zip(pushed.results()) {
            if let (Some(id), Some(rev)) = (op["id"].as_str(), result["rev"].as_u64()) {
                self.seen.insert(id.to_owned(), rev);
            }
            self.told.push(Told { device: self.phone.device.clone(), op: op.clone(), result: result.clone() });
        }
    }

    fn invent(&mut self) -> Value {
        let (first, count) = (self.phone.next(), self.rng.random_range(1..=self.most));
        let ops: Vec<Op> = (first..).take(count).map(|op_seq| self.op(op_seq)).collect();
        self.phone.envelope(ops)
    }

    fn op(&mut self, op_seq: u64) -> Op {
        let county = self.counties[self.rng.random_range(0..self.counties.len())].clone();
        // No other operation says this.
        let mark = mark(&self.phone.device, op_seq);
        let kind = self.rng.random_range(0..100);
        if let (96.., Some(elsewhere)) = (kind, self.elsewhere) {
            return Rec::household(elsewhere).create().field("remarks", mark);
        }
        if kind >= 93 {
            return Rec::household(&county).create().field("remarks", mark).field("people", "five");
        }
        let common = if kind < 35 { None } else { self.commons.pick(&mut self.rng, &county) };
        let Some(record) = common else {
            let collection = if kind < 28 { "households" } else { "interviews" };
            let record = Rec::new(collection, &county);
            self.commons.add(&mut self.rng, &record);
            return record.create().field(marked(collection), mark);
        };
        let op = if kind < 85 {
            let op = record.edit(json!({})).field(marked(record.collection), mark);
            let people = self.rng.random_range(1..9);
            if record.collection == "households" { op.field("people", people) } else { op.field("answers.q1", people) }
        } else {
            record.delete()
        };
        // A rev of before the server was killed, or of nothing: all are good.
        match self.seen.get(&record.id) {
            Some(rev) => op.base(*rev),
            None => op,
        }
    }
}

/// The text of one operation.
pub(crate) fn mark(device: &str, op_seq: u64) -> String {
    format!("{device} {op_seq}")
}

/// The field in which it stands.
pub(crate) fn marked(collection: &str) -> &'static str {
    if collection == "households" { "remarks" } else { "respondent_relation" }
}

/// So many new installations of these users, in turn.
pub(crate) fn crowd(w: &World, users: &[&str], count: usize) -> Vec<Phone> {
    let phone = |name: &&str| {
        let tokens = cast::login(&w.session, name, PASSWORD, Some("one of many"));
        let device = tokens["device"]["id"].as_str().expect("a device");
        Phone::new(&w.session, &tokens, name, &w.cast().users[*name], device)
    };
    users.iter().cycle().take(count).map(phone).collect()
}
