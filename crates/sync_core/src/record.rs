//! What the server holds of one record: its content, who wrote each value, and its past.
//!
//! A record that was written once is its content and one [`Written`]; all else is kept only where it differs from that.

use crate::fields::{Edits, Fields};
use crate::stamp::Stamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Who made an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author {
    pub device: Uuid,
    pub user: Uuid,
    /// The user's team at that time.
    pub team: Option<Uuid>,
}

/// One accepted operation, as far as it is the same for every kind. Times are milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    pub rev: u64,
    pub seq: u64,
    pub stamp: Stamp,
    pub author: Author,
    /// The corrected time.
    pub at: i64,
    /// What the device's wall clock said.
    pub claimed: Option<i64>,
    /// When the server received it.
    pub received: i64,
}

/// Which operation gave a field its present value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    pub rev: u64,
    pub stamp: Stamp,
    pub device: Uuid,
}

impl Tag {
    /// The winner relation: a strict total order, because a device never issues a stamp twice.
    pub fn beats(&self, other: &Self) -> bool {
        (self.stamp, self.device) > (other.stamp, other.device)
    }
}

impl Written {
    pub fn tag(&self) -> Tag {
        Tag { rev: self.rev, stamp: self.stamp, device: self.author.device }
    }
}

/// What one operation said of one field, and what stood there before: a reverse delta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    pub name: String,
    pub value: Option<String>,
    pub before: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Upsert,
    Delete,
}

/// An accepted operation of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    pub written: Written,
    pub kind: Kind,
    /// `None` for a first rev that cleared nothing: what it said is what later ones found there. Those of a delete are
    /// of what was set aside while it was the latest; it says nothing.
    pub touches: Option<Vec<Touch>>,
    /// Set aside by a person after a delete had parked it: no part of the content any more.
    pub discarded: bool,
}

/// The writers of the fields, where they are not simply the first operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registers {
    /// The first operation: the writer of every present field without a tag of its own.
    pub origin: Tag,
    /// The highest stamp of any write to the record.
    pub highest: Stamp,
    /// The revs from here on were all sent by the device of the latest, which knows of them: not released by a person.
    pub run_from: u64,
    /// Fields that were written later, or cleared.
    pub tags: BTreeMap<String, Tag>,
}

impl Registers {
    /// Those of a record whose first operation cleared nothing.
    pub fn of_first(first: &Written) -> Self {
        let origin = first.tag();
        Self { origin, highest: origin.stamp, run_from: 1, tags: BTreeMap::new() }
    }

    /// Which write a field's present value (or absence) comes from; `None` if nobody ever wrote it.
    pub fn tag(&self, name: &str, fields: &Fields) -> Option<Tag> {
        self.tags.get(name).copied().or_else(|| fields.get(name).map(|_| self.origin))
    }
}

/// A record as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The latest accepted operation.
    pub last: Written,
    /// The latest operation was a delete; `fields` is then what a restore brings back.
    pub deleted: bool,
    pub fields: Fields,
    pub registers: Registers,
    /// What the latest operation said; `None` for a first rev that cleared nothing.
    pub touches: Option<Vec<Touch>>,
}

impl Record {
    /// Whether an operation by `device` with this (effective) base can be merged only with the record's past at hand:
    /// when writes that it does not know of lie between what it had seen and now.
    pub fn needs_past(&self, base: u64, device: Uuid) -> bool {
        base < self.last.rev && !(self.last.author.device == device && base + 1 >= self.registers.run_from)
    }

    pub fn kind(&self) -> Kind {
        if self.deleted { Kind::Delete } else { Kind::Upsert }
    }

    /// The latest operation, as an element of the past.
    pub fn last_as_past(&self) -> Past {
        Past { written: self.last, kind: self.kind(), touches: self.touches.clone(), discarded: false }
    }
}

/// What each operation of a record said, in the order of revs, `past` being everything before `record.last`.
pub fn sayings(record: &Record, past: &[Past]) -> Vec<(Past, Edits)> {
    let mut all: Vec<Past> = past.to_vec();
    all.push(record.last_as_past());
    let first = first_saying(record, &all);
    all.into_iter()
        .map(|op| {
            let edits = match &op.touches {
                _ if op.kind == Kind::Delete => Edits::default(),
                Some(touches) => touches.iter().map(|t| (&t.name, t.value.as_deref())).collect(),
                None => first.clone(),
            };
            (op, edits)
        })
        .collect()
}

/// What a first operation set, where it is not written down: what the earliest later touch found, or what still stands.
fn first_saying(record: &Record, all: &[Past]) -> Edits {
    let mut found: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for touch in all.iter().filter_map(|op| op.touches.as_ref()).flatten() {
        found.entry(&touch.name).or_insert(touch.before.as_deref());
    }
    for (name, value) in record.fields.iter() {
        found.entry(name).or_insert(Some(value));
    }
    found.into_iter().filter(|(_, value)| value.is_some()).collect()
}
