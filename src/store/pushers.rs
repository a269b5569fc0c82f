//! The devices that push: who they are, what they were answered last, and in which counties they may write now.
//! Locked until the commit, so that two copies of a push take turns.

use super::conn::{Engine, StoreError, Tx};
use super::dialect::{Rows, Writes, engine, for_update, for_update_of_free, json_rows, millis};
use super::records::bucket_of;
use super::types::{DbJson, DbUuid, Id, Instant, JsonText};
use crate::load_rows;
use diesel::Queryable;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
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
    DbJson,
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
    tenures: JsonText,
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
    /// Every assignment that the team ever had; those without an end are open.
    pub tenures: Vec<Tenure>,
}

/// When a county was a team's own: from `opened` until `closed`, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenure {
    pub bucket: Bucket,
    pub opened: i64,
    pub closed: Option<i64>,
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
    let who = format!(
        "SELECT s.id, s.revoked_at IS NOT NULL, u.id, u.disabled_at IS NOT NULL, u.role, u.region, u.team_id, d.id, \
         d.revoked, d.acked, d.last_stamp, d.push_window, {} FROM v CROSS JOIN sessions s JOIN devices d \
         ON d.id = s.device_id JOIN users u ON u.id = d.user_id WHERE s.id = v.session",
        tenures(engine(tx))
    );
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
        found = load_rows!(&mut **tx, &rows, &who, PusherSql => PusherRow)?;
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
            tenures: read_tenures(&row.tenures)?,
        };
        locked.pushers.insert(row.session.0, pusher);
    }
    Ok(locked)
}

/// The assignments of the team of user `u`, as a column.
fn tenures(engine: Engine) -> String {
    let [opened, closed] = ["a.created_at", "a.closed_at"].map(|column| millis(engine, column));
    json_rows(engine, &["a.bucket", &opened, &closed], "FROM assignments a WHERE a.team_id = u.team_id")
}

fn read_tenures(text: &JsonText) -> Result<Vec<Tenure>, StoreError> {
    let rows: Vec<(i32, i64, Option<i64>)> =
        serde_json::from_str(&text.0).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    rows.into_iter().map(|(bucket, opened, closed)| Ok(Tenure { bucket: bucket_of(bucket)?, opened, closed })).collect()
}

/// Stores, with `writes`, what [`lock`] gave and pushes moved: of each device, and when it pushed.
pub fn store<'a>(writes: &mut Writes, pushed: impl Iterator<Item = (Uuid, &'a Progress, Instant)> + Clone) {
    // Serialising plain data into memory cannot fail.
    let window = |p: &Progress| Some(postcard::to_stdvec(&p.window).unwrap_or_default());
    let rows = Rows::new()
        .uuid("id", pushed.clone().map(|(device, _, _)| Id(device)))
        .big("acked", pushed.clone().map(|(_, p, _)| p.acked as i64))
        .opt_big("last_stamp", pushed.clone().map(|(_, p, _)| p.last_stamp.map(|s| s.0 as i64)))
        .opt_bytes("push_window", pushed.clone().map(|(_, p, _)| window(p)))
        .instant("last_push_at", pushed.clone().map(|(_, _, at)| at))
        .instant("last_seen_at", pushed.map(|(_, _, at)| at));
    writes.update(rows, "devices", 1);
}
