//! From the places of draws to a [`Sample`]: which of them were reached, and with what chance each was drawn.

use super::sample::{Chance, Primary, Sample, Stratum, Unit};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// A unit that holds a place of a draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub county: u32,
    pub draw: Uuid,
    /// The draw of the villages whose households these are.
    pub first_stage: Option<Uuid>,
    pub id: Uuid,
    /// A village's code, a household's id.
    pub unit: String,
    pub stratum: String,
    /// In its draw; given the village, in a second stage.
    pub probability: f64,
    /// Over both stages.
    pub overall: f64,
}

/// A sample of those places that were reached, and each one's place in it. `places` are those of the draws that count;
/// `villages` those of the draws that are their first stages.
pub fn frame(places: &[Place], villages: &[Place], reached: &BTreeSet<Uuid>) -> (Sample, HashMap<Uuid, usize>) {
    let first: HashMap<(Uuid, &str), &Place> =
        villages.iter().map(|place| ((place.draw, place.unit.as_str()), place)).collect();
    // Several draws of one county each stand for all of it.
    let mut draws: BTreeMap<u32, BTreeSet<Uuid>> = BTreeMap::new();
    for place in places.iter().filter(|place| reached.contains(&place.id)) {
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
                let village = first.get(&(villages, place.stratum.as_str()));
                let stratum = village.map_or("", |village| village.stratum.as_str());
                let primary = build.village(place, stratum, chance(place.overall / place.probability));
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
    by_stratum: HashMap<(Uuid, String), u32>,
    by_village: HashMap<(Uuid, String), u32>,
    groups: HashMap<Uuid, u32>,
}

impl Build {
    fn stratum(&mut self, draw: Uuid, name: &str) -> u32 {
        let next_group = self.groups.len() as u32;
        let group = *self.groups.entry(draw).or_insert(next_group);
        let next = self.strata.len() as u32;
        let place = *self.by_stratum.entry((draw, name.to_owned())).or_insert(next);
        if place == next {
            self.strata.push(Stratum { group, drawn: 0 });
        }
        place
    }

    /// The village of a household, as a primary unit; new ones count in their stratum.
    fn village(&mut self, household: &Place, stratum: &str, chance: Chance) -> u32 {
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
