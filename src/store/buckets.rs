//! The buckets' heads: each county's sequence, and the count and sum of its live records. A write locks the heads of
//! the buckets it touches, in the order of their codes, until its commit: so sequence numbers appear in commit order,
//! and no two writes wait for each other in a circle.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::{Rows, Writes, for_update};
use super::records::bucket_of;
use crate::load_rows;
use diesel::sql_types::{BigInt, Binary, Integer};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::{Bucket, Scope, Sum};

/// A bucket as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    pub seq: u64,
    /// Live records, and the sum of their digests.
    pub live: u64,
    pub sum: Sum,
    pub tombstone_floor: u64,
    /// Parked operations that wait for their records.
    pub parked: u64,
    /// Bytes of the largest record's JSON, ever.
    pub largest: u64,
}

/// Buckets as they stand, by their codes.
pub type Heads = BTreeMap<Bucket, Head>;

pub(super) type HeadSql = (Integer, BigInt, BigInt, Binary, BigInt, BigInt, BigInt);
pub(super) type HeadRow = (i32, i64, i64, Vec<u8>, i64, i64, i64);

pub(super) fn head((bucket, seq, live, sum, floor, parked, largest): HeadRow) -> Result<(Bucket, Head), StoreError> {
    let sum = Sum::from_slice(&sum).ok_or_else(|| StoreError::Corrupt("a sum".into()))?;
    let (seq, live, tombstone_floor) = (seq as u64, live as u64, floor as u64);
    let head = Head { seq, live, sum, tombstone_floor, parked: parked as u64, largest: largest as u64 };
    Ok((bucket_of(bucket)?, head))
}

fn heads(rows: Vec<HeadRow>) -> Result<Heads, StoreError> {
    rows.into_iter().map(head).collect()
}

/// The columns of a head, in the order of [`HeadRow`].
pub(super) const COLUMNS: &str = "b.bucket, b.seq, b.live, b.sum, b.tombstone_floor, b.parked, b.largest";

fn select(buckets: &BTreeSet<Bucket>) -> (Rows, String) {
    let rows = Rows::new().int("bucket", buckets.iter().map(|b| b.code() as i32));
    (rows, format!("SELECT {COLUMNS} FROM v CROSS JOIN buckets b WHERE b.bucket = v.bucket ORDER BY b.bucket"))
}

/// Locks the heads of these buckets until the commit. Those that do not exist are left out.
pub fn lock(tx: &mut Tx<'_>, buckets: &BTreeSet<Bucket>) -> Result<Heads, StoreError> {
    let (rows, mut tail) = select(buckets);
    tail.push_str(&for_update(tx, "b"));
    heads(load_rows!(&mut **tx, &rows, &tail, HeadSql => HeadRow)?)
}

/// Which of these buckets exist: the names of counties are no secret.
pub fn existing(conn: &mut Conn, buckets: &BTreeSet<Bucket>) -> Result<BTreeSet<Bucket>, StoreError> {
    let (rows, tail) = select(buckets);
    Ok(heads(load_rows!(conn, &rows, &tail, HeadSql => HeadRow)?)?.into_keys().collect())
}

/// The heads of every bucket in scope, in the order of their codes.
pub fn in_scope(conn: &mut Conn, scope: &Scope) -> Result<Heads, StoreError> {
    match scope {
        Scope::Region(region) => {
            let range = region.buckets();
            let rows = Rows::new().int("low", [*range.start() as i32]).int("high", [*range.end() as i32]);
            let tail = format!(
                "SELECT {COLUMNS} FROM v CROSS JOIN buckets b WHERE b.bucket BETWEEN v.low AND v.high ORDER BY b.bucket"
            );
            heads(load_rows!(conn, &rows, &tail, HeadSql => HeadRow)?)
        }
        Scope::Counties(counties) => {
            let (rows, tail) = select(counties);
            heads(load_rows!(conn, &rows, &tail, HeadSql => HeadRow)?)
        }
    }
}

/// The codes of every bucket in scope.
pub fn codes(conn: &mut Conn, scope: &Scope) -> Result<BTreeSet<Bucket>, StoreError> {
    match scope {
        Scope::Region(_) => Ok(in_scope(conn, scope)?.into_keys().collect()),
        Scope::Counties(counties) => Ok(counties.clone()),
    }
}

/// The latest sequence number of every bucket: for those who watch all of them.
pub fn seqs(conn: &mut Conn) -> Result<BTreeMap<Bucket, u64>, StoreError> {
    let rows = Rows::new().int("low", [0]);
    let tail = "SELECT b.bucket, b.seq FROM v CROSS JOIN buckets b WHERE b.bucket > v.low";
    let found = load_rows!(conn, &rows, tail, (Integer, BigInt) => (i32, i64))?;
    found.into_iter().map(|(bucket, seq)| Ok((bucket_of(bucket)?, seq as u64))).collect()
}

/// Stores, with `writes`, heads that [`lock`] gave and a write moved.
pub fn store(writes: &mut Writes, heads: &Heads) {
    let rows = Rows::new()
        .int("bucket", heads.keys().map(|b| b.code() as i32))
        .big("seq", heads.values().map(|h| h.seq as i64))
        .big("live", heads.values().map(|h| h.live as i64))
        .bytes("sum", heads.values().map(|h| h.sum.to_bytes().to_vec()))
        .big("parked", heads.values().map(|h| h.parked as i64))
        .big("largest", heads.values().map(|h| h.largest as i64));
    writes.update(rows, "buckets", 1);
}
