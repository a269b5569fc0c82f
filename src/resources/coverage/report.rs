//! The coverage of a campaign, by province, contiguous poor area, prefecture or county.

use super::{Counties, Ground, Level, known, leader, moment, reached, sent};
use crate::app::App;
use crate::caller::Caller;
use crate::http::documented::{NotFound, NotModified, Problems};
use crate::http::time::format_ms;
use crate::http::{Answer, Arrival, Problem, Query};
use crate::insight::coverage::{County, Sums};
use crate::resources::ground::names;
use crate::resources::teams::Member;
use crate::store::coverage::{Sent, draws_in_sight};
use crate::store::{Conn, Role};
use actix_web::get;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use sync_core::Bucket;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct Asked {
    /// One item for each; the caller's own level when left out.
    #[param(inline)]
    level: Option<Level>,
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

/// What a campaign has reached.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::resources) struct Coverage {
    campaign: Uuid,
    level: Level,
    /// The moment that was asked for; `null`: now.
    as_of: Option<String>,
    /// For each leader, in each county.
    min_days_on_site: i32,
    items: Vec<Area>,
    /// The teams that the caller sees.
    teams: Vec<TeamSync>,
}

/// An area: its counties that take part and are in the caller's scope.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoverageArea)]
struct Area {
    /// Of the division; the name of the contiguous poor area.
    #[schema(example = "5134")]
    code: String,
    name: Option<String>,
    counties: CountyCounts,
    /// Counties without a done visit.
    not_reached: Vec<String>,
    #[serde(flatten)]
    sums: Sums,
    leaders: Leaders,
    /// With `level=county`.
    teams: Vec<TeamDays>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
struct CountyCounts {
    all: u64,
    /// Those with a done visit.
    reached: u64,
}

/// Leaders of teams in counties, one for each county; not of mere spot checks, nor where the assignment was closed without
/// any day of the team's.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = LeaderCounts)]
struct Leaders {
    all: u64,
    /// Those with the minimum of days, by `leader_days`.
    enough: u64,
}

/// A team in a county.
#[derive(Debug, Serialize, ToSchema)]
struct TeamDays {
    team: Uuid,
    /// Where the caller sees the team.
    name: Option<String>,
    leader: Option<Member>,
    spot_check: bool,
    /// Different days with evidence of the team.
    days: usize,
    /// Those of them on which a visit with evidence lists nobody, or lists the leader; `null` without a leader.
    leader_days: Option<usize>,
    /// The leader has the minimum of days.
    enough: bool,
}

/// When a team last sent something.
#[derive(Debug, Serialize, ToSchema)]
struct TeamSync {
    team: Uuid,
    name: String,
    /// `null`: never. It is of now, also beside an earlier moment.
    last_sync: Option<String>,
}

/// Tells what a campaign has reached: visits, samples, interviews, households, days on site.
///
/// Sums are of the counties that take part and are in the caller's scope. A day counts with evidence: a visit with its place
/// at one of the county's villages, an interview, or a photo. It is a day of the leader's where a visit with evidence does not
/// list others alone.
#[utoipa::path(
    operation_id = "readCoverage",
    tag = "coverage",
    params(("id" = Uuid, Path, description = "The campaign"), Asked),
    responses((status = 200, description = "What was reached", body = Coverage), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}/coverage")]
pub(super) async fn coverage(
    arrival: Arrival,
    caller: Caller,
    app: Data<App>,
    campaign: Path<Uuid>,
    asked: Query<Asked>,
) -> Result<Answer, Problem> {
    let Asked { level, prefecture, county, as_of } = asked.into_inner();
    let meant = Counties { prefecture, county };
    let moment = moment(as_of.as_deref(), &meant, arrival.ms())?;
    let level = level.unwrap_or(match caller.role {
        Role::Provincial => Level::Province,
        Role::Prefecture => Level::Prefecture,
        Role::Team => Level::County,
    });
    let of = app.clone();
    let found = app.store.snapshot(move |conn| {
        let ground = Ground::find(conn, &caller, *campaign, &meant)?;
        Coverage::read(conn, &of, &caller, &ground, level, moment)
    });
    Answer::ok(&found.await?)
}

impl Coverage {
    /// What was reached of a ground.
    pub(in crate::resources) fn read(
        conn: &mut Conn,
        app: &App,
        caller: &Caller,
        ground: &Ground,
        level: Level,
        moment: Option<i64>,
    ) -> Result<Self, Problem> {
        let campaign = ground.id();
        let seen = draws_in_sight(conn, campaign, &ground.sight)?;
        let names = names(conn, caller)?;
        let reached = reached(conn, app, ground, moment)?;
        let sent = sent(conn, caller, ground, moment)?;
        Ok(Self {
            campaign,
            level,
            as_of: moment.map(format_ms),
            min_days_on_site: ground.campaign.min_days_on_site,
            items: areas((ground, &sent), caller, &reached, level, &seen, &names),
            teams: syncs(&sent, caller),
        })
    }
}

fn areas(
    (ground, sent): (&Ground, &[Sent]),
    caller: &Caller,
    reached: &BTreeMap<Bucket, Arc<County>>,
    level: Level,
    seen: &BTreeSet<Uuid>,
    names: &BTreeMap<String, String>,
) -> Vec<Area> {
    let mut areas: BTreeMap<String, Area> = BTreeMap::new();
    for (code, county) in reached {
        let place = ground.place(*code, level);
        let area = areas.entry(place.clone()).or_insert_with(|| Area {
            name: names.get(&place).cloned(),
            code: place,
            counties: CountyCounts::default(),
            not_reached: Vec::new(),
            sums: Sums::default(),
            leaders: Leaders::default(),
            teams: Vec::new(),
        });
        area.counties.all += 1;
        if county.is_reached() {
            area.counties.reached += 1;
        } else {
            area.not_reached.push(code.to_string());
        }
        area.sums.add(county, |draw| seen.contains(draw));
        for sent in sent.iter().filter(|sent| sent.county == *code) {
            let days = county.days_of(sent.team);
            let leader_days = leader(sent).map(|leader| county.leader_days_of(sent.team, &leader.name));
            let minimum = usize::try_from(ground.campaign.min_days_on_site).unwrap_or_default();
            let enough = leader_days.is_some_and(|days| days >= minimum);
            if !sent.spot_check && leader_days.is_some() && (sent.open || days > 0) {
                area.leaders.all += 1;
                area.leaders.enough += u64::from(enough);
            }
            if level == Level::County {
                let known = known(caller, sent);
                let (name, leader) = (known.map(|sent| sent.name.clone()), known.and_then(leader));
                let spot_check = sent.spot_check;
                area.teams.push(TeamDays { team: sent.team, name, leader, spot_check, days, leader_days, enough });
            }
        }
    }
    areas.into_values().collect()
}

fn syncs(sent: &[Sent], caller: &Caller) -> Vec<TeamSync> {
    let teams: BTreeMap<Uuid, &Sent> =
        sent.iter().filter_map(|sent| known(caller, sent)).map(|sent| (sent.team, sent)).collect();
    let sync = |sent: &&Sent| TeamSync {
        team: sent.team,
        name: sent.name.clone(),
        last_sync: sent.last_sync.map(|at| format_ms(at.ms())),
    };
    teams.values().map(sync).collect()
}
