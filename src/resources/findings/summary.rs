//! `/v1/campaigns/{id}/findings`: how many findings there are, of what, and what is said most.

use crate::app::App;
use crate::caller::Caller;
use crate::http::documented::{NotFound, NotModified, Problems};
use crate::http::{Answer, Problem, Query};
use crate::resources::ground::{Counties, Ground, Level, names};
use crate::store::Conn;
use crate::store::findings::{self, Alike, Told};
use actix_web::get;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Titles, and findings of a kind, that are told.
const MOST: i64 = 10;

#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct Asked {
    /// One item for each; the province when left out.
    #[param(inline)]
    level: Option<Level>,
    /// Only the counties of this prefecture.
    #[param(example = "5134", pattern = "^[0-9]{4}$")]
    prefecture: Option<String>,
    /// Only this county.
    #[param(example = "513430", pattern = "^[0-9]{6}$")]
    county: Option<String>,
}

/// What was found in a campaign. Rejected findings are counted among the states alone.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::resources) struct FindingsSummary {
    campaign: Uuid,
    level: Level,
    items: Vec<AreaFindings>,
    /// The titles that problems and difficulties have most often, of all counties that are meant.
    frequent: Vec<FrequentTitle>,
    /// The latest.
    good_practices: Vec<ToldFinding>,
    suggestions: Vec<ToldFinding>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
struct AreaFindings {
    /// Of the division; the name of the contiguous poor area.
    #[schema(example = "5134")]
    code: String,
    name: Option<String>,
    /// Problems and difficulties; without a kind it is a problem.
    problems: u64,
    good_practices: u64,
    suggestions: u64,
    /// Problems and difficulties due before today (in China), neither closed nor rejected.
    overdue: u64,
    /// All kinds by their states.
    states: BTreeMap<String, u64>,
    /// Problems and difficulties by topic.
    topics: BTreeMap<String, TopicFindings>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
struct TopicFindings {
    all: u64,
    high: u64,
    medium: u64,
    /// Also those that do not say how severe they are.
    low: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct FrequentTitle {
    topic: String,
    title: String,
    count: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct ToldFinding {
    county: String,
    county_name: Option<String>,
    id: Uuid,
    topic: String,
    title: String,
}

impl AreaFindings {
    fn add(&mut self, alike: &Alike) {
        let count = alike.count;
        let state = alike.state.clone().unwrap_or_else(|| "open".into());
        let rejected = state == "rejected";
        *self.states.entry(state).or_default() += count;
        if rejected {
            return;
        }
        match alike.kind.as_deref() {
            Some("good_practice") => self.good_practices += count,
            Some("suggestion") => self.suggestions += count,
            _ => {
                self.problems += count;
                self.overdue += alike.overdue;
                let topic = self.topics.entry(alike.topic.clone()).or_default();
                topic.all += count;
                match alike.severity.as_deref() {
                    Some("high") => topic.high += count,
                    Some("medium") => topic.medium += count,
                    _ => topic.low += count,
                }
            }
        }
    }
}

/// Sums a campaign's findings up, by province, contiguous poor area, prefecture or county.
///
/// A finding belongs to its visit's campaign; one without a visit, to every campaign of its county.
#[utoipa::path(
    operation_id = "summarizeFindings",
    tag = "findings",
    params(("id" = Uuid, Path, description = "The campaign"), Asked),
    responses((status = 200, description = "What was found", body = FindingsSummary), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}/findings")]
pub(super) async fn summary(
    caller: Caller,
    app: Data<App>,
    campaign: Path<Uuid>,
    asked: Query<Asked>,
) -> Result<Answer, Problem> {
    let Asked { level, prefecture, county } = asked.into_inner();
    let meant = Counties { prefecture, county }.checked()?;
    let level = level.unwrap_or(Level::Province);
    let found = app.store.snapshot(move |conn| {
        let ground = Ground::find(conn, &caller, *campaign, &meant)?;
        FindingsSummary::read(conn, &caller, &ground, level)
    });
    Answer::ok(&found.await?)
}

impl FindingsSummary {
    pub(in crate::resources) fn read(
        conn: &mut Conn,
        caller: &Caller,
        ground: &Ground,
        level: Level,
    ) -> Result<Self, Problem> {
        let names = names(conn, caller)?;
        let (campaign, scope) = (ground.id(), ground.scope());
        let mut areas: BTreeMap<String, AreaFindings> = BTreeMap::new();
        for county in &ground.counties {
            let code = ground.place(*county, level);
            let name = names.get(&code).cloned();
            let empty = || AreaFindings { code: code.clone(), name, ..AreaFindings::default() };
            areas.entry(code.clone()).or_insert_with(empty);
        }
        for alike in findings::counts(conn, campaign, &scope)? {
            areas.entry(ground.place(alike.county, level)).or_default().add(&alike);
        }
        let frequent = findings::frequent(conn, campaign, &scope, MOST)?.into_iter();
        let told = |told: Told| {
            let county = told.county.to_string();
            let county_name = names.get(&county).cloned();
            ToldFinding { county, county_name, id: told.id, topic: told.topic, title: told.title }
        };
        let mut latest = |kind| findings::latest(conn, campaign, &scope, kind, MOST);
        let (good_practices, suggestions) = (latest("good_practice")?, latest("suggestion")?);
        Ok(Self {
            campaign,
            level,
            items: areas.into_values().collect(),
            frequent: frequent.map(|(topic, title, count)| FrequentTitle { topic, title, count }).collect(),
            good_practices: good_practices.into_iter().map(told).collect(),
            suggestions: suggestions.into_iter().map(told).collect(),
        })
    }
}
