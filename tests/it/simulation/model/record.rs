//! One record by the letter of section 4: every accepted operation is kept, and what stands is read out of all of them
//! each time it is asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::support::{Rec, jcs};

/// An operation as it counts: with its stamp.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    /// What it was sent as; `null` for a write made on the server.
    pub(crate) raw: Value,
    pub(crate) record: Rec,
    pub(crate) device: String,
    pub(crate) user: String,
    pub(crate) team: Option<String>,
    pub(crate) delete: bool,
    /// Flat, nulls included.
    pub(crate) fields: BTreeMap<String, Value>,
    pub(crate) base: u64,
    /// 48 bits of milliseconds, 16 of counter.
    pub(crate) stamp: u64,
    /// The corrected time, in milliseconds.
    pub(crate) at: i64,
    pub(crate) claimed: Option<i64>,
    pub(crate) corrected: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Standing {
    Counts,
    /// Parked by a delete that had not seen it.
    Hidden,
    /// Discarded by a person when the record had so many revs.
    SetAside(u64),
}

#[derive(Clone, Debug)]
pub(crate) struct Rev {
    pub(crate) op: Op,
    pub(crate) seq: u64,
    pub(crate) standing: Standing,
    /// Its author was shown the record with the result.
    pub(crate) shown: bool,
    /// A person released it: its author knows nothing of that.
    pub(crate) released: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// Rev 1 first.
    pub(crate) revs: Vec<Rev>,
    pub(crate) deleted: bool,
}

/// A field conflict as it is recorded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conflict {
    pub(crate) settled_by: Option<String>,
    pub(crate) record: Rec,
    pub(crate) field: String,
    pub(crate) base: Value,
    pub(crate) current: Side,
    pub(crate) other: Side,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Side {
    pub(crate) value: Value,
    pub(crate) device: String,
    pub(crate) rev: u64,
}

/// Numbers are equal when they are the same number, however they were written.
pub(crate) fn equal(one: &Value, other: &Value) -> bool {
    jcs::canonical(one) == jcs::canonical(other)
}

impl Record {
    pub(crate) fn rev(&self) -> u64 {
        self.revs.len() as u64
    }

    pub(crate) fn lives(&self) -> bool {
        self.rev() > 0 && !self.deleted
    }

    pub(crate) fn last(&self) -> Option<&Rev> {
        self.revs.last()
    }

    /// The rev whose value of `name` has the highest (stamp, device), of all up to `rev` that count.
    fn winner(&self, name: &str, upto: u64) -> Option<(u64, &Rev)> {
        let named = (1..=upto).zip(&self.revs).filter(|(_, rev)| {
            let aside = matches!(rev.standing, Standing::SetAside(since) if upto >= since);
            !aside && !rev.op.delete && rev.op.fields.contains_key(name)
        });
        named.max_by_key(|(n, rev)| (rev.op.stamp, &rev.op.device, *n))
    }

    pub(crate) fn value(&self, name: &str, upto: u64) -> Value {
        self.winner(name, upto).map_or(Value::Null, |(_, rev)| rev.op.fields[name].clone())
    }

    /// The rev that gave the present value.
    pub(crate) fn is_current(&self, name: &str, rev: u64) -> bool {
        self.winner(name, self.rev()).is_some_and(|(n, _)| n == rev)
    }

    /// What stands, or stood when it was deleted.
    pub(crate) fn content(&self) -> Map<String, Value> {
        let names: BTreeSet<&String> = self.revs.iter().flat_map(|rev| rev.op.fields.keys()).collect();
        let values = names.into_iter().map(|name| (name.clone(), self.value(name, self.rev())));
        values.filter(|(_, value)| !value.is_null()).collect()
    }

    /// What the server sends.
    pub(crate) fn fields(&self) -> Value {
        if self.deleted { json!({}) } else { self.content().into() }
    }

    pub(crate) fn digest(&self, record: &Rec) -> String {
        jcs::digest(&record.bucket, record.collection, &record.id, self.rev(), &self.fields())
    }

    /// `base` as it counts: above the current rev it is none.
    pub(crate) fn seen_upto(&self, base: u64) -> u64 {
        if base > self.rev() { 0 } else { base }
    }

    /// The highest stamp of any write up to `base`.
    pub(crate) fn floor(&self, base: u64) -> Option<u64> {
        self.revs[..self.seen_upto(base) as usize].iter().map(|rev| rev.op.stamp).max()
    }

    /// Whether `op` was made with sight of the latest delete.
    pub(crate) fn saw_delete(&self, op: &Op) -> bool {
        let deletes = (1..).zip(&self.revs).filter(|(_, rev)| rev.op.delete);
        deletes.last().is_none_or(|(n, rev)| n <= self.seen_upto(op.base) || rev.op.device == op.device)
    }

    /// The revs of others that the author of `op` had not seen.
    pub(crate) fn unseen(&self, op: &Op) -> Vec<u64> {
        let after = (1..).zip(&self.revs).skip(self.seen_upto(op.base) as usize);
        after.filter(|(_, rev)| rev.op.device != op.device).map(|(n, _)| n).collect()
    }

    /// Whether there are revs that the device of `op` does not know of.
    pub(crate) fn has_news(&self, op: &Op) -> bool {
        let mut after = self.revs.iter().skip(self.seen_upto(op.base) as usize);
        after.any(|rev| rev.op.device != op.device || rev.released)
    }

    /// The conflicts that `op` makes as the next rev.
    pub(crate) fn conflicts(&self, op: &Op) -> Vec<Conflict> {
        let (seen, next) = (self.seen_upto(op.base), self.rev() + 1);
        let against = |(name, value): (&String, &Value)| {
            let (rev, present) = self.winner(name, self.rev())?;
            if rev <= seen || present.op.device == op.device || equal(&present.op.fields[name], value) {
                return None;
            }
            let old = Side { value: present.op.fields[name].clone(), device: present.op.device.clone(), rev };
            let new = Side { value: value.clone(), device: op.device.clone(), rev: next };
            let wins = (op.stamp, &op.device) > (present.op.stamp, &present.op.device);
            let (current, other) = if wins { (new, old) } else { (old, new) };
            let base = self.value(name, seen);
            Some(Conflict { record: op.record.clone(), field: name.clone(), base, current, other, settled_by: None })
        };
        op.fields.iter().filter_map(against).collect()
    }

    /// The content as a device thinks that it is, which had seen all up to `base`, and since then nothing but its own and
    /// what it was shown with the results.
    pub(crate) fn as_thought_by(&self, device: &str, base: u64) -> Value {
        let revs = (1..).zip(&self.revs);
        let own = revs.filter(|(n, rev)| rev.op.device == device && *n > self.seen_upto(base));
        let shown = own.clone().filter(|(_, rev)| rev.shown).last().map_or(self.seen_upto(base), |(n, _)| n);
        let known = &self.revs[..shown as usize];
        let mut content = BTreeMap::new();
        if known.last().is_none_or(|rev| !rev.op.delete) {
            let named = known.iter().flat_map(|rev| rev.op.fields.keys());
            content.extend(named.map(|name| (name, self.value(name, shown))));
        }
        for (_, rev) in own.filter(|(n, rev)| *n > shown && !rev.released) {
            if rev.op.delete {
                content.clear();
            }
            content.extend(rev.op.fields.iter().map(|(name, value)| (name, value.clone())));
        }
        content.retain(|_, value| !value.is_null());
        json!(content)
    }

    pub(crate) fn add(&mut self, op: Op, seq: u64) {
        self.deleted = op.delete;
        self.revs.push(Rev { op, seq, standing: Standing::Counts, shown: false, released: false });
    }
}

/// `"answers": {…}` means its entries.
pub(crate) fn flat(fields: &Value) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    for (name, value) in fields.as_object().into_iter().flatten() {
        match value {
            Value::Object(entries) if name == "answers" => {
                flat.extend(entries.iter().map(|(key, value)| (format!("answers.{key}"), value.clone())));
            }
            _ => drop(flat.insert(name.clone(), value.clone())),
        }
    }
    flat
}
