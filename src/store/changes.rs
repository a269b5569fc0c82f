//! What changed in buckets, in the order of their sequence numbers: what a pull gives.

use super::conn::{Conn, StoreError};
use super::dialect::Rows;
use super::records::{Key, bucket_of, collection_of, digest_of};
use super::types::{DbJson, DbUuid, Id, JsonText};
use crate::{each_row, load_rows};
use diesel::Queryable;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, SmallInt};
use sync_core::cursor::Want;
use sync_core::{Digest, Scope};

type ChangeSql = (Integer, SmallInt, DbUuid, BigInt, BigInt, Bool, Binary, BigInt, DbJson);

#[derive(Queryable)]
struct ChangeRow {
    bucket: i32,
    collection: i16,
    id: Id,
    rev: i64,
    seq: i64,
    deleted: bool,
    digest: Vec<u8>,
    at_ms: i64,
    fields: JsonText,
}

/// The newest state of a record that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub key: Key,
    pub rev: u64,
    pub seq: u64,
    pub deleted: bool,
    pub digest: Digest,
    /// The corrected time of the latest operation, in milliseconds since 1970.
    pub at: i64,
    /// Canonical JSON.
    pub fields: String,
}

const COLUMNS: &str = "r.bucket, r.collection, r.id, r.rev, r.seq, r.deleted, r.digest, r.at_ms, r.fields";

/// All changes of these buckets. They come in order, bucket by bucket, as long as the engine walks along the index; nobody
/// makes it, since PostgreSQL does not know that they do, and would sort whole rows.
pub fn all(conn: &mut Conn, scope: &Scope, wants: &[Want], take: impl FnMut(Changed)) -> Result<(), StoreError> {
    let tail = format!(
        "SELECT {COLUMNS} FROM v CROSS JOIN records r WHERE r.bucket = v.bucket AND r.seq > v.after \
         AND (r.seq > v.baseline OR NOT r.deleted)"
    );
    each(conn, scope, wants, &tail, take)
}

/// The first `limit` changes of one bucket, in order.
pub fn first(
    conn: &mut Conn,
    scope: &Scope,
    want: Want,
    limit: usize,
    take: impl FnMut(Changed),
) -> Result<(), StoreError> {
    each(conn, scope, &[want], &along_the_index(COLUMNS, limit), take)
}

/// How many of the first `limit` changes of one bucket have together no more than so many bytes of fields.
pub fn fitting(conn: &mut Conn, scope: &Scope, want: Want, limit: usize, bytes: usize) -> Result<usize, StoreError> {
    let tail = along_the_index("octet_length(CAST(r.fields AS TEXT))", limit);
    let sizes = load_rows!(conn, &rows(scope, &[want]), &tail, Integer => i32)?;
    let mut sum = 0_usize;
    let fits = |size: &&i32| {
        sum = sum.saturating_add(**size as usize);
        sum <= bytes
    };
    Ok(sizes.iter().take_while(fits).count())
}

/// The values stand in scalar subqueries, so that either engine walks along the index and stops, where a join would have
/// it sort the whole bucket.
fn along_the_index(columns: &str, limit: usize) -> String {
    format!(
        "SELECT {columns} FROM records r WHERE r.bucket = (SELECT bucket FROM v) AND r.seq > (SELECT after FROM v) \
         AND (r.seq > (SELECT baseline FROM v) OR NOT r.deleted) ORDER BY r.seq LIMIT {limit}"
    )
}

fn each(
    conn: &mut Conn,
    scope: &Scope,
    wants: &[Want],
    tail: &str,
    mut take: impl FnMut(Changed),
) -> Result<(), StoreError> {
    let read = |row: ChangeRow| row.read().map(&mut take);
    each_row!(conn, &rows(scope, wants), tail, ChangeSql => ChangeRow, read)
}

/// Buckets outside `scope` are left out.
fn rows(scope: &Scope, wants: &[Want]) -> Rows {
    let wants = || wants.iter().filter(|want| scope.contains(want.bucket));
    Rows::new()
        .int("bucket", wants().map(|w| w.bucket.code() as i32))
        .big("after", wants().map(|w| w.after as i64))
        .big("baseline", wants().map(|w| w.baseline as i64))
}

impl ChangeRow {
    fn read(self) -> Result<Changed, StoreError> {
        let (bucket, collection) = (bucket_of(self.bucket)?, collection_of(self.collection)?);
        Ok(Changed {
            key: Key { bucket, collection, id: self.id.0 },
            rev: self.rev as u64,
            seq: self.seq as u64,
            deleted: self.deleted,
            digest: digest_of(&self.digest)?,
            at: self.at_ms,
            fields: self.fields.0,
        })
    }
}
