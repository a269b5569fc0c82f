//! What is told of a group: all counties, or those of a prefecture or an area.

use super::source::{Said, Units};
use crate::insight::statistics::{Counts, Observation, Sample, Summary, summarize, tally};
use crate::resources::ground::{Ground, Level};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use sync_core::Bucket;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsGroup)]
pub(super) struct Group {
    /// Of the county or prefecture; the name of the contiguous poor area; `null` for the whole.
    code: Option<String>,
    name: Option<String>,
    #[serde(flatten)]
    summary: Summary,
    /// With `register`: the answers against the register.
    register: Option<Compared>,
}

/// Answers against what the register says of the same households.
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegisterComparison)]
struct Compared {
    /// Households with both.
    compared: u64,
    agreed: u64,
    /// What the register says of them.
    register: Summary,
    /// Of numbers: the answer less the register's.
    difference: Option<Summary>,
}

/// How counties make groups.
pub(super) struct Grouping<'a> {
    /// `None`: the whole alone.
    pub(super) by: Option<Level>,
    pub(super) ground: &'a Ground,
    /// By code.
    pub(super) names: &'a BTreeMap<String, String>,
}

impl Grouping<'_> {
    fn code(&self, county: Bucket) -> Option<String> {
        Some(self.ground.place(county, self.by?))
    }

    fn named(&self, code: Option<String>, summary: Summary, register: Option<Compared>) -> Group {
        Group { name: code.as_ref().and_then(|code| self.names.get(code)).cloned(), code, summary, register }
    }

    /// The whole, and the groups: each that has anything.
    pub(super) fn answers(&self, units: &Units<'_>, question: &str, compares: bool) -> (Group, Vec<Group>) {
        let (sample, all) = (units.sample(), units.answers(question));
        let group = |code: Option<String>, of: &[&Said]| {
            let observations: Vec<_> = of.iter().map(|said| said.observation.clone()).collect();
            self.named(code, summarize(sample, &observations), compares.then(|| compared(sample, of)))
        };
        let mut groups: BTreeMap<String, Vec<&Said>> = BTreeMap::new();
        for said in &all {
            if let Some(code) = self.code(said.county) {
                groups.entry(code).or_default().push(said);
            }
        }
        let whole = group(None, &all.iter().collect::<Vec<_>>());
        (whole, groups.into_iter().map(|(code, of)| group(Some(code), &of)).collect())
    }

    /// The same of the register.
    pub(super) fn register(&self, counties: &BTreeMap<Bucket, Arc<Counts>>) -> (Group, Vec<Group>) {
        let mut groups: BTreeMap<String, Vec<&Counts>> = BTreeMap::new();
        for (county, counts) in counties {
            if let Some(code) = self.code(*county) {
                groups.entry(code).or_default().push(counts);
            }
        }
        let whole = self.named(None, tally(counties.values().map(|counts| &**counts)), None);
        let groups = groups.into_iter().map(|(code, of)| self.named(Some(code), tally(of), None));
        (whole, groups.filter(|group| group.summary.observed + group.summary.missing > 0).collect())
    }
}

fn compared(sample: Option<&Sample>, of: &[&Said]) -> Compared {
    let both = || of.iter().filter(|said| !said.observation.value.is_null() && !said.register.is_null());
    let same = |one: &Value, other: &Value| match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() <= f64::EPSILON * one.abs().max(other.abs()),
        _ => one == other,
    };
    let register: Vec<_> =
        both().map(|said| Observation { unit: said.observation.unit, value: said.register.clone() }).collect();
    let difference = both().map(|said| {
        let value = said.observation.value.as_f64()? - said.register.as_f64()?;
        Some(Observation { unit: said.observation.unit, value: value.into() })
    });
    let difference: Option<Vec<_>> = difference.collect();
    Compared {
        compared: register.len() as u64,
        agreed: both().filter(|said| same(&said.observation.value, &said.register)).count() as u64,
        register: summarize(sample, &register),
        difference: difference.filter(|all| !all.is_empty()).map(|all| summarize(sample, &all)),
    }
}
