//! What is asked of a new campaign, or of a change of one.

use super::counties::{self, Given};
use crate::fields::{Fault, Topic, VisitMethod};
use crate::http::checks::Checks;
use crate::http::time::Day;
use crate::insight::sampling::SamplePlan;
use crate::resources::Patch;
use crate::store::campaign_counties::County;
use crate::store::campaigns::Campaign as Row;
use crate::store::{Conn, JsonText, StoreError};
use serde::Deserialize;
use std::collections::BTreeSet;
use sync_core::Scope;
use utoipa::ToSchema;

const DAYS_MOST: i32 = 366;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCampaign {
    pub(super) name: String,
    pub(super) from: Day,
    /// The last day.
    pub(super) to: Day,
    /// How many days each leader has to be on site at least; 2 when left out.
    #[schema(minimum = 1, maximum = 366)]
    min_days_on_site: Option<i32>,
    /// Every county of the province, led by its prefecture, when left out.
    counties: Option<Vec<Given>>,
    sample_plan: Option<SamplePlan>,
    /// All five when left out.
    topics: Option<Vec<Topic>>,
    /// All six when left out.
    methods: Option<Vec<VisitMethod>>,
}

/// What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CampaignChange {
    name: Option<String>,
    from: Option<Day>,
    to: Option<Day>,
    #[schema(minimum = 1, maximum = 366)]
    min_days_on_site: Option<i32>,
    /// All of them: who is not named takes part no more. `null`: every county of the province.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Given>>)]
    counties: Patch<Vec<Given>>,
    sample_plan: Option<SamplePlan>,
    topics: Option<Vec<Topic>>,
    methods: Option<Vec<VisitMethod>>,
}

impl From<NewCampaign> for CampaignChange {
    fn from(new: NewCampaign) -> Self {
        Self {
            name: Some(new.name),
            from: Some(new.from),
            to: Some(new.to),
            min_days_on_site: new.min_days_on_site,
            counties: new.counties.map_or(Patch::Clear, Patch::Set),
            sample_plan: Some(new.sample_plan.unwrap_or_default()),
            topics: Some(new.topics.unwrap_or_else(|| Topic::ALL.into())),
            methods: Some(new.methods.unwrap_or_else(|| VisitMethod::ALL.into())),
        }
    }
}

impl CampaignChange {
    /// The counties as they will be: the given ones, or `now`.
    pub(super) fn counties(
        &self,
        conn: &mut Conn,
        scope: &Scope,
        now: &[County],
        checks: &mut Checks,
    ) -> Result<Vec<County>, StoreError> {
        match &self.counties {
            Patch::Keep => Ok(now.to_vec()),
            Patch::Clear => counties::all(conn, scope),
            Patch::Set(given) => counties::read(conn, given, scope, checks),
        }
    }

    /// The campaign as it will be.
    pub(super) fn apply(self, before: Row, checks: &mut Checks) -> Row {
        let row = Row {
            name: self.name.unwrap_or(before.name),
            from: self.from.map_or(before.from, Into::into),
            to: self.to.map_or(before.to, Into::into),
            min_days_on_site: self.min_days_on_site.unwrap_or(before.min_days_on_site),
            every_county: match self.counties {
                Patch::Keep => before.every_county,
                Patch::Clear => true,
                Patch::Set(_) => false,
            },
            topics: self.topics.map(|topics| JsonText::of(&in_order(topics, "/topics", checks))).or(before.topics),
            methods: self
                .methods
                .map(|methods| JsonText::of(&in_order(methods, "/methods", checks)))
                .or(before.methods),
            sample_plan: self.sample_plan.map(|plan| JsonText::of(&complete(plan, checks))).or(before.sample_plan),
            ..before
        };
        checks.name("/name", &row.name, Row::NAME_MAX);
        checks.period(row.from, row.to);
        if !(1..=DAYS_MOST).contains(&row.min_days_on_site) {
            checks.fault("/min_days_on_site", Fault::OutOfRange { min: 1.0, max: DAYS_MOST.into() });
        }
        row
    }
}

fn complete(plan: SamplePlan, checks: &mut Checks) -> SamplePlan {
    let plan = plan.complete();
    checks.extend(plan.faults().into_iter().map(|fault| fault.under("/sample_plan")));
    plan
}

/// In the order of the table; at least one, each once.
fn in_order<T: Copy + Ord>(terms: Vec<T>, pointer: &str, checks: &mut Checks) -> Vec<T> {
    if terms.is_empty() {
        checks.fault(pointer, Fault::Required);
    }
    let mut known = BTreeSet::new();
    for (i, term) in terms.into_iter().enumerate() {
        if !known.insert(term) {
            checks.fault(&format!("{pointer}/{i}"), Fault::DuplicateField);
        }
    }
    known.into_iter().collect()
}
