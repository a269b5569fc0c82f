//! Statements that go together.

use super::rows::{Bulk, Rows};
use crate::store::conn::{Conn, Engine};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::{PgConnection, RunQueryDsl};

/// Changes of different tables, of which none looks at what another does. On PostgreSQL they are one statement, with one way
/// there and back; on SQLite, where there is no way, one after the other.
#[derive(Default)]
#[must_use = "nothing is written before they are run"]
pub struct Writes(Vec<(Rows, Change)>);

enum Change {
    Insert { table: &'static str },
    Update { table: &'static str, keys: usize },
    Other(&'static str),
}

impl Change {
    fn tail(&self, rows: &Rows, engine: Engine) -> String {
        match self {
            Self::Insert { table } => rows.insert_tail(engine, table),
            Self::Update { table, keys } => rows.update_tail(engine, table, *keys),
            Self::Other(tail) => (*tail).to_owned(),
        }
    }
}

impl Writes {
    /// See [`Rows::insert`].
    pub fn insert(&mut self, rows: Rows, table: &'static str) {
        self.add(rows, Change::Insert { table });
    }

    /// See [`Rows::update`].
    pub fn update(&mut self, rows: Rows, table: &'static str, keys: usize) {
        self.add(rows, Change::Update { table, keys });
    }

    /// See [`Rows::execute`].
    pub fn execute(&mut self, rows: Rows, tail: &'static str) {
        self.add(rows, Change::Other(tail));
    }

    fn add(&mut self, rows: Rows, change: Change) {
        if !rows.is_empty() {
            self.0.push((rows, change));
        }
    }

    /// Takes over what `others` would write.
    pub fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// How many statements there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A connection remembers every statement that it ever saw: what goes together must do so in few combinations.
    pub fn run(self, conn: &mut Conn) -> QueryResult<()> {
        match conn {
            Conn::Pg(conn) if self.len() > 1 => {
                let tails: Vec<_> = self.0.iter().map(|(rows, change)| change.tail(rows, Engine::Postgres)).collect();
                let each = self.0.iter().zip(&tails).map(|((rows, _), tail)| Bulk::new(rows, 0..rows.len(), tail));
                Together(each.collect()).execute(conn).map(drop)
            }
            _ => self.run_apart(conn),
        }
    }

    /// One after the other: for what comes in any combination.
    pub fn run_apart(self, conn: &mut Conn) -> QueryResult<()> {
        for (rows, change) in &self.0 {
            rows.execute(conn, &change.tail(rows, super::engine(conn)))?;
        }
        Ok(())
    }
}

/// Each is run to its end, whatever the last one reads.
struct Together<'a>(Vec<Bulk<'a, ()>>);

impl QueryFragment<Pg> for Together<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (i, statement) in self.0.iter().enumerate() {
            pass.push_sql(if i == 0 { "WITH w0 AS (" } else { ", w" });
            if i > 0 {
                pass.push_sql(&i.to_string());
                pass.push_sql(" AS (");
            }
            statement.walk_ast(pass.reborrow())?;
            pass.push_sql(")");
        }
        pass.push_sql(" SELECT 1");
        Ok(())
    }
}

impl QueryId for Together<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for Together<'_> {}
