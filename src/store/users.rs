//! Users: who can sign in, and where they stand.

use super::circle::Circle;
use super::conn::{Conn, StoreError, Tx};
use super::dialect::{Rows, for_update};
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::role::Role;
use super::schema::users;
use super::types::{DbInstant, DbUuid, Id, Instant};
use crate::load_rows;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text};
use std::sync::LazyLock;
use sync_core::scope::Region;
use uuid::Uuid;

type UserSql =
    (DbUuid, Text, Text, Text, Text, Nullable<DbUuid>, Nullable<Text>, Nullable<DbInstant>, Integer, DbInstant);

/// A row of `users`.
#[derive(Debug, Clone, Queryable)]
pub struct User {
    pub id: Id,
    pub username: String,
    pub password_hash: String,
    pub role: String,
    pub region: String,
    pub team: Option<Id>,
    pub display_name: Option<String>,
    pub disabled_at: Option<Instant>,
    /// Counts the changes of role, region and team.
    pub place_no: i32,
    pub created_at: Instant,
}

impl User {
    /// Somebody new, of now.
    pub fn new(username: String, password_hash: String, role: Role, region: Region, team: Option<Uuid>) -> Self {
        Self {
            id: Id(Uuid::now_v7()),
            username,
            password_hash,
            role: role.name().to_owned(),
            region: region.to_string(),
            team: team.map(Id),
            display_name: None,
            disabled_at: None,
            place_no: 0,
            created_at: Instant::now(),
        }
    }

    pub fn role(&self) -> Result<Role, StoreError> {
        Role::parse(&self.role).ok_or_else(|| StoreError::Corrupt("a user's role".into()))
    }

    pub fn region(&self) -> Result<Region, StoreError> {
        Region::parse(&self.region).ok_or_else(|| StoreError::Corrupt("a user's region".into()))
    }
}

type Of = Column<User>;

pub static LIST: LazyLock<List<User>> = LazyLock::new(|| {
    List::new("users", [Of::new("id", Kind::Uuid, "u.id").sorted(|u| Value::Uuid(u.id.0))]).with([
        Of::new("username", Kind::Text, "u.username").sorted(|u| Value::Text(u.username.clone())),
        Of::new("role", Kind::Choice(&["provincial", "prefecture", "team"]), "u.role")
            .sorted(|u| Value::Text(u.role.clone())),
        Of::new("region", Kind::Text, "u.region").sorted(|u| Value::Text(u.region.clone())),
        Of::new("created_at", Kind::Instant, "u.created_at").sorted(|u| Value::Instant(u.created_at.ms())),
        Of::new("team", Kind::Uuid, "u.team_id"),
        Of::new("disabled", Kind::Bool, "(u.disabled_at IS NOT NULL)"),
    ])
});

impl Listed for User {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

pub fn list(conn: &mut Conn, listing: &Listing<User>, circle: &Circle) -> Result<Found<User>, StoreError> {
    let columns = "u.id, u.username, u.password_hash, u.role, u.region, u.team_id, u.display_name, u.disabled_at, \
         u.place_no, u.created_at";
    let from = Sql::new("FROM users u WHERE ").user_in(circle, "u.region", "u.id");
    listing::page::<UserSql, _>(conn, listing, columns, from)
}

/// Everybody, by name.
pub fn all(conn: &mut Conn) -> Result<Vec<User>, StoreError> {
    Ok(users::table.order(users::username).load(conn)?)
}

/// Whether there is anybody.
pub fn any(conn: &mut Conn) -> Result<bool, StoreError> {
    Ok(diesel::select(exists(users::table.select(users::id))).get_result(conn)?)
}

/// Adds a user; `false` when the name is taken.
pub fn insert(tx: &mut Tx<'_>, user: &User) -> Result<bool, StoreError> {
    let added = Rows::new()
        .uuid("id", [user.id])
        .text("username", [user.username.clone()])
        .text("password_hash", [user.password_hash.clone()])
        .text("role", [user.role.clone()])
        .text("region", [user.region.clone()])
        .opt_uuid("team_id", [user.team])
        .opt_text("display_name", [user.display_name.clone()])
        .instant("created_at", [user.created_at])
        .execute(
            tx,
            "INSERT INTO users (id, username, password_hash, role, region, team_id, display_name, created_at) \
             SELECT * FROM v WHERE true ON CONFLICT (username) DO NOTHING",
        )?;
    Ok(added == 1)
}

/// The user of this name.
pub fn by_name(conn: &mut Conn, username: &str) -> Result<Option<User>, StoreError> {
    Ok(users::table.filter(users::username.eq(username)).first(conn).optional()?)
}

pub fn find(conn: &mut Conn, id: Uuid) -> Result<Option<User>, StoreError> {
    Ok(users::table.find(Id(id)).first(conn).optional()?)
}

/// Stores what can change but the password: the place, the display name, whether they are disabled.
pub fn update(tx: &mut Tx<'_>, user: &User) -> Result<(), StoreError> {
    Rows::new()
        .uuid("id", [user.id])
        .text("region", [user.region.clone()])
        .opt_uuid("team_id", [user.team])
        .opt_text("display_name", [user.display_name.clone()])
        .opt_instant("disabled_at", [user.disabled_at])
        .int("place_no", [user.place_no])
        .execute(
            tx,
            "UPDATE users SET region = v.region, team_id = v.team_id, display_name = v.display_name, \
             disabled_at = v.disabled_at, place_no = v.place_no FROM v WHERE users.id = v.id",
        )?;
    Ok(())
}

/// A user, locked until the commit.
pub fn lock(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<User>, StoreError> {
    let lock = for_update(tx, "u");
    if !lock.is_empty() {
        let tail = format!("SELECT u.id FROM v CROSS JOIN users u WHERE u.id = v.id{lock}");
        load_rows!(&mut **tx, &Rows::new().uuid("id", [Id(id)]), &tail, DbUuid => Id)?;
    }
    find(tx, id)
}

/// Sets a password hash in the place of `old`; `false` when it was another meanwhile.
pub fn set_password(tx: &mut Tx<'_>, id: Uuid, old: &str, new: &str) -> Result<bool, StoreError> {
    let of_old = users::table.find(Id(id)).filter(users::password_hash.eq(old));
    Ok(diesel::update(of_old).set(users::password_hash.eq(new)).execute(&mut **tx)? == 1)
}
