//! A naive reading of sections 3 and 4 of the protocol: the list of operations as they came, everything else looked up
//! in it again and again. It shares no code with the core.

use crate::history::{Act, REQUIRED, Step};
use std::collections::BTreeMap;
use sync_core::fields::Edits;

pub(crate) type Said = BTreeMap<String, Option<String>>;

pub(crate) fn said_by(edits: &Edits) -> Said {
    edits.iter().map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).collect()
}

/// An operation with its stamp: 48 bits of milliseconds, 16 of counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) device: u8,
    pub(crate) stamp: u64,
    pub(crate) base: u64,
    /// `None` for a delete.
    pub(crate) said: Option<Said>,
    fills: bool,
}

/// An accepted operation; its place in the list is its rev.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) op: Arrival,
    pub(crate) seq: u64,
    /// A person set it aside when the record had so many revs.
    pub(crate) discarded: Option<u64>,
    /// A person released it: its device does not know that it is there.
    pub(crate) released: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    Arrived(Arrival),
    Hidden(u64),
}

/// Two values of a field, the current and the other, each with its rev.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Clash {
    pub(crate) field: String,
    pub(crate) base: Option<String>,
    pub(crate) current: (Option<String>, u64),
    pub(crate) other: (Option<String>, u64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Became {
    Accepted {
        rev: u64,
        seq: u64,
        merged: bool,
        clashes: Vec<Clash>,
        hidden: Vec<u64>,
        released: Vec<u64>,
    },
    Deleted,
    Incomplete,
    NotReleasable,
    Discarded,
    /// There was nothing to settle.
    Nothing,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) log: Vec<Entry>,
    pub(crate) held: Vec<(u64, Held)>,
    /// The highest stamp of each device, held operations included.
    previous: BTreeMap<u8, u64>,
    pub(crate) seq: u64,
    ids: u64,
}

impl Model {
    pub(crate) fn starting_at(seq: u64) -> Self {
        Self { seq, ..Self::default() }
    }

    pub(crate) fn rev(&self) -> u64 {
        self.log.len() as u64
    }

    pub(crate) fn deleted(&self) -> bool {
        self.log.last().is_some_and(|entry| entry.op.said.is_none())
    }

    fn revs(&self) -> impl Iterator<Item = (u64, &Entry)> {
        (1..).zip(&self.log)
    }

    /// Of all the accepted operations that name the field, the one with the highest (stamp, device).
    fn winner(&self, field: &str) -> Option<(u64, &Entry)> {
        let names = |entry: &Entry| entry.op.said.as_ref().is_some_and(|said| said.contains_key(field));
        self.revs()
            .filter(|(_, entry)| names(entry) && entry.discarded.is_none())
            .max_by_key(|(rev, entry)| (entry.op.stamp, entry.op.device, *rev))
    }

    fn value(&self, field: &str) -> Option<String> {
        self.winner(field).and_then(|(_, entry)| entry.op.said.as_ref()?.get(field).cloned().flatten())
    }

    /// The content; of a deleted record, what a restore brings back.
    pub(crate) fn fields(&self) -> BTreeMap<String, String> {
        let names = self.log.iter().filter_map(|entry| entry.op.said.as_ref()).flat_map(|said| said.keys());
        names.filter_map(|name| Some((name.clone(), self.value(name)?))).collect()
    }

    /// A field as it stood at a rev: what was set aside later still counted.
    fn value_at(&self, rev: u64, field: &str) -> Option<String> {
        let then = self.log[..rev as usize]
            .iter()
            .map(|entry| Entry { discarded: entry.discarded.filter(|at| *at <= rev), ..entry.clone() });
        Self { log: then.collect(), ..Self::default() }.value(field)
    }

    pub(crate) fn play(&mut self, step: &Step) -> Became {
        match &step.act {
            Act::Upsert(edits) => self.arrive(step, Some(said_by(edits))),
            Act::Delete => self.arrive(step, None),
            Act::Release(_) | Act::Discard(_) if self.held.is_empty() => Became::Nothing,
            Act::Release(n) => {
                let before = self.clone();
                let (_, held) = self.held.remove(n % self.held.len());
                let op = match held {
                    Held::Arrived(op) => op,
                    Held::Hidden(rev) => {
                        Arrival { base: rev - 1, fills: false, ..self.log[rev as usize - 1].op.clone() }
                    }
                };
                match self.merge(&op, true) {
                    Became::Incomplete => {
                        *self = before;
                        Became::NotReleasable
                    }
                    became => {
                        self.log.last_mut().expect("it made a rev").released = true;
                        became
                    }
                }
            }
            Act::Discard(n) => {
                if let (_, Held::Hidden(rev)) = self.held.remove(n % self.held.len()) {
                    self.log[rev as usize - 1].discarded = Some(self.rev());
                }
                Became::Discarded
            }
        }
    }

    fn arrive(&mut self, step: &Step, said: Option<Said>) -> Became {
        let base = step.base.at(self.rev()).filter(|base| *base <= self.rev()).unwrap_or(0);
        let time = u64::try_from(step.at).unwrap_or(0) * 65_536;
        let after_own = self.previous.get(&step.device).map_or(0, |stamp| stamp + 1);
        let after_seen = self.log[..base as usize].iter().map(|entry| entry.op.stamp + 1).max().unwrap_or(0);
        let stamp = time.max(after_own).max(after_seen);
        self.previous.insert(step.device, stamp);
        let op = Arrival { device: step.device, stamp, base, said, fills: step.fills };
        let became = self.merge(&op, false);
        if matches!(became, Became::Deleted | Became::Incomplete) {
            self.hold(Held::Arrived(op));
        }
        became
    }

    fn hold(&mut self, held: Held) {
        self.ids += 1;
        self.held.push((self.ids, held));
    }

    fn merge(&mut self, op: &Arrival, release: bool) -> Became {
        let unseen: Vec<_> = self.revs().filter(|(rev, e)| *rev > op.base && e.op.device != op.device).collect();
        let mut merged = !unseen.is_empty() || self.revs().any(|(rev, e)| rev > op.base && e.released);
        let (alive, mut released, mut clashes) = (!self.log.is_empty() && !self.deleted(), vec![], vec![]);
        let Some(said) = &op.said else {
            let updates = unseen.into_iter().filter(|(_, entry)| entry.op.said.is_some() && entry.discarded.is_none());
            let hidden: Vec<u64> = updates.map(|(rev, _)| rev).filter(|_| alive).collect();
            self.append(op.clone());
            for rev in &hidden {
                self.hold(Held::Hidden(*rev));
            }
            let (rev, seq, merged) = (self.rev(), self.seq, !hidden.is_empty());
            return Became::Accepted { rev, seq, merged, clashes, hidden, released };
        };
        let mut op = op.clone();
        if alive {
            clashes.extend(self.write(&op));
        } else {
            if let Some(latest) = self.log.last() {
                let seen = op.base >= self.rev() || latest.op.device == op.device;
                if !seen && !release {
                    return Became::Deleted;
                }
            }
            let mut whole = said.clone();
            if op.fills && !whole.contains_key("team") && self.value("team").is_none() {
                whole.insert("team".into(), Some(format!("\"{}\"", op.device)));
                merged = true;
            }
            op.said = Some(whole);
            let mut then = self.clone();
            then.take_in(&op);
            if then.value(REQUIRED).is_none() {
                return Became::Incomplete;
            }
            merged |= !self.held.is_empty();
            released = self.held.iter().map(|(id, _)| *id).collect();
            clashes = self.take_in(&op);
            let own = op.said.iter().flatten().filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
            merged |= self.fields() != own.collect();
        }
        Became::Accepted { rev: self.rev(), seq: self.seq, merged, clashes, hidden: vec![], released }
    }

    /// Everything that waits, in the order of its arrival, then the operation for which it waited.
    fn take_in(&mut self, op: &Arrival) -> Vec<Clash> {
        let mut clashes = vec![];
        for (_, held) in std::mem::take(&mut self.held) {
            if let Held::Arrived(held) = held {
                clashes.extend(self.write(&held));
            }
        }
        clashes.extend(self.write(op));
        clashes
    }

    fn append(&mut self, op: Arrival) {
        self.seq += 1;
        self.log.push(Entry { op, seq: self.seq, discarded: None, released: false });
    }

    fn write(&mut self, op: &Arrival) -> Vec<Clash> {
        let mut found: Vec<(String, u64, Option<String>)> = vec![];
        for (field, value) in op.said.iter().flatten() {
            if let Some((rev, present)) = self.winner(field) {
                let seen = rev <= op.base || present.op.device == op.device;
                if !seen && self.value(field) != *value {
                    found.push((field.clone(), rev, self.value(field)));
                }
            }
        }
        self.append(op.clone());
        let clash = |(field, rev, theirs): (String, u64, Option<String>)| {
            let ours = (op.said.as_ref().and_then(|said| said[&field].clone()), self.rev());
            let wins = self.winner(&field).is_some_and(|(winner, _)| winner == self.rev());
            let (current, other) = if wins { (ours, (theirs, rev)) } else { ((theirs, rev), ours) };
            Clash { base: self.value_at(op.base, &field), field, current, other }
        };
        found.into_iter().map(clash).collect()
    }
}
