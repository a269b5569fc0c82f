//! Who was where on which day, with the evidence.

use super::{Counties, Ground, known, leader, moment, reached, sent};
use crate::app::App;
use crate::caller::Caller;
use crate::http::documented::{NotFound, NotModified, Problems};
use crate::http::time::Day;
use crate::http::{Answer, Arrival, Problem, Query};
use crate::resources::teams::Member;
use crate::store::coverage::Sent;
use actix_web::get;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct Asked {
    /// Only the counties of this prefecture.
    #[param(example = "5134", pattern = "^[0-9]{4}$")]
    prefecture: Option<String>,
    /// Only this county.
    #[param(example = "513430", pattern = "^[0-9]{6}$")]
    county: Option<String>,
    /// As the server had it at this moment; now, when left out.
    #[param(example = "2015-04-20T18:00:00.000+08:00")]
    as_of: Option<String>,
}

/// The days of teams in counties.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Days {
    /// By day, county and team.
    items: Vec<TeamDay>,
}

/// A team's day in a county.
#[derive(Debug, Serialize, ToSchema)]
struct TeamDay {
    #[schema(value_type = Day)]
    day: String,
    county: String,
    team: Uuid,
    /// Where the caller sees the team.
    name: Option<String>,
    leader: Option<Member>,
    /// Done visits.
    visits: u64,
    /// Those of them whose place lies at one of the county's villages.
    located: u64,
    interviews: u64,
    photos: u64,
    /// Whether the day counts: something shows that somebody was there.
    evidence: bool,
    /// Whether it counts for the leader too: a visit with evidence lists nobody, or lists the leader. `null` where there is
    /// no leader, or the caller does not see the team.
    leader_day: Option<bool>,
    /// Where the visits are.
    #[schema(example = "/v1/visits?campaign=…&bucket=513430&team=…&day=2015-04-16")]
    href: String,
}

/// Lists who was where on which day, and what shows it.
#[utoipa::path(
    operation_id = "readDays",
    tag = "coverage",
    params(("id" = Uuid, Path, description = "The campaign"), Asked),
    responses((status = 200, description = "The days", body = Days), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}/days")]
pub(super) async fn days(
    arrival: Arrival,
    caller: Caller,
    app: Data<App>,
    campaign: Path<Uuid>,
    asked: Query<Asked>,
) -> Result<Answer, Problem> {
    let Asked { prefecture, county, as_of } = asked.into_inner();
    let meant = Counties { prefecture, county };
    let moment = moment(as_of.as_deref(), &meant, arrival.ms())?;
    let of = app.clone();
    let found = app.store.snapshot(move |conn| {
        let ground = Ground::find(conn, &caller, *campaign, &meant)?;
        let reached = reached(conn, &of, &ground, moment)?;
        let sent = sent(conn, &caller, &ground, moment)?;
        let seen = sent.iter().filter_map(|sent| known(&caller, sent));
        let teams: BTreeMap<Uuid, &Sent> = seen.map(|sent| (sent.team, sent)).collect();
        let mut items: Vec<TeamDay> = Vec::new();
        for (county, found) in &reached {
            items.extend(found.days.iter().map(|((team, day), evidence)| {
                let known = teams.get(team);
                let leader = known.and_then(|sent| leader(sent));
                let present = found.present.get(&(*team, day.clone()));
                TeamDay {
                    day: day.clone(),
                    county: county.to_string(),
                    team: *team,
                    name: known.map(|sent| sent.name.clone()),
                    leader_day: leader.as_ref().map(|leader| present.is_some_and(|all| all.may_be(&leader.name))),
                    leader,
                    visits: evidence.visits,
                    located: evidence.located,
                    interviews: evidence.interviews,
                    photos: evidence.photos,
                    evidence: evidence.counts(),
                    href: format!("/v1/visits?campaign={}&bucket={county}&team={team}&day={day}", *campaign),
                }
            }));
        }
        items.sort_by(|a, b| (&a.day, &a.county, a.team).cmp(&(&b.day, &b.county, b.team)));
        Ok::<_, Problem>(Days { items })
    });
    Answer::ok(&found.await?)
}
