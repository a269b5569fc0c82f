//! The commitment: what is asked for becomes a frozen frame, a plan, and the SHA-256 of a seed that nobody knows.

use super::request::{Basis, NewDraw};
use super::{hide, open, published, reveal, sight, time};
use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::{Caller, Provincial, forbidden, not_found};
use crate::fields::{Fault, FieldError};
use crate::http::body::Json;
use crate::http::checks::{Checks, invalid};
use crate::http::documented::{BodyProblems, Conflicts, NotFound, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::{Answer, Code, Problem};
use crate::insight::sampling::document::{Document, State, digest};
use crate::insight::sampling::lots::SEED_BYTES;
use crate::insight::sampling::{SamplePlan, select};
use crate::resources::audit::did;
use crate::resources::read_json;
use crate::store::draws::{self, Draw as Row, Frozen};
use crate::store::{Id, Instant, JsonText, campaign_counties, campaigns};
use actix_web::post;
use actix_web::web::{Data, Path};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

/// Commits to a draw: freezes its frame and a secret seed, and publishes the digests of both.
#[utoipa::path(
    operation_id = "createDraw",
    tag = "draws",
    params(("id" = Uuid, Path, description = "The campaign"), Idempotency),
    request_body = NewDraw,
    responses(
        (status = 201, description = "Committed", body = Document, headers(("location" = String))),
        NotFound, Conflicts, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/campaigns/{id}/draws")]
pub(super) async fn create(
    Bearer(claims): Bearer,
    app: Data<App>,
    campaign: Path<Uuid>,
    idempotency: Idempotency,
    body: Json<NewDraw>,
) -> Result<Answer, Problem> {
    let Json { value: new, bytes } = body;
    let keys = app.keys.clone();
    let made = app.store.write(move |tx| {
        let caller: Caller<Provincial> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &bytes, |tx| {
            // Its counties stay until the commit.
            let held = campaigns::hold(tx, *campaign, caller.region.province())?.ok_or_else(not_found)?;
            open(&held)?;
            let sight = sight(&caller);
            let mut checks = Checks::new();
            let visible_from = time(&mut checks, "/visible_from", new.visible_from.as_deref());
            let sample_plan = read_json(held.sample_plan.as_ref())?;
            let new = new.complete(sample_plan.unwrap_or_else(|| SamplePlan::default().complete()));
            new.check(&mut checks);
            let first = new.first_stage(tx, *campaign, &sight, &mut checks)?;
            let county = new.county(tx, first.as_ref(), &mut checks)?;
            checks.done()?;
            let county = county.filter(|county| caller.scope().contains(*county)).ok_or_else(forbidden)?;
            if !campaign_counties::has(tx, *campaign, county)? {
                return Err(invalid(vec![FieldError::new("/county", Fault::OutsideCampaign)]));
            }
            let first = first.map(|row| published::document(tx, &row, &sight, &keys)).transpose()?;
            let frame = new.frame(tx, caller.scope(), county, first.as_ref())?;
            let (seed, now): ([u8; SEED_BYTES], _) = (rand::random(), Instant::now());
            hide(visible_from, now)?;
            let basis =
                Basis { campaign: *campaign, county, first_stage: first.as_ref(), seed: &seed, now, user: caller.user };
            let plan = new.plan(&frame, basis);
            select::strata(&frame, &plan.design()).map_err(|unfit| {
                let (en, zh) = unfit.details();
                Problem::new(Code::Conflict).detail(en, zh)
            })?;
            let row = Row {
                id: Id(plan.draw),
                campaign: Id(*campaign),
                bucket: county.code() as i32,
                level: name(&plan.level),
                state: name(&State::Committed),
                visible_from,
                first_stage: first.as_ref().map(|first| Id(first.id)),
                plan_digest: digest(&plan),
                plan: JsonText::of(&plan),
                seed: None,
                public_value: None,
                committed_at: now,
                committed_by: Id(caller.user),
                drawn_at: None,
                drawn_by: None,
            };
            let frozen = Frozen {
                frame: JsonText::of(&frame),
                first_stage: first.as_ref().map(JsonText::of),
                sealed_seed: reveal::mask(&keys, plan.draw, &seed),
            };
            draws::insert(tx, &row, &frozen)?;
            let location = format!("/v1/campaigns/{}/draws/{}", *campaign, plan.draw);
            let detail =
                json!({ "plan": &row.plan_digest, "commitment": plan.commitment, "county": county.to_string() });
            did(tx, &caller, "draws.create", &location, &detail)?;
            Answer::created(location, &published::document(tx, &row, &sight, &keys)?)
        })
    });
    made.await
}

/// How an enumeration goes over the wire.
fn name(value: &impl Serialize) -> String {
    JsonText::of(value).0.trim_matches('"').to_owned()
}
