//! Who was where on which day, with the evidence.

use super::{Ground, Where, known};
use crate::app::App;
use crate::caller::Caller;
use crate::http::documented::{NotFound, NotModified, Problems};
use crate::http::time::Day;
use crate::http::{Answer, Arrival, Problem, Query};
use crate::resources::teams::Member;
use crate::store::coverage::Sent;
use actix_web::get;
use actix_web::web::{Data, Path};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

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
    /// Where the visits are.
    #[schema(example = "/v1/visits?campaign=…&bucket=513430&team=…&day=2015-04-16")]
    href: String,
}

/// Lists who was where on which day, and what shows it.
#[utoipa::path(
    operation_id = "readDays",
    tag = "coverage",
    params(("id" = Uuid, Path, description = "The campaign"), Where),
    responses((status = 200, description = "The days", body = Days), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}/days")]
pub(super) async fn days(
    arrival: Arrival,
    caller: Caller,
    app: Data<App>,
    campaign: Path<Uuid>,
    place: Query<Where>,
) -> Result<Answer, Problem> {
    let place = place.into_inner();
    let moment = place.moment(arrival.ms())?;
    let of = app.clone();
    let found = app.store.snapshot(move |conn| {
        let ground = Ground::find(conn, &caller, *campaign, &place)?;
        let reached = ground.reached(conn, &of, moment)?;
        let seen = ground.sent.iter().filter_map(|sent| known(&caller, sent));
        let teams: BTreeMap<Uuid, &Sent> = seen.map(|sent| (sent.team, sent)).collect();
        let mut items: Vec<TeamDay> = Vec::new();
        for (county, found) in &reached {
            items.extend(found.days.iter().map(|((team, day), evidence)| {
                let known = teams.get(team);
                TeamDay {
                    day: day.clone(),
                    county: county.to_string(),
                    team: *team,
                    name: known.map(|sent| sent.name.clone()),
                    leader: known.and_then(|sent| serde_json::from_str(sent.leader.as_deref()?).ok()),
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
