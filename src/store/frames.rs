//! What samples are drawn from: the villages of a county, and its registered households. A household is registered unless
//! it was removed from the register.

use super::conn::{Conn, StoreError};
use super::dialect::Rows;
use super::types::{DbUuid, Id};
use crate::load_rows;
use chrono::NaiveDate;
use diesel::Queryable;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use std::collections::BTreeMap;
use sync_core::{Bucket, Collection, Scope};
use uuid::Uuid;

const REGISTERED: &str = "COALESCE(r.fields->>'status', '') <> 'removed'";

/// The codes of a county's villages in the division list, as it stands on a day; they are no secret.
pub fn divisions(conn: &mut Conn, county: Bucket, day: NaiveDate) -> Result<Vec<String>, StoreError> {
    // As texts, days compare alike on both engines.
    let rows = Rows::new()
        .text("low", [format!("{county}000000")])
        .text("high", [format!("{county}999999")])
        .text("today", [day.to_string()]);
    let tail = "SELECT d.code FROM v CROSS JOIN divisions d WHERE d.level = 'village' AND d.code >= v.low \
         AND d.code <= v.high AND CAST(d.valid_from AS TEXT) <= v.today \
         AND (d.valid_to IS NULL OR CAST(d.valid_to AS TEXT) > v.today)";
    Ok(load_rows!(conn, &rows, tail, Text => String)?)
}

type SheetSql = (Text, Bool, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>);

/// What a village sheet says of a village's size.
#[derive(Debug, Clone, Queryable)]
pub struct Sheet {
    pub village: String,
    pub poor: bool,
    pub households: Option<i64>,
    pub people: Option<i64>,
    pub poor_households: Option<i64>,
    pub poor_people: Option<i64>,
}

/// The village sheets of a county in scope.
pub fn sheets(conn: &mut Conn, scope: &Scope, county: Bucket) -> Result<Vec<Sheet>, StoreError> {
    let Some(rows) = of(scope, county) else { return Ok(Vec::new()) };
    let number = |name: &str| format!("CAST(r.fields->>'{name}' AS BIGINT)");
    let tail = format!(
        "SELECT r.fields->>'village', COALESCE(CAST(r.fields->>'poor_village' AS TEXT), '') IN ('true', '1'), {}, {}, {}, \
         {} {}",
        number("households"),
        number("people"),
        number("poor_households"),
        number("poor_people"),
        living(Collection::Villages),
    );
    Ok(load_rows!(conn, &rows, &tail, SheetSql => Sheet)?)
}

/// How many households are registered in each village of a county in scope that has any.
pub fn registered(conn: &mut Conn, scope: &Scope, county: Bucket) -> Result<BTreeMap<String, i64>, StoreError> {
    let Some(rows) = of(scope, county) else { return Ok(BTreeMap::new()) };
    let living = living(Collection::Households);
    let tail = format!("SELECT r.fields->>'village', count(*) {living} AND {REGISTERED} GROUP BY 1");
    Ok(load_rows!(conn, &rows, &tail, (Text, BigInt) => (String, i64))?.into_iter().collect())
}

/// A registered household.
#[derive(Debug, Clone)]
pub struct Household {
    pub id: Uuid,
    pub village: String,
    pub status: Option<String>,
}

/// The registered households of a county in scope.
pub fn households(conn: &mut Conn, scope: &Scope, county: Bucket) -> Result<Vec<Household>, StoreError> {
    let Some(rows) = of(scope, county) else { return Ok(Vec::new()) };
    let living = living(Collection::Households);
    let tail = format!("SELECT r.id, r.fields->>'village', r.fields->>'status' {living} AND {REGISTERED}");
    let found = load_rows!(conn, &rows, &tail, (DbUuid, Text, Nullable<Text>) => (Id, String, Option<String>))?;
    Ok(found.into_iter().map(|(id, village, status)| Household { id: id.0, village, status }).collect())
}

fn of(scope: &Scope, county: Bucket) -> Option<Rows> {
    scope.contains(county).then(|| Rows::new().int("bucket", [county.code() as i32]))
}

fn living(collection: Collection) -> String {
    let number = collection.number();
    format!("FROM v CROSS JOIN records r WHERE r.bucket = v.bucket AND r.collection = {number} AND NOT r.deleted")
}
