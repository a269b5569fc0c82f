//! The only place where the engines' SQL differs: how a batch of rows enters a statement ([`Rows`]), how statements go
//! together ([`Writes`]), how rows are locked, and what the one writes otherwise than the other.

mod rows;
mod writes;

pub use rows::{Bulk, Rows};
pub use writes::Writes;

use super::conn::{Conn, Engine};
use diesel::connection::SimpleConnection as _;
use diesel::pg::Pg;
use diesel::result::QueryResult;
use diesel::sqlite::Sqlite;

/// How an engine is told to compare texts in the order of their code points, whatever the database's collation.
pub trait CodePoints {
    const ORDER: &'static str;
}

impl CodePoints for Pg {
    const ORDER: &'static str = r#" COLLATE "C""#;
}

impl CodePoints for Sqlite {
    /// Its own order.
    const ORDER: &'static str = "";
}

pub fn engine(conn: &Conn) -> Engine {
    match conn {
        Conn::Pg(_) => Engine::Postgres,
        Conn::Sqlite(_) => Engine::Sqlite,
    }
}

/// Without it, SQLite copies every page that a statement changes, to be able to undo that statement alone.
fn or_fail(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "",
        Engine::Sqlite => " OR FAIL",
    }
}

/// The end of a `SELECT` that locks the rows of `table` until the commit. SQLite's one writer has them already.
pub fn for_update(conn: &Conn, table: &str) -> String {
    match engine(conn) {
        Engine::Postgres => format!(" FOR NO KEY UPDATE OF {table}"),
        Engine::Sqlite => String::new(),
    }
}

/// The same, which leaves out rows that somebody else has locked instead of waiting for them.
pub fn for_update_of_free(conn: &Conn, table: &str) -> String {
    match engine(conn) {
        Engine::Postgres => format!(" FOR NO KEY UPDATE OF {table} SKIP LOCKED"),
        Engine::Sqlite => String::new(),
    }
}

/// The condition that a row of `table`, as `f`, has all of the pieces in a text that is bound in between.
pub fn has_pieces(engine: Engine, table: &str) -> (String, &'static str) {
    match engine {
        Engine::Postgres => ("string_to_array(f.grams, ' ') @> string_to_array(".into(), ", ' ')"),
        Engine::Sqlite => (format!("f.n IN (SELECT rowid FROM {table}_by_gram WHERE {table}_by_gram MATCH "), ")"),
    }
}

/// Stands before a column that is not to be looked for by an index. PostgreSQL knows the frequency of values and decides
/// for itself.
pub fn by_no_index(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "",
        Engine::Sqlite => "+",
    }
}

/// The bucket of row `f`, not to be looked for by an index.
pub fn bucket_by_no_index(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "f.bucket",
        Engine::Sqlite => "+f.bucket",
    }
}

/// Milliseconds since 1970 of a column with an instant.
pub fn millis(engine: Engine, column: &str) -> String {
    match engine {
        Engine::Postgres => format!("(extract(epoch FROM {column}) * 1000)::int8"),
        Engine::Sqlite => format!("{column} / 1000"),
    }
}

/// Columns of all rows that a query finds (`FROM …`), as one JSON text: `[[…], …]`.
pub fn json_rows(engine: Engine, columns: &[&str], query: &str) -> String {
    let columns = columns.join(", ");
    match engine {
        Engine::Postgres => format!("(SELECT COALESCE(json_agg(json_build_array({columns})), '[]') {query})"),
        Engine::Sqlite => format!("(SELECT json_group_array(json_array({columns})) {query})"),
    }
}

/// The function that tells where in a text another stands; 0 where it does not.
pub fn position(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "strpos",
        Engine::Sqlite => "instr",
    }
}

/// After very many rows have come: what an engine would else do by itself some time, while it answers worse. `conn` is in no
/// transaction.
pub fn settle(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Pg(c) => c.batch_execute("VACUUM (ANALYZE)"),
        Conn::Sqlite(c) => c.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)"),
    }
}

/// The day that it is in China, as a text.
pub fn today(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "to_char(now() AT TIME ZONE 'UTC' + interval '8 hours', 'YYYY-MM-DD') COLLATE \"C\"",
        Engine::Sqlite => "date('now', '+8 hours')",
    }
}
