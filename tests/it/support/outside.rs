//! A second connection to a test's database, as an operator or another program may have one: it holds what a server
//! needs, and looks at what the server does.

use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};

use super::engine::Engine;
use super::time::eventually;
use super::world::World;

pub(crate) enum Outside {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

impl Outside {
    pub(crate) fn open(w: &World) -> Self {
        let url = w.store.database_url();
        match w.engine() {
            Engine::Postgres => Self::Postgres(PgConnection::establish(&url).expect("the database is there")),
            Engine::Sqlite => {
                let path = url.strip_prefix("sqlite:").expect("a path");
                let mut conn = SqliteConnection::establish(path).expect("the database is there");
                conn.batch_execute("PRAGMA busy_timeout = 20000").unwrap();
                Self::Sqlite(conn)
            }
        }
    }

    /// Runs statements. What a `BEGIN` among them opened stays open until `release`, or until this is dropped.
    #[track_caller]
    pub(crate) fn run(&mut self, statements: &str) {
        let outcome = match self {
            Self::Postgres(conn) => conn.batch_execute(statements),
            Self::Sqlite(conn) => conn.batch_execute(statements),
        };
        outcome.unwrap_or_else(|e| panic!("{statements}: {e}"));
    }

    /// Keeps what this statement locks.
    #[track_caller]
    pub(crate) fn hold(&mut self, statement: &str) {
        self.run(&format!("BEGIN; {statement}"));
    }

    #[track_caller]
    pub(crate) fn release(&mut self) {
        self.run("ROLLBACK");
    }

    /// The `n` of the one row of a query.
    #[track_caller]
    pub(crate) fn number(&mut self, query: &str) -> i64 {
        let query = diesel::sql_query(query);
        let found: Number = match self {
            Self::Postgres(conn) => query.get_result(conn),
            Self::Sqlite(conn) => query.get_result(conn),
        }
        .unwrap_or_else(|e| panic!("{e}"));
        found.n
    }

    /// Waits until at least so many of the servers' transactions wait for a lock. On PostgreSQL, and on a connection that holds
    /// nothing: one transaction always sees the same sessions.
    #[track_caller]
    pub(crate) fn until_stuck(&mut self, count: i64) {
        self.until_stuck_or(count, &AtomicUsize::new(0));
    }

    /// [`Self::until_stuck`], where those that `done` counts need not wait any more.
    #[track_caller]
    pub(crate) fn until_stuck_or(&mut self, count: i64, done: &AtomicUsize) {
        let query = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
             AND wait_event_type = 'Lock'";
        let come = |this: &mut Self| this.number(query) + done.load(Ordering::SeqCst) as i64 >= count;
        eventually(20, "transactions wait", || come(self).then_some(()));
    }
}
