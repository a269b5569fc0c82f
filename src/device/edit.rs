//! What people do on the phone: every saved form becomes operations in the outbox, and is then safe.
//!
//! An operation is frozen when it is made. Its `base` is the rev that the phone held at that moment and its
//! `at` what the clocks said; neither changes afterwards, whatever is pulled before it is sent.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use serde_json::{Map, Value};
use sync_core::{Bucket, Collection};
use uuid::Uuid;

use super::clock::Reading;
use super::schema::{outbox, phone, records};
use super::{Error, copy};

/// An operation larger than this, in bytes, would not fit into a push beside its envelope.
const MAX_OP: usize = 3 * 1024 * 1024;

/// Which record. Texts as on the wire, so that a client can hold what a newer server sends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub bucket: String,
    pub collection: String,
    pub id: String,
}

impl Key {
    pub fn new(bucket: Bucket, collection: Collection, id: Uuid) -> Self {
        Self { bucket: bucket.to_string(), collection: collection.name().to_owned(), id: id.to_string() }
    }
}

/// One change to one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    pub key: Key,
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Sets the fields that are named; a null clears one. The first makes the record.
    Upsert(Map<String, Value>),
    Delete,
}

/// An operation that has no result yet.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = outbox)]
pub struct Op {
    pub op_seq: i64,
    /// `upsert` or `delete`
    pub kind: String,
    pub bucket: String,
    pub collection: String,
    pub id: String,
    pub base: Option<i64>,
    /// JSON: a [`Reading`]
    pub at: String,
    /// JSON object, flat
    pub fields: Option<String>,
}

impl Op {
    pub fn key(&self) -> Key {
        Key { bucket: self.bucket.clone(), collection: self.collection.clone(), id: self.id.clone() }
    }
}

/// Puts edits into the outbox under the next numbers; the first of them is returned. All belong to one saved
/// form: they are kept together or not at all.
pub(super) fn enqueue(conn: &mut SqliteConnection, edits: &[Edit], at: &Reading) -> Result<i64, Error> {
    let at = serde_json::to_string(at)?;
    let first: i64 = phone::table.select(phone::next_op_seq).first(conn)?;
    let mut ops = Vec::with_capacity(edits.len());
    for (edit, op_seq) in edits.iter().zip(first..) {
        let Key { bucket, collection, id } = edit.key.clone();
        let (kind, fields) = match &edit.change {
            Change::Upsert(fields) => ("upsert", Some(serde_json::to_string(&flat(fields))?)),
            Change::Delete => ("delete", None),
        };
        if fields.as_ref().is_some_and(|f| f.len() > MAX_OP) {
            return Err(Error::BadEdit("the record is too large to be sent"));
        }
        // A delete that waits has not been shown to the person, so the held rev is still the base.
        let base = records::table.find((&bucket, &collection, &id)).select(records::rev).first(conn).optional()?;
        ops.push(Op { op_seq, kind: kind.to_owned(), bucket, collection, id, base, at: at.clone(), fields });
    }
    for op in &ops {
        diesel::insert_into(outbox::table).values(op).execute(conn)?;
    }
    diesel::update(phone::table).set(phone::next_op_seq.eq(first + ops.len() as i64)).execute(conn)?;
    Ok(first)
}

/// `answers` is addressed entry by entry, so that two people who answer different questions never conflict.
fn flat(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, value) in fields {
        match value {
            Value::Object(entries) if name == "answers" => {
                out.extend(entries.iter().map(|(key, v)| (format!("answers.{key}"), v.clone())));
            }
            _ => {
                out.insert(name.clone(), value.clone());
            }
        }
    }
    out
}

/// Lays the fields of an operation over a record: null equals absent.
pub(super) fn lay_over(record: &mut Map<String, Value>, fields: &str) -> Result<(), Error> {
    let fields: Map<String, Value> = serde_json::from_str(fields)?;
    for (name, value) in fields {
        if value.is_null() {
            record.remove(&name);
        } else {
            record.insert(name, value);
        }
    }
    Ok(())
}

/// What the person sees: the server's copy with the unsent edits on top; `None` when there is no such record.
pub(super) fn view(conn: &mut SqliteConnection, key: &Key) -> Result<Option<Map<String, Value>>, Error> {
    let held = copy::record(conn, key)?.filter(|row| !row.deleted);
    let mut seen: Option<Map<String, Value>> = held.map(|row| serde_json::from_str(&row.fields)).transpose()?;
    for op in unsent_of(conn, key)? {
        match op.fields {
            Some(fields) => lay_over(seen.get_or_insert_default(), &fields)?,
            None => seen = None,
        }
    }
    Ok(seen)
}

fn unsent_of(conn: &mut SqliteConnection, key: &Key) -> QueryResult<Vec<Op>> {
    outbox::table
        .filter(outbox::bucket.eq(&key.bucket).and(outbox::collection.eq(&key.collection)).and(outbox::id.eq(&key.id)))
        .order(outbox::op_seq)
        .load(conn)
}

/// The ids of a collection's records that the person sees, in order.
pub(super) fn ids(conn: &mut SqliteConnection, bucket: &str, collection: &str) -> Result<Vec<String>, Error> {
    let mut ids: Vec<String> = records::table
        .filter(records::bucket.eq(bucket).and(records::collection.eq(collection)).and(records::deleted.eq(false)))
        .select(records::id)
        .load(conn)?;
    let unsent: Vec<(String, Option<String>)> = outbox::table
        .filter(outbox::bucket.eq(bucket).and(outbox::collection.eq(collection)))
        .order(outbox::op_seq)
        .select((outbox::id, outbox::fields))
        .load(conn)?;
    for (id, fields) in unsent {
        if fields.is_none() {
            ids.retain(|held| *held != id);
        } else {
            ids.push(id);
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}
