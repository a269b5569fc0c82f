//! Users, as an operator handles them: the first one, and those who cannot help themselves any more.

use super::open;
use crate::Config;
use crate::auth::account::{self, Place};
use crate::auth::password;
use crate::fields::FieldError;
use crate::lang::Lang;
use crate::store::users::{self, User};
use crate::store::{Instant, Role, Tx, sessions};
use anyhow::{Context as _, anyhow, ensure};
use uuid::Uuid;

/// Whether anybody could sign in.
pub fn has_users(config: &Config) -> anyhow::Result<bool> {
    Ok(open(config)?.read_now(users::any)?)
}

/// Everybody, by name.
pub fn list_users(config: &Config) -> anyhow::Result<Vec<User>> {
    Ok(open(config)?.read_now(users::all)?)
}

/// Adds a user. `role` is `provincial`, `prefecture` or `team`; `region` has two digits for the province, four for a
/// prefecture, and is that of the team, or empty, for a member of one.
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
    sound(&errors)?;
    let hash = password::hash(password)?;
    let (name, region) = (name.to_owned(), Some(region.to_owned()).filter(|region| !region.is_empty()));
    open(config)?.write_now(move |tx| {
        let place = Place::find(tx, role, region.as_deref(), team, None)?;
        let place = place.map_err(|errors| anyhow!(told(&errors)))?;
        let user = User::new(name, hash, place.role, place.region, place.team);
        ensure!(users::insert(tx, &user)?, "there is a user of this name already");
        Ok(user.id.0)
    })
}

/// Disables a user and ends their sign-ins.
pub fn disable_user(config: &Config, name: &str) -> anyhow::Result<()> {
    change(config, name, |tx, mut user, now| {
        user.disabled_at = user.disabled_at.or(Some(now));
        Ok(users::update(tx, &user)?)
    })
}

/// Gives a user another password and ends their sign-ins.
pub fn reset_password(config: &Config, name: &str, password: &str) -> anyhow::Result<()> {
    sound(&account::password_faults("/password", password))?;
    let hash = password::hash(password)?;
    change(config, name, move |tx, user, _| {
        users::set_password(tx, user.id.0, &user.password_hash, &hash)?;
        Ok(())
    })
}

fn change(
    config: &Config,
    name: &str,
    change: impl FnOnce(&mut Tx<'_>, User, Instant) -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<()> {
    let name = name.to_owned();
    open(config)?.write_now(move |tx| {
        let (now, id) = (Instant::now(), users::by_name(tx, &name)?.map(|user| user.id.0));
        let user = id.map(|id| users::lock(tx, id)).transpose()?.flatten();
        let user = user.with_context(|| format!("there is no user {name}"))?;
        sessions::end_others(tx, user.id.0, None, now)?;
        change(tx, user, now)
    })
}

fn sound(errors: &[FieldError]) -> anyhow::Result<()> {
    ensure!(errors.is_empty(), told(errors));
    Ok(())
}

/// Field errors as one sentence.
pub(super) fn told(errors: &[FieldError]) -> String {
    let one = |e: &FieldError| format!("{} {}", e.pointer.trim_start_matches('/'), e.fault.detail(Lang::En));
    errors.iter().map(one).collect::<Vec<_>>().join("; ")
}
