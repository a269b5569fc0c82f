//! The server as `PROTOCOL.md` describes it, in memory, in the plainest way: nothing is reckoned ahead, everything is read
//! out of the list of accepted operations. It shares nothing with the server's code.
//!
//! It goes through the log of a run and says of each answer what it must be. What nobody outside can know, the moment of
//! arrival and the sequence numbers, it takes from what the server tells afterwards, and checks that these obey the rules.

mod pull;
mod push;
pub(crate) mod record;
mod time;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::log::{Deed, Event};
use super::truth::Truth;
use crate::support::Rec;
use record::{Conflict, Op, Record};

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

/// Who uses a device.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) user: String,
    pub(crate) team: Option<String>,
    pub(crate) scope: BTreeSet<String>,
}

pub(crate) struct Model<'t> {
    truth: &'t Truth,
    pub(crate) authors: HashMap<String, Author>,
    pub(crate) records: BTreeMap<Rec, Record>,
    pub(crate) held: Vec<Held>,
    pub(crate) conflicts: Vec<Conflict>,
    /// The highest sequence number of each county.
    heads: BTreeMap<String, u64>,
    devices: HashMap<String, push::Device>,
    cursors: HashMap<(String, String), pull::Cursor>,
}

impl<'t> Model<'t> {
    pub(crate) fn new(truth: &'t Truth, authors: HashMap<String, Author>) -> Self {
        Self {
            truth,
            authors,
            records: BTreeMap::new(),
            held: Vec::new(),
            conflicts: Vec::new(),
            heads: BTreeMap::new(),
            devices: HashMap::new(),
            cursors: HashMap::new(),
        }
    }

    /// Goes on by one event; what was answered must be what the protocol says.
    pub(crate) fn happen(&mut self, event: &Event) -> Check {
        match &event.deed {
            Deed::Push { device, envelope, answers } => {
                let window = (event.sent.timestamp_millis(), event.answered.timestamp_millis());
                self.push(device, envelope, answers, window)
            }
            Deed::Pull { device, asked, answer } => self.pull(device, asked, answer),
        }
    }

    /// Live records of a county, with what is sent of each.
    pub(crate) fn live(&self, bucket: &str) -> impl Iterator<Item = (&Rec, &Record)> {
        let alive = move |(rec, record): &(&Rec, &Record)| rec.bucket == bucket && !record.deleted && record.rev() > 0;
        self.records.iter().filter(alive)
    }

    /// The sequence number of the next rev of a record, as the server tells it; it must be above all before it.
    fn next_seq(&mut self, record: &Rec, rev: u64) -> Check<u64> {
        let told = self.truth.rev(record, rev).and_then(|entry| entry["seq"].as_u64());
        let seq = told.ok_or_else(|| format!("{record:?} must have a rev {rev}, and has none"))?;
        let head = self.heads.entry(record.bucket.clone()).or_default();
        ensure!(seq > *head, "rev {rev} of {record:?} has seq {seq}, and the county had reached {head} before");
        *head = seq;
        Ok(seq)
    }
}

/// Milliseconds since 1970 of a time on the wire.
pub(crate) fn millis(value: &Value) -> Check<i64> {
    let text = value.as_str().ok_or_else(|| format!("not a time: {value}"))?;
    let time = crate::support::time::Time::parse_from_rfc3339(text).map_err(|e| format!("{text}: {e}"))?;
    Ok(time.timestamp_millis())
}
