//! The raw PostgreSQL.

use super::pg_statement::{Bind, Statement};
use super::{COLLECTION, Engine, PAGE, Rows};
use crate::bench::drive::{LONG, Timed, side_by_side};
use crate::store::migrations;
use crate::store::types::{DbJson, JsonText};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, SmallInt, Text, Timestamptz, Uuid as DbUuid};
use diesel::{Connection as _, PgConnection, QueryResult, RunQueryDsl as _};
use std::time::Duration;
use uuid::Uuid;

const INSERT: &str = "INSERT INTO records (bucket, collection, id, rev, seq, deleted, digest, stamp, at_ms, claimed_ms, \
     received_ms, device_id, user_id, team_id, registers, touches, fields) \
     SELECT ?, ?, v.id, ?, v.seq, FALSE, v.digest, v.stamp, v.stamp >> 16, v.stamp >> 16, ?, ?, ?, ?, NULL, NULL, v.fields \
     FROM unnest(?, ?, ?, ?, ?) AS v (id, seq, digest, stamp, fields)";

const OWN: &str = "INSERT INTO interviews (bucket, id, visit, level, household, form, form_version, started_at, search) \
     SELECT ?, v.id, v.visit, 'household', v.household, 'household', 1, v.started, v.search \
     FROM unnest(?, ?, ?, ?, ?) AS v (id, visit, household, started, search)";

const COUNT: &str = "UPDATE buckets SET seq = ?, live = live + ?, sum = ? WHERE bucket = ?";

/// What a creation said is not kept: the record tells it.
const KEEP: &str = "INSERT INTO history (bucket, collection, id, rev, seq, deleted, stamp, at_ms, claimed_ms, received_ms, \
     device_id, user_id, team_id, touches) \
     SELECT ?, ?, v.id, ?, v.seq, FALSE, v.stamp, v.stamp >> 16, v.stamp >> 16, ?, ?, ?, ?, NULL \
     FROM unnest(?, ?, ?) AS v (id, seq, stamp)";

/// Materialised with its key, so that each row is looked up by the whole of it.
const UPDATE: &str = "WITH v AS MATERIALIZED (SELECT ?::int4 AS bucket, ?::int2 AS collection, * \
     FROM unnest(?, ?, ?, ?, ?, ?, ?) AS u (id, seq, digest, stamp, registers, touches, fields)) \
     UPDATE records SET rev = ?, seq = v.seq, digest = v.digest, stamp = v.stamp, at_ms = v.stamp >> 16, \
     claimed_ms = v.stamp >> 16, received_ms = ?, device_id = ?, registers = v.registers, touches = v.touches, \
     fields = v.fields FROM v \
     WHERE records.bucket = v.bucket AND records.collection = v.collection AND records.id = v.id";

const READ: &str = "SELECT collection, id, rev, seq, deleted, digest, at_ms, fields FROM records \
     WHERE bucket = ? AND seq > ? ORDER BY seq LIMIT ?";

const WHO: &str = "SELECT s.id, s.revoked_at, u.role, u.region, u.team_id FROM sessions s JOIN users u ON u.id = s.user_id \
     WHERE s.id = ?";

const HEADS: &str = "SELECT seq, live, sum FROM buckets WHERE bucket = ANY (?)";

/// Somebody who asks.
const SOMEBODY: Uuid = Uuid::from_u128(0x0195_f0c2_7a31_7c5e_9d0e_3f6a_1b2c_4d5e);
const SIGN_IN: &str = "INSERT INTO users (id, username, password_hash, role, region, created_at) VALUES \
     ('0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e', 'bench', '-', 'provincial', '51', now()); \
     INSERT INTO sessions (id, user_id, created_at) VALUES ('0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e', \
     '0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e', now())";

type ReadSql = (SmallInt, DbUuid, BigInt, BigInt, Bool, Binary, BigInt, DbJson);
type ReadRow = (i16, Uuid, i64, i64, bool, Vec<u8>, i64, JsonText);
type WhoSql = (DbUuid, Nullable<Timestamptz>, Text, Text, Nullable<DbUuid>);
type WhoRow = (Uuid, Option<chrono::DateTime<chrono::Utc>>, String, String, Option<Uuid>);
type HeadSql = (BigInt, BigInt, Binary);
type HeadRow = (i64, i64, Vec<u8>);

pub(in crate::bench) struct Postgres {
    url: String,
}

impl Postgres {
    /// In an empty database.
    pub(in crate::bench) fn open(url: String) -> anyhow::Result<Self> {
        migrations::migrate(&url)?;
        let mut conn = PgConnection::establish(&url)?;
        conn.batch_execute(SIGN_IN)?;
        Ok(Self { url })
    }

    /// Nothing is known of the tables yet: left alone, the planner reads a whole county to find a hundred of its rows.
    fn connect(&self) -> anyhow::Result<PgConnection> {
        let mut conn = PgConnection::establish(&self.url)?;
        conn.batch_execute("SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off")?;
        Ok(conn)
    }

    fn transactions(
        &self,
        load: Vec<Vec<Rows>>,
        most: Duration,
        one: impl Fn(&mut PgConnection, &Rows) -> QueryResult<()> + Sync,
    ) -> anyhow::Result<Timed> {
        let (timed, _) = side_by_side(
            load,
            most,
            |batches| Ok((self.connect()?, batches)),
            |(mut conn, batches), tally| {
                for rows in &batches {
                    if tally.is_enough() {
                        break;
                    }
                    tally.time(rows.len() as u64, || {
                        Ok(conn.transaction(|conn| {
                            one(conn, rows)?;
                            count(conn, rows)
                        })?)
                    })?;
                }
                Ok(())
            },
        )?;
        Ok(timed)
    }
}

/// Last of all, so that the county's row is locked as short as can be.
fn count(conn: &mut PgConnection, rows: &Rows) -> QueryResult<()> {
    let new = if rows.rev == 1 { rows.len() as i64 } else { 0 };
    let binds = vec![Bind::Big(rows.last_seq()), Bind::Big(new), Bind::Bytes(&rows.sum), Bind::Int(rows.bucket as i32)];
    Statement::<()>::new(COUNT, binds).execute(conn).map(drop)
}

fn insert(conn: &mut PgConnection, rows: &Rows) -> QueryResult<()> {
    let binds = vec![
        Bind::Int(rows.bucket as i32),
        Bind::Small(COLLECTION),
        Bind::Big(rows.rev),
        Bind::Big(rows.stamps[0] >> 16),
        Bind::Uuid(rows.device),
        Bind::Uuid(rows.device),
        Bind::Uuid(rows.device),
        Bind::Uuids(&rows.ids),
        Bind::Bigs(&rows.seqs),
        Bind::Blobs(&rows.digests),
        Bind::Bigs(&rows.stamps),
        Bind::Jsons(&rows.fields),
    ];
    Statement::<()>::new(INSERT, binds).execute(conn)?;
    let own = vec![
        Bind::Int(rows.bucket as i32),
        Bind::Uuids(&rows.ids),
        Bind::Uuids(&rows.own.visits),
        Bind::Uuids(&rows.own.households),
        Bind::Bigs(&rows.own.started),
        Bind::Texts(&rows.own.search),
    ];
    Statement::<()>::new(OWN, own).execute(conn).map(drop)
}

fn update(conn: &mut PgConnection, rows: &Rows) -> QueryResult<()> {
    let (bucket, received) = (rows.bucket as i32, rows.stamps[0] >> 16);
    let kept = vec![
        Bind::Int(bucket),
        Bind::Small(COLLECTION),
        Bind::Big(rows.rev - 1),
        Bind::Big(received),
        Bind::Uuid(rows.device),
        Bind::Uuid(rows.device),
        Bind::Uuid(rows.device),
        Bind::Uuids(&rows.ids),
        Bind::Bigs(&rows.seqs),
        Bind::Bigs(&rows.stamps),
    ];
    Statement::<()>::new(KEEP, kept).execute(conn)?;
    let new = vec![
        Bind::Int(bucket),
        Bind::Small(COLLECTION),
        Bind::Uuids(&rows.ids),
        Bind::Bigs(&rows.seqs),
        Bind::Blobs(&rows.digests),
        Bind::Bigs(&rows.stamps),
        Bind::Blobs(&rows.registers),
        Bind::Jsons(&rows.touches),
        Bind::Jsons(&rows.fields),
        Bind::Big(rows.rev),
        Bind::Big(received),
        Bind::Uuid(rows.device),
    ];
    Statement::<()>::new(UPDATE, new).execute(conn).map(drop)
}

/// A page's rows after `after`, copied out; their bytes go into `out`.
fn page(conn: &mut PgConnection, bucket: u32, after: i64, out: &mut Vec<u8>) -> QueryResult<Option<(u64, i64)>> {
    let binds = vec![Bind::Int(bucket as i32), Bind::Big(after), Bind::Big(PAGE as i64)];
    let rows: Vec<ReadRow> = Statement::<ReadSql>::new(READ, binds).load(conn)?;
    out.clear();
    for row in &rows {
        out.extend_from_slice(row.7.0.as_bytes());
    }
    Ok(rows.last().map(|row| (rows.len() as u64, row.3)))
}

impl Engine for Postgres {
    fn open_counties(&mut self, buckets: &[u32]) -> anyhow::Result<()> {
        let mut conn = self.connect()?;
        for bucket in buckets {
            let binds = vec![Bind::Int(*bucket as i32)];
            Statement::<()>::new("INSERT INTO buckets (bucket) VALUES (?)", binds).execute(&mut conn)?;
        }
        Ok(())
    }

    fn insert(&mut self, load: Vec<Vec<Rows>>, most: Duration) -> anyhow::Result<Timed> {
        self.transactions(load, most, insert)
    }

    fn update(&mut self, load: Vec<Vec<Rows>>) -> anyhow::Result<Timed> {
        self.transactions(load, LONG, update)
    }

    fn read(&mut self, buckets: &[u32], readers: usize) -> anyhow::Result<Timed> {
        let connect = |_| self.connect();
        let (timed, _) = side_by_side((0..readers).collect(), LONG, connect, |mut conn, tally| {
            let mut out = Vec::new();
            for bucket in buckets {
                let mut after = 0;
                while let Some((count, last)) = tally.time(0, || Ok(page(&mut conn, *bucket, after, &mut out)?))? {
                    tally.add(count);
                    after = last;
                    if count < PAGE as u64 {
                        break;
                    }
                }
            }
            Ok(())
        })?;
        Ok(timed)
    }

    fn poll(
        &mut self,
        counties: &[(u32, Option<i64>)],
        readers: usize,
        each: usize,
        most: Duration,
    ) -> anyhow::Result<Timed> {
        let buckets: Vec<i32> = counties.iter().map(|(bucket, _)| *bucket as i32).collect();
        let connect = |_| self.connect();
        let (timed, _) = side_by_side((0..readers).collect(), most, connect, |mut conn, tally| {
            let mut out = Vec::new();
            for _ in 0..each {
                if tally.is_enough() {
                    break;
                }
                tally.time(1, || {
                    let who: Vec<WhoRow> = Statement::<WhoSql>::new(WHO, vec![Bind::Uuid(SOMEBODY)]).load(&mut conn)?;
                    let head = Statement::<HeadSql>::new(HEADS, vec![Bind::Ints(&buckets)]);
                    let heads: Vec<HeadRow> = head.load(&mut conn)?;
                    anyhow::ensure!(who.len() == 1 && heads.len() == buckets.len(), "the raw engine has lost a row");
                    for (bucket, after) in counties {
                        if let Some(after) = after {
                            page(&mut conn, *bucket, *after, &mut out)?;
                        }
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(timed)
    }
}
