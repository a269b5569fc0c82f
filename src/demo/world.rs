//! The plan of the demo, all of it drawn from the seed before anything happens: counties and villages, teams,
//! phones, and which team moves, which phone is lost, which is restored from a backup.
//!
//! Phones that ever share a county are in one group. A group's phones act one after another, so that what
//! happens within a county depends on the seed alone; groups run side by side.

use std::collections::BTreeMap;
use std::io::Read;

use anyhow::Context as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use sync_core::Bucket;

use super::people::{self, Ethnicity};

/// Villages of a county where households are registered.
const REGISTERED: usize = 8;

/// How large the demo is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub devices: usize,
    pub households: usize,
    pub days: u32,
    pub seed: u64,
}

#[derive(Debug, Clone)]
pub(super) struct County {
    pub bucket: Bucket,
    pub name: String,
    /// One of the four contiguous poor areas, or empty.
    pub area: String,
    /// Led by the province, else by the county's prefecture.
    pub provincial: bool,
    pub villages: Vec<Village>,
}

impl County {
    /// Villages where households are registered: a few, so that each has several.
    pub(super) fn registered(&self) -> Vec<&Village> {
        self.villages.iter().step_by((self.villages.len() / REGISTERED).max(1)).take(REGISTERED).collect()
    }

    /// `5134`
    pub(super) fn prefecture(&self) -> String {
        (self.bucket.code() / 100).to_string()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Village {
    /// Twelve digits.
    pub code: String,
    pub name: String,
}

#[derive(Debug, Clone)]
pub(super) struct Team {
    pub name: String,
    /// The office it belongs to: `51` or `5134`.
    pub region: String,
    /// Indexes of counties.
    pub counties: Vec<usize>,
    pub leader: String,
    /// `provincial` or `department`.
    pub rank: &'static str,
}

#[derive(Debug, Clone)]
pub(super) struct PhonePlan {
    pub team: usize,
    /// 1, 2, … within the team.
    pub number: usize,
    pub person: String,
}

/// What befalls somebody; day 1 is the first.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// At noon the team's county is taken away and it gets another.
    Move { day: u32, team: usize, from: usize, to: usize },
    /// At noon the phone is reported lost.
    Revoke { day: u32, phone: usize },
    /// At noon the phone is backed up; the next morning it is restored from that.
    Restore { day: u32, phone: usize },
}

pub(super) struct World {
    pub size: Size,
    /// Names of the prefectures, by their four-digit codes.
    pub prefectures: BTreeMap<String, String>,
    pub counties: Vec<County>,
    pub teams: Vec<Team>,
    pub phones: Vec<PhonePlan>,
    /// (team, county): checked by a team of the province beside the county's own.
    pub spot_checks: Vec<(usize, usize)>,
    pub events: Vec<Event>,
}

/// A generator of its own for each purpose, so that one drawing more does not change another.
pub(super) fn rng(seed: u64, purpose: &str, number: usize) -> StdRng {
    let mut hash = seed ^ 0x9e37_79b9_7f4a_7c15;
    for byte in purpose.bytes().chain(number.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
    }
    StdRng::seed_from_u64(hash)
}

impl World {
    /// `divisions` is the CSV of `data.rs`.
    pub(super) fn plan(size: Size, divisions: impl Read) -> anyhow::Result<Self> {
        let (prefectures, counties) = counties(divisions)?;
        let mut rng = rng(size.seed, "world", 0);
        let teams = teams(&mut rng, &prefectures, &counties);
        let phones = phones(&mut rng, size.devices, &teams);
        let mut world =
            Self { size, prefectures, counties, teams, phones, spot_checks: Vec::new(), events: Vec::new() };
        world.plan_events(&mut rng);
        Ok(world)
    }

    fn plan_events(&mut self, rng: &mut StdRng) {
        let noon = self.size.days.div_ceil(2);
        let mut busy: Vec<usize> = self.phones.iter().map(|phone| phone.team).collect();
        busy.sort_unstable();
        busy.dedup();
        busy.shuffle(rng);
        let provincial: Vec<usize> = busy.iter().copied().filter(|&team| self.teams[team].region == "51").collect();
        let county = |team: usize| self.teams[team].counties[0];
        // One team in eight also checks a county where another works.
        for &team in provincial.iter().skip(3).step_by(8) {
            let other = busy[rng.random_range(0..busy.len())];
            if other != team {
                self.spot_checks.push((team, county(other)));
            }
        }
        if let Some(&team) = provincial.first() {
            let to = provincial.get(1).copied().unwrap_or((team + 1) % self.teams.len());
            self.events.push(Event::Move { day: noon, team, from: county(team), to: county(to) });
        }
        let mut phone_of = |nth: usize| {
            let team = *provincial.get(nth)?;
            let phones: Vec<usize> = (0..self.phones.len()).filter(|&p| self.phones[p].team == team).collect();
            Some(phones[rng.random_range(0..phones.len())])
        };
        if let Some(phone) = phone_of(2) {
            self.events.push(Event::Revoke { day: noon, phone });
        }
        if let Some(phone) = phone_of(3).filter(|_| self.size.days > 1) {
            self.events.push(Event::Restore { day: 1, phone });
        }
    }

    /// The counties where the team may ever work, indexes.
    pub(super) fn ever(&self, team: usize) -> impl Iterator<Item = usize> {
        let checks = self.spot_checks.iter().filter(move |check| check.0 == team).map(|check| check.1);
        let moves = self.events.iter().filter_map(move |event| match event {
            Event::Move { team: moved, to, .. } if *moved == team => Some(*to),
            _ => None,
        });
        self.teams[team].counties.iter().copied().chain(checks).chain(moves)
    }

    pub(super) fn is_moved(&self, team: usize) -> bool {
        self.events.iter().any(|event| matches!(event, Event::Move { team: moved, .. } if *moved == team))
    }

    /// The phones, in groups that never share a county.
    pub(super) fn groups(&self) -> Vec<Vec<usize>> {
        // Each county points to another of its group, the first to itself.
        let mut link: Vec<usize> = (0..self.counties.len()).collect();
        let first = |link: &[usize], mut at: usize| {
            while link[at] != at {
                at = link[at];
            }
            at
        };
        for team in 0..self.teams.len() {
            let home = first(&link, self.teams[team].counties[0]);
            for county in self.ever(team).collect::<Vec<_>>() {
                let other = first(&link, county);
                link[other] = first(&link, home);
            }
        }
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, phone) in self.phones.iter().enumerate() {
            groups.entry(first(&link, self.teams[phone.team].counties[0])).or_default().push(index);
        }
        groups.into_values().collect()
    }

    /// The counties of a team's assignments on a day's morning, or after everything; indexes.
    pub(super) fn counties_of(&self, team: usize, moved: bool) -> Vec<usize> {
        let mut counties = self.teams[team].counties.clone();
        counties.extend(self.spot_checks.iter().filter(|check| check.0 == team).map(|check| check.1));
        for event in &self.events {
            if let Event::Move { team: mover, from, to, .. } = *event
                && moved
                && mover == team
            {
                counties.retain(|&county| county != from);
                counties.push(to);
            }
        }
        counties.sort_unstable();
        counties.dedup();
        counties
    }
}

fn counties(divisions: impl Read) -> anyhow::Result<(BTreeMap<String, String>, Vec<County>)> {
    let mut counties = Vec::new();
    for row in csv::Reader::from_reader(super::data::CAMPAIGN.as_bytes()).deserialize() {
        let (code, name, area, led_by): (String, String, String, String) = row?;
        let bucket = code.parse().ok().with_context(|| format!("no county's code: {code}"))?;
        counties.push(County { bucket, name, area, provincial: led_by == "provincial", villages: Vec::new() });
    }
    counties.sort_by_key(|county| county.bucket);
    let index: BTreeMap<String, usize> =
        counties.iter().enumerate().map(|(i, county)| (county.bucket.to_string(), i)).collect();
    let mut prefectures = BTreeMap::new();
    for row in csv::Reader::from_reader(divisions).deserialize() {
        let (code, level, name, _): (String, String, String, String) = row?;
        match level.as_str() {
            "prefecture" if index.keys().any(|county| county.starts_with(&code)) => {
                prefectures.insert(code, name);
            }
            "village" => {
                if let Some(&county) = code.get(..6).and_then(|county| index.get(county)) {
                    counties[county].villages.push(Village { code, name });
                }
            }
            _ => {}
        }
    }
    Ok((prefectures, counties))
}

/// Of the 88 leaders whom the province sent; the others were of department rank.
const PROVINCIAL_LEADERS: usize = 38;

/// One team of the province for each county that it leads, and one of each prefecture for all that it leads.
fn teams(rng: &mut StdRng, prefectures: &BTreeMap<String, String>, counties: &[County]) -> Vec<Team> {
    let mut leader = || people::person(rng, Ethnicity::Han, None).name;
    let mut teams: Vec<Team> = (counties.iter().enumerate().filter(|(_, county)| county.provincial))
        .zip(1..)
        .map(|((index, county), number)| Team {
            name: format!("省督查第{number:02}组（{}）", county.name),
            region: "51".into(),
            counties: vec![index],
            leader: leader(),
            rank: if number <= PROVINCIAL_LEADERS { "provincial" } else { "department" },
        })
        .collect();
    for (code, name) in prefectures {
        let led = |county: &County| !county.provincial && county.prefecture() == *code;
        let own: Vec<usize> = (0..counties.len()).filter(|&index| led(&counties[index])).collect();
        if !own.is_empty() {
            let name = format!("{name}督查组");
            teams.push(Team { name, region: code.clone(), counties: own, leader: leader(), rank: "department" });
        }
    }
    teams
}

/// Two phones or more to a team, as far as they go.
fn phones(rng: &mut StdRng, devices: usize, teams: &[Team]) -> Vec<PhonePlan> {
    let mut order: Vec<usize> = (0..teams.len()).collect();
    order.shuffle(rng);
    order.truncate((devices / 2).max(1));
    (0..devices)
        .map(|index| PhonePlan {
            team: order[index % order.len()],
            number: index / order.len() + 1,
            person: people::person(rng, Ethnicity::Han, None).name,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(devices: usize, seed: u64) -> World {
        let size = Size { devices, households: 100, days: 3, seed };
        World::plan(size, super::super::data::divisions().unwrap().as_slice()).unwrap()
    }

    #[test]
    fn the_campaign_has_its_161_counties_and_88_teams_of_the_province() {
        let world = world(200, 1);
        assert_eq!(world.counties.len(), 161);
        assert_eq!(world.teams.iter().filter(|team| team.region == "51").count(), 88);
        assert_eq!(world.teams.iter().flat_map(|team| &team.counties).count(), 161);
        assert!(world.counties.iter().all(|county| county.villages.len() > 30));
        assert_eq!(world.prefectures.len(), 20);
    }

    #[test]
    fn groups_hold_every_phone_once_and_share_no_county() {
        for devices in [1, 2, 7, 60, 200, 500] {
            let world = world(devices, 7);
            let groups = world.groups();
            let mut all: Vec<usize> = groups.concat();
            all.sort_unstable();
            assert_eq!(all, (0..devices).collect::<Vec<_>>());
            let mut owner = BTreeMap::new();
            for (group, phones) in groups.iter().enumerate() {
                for &phone in phones {
                    for county in world.ever(world.phones[phone].team) {
                        assert_eq!(*owner.entry(county).or_insert(group), group);
                    }
                }
            }
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_world() {
        let (one, two, other) = (world(50, 3), world(50, 3), world(50, 4));
        assert_eq!(format!("{:?}{:?}", one.phones, one.events), format!("{:?}{:?}", two.phones, two.events));
        assert_ne!(format!("{:?}", one.phones), format!("{:?}", other.phones));
    }
}
