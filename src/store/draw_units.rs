//! The units of drawn samples: the sample, its substitutes, and who took whose place.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::Rows;
use super::draws::{Draw, Sight};
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::records::bucket_of;
use super::types::{DbInstant, DbUuid, Id, Instant};
use crate::load_rows;
use diesel::Queryable;
use diesel::sql_types::{Bool, Double, Integer, Nullable, Text};
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;
use sync_core::Bucket;
use uuid::Uuid;

type UnitSql = (
    DbUuid,
    Text,
    Text,
    Integer,
    Text,
    Double,
    Double,
    Bool,
    Text,
    Nullable<DbUuid>,
    Nullable<Text>,
    Nullable<DbInstant>,
    Nullable<DbUuid>,
);

/// A row of `draw_units`.
#[derive(Debug, Clone, Queryable)]
pub struct Unit {
    pub id: Id,
    /// A village's code, a household's id.
    pub unit: String,
    pub stratum: String,
    pub place: i32,
    pub number: String,
    pub probability: f64,
    pub overall: f64,
    /// In the sample as it was drawn; else a substitute.
    pub sampled: bool,
    /// `active`, `replaced` or `waiting`.
    pub state: String,
    /// The unit whose place it took.
    pub replaces: Option<Id>,
    pub reason: Option<String>,
    pub replaced_at: Option<Instant>,
    pub replaced_by: Option<Id>,
}

const COLUMNS: &str = "u.id, u.unit, u.stratum, u.place, u.number, u.probability, u.overall, u.sampled, u.state, \
     u.replaces, u.reason, u.replaced_at, u.replaced_by";

const TABLES: &str = "FROM draw_units u JOIN draws d ON d.bucket = u.bucket AND d.id = u.draw_id";

type Of = Column<Unit>;

pub static LIST: LazyLock<List<Unit>> = LazyLock::new(|| {
    let stratum = Of::new("stratum", Kind::Text, "u.stratum").sorted(|u| Value::Text(u.stratum.clone()));
    let place = Of::new("place", Kind::Int, "u.place").sorted(|u| Value::Int(u.place.into()));
    List::new("draw units", [stratum, place]).with([
        Of::new("id", Kind::Uuid, "u.id").sorted(|u| Value::Uuid(u.id.0)),
        Of::new("unit", Kind::Text, "u.unit").sorted(|u| Value::Text(u.unit.clone())),
        Of::new("state", Kind::Text, "u.state").sorted(|u| Value::Text(u.state.clone())),
        Of::new("sampled", Kind::Bool, "u.sampled"),
        Of::new("replaces", Kind::Uuid, "u.replaces"),
        Of::new("replaced_at", Kind::Instant, "u.replaced_at"),
    ])
});

impl Listed for Unit {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

fn of(campaign: Uuid, draw: Uuid, sight: &Sight) -> Sql {
    sight.of(TABLES, campaign).sql(" AND d.id = ").bind(Value::Uuid(draw))
}

/// A page of a draw's units; empty when the draw is not in sight.
pub fn list(
    conn: &mut Conn,
    listing: &Listing<Unit>,
    campaign: Uuid,
    draw: Uuid,
    sight: &Sight,
) -> Result<Found<Unit>, StoreError> {
    listing::page::<UnitSql, _>(conn, listing, COLUMNS, of(campaign, draw, sight))
}

/// All units of a draw in sight, by stratum and place.
pub fn all(conn: &mut Conn, campaign: Uuid, draw: Uuid, sight: &Sight) -> Result<Vec<Unit>, StoreError> {
    let sql = Sql::new(format!("SELECT {COLUMNS} ")).join(of(campaign, draw, sight));
    listing::rows::<UnitSql, _>(conn, sql.sql(" ORDER BY u.stratum, u.place"))
}

/// A unit as visits name it.
#[derive(Debug, Clone, Queryable)]
pub struct Named {
    bucket: i32,
    id: Id,
    pub campaign: Id,
    pub unit: String,
    pub state: String,
}

/// The units of these ids, each of its county, if everybody there may know of their draws at this moment.
pub fn named(
    conn: &mut Conn,
    wanted: &BTreeSet<(Bucket, Uuid)>,
    now: Instant,
) -> Result<HashMap<(Bucket, Uuid), Named>, StoreError> {
    let rows = Rows::new()
        .int("bucket", wanted.iter().map(|(county, _)| county.code() as i32))
        .uuid("slot", wanted.iter().map(|(_, id)| Id(*id)))
        .instant("at", wanted.iter().map(|_| now));
    let tail = "SELECT u.bucket, u.id, d.campaign_id, u.unit, u.state FROM v CROSS JOIN draw_units u CROSS JOIN draws d \
         LEFT JOIN draws p ON p.bucket = d.bucket AND p.id = d.first_stage_id \
         WHERE u.bucket = v.bucket AND u.id = v.slot AND d.bucket = u.bucket AND d.id = u.draw_id AND \
         (d.visible_from IS NULL OR d.visible_from <= v.at) AND (p.visible_from IS NULL OR p.visible_from <= v.at)";
    let found = load_rows!(conn, &rows, tail, (Integer, DbUuid, DbUuid, Text, Text) => Named)?;
    found.into_iter().map(|named| Ok(((bucket_of(named.bucket)?, named.id.0), named))).collect()
}

/// The units of a draw that has just been drawn.
pub fn insert(tx: &mut Tx<'_>, draw: &Draw, units: &[Unit]) -> Result<(), StoreError> {
    Rows::new()
        .int("bucket", units.iter().map(|_| draw.bucket))
        .uuid("id", units.iter().map(|u| u.id))
        .uuid("draw_id", units.iter().map(|_| draw.id))
        .text("unit", units.iter().map(|u| u.unit.clone()))
        .text("stratum", units.iter().map(|u| u.stratum.clone()))
        .int("place", units.iter().map(|u| u.place))
        .text("number", units.iter().map(|u| u.number.clone()))
        .double("probability", units.iter().map(|u| u.probability))
        .double("overall", units.iter().map(|u| u.overall))
        .flag("sampled", units.iter().map(|u| u.sampled))
        .text("state", units.iter().map(|u| u.state.clone()))
        .insert(tx, "draw_units")?;
    Ok(())
}

/// Stores what a replacement made of units of a locked draw.
pub fn update(tx: &mut Tx<'_>, draw: &Draw, units: &[&Unit]) -> Result<(), StoreError> {
    Rows::new()
        .int("bucket", units.iter().map(|_| draw.bucket))
        .uuid("id", units.iter().map(|u| u.id))
        .text("state", units.iter().map(|u| u.state.clone()))
        .opt_uuid("replaces", units.iter().map(|u| u.replaces))
        .opt_text("reason", units.iter().map(|u| u.reason.clone()))
        .opt_instant("replaced_at", units.iter().map(|u| u.replaced_at))
        .opt_uuid("replaced_by", units.iter().map(|u| u.replaced_by))
        .update(tx, "draw_units", 2)?;
    Ok(())
}
