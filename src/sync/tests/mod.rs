//! What the transactions cost and what they leave, on both engines, without HTTP between.

mod lanes;
mod promoted;
mod statements;
mod together;

use crate::store::dialect::Rows;
use crate::store::tests::Scratch;
use crate::store::types::{Id, Instant};
use crate::store::{Conn, Engine, StoreError};
use crate::sync::batch::Job;
use crate::sync::envelope::Push;
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) const COUNTY: &str = "513430";

const NOW: i64 = 1_429_153_358_000;

/// A push of these operations, as it waits to be applied.
pub(super) fn job(session: Uuid, ops: &[Value]) -> Job {
    let body = json!({"schema": 1, "ops": ops}).to_string();
    let Push { clock, ops } = Push::read(body.as_bytes(), None, 500).unwrap();
    Job { session, team: None, received: NOW, clock, ops }
}

/// A database with one county and one phone.
pub(super) struct Ground {
    pub scratch: Scratch,
    pub session: Uuid,
}

impl Ground {
    pub(super) fn new(engine: Engine) -> Self {
        let scratch = Scratch::new(engine);
        let session = scratch.store.write_now(|tx| {
            Rows::new().int("bucket", [513_430]).execute(tx, "INSERT INTO buckets (bucket) SELECT bucket FROM v")?;
            phone(tx, "liangshan")
        });
        Self { scratch, session: session.unwrap() }
    }

    /// One more phone.
    pub(super) fn phone(&self, name: &'static str) -> Uuid {
        self.scratch.store.write_now(|tx| phone(tx, name)).unwrap()
    }

    /// One more phone, of a new team that has these counties.
    pub(super) fn team(&self, name: &'static str, counties: &'static [i32]) -> Uuid {
        let found = self.scratch.store.write_now(move |tx| {
            let session = phone(tx, name)?;
            let id = Id(Uuid::now_v7());
            Rows::new().uuid("id", [id]).text("name", [name.to_owned()]).instant("at", [Instant::now()]).execute(
                tx,
                "INSERT INTO teams (id, name, region, members, created_at) SELECT id, name, '51', '[]', at FROM v",
            )?;
            Rows::new().uuid("id", [id]).text("name", [name.to_owned()]).execute(
                tx,
                "UPDATE users SET role = 'team', region = '51', team_id = (SELECT id FROM v) \
                 WHERE username = (SELECT name FROM v)",
            )?;
            let each = || counties.iter().copied();
            Rows::new().int("bucket", each()).execute(
                tx,
                "INSERT INTO buckets (bucket) SELECT bucket FROM v WHERE bucket NOT IN (SELECT bucket FROM buckets)",
            )?;
            Rows::new()
                .uuid("team_id", each().map(|_| id))
                .int("bucket", each())
                .int("open_assignments", each().map(|_| 1))
                .int("grant_no", each().map(|bucket| bucket % 100))
                .insert(tx, "team_buckets")?;
            Ok::<_, StoreError>(session)
        });
        found.unwrap()
    }
}

/// A prefecture's user with a phone, signed in.
fn phone(conn: &mut Conn, name: &str) -> Result<Uuid, StoreError> {
    let now = Instant::now();
    let [user, device, session] = [(); 3].map(|()| Id(Uuid::now_v7()));
    Rows::new().uuid("id", [user]).text("name", [name.to_owned()]).instant("at", [now]).execute(
        conn,
        "INSERT INTO users (id, username, password_hash, role, region, created_at) \
         SELECT id, name, '-', 'prefecture', '5134', at FROM v",
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
