//! Writes of many records at once, from inside: what an office or an import brings by the hundred thousand. Each is an
//! operation of a device with a time of its own and goes over the same desk as a push, so that nobody can tell it from one;
//! what a push has beside that (numbers, repeats, clocks, scope) has been settled by whoever calls.

use super::desk::{Desk, Wanted};
use crate::fields::{self, FieldError};
use crate::store::records::Key;
use crate::store::{StoreError, Tx};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use sync_core::merge::{Change, Op};
use sync_core::record::Author;
use sync_core::{Collection, Stamp};
use uuid::Uuid;

/// An operation that brings fields. Times in milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Entry {
    pub key: Key,
    change: Change,
    /// The rev that its author had seen; 0 for none.
    pub base: u64,
    pub author: Author,
    /// When it was recorded. No two devices share one, and the times of one device rise within a batch.
    pub at: i64,
    /// When it reached the server.
    pub received: i64,
}

impl Entry {
    /// What is wrong with the fields is told with pointers, as of a push.
    pub fn new(
        key: Key,
        author: Author,
        (at, received): (i64, i64),
        base: u64,
        fields: &Map<String, Value>,
    ) -> Result<Self, Vec<FieldError>> {
        let named = fields::check(key.collection, key.bucket, key.id, author.team, &fields.into())?;
        Ok(Self { key, change: Change::Upsert(Arc::new(named.edits)), base, author, at, received })
    }

    pub fn collection(&self) -> Collection {
        self.key.collection
    }
}

/// Merges the entries in their order and stores what comes of them; gives the number of those that were accepted. One that a
/// push would have been told to hold (it lacks a required field, or its record is deleted) is left out.
pub fn write(tx: &mut Tx<'_>, now: i64, entries: &[Entry]) -> Result<usize, StoreError> {
    let buckets: BTreeSet<_> = entries.iter().map(|entry| entry.key.bucket).collect();
    let wanted = |entry: &Entry| Wanted {
        key: entry.key,
        base: Some(entry.base).filter(|base| *base > 0),
        device: entry.author.device,
    };
    let mut desk = Desk::open(tx, now, &buckets, &entries.iter().map(wanted).collect::<Vec<_>>())?;
    let mut previous: HashMap<Uuid, Stamp> = HashMap::new();
    let mut accepted = 0;
    for entry in entries {
        let (key, author) = (entry.key, entry.author);
        let base = Some(entry.base).filter(|base| *base > 0);
        let (stamp, base) = desk.stamp(&key, base, entry.at, previous.get(&author.device).copied());
        previous.insert(author.device, stamp);
        let op = Op {
            fill: None,
            change: entry.change.clone(),
            base,
            stamp,
            author,
            at: entry.at,
            claimed: Some(entry.at),
            received: entry.received,
            released: false,
        };
        accepted += usize::from(desk.accept(&key, &op).is_ok());
    }
    desk.close(tx)?;
    Ok(accepted)
}
