//! Field teams.

use super::circle::Circle;
use super::conn::{Conn, StoreError, Tx};
use super::dialect::Rows;
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::schema::teams;
use super::types::{DbInstant, DbJson, DbUuid, Id, Instant, JsonText};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use std::sync::LazyLock;
use sync_core::scope::Region;
use uuid::Uuid;

type TeamSql = (DbUuid, Text, Text, Nullable<DbJson>, DbJson, DbInstant);

/// A row of `teams`.
#[derive(Debug, Clone, Queryable)]
pub struct Team {
    pub id: Id,
    pub name: String,
    pub region: String,
    pub leader: Option<JsonText>,
    pub members: JsonText,
    pub created_at: Instant,
}

impl Team {
    pub fn region(&self) -> Result<Region, StoreError> {
        Region::parse(&self.region).ok_or_else(|| StoreError::Corrupt("a team's region".into()))
    }
}

type Of = Column<Team>;

pub static LIST: LazyLock<List<Team>> = LazyLock::new(|| {
    List::new("teams", [Of::new("id", Kind::Uuid, "t.id").sorted(|t| Value::Uuid(t.id.0))]).with([
        Of::new("name", Kind::Text, "t.name").sorted(|t| Value::Text(t.name.clone())),
        Of::new("region", Kind::Text, "t.region").sorted(|t| Value::Text(t.region.clone())),
        Of::new("created_at", Kind::Instant, "t.created_at").sorted(|t| Value::Instant(t.created_at.ms())),
    ])
});

impl Listed for Team {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

pub fn list(conn: &mut Conn, listing: &Listing<Team>, circle: &Circle) -> Result<Found<Team>, StoreError> {
    let columns = "t.id, t.name, t.region, t.leader, t.members, t.created_at";
    let from = Sql::new("FROM teams t WHERE ").team_in(circle, "t.region", "t.id");
    listing::page::<TeamSql, _>(conn, listing, columns, from)
}

/// A team; `None` when there is none of this id in the circle.
pub fn find(conn: &mut Conn, id: Uuid, circle: &Circle) -> Result<Option<Team>, StoreError> {
    let Some(team) = teams::table.find(Id(id)).first::<Team>(conn).optional()? else { return Ok(None) };
    Ok(circle.holds(team.region()?, None, Some(id)).then_some(team))
}

/// A team of the circle, locked until the commit.
pub fn lock(tx: &mut Tx<'_>, id: Uuid, circle: &Circle) -> Result<Option<Team>, StoreError> {
    if let Conn::Pg(c) = &mut **tx {
        teams::table.find(Id(id)).select(teams::id).for_no_key_update().first::<Id>(c).optional()?;
    }
    find(tx, id, circle)
}

/// The region that a team belongs to.
pub fn region(conn: &mut Conn, id: Uuid) -> Result<Option<Region>, StoreError> {
    let found: Option<Team> = teams::table.find(Id(id)).first(conn).optional()?;
    found.map(|team| team.region()).transpose()
}

pub fn insert(tx: &mut Tx<'_>, team: &Team) -> Result<(), StoreError> {
    row(team).insert(tx, "teams")?;
    Ok(())
}

/// Stores what can change: name, leader and members.
pub fn update(tx: &mut Tx<'_>, team: &Team) -> Result<(), StoreError> {
    row(team).execute(
        tx,
        "UPDATE teams SET name = v.name, leader = v.leader, members = v.members FROM v WHERE teams.id = v.id",
    )?;
    Ok(())
}

fn row(team: &Team) -> Rows {
    Rows::new()
        .uuid("id", [team.id])
        .text("name", [team.name.clone()])
        .text("region", [team.region.clone()])
        .opt_json("leader", [team.leader.clone()])
        .json("members", [team.members.clone()])
        .instant("created_at", [team.created_at])
}
