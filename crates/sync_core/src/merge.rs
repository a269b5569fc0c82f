//! The merge through which every write goes (protocol, section 4). A [`Subject`] is one record with as much of its past
//! and its waiting operations as the arriving operations need; the caller loads it, lets it [`Subject::accept`] one
//! operation after the other, and stores what became of it.

use crate::fields::{Edits, Fields};
use crate::record::{Author, Kind, Past, Record, Registers, Tag, Touch, Written, sayings};
use crate::stamp::Stamp;
use std::sync::Arc;
use uuid::Uuid;

/// What an operation wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Shared, because an operation is handed on from hand to hand while it is merged.
    Upsert(Arc<Edits>),
    Delete,
}

/// A valid operation in scope. Times as in [`Written`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Op {
    pub change: Change,
    /// The rev that its author had seen; 0 for none. Not above the record's rev: see [`Subject::effective_base`].
    pub base: u64,
    pub stamp: Stamp,
    pub author: Author,
    pub at: i64,
    pub claimed: Option<i64>,
    pub received: i64,
    /// A person decided that it holds: it is never parked, and restores its record if need be.
    pub released: bool,
    /// A field that the server gives a new record when its author leaves it out.
    pub fill: Option<(String, String)>,
}

/// An operation that is held until its record is there again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// It came when the record was deleted, or not yet there.
    Arrived(Op),
    /// It had been accepted as this rev, and a delete that had not seen it parked it.
    Hidden { rev: u64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Deleted,
    Incomplete,
}

/// One of the two values of a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    pub value: Option<String>,
    pub written: Written,
}

/// Two people wrote different values into one field, unseen by each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub field: String,
    /// What stood there when the arriving operation's author last looked.
    pub base: Option<String>,
    pub current: Side,
    pub other: Side,
}

/// What became of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Accepted(Accepted),
    Parked(Reason),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted {
    pub rev: u64,
    pub seq: u64,
    /// There is something in the record that the author cannot know of.
    pub merged: bool,
    pub conflicts: Vec<Conflict>,
    /// Revs that this delete had not seen: they are parked now.
    pub hidden: Vec<u64>,
    /// The ids of waiting operations that are part of the record now.
    pub released: Vec<Uuid>,
}

/// One record under merge.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    record: Option<Record>,
    /// Ascending, everything before `record.last` that is at hand.
    past: Vec<Past>,
    /// How many of `past` were there at loading.
    stored: usize,
    /// The rev and the highest stamp at loading.
    loaded: Option<(u64, Stamp)>,
    waiting: Vec<(Uuid, Waiting)>,
    /// The record's content was rebuilt without being written.
    rebuilt: bool,
}

impl Subject {
    /// `past` is everything before `record.last`, or empty where [`Record::needs_past`] allows it. `waiting` are the
    /// open parked operations of the record in the order of their arrival.
    pub fn new(record: Option<Record>, past: Vec<Past>, waiting: Vec<(Uuid, Waiting)>) -> Self {
        let loaded = record.as_ref().map(|r| (r.last.rev, r.registers.highest));
        Self { stored: past.len(), record, past, loaded, waiting, rebuilt: false }
    }

    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// A base above the record's rev counts as absent.
    pub fn effective_base(&self, base: Option<u64>) -> u64 {
        let rev = self.record.as_ref().map_or(0, |r| r.last.rev);
        base.filter(|base| *base <= rev).unwrap_or(0)
    }

    /// The highest stamp of any write up to `base`: what the author of an operation had seen.
    pub fn seen(&self, base: u64) -> Option<Stamp> {
        if base == 0 {
            return None;
        }
        let known = self.operations().filter(|w| w.rev <= base).map(|w| w.stamp).max();
        // Without the past at hand, nothing but the author's own writes lies above `base` at loading, and those count
        // through the author's previous stamp anyway.
        let before = self.loaded.filter(|_| self.stored == 0).map(|(_, highest)| highest);
        known.max(before)
    }

    /// Merges `op`; `seq` is the bucket's last sequence number and grows by one for each rev. `required` are the fields
    /// without which a record cannot begin to live.
    pub fn accept(&mut self, op: &Op, required: &[&str], seq: &mut u64) -> Outcome {
        match &op.change {
            Change::Delete => Outcome::Accepted(self.delete(op, seq)),
            Change::Upsert(edits) => self.upsert(op, edits, required, seq),
        }
    }

    /// Adds an operation that was just parked.
    pub fn park(&mut self, id: Uuid, waiting: Waiting) {
        self.waiting.push((id, waiting));
    }

    /// Takes a waiting operation out, to release or to discard it.
    pub fn take_waiting(&mut self, id: Uuid) -> Option<Waiting> {
        let index = self.waiting.iter().position(|(present, _)| *present == id)?;
        Some(self.waiting.remove(index).1)
    }

    /// The operation that became `rev`, as it would be sent again. Needs the whole past.
    pub fn operation(&self, rev: u64) -> Option<Op> {
        self.operations_of(&[rev]).pop().map(|(_, op)| op)
    }

    /// [`Subject::operation`] for many revs (ascending), with their numbers: the past is gone through once.
    pub fn operations_of(&self, revs: &[u64]) -> Vec<(u64, Op)> {
        let Some(record) = self.record.as_ref().filter(|_| !revs.is_empty()) else { return Vec::new() };
        let wanted =
            sayings(record, &self.past).into_iter().filter(|(past, _)| revs.binary_search(&past.written.rev).is_ok());
        let operation = |(past, edits): (Past, Edits)| {
            let w = past.written;
            let change = if past.kind == Kind::Delete { Change::Delete } else { Change::Upsert(Arc::new(edits)) };
            let op = Op {
                change,
                base: w.rev - 1,
                stamp: w.stamp,
                author: w.author,
                at: w.at,
                claimed: w.claimed,
                received: w.received,
                released: false,
                fill: None,
            };
            (w.rev, op)
        };
        wanted.map(operation).collect()
    }

    /// Sets the operation that became `rev` aside: the content of the (deleted) record becomes what it is without it.
    /// Needs the whole past.
    pub fn discard(&mut self, rev: u64) {
        let Some(record) = &mut self.record else { return };
        if let Some(past) = self.past.iter_mut().find(|past| past.written.rev == rev) {
            past.discarded = true;
        }
        let said = sayings(record, &self.past);
        let (mut fields, mut tags) = (Fields::default(), std::collections::BTreeMap::<String, Tag>::new());
        for (past, edits) in said.iter().filter(|(past, _)| !past.discarded) {
            let tag = past.written.tag();
            let wins = |(name, _): &(&str, _)| tags.get(*name).is_none_or(|present| !present.beats(&tag));
            let winning: Vec<_> = edits.iter().filter(wins).collect();
            fields.apply(winning.iter().copied());
            tags.extend(winning.into_iter().map(|(name, _)| (name.to_owned(), tag)));
        }
        // No rev tells of what changes here. The delete keeps what stood before, for those who had seen that.
        let touches = record.touches.get_or_insert_default();
        for (name, _) in said.iter().filter(|(past, _)| past.written.rev == rev).flat_map(|(_, edits)| edits.iter()) {
            let before = record.fields.get(name);
            if before != fields.get(name) {
                touches.push(Touch { name: name.to_owned(), value: None, before: before.map(str::to_owned) });
            }
        }
        record.fields = fields;
        record.registers.tags = tags;
        self.rebuilt = true;
    }

    /// The revs that were made since loading and are not the latest any more, and the latest of loading if it was
    /// overtaken: what history has to take in.
    pub fn overtaken(&self) -> &[Past] {
        &self.past[self.stored..]
    }

    /// Everything before the latest operation that is at hand.
    pub fn past(&self) -> &[Past] {
        &self.past
    }

    /// Whether there is anything to store of the record itself.
    pub fn is_changed(&self) -> bool {
        self.rebuilt || self.record.as_ref().map(|r| r.last.rev) != self.loaded.map(|(rev, _)| rev)
    }

    pub fn is_new(&self) -> bool {
        self.loaded.is_none()
    }

    fn operations(&self) -> impl Iterator<Item = &Written> {
        self.past.iter().map(|past| &past.written).chain(self.record.as_ref().map(|r| &r.last))
    }

    fn written(&self, rev: u64) -> Option<Written> {
        self.operations().find(|w| w.rev == rev).copied()
    }

    /// Whether something was written after what the author of `op` had seen that its device does not know of.
    fn has_unseen(&self, op: &Op) -> bool {
        self.record.as_ref().is_some_and(|record| record.needs_past(op.base, op.author.device))
    }

    fn delete(&mut self, op: &Op, seq: &mut u64) -> Accepted {
        let mut hidden = Vec::new();
        if let Some(record) = self.record.as_ref().filter(|r| !r.deleted) {
            let unseen = |past: &Past| {
                let w = &past.written;
                past.kind == Kind::Upsert && !past.discarded && w.rev > op.base && w.author.device != op.author.device
            };
            hidden.extend(self.past.iter().filter(|past| unseen(past)).map(|past| past.written.rev));
            let last = record.last_as_past();
            hidden.extend(unseen(&last).then_some(last.written.rev));
        }
        let written = self.next(op, seq);
        match self.record.take() {
            Some(mut record) => {
                self.overtake(&mut record, op, written, Some(Vec::new()));
                record.deleted = true;
                self.record = Some(record);
            }
            None => {
                self.record = Some(Record {
                    last: written,
                    deleted: true,
                    fields: Fields::default(),
                    registers: first(op, &written),
                    touches: None,
                });
            }
        }
        Accepted { rev: written.rev, seq: written.seq, merged: !hidden.is_empty(), hidden, ..Accepted::default() }
    }

    fn upsert(&mut self, op: &Op, edits: &Edits, required: &[&str], seq: &mut u64) -> Outcome {
        let alive = self.record.as_ref().is_some_and(|r| !r.deleted);
        if alive {
            let merged = self.has_unseen(op);
            let (rev, conflicts) = self.write(op, edits, seq);
            return Outcome::Accepted(Accepted { rev, seq: *seq, merged, conflicts, ..Accepted::default() });
        }
        if let Some(record) = &self.record {
            let seen = op.base >= record.last.rev || record.last.author.device == op.author.device;
            if !seen && !op.released {
                return Outcome::Parked(Reason::Deleted);
            }
        }
        let filled = self.filled(op, edits);
        let edits = filled.as_ref().unwrap_or(edits);
        if !self.would_be_complete(edits, required) {
            return Outcome::Parked(Reason::Incomplete);
        }
        let mut accepted = Accepted { merged: filled.is_some() || self.has_unseen(op), ..Accepted::default() };
        if let Some(record) = &mut self.record {
            record.deleted = false;
            // The delete becomes past as what it was.
            let mut delete = record.last_as_past();
            delete.kind = Kind::Delete;
            self.past.push(delete);
        }
        for (id, waiting) in std::mem::take(&mut self.waiting) {
            accepted.released.push(id);
            accepted.merged = true;
            if let Waiting::Arrived(held) = waiting
                && let Change::Upsert(held_edits) = &held.change
            {
                let (_, conflicts) = self.write(&held, held_edits, seq);
                accepted.conflicts.extend(conflicts);
            }
        }
        let (rev, conflicts) = self.write(op, edits, seq);
        accepted.conflicts.extend(conflicts);
        // Who restores may have kept nothing of what comes back.
        accepted.merged |= self.record.as_ref().is_some_and(|record| !record.fields.are_set_by(edits));
        Outcome::Accepted(Accepted { rev, seq: *seq, ..accepted })
    }

    /// The edits with what the server gives a new record, where it gives anything.
    fn filled(&self, op: &Op, edits: &Edits) -> Option<Edits> {
        let (name, value) = op.fill.as_ref()?;
        let present = self.record.as_ref().is_some_and(|r| r.fields.get(name).is_some());
        if present || edits.get(name).is_some() {
            return None;
        }
        let mut edits = edits.clone();
        edits.set(name, Some(value));
        Some(edits)
    }

    /// Whether the record would have all it needs with these edits and everything that waits.
    fn would_be_complete(&self, edits: &Edits, required: &[&str]) -> bool {
        let held = self.waiting.iter().filter_map(|(_, waiting)| match waiting {
            Waiting::Arrived(Op { change: Change::Upsert(edits), .. }) => Some(edits.as_ref()),
            _ => None,
        });
        let held: Vec<&Edits> = held.collect();
        required.iter().all(|name| {
            self.record.as_ref().is_some_and(|r| r.fields.get(name).is_some())
                || edits.sets(name)
                || held.iter().any(|edits| edits.sets(name))
        })
    }

    /// Merges the fields of an accepted operation, one last-writer-wins register each.
    fn write(&mut self, op: &Op, edits: &Edits, seq: &mut u64) -> (u64, Vec<Conflict>) {
        let written = self.next(op, seq);
        let tag = written.tag();
        let Some(mut record) = self.record.take() else {
            let mut registers = first(op, &written);
            let cleared = edits.iter().filter(|(_, value)| value.is_none());
            registers.tags.extend(cleared.map(|(name, _)| (name.to_owned(), tag)));
            // A clearing leaves no trace in the content: it has to be written down.
            let touch = |(name, value): (&str, Option<&str>)| Touch {
                name: name.to_owned(),
                value: value.map(str::to_owned),
                before: None,
            };
            let touches = (!registers.tags.is_empty()).then(|| edits.iter().map(touch).collect());
            let fields = Fields::from_edits(edits);
            self.record = Some(Record { last: written, deleted: false, fields, registers, touches });
            return (written.rev, Vec::new());
        };
        let mut conflicts = Vec::new();
        let mut touches = Vec::with_capacity(edits.len());
        let mut winning = Vec::with_capacity(edits.len());
        for (name, said) in edits.iter() {
            let value = said.map(str::to_owned);
            let before = record.fields.get(name).map(str::to_owned);
            let present = record.registers.tag(name, &record.fields);
            let wins = present.is_none_or(|present| !present.beats(&tag));
            let unseen = present.filter(|p| p.rev > op.base && p.device != op.author.device);
            if let Some(theirs) = unseen.filter(|_| before != value)
                && let Some(their_write) = self.find(&record, theirs.rev)
            {
                let ours = Side { value: value.clone(), written };
                let theirs = Side { value: before.clone(), written: their_write };
                let (current, other) = if wins { (ours, theirs) } else { (theirs, ours) };
                conflicts.push(Conflict {
                    field: name.to_owned(),
                    base: self.at_base(&record, name, op.base),
                    current,
                    other,
                });
            }
            if wins {
                winning.push((name, said));
                record.registers.tags.insert(name.to_owned(), tag);
            }
            touches.push(Touch { name: name.to_owned(), value, before });
        }
        record.fields.apply(winning.into_iter());
        self.overtake(&mut record, op, written, Some(touches));
        self.record = Some(record);
        (written.rev, conflicts)
    }

    fn find(&self, record: &Record, rev: u64) -> Option<Written> {
        if record.last.rev == rev { Some(record.last) } else { self.written(rev) }
    }

    /// A field's value at rev `base`: what the first later operation that names it found.
    fn at_base(&self, record: &Record, name: &str, base: u64) -> Option<String> {
        if base == 0 {
            return None;
        }
        // The latest is later than `base`, else there would be no conflict.
        let later = self.past.iter().filter(|past| past.written.rev > base).filter_map(|past| past.touches.as_ref());
        let mut touches = later.chain(&record.touches).flatten();
        touches
            .find(|touch| touch.name == name)
            .map_or_else(|| record.fields.get(name).map(str::to_owned), |touch| touch.before.clone())
    }

    fn next(&self, op: &Op, seq: &mut u64) -> Written {
        *seq += 1;
        Written {
            rev: self.record.as_ref().map_or(1, |r| r.last.rev + 1),
            seq: *seq,
            stamp: op.stamp,
            author: op.author,
            at: op.at,
            claimed: op.claimed,
            received: op.received,
        }
    }

    /// Makes `op`, as `written`, the latest operation of `record`; the former one becomes past.
    fn overtake(&mut self, record: &mut Record, op: &Op, written: Written, touches: Option<Vec<Touch>>) {
        let former = record.last_as_past();
        if self.past.last().is_none_or(|past| past.written.rev < former.written.rev) {
            self.past.push(former);
        }
        if record.last.author.device != written.author.device {
            record.registers.run_from = written.rev;
        }
        if op.released {
            record.registers.run_from = written.rev + 1;
        }
        record.registers.highest = record.registers.highest.max(written.stamp);
        record.last = written;
        record.touches = touches;
    }
}

/// The registers of a record that begins with `op`.
fn first(op: &Op, written: &Written) -> Registers {
    let run_from = if op.released { written.rev + 1 } else { written.rev };
    Registers { run_from, ..Registers::of_first(written) }
}
