//! What is set up from outside a running server: users, the list of divisions. A database that is not migrated yet is
//! migrated first, unless the configuration says otherwise.

mod divisions;
mod users;

pub use users::{add_user, disable_user, has_users, list_users, reset_password};

use crate::Config;
use crate::http::time::today;
use crate::store::{Store, migrations};
use anyhow::anyhow;
use std::io::Read;
use std::sync::mpsc::channel;
use std::thread;

/// Opens the database of a configuration.
fn open(config: &Config) -> anyhow::Result<Store> {
    if config.migrate {
        migrations::migrate(&config.database_url)?;
    }
    Store::open(config)
}

/// Imports a list of divisions (see `ruhu import divisions --help`) in one transaction, and gives the number of
/// versions that it added or changed. `progress` is told how many are written. A bad line is named by its number, the
/// header being 1, and nothing is imported.
pub fn import_divisions(config: &Config, csv: impl Read, progress: &dyn Fn(usize)) -> anyhow::Result<usize> {
    let lines = divisions::read(csv)?;
    let store = open(config)?;
    let (tell, told) = channel();
    thread::scope(|scope| {
        let work = scope.spawn(move || {
            store.write_now(move |tx| {
                divisions::import(tx, lines, today(), &|done| {
                    // Nobody may be listening any more.
                    let _ = tell.send(done);
                })
            })
        });
        told.iter().for_each(progress);
        work.join().map_err(|_| anyhow!("the import failed"))?
    })
}
