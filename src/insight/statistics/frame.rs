//! From the places of draws to a [`Sample`]: which of them were reached, and with what chance each was drawn.

use super::sample::{Chance, Primary, Sample, Stratum, Unit};
use crate::insight::kept::Weigh;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// A unit that holds a place of a draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub county: u32,
    /// `village` or `household`.
    pub level: Arc<str>,
    pub draw: Uuid,
    /// The draw of the villages whose households these are.
    pub first_stage: Option<Uuid>,
    pub id: Uuid,
    /// A village's code, a household's id.
    pub unit: Arc<str>,
    pub stratum: Arc<str>,
    /// In its draw; given the village, in a second stage.
    pub probability: f64,
    /// Over both stages.
    pub overall: f64,
}

/// The places of a county's draws, in the order of draws, strata and places.
#[derive(Debug, Clone, Default)]
pub struct Places(pub Vec<Place>);

impl Weigh for Places {
    fn weight(&self) -> usize {
        self.0.iter().map(|place| size_of::<Place>() + place.unit.len()).sum()
    }
}

/// A sample of those places that were reached, and each one's place in it. `places` are those of the draws that count;
/// `villages` those of the draws that are their first stages.
#[expect(clippy::implicit_hasher, reason = "one kind of set is enough")]
pub fn frame<'a>(
    places: impl IntoIterator<Item = &'a Place> + Clone,
    villages: impl IntoIterator<Item = &'a Place>,
    reached: &HashSet<Uuid>,
) -> (Sample, HashMap<Uuid, usize>) {
    let first: HashMap<(Uuid, &str), &Place> =
        villages.into_iter().map(|place| ((place.draw, &*place.unit), place)).collect();
    // Several draws of one county each stand for all of it.
    let mut draws: BTreeMap<u32, BTreeSet<Uuid>> = BTreeMap::new();
    for place in places.clone().into_iter().filter(|place| reached.contains(&place.id)) {
        draws.entry(place.county).or_default().insert(place.draw);
    }
    let mut build = Build::default();
    let mut at = HashMap::new();
    for place in places {
        let Some(draws) = draws.get(&place.county).filter(|draws| draws.contains(&place.draw)) else { continue };
        let share = draws.len() as f64;
        let chance = |probability: f64| {
            let chance = Chance::of(probability);
            Chance { weight: chance.weight * share, ..chance }
        };
        let (primary, within) = match place.first_stage {
            // Each household is drawn by itself.
            None => {
                let stratum = build.stratum(place.draw, &place.stratum);
                build.strata[stratum as usize].drawn += 1;
                if !reached.contains(&place.id) {
                    continue;
                }
                let primary = Primary { stratum, chance: chance(place.probability), drawn: 1 };
                build.primaries.push(primary);
                (build.primaries.len() as u32 - 1, Chance::CERTAIN)
            }
            Some(villages) => {
                let village = first.get(&(villages, &*place.stratum));
                let stratum = village.map_or_else(|| Arc::from(""), |village| village.stratum.clone());
                let primary = build.village(place, &stratum, chance(place.overall / place.probability));
                build.primaries[primary as usize].drawn += 1;
                if !reached.contains(&place.id) {
                    continue;
                }
                (primary, Chance::of(place.probability))
            }
        };
        at.insert(place.id, build.units.len());
        build.units.push(Unit { primary, chance: within });
    }
    (Sample::new(&build.strata, &build.primaries, &build.units), at)
}

#[derive(Default)]
struct Build {
    strata: Vec<Stratum>,
    primaries: Vec<Primary>,
    units: Vec<Unit>,
    by_stratum: HashMap<(Uuid, Arc<str>), u32>,
    by_village: HashMap<(Uuid, Arc<str>), u32>,
    groups: HashMap<Uuid, u32>,
}

impl Build {
    fn stratum(&mut self, draw: Uuid, name: &Arc<str>) -> u32 {
        let next_group = self.groups.len() as u32;
        let group = *self.groups.entry(draw).or_insert(next_group);
        let next = self.strata.len() as u32;
        let place = *self.by_stratum.entry((draw, name.clone())).or_insert(next);
        if place == next {
            self.strata.push(Stratum { group, drawn: 0 });
        }
        place
    }

    /// The village of a household, as a primary unit; new ones count in their stratum.
    fn village(&mut self, household: &Place, stratum: &Arc<str>, chance: Chance) -> u32 {
        let key = (household.draw, household.stratum.clone());
        if let Some(primary) = self.by_village.get(&key) {
            return *primary;
        }
        let stratum = self.stratum(household.draw, stratum);
        self.strata[stratum as usize].drawn += 1;
        self.primaries.push(Primary { stratum, chance, drawn: 0 });
        let primary = self.primaries.len() as u32 - 1;
        self.by_village.insert(key, primary);
        primary
    }
}
