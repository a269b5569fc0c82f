//! What is set up from outside a running server: the first user, the list of divisions. A database that is not migrated
//! yet is migrated first, unless the configuration says otherwise.

mod divisions;

use crate::Config;
use crate::auth::account::{self, Place};
use crate::auth::password;
use crate::fields::FieldError;
use crate::lang::Lang;
use crate::store::users::{self, User};
use crate::store::{Role, Store, migrations};
use anyhow::{Context as _, anyhow, ensure};
use std::io::Read;
use std::sync::mpsc::channel;
use std::thread;
use uuid::Uuid;

/// Opens the database of a configuration.
pub fn open(config: &Config) -> anyhow::Result<Store> {
    if config.migrate {
        migrations::migrate(&config.database_url)?;
    }
    Store::open(config)
}

/// Whether anybody could sign in.
pub fn has_users(config: &Config) -> anyhow::Result<bool> {
    Ok(open(config)?.read_now(users::any)?)
}

/// Adds a user. `role` is `provincial`, `prefecture` or `team`; `region` has two digits for the province, four for a
/// prefecture, and is that of the team for a member of one.
pub fn add_user(
    config: &Config,
    name: &str,
    password: &str,
    role: &str,
    region: &str,
    team: Option<Uuid>,
) -> anyhow::Result<Uuid> {
    let role = Role::parse(role).context("the role is provincial, prefecture or team")?;
    let mut errors = account::username_faults(name);
    errors.extend(account::password_faults("/password", password));
    fault(errors)?;
    let hash = password::hash(password)?;
    let (name, region) = (name.to_owned(), Some(region.to_owned()).filter(|region| !region.is_empty()));
    open(config)?.write_now(move |tx| {
        let place = match Place::find(tx, role, region.as_deref(), team, None)? {
            Ok(place) => place,
            Err(errors) => return fault(errors).map(|()| Uuid::nil()),
        };
        let user = User::new(name, hash, place.role, place.region, place.team);
        ensure!(users::insert(tx, &user)?, "there is a user of this name already");
        Ok(user.id.0)
    })
}

/// Field errors as one sentence.
fn fault(errors: Vec<FieldError>) -> anyhow::Result<()> {
    let told = |e: &FieldError| format!("{} {}", e.pointer.trim_start_matches('/'), e.fault.detail(Lang::En));
    ensure!(errors.is_empty(), errors.iter().map(told).collect::<Vec<_>>().join("; "));
    Ok(())
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
                divisions::import(tx, lines, chrono::Local::now().date_naive(), &|done| {
                    // Nobody may be listening any more.
                    let _ = tell.send(done);
                })
            })
        });
        told.iter().for_each(progress);
        work.join().map_err(|_| anyhow!("the import failed"))?
    })
}
