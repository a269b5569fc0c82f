//! The devices that push: who they are, what they were answered last, and in which counties they may write now.
//! Locked until the commit, so that two copies of a push take turns.

use super::conn::{StoreError, Tx};
use super::dialect::{Rows, for_update, for_update_of_free};
use super::records::bucket_of;
use super::types::{DbInstant, DbUuid, Id, Instant};
use crate::load_rows;
use diesel::Queryable;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use sync_core::window::Window;
use sync_core::{Bucket, Stamp};
use uuid::Uuid;

type PusherSql = (
    DbUuid,
    Bool,
    DbUuid,
    Bool,
    Text,
    Text,
    Nullable<DbUuid>,
    DbUuid,
    Nullable<Text>,
    BigInt,
    Nullable<BigInt>,
    Nullable<Binary>,
);

#[derive(Queryable)]
struct PusherRow {
    session: Id,
    signed_out: bool,
    user: Id,
    disabled: bool,
    role: String,
    region: String,
    team: Option<Id>,
    device: Id,
    revoked: Option<String>,
    acked: i64,
    last_stamp: Option<i64>,
    window: Option<Vec<u8>>,
}

/// A session that may push, as it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pusher {
    pub device: Uuid,
    pub user: Uuid,
    pub role: String,
    pub region: String,
    pub team: Option<Uuid>,
    /// `flush` or `wipe`.
    pub revoked: Option<String>,
    /// Signed out, or the user was disabled.
    pub ended: bool,
}

/// What a device's pushes have come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    pub acked: u64,
    pub last_stamp: Option<Stamp>,
    pub window: Window,
}

/// What [`lock`] finds.
#[derive(Debug, Default)]
pub struct Locked {
    /// By session.
    pub pushers: HashMap<Uuid, Pusher>,
    /// By device.
    pub progress: BTreeMap<Uuid, Progress>,
}

/// The pushers of these sessions and the progress of their devices; the devices stay locked until the commit.
pub fn lock(tx: &mut Tx<'_>, sessions: &BTreeSet<Uuid>) -> Result<Locked, StoreError> {
    let rows = Rows::new().uuid("session", sessions.iter().map(|s| Id(*s)));
    let who = "SELECT s.id, s.revoked_at IS NOT NULL, u.id, u.disabled_at IS NOT NULL, u.role, u.region, u.team_id, d.id, \
         d.revoked, d.acked, d.last_stamp, d.push_window FROM v CROSS JOIN sessions s JOIN devices d \
         ON d.id = s.device_id JOIN users u ON u.id = d.user_id WHERE s.id = v.session";
    let lock = for_update(tx, "d");
    // One that nobody else has costs one statement. Of several, those that are free must not be held while the others are
    // waited for: two who did would wait for each other.
    let mut found = Vec::new();
    if sessions.len() == 1 || lock.is_empty() {
        let free = format!("{who}{}", for_update_of_free(tx, "d"));
        found = load_rows!(&mut **tx, &rows, &free, PusherSql => PusherRow)?;
    }
    if found.len() < sessions.len() && !lock.is_empty() {
        // A statement that waited for a lock sees the locked row anew, but all others as they were before: so who may push
        // is then read by a statement of its own.
        let tail = format!(
            "SELECT d.id FROM v CROSS JOIN sessions s JOIN devices d ON d.id = s.device_id WHERE s.id = v.session \
             ORDER BY d.id{lock}"
        );
        load_rows!(&mut **tx, &rows, &tail, DbUuid => Id)?;
        found = load_rows!(&mut **tx, &rows, who, PusherSql => PusherRow)?;
    }
    let mut locked = Locked::default();
    for row in found {
        let window = match &row.window {
            Some(bytes) => postcard::from_bytes(bytes).map_err(|e| StoreError::Corrupt(e.to_string()))?,
            None => Window::default(),
        };
        let last_stamp = row.last_stamp.map(|s| Stamp(s as u64));
        locked.progress.insert(row.device.0, Progress { acked: row.acked as u64, last_stamp, window });
        let pusher = Pusher {
            device: row.device.0,
            user: row.user.0,
            role: row.role,
            region: row.region,
            team: row.team.map(|t| t.0),
            revoked: row.revoked,
            ended: row.signed_out || row.disabled,
        };
        locked.pushers.insert(row.session.0, pusher);
    }
    Ok(locked)
}

/// Stores what [`lock`] gave and pushes moved.
pub fn store(tx: &mut Tx<'_>, progress: &BTreeMap<Uuid, Progress>, now: Instant) -> Result<(), StoreError> {
    // Serialising plain data into memory cannot fail.
    let window = |p: &Progress| Some(postcard::to_stdvec(&p.window).unwrap_or_default());
    Rows::new()
        .uuid("id", progress.keys().map(|d| Id(*d)))
        .big("acked", progress.values().map(|p| p.acked as i64))
        .opt_big("last_stamp", progress.values().map(|p| p.last_stamp.map(|s| s.0 as i64)))
        .opt_bytes("push_window", progress.values().map(window))
        .instant("pushed_at", progress.keys().map(|_| now))
        .execute(
            tx,
            "UPDATE devices SET acked = v.acked, last_stamp = v.last_stamp, push_window = v.push_window, \
             last_push_at = v.pushed_at, last_seen_at = v.pushed_at FROM v WHERE devices.id = v.id",
        )?;
    Ok(())
}

type TenureSql = (DbUuid, Integer, DbInstant, Nullable<DbInstant>);
type TenureRow = (Id, i32, Instant, Option<Instant>);

/// When a county was a team's own: from `opened` until `closed`, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenure {
    pub bucket: Bucket,
    pub opened: i64,
    pub closed: Option<i64>,
}

/// Every assignment that the teams ever had; those without an end are open.
pub fn tenures(tx: &mut Tx<'_>, teams: &BTreeSet<Uuid>) -> Result<HashMap<Uuid, Vec<Tenure>>, StoreError> {
    let rows = Rows::new().uuid("team", teams.iter().map(|t| Id(*t)));
    let tail = "SELECT a.team_id, a.bucket, a.created_at, a.closed_at FROM v CROSS JOIN assignments a \
         WHERE a.team_id = v.team";
    let mut tenures: HashMap<Uuid, Vec<Tenure>> = HashMap::new();
    for (team, bucket, opened, closed) in load_rows!(&mut **tx, &rows, tail, TenureSql => TenureRow)? {
        let tenure = Tenure { bucket: bucket_of(bucket)?, opened: opened.ms(), closed: closed.map(Instant::ms) };
        tenures.entry(team.0).or_default().push(tenure);
    }
    Ok(tenures)
}
