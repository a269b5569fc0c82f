//! A database for a test, and what the store promises on both engines.

mod changes;
mod listing;
mod once;
pub(crate) mod record_lists;
mod writer;

use super::{Engine, Store, migrations};
use crate::config::Config;
use diesel::prelude::*;
use std::path::PathBuf;
use uuid::Uuid;

/// A migrated database of its own, removed when dropped.
pub(crate) struct Scratch {
    pub(crate) store: Store,
    dir: PathBuf,
    database: Option<String>,
}

fn admin_url() -> String {
    std::env::var("RUHU_TEST_POSTGRES").expect("RUHU_TEST_POSTGRES leads to a PostgreSQL: run bin/test")
}

fn as_admin(statement: &str) {
    let mut conn = PgConnection::establish(&admin_url()).unwrap();
    diesel::sql_query(statement).execute(&mut conn).unwrap();
}

impl Scratch {
    pub(crate) fn new(engine: Engine) -> Self {
        let name = format!("ruhu_unit_{}", Uuid::now_v7().simple());
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
        Self { store, dir, database }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(name) = &self.database {
            as_admin(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
