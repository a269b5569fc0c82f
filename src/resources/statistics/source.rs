//! What statistics of a campaign are read from: each county's interviews and samples as they are kept, in the snapshot of
//! one transaction.

use crate::app::App;
use crate::fields::{ColumnKind, columns};
use crate::insight::interviews::{Interview, Interviews, Unit};
use crate::insight::kept::Versions;
use crate::insight::statistics::{Counts, Observation, Places, Sample, frame};
use crate::resources::ground::Ground;
use crate::store::statistics;
use crate::store::{Conn, StoreError, coverage};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use sync_core::{Bucket, Collection};
use uuid::Uuid;

/// One unit's answer.
pub(super) struct Said {
    pub(super) county: Bucket,
    pub(super) observation: Observation,
    /// What the register says.
    pub(super) register: Value,
}

/// The interviews and samples of all questions.
pub(super) struct Interviewed {
    interviews: BTreeMap<Bucket, Arc<Interviews>>,
    places: BTreeMap<Bucket, Arc<Places>>,
    seen: BTreeSet<Uuid>,
    /// By interview, the column of the households that is asked for beside the answers.
    register: HashMap<(Bucket, Uuid), Value>,
}

impl Interviewed {
    /// The interviews of the counties, with the samples that the caller sees.
    pub(super) fn read(
        conn: &mut Conn,
        app: &App,
        ground: &Ground,
        register: Option<&'static str>,
    ) -> Result<Self, StoreError> {
        let campaign = ground.id();
        let key = |county| (campaign, county);
        let versions = ground.versions(conn)?;
        let interviews = app
            .worked
            .interviews
            .get(&versions, key, |missing, each| statistics::interviews(conn, campaign, missing, each))?;
        // Samples do not move with records.
        let drawn: Versions = versions.iter().map(|(county, (_, draws))| (*county, (0, *draws))).collect();
        let places =
            app.worked.places.get(&drawn, key, |missing, each| statistics::places(conn, campaign, missing, each))?;
        let seen = coverage::draws_in_sight(conn, campaign, &ground.sight)?;
        let register = match register {
            Some(column) => statistics::beside(conn, &ground.counties, column)?
                .into_iter()
                .map(|(interview, text)| (interview, stored(column, Some(&text))))
                .collect(),
            None => HashMap::new(),
        };
        Ok(Self { interviews, places, seen, register })
    }

    /// The forms by which a question was answered.
    pub(super) fn answered_by(&self, question: &str) -> BTreeSet<String> {
        self.interviews.values().flat_map(|interviews| interviews.forms_of(question)).map(str::to_owned).collect()
    }

    /// The interview of each unit that counts, of those by these forms: one for the sample before others, else the earliest.
    pub(super) fn units(&self, level: &'static str, forms: &BTreeSet<String>) -> Units<'_> {
        let is_meant = |interview: &Interview| *interview.level == *level && forms.contains(&*interview.form);
        let of = |level: &'static str| {
            let all = self.places.values().flat_map(|places| &places.0);
            all.filter(move |place| *place.level == *level && self.seen.contains(&place.draw))
        };
        let drawn: HashMap<(u32, Uuid), &str> =
            of(level).map(|place| ((place.county, place.id), &*place.unit)).collect();
        // A place is its unit's alone, so that nothing is weighed twice.
        let slot = |county: Bucket, interview: &Interview| {
            interview.slot.filter(|slot| drawn.get(&(county.code(), *slot)).is_some_and(|unit| interview.unit.is(unit)))
        };
        let mut chosen: Vec<(Bucket, &Interviews, usize)> = Vec::new();
        let mut slots: Vec<Option<Uuid>> = Vec::new();
        for (county, interviews) in &self.interviews {
            let mut units: HashMap<&Unit, usize> = HashMap::new();
            for (i, interview) in interviews.all().iter().enumerate().filter(|(_, interview)| is_meant(interview)) {
                let at = *units.entry(&interview.unit).or_insert(chosen.len());
                let slot = slot(*county, interview);
                if at == chosen.len() {
                    chosen.push((*county, interviews, i));
                    slots.push(slot);
                } else if slots[at].is_none() && slot.is_some() {
                    // What was asked for the sample stands for the unit, whoever called before.
                    (chosen[at], slots[at]) = ((*county, &**interviews, i), slot);
                }
            }
        }
        let reached: HashSet<Uuid> = slots.iter().copied().flatten().collect();
        let (sample, at) = frame(of(level), of("village"), &reached);
        let places = of(level).count() as u64;
        let at = slots.into_iter().map(|slot| at.get(&slot?).copied()).collect();
        Units { chosen, at, sample, places, register: &self.register }
    }
}

/// The interviews that count, of one level.
pub(super) struct Units<'a> {
    /// Each as a place among its county's.
    chosen: Vec<(Bucket, &'a Interviews, usize)>,
    /// Where each belongs in the sample.
    at: Vec<Option<usize>>,
    sample: Sample,
    places: u64,
    register: &'a HashMap<(Bucket, Uuid), Value>,
}

impl Units<'_> {
    /// What each says to a question.
    pub(super) fn answers(&self, question: &str) -> Vec<Said> {
        let said = self.chosen.iter().zip(&self.at).map(|((county, interviews, i), at)| {
            let (interview, value) = (&interviews.all()[*i], interviews.answer(*i, question));
            let register = self.register.get(&(*county, interview.id)).cloned().unwrap_or_default();
            Said { county: *county, observation: Observation { unit: *at, value: value.clone() }, register }
        });
        said.collect()
    }

    /// `None` where nobody of a sample was reached.
    pub(super) fn sample(&self) -> Option<&Sample> {
        Some(&self.sample).filter(|sample| !sample.is_empty())
    }

    /// The places of the samples of this level, and how many of them were reached.
    pub(super) fn reach(&self) -> (u64, u64) {
        (self.places, self.sample.len() as u64)
    }
}

/// How often each value stands in a field of the counties' households.
pub(super) fn register(
    conn: &mut Conn,
    app: &App,
    ground: &Ground,
    column: &'static str,
) -> Result<BTreeMap<Bucket, Arc<Counts>>, StoreError> {
    let versions = ground.versions(conn)?;
    app.worked.register.get(
        &versions,
        |county| (column, county),
        |missing, each| {
            let mut all: BTreeMap<Bucket, Counts> = missing.iter().map(|county| (*county, Counts::default())).collect();
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

/// A column of the register, if what it holds can be counted.
pub(super) fn countable(name: &str) -> Option<(&'static str, ColumnKind)> {
    let column = columns(Collection::Households).iter().find(|column| column.name == name)?;
    let countable = matches!(
        column.kind,
        ColumnKind::Choice(_)
            | ColumnKind::Choices(_)
            | ColumnKind::Int
            | ColumnKind::Real
            | ColumnKind::Bool
            | ColumnKind::Village
    );
    (countable && !["lat", "lon"].contains(&name)).then_some((&*column.name, column.kind))
}

/// A column's value, from the text that the database makes of it.
fn stored(column: &str, text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    match countable(column) {
        Some((_, ColumnKind::Choices(_))) => text.split_whitespace().collect(),
        Some((_, ColumnKind::Bool)) => Value::Bool(["true", "1"].contains(&text)),
        Some((_, ColumnKind::Int)) => text.parse::<i64>().map_or(Value::Null, Value::from),
        Some((_, ColumnKind::Real)) => text.parse::<f64>().map_or(Value::Null, Value::from),
        _ => text.into(),
    }
}
