//! The reveal: the seed comes out, and with it the sample. Until then the seed is in the database only under a mask that
//! this server's signing key makes, and in no answer, log or error at all: a copy of the database does not give it away,
//! nor does a copy of the key alone.

use super::{check_campaign, published, sight};
use crate::app::App;
use crate::auth::keys::Keys;
use crate::auth::tokens::Bearer;
use crate::caller::{Caller, Provincial, not_found};
use crate::fields::Fault;
use crate::http::body::Json;
use crate::http::checks::Checks;
use crate::http::documented::{BodyProblems, Conflicts, NotFound, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::{Answer, Code, Problem};
use crate::insight::sampling::document::{Document, Plan, commitment, digest, hex};
use crate::insight::sampling::lots::{Lots, SEED_BYTES};
use crate::insight::sampling::{document, select};
use crate::resources::audit::did;
use crate::store::draw_units::{self, Unit};
use crate::store::draws::{self, Draw, Frozen};
use crate::store::{Id, Instant};
use actix_web::post;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

const PURPOSE: &str = "draw seed";
const VALUE_MAX: usize = 200;

/// Puts the mask of a draw on its seed, or takes it off.
pub(super) fn mask(keys: &Keys, draw: Uuid, seed: &[u8]) -> Vec<u8> {
    // Each mask serves once: a draw has one seed, for life.
    seed.iter().zip(keys.mac(PURPOSE, draw.as_bytes())).map(|(byte, mask)| byte ^ mask).collect()
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RevealDraw)]
struct Reveal {
    /// What stands at the plan's public source; needed if it has one.
    public_value: Option<String>,
}

/// Reveals the seed of a draw, and draws.
#[utoipa::path(
    operation_id = "revealDraw",
    tag = "draws",
    params(("id" = Uuid, Path, description = "The campaign"), ("draw" = Uuid, Path), Idempotency),
    request_body = Reveal,
    responses(
        (status = 200, description = "The draw with its sample", body = Document),
        NotFound, Conflicts, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/campaigns/{id}/draws/{draw}/reveal")]
pub(super) async fn reveal(
    Bearer(claims): Bearer,
    app: Data<App>,
    path: Path<(Uuid, Uuid)>,
    idempotency: Idempotency,
    body: Json<Reveal>,
) -> Result<Answer, Problem> {
    let (campaign, id) = path.into_inner();
    let keys = app.keys.clone();
    let Json { value: given, bytes } = body;
    let drawn = app.store.write(move |tx| {
        let caller: Caller<Provincial> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &bytes, |tx| {
            check_campaign(tx, &caller, campaign)?;
            let sight = sight(&caller);
            let mut row = draws::lock(tx, campaign, id, &sight)?.ok_or_else(not_found)?;
            if row.state != "committed" {
                return Err(
                    Problem::new(Code::AlreadySettled).detail("This draw is drawn already.", "该抽样已经抽取。")
                );
            }
            let plan: Plan = published::read(&row.plan)?;
            check_value(&plan, given.public_value.as_deref())?;
            let frozen = draws::frozen(tx, &row)?;
            let seed = unseal(&keys, &row, &plan, &frozen)?;
            row.public_value = given.public_value;
            let units = draw(&plan, &frozen, &Lots::new(&seed, row.public_value.as_deref()))?;
            "drawn".clone_into(&mut row.state);
            row.seed = Some(hex(&seed));
            (row.drawn_at, row.drawn_by) = (Some(Instant::now().max(row.committed_at)), Some(Id(caller.user)));
            draws::update(tx, &row)?;
            draw_units::insert(tx, &row, &units)?;
            let path = format!("/v1/campaigns/{campaign}/draws/{id}");
            did(tx, &caller, "draws.reveal", &path, &json!({ "public_value": &row.public_value }))?;
            Answer::ok(&published::document(tx, &row, &sight, &keys)?)
        })
    });
    drawn.await
}

fn check_value(plan: &Plan, value: Option<&str>) -> Result<(), Problem> {
    let mut checks = Checks::new();
    match (&plan.public_source, value) {
        (Some(_), None) => checks.fault("/public_value", Fault::Required),
        (None, Some(_)) => checks.fault("/public_value", Fault::NotApplicable),
        _ => checks.optional_name("/public_value", value, VALUE_MAX),
    }
    checks.done()
}

/// The seed; 409 if it, the plan or the frame is not what was committed to: then somebody changed the database, or the
/// server's key.
fn unseal(keys: &Keys, row: &Draw, plan: &Plan, frozen: &Frozen) -> Result<[u8; SEED_BYTES], Problem> {
    let frame: serde_json::Value = published::read(&frozen.frame)?;
    let first: Option<serde_json::Value> = frozen.first_stage.as_ref().map(published::read).transpose()?;
    let same = digest(plan) == row.plan_digest
        && digest(&frame) == plan.frame_digest
        && first.map(|first| digest(&first)).as_ref() == plan.first_stage.as_ref().map(|first| &first.digest);
    let seed: Option<[u8; SEED_BYTES]> = mask(keys, row.id.0, &frozen.sealed_seed).try_into().ok();
    let seed = seed.filter(|seed| same && commitment(seed) == plan.commitment);
    seed.ok_or_else(|| {
        tracing::error!(draw = %row.id.0, "a draw is not what was committed to");
        Problem::new(Code::Conflict).detail(
            "The plan, the frame or the seed is not any more what was committed to. This draw cannot be used; make another.",
            "计划、抽样框或种子已与承诺时不符，该抽样不能使用，请重新建立。",
        )
    })
}

fn draw(plan: &Plan, frozen: &Frozen, lots: &Lots) -> Result<Vec<Unit>, Problem> {
    let frame: Vec<select::Unit> = published::read(&frozen.frame)?;
    let first: Option<Document> = frozen.first_stage.as_ref().map(published::read).transpose()?;
    let (sample, substitutes) = plan.draw(&frame, first.as_ref(), lots).map_err(published::corrupt)?;
    let unit = |sampled: bool| {
        move |unit: document::DrawnUnit| Unit {
            id: Id(unit.id),
            unit: unit.unit,
            stratum: unit.stratum,
            place: unit.place as i32,
            number: unit.number,
            probability: unit.probability,
            overall: unit.overall,
            sampled,
            state: if sampled { "active" } else { "waiting" }.into(),
            replaces: None,
            reason: None,
            replaced_at: None,
            replaced_by: None,
        }
    };
    Ok(sample.into_iter().map(unit(true)).chain(substitutes.into_iter().map(unit(false))).collect())
}
