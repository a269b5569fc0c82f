//! `/v1/campaigns/{id}/coverage`, `/days` and `/spot-checks`: what a campaign has reached, who was where, and whether those
//! who look again find the same (docs/coverage.md).

mod days;
mod report;
mod spot_checks;

pub(super) use report::{Coverage, Level};
pub(super) use spot_checks::SpotChecks;

use crate::app::App;
use crate::caller::{Caller, not_found};
use crate::fields::Fault;
use crate::http::Problem;
use crate::http::checks::Checks;
use crate::http::time::parse_ms;
use crate::insight::coverage::County;
use crate::store::coverage::{self, Sent};
use crate::store::draws::Sight;
use crate::store::{Conn, Instant, Role, campaign_counties, campaigns};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use sync_core::Bucket;
use sync_core::scope::Region;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(report::coverage).service(days::days).service(spot_checks::read);
}

/// Which counties are meant, and when.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub(super) struct Where {
    /// Only the counties of this prefecture.
    #[param(example = "5134")]
    pub(super) prefecture: Option<String>,
    /// Only this county.
    #[param(example = "513430")]
    county: Option<String>,
    /// As the server had it at this moment; now, when left out.
    #[param(example = "2015-04-20T18:00:00.000+08:00")]
    as_of: Option<String>,
}

impl Where {
    /// One county, now.
    pub(super) fn county(code: String) -> Self {
        Self { county: Some(code), ..Self::default() }
    }

    /// What is meant, now.
    pub(super) fn now(prefecture: Option<String>, county: Option<String>) -> Self {
        Self { prefecture, county, as_of: None }
    }

    /// Whether a county is meant.
    fn has(&self, county: Bucket) -> bool {
        let code = county.to_string();
        self.county.as_ref().is_none_or(|wanted| *wanted == code)
            && self.prefecture.as_ref().is_none_or(|wanted| code.starts_with(wanted.as_str()))
    }

    /// Milliseconds since 1970; 400 for what is no time, or not past.
    pub(super) fn moment(&self, now: i64) -> Result<Option<i64>, Problem> {
        let mut checks = Checks::new();
        for (pointer, text, length) in [("/prefecture", &self.prefecture, 4), ("/county", &self.county, 6)] {
            if text.as_ref().is_some_and(|text| text.len() != length || !text.bytes().all(|b| b.is_ascii_digit())) {
                checks.fault(pointer, Fault::InvalidForm);
            }
        }
        let moment = self.as_of.as_deref().map(parse_ms);
        if moment.is_some_and(|moment| moment.is_none_or(|moment| moment > now)) {
            checks.fault("/as_of", Fault::InvalidTime);
        }
        checks.parameters()?;
        Ok(moment.flatten())
    }
}

/// A campaign in the caller's counties.
pub(super) struct Ground {
    campaign: campaigns::Campaign,
    /// Those that take part, are in scope and are meant.
    pub(super) counties: BTreeSet<Bucket>,
    sight: Sight,
    /// Teams with assignments there; for a team, itself alone.
    sent: Vec<Sent>,
}

impl Ground {
    /// 404 unless the campaign is one of the caller's province.
    pub(super) fn find(conn: &mut Conn, caller: &Caller, id: Uuid, place: &Where) -> Result<Self, Problem> {
        let campaign = campaigns::find(conn, id, caller.region.province())?.ok_or_else(not_found)?;
        let counties = campaign_counties::of(conn, [id], caller.scope())?.remove(&id).unwrap_or_default();
        let counties = counties.into_iter().map(|county| county.bucket).filter(|county| place.has(*county));
        let counties: BTreeSet<Bucket> = counties.collect();
        let sight = match caller.role {
            Role::Provincial => Sight::whole(caller.scope()),
            Role::Prefecture | Role::Team => Sight::at(caller.scope(), Instant::now()),
        };
        let mut sent = coverage::sent(conn, id, caller.scope())?;
        sent.retain(|sent| counties.contains(&sent.county) && caller.team.is_none_or(|own| own == sent.team));
        Ok(Self { campaign, counties, sight, sent })
    }

    /// What each county has reached, now or at a moment.
    pub(super) fn reached(
        &self,
        conn: &mut Conn,
        app: &App,
        moment: Option<i64>,
    ) -> Result<BTreeMap<Bucket, Arc<County>>, Problem> {
        let id = self.campaign.id.0;
        let all = &self.counties;
        if moment.is_some() {
            let mut reached = BTreeMap::new();
            coverage::facts(conn, id, all, moment, |county, facts| {
                reached.insert(county, Arc::new(County::of(facts)));
            })?;
            return Ok(reached);
        }
        let versions = coverage::versions(conn, id, all)?;
        app.worked.coverage.get(
            &versions,
            |county| (id, county),
            |missing, each| {
                Ok(coverage::facts(conn, id, missing, None, |county, facts| each(county, County::of(facts)))?)
            },
        )
    }
}

/// What a caller may know of a team beside its id.
fn known<'a>(caller: &Caller, sent: &'a Sent) -> Option<&'a Sent> {
    let region = Region::parse(&sent.region)?;
    caller.circle().holds(region, None, Some(sent.team)).then_some(sent)
}
