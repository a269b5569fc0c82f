//! The sample plan of a campaign: how its draws are made where they do not say otherwise.

use super::document::{Sizes, Source, Strata};
use super::select::{Method, Places};
use crate::fields::{Fault, FieldError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const PLACES_MOST: u32 = 10_000;
pub const SUBSTITUTES_MOST: u32 = 1_000;
/// Statuses of households that can be drawn; who was removed from the register cannot.
pub const STATUSES: [&str; 3] = ["poor", "lifted", "returned"];

/// How villages of a county are drawn, and then households of the drawn villages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SamplePlan {
    pub villages: VillageStage,
    pub households: HouseholdStage,
}

/// Five villages of a county with probability proportional to their registered households, where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VillageStage {
    pub source: Source,
    pub method: Method,
    /// With `pps`, what a village's size is; `registered` when left out.
    pub sizes: Option<Sizes>,
    /// `county` or `township`.
    pub strata: Strata,
    pub places: Places,
    /// Substitutes for each stratum.
    pub substitutes: u32,
}

impl Default for VillageStage {
    fn default() -> Self {
        Self {
            source: Source::Divisions,
            method: Method::Pps,
            sizes: None,
            strata: Strata::County,
            places: Places::Total(5),
            substitutes: 5,
        }
    }
}

/// Ten households of each drawn village, all equally likely, where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HouseholdStage {
    /// Those of these statuses alone: `poor`, `lifted`, `returned`; all that are registered when null.
    pub statuses: Option<Vec<String>>,
    pub places: Places,
    /// Substitutes for each stratum.
    pub substitutes: u32,
}

impl Default for HouseholdStage {
    fn default() -> Self {
        Self { statuses: None, places: Places::PerStratum(10), substitutes: 5 }
    }
}

impl SamplePlan {
    /// With what follows from the rest written out.
    #[must_use]
    pub fn complete(mut self) -> Self {
        if self.villages.method == Method::Pps {
            self.villages.sizes.get_or_insert(Sizes::Registered);
        }
        self
    }

    /// What does not fit together, relative to the plan.
    pub fn faults(&self) -> Vec<FieldError> {
        let Self { villages, households } = self;
        let mut faults = Vec::new();
        for (pointer, misplaced) in [
            ("/villages/source", villages.source == Source::Households),
            ("/villages/sizes", villages.method == Method::Srs && villages.sizes.is_some()),
            ("/villages/strata", villages.strata == Strata::Village),
        ] {
            if misplaced {
                faults.push(FieldError::new(pointer, Fault::NotApplicable));
            }
        }
        for (stage, places, substitutes) in [
            ("/villages", villages.places, villages.substitutes),
            ("/households", households.places, households.substitutes),
        ] {
            faults.extend(amounts(places, substitutes).into_iter().map(|fault| fault.under(stage)));
        }
        let statuses = wrong_statuses(households.statuses.as_deref());
        faults.extend(statuses.into_iter().map(|fault| fault.under("/households")));
        faults
    }
}

/// `places` and `substitutes` beyond their bounds.
pub fn amounts(places: Places, substitutes: u32) -> Vec<FieldError> {
    let (pointer, number) = match places {
        Places::Total(number) => ("/places/total", number),
        Places::PerStratum(number) => ("/places/per_stratum", number),
    };
    let bounded = [(pointer, number, 1, PLACES_MOST), ("/substitutes", substitutes, 0, SUBSTITUTES_MOST)];
    let outside = bounded.into_iter().filter(|(_, number, min, max)| !(min..=max).contains(&number));
    let fault = |min: u32, max: u32| Fault::OutOfRange { min: min.into(), max: max.into() };
    outside.map(|(pointer, _, min, max)| FieldError::new(pointer, fault(min, max))).collect()
}

/// `statuses` that nothing can be drawn by.
pub fn wrong_statuses(statuses: Option<&[String]>) -> Vec<FieldError> {
    let wrong = statuses.into_iter().flatten().enumerate().filter(|(_, status)| !STATUSES.contains(&status.as_str()));
    let allowed = || STATUSES.map(Into::into).into();
    wrong.map(|(i, _)| FieldError::new(format!("/statuses/{i}"), Fault::NotInList { allowed: allowed() })).collect()
}
