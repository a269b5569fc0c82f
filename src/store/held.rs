//! Held operations: what could not be applied is kept here until a person decides, or its record is there again.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::{Rows, for_update};
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::records::{COLLECTIONS, Key, key_rows};
use super::types::{DbInstant, DbJson, DbUuid, Id, Instant, JsonText};
use crate::load_rows;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use std::sync::LazyLock;
use sync_core::record::Author;
use sync_core::scope::Region;
use sync_core::{Bucket, Scope, Stamp};
use uuid::Uuid;

/// Characters of an operation that a list shows at most.
pub const OP_LISTED: usize = 16 * 1024;

/// The number of an operation's bucket where none could be read.
pub const NO_BUCKET: i32 = 0;

/// The columns of `held_ops`, in the order of [`HeldRow`].
pub const HELD_COLUMNS: &str = "h.bucket, h.id, h.province, h.status, h.reason, h.errors, h.collection, h.record_id, \
     h.op, h.op_seq, h.hidden_rev, h.base, h.stamp, h.at_ms, h.claimed_ms, h.received_ms, h.device_id, h.user_id, \
     h.team_id, h.state, h.settled_by, h.settled_at";

pub type HeldSql = (
    Integer,
    DbUuid,
    Text,
    Text,
    Nullable<Text>,
    Nullable<DbJson>,
    Nullable<Text>,
    Nullable<DbUuid>,
    Text,
    Nullable<BigInt>,
    Nullable<BigInt>,
    BigInt,
    BigInt,
    BigInt,
    Nullable<BigInt>,
    BigInt,
    DbUuid,
    DbUuid,
    Nullable<DbUuid>,
    Text,
    Nullable<DbUuid>,
    Nullable<DbInstant>,
);

/// A row of `held_ops`.
#[derive(Debug, Clone, Queryable)]
pub struct HeldRow {
    pub bucket: i32,
    pub id: Id,
    pub province: String,
    /// `parked`, `quarantined` or `rejected`.
    pub status: String,
    /// Of a parked one: `deleted` or `incomplete`.
    pub reason: Option<String>,
    /// Of a rejected one: its `FieldError`s.
    pub errors: Option<JsonText>,
    pub collection: Option<String>,
    pub record_id: Option<Id>,
    /// The operation as it was sent.
    pub op: String,
    pub op_seq: Option<i64>,
    pub hidden_rev: Option<i64>,
    pub base: i64,
    pub stamp: i64,
    pub at_ms: i64,
    pub claimed_ms: Option<i64>,
    pub received_ms: i64,
    pub device_id: Id,
    pub user_id: Id,
    pub team_id: Option<Id>,
    /// `open`, `released` or `discarded`.
    pub state: String,
    pub settled_by: Option<Id>,
    pub settled_at: Option<Instant>,
}

impl HeldRow {
    pub fn author(&self) -> Author {
        Author { device: self.device_id.0, user: self.user_id.0, team: self.team_id.map(|t| t.0) }
    }

    pub fn stamp(&self) -> Stamp {
        Stamp(self.stamp as u64)
    }

    pub fn bucket(&self) -> Option<Bucket> {
        u32::try_from(self.bucket).ok().and_then(Bucket::new)
    }

    /// The record that it is about, where it names a real one.
    pub fn key(&self) -> Option<Key> {
        let collection = sync_core::Collection::from_name(self.collection.as_deref()?)?;
        Some(Key { bucket: self.bucket()?, collection, id: self.record_id?.0 })
    }
}

/// What the list of held operations can be filtered and sorted by; in the order of their holding.
pub static LIST: LazyLock<List<HeldRow>> = LazyLock::new(|| {
    let id = Column::new("id", Kind::Uuid, "h.id").sorted(|row: &HeldRow| Value::Uuid(row.id.0));
    List::new("held-ops", [id]).with([
        Column::new("bucket", Kind::Int, "h.bucket"),
        Column::new("collection", Kind::Choice(&COLLECTIONS), "h.collection"),
        Column::new("record_id", Kind::Uuid, "h.record_id"),
        Column::new("status", Kind::Choice(&["parked", "quarantined", "rejected"]), "h.status"),
        Column::new("reason", Kind::Choice(&["deleted", "incomplete"]), "h.reason"),
        Column::new("state", Kind::Choice(&["open", "released", "discarded"]), "h.state"),
        Column::new("device", Kind::Uuid, "h.device_id"),
        Column::new("user", Kind::Uuid, "h.user_id"),
        Column::new("team", Kind::Uuid, "h.team_id"),
        Column::new("received_at", Kind::Millis, "h.received_ms").sorted(|row: &HeldRow| Value::Int(row.received_ms)),
        Column::new("settled_by", Kind::Uuid, "h.settled_by"),
    ])
});

impl Listed for HeldRow {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

/// A page of the held operations that `viewer` may see.
pub fn page(conn: &mut Conn, viewer: &Viewer<'_>, listing: &Listing<HeldRow>) -> Result<Found<HeldRow>, StoreError> {
    let mut from = Sql::new("FROM held_ops h WHERE (").in_scope("h.bucket", viewer.scope);
    if let Some(province) = viewer.province {
        from = from.sql(" OR h.bucket = 0 AND h.province = ").bind(Value::Text(province.to_string()));
    }
    // A page of operations of megabytes would be too much for anybody.
    let columns = HELD_COLUMNS.replace("h.op,", &format!("substr(h.op, 1, {OP_LISTED}),"));
    listing::page::<HeldSql, _>(conn, listing, &columns, from.sql(")"))
}

/// Keeps many, with one statement.
pub fn insert(tx: &mut Tx<'_>, held: &[HeldRow]) -> Result<(), StoreError> {
    Rows::new()
        .int("bucket", held.iter().map(|h| h.bucket))
        .uuid("id", held.iter().map(|h| h.id))
        .text("province", held.iter().map(|h| h.province.clone()))
        .text("status", held.iter().map(|h| h.status.clone()))
        .opt_text("reason", held.iter().map(|h| h.reason.clone()))
        .opt_json("errors", held.iter().map(|h| h.errors.clone()))
        .opt_text("collection", held.iter().map(|h| h.collection.clone()))
        .opt_uuid("record_id", held.iter().map(|h| h.record_id))
        .text("op", held.iter().map(|h| h.op.clone()))
        .opt_big("op_seq", held.iter().map(|h| h.op_seq))
        .opt_big("hidden_rev", held.iter().map(|h| h.hidden_rev))
        .big("base", held.iter().map(|h| h.base))
        .big("stamp", held.iter().map(|h| h.stamp))
        .big("at_ms", held.iter().map(|h| h.at_ms))
        .opt_big("claimed_ms", held.iter().map(|h| h.claimed_ms))
        .big("received_ms", held.iter().map(|h| h.received_ms))
        .uuid("device_id", held.iter().map(|h| h.device_id))
        .uuid("user_id", held.iter().map(|h| h.user_id))
        .opt_uuid("team_id", held.iter().map(|h| h.team_id))
        .text("state", held.iter().map(|h| h.state.clone()))
        .opt_uuid("settled_by", held.iter().map(|h| h.settled_by))
        .opt_instant("settled_at", held.iter().map(|h| h.settled_at))
        .insert(tx, "held_ops")?;
    Ok(())
}

/// The open parked operations of these records, in the order of their arrival.
pub fn waiting(conn: &mut Conn, keys: &[Key]) -> Result<Vec<(Key, HeldRow)>, StoreError> {
    let tail = format!(
        "SELECT {HELD_COLUMNS} FROM v CROSS JOIN held_ops h WHERE h.bucket = v.bucket AND h.record_id = v.id \
         AND h.collection = v.name AND h.status = 'parked' AND h.state = 'open' ORDER BY h.id"
    );
    // By the name too: records of two collections may have the same id, and each operation waits for one of them.
    let wanted = key_rows(keys.iter()).text("name", keys.iter().map(|key| key.collection.name().to_owned()));
    let rows = load_rows!(conn, &wanted, &tail, HeldSql => HeldRow)?;
    Ok(rows.into_iter().filter_map(|row| Some((row.key()?, row))).collect())
}

/// The faults with which operations of a device were rejected: for the answers to repeats.
pub fn rejections(conn: &mut Conn, ops: &[(Uuid, u64)]) -> Result<Vec<(Uuid, u64, String)>, StoreError> {
    let rows = Rows::new()
        .uuid("device", ops.iter().map(|(device, _)| Id(*device)))
        .big("seq", ops.iter().map(|(_, seq)| *seq as i64));
    let tail = "SELECT h.device_id, h.op_seq, h.errors FROM v CROSS JOIN held_ops h WHERE h.device_id = v.device \
         AND h.op_seq = v.seq AND h.status = 'rejected' AND h.errors IS NOT NULL AND h.op_seq IS NOT NULL";
    let found = load_rows!(conn, &rows, tail, (DbUuid, BigInt, DbJson) => (Id, i64, JsonText))?;
    Ok(found.into_iter().map(|(device, seq, errors)| (device.0, seq as u64, errors.0)).collect())
}

/// One held operation; `None` when there is none of this id that `viewer` may see.
pub fn find(conn: &mut Conn, viewer: &Viewer<'_>, id: Uuid) -> Result<Option<HeldRow>, StoreError> {
    let tail = format!("SELECT {HELD_COLUMNS} FROM v CROSS JOIN held_ops h WHERE h.id = v.id");
    let rows = Rows::new().uuid("id", [Id(id)]);
    Ok(load_rows!(conn, &rows, &tail, HeldSql => HeldRow)?.into_iter().find(|row| viewer.sees(row)))
}

/// Locks one that no bucket's lock protects until the commit, and reads it again.
pub fn lock(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<HeldRow>, StoreError> {
    let tail = format!("SELECT {HELD_COLUMNS} FROM v CROSS JOIN held_ops h WHERE h.id = v.id{}", for_update(tx, "h"));
    let rows = Rows::new().uuid("id", [Id(id)]);
    Ok(load_rows!(&mut **tx, &rows, &tail, HeldSql => HeldRow)?.into_iter().next())
}

/// Who looks at held operations.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    pub scope: &'a Scope,
    /// Of a provincial caller: it sees what names no real bucket, too.
    pub province: Option<Region>,
}

impl Viewer<'_> {
    fn sees(&self, row: &HeldRow) -> bool {
        match row.bucket() {
            Some(bucket) => self.scope.contains(bucket),
            None => self.province.is_some_and(|province| province.to_string() == row.province),
        }
    }
}

/// Settles operations, by the numbers of their buckets and their ids: `state` becomes `released` or `discarded`. `by` is
/// `None` where no person did it.
pub fn settle(
    tx: &mut Tx<'_>,
    held: &[(i32, Uuid)],
    state: &str,
    by: Option<Uuid>,
    now: Instant,
) -> Result<(), StoreError> {
    Rows::new()
        .int("bucket", held.iter().map(|(bucket, _)| *bucket))
        .uuid("id", held.iter().map(|(_, id)| Id(*id)))
        .text("state", held.iter().map(|_| state.to_owned()))
        .opt_uuid("settled_by", held.iter().map(|_| by.map(Id)))
        .instant("settled_at", held.iter().map(|_| now))
        .update(tx, "held_ops", 2)?;
    Ok(())
}
