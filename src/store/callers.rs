//! Who stands behind a session now: one statement for everything that decides what a request may do.

use super::conn::{Conn, StoreError};
use super::dialect::Rows;
use super::records::bucket_of;
use super::role::Role;
use super::types::{DbUuid, Id};
use crate::load_rows;
use diesel::Queryable;
use diesel::sql_types::{Bool, Integer, Nullable, Text};
use std::collections::BTreeMap;
use sync_core::Bucket;
use sync_core::scope::Region;
use uuid::Uuid;

type RowSql = (
    DbUuid,
    Nullable<DbUuid>,
    Bool,
    Nullable<Text>,
    Text,
    Text,
    Nullable<DbUuid>,
    Integer,
    Nullable<Integer>,
    Nullable<Integer>,
);

#[derive(Queryable)]
struct Row {
    user: Id,
    device: Option<Id>,
    ended: bool,
    revoked: Option<String>,
    role: String,
    region: String,
    team: Option<Id>,
    place_no: i32,
    bucket: Option<i32>,
    grant_no: Option<i32>,
}

/// The person and the device behind a session, as they stand in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub user: Uuid,
    pub device: Option<Uuid>,
    /// Signed out, or the user was disabled.
    pub ended: bool,
    /// `flush` or `wipe`.
    pub revoked: Option<String>,
    pub role: Role,
    pub region: Region,
    pub team: Option<Uuid>,
    /// Counts the changes of the user's role, region and team.
    pub place_no: u32,
    /// The team's open counties, and how often it was given each.
    pub counties: BTreeMap<Bucket, u32>,
}

pub fn find(conn: &mut Conn, session: Uuid) -> Result<Option<Standing>, StoreError> {
    let rows = Rows::new().uuid("session", [Id(session)]);
    let tail = "SELECT u.id, d.id, s.revoked_at IS NOT NULL OR u.disabled_at IS NOT NULL, d.revoked, u.role, \
         u.region, u.team_id, u.place_no, t.bucket, t.grant_no FROM v JOIN sessions s ON s.id = v.session \
         JOIN users u ON u.id = s.user_id LEFT JOIN devices d ON d.id = s.device_id \
         LEFT JOIN team_buckets t ON t.team_id = u.team_id AND t.open_assignments > 0";
    let rows = load_rows!(conn, &rows, tail, RowSql => Row)?;
    let counties = rows
        .iter()
        .filter_map(|row| row.bucket.zip(row.grant_no))
        .map(|(bucket, grant)| Ok((bucket_of(bucket)?, grant as u32)))
        .collect::<Result<_, StoreError>>()?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let corrupt = |what: &str| StoreError::Corrupt(format!("a user's {what}"));
    Ok(Some(Standing {
        user: row.user.0,
        device: row.device.map(|d| d.0),
        ended: row.ended,
        revoked: row.revoked,
        role: Role::parse(&row.role).ok_or_else(|| corrupt("role"))?,
        region: Region::parse(&row.region).ok_or_else(|| corrupt("region"))?,
        team: row.team.map(|t| t.0),
        place_no: row.place_no as u32,
        counties,
    }))
}
