//! What statistics of a campaign are read from: each county's interviews and samples as they are kept, in the snapshot of
//! one transaction.

use crate::app::App;
use crate::caller::{Caller, not_found};
use crate::fields::{ColumnKind, columns};
use crate::http::Problem;
use crate::insight::interviews::{Interview, Interviews, Unit};
use crate::insight::kept::Versions;
use crate::insight::statistics::{Counts, Observation, Places, Sample, frame};
use crate::store::draws::Sight;
use crate::store::{Conn, Instant, Role, StoreError, campaign_counties, campaigns, coverage, statistics};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use sync_core::{Bucket, Collection, Scope};
use uuid::Uuid;

/// A campaign's counties that are meant and in scope.
pub(in crate::resources) struct Source {
    campaign: Uuid,
    /// With the contiguous poor area that each lies in.
    pub(super) areas: BTreeMap<Bucket, Option<String>>,
    counties: BTreeSet<Bucket>,
    versions: Versions,
    sight: Sight,
}

/// Which answers are meant.
#[derive(Debug, Clone)]
pub(in crate::resources) struct Question {
    pub(in crate::resources) key: String,
    /// Of the interviews.
    pub(in crate::resources) level: &'static str,
    pub(in crate::resources) form: Option<String>,
}

/// What was answered, and the sample that it belongs to.
pub(in crate::resources) struct Answers {
    pub(super) said: Vec<Said>,
    pub(super) sample: Option<Sample>,
    /// Of the sample, and how many of them were reached.
    pub(super) places: u64,
    pub(super) reached: u64,
}

/// One unit's answer.
pub(super) struct Said {
    pub(super) county: Bucket,
    pub(super) observation: Observation,
    /// What the register says.
    pub(super) register: Value,
}

/// The interviews and samples of all questions.
pub(in crate::resources) struct Interviewed {
    interviews: BTreeMap<Bucket, Arc<Interviews>>,
    places: BTreeMap<Bucket, Arc<Places>>,
    seen: BTreeSet<Uuid>,
    /// By interview, the column of the households that is asked for beside the answers.
    register: HashMap<(Bucket, Uuid), Value>,
}

impl Source {
    /// 404 unless the campaign is one of the caller's province.
    pub(in crate::resources) fn find(
        conn: &mut Conn,
        caller: &Caller,
        campaign: Uuid,
        wanted: impl Fn(Bucket) -> bool,
    ) -> Result<Self, Problem> {
        campaigns::find(conn, campaign, caller.region.province())?.ok_or_else(not_found)?;
        let counties = campaign_counties::of(conn, [campaign], caller.scope())?.remove(&campaign).unwrap_or_default();
        let areas: BTreeMap<Bucket, Option<String>> =
            counties.into_iter().filter(|county| wanted(county.bucket)).map(|c| (c.bucket, c.area)).collect();
        let counties: BTreeSet<Bucket> = areas.keys().copied().collect();
        let scope = Scope::Counties(counties.clone());
        let sight = match caller.role {
            Role::Provincial => Sight::whole(&scope),
            Role::Prefecture | Role::Team => Sight::at(&scope, Instant::now()),
        };
        let versions = coverage::versions(conn, campaign, &counties)?;
        Ok(Self { campaign, areas, counties, versions, sight })
    }

    /// The interviews of the counties, with the samples that the caller sees.
    pub(in crate::resources) fn interviewed(
        &self,
        conn: &mut Conn,
        app: &App,
        register: Option<&'static str>,
    ) -> Result<Interviewed, StoreError> {
        let campaign = self.campaign;
        let key = |county| (campaign, county);
        let interviews = app
            .worked
            .interviews
            .get(&self.versions, key, |missing, each| statistics::interviews(conn, campaign, missing, each))?;
        // Samples do not move with records.
        let drawn: Versions = self.versions.iter().map(|(county, (_, draws))| (*county, (0, *draws))).collect();
        let places =
            app.worked.places.get(&drawn, key, |missing, each| statistics::places(conn, campaign, missing, each))?;
        let seen = coverage::draws_in_sight(conn, campaign, &self.sight)?;
        let register = match register {
            Some(column) => statistics::beside(conn, &self.counties, column)?
                .into_iter()
                .map(|(interview, text)| (interview, stored(column, Some(&text))))
                .collect(),
            None => HashMap::new(),
        };
        Ok(Interviewed { interviews, places, seen, register })
    }

    /// How often each value stands in a column of the counties' households.
    pub(in crate::resources) fn register(
        &self,
        conn: &mut Conn,
        app: &App,
        column: &'static str,
    ) -> Result<BTreeMap<Bucket, Arc<Counts>>, StoreError> {
        app.worked.register.get(
            &self.versions,
            |county| (column, county),
            |missing, each| {
                let mut all: BTreeMap<Bucket, Counts> =
                    missing.iter().map(|county| (*county, Counts::default())).collect();
                for (county, text, count) in statistics::register(conn, missing, column)? {
                    all.entry(county).or_default().add(stored(column, text.as_deref()), count);
                }
                for (county, counts) in all {
                    each(county, counts);
                }
                Ok(())
            },
        )
    }
}

impl Interviewed {
    /// The earliest answer of each unit, one for the sample before others, with its place in the sample.
    pub(in crate::resources) fn answers(&self, question: &Question) -> Answers {
        let is_meant = |interview: &Interview| {
            *interview.level == *question.level && question.form.as_ref().is_none_or(|form| *form == *interview.form)
        };
        let mut first: Vec<(Bucket, &Interview, &Value)> = Vec::new();
        for (county, interviews) in &self.interviews {
            let mut units: HashMap<&Unit, usize> = HashMap::new();
            for (interview, value) in interviews.answers(&question.key).filter(|(interview, _)| is_meant(interview)) {
                let at = *units.entry(&interview.unit).or_insert(first.len());
                match first.get_mut(at) {
                    None => first.push((*county, interview, value)),
                    // What was asked for the sample stands for the unit, whoever called before.
                    Some(one) if one.1.slot.is_none() && interview.slot.is_some() => *one = (*county, interview, value),
                    Some(_) => {}
                }
            }
        }
        let of = |level: &'static str| {
            let all = self.places.values().flat_map(|places| &places.0);
            all.filter(move |place| *place.level == *level && self.seen.contains(&place.draw))
        };
        let reached: HashSet<Uuid> = first.iter().filter_map(|(_, interview, _)| interview.slot).collect();
        let (sample, at) = frame(of(question.level), of("village"), &reached);
        let said = first.into_iter().map(|(county, interview, value)| {
            let unit = interview.slot.and_then(|slot| at.get(&slot).copied());
            let register = self.register.get(&(county, interview.id)).cloned().unwrap_or_default();
            Said { county, observation: Observation { unit, value: value.clone() }, register }
        });
        let (said, reached) = (said.collect(), sample.len() as u64);
        let places = of(question.level).count() as u64;
        Answers { said, places, reached, sample: (!sample.is_empty()).then_some(sample) }
    }
}

/// A column of the register, if what it holds can be counted.
pub(in crate::resources) fn countable(name: &str) -> Option<(&'static str, ColumnKind)> {
    let column = columns(Collection::Households).iter().find(|column| column.name == name)?;
    let countable = matches!(
        column.kind,
        ColumnKind::Choice(_) | ColumnKind::Int | ColumnKind::Real | ColumnKind::Bool | ColumnKind::Village
    );
    (countable && !["lat", "lon"].contains(&name)).then_some((&*column.name, column.kind))
}

/// A column's value, from the text that the database makes of it.
fn stored(column: &str, text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    match countable(column) {
        Some((_, ColumnKind::Bool)) => Value::Bool(["true", "1"].contains(&text)),
        Some((_, ColumnKind::Int)) => text.parse::<i64>().map_or(Value::Null, Value::from),
        Some((_, ColumnKind::Real)) => text.parse::<f64>().map_or(Value::Null, Value::from),
        _ => text.into(),
    }
}
