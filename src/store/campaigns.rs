//! Campaigns. Each belongs to the province of its maker: nobody else sees it.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::Rows;
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::schema::{campaigns, users};
use super::types::{DbInstant, DbUuid, Id, Instant};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Date, Text};
use std::sync::LazyLock;
use sync_core::scope::Region;
use uuid::Uuid;

type CampaignSql = (DbUuid, Text, Date, Date, DbInstant, DbUuid);

/// A row of `campaigns`.
#[derive(Debug, Clone, Queryable)]
pub struct Campaign {
    pub id: Id,
    pub name: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub created_at: Instant,
    pub created_by: Id,
}

type Of = Column<Campaign>;

pub static LIST: LazyLock<List<Campaign>> = LazyLock::new(|| {
    let id = Of::new("id", Kind::Uuid, "c.id").sorted(|c| Value::Uuid(c.id.0));
    List::new("campaigns", [id]).with([
        Of::new("name", Kind::Text, "c.name").sorted(|c| Value::Text(c.name.clone())),
        Of::new("from", Kind::Day, "CAST(c.from_day AS TEXT)").sorted(|c| Value::Text(c.from.to_string())),
        Of::new("to", Kind::Day, "CAST(c.to_day AS TEXT)").sorted(|c| Value::Text(c.to.to_string())),
        Of::new("created_at", Kind::Instant, "c.created_at").sorted(|c| Value::Instant(c.created_at.ms())),
    ])
});

impl Listed for Campaign {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

pub fn list(conn: &mut Conn, listing: &Listing<Campaign>, province: Region) -> Result<Found<Campaign>, StoreError> {
    let columns = "c.id, c.name, c.from_day, c.to_day, c.created_at, c.created_by";
    let from = Sql::new("FROM campaigns c JOIN users u ON u.id = c.created_by WHERE u.region = ");
    listing::page::<CampaignSql, _>(conn, listing, columns, from.bind(Value::Text(province.to_string())))
}

/// A campaign; `None` when the province has none of this id.
pub fn find(conn: &mut Conn, id: Uuid, province: Region) -> Result<Option<Campaign>, StoreError> {
    let of = campaigns::table.inner_join(users::table.on(users::id.eq(campaigns::created_by)));
    let of = of.filter(campaigns::id.eq(Id(id))).filter(users::region.eq(province.to_string()));
    Ok(of.select(campaigns::all_columns).first(conn).optional()?)
}

/// A campaign of the province, locked until the commit.
pub fn lock(tx: &mut Tx<'_>, id: Uuid, province: Region) -> Result<Option<Campaign>, StoreError> {
    if let Conn::Pg(c) = &mut **tx {
        campaigns::table.find(Id(id)).select(campaigns::id).for_no_key_update().first::<Id>(c).optional()?;
    }
    find(tx, id, province)
}

pub fn insert(tx: &mut Tx<'_>, campaign: &Campaign) -> Result<(), StoreError> {
    row(campaign).execute(
        tx,
        "INSERT INTO campaigns (id, name, from_day, to_day, created_at, created_by) \
         SELECT id, name, from_day, to_day, created_at, created_by FROM v",
    )?;
    Ok(())
}

pub fn update(tx: &mut Tx<'_>, campaign: &Campaign) -> Result<(), StoreError> {
    row(campaign).execute(
        tx,
        "UPDATE campaigns SET name = v.name, from_day = v.from_day, to_day = v.to_day FROM v WHERE campaigns.id = v.id",
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
}
