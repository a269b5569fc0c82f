//! Filling a database from inside: as many records as an import brings, in large batches, by the way that every write goes.

use super::open;
use crate::Config;
use crate::store::devices::{self, About};
use crate::store::dialect::Writes;
use crate::store::pushers::{self, Progress};
use crate::store::{Instant, Store, StoreError, dialect, users};
use crate::sync::bulk;
use anyhow::Context as _;
use std::collections::BTreeMap;
use sync_core::Stamp;
use sync_core::record::Author;
use uuid::Uuid;

pub use crate::store::records::Key;
pub use crate::sync::bulk::Entry;

/// A database that is being filled.
#[derive(Clone)]
pub struct Filling {
    store: Store,
}

impl Filling {
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        Ok(Self { store: open(config)? })
    }

    /// Registers a device of a user; gives what stands as the author of its entries.
    pub fn device(&self, username: &str, name: &str, platform: &str) -> anyhow::Result<Author> {
        let about = About {
            name: name.to_owned(),
            platform: Some(platform.to_owned()),
            app_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        };
        let username = username.to_owned();
        self.store.write_now(move |tx| {
            let user = users::by_name(tx, &username)?.with_context(|| format!("there is no user {username}"))?;
            let device = devices::register(tx, user.id.0, &about, Instant::now())?;
            Ok(Author { device, user: user.id.0, team: user.team.map(|team| team.0) })
        })
    }

    /// Merges the entries in one transaction; gives how many were accepted, of them all.
    pub fn write(&self, entries: Vec<Entry>) -> anyhow::Result<usize> {
        Ok(self.store.write_now(move |tx| bulk::write(tx, Instant::now().ms(), &entries))?)
    }

    /// When all is written: statistics and the like, which would else come in the minutes after.
    pub fn settle(&self) -> anyhow::Result<()> {
        Ok(self.store.read_now(|conn| dialect::settle(conn).map_err(StoreError::from))?)
    }

    /// Writes down when each device last sent something (milliseconds since 1970).
    pub fn sent(&self, last: &BTreeMap<Uuid, i64>) -> anyhow::Result<()> {
        let progress = |at: i64| Progress { last_stamp: Some(Stamp::issue(at, None, None)), ..Progress::default() };
        let last: Vec<_> = last.iter().map(|(device, at)| (*device, progress(*at), Instant::from_ms(*at))).collect();
        self.store.write_now(move |tx| {
            let mut writes = Writes::default();
            pushers::store(&mut writes, last.iter().map(|(device, progress, at)| (*device, progress, *at)));
            Ok::<_, StoreError>(writes.run(tx)?)
        })?;
        Ok(())
    }
}
