//! SQL in pieces, with its values, as a statement for either engine.

use super::{Column, Kind, Value};
use crate::store::dialect::CodePoints;
use crate::store::types::{DbInstant, DbUuid, Id, Instant};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Double, Text};
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, RunQueryDsl, SqliteConnection};
use std::borrow::Cow;
use std::marker::PhantomData;
use sync_core::Scope;

/// A piece of SQL with its values.
#[derive(Debug, Clone, Default)]
pub struct Sql(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Sql(Cow<'static, str>),
    /// In the order of the code points on both engines, whatever the database's collation.
    Text(Cow<'static, str>),
    Bind(Bound),
}

/// A value as the database takes it.
#[derive(Debug, Clone)]
enum Bound {
    Text(String),
    Uuid(Id),
    Instant(Instant),
    Int(i64),
    Bool(bool),
    Real(f64),
}

impl From<Value> for Bound {
    fn from(value: Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            Value::Uuid(id) => Self::Uuid(Id(id)),
            Value::Instant(ms) => Self::Instant(Instant::from_ms(ms)),
            Value::Int(number) => Self::Int(number),
            Value::Bool(flag) => Self::Bool(flag),
            Value::Real(number) => Self::Real(number),
            // Never compared with.
            Value::Null => Self::Bool(false),
        }
    }
}

impl Sql {
    pub fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self(vec![Piece::Sql(sql.into())])
    }

    #[must_use]
    pub fn sql(mut self, sql: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Piece::Sql(sql.into()));
        self
    }

    #[must_use]
    pub fn bind(mut self, value: Value) -> Self {
        self.0.push(Piece::Bind(value.into()));
        self
    }

    /// `(?, ?, …)`
    #[must_use]
    pub fn list(self, values: impl IntoIterator<Item = Value>) -> Self {
        let values = values.into_iter().enumerate();
        values.fold(self.sql("("), |sql, (i, value)| sql.sql(if i > 0 { ", " } else { "" }).bind(value)).sql(")")
    }

    /// The condition that `column`, a bucket, is in scope.
    #[must_use]
    pub fn in_scope(self, column: &'static str, scope: &Scope) -> Self {
        match scope {
            Scope::Region(region) => {
                let range = region.buckets();
                let code = |code: &u32| Value::Int(i64::from(*code));
                let sql = self.sql(column).sql(" BETWEEN ").bind(code(range.start()));
                sql.sql(" AND ").bind(code(range.end()))
            }
            Scope::Counties(counties) if counties.is_empty() => self.sql("1 = 0"),
            Scope::Counties(counties) => {
                self.sql(column).sql(" IN ").list(counties.iter().map(|bucket| Value::Int(i64::from(bucket.code()))))
            }
        }
    }

    /// With another piece behind it.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub(super) fn column<R>(mut self, column: &Column<R>) -> Self {
        self.0.push(match column.kind {
            Kind::Text | Kind::Whole | Kind::Day | Kind::Choice(_) | Kind::Choices(_) | Kind::Village => {
                Piece::Text(column.sql.clone())
            }
            _ => Piece::Sql(column.sql.clone()),
        });
        self
    }
}

/// A whole statement; `ST` is the SQL type of the rows that it gives.
pub struct Statement<ST> {
    sql: Sql,
    row_type: PhantomData<ST>,
}

impl<ST> Statement<ST> {
    pub(super) fn new(sql: Sql) -> Self {
        Self { sql, row_type: PhantomData }
    }
}

macro_rules! walk {
    ($engine:ty) => {
        impl<ST> QueryFragment<$engine> for Statement<ST> {
            fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, $engine>) -> QueryResult<()> {
                // There is no end to what callers ask, and the best way to it lies in its values.
                pass.unsafe_to_cache_prepared();
                for piece in &self.sql.0 {
                    match piece {
                        Piece::Sql(sql) => pass.push_sql(sql),
                        Piece::Text(sql) => {
                            pass.push_sql(sql);
                            pass.push_sql(<$engine as CodePoints>::ORDER);
                        }
                        Piece::Bind(Bound::Text(text)) => pass.push_bind_param::<Text, _>(text)?,
                        Piece::Bind(Bound::Uuid(id)) => pass.push_bind_param::<DbUuid, _>(id)?,
                        Piece::Bind(Bound::Instant(time)) => pass.push_bind_param::<DbInstant, _>(time)?,
                        Piece::Bind(Bound::Int(number)) => pass.push_bind_param::<BigInt, _>(number)?,
                        Piece::Bind(Bound::Bool(flag)) => pass.push_bind_param::<Bool, _>(flag)?,
                        Piece::Bind(Bound::Real(number)) => pass.push_bind_param::<Double, _>(number)?,
                    }
                }
                Ok(())
            }
        }
    };
}

walk!(Pg);
walk!(Sqlite);

impl<ST> QueryId for Statement<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Statement<ST> {
    type SqlType = ST;
}

impl<ST> RunQueryDsl<PgConnection> for Statement<ST> {}
impl<ST> RunQueryDsl<SqliteConnection> for Statement<ST> {}
