//! `/v1/campaigns`: made and changed by the province, read by all in it.

use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::{Caller, Provincial, not_found};
use crate::http::answer::IfMatch;
use crate::http::body::Json;
use crate::http::checks::Checks;
use crate::http::documented::{BodyProblems, NotFound, NotModified, Preconditions, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::time::{Day, format_ms};
use crate::http::{Answer, Problem};
use crate::store::campaigns::{self, Campaign as Row};
use crate::store::{Id, Instant};
use actix_web::web::{self, Data, Path};
use actix_web::{get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

const NAME_MAX: usize = 100;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(create).service(read).service(update);
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Campaign {
    pub id: Uuid,
    #[schema(example = "2015年4月督查")]
    pub name: String,
    pub from: Day,
    /// The last day.
    pub to: Day,
    pub created_at: String,
    pub created_by: Uuid,
}

impl From<Row> for Campaign {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            name: row.name,
            from: row.from.into(),
            to: row.to.into(),
            created_at: format_ms(row.created_at.ms()),
            created_by: row.created_by.0,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCampaign {
    name: String,
    from: Day,
    /// The last day.
    to: Day,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CampaignChange {
    name: Option<String>,
    from: Option<Day>,
    to: Option<Day>,
}

fn check(row: &Row) -> Result<(), Problem> {
    let mut checks = Checks::new();
    checks.name("/name", &row.name, NAME_MAX);
    checks.period(row.from, row.to);
    checks.done()
}

/// Lists the campaigns of the caller's province.
#[utoipa::path(
    operation_id = "listCampaigns",
    tag = "campaigns",
    params(ListOf<campaigns::Campaign>),
    responses((status = 200, description = "A page", body = Page<Campaign>), Problems),
    security(("bearer" = []))
)]
#[get("/campaigns")]
async fn list(caller: Caller, app: Data<App>, params: ListParams) -> Result<web::Json<Page<Campaign>>, Problem> {
    let asked = params.read(&campaigns::LIST, &app.keys, caller.user)?;
    let page = app.store.read(move |conn| {
        let found = campaigns::list(conn, &asked.listing, caller.region.province())?;
        Ok::<_, Problem>(asked.page(found, Campaign::from))
    });
    Ok(web::Json(page.await?))
}

/// Makes a campaign.
#[utoipa::path(
    operation_id = "createCampaign",
    tag = "campaigns",
    params(Idempotency),
    request_body = NewCampaign,
    responses(
        (status = 201, description = "Made", body = Campaign, headers(("location" = String))),
        BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/campaigns")]
async fn create(
    Bearer(claims): Bearer,
    app: Data<App>,
    idempotency: Idempotency,
    body: Json<NewCampaign>,
) -> Result<Answer, Problem> {
    let Json { value: new, bytes } = body;
    let made = app.store.write(move |tx| {
        let caller: Caller<Provincial> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &bytes, |tx| {
            let row = Row {
                id: Id(Uuid::now_v7()),
                name: new.name,
                from: new.from.into(),
                to: new.to.into(),
                created_at: Instant::now(),
                created_by: Id(caller.user),
            };
            check(&row)?;
            campaigns::insert(tx, &row)?;
            Answer::created(format!("/v1/campaigns/{}", row.id.0), &Campaign::from(row))
        })
    });
    made.await
}

/// Reads a campaign.
#[utoipa::path(
    operation_id = "readCampaign",
    tag = "campaigns",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The campaign", body = Campaign), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}")]
async fn read(caller: Caller, app: Data<App>, id: Path<Uuid>) -> Result<Answer, Problem> {
    let campaign = app.store.read(move |conn| campaigns::find(conn, *id, caller.region.province())).await?;
    Answer::ok(&Campaign::from(campaign.ok_or_else(not_found)?))
}

/// Changes a campaign.
#[utoipa::path(
    operation_id = "changeCampaign",
    tag = "campaigns",
    params(("id" = Uuid, Path), IfMatch),
    request_body = CampaignChange,
    responses(
        (status = 200, description = "The campaign as it is now", body = Campaign),
        NotFound, Preconditions, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[patch("/campaigns/{id}")]
async fn update(
    Bearer(claims): Bearer,
    app: Data<App>,
    id: Path<Uuid>,
    if_match: IfMatch,
    body: Json<CampaignChange>,
) -> Result<Answer, Problem> {
    let CampaignChange { name, from, to } = body.value;
    let changed = app.store.write(move |tx| {
        let caller: Caller<Provincial> = Caller::check(tx, &claims)?;
        let before = campaigns::lock(tx, *id, caller.region)?.ok_or_else(not_found)?;
        if_match.check(&Campaign::from(before.clone()))?;
        let row = Row {
            name: name.unwrap_or(before.name),
            from: from.map_or(before.from, Into::into),
            to: to.map_or(before.to, Into::into),
            ..before
        };
        check(&row)?;
        campaigns::update(tx, &row)?;
        Ok::<_, Problem>(Campaign::from(row))
    });
    Answer::ok(&changed.await?)
}
