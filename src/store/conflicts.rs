//! Conflicts: two people wrote different values into one field, unseen by each other. Both are kept as they were
//! recorded until a person settles it.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::Rows;
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::records::{COLLECTIONS, Key, bucket_of, collection_name, collection_of};
use super::types::{DbInstant, DbJson, DbUuid, Id, Instant, JsonText};
use crate::load_rows;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, SmallInt, Text};
use std::sync::LazyLock;
use sync_core::Scope;
use uuid::Uuid;

/// The columns of `conflicts`, in the order of [`ConflictRow`].
pub const CONFLICT_COLUMNS: &str = "c.bucket, c.id, c.collection, c.record_id, c.field, c.base, c.current_side, \
     c.other_side, c.state, c.created_at, c.settled_by, c.settled_at";

pub type ConflictSql = (
    Integer,
    DbUuid,
    SmallInt,
    DbUuid,
    Text,
    Nullable<DbJson>,
    DbJson,
    DbJson,
    Text,
    DbInstant,
    Nullable<DbUuid>,
    Nullable<DbInstant>,
);

/// A row of `conflicts`.
#[derive(Debug, Clone, Queryable)]
pub struct ConflictRow {
    pub bucket: i32,
    pub id: Id,
    pub collection: i16,
    pub record_id: Id,
    pub field: String,
    pub base: Option<JsonText>,
    /// `{value, user, device, team, at, claimed_at, clock_corrected, rev}`, as it goes over the wire.
    pub current: JsonText,
    pub other: JsonText,
    /// `open` or `settled`.
    pub state: String,
    pub created_at: Instant,
    pub settled_by: Option<Id>,
    pub settled_at: Option<Instant>,
}

impl ConflictRow {
    pub fn key(&self) -> Result<Key, StoreError> {
        let (bucket, collection) = (bucket_of(self.bucket)?, collection_of(self.collection)?);
        Ok(Key { bucket, collection, id: self.record_id.0 })
    }
}

/// What the list of conflicts can be filtered and sorted by; in the order of their making.
pub static LIST: LazyLock<List<ConflictRow>> = LazyLock::new(|| {
    let id = Column::new("id", Kind::Uuid, "c.id").sorted(|row: &ConflictRow| Value::Uuid(row.id.0));
    List::new("conflicts", [id]).with([
        Column::new("bucket", Kind::Int, "c.bucket"),
        Column::new("collection", Kind::Choice(&COLLECTIONS), collection_name("c.collection")),
        Column::new("record_id", Kind::Uuid, "c.record_id"),
        Column::new("field", Kind::Text, "c.field"),
        Column::new("state", Kind::Choice(&["open", "settled"]), "c.state"),
        Column::new("created_at", Kind::Instant, "c.created_at")
            .sorted(|row: &ConflictRow| Value::Instant(row.created_at.ms())),
        Column::new("settled_by", Kind::Uuid, "c.settled_by"),
    ])
});

impl Listed for ConflictRow {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

/// A page of the conflicts in scope.
pub fn page(conn: &mut Conn, scope: &Scope, listing: &Listing<ConflictRow>) -> Result<Found<ConflictRow>, StoreError> {
    let from = Sql::new("FROM conflicts c WHERE ").in_scope("c.bucket", scope);
    listing::page::<ConflictSql, _>(conn, listing, CONFLICT_COLUMNS, from)
}

/// Keeps many, with one statement.
pub fn insert(tx: &mut Tx<'_>, conflicts: &[ConflictRow]) -> Result<(), StoreError> {
    Rows::new()
        .int("bucket", conflicts.iter().map(|c| c.bucket))
        .uuid("id", conflicts.iter().map(|c| c.id))
        .small("collection", conflicts.iter().map(|c| c.collection))
        .uuid("record_id", conflicts.iter().map(|c| c.record_id))
        .text("field", conflicts.iter().map(|c| c.field.clone()))
        .opt_json("base", conflicts.iter().map(|c| c.base.clone()))
        .json("current_side", conflicts.iter().map(|c| c.current.clone()))
        .json("other_side", conflicts.iter().map(|c| c.other.clone()))
        .text("state", conflicts.iter().map(|c| c.state.clone()))
        .instant("created_at", conflicts.iter().map(|c| c.created_at))
        .insert(tx, "conflicts")?;
    Ok(())
}

/// One conflict; `None` when there is none of this id in `scope`.
pub fn find(conn: &mut Conn, scope: &Scope, id: Uuid) -> Result<Option<ConflictRow>, StoreError> {
    let tail = format!("SELECT {CONFLICT_COLUMNS} FROM v CROSS JOIN conflicts c WHERE c.id = v.id");
    let rows = Rows::new().uuid("id", [Id(id)]);
    let found = load_rows!(conn, &rows, &tail, ConflictSql => ConflictRow)?;
    Ok(found.into_iter().find(|row| bucket_of(row.bucket).is_ok_and(|bucket| scope.contains(bucket))))
}

pub fn settle(tx: &mut Tx<'_>, row: &ConflictRow, by: Uuid, now: Instant) -> Result<(), StoreError> {
    Rows::new()
        .int("bucket", [row.bucket])
        .uuid("id", [row.id])
        .uuid("settled_by", [Id(by)])
        .instant("settled_at", [now])
        .execute(
            tx,
            "UPDATE conflicts SET state = 'settled', settled_by = v.settled_by, settled_at = v.settled_at FROM v \
             WHERE conflicts.bucket = v.bucket AND conflicts.id = v.id",
        )?;
    Ok(())
}
