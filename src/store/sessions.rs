//! Sign-ins and their refresh tokens. A token is kept as its hash, is spent once, and stays known until it expires, so
//! that a second use is recognised.

use super::conn::{StoreError, Tx};
use super::dialect::{Rows, for_update};
use super::types::{DbInstant, DbUuid, Id, Instant};
use crate::load_rows;
use diesel::Queryable;
use diesel::sql_types::{Bool, Nullable, Text};
use uuid::Uuid;

/// SHA-256 of a refresh token.
pub type TokenHash = [u8; 32];

type RowSql = (DbUuid, DbUuid, Nullable<DbUuid>, Nullable<Text>, Bool, Bool, DbInstant);

#[derive(Queryable)]
struct Row {
    session: Id,
    user: Id,
    device: Option<Id>,
    revoked: Option<String>,
    used: bool,
    ended: bool,
    expires_at: Instant,
}

/// A refresh token, and the sign-in that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    pub session: Uuid,
    pub user: Uuid,
    pub device: Option<Uuid>,
    /// `flush` or `wipe`, of the device.
    pub revoked: Option<String>,
    pub used: bool,
    /// Signed out, or the user was disabled.
    pub ended: bool,
    pub expires_at: Instant,
}

/// Opens a session.
pub fn open(tx: &mut Tx<'_>, user: Uuid, device: Option<Uuid>, now: Instant) -> Result<Uuid, StoreError> {
    let id = Uuid::now_v7();
    Rows::new()
        .uuid("id", [Id(id)])
        .uuid("user_id", [Id(user)])
        .opt_uuid("device_id", [device.map(Id)])
        .instant("created_at", [now])
        .insert(tx, "sessions")?;
    Ok(id)
}

/// Gives a session a refresh token.
pub fn hand_out(
    tx: &mut Tx<'_>,
    session: Uuid,
    token: TokenHash,
    now: Instant,
    expires_at: Instant,
) -> Result<(), StoreError> {
    Rows::new()
        .bytes("hash", [token.to_vec()])
        .uuid("session_id", [Id(session)])
        .instant("created_at", [now])
        .instant("expires_at", [expires_at])
        .insert(tx, "refresh_tokens")?;
    Ok(())
}

/// Forgets the refresh tokens that have expired.
pub fn sweep(tx: &mut Tx<'_>, now: Instant) -> Result<usize, StoreError> {
    let rows = Rows::new().instant("now", [now]);
    Ok(rows.execute(tx, "DELETE FROM refresh_tokens WHERE expires_at < (SELECT now FROM v)")?)
}

/// Finds a refresh token and locks it until the commit, so that two who use it take turns.
pub fn find(tx: &mut Tx<'_>, token: TokenHash) -> Result<Option<Refresh>, StoreError> {
    let tail = format!(
        "SELECT s.id, s.user_id, s.device_id, d.revoked, r.used_at IS NOT NULL, \
         s.revoked_at IS NOT NULL OR u.disabled_at IS NOT NULL, r.expires_at \
         FROM v JOIN refresh_tokens r ON r.hash = v.hash JOIN sessions s ON s.id = r.session_id \
         JOIN users u ON u.id = s.user_id LEFT JOIN devices d ON d.id = s.device_id{}",
        for_update(tx, "r")
    );
    let rows = Rows::new().bytes("hash", [token.to_vec()]);
    let found = load_rows!(&mut **tx, &rows, &tail, RowSql => Row)?;
    Ok(found.into_iter().next().map(|row| Refresh {
        session: row.session.0,
        user: row.user.0,
        device: row.device.map(|d| d.0),
        revoked: row.revoked,
        used: row.used,
        ended: row.ended,
        expires_at: row.expires_at,
    }))
}

/// Notes that a refresh token was used.
pub fn spend(tx: &mut Tx<'_>, token: TokenHash, now: Instant) -> Result<(), StoreError> {
    Rows::new()
        .bytes("hash", [token.to_vec()])
        .instant("at", [now])
        .execute(tx, "UPDATE refresh_tokens SET used_at = v.at FROM v WHERE refresh_tokens.hash = v.hash")?;
    Ok(())
}

/// Ends a session: its access tokens and its refresh tokens count no more.
pub fn end(tx: &mut Tx<'_>, session: Uuid, now: Instant) -> Result<(), StoreError> {
    Rows::new()
        .uuid("id", [Id(session)])
        .instant("at", [now])
        .execute(tx, "UPDATE sessions SET revoked_at = v.at FROM v WHERE sessions.id = v.id AND revoked_at IS NULL")?;
    Ok(())
}

/// Ends every session of a user but one.
pub fn end_others(tx: &mut Tx<'_>, user: Uuid, but: Option<Uuid>, now: Instant) -> Result<(), StoreError> {
    // No session has the nil id.
    Rows::new().uuid("user_id", [Id(user)]).uuid("but", [Id(but.unwrap_or_default())]).instant("at", [now]).execute(
        tx,
        "UPDATE sessions SET revoked_at = v.at FROM v \
         WHERE sessions.user_id = v.user_id AND sessions.id <> v.but AND revoked_at IS NULL",
    )?;
    Ok(())
}
