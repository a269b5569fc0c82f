//! A field device: the reference for anyone who writes a client of the sync protocol (`docs/protocol.md`).
//!
//! It is a library with a store of its own, and no threads: the app calls [`Device::edit`] when a person saves
//! a form, and [`Device::sync`] whenever there may be a network. Every call may fail half-way, be cut off, or
//! never return because the phone died; calling again later goes on from where the store stands, and the
//! result is the same as if nothing had happened.
//!
//! ```text
//! edit    form ──▶ outbox                      edit.rs
//! push    outbox ──▶ server, results ──▶ copy  push.rs
//! pull    server ──▶ copy                      pull.rs
//! read    copy + outbox on top                 edit.rs
//! ```

pub mod clock;
mod copy;
mod digest;
mod edit;
mod error;
pub mod http;
mod pull;
mod push;
mod schema;
mod session;
mod store;
#[cfg(test)]
mod tests;
mod wire;

use std::path::Path;
use std::sync::Arc;

use diesel::prelude::*;
use serde_json::{Map, Value};
use sync_core::Sum;

pub use clock::{Clock, Reading};
pub use edit::{Change, Edit, Key, Op};
pub use error::Error;
pub use http::{Http, Transport};
pub use session::Account;
pub use store::Durability;
pub use wire::{About, OpResult, Status};

use store::Store;

/// Called after an operation's result was stored: device id, operation, result.
pub type OnResult = Box<dyn FnMut(&str, &Op, &OpResult) + Send>;

/// One installation of the app, for one person.
pub struct Device {
    store: Store,
    transport: Arc<dyn Transport>,
    clock: Box<dyn Clock>,
    about: About,
    account: Option<Account>,
    on_result: Option<OnResult>,
    page_limit: u32,
}

/// What a synchronisation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Synced {
    /// Operations that got their result.
    pub pushed: usize,
    /// Changes that came.
    pub pulled: usize,
}

/// What the phone holds of one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub bucket: String,
    /// Live records.
    pub count: i64,
    /// The sum of their digests modulo 2^128.
    pub sum: Sum,
}

/// Something that the person should hear of: a conflict, or an operation that the server holds.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = schema::notices)]
pub struct Notice {
    pub device: String,
    pub op_seq: i64,
    pub bucket: String,
    pub collection: String,
    pub id: String,
    pub status: String,
    /// JSON: `{"conflicts": [ids], "reason", "error"}`
    pub detail: String,
}

impl Device {
    /// Opens the store, or makes one. Nobody is signed in yet; with the tokens of an earlier time it can sync
    /// all the same.
    pub fn open(
        path: &Path,
        durability: Durability,
        transport: Arc<dyn Transport>,
        clock: Box<dyn Clock>,
        about: About,
    ) -> Result<Self, Error> {
        let store = Store::open(path, durability)?;
        Ok(Self { store, transport, clock, about, account: None, on_result: None, page_limit: pull::LIMIT })
    }

    /// Whom to tell of results, after they are stored.
    pub fn on_result(&mut self, tell: OnResult) {
        self.on_result = Some(tell);
    }

    /// Saves a form: all of its edits, or none. Needs no network; after it returns they are safe. Returns the
    /// number of the first operation, the others follow.
    pub fn edit(&mut self, edits: &[Edit]) -> Result<i64, Error> {
        let phone = self.store.phone()?;
        if phone.wiped {
            return Err(Error::Wiped);
        }
        if phone.revoked {
            return Err(Error::Revoked);
        }
        let at = self.clock.read();
        self.store.step(|conn| edit::enqueue(conn, edits, &at))
    }

    /// Sends everything, then fetches everything. A revoked device sends what it may and is wiped.
    pub fn sync(&mut self) -> Result<Synced, Error> {
        let pushed = self.push()?;
        match self.pull() {
            Ok(pulled) => Ok(Synced { pushed, pulled }),
            Err(Error::Revoked) => self.push().map(|more| Synced { pushed: pushed + more, pulled: 0 }),
            Err(e) => Err(e),
        }
    }

    /// A record as the person sees it: with the unsent edits on top.
    pub fn record(&mut self, key: &Key) -> Result<Option<Map<String, Value>>, Error> {
        edit::view(self.store.conn(), key)
    }

    /// The rev in which the phone holds a record, deleted or not: what an edit made now would have as base.
    pub fn rev(&mut self, key: &Key) -> Result<Option<i64>, Error> {
        Ok(copy::record(self.store.conn(), key)?.map(|row| row.rev))
    }

    /// The ids of the records of a collection that the person sees.
    pub fn ids(&mut self, bucket: &str, collection: &str) -> Result<Vec<String>, Error> {
        edit::ids(self.store.conn(), bucket, collection)
    }

    /// The id under which the server knows this installation.
    pub fn id(&mut self) -> Result<Option<String>, Error> {
        Ok(self.store.phone()?.device)
    }

    /// How many operations have no result yet.
    pub fn unsent(&mut self) -> Result<i64, Error> {
        Ok(schema::outbox::table.count().get_result(self.store.conn())?)
    }

    pub fn is_wiped(&mut self) -> Result<bool, Error> {
        Ok(self.store.phone()?.wiped)
    }

    /// The buckets that the phone holds, with sums over digests that are computed anew from the fields.
    pub fn holdings(&mut self) -> Result<Vec<Holding>, Error> {
        copy::holdings(self.store.conn())
    }

    /// Conflicts and held operations, oldest first.
    pub fn notices(&mut self) -> Result<Vec<Notice>, Error> {
        use schema::notices;
        Ok(notices::table.select(Notice::as_select()).order(notices::number).load(self.store.conn())?)
    }
}
