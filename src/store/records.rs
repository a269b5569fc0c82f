//! The record table and its history: how a record and its past are kept as rows, and the statements that load and store
//! many at once.

use super::beside::beside;
use super::buckets;
use super::conn::{Conn, StoreError, Tx};
use super::dialect::{Rows, Writes};
use super::promoted;
use super::types::{DbJson, DbUuid, Id, JsonText};
use crate::fields::FieldError;
use crate::load_rows;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt};
use serde_json::value::RawValue;
use std::collections::HashMap;
use sync_core::merge::Subject;
use sync_core::record::{Author, Kind, Past, Record, Registers, Touch, Written};
use sync_core::{Bucket, Collection, Digest, Fields, Scope, Stamp};
use uuid::Uuid;

/// A record's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub bucket: Bucket,
    pub collection: Collection,
    pub id: Uuid,
}

/// The columns of `records`, in the order of [`RecordRow`].
pub const RECORD_COLUMNS: &str = "r.bucket, r.collection, r.id, r.rev, r.seq, r.deleted, r.digest, r.stamp, r.at_ms, \
     r.claimed_ms, r.received_ms, r.device_id, r.user_id, r.team_id, r.registers, r.touches, r.fields, \
     r.warnings";

pub type RecordSql = (
    Integer,
    SmallInt,
    DbUuid,
    BigInt,
    BigInt,
    Bool,
    Binary,
    BigInt,
    BigInt,
    Nullable<BigInt>,
    BigInt,
    DbUuid,
    DbUuid,
    Nullable<DbUuid>,
    Nullable<Binary>,
    Nullable<DbJson>,
    DbJson,
    Nullable<DbJson>,
);

/// A row of `records`.
#[derive(Debug, Queryable)]
pub struct RecordRow {
    pub bucket: i32,
    pub collection: i16,
    pub id: Id,
    pub rev: i64,
    pub seq: i64,
    pub deleted: bool,
    pub digest: Vec<u8>,
    pub stamp: i64,
    pub at_ms: i64,
    pub claimed_ms: Option<i64>,
    pub received_ms: i64,
    pub device_id: Id,
    pub user_id: Id,
    pub team_id: Option<Id>,
    pub registers: Option<Vec<u8>>,
    pub touches: Option<JsonText>,
    pub fields: JsonText,
    /// What an interview violates of its form; `None` where it is nothing.
    pub warnings: Option<JsonText>,
}

type PastSql = (
    Integer,
    SmallInt,
    DbUuid,
    BigInt,
    BigInt,
    Bool,
    BigInt,
    BigInt,
    Nullable<BigInt>,
    BigInt,
    DbUuid,
    DbUuid,
    Nullable<DbUuid>,
    Nullable<DbJson>,
    Bool,
);

#[derive(Queryable)]
struct PastRow {
    bucket: i32,
    collection: i16,
    id: Id,
    rev: i64,
    seq: i64,
    deleted: bool,
    stamp: i64,
    at_ms: i64,
    claimed_ms: Option<i64>,
    received_ms: i64,
    device_id: Id,
    user_id: Id,
    team_id: Option<Id>,
    touches: Option<JsonText>,
    discarded: bool,
}

fn corrupt(what: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(what.to_string())
}

pub fn bucket_of(code: i32) -> Result<Bucket, StoreError> {
    u32::try_from(code).ok().and_then(Bucket::new).ok_or_else(|| corrupt(format!("bucket {code}")))
}

pub fn collection_of(number: i16) -> Result<Collection, StoreError> {
    Collection::from_number(number).ok_or_else(|| corrupt(format!("collection {number}")))
}

pub fn digest_of(bytes: &[u8]) -> Result<Digest, StoreError> {
    Digest::from_slice(bytes).ok_or_else(|| corrupt("a digest"))
}

pub(super) fn key_of(bucket: i32, collection: i16, id: Id) -> Result<Key, StoreError> {
    Ok(Key { bucket: bucket_of(bucket)?, collection: collection_of(collection)?, id: id.0 })
}

impl RecordRow {
    pub fn key(&self) -> Result<Key, StoreError> {
        key_of(self.bucket, self.collection, self.id)
    }

    /// What an interview violates of its form, relative to its fields.
    pub fn warnings(&self) -> Result<Vec<FieldError>, StoreError> {
        let read = |text: &JsonText| serde_json::from_str(&text.0).map_err(corrupt);
        Ok(self.warnings.as_ref().map(read).transpose()?.unwrap_or_default())
    }

    pub fn written(&self) -> Written {
        Written {
            rev: self.rev as u64,
            seq: self.seq as u64,
            stamp: Stamp(self.stamp as u64),
            author: Author { device: self.device_id.0, user: self.user_id.0, team: self.team_id.map(|t| t.0) },
            at: self.at_ms,
            claimed: self.claimed_ms,
            received: self.received_ms,
        }
    }

    pub fn into_record(self) -> Result<Record, StoreError> {
        let last = self.written();
        let registers = match &self.registers {
            Some(bytes) => postcard::from_bytes(bytes).map_err(corrupt)?,
            None => Registers::of_first(&last),
        };
        Ok(Record {
            last,
            deleted: self.deleted,
            fields: Fields::from_canonical(self.fields.0).map_err(corrupt)?,
            registers,
            touches: self.touches.map(|text| parse_touches(&text.0)).transpose()?,
        })
    }
}

/// The record of this id in one of the counties in scope, or in `bucket` alone: a living one before a deleted one, then
/// the lower code.
pub fn find(
    conn: &mut Conn,
    scope: &Scope,
    collection: Collection,
    id: Uuid,
    bucket: Option<Bucket>,
) -> Result<Option<RecordRow>, StoreError> {
    let buckets = match bucket {
        Some(bucket) => scope.contains(bucket).then_some(bucket).into_iter().collect(),
        None => buckets::codes(conn, scope)?,
    };
    let keys: Vec<Key> = buckets.into_iter().map(|bucket| Key { bucket, collection, id }).collect();
    Ok(load(conn, &keys)?.into_values().min_by_key(|row| (row.deleted, row.bucket)))
}

/// The names of the collections.
pub const COLLECTIONS: [&str; 7] = {
    let mut names = [""; 7];
    let mut i = 0;
    while i < names.len() {
        names[i] = Collection::ALL[i].name();
        i += 1;
    }
    names
};

/// The name of a collection, from a column with its number, in SQL.
pub fn collection_name(column: &str) -> String {
    let case = |c: &Collection| format!(" WHEN {} THEN '{}'", c.number(), c.name());
    format!("(CASE {column}{} END)", Collection::ALL.iter().map(case).collect::<Vec<_>>().concat())
}

/// `[[name, value, before], …]`, null for none.
fn touches_text(touches: &[Touch]) -> JsonText {
    let mut out = String::with_capacity(64 * touches.len() + 2);
    out.push('[');
    for (i, touch) in touches.iter().enumerate() {
        out.push_str(if i == 0 { "[" } else { ",[" });
        sync_core::canonical::write_string(&touch.name, &mut out);
        for value in [&touch.value, &touch.before] {
            out.push(',');
            out.push_str(value.as_deref().unwrap_or("null"));
        }
        out.push(']');
    }
    out.push(']');
    JsonText(out)
}

fn parse_touches(text: &str) -> Result<Vec<Touch>, StoreError> {
    let value = |raw: &RawValue| (raw.get() != "null").then(|| raw.get().to_owned());
    let touches: Vec<(String, &RawValue, &RawValue)> = serde_json::from_str(text).map_err(corrupt)?;
    Ok(touches.into_iter().map(|(name, v, b)| Touch { name, value: value(v), before: value(b) }).collect())
}

/// The keys as a batch.
pub fn key_rows<'a>(keys: impl Iterator<Item = &'a Key> + Clone) -> Rows {
    Rows::new()
        .int("bucket", keys.clone().map(|k| k.bucket.code() as i32))
        .small("collection", keys.clone().map(|k| k.collection.number()))
        .uuid("id", keys.map(|k| Id(k.id)))
}

/// The records of many keys, with one statement. The caller has the buckets in scope, or shows nothing of them.
pub fn load(conn: &mut Conn, keys: &[Key]) -> Result<HashMap<Key, RecordRow>, StoreError> {
    let tail = format!(
        "SELECT {RECORD_COLUMNS} FROM v CROSS JOIN records r \
         WHERE r.bucket = v.bucket AND r.collection = v.collection AND r.id = v.id"
    );
    let rows = load_rows!(conn, &key_rows(keys.iter()), &tail, RecordSql => RecordRow)?;
    rows.into_iter().map(|row| Ok((row.key()?, row))).collect()
}

/// Everything before the latest operation of many records, each in the order of revs, with one statement.
pub fn load_past(conn: &mut Conn, keys: &[Key]) -> Result<HashMap<Key, Vec<Past>>, StoreError> {
    let tail = "SELECT h.bucket, h.collection, h.id, h.rev, h.seq, h.deleted, h.stamp, h.at_ms, h.claimed_ms, \
         h.received_ms, h.device_id, h.user_id, h.team_id, h.touches, h.discarded FROM v CROSS JOIN history h \
         WHERE h.bucket = v.bucket AND h.collection = v.collection AND h.id = v.id ORDER BY h.rev";
    let rows = load_rows!(conn, &key_rows(keys.iter()), tail, PastSql => PastRow)?;
    let mut found: HashMap<Key, Vec<Past>> = HashMap::new();
    for row in rows {
        let past = Past {
            written: Written {
                rev: row.rev as u64,
                seq: row.seq as u64,
                stamp: Stamp(row.stamp as u64),
                author: Author { device: row.device_id.0, user: row.user_id.0, team: row.team_id.map(|t| t.0) },
                at: row.at_ms,
                claimed: row.claimed_ms,
                received: row.received_ms,
            },
            kind: if row.deleted { Kind::Delete } else { Kind::Upsert },
            touches: row.touches.map(|text| parse_touches(&text.0)).transpose()?,
            discarded: row.discarded,
        };
        found.entry(key_of(row.bucket, row.collection, row.id)?).or_default().push(past);
    }
    Ok(found)
}

/// What a record is worth in its bucket's sum: nothing while it is deleted.
pub fn digest(key: &Key, record: &Record, fields: &str) -> Digest {
    let fields = if record.deleted { "{}" } else { fields };
    Digest::of_record(key.bucket, key.collection, key.id, record.last.rev, fields)
}

/// A record to store.
pub struct Changed<'a> {
    pub key: Key,
    /// It was there, and not deleted, when it was loaded.
    pub lived: bool,
    pub subject: &'a Subject,
    pub record: &'a Record,
}

/// What is worked out of changed records as they are stored.
pub struct Stored {
    /// In the order of the records.
    pub digests: Vec<Digest>,
    pub warnings: Warnings,
}

/// By record: what is wrong with it, relative to its fields. Those with nothing are not there.
pub type Warnings = HashMap<Key, Vec<FieldError>>;

/// Work for fewer records is done before one would find another thread for it.
const ALONE: usize = 32;

/// Stores new and changed records, what they overtook, and their rows in the collections' tables: partly now, the rest with
/// `writes`. `judge` tells what is wrong with the records.
pub fn store(
    tx: &mut Tx<'_>,
    changed: &[Changed<'_>],
    judge: impl FnOnce() -> Warnings + Send,
    writes: &mut Writes,
) -> Result<Stored, StoreError> {
    let work_out = || {
        let digests: Vec<_> = changed.iter().map(|c| digest(&c.key, c.record, c.record.fields.canonical())).collect();
        let stored = Stored { digests, warnings: judge() };
        let (new, old): (Vec<_>, Vec<_>) = changed.iter().zip(&stored.digests).partition(|(c, _)| c.subject.is_new());
        let (new, old) = (record_rows(&new, &stored.warnings), record_rows(&old, &stored.warnings));
        (stored, new, old)
    };
    let overtaken = changed.iter().flat_map(|c| c.subject.overtaken().iter().map(|past| (c.key, past)));
    let past = past_rows(&overtaken.collect::<Vec<_>>());
    let promoted = promoted::writes(changed);
    let (stored, new, old) = if changed.len() < ALONE && promoted.len() <= 1 {
        writes.append(promoted);
        writes.insert(past, "history");
        work_out()
    } else {
        let first = || {
            promoted.run_apart(tx)?;
            past.insert(tx, "history")
        };
        let (worked_out, first) = if changed.len() < ALONE { (work_out(), first()) } else { beside(work_out, first) };
        first?;
        worked_out
    };
    writes.insert(new, "records");
    writes.update(old, "records", 3);
    Ok(stored)
}

fn record_rows(changed: &[(&Changed<'_>, &Digest)], warnings: &Warnings) -> Rows {
    let records = || changed.iter().map(|(c, _)| c.record);
    let last = || records().map(|record| &record.last);
    // Serialising plain data into memory cannot fail.
    let registers = |r: &Record| {
        let plain = r.last.rev == 1 && r.registers == Registers::of_first(&r.last);
        (!plain).then(|| postcard::to_stdvec(&r.registers).unwrap_or_default())
    };
    let told = |warnings: &Vec<FieldError>| JsonText::of(warnings);
    key_rows(changed.iter().map(|(c, _)| &c.key))
        .big("rev", last().map(|w| w.rev as i64))
        .big("seq", last().map(|w| w.seq as i64))
        .flag("deleted", records().map(|record| record.deleted))
        .bytes("digest", changed.iter().map(|(_, digest)| digest.0.to_vec()))
        .big("stamp", last().map(|w| w.stamp.0 as i64))
        .big("at_ms", last().map(|w| w.at))
        .opt_big("claimed_ms", last().map(|w| w.claimed))
        .big("received_ms", last().map(|w| w.received))
        .uuid("device_id", last().map(|w| Id(w.author.device)))
        .uuid("user_id", last().map(|w| Id(w.author.user)))
        .opt_uuid("team_id", last().map(|w| w.author.team.map(Id)))
        .opt_bytes("registers", records().map(registers))
        .opt_json("touches", records().map(|record| record.touches.as_deref().map(touches_text)))
        .opt_json("warnings", changed.iter().map(|(c, _)| warnings.get(&c.key).map(told)))
        .json("fields", records().map(|record| JsonText(record.fields.canonical().to_owned())))
}

/// Marks an operation of a record's past as discarded.
pub fn set_aside(tx: &mut Tx<'_>, key: Key, rev: u64) -> Result<(), StoreError> {
    key_rows([&key].into_iter()).big("rev", [rev as i64]).execute(
        tx,
        "UPDATE history SET discarded = TRUE FROM v WHERE history.bucket = v.bucket \
         AND history.collection = v.collection AND history.id = v.id AND history.rev = v.rev",
    )?;
    Ok(())
}

fn past_rows(past: &[(Key, &Past)]) -> Rows {
    let written = || past.iter().map(|(_, p)| &p.written);
    key_rows(past.iter().map(|(key, _)| key))
        .big("rev", written().map(|w| w.rev as i64))
        .big("seq", written().map(|w| w.seq as i64))
        .flag("deleted", past.iter().map(|(_, p)| p.kind == Kind::Delete))
        .big("stamp", written().map(|w| w.stamp.0 as i64))
        .big("at_ms", written().map(|w| w.at))
        .opt_big("claimed_ms", written().map(|w| w.claimed))
        .big("received_ms", written().map(|w| w.received))
        .uuid("device_id", written().map(|w| Id(w.author.device)))
        .uuid("user_id", written().map(|w| Id(w.author.user)))
        .opt_uuid("team_id", written().map(|w| w.author.team.map(Id)))
        .opt_json("touches", past.iter().map(|(_, p)| p.touches.as_deref().map(touches_text)))
        .flag("discarded", past.iter().map(|(_, p)| p.discarded))
}
