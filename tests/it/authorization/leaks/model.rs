//! What there is, where it belongs, and whose eyes see it: the rules of `API.md`, "Who", once more and as plainly as
//! can be. Everything in the marked world is a `Thing`; what a caller must never be told follows from the model alone.

use std::collections::BTreeSet;

use super::super::elsewhere;
use crate::support::*;

/// Where a thing belongs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Home {
    /// A record, a conflict, a held operation: whoever has the county.
    County(String),
    /// A draw whose time has not come: the province that has the county.
    Hidden(String),
    /// A user, a device, a team: the offices over its region, its own people.
    People { region: String, user: Option<String>, team: Option<String> },
    /// The offices that have the county, the team itself.
    Assignment { county: String, team: String },
    /// A campaign: everybody in the province.
    Province(String),
    /// What names no county: the province's own office.
    Nowhere(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Thing {
    /// The list that it is in: `users`, `households`.
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) home: Home,
    /// A deleted record is in no list, but its history is there.
    pub(crate) listed: bool,
    /// Texts that stand in it and nowhere else.
    pub(crate) marks: Vec<String>,
    /// What else names its id: an author's records, an assignment's team.
    pub(crate) named_in: Vec<Home>,
}

/// A caller, and what the model says of them.
#[derive(Clone)]
pub(crate) struct Eyes {
    pub(crate) name: String,
    pub(crate) session: Session,
    pub(crate) region: String,
    pub(crate) user: String,
    /// Of a team; an office has none.
    pub(crate) team: Option<String>,
    /// Of a team: the counties of its open assignments.
    pub(crate) counties: BTreeSet<String>,
}

impl Eyes {
    pub(crate) fn office(name: &str, session: &Session, region: &str, user: &str) -> Self {
        let (name, region, user) = (name.into(), region.into(), user.into());
        Self { name, session: session.clone(), region, user, team: None, counties: BTreeSet::new() }
    }

    pub(crate) fn team(name: &str, phone: &Phone, region: &str, team: &str, counties: &[&str]) -> Self {
        let counties = counties.iter().map(|county| (*county).to_owned()).collect();
        Self { team: Some(team.into()), counties, ..Self::office(name, &phone.session, region, &phone.user) }
    }

    pub(crate) fn has(&self, county: &str) -> bool {
        match self.team {
            None => county.starts_with(&self.region),
            Some(_) => self.counties.contains(county),
        }
    }

    /// Every county that they have, also one where nothing is.
    pub(crate) fn all_counties(&self) -> Vec<String> {
        let all = cast::counties("").into_iter().chain(elsewhere::counties());
        let mut counties: Vec<String> = all.filter(|county| self.has(county)).collect();
        counties.sort();
        counties
    }

    pub(crate) fn sees(&self, home: &Home) -> bool {
        match (home, &self.team) {
            (Home::County(county), _) | (Home::Assignment { county, .. }, None) => self.has(county),
            (Home::Hidden(county), None) => self.region.len() == 2 && self.has(county),
            (Home::Assignment { team, .. }, Some(own)) => team == own,
            (Home::People { region, .. }, None) => region.starts_with(&self.region),
            (Home::People { user, team, .. }, Some(own)) => {
                user.as_ref() == Some(&self.user) || team.as_ref() == Some(own)
            }
            (Home::Province(province), _) => self.region.starts_with(province.as_str()),
            (Home::Nowhere(province), None) => self.region == *province,
            (Home::Hidden(_) | Home::Nowhere(_), Some(_)) => false,
        }
    }

    /// Whether the id alone may be told.
    pub(crate) fn may_know(&self, thing: &Thing) -> bool {
        self.sees(&thing.home) || thing.named_in.iter().any(|home| self.sees(home))
    }
}

/// Everything there is.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) things: Vec<Thing>,
}

impl Model {
    pub(crate) fn add(&mut self, kind: &'static str, id: &str, home: Home, marks: Vec<String>) -> &mut Thing {
        self.things.push(Thing { kind, id: id.into(), home, listed: true, marks, named_in: Vec::new() });
        self.things.last_mut().expect("it was just added")
    }

    /// Notes that answers about `home` name these ids.
    pub(crate) fn named(&mut self, ids: &[&str], home: &Home) {
        for id in ids {
            let thing = self.things.iter_mut().find(|thing| thing.id == **id);
            thing.unwrap_or_else(|| panic!("the model has no {id}")).named_in.push(home.clone());
        }
    }

    /// A user was moved, with their devices.
    pub(crate) fn moved(&mut self, who: &str, to: &str) {
        for thing in &mut self.things {
            if let Home::People { region, user, .. } = &mut thing.home
                && user.as_deref() == Some(who)
            {
                to.clone_into(region);
            }
        }
    }

    /// The ids that a list has for these eyes.
    pub(crate) fn listed(&self, kind: &str, eyes: &Eyes) -> BTreeSet<String> {
        let seen = |thing: &&Thing| thing.kind == kind && thing.listed && eyes.sees(&thing.home);
        self.things.iter().filter(seen).map(|thing| thing.id.clone()).collect()
    }
}
