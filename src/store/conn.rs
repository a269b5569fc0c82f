//! Connections, pools and transactions. Everything that changes data goes through [`Tx`], which only [`Store::write`]
//! makes; everything that reads through a [`Conn`] that the store lends.

use super::form_cache::Forms;
use super::libpq;
use super::writer::{self, Writer};
use crate::config::Config;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::{ManageConnection, Pool, R2D2Connection as _};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

/// A connection to either engine.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs one expression on the concrete connection of either engine, for what the derived backend cannot render:
/// multi-row inserts, upserts.
#[macro_export]
macro_rules! each {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::store::Conn::Pg($c) => $body,
            $crate::store::Conn::Sqlite($c) => $body,
        }
    };
}

/// Which of the two databases this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection in time, or it broke, or there is no room to write: the request may be repeated.
    #[error("the database is not available")]
    Unavailable(#[source] anyhow::Error),
    /// The database went away while it committed: nobody knows whether it did.
    #[error("the database went away at the commit")]
    Undecided(#[source] anyhow::Error),
    /// A query failed for another reason: a fault of ours.
    #[error("a query failed")]
    Query(#[source] diesel::result::Error),
    /// What was read cannot be what was written.
    #[error("unreadable data: {0}")]
    Corrupt(String),
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        match error {
            Error::DatabaseError(
                Kind::ClosedConnection | Kind::SerializationFailure | Kind::UnableToSendCommand,
                _,
            )
            | Error::BrokenTransactionManager => Self::Unavailable(error.into()),
            // The connection broke, or SQLite has rolled back by itself.
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            // PostgreSQL's shutdown (57P01 to 57P03), deadlock (40P01) and full disk (53100), SQLite's busy, full and
            // failed writes have no kind of their own.
            Error::DatabaseError(_, ref info)
                if [
                    "terminating connection",
                    "shutting down",
                    "starting up",
                    "deadlock detected",
                    "lock timeout",
                    "No space left on device",
                    "database is locked",
                    "disk is full",
                    "disk I/O error",
                ]
                .iter()
                .any(|text| info.message().contains(text)) =>
            {
                Self::Unavailable(error.into())
            }
            _ => Self::Query(error),
        }
    }
}

/// Opens connections. Written by hand because the derived `establish` hides the cause of a failure and would open a
/// stray SQLite file for a mistyped address.
#[derive(Debug, Clone)]
pub struct Manager {
    target: Target,
}

#[derive(Debug, Clone)]
enum Target {
    Sqlite(String),
    Postgres(String),
}

impl Manager {
    /// `sqlite:PATH` or `postgres://…`
    pub fn parse(url: &str) -> anyhow::Result<Self> {
        let target = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Target::Postgres(libpq::with_patience(url))
        } else if let Some(path) = url.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            Target::Sqlite(path.strip_prefix("//").unwrap_or(path).to_owned())
        } else {
            anyhow::bail!("the database URL must be sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE");
        };
        Ok(Self { target })
    }

    pub fn engine(&self) -> Engine {
        match self.target {
            Target::Sqlite(_) => Engine::Sqlite,
            Target::Postgres(_) => Engine::Postgres,
        }
    }

    /// A connection for reading.
    pub fn open(&self) -> Result<Conn, diesel::r2d2::Error> {
        let failed = diesel::r2d2::Error::ConnectionError;
        match &self.target {
            Target::Postgres(url) => {
                let mut conn = PgConnection::establish(url).map_err(failed)?;
                // Days as the other engine writes them. Who waits long for a lock is told to try again, and leaves its
                // connection to others. A statement is compiled for 10 ms and more before it runs for one.
                conn.batch_execute(
                    "SET client_min_messages = warning; SET datestyle = 'ISO, YMD'; SET lock_timeout = '10s'; \
                     SET jit = off",
                )
                .map_err(diesel::r2d2::Error::QueryError)?;
                Ok(Conn::Pg(conn))
            }
            Target::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path).map_err(failed)?;
                // The cache (in KiB) is each connection's own: what it lacks, the system's cache has.
                conn.batch_execute(
                    "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -1000; \
                     PRAGMA journal_size_limit = 67108864;",
                )
                .map_err(diesel::r2d2::Error::QueryError)?;
                Ok(Conn::Sqlite(conn))
            }
        }
    }

    /// A connection for writing, or for lookups: one that keeps its plans.
    pub(super) fn open_writer(&self) -> Result<Conn, diesel::r2d2::Error> {
        let mut conn = self.open()?;
        match &mut conn {
            // The one writer finds in its own cache what it changes again and again, and brings the log (pages) into the file
            // when most of what it changed has been changed several times.
            Conn::Sqlite(c) => c.batch_execute("PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000"),
            // A write looks up keys, however large the tables are. Each statement is planned once, which takes longer than
            // running it, and again when [`Writer`] says so.
            Conn::Pg(c) => c.batch_execute(
                "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; \
                 SET enable_hashjoin = off; SET enable_mergejoin = off",
            ),
        }
        .map_err(diesel::r2d2::Error::QueryError)?;
        Ok(conn)
    }
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        self.open()
    }

    /// Asked before a connection is lent. One that was closed while it was idle is not: its borrower would fail for it, and
    /// diesel does not notice when a statement that this connection never saw could not be prepared ([`Self::has_broken`]).
    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        match conn {
            Conn::Pg(conn) => libpq::heard_of(conn).map_err(diesel::r2d2::Error::QueryError),
            Conn::Sqlite(_) => Ok(()),
        }
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        conn.is_broken()
    }
}

/// A transaction that may write. [`Store::write`] alone makes one.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    forms: &'a Arc<Forms>,
}

impl Deref for Tx<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}

impl Tx<'_> {
    /// The forms that answers are checked against.
    pub fn forms(&self) -> Arc<Forms> {
        self.forms.clone()
    }

    /// Runs `body` in a savepoint: its failure undoes what it did and leaves the transaction usable.
    pub fn savepoint<T, E: From<StoreError>>(
        &mut self,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        begin(self.conn)?;
        let result = body(&mut Tx { conn: self.conn, forms: self.forms });
        end(self.conn, result)
    }
}

type Manage = <Conn as Connection>::TransactionManager;

fn begin(conn: &mut Conn) -> Result<(), StoreError> {
    Ok(Manage::begin_transaction(conn)?)
}

fn end<T, E: From<StoreError>>(conn: &mut Conn, result: Result<T, E>) -> Result<T, E> {
    match result {
        Ok(value) => {
            Manage::commit_transaction(conn).map_err(|error| uncommitted(conn, error))?;
            Ok(value)
        }
        Err(error) => {
            // The first error is the one to tell; a connection that cannot roll back is found broken by the pool.
            let _ = Manage::rollback_transaction(conn);
            Err(error)
        }
    }
}

/// What a failed commit means. SQLite's is undone; PostgreSQL may have finished one whose answer was lost.
fn uncommitted(conn: &Conn, error: diesel::result::Error) -> StoreError {
    match (conn, StoreError::from(error)) {
        (Conn::Pg(_), StoreError::Unavailable(cause)) => StoreError::Undecided(cause),
        (_, error) => error,
    }
}

/// One writing transaction on `conn`. On SQLite it takes the write lock at once: a transaction that reads first and
/// writes later fails when another one wrote in between.
pub(super) fn transact<T, E: From<StoreError>>(
    conn: &mut Conn,
    forms: &Arc<Forms>,
    body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        Conn::Pg(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"),
    }
    .map_err(StoreError::from)?;
    let result = body(&mut Tx { conn, forms });
    end(conn, result)
}

/// Reads with statements that all see the same moment. `conn` must not be in a transaction.
pub fn snapshot<T, E: From<StoreError>>(conn: &mut Conn, body: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
    begin_snapshot(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    let result = body(conn);
    end(conn, result)
}

/// [`snapshot`] for statements that walk along an index and stop. PostgreSQL, as long as it has no statistics of a table,
/// would rather collect all matching rows from its pages and sort them: 20 ms for a page of a pull instead of 2. And where
/// it looks into several counties behind a number that it does not know, it takes a third of each for what is there, and reads
/// the whole table: 80 ms instead of half of one.
pub fn snapshot_in_order<T, E: From<StoreError>>(
    conn: &mut Conn,
    body: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    begin_snapshot(
        conn,
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_bitmapscan = off; \
         SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off",
    )?;
    let result = body(conn);
    end(conn, result)
}

/// SQLite plans by its indexes alone.
fn begin_snapshot(conn: &mut Conn, postgres: &str) -> Result<(), StoreError> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN DEFERRED"),
        Conn::Pg(c) => AnsiTransactionManager::begin_transaction_sql(c, postgres),
    }
    .map_err(StoreError::from)
}

/// The database: a pool of readers, and the way to write.
#[derive(Clone)]
pub struct Store {
    pub(super) pool: Pool<Manager>,
    pub(super) writer: Arc<Writer>,
    /// PostgreSQL's connection for lookups.
    lookups: Option<Pool<writer::Opener>>,
    engine: Engine,
    forms: Arc<Forms>,
}

impl Store {
    /// Connects; fails at once, with the cause, when the database is not there.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let manager = Manager::parse(&config.database_url)?;
        manager.open().map_err(|e| anyhow::anyhow!("cannot open the database: {e}"))?;
        let engine = manager.engine();
        let (writer, lookups) = match engine {
            Engine::Sqlite => (Writer::alone(manager.clone()), None),
            Engine::Postgres => (
                Writer::many(pool(config.pool_size, writer::Opener(manager.clone()))?),
                Some(pool(1, writer::Opener(manager.clone()))?),
            ),
        };
        let pool = pool(config.pool_size, manager)?;
        Ok(Self { pool, writer: Arc::new(writer), lookups, engine, forms: Arc::default() })
    }

    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The forms that answers are checked against.
    pub fn forms(&self) -> &Forms {
        &self.forms
    }

    /// Lends a connection for reading; each statement sees the latest commits. Blocks: see [`Store::read`].
    pub fn read_now<T, E: From<StoreError>>(&self, body: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.pool.get().map_err(|e| StoreError::Unavailable(e.into()))?;
        body(&mut conn)
    }

    /// [`Store::read_now`] for statements that look up keys again and again. On PostgreSQL they share one connection, on which
    /// each is planned once: to plan it takes longer than to run it, and the readers do that anew for each list of keys.
    pub fn look_up_now<T, E: From<StoreError>>(&self, body: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let Some(lookups) = &self.lookups else { return self.read_now(body) };
        let mut conn = lookups.get().map_err(|e| StoreError::Unavailable(e.into()))?;
        body(conn.begin()?)
    }

    /// Lends a connection whose statements all see the same moment. Blocks: see [`Store::snapshot`].
    pub fn snapshot_now<T, E: From<StoreError>>(&self, body: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        self.read_now(|conn| snapshot(conn, body))
    }

    /// Runs one writing transaction and waits for its commit. Blocks: see [`Store::write`].
    pub fn write_now<T, E>(&self, body: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.write(&self.forms, body)
    }

    /// [`Store::read_now`] on a thread for blocking work.
    pub async fn read<T, E>(&self, body: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = self.clone();
        blocking(move || store.read_now(body)).await
    }

    /// [`Store::snapshot_now`] on a thread for blocking work.
    pub async fn snapshot<T, E>(&self, body: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = self.clone();
        blocking(move || store.snapshot_now(body)).await
    }

    /// [`Store::write_now`] on a thread for blocking work: what it returns `Ok` for is committed when this returns.
    pub async fn write<T, E>(&self, body: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = self.clone();
        blocking(move || store.write_now(body)).await
    }
}

pub(super) fn pool<M: ManageConnection>(size: u32, manager: M) -> anyhow::Result<Pool<M>> {
    let pool = Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .test_on_check_out(true)
        .connection_timeout(Duration::from_secs(5));
    Ok(pool.build(manager)?)
}

async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match actix_web::web::block(work).await {
        Ok(result) => result,
        Err(canceled) => Err(StoreError::Unavailable(canceled.into()).into()),
    }
}
