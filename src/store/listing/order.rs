//! In which order a list comes, and where its next page begins.

use super::{Listing, Sql, Value};

/// An expression that rows are ordered by.
#[derive(Debug, Clone)]
pub struct Term {
    pub sql: Sql,
    pub down: bool,
    /// Of the last row of the page before.
    after: Option<Value>,
}

/// A part of a list that is in one order. A list whose first column may be null has two: an index serves the rows that have
/// something there, in either direction, and then those that have nothing.
#[derive(Debug)]
pub(super) struct Part {
    condition: Option<Sql>,
    pub terms: Vec<Term>,
    /// Rows follow behind the last of the page before.
    behind: bool,
}

impl<R> Listing<R> {
    /// The parts that have rows behind the last page.
    pub(super) fn parts(&self) -> Vec<Part> {
        let after = |place: usize| self.after.as_ref().and_then(|values| values.get(place));
        let first = &self.order[0];
        if !self.column(first.column).nullable {
            return vec![self.part(None)];
        }
        match after(0) {
            Some(Value::Null) => vec![self.part(Some(true))],
            Some(_) => vec![self.part(Some(false)), self.begun_anew(true)],
            None => vec![self.part(Some(false)), self.part(Some(true))],
        }
    }

    /// The rows whose first column is (or is not) null; all where it never is.
    fn part(&self, null: Option<bool>) -> Part {
        let mut terms = Vec::new();
        for (place, order) in self.order.iter().enumerate() {
            let column = self.column(order.column);
            let after = self.after.as_ref().and_then(|values| values.get(place)).cloned();
            let plain = Sql::default().column(column);
            if place == 0 && null == Some(true) {
                continue;
            }
            if column.nullable && place > 0 {
                let is_null = after.as_ref().map(|value| Value::Bool(*value == Value::Null));
                let sql = Sql::new("(").sql(column.sql.clone()).sql(" IS NULL)");
                terms.push(Term { sql, down: false, after: is_null });
            }
            terms.push(Term { sql: plain, down: order.down, after });
        }
        let column = self.column(self.order[0].column);
        let condition =
            null.map(|null| Sql::new(column.sql.clone()).sql(if null { " IS NULL" } else { " IS NOT NULL" }));
        Part { condition, terms, behind: self.after.is_some() }
    }

    /// A part that comes from its beginning.
    fn begun_anew(&self, null: bool) -> Part {
        let mut part = self.part(Some(null));
        part.behind = false;
        part
    }
}

impl Part {
    /// The rows of this part behind the last page, in order.
    pub(super) fn ordered(&self, from: Sql) -> Sql {
        let mut sql = from;
        if let Some(condition) = &self.condition {
            sql = sql.sql(" AND ").join(condition.clone());
        }
        if self.behind {
            sql = self.behind(sql);
        }
        self.terms.iter().enumerate().fold(sql, |sql, (i, term)| {
            let sql = sql.sql(if i > 0 { ", " } else { " ORDER BY " }).join(term.sql.clone());
            if term.down { sql.sql(" DESC") } else { sql }
        })
    }

    /// `(a, b) > (x, y)`, which an index serves; written out where the directions differ, or where there is nothing to
    /// compare with: among rows that have nothing there, none comes behind.
    fn behind(&self, sql: Sql) -> Sql {
        let terms: Vec<(&Term, &Value)> = self
            .terms
            .iter()
            .filter_map(|term| Some((term, term.after.as_ref()?)))
            .filter(|(_, value)| **value != Value::Null)
            .collect();
        let Some((first, start)) = terms.first() else { return sql };
        let sign = |term: &Term| if term.down { " < " } else { " > " };
        if terms.iter().all(|(term, _)| term.down == first.down) {
            let columns = terms.iter().enumerate().fold(sql.sql(" AND ("), |sql, (i, (term, _))| {
                sql.sql(if i > 0 { ", " } else { "" }).join(term.sql.clone())
            });
            return columns.sql(")").sql(sign(first)).list(terms.iter().map(|(_, value)| (*value).clone()));
        }
        // The first comparison says nothing new, but an index can begin there.
        let edge = if first.down { " <= " } else { " >= " };
        let mut sql = sql.sql(" AND ").join(first.sql.clone()).sql(edge).bind((*start).clone()).sql(" AND (");
        for end in 0..terms.len() {
            sql = sql.sql(if end > 0 { " OR (" } else { "(" });
            for (term, value) in &terms[..end] {
                sql = sql.join(term.sql.clone()).sql(" = ").bind((*value).clone()).sql(" AND ");
            }
            let (term, value) = terms[end];
            sql = sql.join(term.sql.clone()).sql(sign(term)).bind(value.clone()).sql(")");
        }
        sql.sql(")")
    }
}
