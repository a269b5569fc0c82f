//! What is set up from outside a running server: users, the list of divisions, campaigns, forms. A database that is not migrated yet is
//! migrated first, unless the configuration says otherwise.

mod bulk;
mod campaign;
mod check;
mod divisions;
mod form;
mod table;
mod users;

pub use bulk::{Entry, Filling, Key};
pub use campaign::{Imported, Wanted};
pub use check::{Checked, check};
pub use form::Published;
pub use users::{add_user, disable_user, has_users, list_users, reset_password};

use crate::Config;
use crate::fields::Level;
use crate::http::time::today;
use crate::lang::Lang;
use crate::store::{Store, Tx, migrations};
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
    writing(config, progress, move |tx, progress| divisions::import(tx, lines, today(), progress))
}

/// Imports the counties of a campaign (see `ruhu import campaign --help`) in one transaction. `progress` is told how many
/// are written. What is wrong is named by its line, the header being 1, and its column, and nothing is imported.
pub fn import_campaign(
    config: &Config,
    csv: impl Read,
    wanted: Wanted,
    progress: &dyn Fn(usize),
) -> anyhow::Result<Imported> {
    let lines = campaign::read(csv)?;
    writing(config, progress, move |tx, progress| {
        let imported = campaign::import(tx, &lines, &wanted)?;
        progress(lines.len());
        Ok(imported)
    })
}

/// Publishes the form of an XLSForm workbook (see `ruhu import form --help`), unless its newest version is the same; in
/// the name of `user`, who is not needed where there is one provincial user only. Everything that is wrong is named by
/// sheet, column and row, in `lang`, and nothing is published.
pub fn import_form(
    config: &Config,
    xlsx: &[u8],
    level: Option<Level>,
    user: Option<String>,
    lang: Lang,
) -> anyhow::Result<Published> {
    let workbook = form::read(xlsx, level, lang)?;
    open(config)?.write_now(move |tx| form::publish(tx, &workbook, user.as_deref()))
}

/// Runs one writing transaction, which tells how far it is.
fn writing<T: Send + 'static>(
    config: &Config,
    progress: &dyn Fn(usize),
    work: impl FnOnce(&mut Tx<'_>, &dyn Fn(usize)) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let store = open(config)?;
    let (tell, told) = channel();
    thread::scope(|scope| {
        let work = scope.spawn(move || {
            store.write_now(move |tx| {
                work(tx, &|done| {
                    // Nobody may be listening any more.
                    let _ = tell.send(done);
                })
            })
        });
        told.iter().for_each(progress);
        work.join().map_err(|_| anyhow!("the import failed"))?
    })
}
