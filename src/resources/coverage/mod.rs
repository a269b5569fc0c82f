//! `/v1/campaigns/{id}/coverage`, `/days` and `/spot-checks`: what a campaign has reached, who was where, and whether those
//! who look again find the same (docs/coverage.md).

mod days;
mod report;
mod spot_checks;

pub(super) use report::Coverage;
pub(super) use spot_checks::SpotChecks;

use super::ground::{Counties, Ground, Level};
use super::teams::Member;
use crate::app::App;
use crate::caller::Caller;
use crate::fields::Fault;
use crate::http::Problem;
use crate::http::checks::Checks;
use crate::http::time::parse_ms;
use crate::insight::coverage::County;
use crate::store::Conn;
use crate::store::coverage::{self, Sent};
use std::collections::BTreeMap;
use std::sync::Arc;
use sync_core::Bucket;
use sync_core::scope::Region;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(report::coverage).service(days::days).service(spot_checks::read);
}

/// The moment that is meant, in milliseconds since 1970; 400 for what is no time, or not past, and for what is no county.
fn moment(as_of: Option<&str>, meant: &Counties, now: i64) -> Result<Option<i64>, Problem> {
    let mut checks = Checks::new();
    meant.check(&mut checks);
    let moment = as_of.map(parse_ms);
    if moment.is_some_and(|moment| moment.is_none_or(|moment| moment > now)) {
        checks.fault("/as_of", Fault::InvalidTime);
    }
    checks.parameters()?;
    Ok(moment.flatten())
}

/// What each county has reached, now or at a moment.
pub(super) fn reached(
    conn: &mut Conn,
    app: &App,
    ground: &Ground,
    moment: Option<i64>,
) -> Result<BTreeMap<Bucket, Arc<County>>, Problem> {
    let id = ground.id();
    let versions = ground.versions(conn)?;
    app.worked.coverage.get(
        &versions,
        // The past too may change with the county: what a person discards was never said.
        |county| (id, moment, county),
        |missing, each| {
            Ok(coverage::facts(conn, id, missing, moment, |county, facts| each(county, County::of(facts)))?)
        },
    )
}

/// Teams with assignments in the counties, given by the moment; for a team, itself alone.
fn sent(conn: &mut Conn, caller: &Caller, ground: &Ground, moment: Option<i64>) -> Result<Vec<Sent>, Problem> {
    let mut sent = coverage::sent(conn, ground.id(), caller.scope(), moment)?;
    sent.retain(|sent| ground.counties.contains(&sent.county) && caller.team.is_none_or(|own| own == sent.team));
    Ok(sent)
}

/// What a caller may know of a team beside its id.
fn known<'a>(caller: &Caller, sent: &'a Sent) -> Option<&'a Sent> {
    let region = Region::parse(&sent.region)?;
    caller.circle().holds(region, None, Some(sent.team)).then_some(sent)
}

fn leader(sent: &Sent) -> Option<Member> {
    serde_json::from_str(sent.leader.as_deref()?).ok()
}
