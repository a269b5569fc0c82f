//! Section 6: who may do what, and where.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Model, ensure, millis};
use crate::simulation::log::Answer;

/// What was there before the plan began.
pub(crate) struct Facts {
    /// By name.
    pub(crate) staff: BTreeMap<String, Staff>,
    /// The ids of the teams.
    pub(crate) teams: BTreeMap<String, String>,
    /// The phones and who has them.
    pub(crate) devices: Vec<(String, String)>,
    pub(crate) assignments: Vec<Assignment>,
    /// Every county that there is.
    pub(crate) counties: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Staff {
    pub(crate) user: String,
    /// The id of a team's.
    pub(crate) team: Option<String>,
    /// What an office's counties begin with.
    pub(crate) region: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    pub(crate) id: String,
    pub(crate) team: String,
    pub(crate) county: String,
    pub(crate) from: i64,
    pub(crate) to: Option<i64>,
}

impl Assignment {
    pub(crate) fn of(told: &serde_json::Value) -> Check<Self> {
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let to = if told["closed_at"].is_null() { None } else { Some(millis(&told["closed_at"])?) };
        Ok(Self { id: text("id"), team: text("team"), county: text("county"), from: millis(&told["created_at"])?, to })
    }
}

impl Model<'_> {
    pub(crate) fn staff(&self, device: &str) -> &Staff {
        &self.people[&self.devices[device].name]
    }

    /// The counties of a person's present scope.
    fn counties_of(&self, staff: &Staff) -> BTreeSet<String> {
        let mine = |county: &&String| match staff.region {
            Some(region) => county.starts_with(region),
            None => self
                .assignments
                .iter()
                .any(|a| Some(&a.team) == staff.team.as_ref() && a.county == **county && a.to.is_none()),
        };
        self.facts.counties.iter().filter(mine).cloned().collect()
    }

    /// The counties of a device's present scope.
    pub(crate) fn scope(&self, device: &str) -> BTreeSet<String> {
        self.counties_of(self.staff(device))
    }

    pub(crate) fn revoked(&self, device: &str) -> Option<&'static str> {
        self.devices[device].revoked
    }

    /// Whether the county was the team's own at that time. At the very millisecond of a change it may be either: none.
    pub(super) fn was_own(&self, device: &str, county: &str, at: i64) -> Option<bool> {
        let staff = self.staff(device);
        let own = |a: &&Assignment| Some(&a.team) == staff.team.as_ref() && a.county == county;
        let mut doubtful = false;
        for assignment in self.assignments.iter().filter(own) {
            if assignment.from < at && assignment.to.is_none_or(|to| at < to) {
                return Some(true);
            }
            doubtful |= assignment.from == at || assignment.to == Some(at);
        }
        (!doubtful).then_some(false)
    }

    pub(super) fn assign(&mut self, team: &str, county: &str, answer: &Answer) -> Check {
        let assignment = Assignment::of(&answer.body)?;
        ensure!(assignment.county == county && assignment.to.is_none(), "team {team} was given {county}: {answer}");
        self.change(|model| model.assignments.push(assignment));
        Ok(())
    }

    /// Does what may bring counties into somebody's scope.
    fn change(&mut self, what: impl FnOnce(&mut Self)) {
        let before: Vec<_> = self.people.values().map(|staff| self.counties_of(staff)).collect();
        what(self);
        for (staff, before) in self.people.values().zip(before) {
            for county in self.counties_of(staff).difference(&before) {
                *self.grants.entry((staff.user.clone(), county.clone())).or_default() += 1;
            }
        }
    }

    /// In another team, every county is given anew.
    pub(super) fn change_team(&mut self, name: &str, team: &str) {
        let (team, person) = (&self.facts.teams[team], self.people.get_mut(name).expect("one of the cast"));
        if person.team.as_ref() == Some(team) {
            return;
        }
        person.team = None;
        self.change(|model| model.people.get_mut(name).expect("one of the cast").team = Some(team.clone()));
    }

    pub(super) fn close(&mut self, answer: &Answer) -> Check {
        let closed = Assignment::of(&answer.body)?;
        let found = self.assignments.iter_mut().find(|assignment| assignment.id == closed.id);
        let found = found.ok_or_else(|| format!("it is not known: {answer}"))?;
        ensure!(found.to.is_none() && closed.to.is_some(), "it must be closed: {answer}");
        found.to = closed.to;
        Ok(())
    }

    /// How often the county came into the scope of the one who has the device.
    pub(super) fn grants(&self, device: &str, county: &str) -> u64 {
        let key = (self.staff(device).user.clone(), county.to_owned());
        self.grants.get(&key).copied().unwrap_or(0)
    }
}
