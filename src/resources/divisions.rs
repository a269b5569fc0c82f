//! `/v1/divisions`: the administrative divisions, which are no secret.

use crate::app::App;
use crate::caller::{Caller, not_found};
use crate::http::documented::{NotFound, NotModified, Problems};
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::time::{Day, today};
use crate::http::{Answer, Problem};
use crate::store::divisions::{self, Version};
use actix_web::get;
use actix_web::web::{self, Data, Path};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Longer texts are no codes, and never reach the database.
const CODE_MAX: usize = 12;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(read);
}

/// A division, in one of its versions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Division {
    #[schema(example = "513430")]
    pub code: String,
    /// `province`, `prefecture`, `county`, `township` or `village`
    #[schema(example = "county")]
    pub level: String,
    #[schema(example = "金阳县")]
    pub name: String,
    #[schema(example = "5134")]
    pub parent: Option<String>,
    pub valid_from: Day,
    /// The first day on which this version holds no more.
    pub valid_to: Option<Day>,
    /// The code that took this one's place when it ended.
    pub successor: Option<String>,
}

impl From<Version> for Division {
    fn from(version: Version) -> Self {
        Self {
            code: version.code,
            level: version.level,
            name: version.name,
            parent: version.parent,
            valid_from: version.valid_from.into(),
            valid_to: version.valid_to.map(Day::from),
            successor: version.successor,
        }
    }
}

/// A division with its past.
#[derive(Debug, Serialize, ToSchema)]
pub struct DivisionInFull {
    #[serde(flatten)]
    pub newest: Division,
    /// The versions before, the newest first.
    pub earlier: Vec<Division>,
}

/// Lists the divisions as they stand today: `parent=5134` those below one.
#[utoipa::path(
    operation_id = "listDivisions",
    tag = "divisions",
    params(ListOf<divisions::Version>),
    responses((status = 200, description = "A page, by code", body = Page<Division>), Problems),
    security(("bearer" = []))
)]
#[get("/divisions")]
async fn list(caller: Caller, app: Data<App>, params: ListParams) -> Result<web::Json<Page<Division>>, Problem> {
    let asked = params.read(&divisions::LIST, &app.keys, caller.user)?;
    let page = app.store.read(move |conn| {
        let found = divisions::list(conn, &asked.listing, today())?;
        Ok::<_, Problem>(asked.page(found, Division::from))
    });
    Ok(web::Json(page.await?))
}

/// Reads a division, also one that has ended.
#[utoipa::path(
    operation_id = "readDivision",
    tag = "divisions",
    params(("code" = String, Path, example = "513430")),
    responses((status = 200, description = "The division", body = DivisionInFull), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/divisions/{code}")]
async fn read(_: Caller, app: Data<App>, code: Path<String>) -> Result<Answer, Problem> {
    if code.len() > CODE_MAX || !code.bytes().all(|b| b.is_ascii_digit()) {
        return Err(not_found());
    }
    let versions = app.store.read(move |conn| divisions::versions(conn, &code)).await?;
    let mut versions = versions.into_iter().map(Division::from);
    let newest = versions.next().ok_or_else(not_found)?;
    Answer::ok(&DivisionInFull { newest, earlier: versions.collect() })
}
