//! What a campaign has reached: worked out county by county from what was recorded there, and added up over areas
//! (docs/coverage.md). No I/O, no clock.

mod place;

#[cfg(test)]
mod tests;

use super::kept::Weigh;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use utoipa::ToSchema;
use uuid::Uuid;

/// A visit of the campaign.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    pub id: Uuid,
    pub team: Uuid,
    pub method: String,
    pub household: Option<Uuid>,
    /// 12 digits.
    pub village: Option<String>,
    /// `YYYY-MM-DD`
    pub day: String,
    /// Latitude and longitude in WGS-84, unless they are mocked.
    pub place: Option<(f64, f64)>,
    /// Of a drawn unit.
    pub slot: Option<Uuid>,
    /// The names of those who took part; one who has none stands there as an empty text.
    pub participants: Vec<String>,
    /// `planned`, `done` or `void`; done where it does not say.
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Planned,
    Done,
    Void,
}

impl State {
    pub fn parse(name: Option<&str>) -> Self {
        match name {
            Some("planned") => Self::Planned,
            Some("void") => Self::Void,
            _ => Self::Done,
        }
    }
}

/// A unit of a draw that holds a place, or held one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub draw: Uuid,
    /// What visits name.
    pub id: Uuid,
    /// What was drawn: a village's code, a household's id.
    pub unit: String,
    /// It gave its place to another.
    pub replaced: bool,
}

/// What was recorded in one county.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    pub visits: Vec<Visit>,
    /// Visit and level.
    pub interviews: Vec<(Uuid, String)>,
    /// Visits, or interviews' visits, that photos show.
    pub photos: Vec<Uuid>,
    /// Where the county's villages lie.
    pub villages: Vec<(f64, f64)>,
    /// Households that are not removed from the register.
    pub registered: u64,
    /// Those of them that visits name, at least.
    pub on_register: HashSet<Uuid>,
    pub slots: Vec<Slot>,
}

/// Visits by their states.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = VisitCounts)]
pub struct Visits {
    pub planned: u64,
    pub done: u64,
    pub void: u64,
}

/// The places of samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SlotCounts)]
pub struct Slots {
    /// A done visit was to the unit that holds the place, and names it.
    pub done: u64,
    /// None does yet.
    pub open: u64,
    /// Units that gave their place to a substitute.
    pub replaced: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = HouseholdCounts)]
pub struct Households {
    /// Different ones of those registered, by done visits.
    pub visited: u64,
    /// Not removed from the register.
    pub registered: u64,
}

/// What there is of a team's day in a county.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Done visits.
    pub visits: u64,
    /// Those whose place lies at one of the county's villages.
    pub located: u64,
    pub interviews: u64,
    pub photos: u64,
}

impl Evidence {
    /// Whether it shows that somebody was there.
    pub const fn counts(self) -> bool {
        self.located > 0 || self.interviews > 0 || self.photos > 0
    }
}

/// Who was there, by the visits of a team's day that show by themselves that somebody was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Present {
    names: BTreeSet<String>,
    /// One of these visits does not list anybody.
    unlisted: bool,
}

impl Present {
    /// Whether it may have been a day of a team's leader: one of the visits lists nobody, or lists the leader.
    pub fn may_be(&self, leader: &str) -> bool {
        self.unlisted || self.names.contains(leader.trim())
    }
}

/// What was reached in one county.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct County {
    /// By method.
    pub visits: BTreeMap<String, Visits>,
    /// Of done visits, by level.
    pub interviews: BTreeMap<String, u64>,
    pub households: Households,
    /// By draw: not every caller may see every draw.
    pub slots: BTreeMap<Uuid, Slots>,
    /// By team and day.
    pub days: BTreeMap<(Uuid, String), Evidence>,
    /// By team and day, where there is evidence.
    pub present: BTreeMap<(Uuid, String), Present>,
}

impl County {
    pub fn of(facts: &Facts) -> Self {
        let mut county = Self::default();
        let mut visited = BTreeSet::new();
        // Slots with what their visits were to.
        let mut done: HashSet<(Uuid, String)> = HashSet::new();
        // Visits with evidence of their own.
        let mut shown: HashSet<Uuid> = HashSet::new();
        let villages = place::Villages::new(&facts.villages);
        let by_id: HashMap<Uuid, &Visit> = facts.visits.iter().map(|visit| (visit.id, visit)).collect();
        for visit in &facts.visits {
            let counts = county.visits.entry(visit.method.clone()).or_default();
            match visit.state {
                State::Planned => counts.planned += 1,
                State::Void => counts.void += 1,
                State::Done => {
                    counts.done += 1;
                    visited.extend(visit.household.filter(|household| facts.on_register.contains(household)));
                    if let Some(slot) = visit.slot {
                        done.extend(visit.household.map(|household| (slot, household.to_string())));
                        done.extend(visit.village.clone().map(|village| (slot, village)));
                    }
                    let day = county.days.entry((visit.team, visit.day.clone())).or_default();
                    day.visits += 1;
                    if visit.place.is_some_and(|place| villages.are_near(place)) {
                        day.located += 1;
                        shown.insert(visit.id);
                    }
                }
            }
        }
        let mut evidence = |visit: &Uuid, add: fn(&mut Evidence)| {
            if let Some(visit) = by_id.get(visit).filter(|visit| visit.state != State::Void) {
                add(county.days.entry((visit.team, visit.day.clone())).or_default());
                shown.insert(visit.id);
            }
        };
        for (visit, _) in &facts.interviews {
            evidence(visit, |day| day.interviews += 1);
        }
        for visit in &facts.photos {
            evidence(visit, |day| day.photos += 1);
        }
        for (visit, level) in &facts.interviews {
            if by_id.get(visit).is_some_and(|visit| visit.state == State::Done) {
                *county.interviews.entry(level.clone()).or_default() += 1;
            }
        }
        for visit in facts.visits.iter().filter(|visit| shown.contains(&visit.id)) {
            let present = county.present.entry((visit.team, visit.day.clone())).or_default();
            present.unlisted |= visit.participants.is_empty();
            present.names.extend(visit.participants.iter().map(|name| name.trim().to_owned()));
        }
        for slot in &facts.slots {
            let slots = county.slots.entry(slot.draw).or_default();
            match (slot.replaced, done.contains(&(slot.id, slot.unit.clone()))) {
                (true, _) => slots.replaced += 1,
                (false, true) => slots.done += 1,
                (false, false) => slots.open += 1,
            }
        }
        county.households = Households { visited: visited.len() as u64, registered: facts.registered };
        county
    }

    /// Whether anybody has done anything there.
    pub fn is_reached(&self) -> bool {
        self.visits.values().any(|visits| visits.done > 0)
    }

    /// The days on which there is evidence of a team.
    pub fn days_of(&self, team: Uuid) -> usize {
        self.days.iter().filter(|((of, _), evidence)| *of == team && evidence.counts()).count()
    }

    /// Those of these days on which its leader may have been there.
    pub fn leader_days_of(&self, team: Uuid, leader: &str) -> usize {
        self.present.iter().filter(|((of, _), present)| *of == team && present.may_be(leader)).count()
    }
}

impl Weigh for County {
    fn weight(&self) -> usize {
        let names: usize = self.present.values().map(|present| present.names.len()).sum();
        let rest = self.visits.len() + self.interviews.len() + self.slots.len();
        256 + 128 * (rest + self.days.len() + self.present.len()) + 64 * names
    }
}

/// Counties added up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CoverageCounts)]
pub struct Sums {
    /// By method.
    pub visits: BTreeMap<String, Visits>,
    /// By level.
    pub interviews: BTreeMap<String, u64>,
    pub households: Households,
    pub slots: Slots,
    /// Days of teams in counties, each with evidence.
    pub team_days: u64,
}

impl Sums {
    /// Adds a county, with the slots of the draws that are `seen`.
    pub fn add(&mut self, county: &County, seen: impl Fn(&Uuid) -> bool) {
        for (method, counts) in &county.visits {
            let sum = self.visits.entry(method.clone()).or_default();
            sum.planned += counts.planned;
            sum.done += counts.done;
            sum.void += counts.void;
        }
        for (level, count) in &county.interviews {
            *self.interviews.entry(level.clone()).or_default() += count;
        }
        self.households.visited += county.households.visited;
        self.households.registered += county.households.registered;
        for slots in county.slots.iter().filter(|(draw, _)| seen(draw)).map(|(_, slots)| slots) {
            self.slots.done += slots.done;
            self.slots.open += slots.open;
            self.slots.replaced += slots.replaced;
        }
        self.team_days += county.days.values().filter(|evidence| evidence.counts()).count() as u64;
    }
}
