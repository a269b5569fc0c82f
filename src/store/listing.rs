//! Lists: the one place that turns what a caller asked for into SQL, for both engines. A page ends with the sort values of
//! its last row, and the next one begins behind them, so that nothing is shown twice or left out while rows come in.

mod sql;

pub use sql::{Sql, Statement};

use super::conn::{Conn, StoreError};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::BigInt;
use diesel::{PgConnection, RunQueryDsl as _, SqliteConnection};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

/// What a column holds, and how its values are written in a query string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Uuid,
    /// `YYYY-MM-DD`, kept as text.
    Day,
    /// A column of [`Instant`]s.
    Instant,
    /// A column of milliseconds since 1970, shown as a time.
    Millis,
    /// Any whole number; also a bucket.
    Int,
    Bool,
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    Text(String),
    Uuid(Uuid),
    /// Milliseconds since 1970.
    Instant(i64),
    Int(i64),
    Bool(bool),
}

/// A column that a list can be filtered by, or sorted too.
#[derive(Debug)]
pub struct Column<R> {
    /// As in the query string.
    pub name: Cow<'static, str>,
    pub kind: Kind,
    sql: Cow<'static, str>,
    value: Option<fn(&R) -> Value>,
}

impl<R> Column<R> {
    /// `sql` is an expression over the list's tables: `u.created_at`.
    pub fn new(name: impl Into<Cow<'static, str>>, kind: Kind, sql: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), kind, sql: sql.into(), value: None }
    }

    /// Can be sorted by, too. It must never be null; `value` gives what a row has there.
    #[must_use]
    pub fn sorted(mut self, value: fn(&R) -> Value) -> Self {
        self.value = Some(value);
        self
    }

    pub fn is_sorted(&self) -> bool {
        self.value.is_some()
    }
}

/// What a list of rows `R` offers.
#[derive(Debug)]
pub struct List<R> {
    /// A cursor of one list does not serve another.
    pub name: &'static str,
    pub columns: Vec<Column<R>>,
    /// How many of the first columns tell any two rows apart, together: they end every order. All are sorted.
    keys: usize,
}

impl<R> List<R> {
    pub fn new(name: &'static str, keys: impl IntoIterator<Item = Column<R>>) -> Self {
        let columns: Vec<_> = keys.into_iter().collect();
        Self { name, keys: columns.len(), columns }
    }

    #[must_use]
    pub fn with(mut self, columns: impl IntoIterator<Item = Column<R>>) -> Self {
        self.columns.extend(columns);
        self
    }

    /// The whole order that begins with `wanted`: the keys follow, in the direction of what stands before them.
    pub fn order(&self, mut wanted: Vec<Order>) -> Vec<Order> {
        let down = wanted.last().is_some_and(|order| order.down);
        for column in 0..self.keys {
            if wanted.iter().all(|order| order.column != column) {
                wanted.push(Order { column, down });
            }
        }
        wanted
    }
}

/// Rows that are listed in one way.
pub trait Listed: Sized + 'static {
    fn list() -> &'static List<Self>;
}

/// A column (by its place in [`List::columns`]) and the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub column: usize,
    pub down: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Is one of the values.
    In,
    Gte,
    Lt,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub column: usize,
    pub compare: Compare,
    pub values: Vec<Value>,
}

/// What a caller asked of a list.
#[derive(Debug)]
pub struct Listing<R: 'static> {
    pub list: &'static List<R>,
    pub filters: Vec<Filter>,
    /// From [`List::order`].
    pub order: Vec<Order>,
    /// Begin behind the row with these sort values.
    pub after: Option<Vec<Value>>,
    pub limit: usize,
    pub count: bool,
}

/// A page.
#[derive(Debug)]
pub struct Found<R> {
    pub rows: Vec<R>,
    /// Where the next page begins, if there is one.
    pub next: Option<Vec<Value>>,
    /// How many rows all pages have, if that was asked.
    pub total: Option<u64>,
}

/// Loads a page. `columns` is what the rows are made of, in the order of `ST`; `from` is `FROM … WHERE …` with what
/// the caller may see: it has a `WHERE`, and nothing behind it.
pub fn page<ST, R>(conn: &mut Conn, listing: &Listing<R>, columns: &str, from: Sql) -> Result<Found<R>, StoreError>
where
    for<'q> Statement<ST>: LoadQuery<'q, PgConnection, R> + LoadQuery<'q, SqliteConnection, R>,
{
    let filtered = listing.filters.iter().fold(from, |sql, filter| listing.filter(sql, filter));
    let total = listing.count.then(|| count(conn, &filtered)).transpose()?;
    let mut sql = Sql::new(format!("SELECT {columns} ")).join(filtered);
    if let Some(after) = &listing.after {
        sql = listing.behind(sql, after);
    }
    // One more than asked tells whether there is a next page.
    let sql = listing.ordered(sql).sql(format!(" LIMIT {}", listing.limit + 1));
    let statement = Statement::<ST>::new(sql);
    let mut rows: Vec<R> = crate::each!(conn, |c| statement.load(c))?;
    let more = rows.len() > listing.limit;
    rows.truncate(listing.limit);
    let next = rows.last().filter(|_| more).map(|row| listing.values(row));
    Ok(Found { rows, next, total })
}

/// Loads the rows of a statement that is no list.
pub fn rows<ST, R>(conn: &mut Conn, sql: Sql) -> Result<Vec<R>, StoreError>
where
    for<'q> Statement<ST>: LoadQuery<'q, PgConnection, R> + LoadQuery<'q, SqliteConnection, R>,
{
    let statement = Statement::<ST>::new(sql);
    Ok(crate::each!(conn, |c| statement.load(c))?)
}

fn count(conn: &mut Conn, filtered: &Sql) -> Result<u64, StoreError> {
    let sql = Sql::new("SELECT count(*) ").join(filtered.clone());
    let statement = Statement::<BigInt>::new(sql);
    let count: i64 = crate::each!(conn, |c| statement.get_result(c))?;
    Ok(count as u64)
}

impl<R> Listing<R> {
    fn column(&self, place: usize) -> &Column<R> {
        &self.list.columns[place]
    }

    fn filter(&self, sql: Sql, filter: &Filter) -> Sql {
        let sql = sql.sql(" AND ").column(self.column(filter.column));
        match (filter.compare, &filter.values[..]) {
            (Compare::Gte, [value]) => sql.sql(" >= ").bind(value.clone()),
            (Compare::Lt, [value]) => sql.sql(" < ").bind(value.clone()),
            (_, values) => sql.sql(" IN ").list(values.iter().cloned()),
        }
    }

    /// `(a, b) > (x, y)`, which an index serves; written out where the directions differ.
    fn behind(&self, sql: Sql, after: &[Value]) -> Sql {
        let sign = |order: &Order| if order.down { " < " } else { " > " };
        let uniform = self.order.iter().all(|order| order.down == self.order[0].down);
        if uniform {
            let columns = self.order.iter().enumerate().fold(sql.sql(" AND ("), |sql, (i, order)| {
                sql.sql(if i > 0 { ", " } else { "" }).column(self.column(order.column))
            });
            return columns.sql(")").sql(sign(&self.order[0])).list(after.iter().cloned());
        }
        let mut sql = sql.sql(" AND (");
        for end in 0..self.order.len() {
            sql = sql.sql(if end > 0 { " OR (" } else { "(" });
            for (order, value) in self.order[..end].iter().zip(after) {
                sql = sql.column(self.column(order.column)).sql(" = ").bind(value.clone()).sql(" AND ");
            }
            let (order, value) = (&self.order[end], &after[end]);
            sql = sql.column(self.column(order.column)).sql(sign(order)).bind(value.clone()).sql(")");
        }
        sql.sql(")")
    }

    fn ordered(&self, sql: Sql) -> Sql {
        self.order.iter().enumerate().fold(sql, |sql, (i, order)| {
            let sql = sql.sql(if i > 0 { ", " } else { " ORDER BY " }).column(self.column(order.column));
            if order.down { sql.sql(" DESC") } else { sql }
        })
    }

    fn values(&self, row: &R) -> Vec<Value> {
        self.order.iter().filter_map(|order| self.column(order.column).value.map(|value| value(row))).collect()
    }
}
