//! Campaigns. Each belongs to a province, for life: nobody else sees it. Their counties are in `campaign_counties`.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::Rows;
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::schema::campaigns;
use super::types::{DbInstant, DbJson, DbUuid, Id, Instant, JsonText};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date, Integer, Nullable, Text};
use std::sync::LazyLock;
use sync_core::scope::Region;
use uuid::Uuid;

type CampaignSql = (
    DbUuid,
    Text,
    Date,
    Date,
    DbInstant,
    DbUuid,
    Text,
    Integer,
    Bool,
    Nullable<DbJson>,
    Nullable<DbJson>,
    Nullable<DbJson>,
    Nullable<DbInstant>,
    Nullable<DbUuid>,
);

/// A row of `campaigns`.
#[derive(Debug, Clone, Queryable)]
pub struct Campaign {
    pub id: Id,
    pub name: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub created_at: Instant,
    pub created_by: Id,
    /// The province's two digits.
    pub region: String,
    pub min_days_on_site: i32,
    /// Every county of the province takes part; else those of `campaign_counties` alone.
    pub every_county: bool,
    /// `None`, as in the two below: older than they are.
    pub topics: Option<JsonText>,
    pub methods: Option<JsonText>,
    pub sample_plan: Option<JsonText>,
    pub closed_at: Option<Instant>,
    pub closed_by: Option<Id>,
}

impl Campaign {
    /// In characters.
    pub const NAME_MAX: usize = 100;

    /// A new one with every default; `from` and `to` belong to its period.
    pub fn new(name: String, (from, to): (NaiveDate, NaiveDate), province: Region, by: Id, now: Instant) -> Self {
        Self {
            id: Id(Uuid::now_v7()),
            name,
            from,
            to,
            created_at: now,
            created_by: by,
            region: province.to_string(),
            min_days_on_site: 2,
            every_county: true,
            topics: None,
            methods: None,
            sample_plan: None,
            closed_at: None,
            closed_by: None,
        }
    }
}

const COLUMNS: &str = "c.id, c.name, c.from_day, c.to_day, c.created_at, c.created_by, c.region, c.min_days_on_site, \
     c.every_county, c.topics, c.methods, c.sample_plan, c.closed_at, c.closed_by";

type Of = Column<Campaign>;

pub static LIST: LazyLock<List<Campaign>> = LazyLock::new(|| {
    let id = Of::new("id", Kind::Uuid, "c.id").sorted(|c| Value::Uuid(c.id.0));
    List::new("campaigns", [id]).with([
        Of::new("name", Kind::Text, "c.name").sorted(|c| Value::Text(c.name.clone())),
        Of::new("from", Kind::Day, "CAST(c.from_day AS TEXT)").sorted(|c| Value::Text(c.from.to_string())),
        Of::new("to", Kind::Day, "CAST(c.to_day AS TEXT)").sorted(|c| Value::Text(c.to.to_string())),
        Of::new("created_at", Kind::Instant, "c.created_at").sorted(|c| Value::Instant(c.created_at.ms())),
        Of::new("open", Kind::Bool, "(c.closed_at IS NULL)"),
        Of::new("closed_at", Kind::Instant, "c.closed_at"),
    ])
});

impl Listed for Campaign {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

fn of(province: Region) -> Sql {
    Sql::new("FROM campaigns c WHERE c.region = ").bind(Value::Text(province.to_string()))
}

pub fn list(conn: &mut Conn, listing: &Listing<Campaign>, province: Region) -> Result<Found<Campaign>, StoreError> {
    listing::page::<CampaignSql, _>(conn, listing, COLUMNS, of(province))
}

/// A campaign; `None` when the province has none of this id.
pub fn find(conn: &mut Conn, id: Uuid, province: Region) -> Result<Option<Campaign>, StoreError> {
    let of = campaigns::table.filter(campaigns::id.eq(Id(id))).filter(campaigns::region.eq(province.to_string()));
    Ok(of.first(conn).optional()?)
}

/// The province's campaigns of this name.
pub fn named(conn: &mut Conn, name: &str, province: Region) -> Result<Vec<Campaign>, StoreError> {
    let of = campaigns::table.filter(campaigns::name.eq(name)).filter(campaigns::region.eq(province.to_string()));
    Ok(of.order(campaigns::id).load(conn)?)
}

/// A campaign of the province, locked until the commit: to be changed.
pub fn lock(tx: &mut Tx<'_>, id: Uuid, province: Region) -> Result<Option<Campaign>, StoreError> {
    if let Conn::Pg(c) = &mut **tx {
        campaigns::table.find(Id(id)).select(campaigns::id).for_no_key_update().first::<Id>(c).optional()?;
    }
    find(tx, id, province)
}

/// A campaign of the province that stays as it is until the commit, with its counties: what is made for it relies on
/// them. Many may hold it at once; who [`lock`]s it waits for them.
pub fn hold(tx: &mut Tx<'_>, id: Uuid, province: Region) -> Result<Option<Campaign>, StoreError> {
    if let Conn::Pg(c) = &mut **tx {
        campaigns::table.find(Id(id)).select(campaigns::id).for_share().first::<Id>(c).optional()?;
    }
    find(tx, id, province)
}

pub fn insert(tx: &mut Tx<'_>, campaign: &Campaign) -> Result<(), StoreError> {
    row(campaign).insert(tx, "campaigns")?;
    Ok(())
}

/// Stores what can change of a locked campaign.
pub fn update(tx: &mut Tx<'_>, campaign: &Campaign) -> Result<(), StoreError> {
    row(campaign).execute(
        tx,
        "UPDATE campaigns SET name = v.name, from_day = v.from_day, to_day = v.to_day, \
         min_days_on_site = v.min_days_on_site, every_county = v.every_county, topics = v.topics, methods = v.methods, sample_plan = v.sample_plan, \
         closed_at = v.closed_at, closed_by = v.closed_by FROM v WHERE campaigns.id = v.id",
    )?;
    Ok(())
}

fn row(campaign: &Campaign) -> Rows {
    Rows::new()
        .uuid("id", [campaign.id])
        .text("name", [campaign.name.clone()])
        .date("from_day", [campaign.from])
        .date("to_day", [campaign.to])
        .instant("created_at", [campaign.created_at])
        .uuid("created_by", [campaign.created_by])
        .text("region", [campaign.region.clone()])
        .int("min_days_on_site", [campaign.min_days_on_site])
        .flag("every_county", [campaign.every_county])
        .opt_json("topics", [campaign.topics.clone()])
        .opt_json("methods", [campaign.methods.clone()])
        .opt_json("sample_plan", [campaign.sample_plan.clone()])
        .opt_instant("closed_at", [campaign.closed_at])
        .opt_uuid("closed_by", [campaign.closed_by])
}
