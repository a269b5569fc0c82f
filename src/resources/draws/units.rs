//! The units of a draw, and how one gives up its place.

use super::{check_campaign, open, sight};
use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::{Caller, Provincial, not_found};
use crate::http::body::Json;
use crate::http::checks::Checks;
use crate::http::documented::{BodyProblems, Conflicts, NotFound, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::time::format_ms;
use crate::http::{Answer, Code, Problem};
use crate::resources::audit::did;
use crate::store::draw_units::{self, Unit as Row};
use crate::store::{Id, Instant, draws};
use actix_web::web::{self, Data, Path};
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

const REASON_MAX: usize = 500;

/// A unit of the sample, or a substitute.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DrawUnit {
    /// What a visit names in `sample_slot`.
    pub id: Uuid,
    /// A village's code, a household's id.
    pub unit: String,
    #[schema(example = "513430100")]
    pub stratum: String,
    /// In the order of its stratum, from 1: the sample first, then the substitutes.
    pub place: i32,
    /// In the sample as it was drawn; else a substitute.
    pub sampled: bool,
    /// `active`: it holds a place; `replaced`: it gave it up; `waiting`: a substitute whose turn has not come.
    #[schema(example = "active")]
    pub state: String,
    /// With which this draw takes it into the sample; of a household in a drawn village, given the village.
    pub probability: f64,
    /// The same over both stages.
    pub overall: f64,
    /// The unit whose place it took.
    pub replaces: Option<Uuid>,
    /// Why it gave up its own.
    pub reason: Option<String>,
    pub replaced_at: Option<String>,
    pub replaced_by: Option<Uuid>,
}

impl From<Row> for DrawUnit {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            unit: row.unit,
            stratum: row.stratum,
            place: row.place,
            sampled: row.sampled,
            state: row.state,
            probability: row.probability,
            overall: row.overall,
            replaces: row.replaces.map(|id| id.0),
            reason: row.reason,
            replaced_at: row.replaced_at.map(|at| format_ms(at.ms())),
            replaced_by: row.replaced_by.map(|id| id.0),
        }
    }
}

/// Lists the units of a draw: its sample and its substitutes.
#[utoipa::path(
    operation_id = "listDrawUnits",
    tag = "draws",
    params(
        ("id" = Uuid, Path, description = "The campaign"), ("draw" = Uuid, Path), ListOf<draw_units::Unit>
    ),
    responses((status = 200, description = "A page, by stratum and place", body = Page<DrawUnit>), NotFound, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}/draws/{draw}/units")]
pub(super) async fn list(
    caller: Caller,
    app: Data<App>,
    path: Path<(Uuid, Uuid)>,
    params: ListParams,
) -> Result<web::Json<Page<DrawUnit>>, Problem> {
    let (campaign, id) = path.into_inner();
    let asked = params.read(&draw_units::LIST, &app.keys, caller.user)?;
    let page = app.store.snapshot(move |conn| {
        check_campaign(conn, &caller, campaign)?;
        let sight = sight(&caller);
        draws::find(conn, campaign, id, &sight)?.ok_or_else(not_found)?;
        let found = draw_units::list(conn, &asked.listing, campaign, id, &sight)?;
        Ok::<_, Problem>(asked.page(found, DrawUnit::from))
    });
    Ok(web::Json(page.await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReplaceDrawUnit)]
struct Reason {
    #[schema(example = "道路中断，无法到达")]
    reason: String,
}

/// Gives a unit's place to the next substitute of its stratum.
#[utoipa::path(
    operation_id = "replaceDrawUnit",
    tag = "draws",
    params(
        ("id" = Uuid, Path, description = "The campaign"), ("draw" = Uuid, Path),
        ("unit" = Uuid, Path, description = "The `id` of a unit that holds a place"), Idempotency
    ),
    request_body = Reason,
    responses(
        (status = 200, description = "The unit that takes its place", body = DrawUnit),
        NotFound, Conflicts, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/campaigns/{id}/draws/{draw}/units/{unit}/replace")]
pub(super) async fn replace(
    Bearer(claims): Bearer,
    app: Data<App>,
    path: Path<(Uuid, Uuid, Uuid)>,
    idempotency: Idempotency,
    body: Json<Reason>,
) -> Result<Answer, Problem> {
    let (campaign, id, unit) = path.into_inner();
    let Json { value: Reason { reason }, bytes } = body;
    let replaced = app.store.write(move |tx| {
        let caller: Caller<Provincial> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &bytes, |tx| {
            open(&check_campaign(tx, &caller, campaign)?)?;
            let sight = sight(&caller);
            // Of two replacements at once the second sees what the first has left.
            let draw = draws::lock(tx, campaign, id, &sight)?.ok_or_else(not_found)?;
            let mut units = draw_units::all(tx, campaign, id, &sight)?;
            let place = units.iter().position(|row| row.id.0 == unit).ok_or_else(not_found)?;
            let mut checks = Checks::new();
            checks.name("/reason", &reason, REASON_MAX);
            checks.done()?;
            if units[place].state != "active" {
                return Err(Problem::new(Code::AlreadySettled).detail(
                    "This unit holds no place: it was replaced already, or its turn has not come.",
                    "该单元不占名额：已被替换，或尚未轮到。",
                ));
            }
            let next = |row: &Row| row.state == "waiting" && row.stratum == units[place].stratum;
            let Some(next) = units.iter().position(next) else {
                return Err(
                    Problem::new(Code::Conflict).detail("Its stratum has no substitute left.", "该层已没有替补单元。")
                );
            };
            units[next].replaces = Some(units[place].id);
            "active".clone_into(&mut units[next].state);
            // Also where a clock was set back, what happened later is later.
            let latest = units.iter().filter_map(|row| row.replaced_at).chain(draw.drawn_at).max();
            let old = &mut units[place];
            "replaced".clone_into(&mut old.state);
            (old.reason, old.replaced_by) = (Some(reason), Some(Id(caller.user)));
            old.replaced_at = Some(Instant::now()).max(latest);
            draw_units::update(tx, &draw, &[&units[place], &units[next]])?;
            let path = format!("/v1/campaigns/{campaign}/draws/{id}/units/{unit}");
            let detail = json!({ "reason": &units[place].reason, "by": units[next].id.0 });
            did(tx, &caller, "draws.replace", &path, &detail)?;
            Answer::ok(&DrawUnit::from(units.swap_remove(next)))
        })
    });
    replaced.await
}
