//! What the transactions cost and what they leave, on both engines, without HTTP between.

mod statements;

use crate::store::tests::Scratch;
use crate::store::types::{Id, Instant};
use crate::store::{Conn, Engine, StoreError};
use uuid::Uuid;

pub(super) const COUNTY: &str = "513430";

/// A database with one county and one phone.
pub(super) struct Ground {
    pub scratch: Scratch,
    pub session: Uuid,
}

impl Ground {
    pub(super) fn new(engine: Engine) -> Self {
        let scratch = Scratch::new(engine);
        let session = scratch.store.write_now(|tx| people(tx)).unwrap();
        Self { scratch, session }
    }
}

/// A prefecture's user with a phone, signed in.
fn people(conn: &mut Conn) -> Result<Uuid, StoreError> {
    use crate::store::dialect::Rows;
    let now = Instant::now();
    let [user, device, session] = [(); 3].map(|()| Id(Uuid::now_v7()));
    Rows::new().int("bucket", [513_430]).execute(conn, "INSERT INTO buckets (bucket) SELECT bucket FROM v")?;
    Rows::new().uuid("id", [user]).instant("at", [now]).execute(
        conn,
        "INSERT INTO users (id, username, password_hash, role, region, created_at) \
         SELECT id, 'liangshan', '-', 'prefecture', '5134', at FROM v",
    )?;
    Rows::new().uuid("id", [device]).uuid("user_id", [user]).instant("at", [now]).execute(
        conn,
        "INSERT INTO devices (id, user_id, name, created_at, last_seen_at) SELECT id, user_id, 'phone', at, at FROM v",
    )?;
    Rows::new()
        .uuid("id", [session])
        .uuid("user_id", [user])
        .uuid("device_id", [device])
        .instant("at", [now])
        .execute(
            conn,
            "INSERT INTO sessions (id, user_id, device_id, created_at) SELECT id, user_id, device_id, at FROM v",
        )?;
    Ok(session.0)
}
