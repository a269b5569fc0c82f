//! The server as `PROTOCOL.md` describes it, in memory, in the plainest way: nothing is reckoned ahead, everything is read
//! out of the list of accepted operations. It shares nothing with the server's code.
//!
//! It goes through the log of a run and says of each answer what it must be. What nobody outside can know, the moment of
//! arrival and the sequence numbers, it takes from what the server tells afterwards, and checks that these obey the rules.

mod merge;
mod pull;
mod push;
pub(crate) mod record;
mod scope;
mod settle;
mod time;
mod validity;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::log::{Deed, Event};
use super::truth::Truth;
use crate::support::Rec;
use crate::support::time::Time;
use record::{Conflict, Op, Record};
pub(crate) use scope::{Assignment, Facts, Staff};

/// What differs, in words.
pub(crate) type Check<T = ()> = Result<T, String>;

/// Fails with a text unless it holds.
macro_rules! ensure {
    ($holds:expr, $($text:tt)*) => {
        if !$holds {
            return Err(format!($($text)*));
        }
    };
}
pub(crate) use ensure;

/// An operation that a person has to decide on, or had to.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) op: Op,
    pub(crate) status: &'static str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) state: &'static str,
    pub(crate) settled_by: Option<String>,
    /// The rev that it made before a delete hid it.
    pub(crate) was_rev: Option<u64>,
}

#[derive(Clone)]
pub(crate) struct Model<'t> {
    truth: &'t Truth,
    facts: &'t Facts,
    pub(crate) records: BTreeMap<Rec, Record>,
    pub(crate) held: Vec<Held>,
    pub(crate) conflicts: Vec<Conflict>,
    /// The highest sequence number of each county.
    heads: BTreeMap<String, u64>,
    devices: BTreeMap<String, push::Device>,
    cursors: BTreeMap<(String, String), pull::Cursor>,
    assignments: Vec<Assignment>,
    /// By name.
    people: BTreeMap<String, Staff>,
    /// How often a county came into somebody's scope.
    grants: BTreeMap<(String, String), u64>,
}

impl<'t> Model<'t> {
    pub(crate) fn new(truth: &'t Truth, facts: &'t Facts) -> Self {
        let mut model = Self {
            truth,
            facts,
            records: BTreeMap::new(),
            held: Vec::new(),
            conflicts: Vec::new(),
            heads: BTreeMap::new(),
            devices: BTreeMap::new(),
            cursors: BTreeMap::new(),
            assignments: facts.assignments.clone(),
            people: facts.staff.clone(),
            grants: BTreeMap::new(),
        };
        for (device, name) in &facts.devices {
            model.register(device, name);
        }
        model
    }

    fn register(&mut self, device: &str, name: &str) {
        self.devices.insert(device.to_owned(), push::Device::of(name));
    }

    /// Goes through a log. Where the order of what happened at the same moment cannot be told, every order goes on that
    /// explains the answers so far. The models that are left at the end, or what is wrong with which event.
    pub(crate) fn follow(self, log: &[Event]) -> Result<Vec<Self>, (usize, String)> {
        let mut models = vec![self];
        for (n, event) in log.iter().enumerate() {
            let (mut next, mut wrong) = (BTreeMap::new(), String::new());
            for model in models {
                for outcome in model.happen(event) {
                    match outcome {
                        Ok(model) => drop(next.insert(model.fingerprint(), model)),
                        Err(what) => wrong = what,
                    }
                }
            }
            if next.is_empty() {
                return Err((n, wrong));
            }
            models = next.into_values().collect();
        }
        Ok(models)
    }

    /// Goes on by one event, in every order that it may have had; what was answered must be what the protocol says.
    fn happen(self, event: &Event) -> Vec<Check<Self>> {
        let window = (event.sent.timestamp_millis(), event.answered.timestamp_millis());
        if let Deed::Race(pushes) = &event.deed {
            let one_by_one = |order: Vec<usize>| {
                let mut model = self.clone();
                order.into_iter().try_for_each(|n| model.push(&pushes[n], window)).map(|()| model)
            };
            return orders(pushes.len()).into_iter().map(one_by_one).collect();
        }
        let mut model = self;
        let outcome = match &event.deed {
            Deed::Register { device, name } => {
                model.register(device, name);
                Ok(())
            }
            Deed::Push(push) => model.push(push, window),
            Deed::Race(_) => unreachable!("it was done above"),
            Deed::Pull { device, asked, answer } => model.pull(device, asked, answer),
            Deed::Assign { team, county, answer } => model.assign(team, county, answer),
            Deed::Close { answer, .. } => model.close(answer),
            Deed::Revoke { device, mode } => {
                model.devices.get_mut(device).expect("it is known").revoked = Some(mode);
                Ok(())
            }
            Deed::Move { name, team } => {
                model.change_team(name, team);
                Ok(())
            }
            Deed::Online { record, fields, user, answer } => {
                model.online(record, fields.as_ref(), user, answer, window)
            }
            Deed::Settle { held, twin, how, user, answer } => model.settle((held, *twin), how, user, answer),
            Deed::Resolve { conflict, body, user, answer } => model.resolve(conflict, body, user, answer, window),
        };
        vec![outcome.map(|()| model)]
    }

    /// Two models with the same one go on alike.
    fn fingerprint(&self) -> u64 {
        let mut held: Vec<&Held> = self.held.iter().collect();
        held.sort_by_key(|held| &held.op.record);
        let mut conflicts: Vec<String> = self.conflicts.iter().map(|conflict| format!("{conflict:?}")).collect();
        conflicts.sort();
        let mut hash = DefaultHasher::new();
        format!("{held:?} {conflicts:?} {:?} {:?} {:?}", self.records, self.devices, self.cursors).hash(&mut hash);
        hash.finish()
    }

    /// Live records of a county, with what is sent of each.
    pub(crate) fn live(&self, bucket: &str) -> impl Iterator<Item = (&Rec, &Record)> {
        let alive = move |(rec, record): &(&Rec, &Record)| rec.bucket == bucket && !record.deleted && record.rev() > 0;
        self.records.iter().filter(alive)
    }

    /// The sequence number of the next rev of a record, as the server tells it; it must be above all before it.
    fn next_seq(&mut self, record: &Rec) -> Check<u64> {
        let rev = self.records[record].rev() + 1;
        let told = self.truth.rev(record, rev).and_then(|entry| entry["seq"].as_u64());
        let seq = told.ok_or_else(|| format!("{record:?} must have a rev {rev}, and has none"))?;
        let head = self.heads.entry(record.bucket.clone()).or_default();
        ensure!(seq > *head, "rev {rev} of {record:?} has seq {seq}, and the county had reached {head} before");
        *head = seq;
        Ok(seq)
    }
}

/// Every order of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let insert = |order: Vec<usize>| {
        (0..count).map(move |place| {
            let mut order = order.clone();
            order.insert(place, count - 1);
            order
        })
    };
    orders(count - 1).into_iter().flat_map(insert).collect()
}

/// Milliseconds since 1970 of a time on the wire.
pub(crate) fn millis(value: &Value) -> Check<i64> {
    let text = value.as_str().ok_or_else(|| format!("not a time: {value}"))?;
    let time = Time::parse_from_rfc3339(text).map_err(|e| format!("{text}: {e}"))?;
    Ok(time.timestamp_millis())
}
