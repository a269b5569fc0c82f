//! A county as the inspection finds it: its land, how much there is to do, and who comes.

use super::land::{Site, share_out, sites};
use super::{Amount, REGISTERED};
use crate::demo::office::Office;
use crate::demo::opening::Opened;
use crate::demo::world::{County, World, rng};
use crate::setup::{Entry, Filling, Key};
use anyhow::anyhow;
use rand::RngExt as _;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use sync_core::Collection;
use sync_core::record::Author;
use uuid::Uuid;

/// A team and its phones.
#[derive(Debug, Clone)]
pub(super) struct Crew {
    pub team: Uuid,
    pub leader: String,
    pub rank: &'static str,
    pub members: Vec<String>,
    phones: Vec<Author>,
}

impl Crew {
    /// The phone by which the `n`-th visit is recorded.
    pub(super) fn phone(&self, n: usize) -> Author {
        self.phones[n % self.phones.len()]
    }
}

/// A drawn unit that holds a place in a sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub id: Uuid,
    /// The team gets to it.
    pub visited: bool,
}

pub(super) struct Place<'a> {
    pub seed: u64,
    /// Of the county.
    pub index: usize,
    pub county: &'a County,
    pub sites: Vec<Site>,
    pub households: usize,
    pub visits: usize,
    pub campaign: Uuid,
    /// The province's own device, by which the register comes.
    pub desk: Author,
    /// The prefecture's office.
    pub office: Author,
    pub crew: Crew,
    pub checkers: Option<Crew>,
    /// So many days its leader is there.
    pub days_of_leader: i64,
    /// By the unit: a household's id, a village's code.
    pub slots: HashMap<String, Slot>,
}

impl Place<'_> {
    /// An operation on one of the county's records. `times`: recorded, received.
    pub(super) fn entry(
        &self,
        collection: Collection,
        id: Uuid,
        by: Author,
        times: (i64, i64),
        base: u64,
        fields: &Map<String, Value>,
    ) -> anyhow::Result<Entry> {
        let key = Key { bucket: self.county.bucket, collection, id };
        Entry::new(key, by, times, base, fields).map_err(|faults| {
            let told: Vec<String> = faults.iter().map(|fault| format!("{fault:?}")).collect();
            anyhow!("an invented record of {} is not valid: {}", collection.name(), told.join("; "))
        })
    }

    /// When the `n`-th record of the register was written: no two counties have a moment in common.
    pub(super) fn registered(&self, n: usize) -> i64 {
        REGISTERED + n as i64 * 1000 + self.index as i64
    }
}

/// All counties. Registers the devices of everybody who will write.
pub(super) fn places<'a>(
    world: &'a World,
    opened: &Opened,
    filling: &Filling,
    province: &Office,
    amount: Amount,
) -> anyhow::Result<Vec<Place<'a>>> {
    let desk = filling.device(&province.username, "建档立卡导入", "desk")?;
    let mut offices = BTreeMap::new();
    for (code, office) in &opened.prefectures {
        offices.insert(code.clone(), filling.device(&office.username, "督查办", "desk")?);
    }
    let crews = crews(world, opened, filling)?;
    let mut rng = rng(amount.seed, "shares", 0);
    // Where all are poor there are more of them.
    let mut weigh = |county: &County| (if county.area.is_empty() { 0.7 } else { 1.3 }) * rng.random_range(0.5..1.5);
    let weights: Vec<f64> = world.counties.iter().map(&mut weigh).collect();
    let (households, visits) = (share_out(amount.households, &weights), share_out(amount.visits, &weights));
    let mut places = Vec::new();
    for (index, county) in world.counties.iter().enumerate() {
        let team = world.teams.iter().position(|team| team.counties.contains(&index));
        let checkers =
            world.spot_checks.iter().find(|(_, county)| *county == index).map(|(team, _)| crews[*team].clone());
        let office = offices.get(&county.prefecture());
        let (Some(team), Some(office)) = (team, office) else { continue };
        places.push(Place {
            seed: amount.seed,
            index,
            county,
            sites: sites(amount.seed, index, county, households[index]),
            households: households[index],
            visits: visits[index],
            campaign: opened.campaign,
            desk,
            office: *office,
            crew: crews[team].clone(),
            checkers,
            days_of_leader: rng.random_range(1..6),
            slots: HashMap::new(),
        });
    }
    Ok(places)
}

fn crews(world: &World, opened: &Opened, filling: &Filling) -> anyhow::Result<Vec<Crew>> {
    let mut crews: Vec<Crew> = world
        .teams
        .iter()
        .zip(&opened.teams)
        .map(|(team, id)| {
            let (members, phones) = (Vec::new(), Vec::new());
            Crew { team: *id, leader: team.leader.clone(), rank: team.rank, members, phones }
        })
        .collect();
    for (phone, account) in world.phones.iter().zip(&opened.accounts) {
        let name = format!("{} {}号机", world.teams[phone.team].name, phone.number);
        let crew = &mut crews[phone.team];
        crew.phones.push(filling.device(&account.username, &name, "simulated")?);
        crew.members.push(phone.person.clone());
    }
    Ok(crews)
}
