//! `/v1/campaigns/{id}/feedback/{county}`: what is told to an inspected county, as a document.

use super::coverage::reached;
use super::ground::{Counties, Ground};
use super::report::Language;
use crate::app::App;
use crate::caller::{Caller, not_found};
use crate::http::documented::{NotFound, Problems};
use crate::http::time::today;
use crate::http::{Problem, Query};
use crate::insight::findings::State;
use crate::lang::Lang;
use crate::pages::feedback::{Feedback, Finding, page};
use crate::store::{divisions, findings};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use serde::Deserialize;
use sync_core::{Bucket, Fields};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(feedback);
}

#[derive(Debug, Deserialize, IntoParams)]
struct Asked {
    /// `zh` or `en`; by `Accept-Language` when left out.
    #[param(inline)]
    lang: Option<Language>,
}

/// Tells an inspected county what was done there and what was found, as a document to be printed (HTML).
///
/// By topic, the most severe first, with deadlines and states; good practice and suggestions by themselves. What was rejected
/// is left out.
#[utoipa::path(
    operation_id = "readFeedback",
    tag = "findings",
    params(
        ("id" = Uuid, Path, description = "The campaign"),
        ("county" = String, Path, example = "513430"),
        Asked
    ),
    responses((status = 200, description = "The document", body = String, content_type = "text/html"), NotFound, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}/feedback/{county}")]
async fn feedback(
    caller: Caller,
    app: Data<App>,
    preferred: Lang,
    path: Path<(Uuid, String)>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let (campaign, county) = path.into_inner();
    let lang = match asked.into_inner().lang {
        None => preferred,
        Some(Language::Zh) => Lang::Zh,
        Some(Language::En) => Lang::En,
    };
    let of = app.clone();
    let page = app.store.snapshot(move |conn| {
        let bucket: Bucket = county.parse().map_err(|_| not_found())?;
        let meant = Counties { county: Some(county.clone()), ..Counties::default() };
        let ground = Ground::find(conn, &caller, campaign, &meant)?;
        let reached = reached(conn, &of, &ground, None)?;
        // Not in scope, or nowhere.
        let reached = reached.get(&bucket).ok_or_else(not_found)?;
        let names = divisions::names_in(conn, caller.region.province())?;
        let name = |code: &str| names.get(code).map_or_else(|| code.to_owned(), Clone::clone);
        let records = findings::of_county(conn, campaign, bucket)?;
        let told = Feedback {
            campaign: &ground.campaign.name,
            period: (ground.campaign.from.to_string(), ground.campaign.to.to_string()),
            prefecture: &name(&county[..4]),
            county: &name(&county),
            reached,
            findings: &records.iter().map(finding).collect::<Vec<_>>(),
            today: today().to_string(),
        };
        Ok::<_, Problem>(page(&told, lang))
    });
    let mut response = HttpResponse::Ok();
    response.content_type("text/html; charset=utf-8").insert_header((CACHE_CONTROL, "private, no-cache"));
    response.insert_header((CONTENT_LANGUAGE, lang.pick("en", "zh-CN")));
    response.insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"));
    Ok(response.body(page.await?))
}

fn finding(fields: &Fields) -> Finding {
    let text = |name: &str| fields.get(name).and_then(|text| serde_json::from_str::<String>(text).ok());
    Finding {
        level: text("level").unwrap_or_default(),
        topic: text("topic").unwrap_or_default(),
        kind: text("kind"),
        severity: text("severity"),
        title: text("title").unwrap_or_default(),
        detail: text("detail"),
        responsible: text("responsible"),
        due_on: text("due_on"),
        state: text("state").and_then(|state| State::parse(&state)).unwrap_or_default(),
        rectification: text("rectification"),
    }
}
