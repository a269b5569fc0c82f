//! `/v1/campaigns/{id}/draws`: random samples that anyone can check (docs/sampling.md). The province commits to a frozen
//! frame and a secret seed, then reveals the seed, which draws.
//!
//! A hidden draw is nobody's but the province's until its time has come: not the team's that will go, and not the
//! prefecture's either, for it is the superior of the county that is visited, and its own work is what spot checks look at.

mod commit;
mod commitments;
mod published;
mod request;
mod reveal;
mod units;

use super::Patch;
use super::audit::did;
use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::{Caller, Provincial, Required, not_found};
use crate::fields::Fault;
use crate::http::answer::IfMatch;
use crate::http::body::Json;
use crate::http::checks::Checks;
use crate::http::documented::{BodyProblems, Conflicts, NotFound, NotModified, Preconditions, Problems};
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::time::{format_ms, parse_ms};
use crate::http::{Answer, Code, Problem};
use crate::insight::sampling::Document;
use crate::insight::sampling::document::{Drawn, Plan, State};
use crate::store::draws::{self, Draw as Row, Sight};
use crate::store::{Conn, Instant, Role, StoreError, campaigns};
use actix_web::web::{self, Data, Path};
use actix_web::{get, patch};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(commitments::list)
        .service(list)
        .service(commit::create)
        .service(read)
        .service(update)
        .service(reveal::reveal);
    cfg.service(units::list).service(units::replace);
}

/// A draw without its frame and its units.
#[derive(Debug, Serialize, ToSchema)]
pub struct Draw {
    pub id: Uuid,
    pub state: State,
    /// Until then nobody but the province sees it; `null`: never hidden.
    pub visible_from: Option<String>,
    pub plan: Plan,
    /// SHA-256 of the RFC 8785 form of `plan`, in hex.
    pub plan_digest: String,
    /// `null` until the seed is revealed.
    pub drawn: Option<Drawn>,
}

impl TryFrom<Row> for Draw {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.0,
            state: published::state(&row)?,
            visible_from: row.visible_from.map(|at| format_ms(at.ms())),
            plan: published::read(&row.plan)?,
            drawn: published::drawn(&row),
            plan_digest: row.plan_digest,
        })
    }
}

/// What a caller sees of the draws.
fn sight<R>(caller: &Caller<R>) -> Sight {
    match caller.role {
        Role::Provincial => Sight::whole(caller.scope()),
        Role::Prefecture | Role::Team => Sight::at(caller.scope(), Instant::now()),
    }
}

/// A campaign of the caller's province; 404 if it is none.
fn check_campaign<R: Required>(
    conn: &mut Conn,
    caller: &Caller<R>,
    campaign: Uuid,
) -> Result<campaigns::Campaign, Problem> {
    campaigns::find(conn, campaign, caller.region.province())?.ok_or_else(not_found)
}

/// 409 when the campaign is closed: nothing new is drawn for it. What was committed to can still be revealed.
fn open(campaign: &campaigns::Campaign) -> Result<(), Problem> {
    if campaign.closed_at.is_none() {
        return Ok(());
    }
    Err(Problem::new(Code::Conflict).detail("This campaign is closed.", "该督查行动已经结束。"))
}

/// For so long a draw may be hidden: what nobody ever sees, nobody can check.
const HIDDEN_MOST: Duration = Duration::from_hours(180 * 24);

/// 409 where a draw would be hidden for too long.
fn hide(from: Option<Instant>, committed: Instant) -> Result<(), Problem> {
    if from.is_none_or(|from| from.ms() - committed.ms() <= HIDDEN_MOST.as_millis() as i64) {
        return Ok(());
    }
    Err(Problem::new(Code::Conflict)
        .detail("A draw is hidden for 180 days after its commitment at the most.", "抽样结果在承诺后最多保密 180 天。"))
}

/// A time that may be absent.
fn time(checks: &mut Checks, pointer: &str, text: Option<&str>) -> Option<Instant> {
    let time = text.map(parse_ms);
    if time == Some(None) {
        checks.fault(pointer, Fault::InvalidTime);
    }
    time.flatten().map(Instant::from_ms)
}

/// Lists a campaign's draws in the caller's counties, without those that are still hidden from the caller.
#[utoipa::path(
    operation_id = "listDraws",
    tag = "draws",
    params(("id" = Uuid, Path, description = "The campaign"), ListOf<draws::Draw>),
    responses((status = 200, description = "A page", body = Page<Draw>), NotFound, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}/draws")]
async fn list(
    caller: Caller,
    app: Data<App>,
    campaign: Path<Uuid>,
    params: ListParams,
) -> Result<web::Json<Page<Draw>>, Problem> {
    let asked = params.read(&draws::LIST, &app.keys, caller.user)?;
    let page = app.store.snapshot(move |conn| {
        check_campaign(conn, &caller, *campaign)?;
        let found = draws::list(conn, &asked.listing, *campaign, &sight(&caller))?;
        Ok::<_, Problem>(asked.try_page(found, Draw::try_from)?)
    });
    Ok(web::Json(page.await?))
}

/// Reads a draw as it is published: what `ruhu draw verify` checks.
#[utoipa::path(
    operation_id = "readDraw",
    tag = "draws",
    params(("id" = Uuid, Path, description = "The campaign"), ("draw" = Uuid, Path)),
    responses((status = 200, description = "The draw", body = Document), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}/draws/{draw}")]
async fn read(caller: Caller, app: Data<App>, path: Path<(Uuid, Uuid)>) -> Result<Answer, Problem> {
    let (campaign, id) = path.into_inner();
    let keys = app.keys.clone();
    let document = app.store.snapshot(move |conn| {
        check_campaign(conn, &caller, campaign)?;
        let sight = sight(&caller);
        let row = draws::find(conn, campaign, id, &sight)?.ok_or_else(not_found)?;
        published::document(conn, &row, &sight, &keys)
    });
    Answer::ok(&document.await?)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DrawChange {
    /// `null`: it is hidden no more.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    visible_from: Patch<String>,
}

/// Changes the moment from which a draw is visible, until it has come. Nothing else of a draw ever changes.
#[utoipa::path(
    operation_id = "changeDraw",
    tag = "draws",
    params(("id" = Uuid, Path, description = "The campaign"), ("draw" = Uuid, Path), IfMatch),
    request_body = DrawChange,
    responses(
        (status = 200, description = "The draw as it is now", body = Document),
        NotFound, Conflicts, Preconditions, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[patch("/campaigns/{id}/draws/{draw}")]
async fn update(
    Bearer(claims): Bearer,
    app: Data<App>,
    path: Path<(Uuid, Uuid)>,
    if_match: IfMatch,
    body: Json<DrawChange>,
) -> Result<Answer, Problem> {
    let (campaign, id) = path.into_inner();
    let keys = app.keys.clone();
    let changed = app.store.write(move |tx| {
        let caller: Caller<Provincial> = Caller::check(tx, &claims)?;
        check_campaign(tx, &caller, campaign)?;
        let sight = sight(&caller);
        let mut row = draws::lock(tx, campaign, id, &sight)?.ok_or_else(not_found)?;
        if_match.check(&published::document(tx, &row, &sight, &keys)?)?;
        let mut checks = Checks::new();
        let given = time(&mut checks, "/visible_from", body.value.visible_from.value().map(String::as_str));
        checks.done()?;
        let now = Instant::now();
        let is_hidden = |from: Option<Instant>| from.is_some_and(|from| from.ms() > now.ms());
        if is_hidden(given) && !is_hidden(row.visible_from) {
            let (en, zh) = ("The draw has been visible, and stays so.", "该抽样结果已经公开，不能再隐藏。");
            return Err(Problem::new(Code::Conflict).detail(en, zh));
        }
        hide(given, row.committed_at)?;
        row.visible_from = match body.value.visible_from {
            Patch::Keep => row.visible_from,
            Patch::Clear | Patch::Set(_) => given,
        };
        draws::update(tx, &row)?;
        let detail = json!({ "visible_from": row.visible_from.map(|at| format_ms(at.ms())) });
        did(tx, &caller, "draws.change", &format!("/v1/campaigns/{campaign}/draws/{id}"), &detail)?;
        published::document(tx, &row, &sight, &keys)
    });
    Answer::ok(&changed.await?)
}
