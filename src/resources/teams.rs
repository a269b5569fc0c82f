//! `/v1/teams`: field teams. Each belongs to the office of a province or a prefecture, for life.

use super::Patch;
use super::audit::did;
use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::{Caller, Office, forbidden, not_found};
use crate::fields::Fault;
use crate::http::answer::IfMatch;
use crate::http::body::Json;
use crate::http::checks::Checks;
use crate::http::documented::{BodyProblems, NotFound, NotModified, Preconditions, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::time::format_ms;
use crate::http::{Answer, Problem};
use crate::store::teams::{self, Team as Row};
use crate::store::{Id, Instant, JsonText, StoreError};
use actix_web::web::{self, Data, Path};
use actix_web::{get, patch, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::scope::Region;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

const NAME_MAX: usize = 100;
const MEMBERS_MAX: usize = 100;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(create).service(read).service(update);
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Team {
    pub id: Uuid,
    #[schema(example = "第三督查组")]
    pub name: String,
    /// The office that it belongs to.
    #[schema(example = "51")]
    pub region: String,
    pub leader: Option<Member>,
    pub members: Vec<Member>,
    pub created_at: String,
}

/// A person of the team; whether they can sign in is another matter.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rank {
    /// 省级
    Provincial,
    /// 厅级
    Department,
    /// 县级
    County,
    /// 工作人员
    Staff,
}

impl TryFrom<Row> for Team {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |error: serde_json::Error| StoreError::Corrupt(error.to_string());
        Ok(Self {
            id: row.id.0,
            name: row.name,
            region: row.region,
            leader: row.leader.map(|text| serde_json::from_str(&text.0)).transpose().map_err(corrupt)?,
            members: serde_json::from_str(&row.members.0).map_err(corrupt)?,
            created_at: format_ms(row.created_at.ms()),
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTeam {
    name: String,
    /// Two digits for the province, four for a prefecture; the caller's when left out.
    #[schema(example = "5134")]
    region: Option<String>,
    leader: Option<Member>,
    #[serde(default)]
    members: Vec<Member>,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TeamChange {
    name: Option<String>,
    /// `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<Member>)]
    leader: Patch<Member>,
    members: Option<Vec<Member>>,
}

fn check_people(checks: &mut Checks, leader: Option<&Member>, members: &[Member]) {
    checks.optional_name("/leader/name", leader.map(|leader| leader.name.as_str()), NAME_MAX);
    if members.len() > MEMBERS_MAX {
        checks.fault("/members", Fault::TooMany { max: MEMBERS_MAX });
    }
    for (i, member) in members.iter().take(MEMBERS_MAX).enumerate() {
        checks.name(&format!("/members/{i}/name"), &member.name, NAME_MAX);
    }
}

/// Lists the teams of the caller's region; to a member of a team, their own.
#[utoipa::path(
    operation_id = "listTeams",
    tag = "teams",
    params(ListOf<teams::Team>),
    responses((status = 200, description = "A page", body = Page<Team>), Problems),
    security(("bearer" = []))
)]
#[get("/teams")]
async fn list(caller: Caller, app: Data<App>, params: ListParams) -> Result<web::Json<Page<Team>>, Problem> {
    let asked = params.read(&teams::LIST, &app.keys, caller.user)?;
    let page = app.store.read(move |conn| {
        let found = teams::list(conn, &asked.listing, &caller.circle())?;
        asked.try_page(found, Team::try_from)
    });
    Ok(web::Json(page.await?))
}

/// Makes a team, of the caller's region or, by the province, of one of its prefectures.
#[utoipa::path(
    operation_id = "createTeam",
    tag = "teams",
    params(Idempotency),
    request_body = NewTeam,
    responses(
        (status = 201, description = "Made", body = Team, headers(("location" = String))),
        BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/teams")]
async fn create(
    Bearer(claims): Bearer,
    app: Data<App>,
    idempotency: Idempotency,
    body: Json<NewTeam>,
) -> Result<Answer, Problem> {
    let Json { value: new, bytes } = body;
    let made = app.store.write(move |tx| {
        let caller: Caller<Office> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &bytes, |tx| {
            let mut checks = Checks::new();
            checks.name("/name", &new.name, NAME_MAX);
            check_people(&mut checks, new.leader.as_ref(), &new.members);
            let region = new.region.as_deref().map_or(Some(caller.region), Region::parse);
            if region.is_none() {
                checks.fault("/region", Fault::InvalidRegion);
            }
            checks.done()?;
            let region = region.filter(|region| caller.region.covers(*region)).ok_or_else(forbidden)?;
            let row = Row {
                id: Id(Uuid::now_v7()),
                name: new.name,
                region: region.to_string(),
                leader: new.leader.as_ref().map(JsonText::of),
                members: JsonText::of(&new.members),
                created_at: Instant::now(),
            };
            teams::insert(tx, &row)?;
            let path = format!("/v1/teams/{}", row.id.0);
            let team = Team::try_from(row)?;
            did(tx, &caller, "teams.create", &path, &json!({ "team": &team }))?;
            Answer::created(path, &team)
        })
    });
    made.await
}

/// Reads a team.
#[utoipa::path(
    operation_id = "readTeam",
    tag = "teams",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The team", body = Team), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/teams/{id}")]
async fn read(caller: Caller, app: Data<App>, id: Path<Uuid>) -> Result<Answer, Problem> {
    let team = app.store.read(move |conn| teams::find(conn, *id, &caller.circle())).await?;
    Answer::ok(&Team::try_from(team.ok_or_else(not_found)?)?)
}

/// Changes a team's name, leader or members.
#[utoipa::path(
    operation_id = "changeTeam",
    tag = "teams",
    params(("id" = Uuid, Path), IfMatch),
    request_body = TeamChange,
    responses(
        (status = 200, description = "The team as it is now", body = Team),
        NotFound, Preconditions, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[patch("/teams/{id}")]
async fn update(
    Bearer(claims): Bearer,
    app: Data<App>,
    id: Path<Uuid>,
    if_match: IfMatch,
    body: Json<TeamChange>,
) -> Result<Answer, Problem> {
    let TeamChange { name, leader, members } = body.value;
    let changed = app.store.write(move |tx| {
        let caller: Caller<Office> = Caller::check(tx, &claims)?;
        let mut row = teams::lock(tx, *id, &caller.circle())?.ok_or_else(not_found)?;
        if_match.check(&Team::try_from(row.clone())?)?;
        let mut checks = Checks::new();
        checks.optional_name("/name", name.as_deref(), NAME_MAX);
        check_people(&mut checks, leader.value(), members.as_deref().unwrap_or_default());
        checks.done()?;
        row.name = name.unwrap_or(row.name);
        row.leader = match leader {
            Patch::Keep => row.leader,
            Patch::Clear => None,
            Patch::Set(leader) => Some(JsonText::of(&leader)),
        };
        row.members = members.map_or(row.members, |members| JsonText::of(&members));
        teams::update(tx, &row)?;
        let team = Team::try_from(row)?;
        did(tx, &caller, "teams.change", &format!("/v1/teams/{}", *id), &json!({ "team": &team }))?;
        Ok::<_, Problem>(team)
    });
    Answer::ok(&changed.await?)
}
