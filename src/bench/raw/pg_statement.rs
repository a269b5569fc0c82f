//! A prepared statement of PostgreSQL with its values, some of which are arrays. Diesel prepares it once for each
//! connection and sends the values in binary form.

use crate::store::types::{DbJson, JsonText};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Binary, Integer, SmallInt, Text, Uuid as DbUuid};
use diesel::{PgConnection, RunQueryDsl};
use std::marker::PhantomData;
use uuid::Uuid;

/// A value for a `?`.
pub(super) enum Bind<'a> {
    Small(i16),
    Int(i32),
    Big(i64),
    Uuid(Uuid),
    Bytes(&'a Vec<u8>),
    Ints(&'a Vec<i32>),
    Bigs(&'a Vec<i64>),
    Uuids(&'a Vec<Uuid>),
    Blobs(&'a Vec<Vec<u8>>),
    Texts(&'a Vec<String>),
    Jsons(&'a Vec<JsonText>),
}

/// `ST` is the SQL type of the rows that it gives.
pub(super) struct Statement<'a, ST = ()> {
    sql: &'static str,
    binds: Vec<Bind<'a>>,
    row_type: PhantomData<ST>,
}

impl<'a, ST> Statement<'a, ST> {
    pub(super) fn new(sql: &'static str, binds: Vec<Bind<'a>>) -> Self {
        Self { sql, binds, row_type: PhantomData }
    }
}

impl<ST> QueryFragment<Pg> for Statement<'_, ST> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut binds = self.binds.iter();
        for part in self.sql.split_inclusive('?') {
            let Some(text) = part.strip_suffix('?') else {
                pass.push_sql(part);
                break;
            };
            pass.push_sql(text);
            if let Some(bind) = binds.next() {
                match bind {
                    Bind::Small(value) => pass.push_bind_param::<SmallInt, _>(value)?,
                    Bind::Int(value) => pass.push_bind_param::<Integer, _>(value)?,
                    Bind::Big(value) => pass.push_bind_param::<BigInt, _>(value)?,
                    Bind::Uuid(value) => pass.push_bind_param::<DbUuid, _>(value)?,
                    Bind::Bytes(value) => pass.push_bind_param::<Binary, Vec<u8>>(value)?,
                    Bind::Ints(values) => pass.push_bind_param::<Array<Integer>, Vec<i32>>(values)?,
                    Bind::Bigs(values) => pass.push_bind_param::<Array<BigInt>, Vec<i64>>(values)?,
                    Bind::Uuids(values) => pass.push_bind_param::<Array<DbUuid>, Vec<Uuid>>(values)?,
                    Bind::Blobs(values) => pass.push_bind_param::<Array<Binary>, Vec<Vec<u8>>>(values)?,
                    Bind::Texts(values) => pass.push_bind_param::<Array<Text>, Vec<String>>(values)?,
                    Bind::Jsons(values) => pass.push_bind_param::<Array<DbJson>, Vec<JsonText>>(values)?,
                }
            }
        }
        Ok(())
    }
}

impl<ST> QueryId for Statement<'_, ST> {
    type QueryId = ();
    // The text tells them apart.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Statement<'_, ST> {
    type SqlType = ST;
}

impl<ST> RunQueryDsl<PgConnection> for Statement<'_, ST> {}
