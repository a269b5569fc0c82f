//! The raw SQLite: one writing connection, as there can be no more, on the write-ahead log with `synchronous = FULL`; a
//! reading connection for each reader.

use super::{COLLECTION, Engine, PAGE, Rows};
use crate::bench::drive::{LONG, Timed, side_by_side};
use crate::store::migrations;
use rusqlite::{Connection, OpenFlags, Statement, params};
use std::path::PathBuf;
use std::time::Duration;
use uuid::Uuid;

/// As the server's own connections.
const SETTINGS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000; PRAGMA mmap_size = 268435456; \
     PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000;";

const INSERT: &str = "INSERT INTO records (bucket, collection, id, rev, seq, deleted, digest, stamp, at_ms, claimed_ms, \
     received_ms, device_id, user_id, team_id, registers, touches, fields) \
     VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8, ?8, ?9, ?10, ?10, ?10, NULL, NULL, ?11)";

const OWN: &str = "INSERT INTO interviews (bucket, id, visit, level, household, village, form, form_version, started_at, \
     ended_at, search) VALUES (?1, ?2, ?3, 'household', ?4, NULL, 'household', 1, ?5, NULL, ?6)";

const COUNT: &str = "UPDATE buckets SET seq = ?1, live = live + ?2, sum = ?3 WHERE bucket = ?4";

/// What a creation said is not kept: the record tells it.
const KEEP: &str = "INSERT INTO history (bucket, collection, id, rev, seq, deleted, stamp, at_ms, claimed_ms, received_ms, \
     device_id, user_id, team_id, touches) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?7, ?8, ?9, ?9, ?9, NULL)";

const UPDATE: &str = "UPDATE records SET rev = ?1, seq = ?2, digest = ?3, stamp = ?4, at_ms = ?5, claimed_ms = ?5, \
     received_ms = ?6, device_id = ?7, registers = ?8, touches = ?9, fields = ?10 \
     WHERE bucket = ?11 AND collection = ?12 AND id = ?13";

const READ: &str = "SELECT collection, id, rev, seq, deleted, digest, at_ms, fields FROM records \
     WHERE bucket = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";

const WHO: &str = "SELECT s.id, s.revoked_at, u.role, u.region, u.team_id FROM sessions s JOIN users u ON u.id = s.user_id \
     WHERE s.id = ?1";

const HEAD: &str = "SELECT seq, live, sum FROM buckets WHERE bucket = ?1";

const SIGN_IN: &str = "INSERT INTO users (id, username, password_hash, role, region, created_at) \
     VALUES (x'0195f0c27a317c5e9d0e3f6a1b2c4d5e', 'bench', '-', 'provincial', '51', 0); \
     INSERT INTO sessions (id, user_id, created_at) VALUES (x'0195f0c27a317c5e9d0e3f6a1b2c4d5e', \
     x'0195f0c27a317c5e9d0e3f6a1b2c4d5e', 0)";
/// Somebody who asks.
const SOMEBODY: Uuid = Uuid::from_u128(0x0195_f0c2_7a31_7c5e_9d0e_3f6a_1b2c_4d5e);

pub(in crate::bench) struct Sqlite {
    path: PathBuf,
    writer: Connection,
}

impl Sqlite {
    /// In a new file.
    pub(in crate::bench) fn open(path: PathBuf) -> anyhow::Result<Self> {
        migrations::migrate(&format!("sqlite:{}", path.display()))?;
        let writer = connect(&path)?;
        writer.execute_batch(SIGN_IN)?;
        Ok(Self { path, writer })
    }
}

fn connect(path: &PathBuf) -> anyhow::Result<Connection> {
    // Each connection is used by one thread at a time.
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.execute_batch(SETTINGS)?;
    Ok(conn)
}

/// The writer's statements.
struct Statements<'c> {
    begin: Statement<'c>,
    insert: Statement<'c>,
    own: Statement<'c>,
    keep: Statement<'c>,
    update: Statement<'c>,
    count: Statement<'c>,
    commit: Statement<'c>,
}

impl<'c> Statements<'c> {
    fn prepare(conn: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            begin: conn.prepare("BEGIN IMMEDIATE")?,
            insert: conn.prepare(INSERT)?,
            own: conn.prepare(OWN)?,
            keep: conn.prepare(KEEP)?,
            update: conn.prepare(UPDATE)?,
            count: conn.prepare(COUNT)?,
            commit: conn.prepare("COMMIT")?,
        })
    }

    fn write(&mut self, rows: &Rows) -> rusqlite::Result<()> {
        self.begin.execute([])?;
        let (bucket, device, received) = (rows.bucket, rows.device.as_bytes().as_slice(), rows.stamps[0] >> 16);
        for row in 0..rows.len() {
            let (id, seq, stamp) = (rows.ids[row].as_bytes().as_slice(), rows.seqs[row], rows.stamps[row]);
            let (digest, fields, at) = (rows.digests[row].as_slice(), rows.fields[row].0.as_str(), stamp >> 16);
            if rows.rev == 1 {
                self.insert.execute(params![
                    bucket, COLLECTION, id, rows.rev, seq, digest, stamp, at, received, device, fields
                ])?;
                let (visit, household) = (rows.own.visits[row].as_bytes(), rows.own.households[row].as_bytes());
                let (started, search) = (rows.own.started[row], &rows.own.search[row]);
                self.own.execute(params![bucket, id, visit, household, started, search])?;
            } else {
                let (registers, touches) = (rows.registers[row].as_slice(), rows.touches[row].0.as_str());
                let rev = rows.rev;
                self.keep.execute(params![bucket, COLLECTION, id, rev - 1, seq, stamp, at, received, device])?;
                self.update.execute(params![
                    rev, seq, digest, stamp, at, received, device, registers, touches, fields, bucket, COLLECTION, id
                ])?;
            }
        }
        let new = if rows.rev == 1 { rows.len() as i64 } else { 0 };
        self.count.execute(params![rows.last_seq(), new, rows.sum, bucket])?;
        self.commit.execute([])?;
        Ok(())
    }
}

/// Reads a page after `after`; the bytes go into `out`.
fn page(read: &mut Statement<'_>, bucket: u32, after: i64, out: &mut Vec<u8>) -> anyhow::Result<Option<(u64, i64)>> {
    out.clear();
    let (mut count, mut last) = (0, after);
    let mut rows = read.query(params![bucket, after, PAGE as i64])?;
    while let Some(row) = rows.next()? {
        let _: (i64, i64, i64, i64) = (row.get(0)?, row.get(2)?, row.get(4)?, row.get(6)?);
        for column in [1, 5] {
            out.extend_from_slice(row.get_ref(column)?.as_blob()?);
        }
        out.extend_from_slice(row.get_ref(7)?.as_bytes()?);
        last = row.get(3)?;
        count += 1;
    }
    Ok((count > 0).then_some((count, last)))
}

impl Engine for Sqlite {
    fn open_counties(&mut self, buckets: &[u32]) -> anyhow::Result<()> {
        for bucket in buckets {
            self.writer.execute("INSERT INTO buckets (bucket) VALUES (?1)", [bucket])?;
        }
        Ok(())
    }

    fn insert(&mut self, load: Vec<Vec<Rows>>, most: Duration) -> anyhow::Result<Timed> {
        // The connections' batches take turns on the one writer.
        let turns = load.iter().map(Vec::len).max().unwrap_or_default();
        let batches: Vec<&Rows> = (0..turns).flat_map(|turn| load.iter().filter_map(move |c| c.get(turn))).collect();
        let writer = std::sync::Mutex::new(&mut self.writer);
        let (timed, _) = side_by_side(
            vec![()],
            most,
            |()| Ok(()),
            |(), tally| {
                let conn = writer.lock().map_err(|_| anyhow::anyhow!("the writer failed"))?;
                let mut statements = Statements::prepare(&conn)?;
                for rows in &batches {
                    if tally.is_enough() {
                        break;
                    }
                    tally.time(rows.len() as u64, || Ok(statements.write(rows)?))?;
                }
                Ok(())
            },
        )?;
        Ok(timed)
    }

    fn update(&mut self, load: Vec<Vec<Rows>>) -> anyhow::Result<Timed> {
        // The rows know that they are changes.
        self.insert(load, LONG)
    }

    fn read(&mut self, buckets: &[u32], readers: usize) -> anyhow::Result<Timed> {
        let path = &self.path;
        let (timed, _) = side_by_side(
            (0..readers).collect(),
            LONG,
            |_| connect(path),
            |conn, tally| {
                let mut read = conn.prepare(READ)?;
                let mut out = Vec::new();
                for bucket in buckets {
                    let mut after = 0;
                    while let Some((count, last)) = page(&mut read, *bucket, after, &mut out)? {
                        tally.time(count, || Ok(()))?;
                        after = last;
                    }
                }
                Ok(())
            },
        )?;
        Ok(timed)
    }

    fn poll(
        &mut self,
        counties: &[(u32, Option<i64>)],
        readers: usize,
        each: usize,
        most: Duration,
    ) -> anyhow::Result<Timed> {
        let path = &self.path;
        let (timed, _) = side_by_side(
            (0..readers).collect(),
            most,
            |_| connect(path),
            |conn, tally| {
                let (mut who, mut head, mut read) = (conn.prepare(WHO)?, conn.prepare(HEAD)?, conn.prepare(READ)?);
                let mut out = Vec::new();
                for _ in 0..each {
                    if tally.is_enough() {
                        break;
                    }
                    tally.time(1, || {
                        who.query_row([SOMEBODY.as_bytes()], |row| row.get::<_, String>(2))?;
                        for (bucket, after) in counties {
                            head.query_row([bucket], |row| row.get::<_, i64>(0))?;
                            if let Some(after) = after {
                                page(&mut read, *bucket, *after, &mut out)?;
                            }
                        }
                        Ok(())
                    })?;
                }
                Ok(())
            },
        )?;
        Ok(timed)
    }
}
