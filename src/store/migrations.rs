//! The schema's migrations: the same names on both engines, embedded in the binary.

use super::conn::{Conn, Manager};
use super::{forms, promoted};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The one that makes the collections' own tables: what is in them only we can work out.
const PROMOTED: &str = "0003";

/// Applies what is pending, puts in the forms that come with the server, and gives the names of what was applied. On
/// PostgreSQL an advisory lock makes servers that start together take turns.
pub fn migrate(url: &str) -> anyhow::Result<Vec<String>> {
    let mut conn = open(url)?;
    let applied = match &mut conn {
        Conn::Sqlite(c) => c.run_pending_migrations(SQLITE).map(|v| v.iter().map(ToString::to_string).collect()),
        Conn::Pg(c) => {
            use diesel::RunQueryDsl;
            diesel::sql_query("SET lock_timeout = 0").execute(c)?;
            diesel::sql_query("SELECT pg_advisory_lock(72817)").execute(c)?;
            c.run_pending_migrations(POSTGRES).map(|v| v.iter().map(ToString::to_string).collect())
        }
    };
    let applied: Vec<String> = applied.map_err(|e| anyhow::anyhow!("a migration failed: {e}"))?;
    if applied.iter().any(|name| name == PROMOTED) {
        promoted::rebuild_all(&mut conn)?;
    }
    forms::seed(&mut conn)?;
    Ok(applied)
}

/// Reverts migrations until `keep` are left: the test of `down.sql`, and an operator's way back.
pub fn revert(url: &str, keep: usize) -> anyhow::Result<()> {
    let failed = |e| anyhow::anyhow!("a migration could not be reverted: {e}");
    let mut conn = open(url)?;
    loop {
        let applied = match &mut conn {
            Conn::Sqlite(c) => c.applied_migrations(),
            Conn::Pg(c) => c.applied_migrations(),
        };
        if applied.map_err(failed)?.len() <= keep {
            return Ok(());
        }
        match &mut conn {
            Conn::Sqlite(c) => c.revert_last_migration(SQLITE).map(drop),
            Conn::Pg(c) => c.revert_last_migration(POSTGRES).map(drop),
        }
        .map_err(failed)?;
    }
}

/// Whether a migration waits to be applied.
pub fn is_pending(url: &str) -> anyhow::Result<bool> {
    match &mut open(url)? {
        Conn::Sqlite(c) => c.has_pending_migration(SQLITE),
        Conn::Pg(c) => c.has_pending_migration(POSTGRES),
    }
    .map_err(|e| anyhow::anyhow!("the migrations cannot be read: {e}"))
}

fn open(url: &str) -> anyhow::Result<Conn> {
    Manager::parse(url)?.open().map_err(|e| anyhow::anyhow!("cannot open the database: {e}"))
}
