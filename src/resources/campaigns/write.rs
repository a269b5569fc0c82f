//! Making, changing and closing a campaign: the province's alone.

use super::Campaign;
use super::counties::lost;
use super::request::{CampaignChange, NewCampaign};
use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::{Caller, Provincial, not_found};
use crate::http::answer::IfMatch;
use crate::http::body::Json;
use crate::http::checks::Checks;
use crate::http::documented::{BodyProblems, Conflicts, KeyProblems, NotFound, Preconditions, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::{Answer, Code, Problem};
use crate::resources::audit::did;
use crate::store::campaign_counties::{self, County};
use crate::store::campaigns::{self, Campaign as Row};
use crate::store::{Id, Instant, Tx, assignments};
use actix_web::web::{Data, Path};
use actix_web::{patch, post};
use serde_json::json;
use uuid::Uuid;

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
pub(super) async fn create(
    Bearer(claims): Bearer,
    app: Data<App>,
    idempotency: Idempotency,
    body: Json<NewCampaign>,
) -> Result<Answer, Problem> {
    let Json { value: new, bytes } = body;
    let made = app.store.write(move |tx| {
        let caller: Caller<Provincial> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &bytes, |tx| {
            let period = (new.from.into(), new.to.into());
            let bare = Row::new(new.name.clone(), period, caller.region.province(), Id(caller.user), Instant::now());
            let mut checks = Checks::new();
            let change = CampaignChange::from(new);
            let counties = change.counties(tx, caller.scope(), &[], &mut checks)?;
            let row = change.apply(bare, &mut checks);
            checks.done()?;
            campaigns::insert(tx, &row)?;
            campaign_counties::replace(tx, row.id.0, &[], &counties)?;
            let path = format!("/v1/campaigns/{}", row.id.0);
            let campaign = Campaign::new(row, counties)?;
            did(tx, &caller, "campaigns.create", &path, &json!({ "campaign": &campaign }))?;
            Answer::created(path, &campaign)
        })
    });
    made.await
}

/// Changes a campaign that is not closed.
///
/// A county in which an assignment was given or a sample drawn for the campaign stays in it.
#[utoipa::path(
    operation_id = "changeCampaign",
    tag = "campaigns",
    params(("id" = Uuid, Path), IfMatch),
    request_body = CampaignChange,
    responses(
        (status = 200, description = "The campaign as it is now", body = Campaign),
        NotFound, Conflicts, Preconditions, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[patch("/campaigns/{id}")]
pub(super) async fn update(
    Bearer(claims): Bearer,
    app: Data<App>,
    id: Path<Uuid>,
    if_match: IfMatch,
    body: Json<CampaignChange>,
) -> Result<Answer, Problem> {
    let change = body.value;
    let changed = app.store.write(move |tx| {
        let caller: Caller<Provincial> = Caller::check(tx, &claims)?;
        let (before, counties) = locked(tx, *id, &caller)?;
        if_match.check(&Campaign::new(before.clone(), counties.clone())?)?;
        open(&before)?;
        let mut checks = Checks::new();
        let after = change.counties(tx, caller.scope(), &counties, &mut checks)?;
        let row = change.apply(before, &mut checks);
        checks.done()?;
        stays(tx, row.id.0, &counties, &after)?;
        campaigns::update(tx, &row)?;
        campaign_counties::replace(tx, row.id.0, &counties, &after)?;
        let campaign = Campaign::new(row, after)?;
        let detail = json!({ "campaign": &campaign });
        did(tx, &caller, "campaigns.change", &format!("/v1/campaigns/{}", *id), &detail)?;
        Ok::<_, Problem>(campaign)
    });
    Answer::ok(&changed.await?)
}

/// Closes a campaign, with its assignments: from their next request on its teams have its counties no more, unless by
/// assignments of another.
#[utoipa::path(
    operation_id = "closeCampaign",
    tag = "campaigns",
    params(("id" = Uuid, Path), Idempotency),
    responses(
        (status = 200, description = "The closed campaign", body = Campaign),
        NotFound, Conflicts, KeyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/campaigns/{id}/close")]
pub(super) async fn close(
    Bearer(claims): Bearer,
    app: Data<App>,
    id: Path<Uuid>,
    idempotency: Idempotency,
) -> Result<Answer, Problem> {
    let closed = app.store.write(move |tx| {
        let caller: Caller<Provincial> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &[], |tx| {
            let (mut row, counties) = locked(tx, *id, &caller)?;
            if row.closed_at.is_some() {
                return Err(Problem::new(Code::AlreadySettled)
                    .detail("This campaign is closed already.", "该督查行动已经结束。"));
            }
            let now = Instant::now();
            (row.closed_at, row.closed_by) = (Some(now), Some(Id(caller.user)));
            campaigns::update(tx, &row)?;
            assignments::close_all(tx, row.id.0, caller.user, now)?;
            did(tx, &caller, "campaigns.close", &format!("/v1/campaigns/{}", *id), &json!({ "name": &row.name }))?;
            Answer::ok(&Campaign::new(row, counties)?)
        })
    });
    let closed = closed.await?;
    app.moves.poke();
    Ok(closed)
}

/// A campaign, locked until the commit, with its counties.
fn locked(tx: &mut Tx<'_>, id: Uuid, caller: &Caller<Provincial>) -> Result<(Row, Vec<County>), Problem> {
    let row = campaigns::lock(tx, id, caller.region)?.ok_or_else(not_found)?;
    let counties = campaign_counties::of(tx, [id], caller.scope())?.remove(&id);
    Ok((row, counties.unwrap_or_default()))
}

fn open(campaign: &Row) -> Result<(), Problem> {
    if campaign.closed_at.is_none() {
        return Ok(());
    }
    Err(Problem::new(Code::Conflict)
        .detail("This campaign is closed: it changes no more.", "该督查行动已经结束，不能再修改。"))
}

/// 409 where a county is taken out in which something was done.
fn stays(tx: &mut Tx<'_>, campaign: Uuid, before: &[County], after: &[County]) -> Result<(), Problem> {
    let used = campaign_counties::in_use(tx, campaign)?;
    let lost: Vec<String> = lost(before, after, &used).iter().map(ToString::to_string).collect();
    if lost.is_empty() {
        return Ok(());
    }
    Err(Problem::new(Code::Conflict).detail(
        format!("Assignments or draws of this campaign are in: {}. These counties stay in it.", lost.join(", ")),
        format!("以下县（市、区）已有本次督查的任务分配或抽样，不能移出：{}。", lost.join("、")),
    ))
}
