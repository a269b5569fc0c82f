//! `/v1/users`: who can sign in. An office makes and changes the users of its region, a member of a team sees themselves.

use super::Patch;
use super::audit::did;
use crate::app::App;
use crate::auth::account::{Place, password_faults, username_faults};
use crate::auth::password;
use crate::auth::tokens::Bearer;
use crate::caller::{Caller, Office, forbidden, not_found};
use crate::fields::{Fault, FieldError};
use crate::http::answer::IfMatch;
use crate::http::body::Json;
use crate::http::checks::{Checks, invalid};
use crate::http::documented::{BodyProblems, Conflicts, NotFound, NotModified, Preconditions, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::time::format_ms;
use crate::http::{Answer, Code, Problem};
use crate::store::idempotency;
use crate::store::users::{self, User as Row};
use crate::store::{Id, Instant, Role, StoreError, Tx, sessions};
use actix_web::web::{self, Data, Path};
use actix_web::{get, patch, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

const NAME_MAX: usize = 100;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(create).service(read).service(update);
}

#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    pub id: Uuid,
    #[schema(example = "ali")]
    pub username: String,
    #[schema(example = "阿力")]
    pub display_name: Option<String>,
    pub role: Role,
    /// The code of the province or the prefecture; a team's user has that of the team.
    #[schema(example = "51")]
    pub region: String,
    pub team: Option<Uuid>,
    /// Cannot sign in.
    pub disabled: bool,
    pub created_at: String,
}

impl TryFrom<Row> for User {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.0,
            role: row.role()?,
            username: row.username,
            display_name: row.display_name,
            region: row.region,
            team: row.team.map(|team| team.0),
            disabled: row.disabled_at.is_some(),
            created_at: format_ms(row.created_at.ms()),
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// Unique; no blanks.
    #[schema(example = "ali")]
    username: String,
    /// 8 to 256 characters.
    #[schema(format = Password)]
    password: String,
    role: Role,
    /// Two digits for a provincial user, four for a prefecture's; a team's user takes its team's.
    #[schema(example = "5134")]
    region: Option<String>,
    /// Of a team's user.
    team: Option<Uuid>,
    display_name: Option<String>,
}

impl NewUser {
    fn check(&self) -> Result<(), Problem> {
        let mut errors = username_faults(&self.username);
        errors.extend(password_faults("/password", &self.password));
        let mut checks = Checks::new();
        checks.optional_name("/display_name", self.display_name.as_deref(), NAME_MAX);
        errors.extend(checks.faults());
        if errors.is_empty() { Ok(()) } else { Err(invalid(errors)) }
    }
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserChange {
    /// `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    display_name: Patch<String>,
    /// Disabling ends every sign-in of the user at once.
    disabled: Option<bool>,
    /// Moves a team's user to another team.
    team: Option<Uuid>,
    /// Moves a prefecture's user to another prefecture.
    region: Option<String>,
}

/// Lists the users of the caller's region; to a member of a team, themselves.
#[utoipa::path(
    operation_id = "listUsers",
    tag = "users",
    params(ListOf<users::User>),
    responses((status = 200, description = "A page", body = Page<User>), Problems),
    security(("bearer" = []))
)]
#[get("/users")]
async fn list(caller: Caller, app: Data<App>, params: ListParams) -> Result<web::Json<Page<User>>, Problem> {
    let asked = params.read(&users::LIST, &app.keys, caller.user)?;
    let page = app.store.read(move |conn| {
        let found = users::list(conn, &asked.listing, &caller.circle())?;
        asked.try_page(found, User::try_from)
    });
    Ok(web::Json(page.await?))
}

/// Makes a user.
///
/// The province makes any under it, a prefecture users of its own region: of its office and of its teams.
#[utoipa::path(
    operation_id = "createUser",
    tag = "users",
    params(Idempotency),
    request_body = NewUser,
    responses(
        (status = 201, description = "Made", body = User, headers(("location" = String))),
        BodyProblems, Conflicts, Problems
    ),
    security(("bearer" = []))
)]
#[post("/users")]
async fn create(
    // Nobody else makes the server hash passwords.
    _: Caller<Office>,
    Bearer(claims): Bearer,
    app: Data<App>,
    idempotency: Idempotency,
    body: Json<NewUser>,
) -> Result<Answer, Problem> {
    let new = body.value;
    new.check()?;
    // The body has the password: what is kept of it must not help to guess that.
    let digest = app.keys.mac("idempotent user", &body.bytes);
    let hash = password::hashed(new.password).await?;
    let made = app.store.write(move |tx| {
        let caller: Caller<Office> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &digest, |tx| {
            let place = Place::find(tx, new.role, new.region.as_deref(), new.team, Some(caller.region))?;
            let place = place.map_err(invalid)?;
            if !caller.region.covers(place.region) {
                return Err(forbidden());
            }
            let row = Row::new(new.username, hash, place.role, place.region, place.team);
            let row = Row { display_name: new.display_name, ..row };
            if !users::insert(tx, &row)? {
                return Err(Problem::new(Code::Conflict)
                    .detail("This user name is taken.", "该用户名已被占用。")
                    .errors(vec![FieldError::new("/username", Fault::Taken)]));
            }
            let path = format!("/v1/users/{}", row.id.0);
            let user = User::try_from(row)?;
            did(tx, &caller, "users.create", &path, &json!({ "user": &user }))?;
            Answer::created(path, &user)
        })
    });
    made.await
}

/// Reads a user.
#[utoipa::path(
    operation_id = "readUser",
    tag = "users",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The user", body = User), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/users/{id}")]
async fn read(caller: Caller, app: Data<App>, id: Path<Uuid>) -> Result<Answer, Problem> {
    let user = app.store.read(move |conn| seen(users::find(conn, *id)?, &caller)).await?;
    Answer::ok(&User::try_from(user)?)
}

/// Changes a user: disables them, moves them, gives them another display name.
#[utoipa::path(
    operation_id = "changeUser",
    tag = "users",
    params(("id" = Uuid, Path), IfMatch),
    request_body = UserChange,
    responses(
        (status = 200, description = "The user as they are now", body = User),
        NotFound, Conflicts, Preconditions, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[patch("/users/{id}")]
async fn update(
    Bearer(claims): Bearer,
    app: Data<App>,
    id: Path<Uuid>,
    if_match: IfMatch,
    body: Json<UserChange>,
) -> Result<Answer, Problem> {
    let change = body.value;
    let changed = app.store.write(move |tx| {
        let caller: Caller<Office> = Caller::check(tx, &claims)?;
        let row = seen(users::lock(tx, *id)?, &caller)?;
        if_match.check(&User::try_from(row.clone())?)?;
        let before = User::try_from(row.clone())?;
        let row = changed(tx, &caller, row, change)?;
        users::update(tx, &row)?;
        let after = User::try_from(row)?;
        let detail = json!({ "before": before, "after": &after });
        did(tx, &caller, "users.change", &format!("/v1/users/{}", *id), &detail)?;
        Ok::<_, Problem>(after)
    });
    let changed = changed.await?;
    // What they listen to may be out of their sight now.
    app.moves.poke();
    Answer::ok(&changed)
}

fn seen<R>(row: Option<Row>, caller: &Caller<R>) -> Result<Row, Problem> {
    let row = row.ok_or_else(not_found)?;
    if caller.circle().holds(row.region()?, Some(row.id.0), None) { Ok(row) } else { Err(not_found()) }
}

fn changed(tx: &mut Tx<'_>, caller: &Caller<Office>, mut row: Row, change: UserChange) -> Result<Row, Problem> {
    let mut checks = Checks::new();
    checks.optional_name("/display_name", change.display_name.value().map(String::as_str), NAME_MAX);
    checks.done()?;
    row.display_name = change.display_name.apply(row.display_name);
    if change.team.is_some() || change.region.is_some() {
        let role = row.role()?;
        // A team's region follows the team; an office's stays unless it is named.
        let region = change.region.or_else(|| (role != Role::Team).then(|| row.region.clone()));
        let team = change.team.or_else(|| row.team.map(|team| team.0));
        let place = Place::find(tx, role, region.as_deref(), team, Some(caller.region))?.map_err(invalid)?;
        if !caller.region.covers(place.region) {
            return Err(forbidden());
        }
        let (region, team) = (place.region.to_string(), place.team.map(Id));
        if (&region, team) != (&row.region, row.team) {
            (row.region, row.team) = (region, team);
            row.place_no += 1;
            idempotency::forget(tx, row.id.0)?;
        }
    }
    match change.disabled {
        Some(true) if row.id.0 == caller.user => {
            return Err(Problem::new(Code::Conflict).detail(
                "Nobody can disable themselves: ask another office.",
                "不能停用自己的账号，请由其他管理员操作。",
            ));
        }
        Some(true) if row.disabled_at.is_none() => {
            let now = Instant::now();
            row.disabled_at = Some(now);
            sessions::end_others(tx, row.id.0, None, now)?;
        }
        Some(false) => row.disabled_at = None,
        _ => {}
    }
    Ok(row)
}
