//! `/v1/campaigns`: made, changed and closed by the province. All in it read them, each with the counties in their scope.

mod counties;
mod request;
mod write;

pub(crate) use counties::County;

use super::read_json;
use crate::app::App;
use crate::caller::{Caller, not_found};
use crate::fields::{Topic, VisitMethod};
use crate::http::documented::{NotFound, NotModified, Problems};
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::time::{Day, format_ms};
use crate::http::{Answer, Problem};
use crate::insight::sampling::SamplePlan;
use crate::store::campaigns::{self, Campaign as Row};
use crate::store::{StoreError, campaign_counties};
use actix_web::get;
use actix_web::web::{self, Data, Path};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(write::create).service(read).service(write::update).service(write::close);
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Campaign {
    pub id: Uuid,
    #[schema(example = "2015年4月督查")]
    pub name: String,
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// How many days each leader has to be on site at least.
    pub min_days_on_site: i32,
    /// Those that take part, by their codes; to a prefecture or a team, its own. `null`: every county of the province,
    /// each led by its prefecture.
    pub counties: Option<Vec<County>>,
    /// How its draws are made where they do not say otherwise.
    pub sample_plan: SamplePlan,
    /// What it looks at.
    pub topics: Vec<Topic>,
    /// How it is done.
    pub methods: Vec<VisitMethod>,
    pub created_at: String,
    pub created_by: Uuid,
    pub closed_at: Option<String>,
    pub closed_by: Option<Uuid>,
}

impl Campaign {
    pub(super) fn new(row: Row, counties: Vec<campaign_counties::County>) -> Result<Self, StoreError> {
        let counties = counties.into_iter().map(County::try_from).collect::<Result<_, _>>()?;
        Ok(Self {
            id: row.id.0,
            name: row.name,
            from: row.from.into(),
            to: row.to.into(),
            min_days_on_site: row.min_days_on_site,
            counties: (!row.every_county).then_some(counties),
            sample_plan: read_json(row.sample_plan.as_ref())?.unwrap_or_else(|| SamplePlan::default().complete()),
            topics: read_json(row.topics.as_ref())?.unwrap_or_else(|| Topic::ALL.into()),
            methods: read_json(row.methods.as_ref())?.unwrap_or_else(|| VisitMethod::ALL.into()),
            created_at: format_ms(row.created_at.ms()),
            created_by: row.created_by.0,
            closed_at: row.closed_at.map(|at| format_ms(at.ms())),
            closed_by: row.closed_by.map(|user| user.0),
        })
    }
}

/// Lists the campaigns of the caller's province, each with the counties that the caller has.
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
    let page = app.store.snapshot(move |conn| {
        let found = campaigns::list(conn, &asked.listing, caller.region.province())?;
        let mut counties = campaign_counties::of(conn, found.rows.iter().map(|row| row.id.0), caller.scope())?;
        asked.try_page(found, |row| {
            let own = counties.remove(&row.id.0).unwrap_or_default();
            Campaign::new(row, own)
        })
    });
    Ok(web::Json(page.await?))
}

/// Reads a campaign, with the counties that the caller has.
#[utoipa::path(
    operation_id = "readCampaign",
    tag = "campaigns",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The campaign", body = Campaign), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}")]
async fn read(caller: Caller, app: Data<App>, id: Path<Uuid>) -> Result<Answer, Problem> {
    let campaign = app.store.snapshot(move |conn| {
        let row = campaigns::find(conn, *id, caller.region.province())?.ok_or_else(not_found)?;
        let counties = campaign_counties::of(conn, [row.id.0], caller.scope())?.remove(&row.id.0);
        Ok::<_, Problem>(Campaign::new(row, counties.unwrap_or_default())?)
    });
    Answer::ok(&campaign.await?)
}
