//! The administrative divisions, by versions: a code's versions follow each other without overlap, and the last one is
//! open unless the code ended.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::Rows;
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::schema::divisions;
use crate::load_rows;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Date, Nullable, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use sync_core::scope::Region;

type VersionSql = (Text, Date, Nullable<Date>, Text, Text, Nullable<Text>, Nullable<Text>);

/// One version of a division.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Version {
    pub code: String,
    /// The first day on which it holds.
    pub valid_from: NaiveDate,
    /// The first day on which it holds no more.
    pub valid_to: Option<NaiveDate>,
    pub level: String,
    pub name: String,
    pub parent: Option<String>,
    /// The code that took this one's place when it ended.
    pub successor: Option<String>,
}

/// Every version of every division, in the order of codes and days.
pub fn all(conn: &mut Conn) -> Result<Vec<Version>, StoreError> {
    Ok(divisions::table.order((divisions::code, divisions::valid_from)).load(conn)?)
}

type Of = Column<Version>;

pub static LIST: LazyLock<List<Version>> = LazyLock::new(|| {
    let code = Of::new("code", Kind::Text, "d.code").sorted(|v| Value::Text(v.code.clone()));
    List::new("divisions", [code]).with([
        Of::new("name", Kind::Text, "d.name").sorted(|v| Value::Text(v.name.clone())),
        Of::new("level", Kind::Choice(&["province", "prefecture", "county", "township", "village"]), "d.level")
            .sorted(|v| Value::Text(v.level.clone())),
        Of::new("parent", Kind::Text, "d.parent"),
    ])
});

impl Listed for Version {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

/// The divisions as they stand on a day.
pub fn list(conn: &mut Conn, listing: &Listing<Version>, day: NaiveDate) -> Result<Found<Version>, StoreError> {
    let columns = "d.code, d.valid_from, d.valid_to, d.level, d.name, d.parent, d.successor";
    // As texts, days compare alike on both engines.
    let day = || Value::Text(day.to_string());
    let from = Sql::new("FROM divisions d WHERE CAST(d.valid_from AS TEXT) <= ").bind(day());
    let from = from.sql(" AND (d.valid_to IS NULL OR CAST(d.valid_to AS TEXT) > ").bind(day()).sql(")");
    listing::page::<VersionSql, _>(conn, listing, columns, from)
}

/// The versions of one code, the newest first.
pub fn versions(conn: &mut Conn, code: &str) -> Result<Vec<Version>, StoreError> {
    Ok(divisions::table.filter(divisions::code.eq(code)).order(divisions::valid_from.desc()).load(conn)?)
}

/// The names of a province, its prefectures and its counties, by their codes.
pub fn names_in(conn: &mut Conn, province: Region) -> Result<BTreeMap<String, String>, StoreError> {
    let sql = Sql::new(
        "SELECT d.code, d.name FROM divisions d WHERE d.valid_to IS NULL \
         AND d.level IN ('province', 'prefecture', 'county') AND d.code LIKE ",
    );
    let found = listing::rows::<(Text, Text), (String, String)>(conn, sql.bind(Value::Text(format!("{province}%"))))?;
    Ok(found.into_iter().collect())
}

/// Every name that these codes have had.
pub fn names(conn: &mut Conn, codes: &BTreeSet<String>) -> Result<BTreeMap<String, BTreeSet<String>>, StoreError> {
    let rows = Rows::new().text("code", codes.iter().cloned());
    let tail = "SELECT d.code, d.name FROM v CROSS JOIN divisions d WHERE d.code = v.code";
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (code, name) in load_rows!(conn, &rows, tail, (Text, Text) => (String, String))? {
        names.entry(code).or_default().insert(name);
    }
    Ok(names)
}

/// Puts versions in, each in the place of the one of the same code and first day; a county gets its bucket, and its place in
/// the campaigns in which every county takes part.
pub fn put(tx: &mut Tx<'_>, versions: &[Version]) -> Result<(), StoreError> {
    Rows::new()
        .text("code", versions.iter().map(|v| v.code.clone()))
        .date("valid_from", versions.iter().map(|v| v.valid_from))
        .opt_date("valid_to", versions.iter().map(|v| v.valid_to))
        .text("level", versions.iter().map(|v| v.level.clone()))
        .text("name", versions.iter().map(|v| v.name.clone()))
        .opt_text("parent", versions.iter().map(|v| v.parent.clone()))
        .opt_text("successor", versions.iter().map(|v| v.successor.clone()))
        .execute(
            tx,
            "INSERT INTO divisions (code, valid_from, valid_to, level, name, parent, successor) \
             SELECT * FROM v WHERE true ON CONFLICT (code, valid_from) DO UPDATE SET valid_to = excluded.valid_to, \
             level = excluded.level, name = excluded.name, parent = excluded.parent, successor = excluded.successor",
        )?;
    let counties = versions.iter().filter(|v| v.level == "county").filter_map(|v| v.code.parse().ok());
    let counties = Rows::new().int("bucket", counties);
    counties
        .execute(tx, "INSERT INTO buckets (bucket) SELECT bucket FROM v WHERE true ON CONFLICT (bucket) DO NOTHING")?;
    counties.execute(
        tx,
        "INSERT INTO campaign_counties (bucket, campaign_id, area, led_by) \
         SELECT v.bucket, c.id, NULL, 'prefecture' FROM v JOIN campaigns c ON c.region = CAST(v.bucket / 10000 AS TEXT) \
         WHERE c.every_county AND c.closed_at IS NULL ON CONFLICT (bucket, campaign_id) DO NOTHING",
    )?;
    Ok(())
}
