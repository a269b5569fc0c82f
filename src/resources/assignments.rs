//! `/v1/assignments`: which team goes into which county. What a team sees and writes follows from them at once, whatever
//! their plan dates; closed ones stay as history.

use super::audit::did;
use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::{Caller, Office, forbidden, not_found};
use crate::fields::{Fault, FieldError};
use crate::http::body::Json;
use crate::http::checks::{Checks, invalid};
use crate::http::documented::{BodyProblems, Conflicts, KeyProblems, NotFound, NotModified, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::time::{Day, format_ms};
use crate::http::{Answer, Code, Problem};
use crate::store::assignments::{self, Assignment as Row, Sight};
use crate::store::{Id, Instant, Role, StoreError, Tx, buckets, campaign_counties, campaigns, teams};
use actix_web::web::{self, Data, Path};
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use sync_core::Bucket;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(create).service(read).service(close);
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Assignment {
    pub id: Uuid,
    pub campaign: Uuid,
    pub team: Uuid,
    #[schema(example = "513430")]
    pub county: String,
    pub kind: Kind,
    pub from: Day,
    pub to: Day,
    pub created_at: String,
    pub created_by: Uuid,
    pub closed_at: Option<String>,
    pub closed_by: Option<Uuid>,
}

/// Who sends the team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Provincial,
    Prefecture,
    /// The province looks at what a prefecture's team did.
    SpotCheck,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Provincial, Self::Prefecture, Self::SpotCheck];

    const fn name(self) -> &'static str {
        match self {
            Self::Provincial => "provincial",
            Self::Prefecture => "prefecture",
            Self::SpotCheck => "spot_check",
        }
    }

    fn parse(name: &str) -> Result<Self, StoreError> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| StoreError::Corrupt("an assignment's kind".into()))
    }
}

impl TryFrom<Row> for Assignment {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.0,
            campaign: row.campaign.0,
            team: row.team.0,
            county: row.county()?.to_string(),
            kind: Kind::parse(&row.kind)?,
            from: row.from.into(),
            to: row.to.into(),
            created_at: format_ms(row.created_at.ms()),
            created_by: row.created_by.0,
            closed_at: row.closed_at.map(|at| format_ms(at.ms())),
            closed_by: row.closed_by.map(|user| user.0),
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAssignment {
    campaign: Uuid,
    team: Uuid,
    #[schema(example = "513430")]
    county: String,
    kind: Kind,
    from: Day,
    /// The last day of the plan.
    to: Day,
}

impl NewAssignment {
    /// What is to be stored; 422 when it names what is not there, 403 when the caller may not give it.
    fn row(self, tx: &mut Tx<'_>, caller: &Caller<Office>) -> Result<Row, Problem> {
        let mut checks = Checks::new();
        checks.period(self.from.into(), self.to.into());
        match campaigns::hold(tx, self.campaign, caller.region.province())? {
            None => checks.fault("/campaign", Fault::NotThere),
            Some(campaign) if campaign.closed_at.is_some() => checks.fault("/campaign", Fault::CampaignClosed),
            Some(_) => {}
        }
        if teams::find(tx, self.team, &caller.circle())?.is_none() {
            checks.fault("/team", Fault::NotThere);
        }
        let county = match self.county.parse::<Bucket>() {
            Ok(county) => buckets::existing(tx, &BTreeSet::from([county]))?.pop_first(),
            Err(_) => None,
        };
        if county.is_none() {
            checks.fault("/county", Fault::UnknownBucket);
        }
        checks.done()?;
        let county = county.filter(|county| caller.scope().contains(*county)).ok_or_else(forbidden)?;
        may_give(caller, self.kind)?;
        if !campaign_counties::has(tx, self.campaign, county)? {
            return Err(invalid(vec![FieldError::new("/county", Fault::OutsideCampaign)]));
        }
        Ok(Row {
            id: Id(Uuid::now_v7()),
            campaign: Id(self.campaign),
            team: Id(self.team),
            bucket: county.code() as i32,
            kind: self.kind.name().to_owned(),
            from: self.from.into(),
            to: self.to.into(),
            created_at: Instant::now(),
            created_by: Id(caller.user),
            closed_at: None,
            closed_by: None,
        })
    }
}

/// Only the province gives, and takes back, what is not a prefecture's.
fn may_give(caller: &Caller<Office>, kind: Kind) -> Result<(), Problem> {
    if caller.role == Role::Provincial || kind == Kind::Prefecture { Ok(()) } else { Err(forbidden()) }
}

/// What a caller sees: an office what is in its counties, a team its own.
fn sight<R>(caller: &Caller<R>) -> Sight {
    match caller.team {
        Some(team) => Sight::Team(team),
        None => Sight::Counties(caller.scope().clone()),
    }
}

/// Lists the assignments in the caller's counties; to a team, its own.
#[utoipa::path(
    operation_id = "listAssignments",
    tag = "assignments",
    params(ListOf<assignments::Assignment>),
    responses((status = 200, description = "A page", body = Page<Assignment>), Problems),
    security(("bearer" = []))
)]
#[get("/assignments")]
async fn list(caller: Caller, app: Data<App>, params: ListParams) -> Result<web::Json<Page<Assignment>>, Problem> {
    let asked = params.read(&assignments::LIST, &app.keys, caller.user)?;
    let page = app.store.read(move |conn| {
        let found = assignments::list(conn, &asked.listing, &sight(&caller))?;
        asked.try_page(found, Assignment::try_from)
    });
    Ok(web::Json(page.await?))
}

/// Gives a county to a team.
///
/// It counts at once. A prefecture gives `prefecture` ones, in its counties to its teams; the province gives all.
#[utoipa::path(
    operation_id = "createAssignment",
    tag = "assignments",
    params(Idempotency),
    request_body = NewAssignment,
    responses(
        (status = 201, description = "Given", body = Assignment, headers(("location" = String))),
        BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/assignments")]
async fn create(
    Bearer(claims): Bearer,
    app: Data<App>,
    idempotency: Idempotency,
    body: Json<NewAssignment>,
) -> Result<Answer, Problem> {
    let Json { value: new, bytes } = body;
    let made = app.store.write(move |tx| {
        let caller: Caller<Office> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &bytes, |tx| {
            let row = new.row(tx, &caller)?;
            assignments::open(tx, &row)?;
            let path = format!("/v1/assignments/{}", row.id.0);
            let given = Assignment::try_from(row)?;
            did(tx, &caller, "assignments.create", &path, &json!({ "assignment": &given }))?;
            Answer::created(path, &given)
        })
    });
    let made = made.await?;
    app.moves.poke();
    Ok(made)
}

/// Reads an assignment.
#[utoipa::path(
    operation_id = "readAssignment",
    tag = "assignments",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The assignment", body = Assignment), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/assignments/{id}")]
async fn read(caller: Caller, app: Data<App>, id: Path<Uuid>) -> Result<Answer, Problem> {
    let found = app.store.read(move |conn| assignments::find(conn, *id, &sight(&caller))).await?;
    Answer::ok(&Assignment::try_from(found.ok_or_else(not_found)?)?)
}

/// Closes an assignment: from its next request on, the team has the county no more, unless by another one.
#[utoipa::path(
    operation_id = "closeAssignment",
    tag = "assignments",
    params(("id" = Uuid, Path), Idempotency),
    responses(
        (status = 200, description = "The closed assignment", body = Assignment),
        NotFound, Conflicts, KeyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/assignments/{id}/close")]
async fn close(
    Bearer(claims): Bearer,
    app: Data<App>,
    id: Path<Uuid>,
    idempotency: Idempotency,
) -> Result<Answer, Problem> {
    let closed = app.store.write(move |tx| {
        let caller: Caller<Office> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &[], |tx| {
            let open = assignments::find(tx, *id, &sight(&caller))?.ok_or_else(not_found)?;
            may_give(&caller, Kind::parse(&open.kind)?)?;
            let now = Instant::now();
            if !assignments::close(tx, &open, caller.user, now)? {
                return Err(Problem::new(Code::AlreadySettled)
                    .detail("This assignment is closed already.", "该任务分配已经关闭。"));
            }
            let closed = Row { closed_at: Some(now), closed_by: Some(Id(caller.user)), ..open };
            let closed = Assignment::try_from(closed)?;
            let detail = json!({ "assignment": &closed });
            did(tx, &caller, "assignments.close", &format!("/v1/assignments/{}", *id), &detail)?;
            Answer::ok(&closed)
        })
    });
    let closed = closed.await?;
    app.moves.poke();
    Ok(closed)
}
