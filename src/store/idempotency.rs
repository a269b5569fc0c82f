//! Answers that are kept under a caller's key, for requests that are sent twice.

use super::conn::{StoreError, Tx};
use super::dialect::Rows;
use super::types::{Id, Instant};
use crate::load_rows;
use diesel::Queryable;
use diesel::sql_types::{Binary, Nullable, SmallInt, Text};
use uuid::Uuid;

const DAYS_KEPT: i64 = 7;

/// What was answered, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// A digest of the request.
    pub request: Vec<u8>,
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

#[derive(Queryable)]
struct Row {
    request: Vec<u8>,
    status: i16,
    location: Option<String>,
    body: String,
}

fn key_row(user: Uuid, key: &str) -> Rows {
    Rows::new().uuid("user_id", [Id(user)]).text("key", [key.to_owned()])
}

/// Takes the key for this request, or gives what is kept under it. Waits for a transaction that has just taken it.
pub fn claim(tx: &mut Tx<'_>, user: Uuid, key: &str, request: &[u8], now: Instant) -> Result<Option<Kept>, StoreError> {
    let old = Instant(now.0 - chrono::TimeDelta::days(DAYS_KEPT));
    let taken = key_row(user, key)
        .bytes("request", [request.to_vec()])
        .instant("created_at", [now])
        .instant("old", [old])
        .execute(
            tx,
            "INSERT INTO idempotency_keys (user_id, key, request, status, body, created_at) \
         SELECT user_id, key, request, 0, '', created_at FROM v WHERE true \
         ON CONFLICT (user_id, key) DO UPDATE SET request = excluded.request, created_at = excluded.created_at \
         WHERE idempotency_keys.created_at < (SELECT old FROM v)",
        )?;
    if taken > 0 {
        return Ok(None);
    }
    let tail = "SELECT k.request, k.status, k.location, k.body FROM v \
         JOIN idempotency_keys k ON k.user_id = v.user_id AND k.key = v.key";
    let rows = key_row(user, key);
    let found = load_rows!(&mut **tx, &rows, tail, (Binary, SmallInt, Nullable<Text>, Text) => Row)?;
    let kept =
        |row: Row| Kept { request: row.request, status: row.status as u16, location: row.location, body: row.body };
    Ok(found.into_iter().next().map(kept))
}

/// Keeps the answer under a key that [`claim`] took.
pub fn keep(tx: &mut Tx<'_>, user: Uuid, key: &str, kept: Kept) -> Result<(), StoreError> {
    key_row(user, key)
        .small("status", [kept.status as i16])
        .opt_text("location", [kept.location])
        .text("body", [kept.body])
        .execute(
            tx,
            "UPDATE idempotency_keys SET status = v.status, location = v.location, body = v.body FROM v \
             WHERE idempotency_keys.user_id = v.user_id AND idempotency_keys.key = v.key",
        )?;
    Ok(())
}

/// Forgets what was answered to a user: who has been moved elsewhere must not see by a repeat what only the old place could.
pub fn forget(tx: &mut Tx<'_>, user: Uuid) -> Result<(), StoreError> {
    let rows = Rows::new().uuid("user_id", [Id(user)]);
    rows.execute(tx, "DELETE FROM idempotency_keys WHERE user_id = (SELECT user_id FROM v)")?;
    Ok(())
}

/// Forgets what is too old.
pub fn sweep(tx: &mut Tx<'_>, now: Instant) -> Result<usize, StoreError> {
    let old = Instant(now.0 - chrono::TimeDelta::days(DAYS_KEPT));
    let rows = Rows::new().instant("old", [old]);
    Ok(rows.execute(tx, "DELETE FROM idempotency_keys WHERE created_at < (SELECT old FROM v)")?)
}
