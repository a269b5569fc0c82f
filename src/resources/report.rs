//! `/v1/campaigns/{id}/report`: the general report, as JSON, as a page and as a document (docs/report.md). It is made from
//! the answers of other operations, each read once in the same snapshot: no record is looked at by itself.

use super::campaigns::Campaign;
use super::coverage::{Coverage, SpotChecks};
use super::findings::FindingsSummary;
use super::ground::{Counties, Ground, Level, names};
use super::statistics::{Level as Statistics, StatisticsReport};
use crate::app::App;
use crate::caller::{Caller, not_found};
use crate::fields;
use crate::http::documented::{NotFound, NotModified, Problems};
use crate::http::time::today;
use crate::http::{Answer, Code, Problem, Query};
use crate::insight::forms::Definition;
use crate::insight::report::{Answered, Material, Report, write};
use crate::lang::Lang;
use crate::pages::report::{docx, html};
use crate::resources::read_json;
use crate::store::{Conn, campaign_counties, campaigns, forms};
use actix_web::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, VARY,
};
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse, Responder as _, get};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

/// As the report and the statistics name them.
const LEVELS: [(fields::Level, Statistics); 3] = [
    (fields::Level::Household, Statistics::Household),
    (fields::Level::Village, Statistics::Village),
    (fields::Level::County, Statistics::County),
];

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(read);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ReportFormat)]
enum Format {
    Json,
    Html,
    Docx,
}

impl Format {
    /// The first that an `Accept` header names.
    fn accepted(request: &HttpRequest) -> Self {
        let header = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut named = header.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
        let format = |media: &str| match media {
            "application/json" => Some(Self::Json),
            "text/html" => Some(Self::Html),
            DOCX => Some(Self::Docx),
            _ => None,
        };
        named.find_map(format).unwrap_or(Self::Json)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ReportLanguage)]
pub(super) enum Language {
    Zh,
    En,
}

#[derive(Debug, Deserialize, IntoParams)]
struct Asked {
    /// By `Accept` when left out; JSON where that names none of them.
    #[param(inline)]
    format: Option<Format>,
    /// By `Accept-Language` when left out.
    #[param(inline)]
    lang: Option<Language>,
    /// Only this prefecture.
    #[param(example = "5134", pattern = "^[0-9]{4}$")]
    prefecture: Option<String>,
}

/// Reports on a campaign: how it went, coverage, methods, days, the situation by topic, problems, good practices,
/// suggestions, spot checks, and each prefecture.
///
/// Of the counties that the caller has. Each number names the query that gives it.
#[utoipa::path(
    operation_id = "readReport",
    tag = "report",
    params(("id" = Uuid, Path, description = "The campaign"), Asked),
    responses(
        (status = 200, description = "The report", content(
            (Report = "application/json"),
            (String = "text/html"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        )),
        NotFound, NotModified, Problems
    ),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}/report")]
async fn read(
    caller: Caller,
    app: Data<App>,
    preferred: Lang,
    request: HttpRequest,
    campaign: Path<Uuid>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let Asked { format, lang, prefecture } = asked.into_inner();
    let meant = Counties { prefecture, county: None }.checked()?;
    let format = format.unwrap_or_else(|| Format::accepted(&request));
    let lang = lang.map_or(preferred, |lang| if lang == Language::Zh { Lang::Zh } else { Lang::En });
    let of = app.clone();
    let id = *campaign;
    let report =
        app.store.snapshot(move |conn| Ok::<_, Problem>(write(&gather(conn, &of, &caller, id, &meant)?, lang)));
    let report = report.await?;
    let language = report.lang;
    let written = web::block(move || Written::new(&report, format)).await;
    let mut response = match written.map_err(|_| Problem::new(Code::Internal))?? {
        Written::Json(answer) => answer.respond_to(&request),
        Written::Html(page) => {
            let mut response = HttpResponse::Ok();
            response.insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"));
            response.content_type("text/html; charset=utf-8").body(page)
        }
        Written::Docx(file) => {
            let name = format!("attachment; filename=\"report-{id}-{language}.docx\"");
            HttpResponse::Ok().content_type(DOCX).insert_header((CONTENT_DISPOSITION, name)).body(file)
        }
    };
    let headers =
        [(CACHE_CONTROL, "private, no-cache"), (CONTENT_LANGUAGE, language), (VARY, "accept, accept-language")];
    for (name, value) in headers {
        response.headers_mut().insert(name, actix_web::http::header::HeaderValue::from_static(value));
    }
    Ok(response)
}

/// A report in a format: writing one takes a while.
enum Written {
    Json(Answer),
    Html(String),
    Docx(Vec<u8>),
}

impl Written {
    fn new(report: &Report, format: Format) -> Result<Self, Problem> {
        Ok(match format {
            Format::Json => Self::Json(Answer::ok(report)?),
            Format::Html => Self::Html(html::page(report)),
            Format::Docx => Self::Docx(docx::file(report).map_err(|error| {
                tracing::error!(%error, "a report could not be written");
                Problem::new(Code::Internal)
            })?),
        })
    }
}

/// Everything that the report is made from, of the same moment.
fn gather(conn: &mut Conn, app: &App, caller: &Caller, id: Uuid, meant: &Counties) -> Result<Material, Problem> {
    let ground = Ground::find(conn, caller, id, meant)?;
    let prefecture = meant.prefecture.as_deref();
    // Another's, or none.
    if prefecture.is_some() && ground.counties.is_empty() {
        return Err(not_found());
    }
    let only = prefecture.map(|code| format!("prefecture={code}"));
    let query = |of: &str, parameters: &[&str]| {
        let all: Vec<&str> = parameters.iter().copied().chain(only.as_deref()).collect();
        let mark = if all.is_empty() { "" } else { "?" };
        format!("/v1/campaigns/{id}{of}{mark}{}", all.join("&"))
    };
    let row = campaigns::find(conn, id, caller.region.province())?.ok_or_else(not_found)?;
    let counties = campaign_counties::of(conn, [id], caller.scope())?.remove(&id).unwrap_or_default();
    let campaign = Answered::new(format!("/v1/campaigns/{id}"), &Campaign::new(row, counties)?);
    let names = names(conn, caller)?;
    let code = prefecture.map_or_else(|| caller.region.to_string(), str::to_owned);
    let mut coverage = |level: Level| {
        let query = query("/coverage", &[&format!("level={}", level.name())]);
        Ok::<_, Problem>(Answered::new(query, &Coverage::read(conn, app, caller, &ground, level, None)?))
    };
    let (whole, areas, prefectures) =
        (coverage(Level::Province)?, coverage(Level::Area)?, coverage(Level::Prefecture)?);
    let counties = coverage(Level::County)?;
    let spot_checks = Answered::new(query("/spot-checks", &[]), &SpotChecks::read(conn, caller, &ground)?);
    let mut found = |level: Level| {
        let query = query("/findings", &[&format!("level={}", level.name())]);
        Ok::<_, Problem>(Answered::new(query, &FindingsSummary::read(conn, caller, &ground, level)?))
    };
    let (found, found_there) = (found(Level::Province)?, found(Level::Prefecture)?);
    let mut statistics = Vec::new();
    // What is kept of the answers tells each.
    for (level, of) in LEVELS {
        let query = query("/statistics", &["by=topic", &format!("level={}", of.name())]);
        let answers = StatisticsReport::by_topic(conn, app, caller, &ground, of)?;
        statistics.push((level, Answered::new(query, &answers)));
    }
    let forms = forms::current(conn, caller.region.province())?;
    let forms = forms.iter().map(|(_, json)| read_json(Some(json)));
    let forms: Vec<Option<Definition>> = forms.collect::<Result<_, _>>()?;
    Ok(Material {
        campaign,
        area: names.get(&code).cloned().unwrap_or(code),
        today: today().to_string(),
        whole,
        areas,
        prefectures,
        counties,
        spot_checks,
        found,
        found_there,
        statistics,
        forms: forms.into_iter().flatten().collect(),
    })
}
