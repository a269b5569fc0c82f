//! The phone's copy of the server's records, bucket by bucket.
//!
//! A bucket is `held` while the cursor has it. It is `suspect` when its records did not add up to the server's
//! sum, until it has come again from nothing. It is `stale` when the cursor was lost (the phone became a new
//! device): people may go on reading it, and its first page replaces it. It is `revoked` when it is no longer
//! the person's: it goes as soon as nothing unsent is left in it.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use sync_core::{Digest, Sum};

use super::edit::Key;
use super::schema::{buckets, outbox, records, waiting_deletes};
use super::{Error, Holding, digest};

type Conn = SqliteConnection;

pub(super) const HELD: &str = "held";
pub(super) const SUSPECT: &str = "suspect";
pub(super) const STALE: &str = "stale";
pub(super) const REVOKED: &str = "revoked";

/// One record as the server last gave it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = records)]
pub(super) struct Row {
    pub bucket: String,
    pub collection: String,
    pub id: String,
    pub rev: i64,
    pub seq: i64,
    pub digest: Vec<u8>,
    pub deleted: bool,
    /// JSON object, flat; `{}` when deleted.
    pub fields: String,
}

pub(super) fn record(conn: &mut Conn, key: &Key) -> QueryResult<Option<Row>> {
    records::table.find((&key.bucket, &key.collection, &key.id)).first(conn).optional()
}

pub(super) fn put(conn: &mut Conn, row: &Row) -> QueryResult<()> {
    diesel::replace_into(records::table).values(row).execute(conn)?;
    Ok(())
}

/// Whether the cursor has the bucket: only then may results be stored in it, for of no other would the client
/// be told that it was taken away.
pub(super) fn in_cursor(conn: &mut Conn, bucket: &str) -> QueryResult<bool> {
    Ok(state(conn, bucket)?.is_some_and(|s| s == HELD || s == SUSPECT))
}

pub(super) fn state(conn: &mut Conn, bucket: &str) -> QueryResult<Option<String>> {
    buckets::table.find(bucket).select(buckets::state).first(conn).optional()
}

pub(super) fn set_state(conn: &mut Conn, bucket: &str, state: &str, seq: i64) -> QueryResult<()> {
    diesel::replace_into(buckets::table)
        .values((buckets::bucket.eq(bucket), buckets::state.eq(state), buckets::seq.eq(seq)))
        .execute(conn)?;
    Ok(())
}

pub(super) fn in_state(conn: &mut Conn, state: &str) -> QueryResult<Vec<String>> {
    buckets::table.filter(buckets::state.eq(state)).select(buckets::bucket).order(buckets::bucket).load(conn)
}

/// Moves every bucket from any of `from` to `to`.
pub(super) fn move_all(conn: &mut Conn, from: &[&str], to: &str) -> QueryResult<()> {
    diesel::update(buckets::table.filter(buckets::state.eq_any(from.iter().copied())))
        .set(buckets::state.eq(to))
        .execute(conn)?;
    Ok(())
}

/// Forgets what is held of a bucket; never the outbox.
pub(super) fn forget(conn: &mut Conn, bucket: &str) -> QueryResult<()> {
    diesel::delete(records::table.filter(records::bucket.eq(bucket))).execute(conn)?;
    diesel::delete(waiting_deletes::table.filter(waiting_deletes::bucket.eq(bucket))).execute(conn)?;
    diesel::delete(buckets::table.find(bucket)).execute(conn)?;
    Ok(())
}

/// Forgets the revoked buckets in which nothing unsent is left.
pub(super) fn forget_revoked(conn: &mut Conn) -> QueryResult<()> {
    for bucket in in_state(conn, REVOKED)? {
        let unsent: i64 = outbox::table.filter(outbox::bucket.eq(&bucket)).count().get_result(conn)?;
        if unsent == 0 {
            forget(conn, &bucket)?;
        }
    }
    Ok(())
}

/// The rev of a pulled delete that waits for the record's unsent edits.
pub(super) fn waiting_rev(conn: &mut Conn, key: &Key) -> QueryResult<Option<i64>> {
    waiting_deletes::table
        .find((&key.bucket, &key.collection, &key.id))
        .select(waiting_deletes::rev)
        .first(conn)
        .optional()
}

pub(super) fn drop_waiting(conn: &mut Conn, key: &Key) -> QueryResult<()> {
    diesel::delete(waiting_deletes::table.find((&key.bucket, &key.collection, &key.id))).execute(conn)?;
    Ok(())
}

/// Puts a delete aside, until the record's edits are answered.
pub(super) fn let_wait(conn: &mut Conn, row: &Row) -> QueryResult<()> {
    use waiting_deletes::dsl;
    diesel::replace_into(waiting_deletes::table)
        .values((
            dsl::bucket.eq(&row.bucket),
            dsl::collection.eq(&row.collection),
            dsl::id.eq(&row.id),
            dsl::rev.eq(row.rev),
            dsl::seq.eq(row.seq),
            dsl::digest.eq(&row.digest),
        ))
        .execute(conn)?;
    Ok(())
}

/// Carries out the deletes whose records have no unsent edits left.
pub(super) fn carry_out_waiting(conn: &mut Conn) -> QueryResult<()> {
    use diesel::dsl::{exists, not};
    type Waiting = (String, String, String, i64, i64, Vec<u8>);
    let unsent = outbox::table.filter(
        outbox::bucket
            .eq(waiting_deletes::bucket)
            .and(outbox::collection.eq(waiting_deletes::collection))
            .and(outbox::id.eq(waiting_deletes::id)),
    );
    let ready: Vec<Waiting> = waiting_deletes::table.filter(not(exists(unsent))).load(conn)?;
    for (bucket, collection, id, rev, seq, digest) in ready {
        let key = Key { bucket, collection, id };
        drop_waiting(conn, &key)?;
        if record(conn, &key)?.is_none_or(|held| held.rev < rev) {
            let Key { bucket, collection, id } = key;
            put(conn, &Row { bucket, collection, id, rev, seq, digest, deleted: true, fields: "{}".into() })?;
        }
    }
    Ok(())
}

/// Count and sum (modulo 2^128) of a bucket's live records; those whose delete waits count as deleted, for to
/// the server they are.
pub(super) fn tally(conn: &mut Conn, bucket: &str) -> QueryResult<(i64, Sum)> {
    use diesel::dsl::{exists, not};
    let waiting = waiting_deletes::table.filter(
        waiting_deletes::bucket
            .eq(records::bucket)
            .and(waiting_deletes::collection.eq(records::collection))
            .and(waiting_deletes::id.eq(records::id)),
    );
    let digests: Vec<Vec<u8>> = records::table
        .filter(records::bucket.eq(bucket).and(records::deleted.eq(false)).and(not(exists(waiting))))
        .select(records::digest)
        .load(conn)?;
    // Only whole digests are ever stored; another would show as a difference.
    let sum = digests.iter().filter_map(|bytes| Digest::from_slice(bytes)).fold(Sum::default(), Sum::plus);
    Ok((digests.len() as i64, sum))
}

/// What is held of each bucket in the cursor, with every digest computed anew from what is stored.
pub(super) fn holdings(conn: &mut Conn) -> Result<Vec<Holding>, Error> {
    let mut holdings = Vec::new();
    for bucket in [in_state(conn, HELD)?, in_state(conn, SUSPECT)?].concat() {
        let live = records::table.filter(records::bucket.eq(&bucket).and(records::deleted.eq(false)));
        let live: Vec<Row> = live.load(conn)?;
        let mut holding = Holding { bucket, count: 0, sum: Sum::default() };
        for row in live {
            let Row { bucket, collection, id, rev, fields, .. } = row;
            let fields = digest::canonical(serde_json::from_str(&fields)?);
            holding.count += 1;
            if let Some(digest) = digest::of(&Key { bucket, collection, id }, rev, &fields) {
                holding.sum = holding.sum.plus(digest);
            }
        }
        holdings.push(holding);
    }
    Ok(holdings)
}
