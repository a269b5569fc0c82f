//! Lists: the one place that turns what a caller asked for into SQL, for both engines. A page ends with the sort values of
//! its last row, and the next one begins behind them, so that nothing is shown twice or left out while rows come in. Rows
//! that have nothing in a column come last, whichever way it is sorted.

mod filter;
mod order;
mod sql;

pub use filter::{Compare, Deadlines, Filter, Place, Places, Texts};
pub use sql::{Sql, Statement};

use super::conn::{Conn, StoreError};
use super::dialect::engine;
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
    /// Text that is compared whole alone.
    Whole,
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
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// Several of these texts: see [`crate::fields::ColumnKind::Choices`].
    Choices(&'static [&'static str]),
    /// A village's 12-digit code.
    Village,
    Real,
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Where a row has nothing to sort by.
    Null,
    Text(String),
    Uuid(Uuid),
    /// Milliseconds since 1970.
    Instant(i64),
    Int(i64),
    Bool(bool),
    Real(f64),
}

/// What a row has in a column.
type Get<R> = Box<dyn Fn(&R) -> Value + Send + Sync>;

/// A column that a list can be filtered by, or sorted too.
pub struct Column<R> {
    /// As in the query string.
    pub name: Cow<'static, str>,
    pub kind: Kind,
    pub sql: Cow<'static, str>,
    value: Option<Get<R>>,
    nullable: bool,
}

impl<R> Column<R> {
    /// `sql` is an expression over the list's tables: `u.created_at`.
    pub fn new(name: impl Into<Cow<'static, str>>, kind: Kind, sql: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), kind, sql: sql.into(), value: None, nullable: false }
    }

    /// Can be sorted by, too. It is never null; `value` gives what a row has there.
    #[must_use]
    pub fn sorted(mut self, value: impl Fn(&R) -> Value + Send + Sync + 'static) -> Self {
        self.value = Some(Box::new(value));
        self
    }

    /// May be null: `value` then gives [`Value::Null`].
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    pub fn is_sorted(&self) -> bool {
        self.value.is_some()
    }
}

/// What a list of rows `R` offers.
pub struct List<R> {
    /// A cursor of one list does not serve another.
    pub name: &'static str,
    pub columns: Vec<Column<R>>,
    /// How many of the first columns tell any two rows apart, together: they end every order. All are sorted.
    keys: usize,
    /// Where texts are looked through, where places are, and what becomes overdue: see [`filter`].
    pub texts: Option<filter::Texts>,
    pub places: Option<filter::Places>,
    pub deadlines: Option<filter::Deadlines>,
}

impl<R> List<R> {
    pub fn new(name: &'static str, keys: impl IntoIterator<Item = Column<R>>) -> Self {
        let columns: Vec<_> = keys.into_iter().collect();
        Self { name, keys: columns.len(), columns, texts: None, places: None, deadlines: None }
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

/// What a caller asked of a list.
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
    let select = format!("SELECT {columns} ");
    let engine = engine(conn);
    let narrow = |sql, filter| listing.narrowed(engine, sql, filter, true);
    let filtered = listing.filters.iter().fold(from, narrow);
    let total = listing.count.then(|| count(conn, &filtered)).transpose()?;
    let found = page_of::<ST, R>(conn, listing, &filtered, |rest, _| Sql::new(select.clone()).join(rest))?;
    Ok(Found { total, ..found })
}

/// [`page`] of a `FROM … WHERE …` that has the filters already, where `select` makes the statement out of
/// `FROM … WHERE … ORDER BY … LIMIT …` and of the expressions that it is ordered by. Without the total.
pub fn page_of<ST, R>(
    conn: &mut Conn,
    listing: &Listing<R>,
    filtered: &Sql,
    select: impl Fn(Sql, &[order::Term]) -> Sql,
) -> Result<Found<R>, StoreError>
where
    for<'q> Statement<ST>: LoadQuery<'q, PgConnection, R> + LoadQuery<'q, SqliteConnection, R>,
{
    // One more than asked tells whether there is a next page.
    let wanted = listing.limit + 1;
    let mut rows: Vec<R> = Vec::new();
    for part in listing.parts() {
        if rows.len() < wanted {
            let sql = part.ordered(filtered.clone()).sql(format!(" LIMIT {}", wanted - rows.len()));
            let statement = Statement::<ST>::new(select(sql, &part.terms));
            let mut more: Vec<R> = crate::each!(conn, |c| statement.load(c))?;
            rows.append(&mut more);
        }
    }
    let more = rows.len() > listing.limit;
    rows.truncate(listing.limit);
    let next = rows.last().filter(|_| more).map(|row| listing.values(row));
    Ok(Found { rows, next, total: None })
}

/// Loads the rows of a statement that is no list.
pub fn rows<ST, R>(conn: &mut Conn, sql: Sql) -> Result<Vec<R>, StoreError>
where
    for<'q> Statement<ST>: LoadQuery<'q, PgConnection, R> + LoadQuery<'q, SqliteConnection, R>,
{
    let statement = Statement::<ST>::new(sql);
    Ok(crate::each!(conn, |c| statement.load(c))?)
}

/// How many rows each of these has (`FROM … WHERE …`), but no more than it says beside.
pub fn counted(conn: &mut Conn, of: &[(Sql, usize)]) -> Result<Vec<usize>, StoreError> {
    let mut sql = Sql::new("SELECT c.n FROM (");
    for (i, (from, most)) in of.iter().enumerate() {
        let union = if i > 0 { " UNION ALL " } else { "" };
        sql = sql.sql(format!("{union}SELECT {i} AS i, (SELECT count(*) FROM (SELECT 1 AS one ")).join(from.clone());
        sql = sql.sql(format!(" LIMIT {most}) x) AS n"));
    }
    let counts: Vec<i64> = rows::<BigInt, _>(conn, sql.sql(") c ORDER BY c.i"))?;
    Ok(counts.into_iter().map(|n| n as usize).collect())
}

fn count(conn: &mut Conn, filtered: &Sql) -> Result<u64, StoreError> {
    let sql = Sql::new("SELECT count(*) ").join(filtered.clone());
    let statement = Statement::<BigInt>::new(sql);
    let count: i64 = crate::each!(conn, |c| statement.get_result(c))?;
    Ok(count as u64)
}

impl<R> Listing<R> {
    pub fn column(&self, place: usize) -> &Column<R> {
        &self.list.columns[place]
    }

    fn values(&self, row: &R) -> Vec<Value> {
        self.order.iter().filter_map(|order| self.column(order.column).value.as_ref().map(|value| value(row))).collect()
    }
}
