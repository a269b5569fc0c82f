//! The phone's own database: what it holds of the server's records, and the outbox.
//!
//! Two things never mix here. `records` is the server's copy, changed only by what the server said; `outbox`
//! is what people did and the server has not answered yet. What a person sees is the one laid over the other.
//! Every step of the client is one transaction, durable when it returns, so a phone that dies at any instant
//! wakes up either before the step or after it.

use std::path::Path;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::{Error, schema::phone};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS phone (           -- one row: who this is
  one           INTEGER PRIMARY KEY CHECK (one = 1),
  username      TEXT,
  device        TEXT,
  access_token  TEXT,
  refresh_token TEXT,
  register_anew BOOLEAN NOT NULL DEFAULT FALSE, -- the next sign-in makes a new device
  next_op_seq   BIGINT  NOT NULL DEFAULT 1,
  cursor        TEXT,
  revoked       BOOLEAN NOT NULL DEFAULT FALSE, -- flush, then wipe
  wiped         BOOLEAN NOT NULL DEFAULT FALSE
);
INSERT OR IGNORE INTO phone (one) VALUES (1);
CREATE TABLE IF NOT EXISTS buckets (
  bucket TEXT PRIMARY KEY,
  state  TEXT   NOT NULL,                    -- held, suspect, stale, revoked: see copy.rs
  seq    BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (         -- as the server last gave them; deleted ones as tombstones
  bucket TEXT NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL,
  rev    BIGINT NOT NULL, seq BIGINT NOT NULL, digest BLOB NOT NULL,
  deleted BOOLEAN NOT NULL, fields TEXT NOT NULL,
  PRIMARY KEY (bucket, collection, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting_deletes ( -- pulled while the record had unsent edits
  bucket TEXT NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL,
  rev    BIGINT NOT NULL, seq BIGINT NOT NULL, digest BLOB NOT NULL,
  PRIMARY KEY (bucket, collection, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (          -- operations without a result, base and at frozen at the edit
  op_seq BIGINT PRIMARY KEY,
  kind   TEXT NOT NULL,
  bucket TEXT NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL,
  base   BIGINT, at TEXT NOT NULL, fields TEXT
);
CREATE INDEX IF NOT EXISTS outbox_record ON outbox (bucket, collection, id);
CREATE TABLE IF NOT EXISTS notices (         -- results that people should hear of
  number INTEGER PRIMARY KEY,
  device TEXT NOT NULL, op_seq BIGINT NOT NULL,
  bucket TEXT NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL,
  status TEXT NOT NULL, detail TEXT NOT NULL
);
";

/// How hard each step is pressed onto the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A step that has returned survives a flat battery.
    #[default]
    PowerLoss,
    /// A step that has returned survives the end of the process: enough for a simulated phone.
    Crash,
}

/// The one row of `phone`.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = phone)]
pub(super) struct Phone {
    pub username: Option<String>,
    pub device: Option<String>,
    pub access_token: Option<String>,
    pub refresh_token: Option<String>,
    pub register_anew: bool,
    pub cursor: Option<String>,
    pub revoked: bool,
    pub wiped: bool,
}

pub(super) struct Store {
    conn: SqliteConnection,
}

impl Store {
    /// Opens the file, and makes it when it is not there.
    pub(super) fn open(path: &Path, durability: Durability) -> Result<Self, Error> {
        let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
        conn.batch_execute("PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON; PRAGMA busy_timeout = 10000;")?;
        conn.batch_execute(match durability {
            Durability::PowerLoss => "PRAGMA synchronous = FULL;",
            Durability::Crash => "PRAGMA synchronous = OFF;",
        })?;
        conn.immediate_transaction(|c| c.batch_execute(SCHEMA))?;
        Ok(Self { conn })
    }

    /// One step: all of it happens, or nothing.
    pub(super) fn step<T>(&mut self, f: impl FnOnce(&mut SqliteConnection) -> Result<T, Error>) -> Result<T, Error> {
        self.conn.immediate_transaction(f)
    }

    pub(super) fn conn(&mut self) -> &mut SqliteConnection {
        &mut self.conn
    }

    pub(super) fn phone(&mut self) -> Result<Phone, Error> {
        Ok(phone::table.select(Phone::as_select()).first(&mut self.conn)?)
    }

    /// Forgets everything but that it was wiped, also on the disk.
    pub(super) fn wipe(&mut self) -> Result<(), Error> {
        self.step(|c| {
            c.batch_execute(
                "DELETE FROM records; DELETE FROM waiting_deletes; DELETE FROM buckets; DELETE FROM outbox;
                 DELETE FROM notices; DELETE FROM phone; INSERT INTO phone (one, wiped) VALUES (1, TRUE);",
            )?;
            Ok(())
        })?;
        self.conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
        Ok(())
    }
}
