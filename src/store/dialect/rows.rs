//! Batches of rows in statements.
//!
//! A batch is the common table `v`: `WITH v (a, b) AS (…) <the rest>`. On PostgreSQL it is one `unnest` over arrays,
//! the same statement whatever the size; or, of one row, its values, which the planner sees through. On SQLite it is a list of
//! values, cut into powers of two, so that few distinct statements have to be prepared.

use super::{engine, or_fail};
use crate::store::conn::{Conn, Engine};
use crate::store::types::{DbInstant, DbJson, DbUuid, Id, Instant, JsonText};
use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{self, Array, BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, RunQueryDsl, SqliteConnection};
use std::marker::PhantomData;
use std::ops::Range;

/// The largest list of values on SQLite, which takes at most 32,766 bound values in a statement.
const LARGEST_LIST: usize = 128;

macro_rules! columns {
    ($($variant:ident, $method:ident: $sql:ty, $rust:ty, $cast:literal;)+) => {
        /// One column of a batch.
        enum Column { $($variant(Vec<$rust>),)+ }

        impl Column {
            fn len(&self) -> usize {
                match self { $(Self::$variant(values) => values.len(),)+ }
            }

            /// The whole column as one array.
            fn bind_array<'b>(&'b self, pass: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                match self {
                    $(Self::$variant(values) => {
                        pass.push_bind_param::<Array<$sql>, Vec<$rust>>(values)?;
                        pass.push_sql($cast);
                    })+
                }
                Ok(())
            }

            /// The only value of the column.
            fn bind_only<'b>(&'b self, pass: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                match self {
                    $(Self::$variant(values) => {
                        pass.push_bind_param::<$sql, $rust>(&values[0])?;
                        pass.push_sql($cast.trim_end_matches("[]"));
                    })+
                }
                Ok(())
            }

            fn bind_one<'b>(&'b self, row: usize, pass: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                match self {
                    $(Self::$variant(values) => pass.push_bind_param::<$sql, $rust>(&values[row]),)+
                }
            }
        }

        impl Rows {
            $(
                /// Adds a column; all have the same length.
                #[must_use]
                pub fn $method(mut self, name: &'static str, values: impl IntoIterator<Item = $rust>) -> Self {
                    self.names.push(name);
                    self.columns.push(Column::$variant(values.into_iter().collect()));
                    self
                }
            )+
        }
    };
}

columns! {
    Int, int: Integer, i32, "::int4[]";
    Small, small: SmallInt, i16, "::int2[]";
    Big, big: BigInt, i64, "::int8[]";
    OptBig, opt_big: Nullable<BigInt>, Option<i64>, "::int8[]";
    Flag, flag: Bool, bool, "::bool[]";
    OptFlag, opt_flag: Nullable<Bool>, Option<bool>, "::bool[]";
    Double, double: sql_types::Double, f64, "::float8[]";
    OptDouble, opt_double: Nullable<sql_types::Double>, Option<f64>, "::float8[]";
    Uuid, uuid: DbUuid, Id, "::uuid[]";
    OptUuid, opt_uuid: Nullable<DbUuid>, Option<Id>, "::uuid[]";
    Text, text: Text, String, "::text[]";
    OptText, opt_text: Nullable<Text>, Option<String>, "::text[]";
    Json, json: DbJson, JsonText, "::json[]";
    OptJson, opt_json: Nullable<DbJson>, Option<JsonText>, "::json[]";
    Bytes, bytes: Binary, Vec<u8>, "::bytea[]";
    OptBytes, opt_bytes: Nullable<Binary>, Option<Vec<u8>>, "::bytea[]";
    Date, date: sql_types::Date, NaiveDate, "::date[]";
    OptDate, opt_date: Nullable<sql_types::Date>, Option<NaiveDate>, "::date[]";
    Instant, instant: DbInstant, Instant, "::timestamptz[]";
    OptInstant, opt_instant: Nullable<DbInstant>, Option<Instant>, "::timestamptz[]";
}

/// A batch of rows for one statement.
#[derive(Default)]
pub struct Rows {
    names: Vec<&'static str>,
    columns: Vec<Column>,
}

impl Rows {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Column::len)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Runs `WITH v AS (these rows) <tail>` and gives the number of rows it changed; nothing runs without rows.
    pub fn execute(&self, conn: &mut Conn, tail: &str) -> QueryResult<usize> {
        let mut changed = 0;
        for range in self.chunks(conn) {
            let bulk = Bulk::<()>::new(self, range, tail);
            changed += crate::each!(conn, |c| bulk.execute(c))?;
        }
        Ok(changed)
    }

    /// Puts these rows into `table`, whose columns have their names. A failure is one of the whole transaction.
    pub fn insert(&self, conn: &mut Conn, table: &str) -> QueryResult<usize> {
        let tail = self.insert_tail(engine(conn), table);
        self.execute(conn, &tail)
    }

    pub(super) fn insert_tail(&self, engine: Engine, table: &str) -> String {
        format!("INSERT{} INTO {table} ({}) SELECT * FROM v", or_fail(engine), self.names.join(", "))
    }

    /// Overwrites rows of `table`, whose columns have these names; the first `keys` of them tell which. A failure is one of the
    /// whole transaction.
    pub fn update(&self, conn: &mut Conn, table: &str, keys: usize) -> QueryResult<usize> {
        let tail = self.update_tail(engine(conn), table, keys);
        self.execute(conn, &tail)
    }

    pub(super) fn update_tail(&self, engine: Engine, table: &str, keys: usize) -> String {
        let (keys, values) = self.names.split_at(keys);
        let sets: Vec<_> = values.iter().map(|name| format!("{name} = v.{name}")).collect();
        let same: Vec<_> = keys.iter().map(|name| format!("{table}.{name} = v.{name}")).collect();
        format!("UPDATE{} {table} SET {} FROM v WHERE {}", or_fail(engine), sets.join(", "), same.join(" AND "))
    }

    pub fn chunks(&self, conn: &Conn) -> Vec<Range<usize>> {
        let len = self.len();
        match engine(conn) {
            Engine::Postgres if len == 0 => Vec::new(),
            Engine::Postgres => std::iter::once(0..len).collect(),
            Engine::Sqlite => powers_of_two(len),
        }
    }
}

/// Cuts `len` into ranges whose lengths are powers of two, the largest first.
fn powers_of_two(len: usize) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut start, mut size) = (0, LARGEST_LIST);
    while start < len {
        while size > len - start {
            size /= 2;
        }
        ranges.push(start..start + size);
        start += size;
    }
    ranges
}

/// A statement over a batch; `ST` is the SQL type of the rows that it gives.
pub struct Bulk<'a, ST> {
    rows: &'a Rows,
    range: Range<usize>,
    tail: &'a str,
    row_type: PhantomData<ST>,
}

impl<'a, ST> Bulk<'a, ST> {
    pub fn new(rows: &'a Rows, range: Range<usize>, tail: &'a str) -> Self {
        Self { rows, range, tail, row_type: PhantomData }
    }

    fn push_head<DB: diesel::backend::Backend>(&self, pass: &mut AstPass<'_, '_, DB>) {
        pass.push_sql("WITH v (");
        for (i, name) in self.rows.names.iter().enumerate() {
            if i > 0 {
                pass.push_sql(", ");
            }
            pass.push_sql(name);
        }
        pass.push_sql(") AS (");
    }
}

/// Loads the rows of a statement over a batch: `load_rows!(conn, rows, tail, SqlType => RustType)`.
#[macro_export]
macro_rules! load_rows {
    ($conn:expr, $rows:expr, $tail:expr, $sql:ty => $rust:ty) => {{
        let (rows, tail): (&$crate::store::dialect::Rows, &str) = ($rows, $tail);
        let mut found: Vec<$rust> = Vec::new();
        let mut outcome = Ok(());
        for range in rows.chunks($conn) {
            let bulk = $crate::store::dialect::Bulk::<$sql>::new(rows, range, tail);
            let loaded = $crate::each!($conn, |c| diesel::RunQueryDsl::load::<$rust>(bulk, c));
            match loaded {
                Ok(mut more) => found.append(&mut more),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        outcome.map(|()| found)
    }};
}

/// Goes through many rows of a statement over a batch, of which neither the engine's client nor we keep more than one:
/// `each_row!(conn, rows, tail, SqlType => RustType, |row| …)`, where the closure gives a `Result` whose error the
/// database's can become.
#[macro_export]
macro_rules! each_row {
    ($conn:expr, $rows:expr, $tail:expr, $sql:ty => $rust:ty, $each:expr) => {{
        use $crate::store::Conn;
        let (rows, tail): (&$crate::store::dialect::Rows, &str) = ($rows, $tail);
        let mut each = $each;
        let mut outcome = Ok(());
        for range in rows.chunks($conn) {
            let bulk = $crate::store::dialect::Bulk::<$sql>::new(rows, range, tail);
            macro_rules! go_through {
                ($c:ident, $mode:ty) => {
                    diesel::RunQueryDsl::load_iter::<$rust, $mode>(bulk, $c)
                        .map_err(From::from)
                        .and_then(|mut found| found.try_for_each(|row| each(row?)))
                };
            }
            outcome = match $conn {
                Conn::Pg(c) => go_through!(c, diesel::pg::PgRowByRowLoadingMode),
                Conn::Sqlite(c) => go_through!(c, diesel::connection::DefaultLoadingMode),
            };
            if outcome.is_err() {
                break;
            }
        }
        outcome
    }};
}

impl<ST> QueryFragment<Pg> for Bulk<'_, ST> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.push_head(&mut pass);
        let only = self.rows.len() == 1;
        pass.push_sql(if only { "SELECT " } else { "SELECT * FROM unnest(" });
        for (i, column) in self.rows.columns.iter().enumerate() {
            if i > 0 {
                pass.push_sql(", ");
            }
            if only { column.bind_only(&mut pass)? } else { column.bind_array(&mut pass)? }
        }
        pass.push_sql(if only { ") " } else { ")) " });
        pass.push_sql(self.tail);
        Ok(())
    }
}

impl<ST> QueryFragment<Sqlite> for Bulk<'_, ST> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.push_head(&mut pass);
        pass.push_sql("VALUES ");
        for row in self.range.clone() {
            pass.push_sql(if row == self.range.start { "(" } else { ", (" });
            for (i, column) in self.rows.columns.iter().enumerate() {
                if i > 0 {
                    pass.push_sql(", ");
                }
                column.bind_one(row, &mut pass)?;
            }
            pass.push_sql(")");
        }
        pass.push_sql(") ");
        pass.push_sql(self.tail);
        Ok(())
    }
}

impl<ST> QueryId for Bulk<'_, ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Bulk<'_, ST> {
    type SqlType = ST;
}

impl<ST> RunQueryDsl<PgConnection> for Bulk<'_, ST> {}
impl<ST> RunQueryDsl<SqliteConnection> for Bulk<'_, ST> {}

#[cfg(test)]
mod tests {
    use super::{LARGEST_LIST, powers_of_two};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn chunks_cover_every_row_once(len in 0_usize..2000) {
            let ranges = powers_of_two(len);
            prop_assert_eq!(ranges.iter().cloned().flatten().collect::<Vec<_>>(), (0..len).collect::<Vec<_>>());
            prop_assert!(ranges.iter().all(|r| r.len().is_power_of_two() && r.len() <= LARGEST_LIST));
        }
    }
}
