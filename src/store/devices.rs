//! Devices: the installations, each of one user for life.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::Rows;
use super::schema::devices;
use super::types::{Id, Instant};
use diesel::prelude::*;
use uuid::Uuid;

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
