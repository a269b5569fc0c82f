//! What the transactions cost and what they leave, on both engines, without HTTP between.

mod statements;

use crate::config::Config;
use crate::store::types::{Id, Instant};
use crate::store::{Conn, Engine, Store, StoreError, migrations};
use diesel::prelude::*;
use uuid::Uuid;

pub(super) const COUNTY: &str = "513430";

/// A database of its own with one county and one phone, removed when dropped.
pub(super) struct Ground {
    pub store: Store,
    pub session: Uuid,
    dir: std::path::PathBuf,
    database: Option<String>,
}

fn admin_url() -> String {
    std::env::var("RUHU_TEST_POSTGRES").expect("RUHU_TEST_POSTGRES leads to a PostgreSQL: run bin/test")
}

fn as_admin(statement: &str) {
    let mut conn = PgConnection::establish(&admin_url()).unwrap();
    diesel::sql_query(statement).execute(&mut conn).unwrap();
}

impl Ground {
    pub(super) fn new(engine: Engine) -> Self {
        let name = format!("ruhu_sync_{}", Uuid::now_v7().simple());
        let dir = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&dir).unwrap();
        let database = (engine == Engine::Postgres).then(|| name.clone());
        let url = match &database {
            None => format!("sqlite:{}", dir.join("ruhu.db").display()),
            Some(name) => {
                as_admin(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"));
                let admin = admin_url();
                let (address, parameters) = admin.split_once('?').map_or((admin.as_str(), ""), |(a, p)| (a, p));
                let server = address.rsplit_once('/').unwrap().0;
                format!("{server}/{name}?{parameters}")
            }
        };
        migrations::migrate(&url).unwrap();
        let store = Store::open(&Config::for_test(url, &dir)).unwrap();
        let session = store.write_now(|tx| people(tx)).unwrap();
        Self { store, session, dir, database }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some(name) = &self.database {
            as_admin(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
        let _ = std::fs::remove_dir_all(&self.dir);
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
