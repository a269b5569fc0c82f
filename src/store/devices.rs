//! Devices: the installations, each of one user for life.

use super::circle::Circle;
use super::conn::{Conn, StoreError, Tx};
use super::dialect::Rows;
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::schema::{devices, users};
use super::types::{DbInstant, DbUuid, Id, Instant};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use std::sync::LazyLock;
use sync_core::scope::Region;
use uuid::Uuid;

type DeviceSql = (
    DbUuid,
    DbUuid,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    DbInstant,
    DbInstant,
    Nullable<Text>,
    Nullable<DbInstant>,
    BigInt,
    Nullable<DbInstant>,
);

/// A row of `devices`, without what only pushes need.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = devices)]
pub struct Device {
    pub id: Id,
    pub user_id: Id,
    pub name: String,
    pub platform: Option<String>,
    pub app_version: Option<String>,
    pub created_at: Instant,
    pub last_seen_at: Instant,
    /// `flush` or `wipe`.
    pub revoked: Option<String>,
    pub revoked_at: Option<Instant>,
    pub acked: i64,
    pub last_push_at: Option<Instant>,
}

type Of = Column<Device>;

pub static LIST: LazyLock<List<Device>> = LazyLock::new(|| {
    List::new("devices", [Of::new("id", Kind::Uuid, "d.id").sorted(|d| Value::Uuid(d.id.0))]).with([
        Of::new("name", Kind::Text, "d.name").sorted(|d| Value::Text(d.name.clone())),
        Of::new("created_at", Kind::Instant, "d.created_at").sorted(|d| Value::Instant(d.created_at.ms())),
        Of::new("last_seen_at", Kind::Instant, "d.last_seen_at").sorted(|d| Value::Instant(d.last_seen_at.ms())),
        Of::new("user", Kind::Uuid, "d.user_id"),
        Of::new("team", Kind::Uuid, "u.team_id"),
        Of::new("platform", Kind::Text, "d.platform"),
        Of::new("revoked", Kind::Choice(&["flush", "wipe"]), "d.revoked"),
        Of::new("last_push_at", Kind::Instant, "d.last_push_at"),
    ])
});

impl Listed for Device {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

pub fn list(conn: &mut Conn, listing: &Listing<Device>, circle: &Circle) -> Result<Found<Device>, StoreError> {
    let columns = "d.id, d.user_id, d.name, d.platform, d.app_version, d.created_at, d.last_seen_at, d.revoked, \
         d.revoked_at, d.acked, d.last_push_at";
    let from = Sql::new("FROM devices d JOIN users u ON u.id = d.user_id WHERE ").user_in(circle, "u.region", "u.id");
    listing::page::<DeviceSql, _>(conn, listing, columns, from)
}

/// A device; `None` when there is none of this id in the circle.
pub fn find(conn: &mut Conn, id: Uuid, circle: &Circle) -> Result<Option<Device>, StoreError> {
    let of = devices::table.inner_join(users::table).filter(devices::id.eq(Id(id)));
    let found = of.select((Device::as_select(), users::region)).first::<(Device, String)>(conn).optional()?;
    let Some((device, region)) = found else { return Ok(None) };
    let region = Region::parse(&region).ok_or_else(|| StoreError::Corrupt("a user's region".into()))?;
    Ok(circle.holds(region, Some(device.user_id.0), None).then_some(device))
}

/// Revokes a device. Waits for a push of it that is under way.
pub fn revoke(tx: &mut Tx<'_>, id: Uuid, mode: &str, now: Instant) -> Result<(), StoreError> {
    Rows::new()
        .uuid("id", [Id(id)])
        .text("mode", [mode.to_owned()])
        .instant("at", [now])
        .execute(tx, "UPDATE devices SET revoked = v.mode, revoked_at = v.at FROM v WHERE devices.id = v.id")?;
    Ok(())
}

/// An installation as its app describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub name: String,
    pub platform: Option<String>,
    pub app_version: Option<String>,
}

/// Registers a new installation.
pub fn register(tx: &mut Tx<'_>, user: Uuid, about: &About, now: Instant) -> Result<Uuid, StoreError> {
    let id = Uuid::now_v7();
    Rows::new()
        .uuid("id", [Id(id)])
        .uuid("user_id", [Id(user)])
        .text("name", [about.name.clone()])
        .opt_text("platform", [about.platform.clone()])
        .opt_text("app_version", [about.app_version.clone()])
        .instant("at", [now])
        .execute(
            tx,
            "INSERT INTO devices (id, user_id, name, platform, app_version, created_at, last_seen_at) \
             SELECT id, user_id, name, platform, app_version, at, at FROM v",
        )?;
    Ok(id)
}

/// How a device of this user is revoked; `None` when there is no such device of theirs.
pub fn revoked(conn: &mut Conn, id: Uuid, user: Uuid) -> Result<Option<Option<String>>, StoreError> {
    let of_user = devices::table.find(Id(id)).filter(devices::user_id.eq(Id(user)));
    Ok(of_user.select(devices::revoked).first(conn).optional()?)
}

/// Notes that a device was heard of.
pub fn seen(tx: &mut Tx<'_>, id: Uuid, now: Instant) -> Result<(), StoreError> {
    Rows::new()
        .uuid("id", [Id(id)])
        .instant("at", [now])
        .execute(tx, "UPDATE devices SET last_seen_at = v.at FROM v WHERE devices.id = v.id")?;
    Ok(())
}

/// What a device's pushes have come to.
pub fn acked(conn: &mut Conn, id: Uuid) -> Result<u64, StoreError> {
    let acked: i64 = devices::table.find(Id(id)).select(devices::acked).first(conn)?;
    Ok(acked as u64)
}
