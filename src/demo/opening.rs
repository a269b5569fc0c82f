//! Opening the campaign through the API, as an office would: prefecture users, teams, assignments, and a user
//! for each phone.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;

use super::office::Office;
use super::progress::Stage;
use super::threads::side_by_side;
use super::world::World;
use crate::device::Account;

/// What the server gave ids to, and who can sign in.
pub(super) struct Opened {
    pub campaign: Uuid,
    /// By the index of the team.
    pub teams: Vec<Uuid>,
    /// Open assignments: (team, county) by index.
    pub assignments: BTreeMap<(usize, usize), Uuid>,
    /// By the index of the phone.
    pub accounts: Vec<Account>,
    /// By the prefecture's code.
    pub prefectures: BTreeMap<String, Office>,
}

/// A password that nobody has to remember.
pub(super) fn password() -> String {
    Uuid::new_v4().simple().to_string()[..16].to_owned()
}

pub(super) fn open(world: &World, base: &str, province: &Office) -> anyhow::Result<Opened> {
    let people = world.prefectures.len() + world.phones.len();
    let stage = Stage::begin("the campaign", (people + world.teams.len()) as u64);
    let counties = world.counties.iter().map(|county| {
        let led_by = if county.provincial { "provincial" } else { "prefecture" };
        let area = (!county.area.is_empty()).then_some(&county.area);
        json!({"county": county.bucket.to_string(), "area": area, "led_by": led_by})
    });
    let campaign = province.create(
        "/v1/campaigns",
        &json!({"name": "2015年脱贫攻坚督查", "from": "2015-04-13", "to": "2015-04-30",
                "counties": counties.collect::<Vec<_>>()}),
    )?;
    let codes: Vec<(&String, &String)> = world.prefectures.iter().collect();
    let prefectures = side_by_side(codes.len(), |index| {
        let (code, name) = codes[index];
        let office = Office::new(base, &format!("prefecture-{code}"), &password());
        province.post(
            "/v1/users",
            &json!({"username": office.username, "password": office.password, "role": "prefecture", "region": code,
                    "display_name": format!("{name}督查办")}),
        )?;
        stage.advance(1);
        Ok((code.clone(), office))
    })?;
    let teams = side_by_side(world.teams.len(), |index| {
        let team = &world.teams[index];
        stage.advance(1);
        province.create(
            "/v1/teams",
            &json!({"name": team.name, "region": team.region, "leader": {"name": team.leader, "rank": team.rank}}),
        )
    })?;
    let mut wanted: Vec<(usize, usize, &str)> = Vec::new();
    for (index, team) in world.teams.iter().enumerate() {
        let kind = if team.region == "51" { "provincial" } else { "prefecture" };
        wanted.extend(team.counties.iter().map(|&county| (index, county, kind)));
    }
    wanted.extend(world.spot_checks.iter().map(|&(team, county)| (team, county, "spot_check")));
    wanted.sort_unstable();
    wanted.dedup_by_key(|(team, county, _)| (*team, *county));
    let made = side_by_side(wanted.len(), |index| {
        let (team, county, kind) = wanted[index];
        assign(world, province, campaign, (teams[team], county), kind)
    })?;
    let assignments = wanted.iter().zip(made).map(|(&(team, county, _), id)| ((team, county), id)).collect();
    let accounts = side_by_side(world.phones.len(), |index| {
        let phone = &world.phones[index];
        let username = format!("team{:03}-{}", phone.team + 1, phone.number);
        let account = Account { username, password: password() };
        province.post(
            "/v1/users",
            &json!({"username": account.username, "password": account.password, "role": "team",
                    "region": world.teams[phone.team].region, "team": teams[phone.team],
                    "display_name": phone.person}),
        )?;
        stage.advance(1);
        Ok(account)
    })?;
    stage.done(&format!("{} counties, {} teams, {} users", world.counties.len(), world.teams.len(), people + 1));
    Ok(Opened { campaign, teams, assignments, accounts, prefectures: prefectures.into_iter().collect() })
}

/// Sends a team into a county.
pub(super) fn assign(
    world: &World,
    province: &Office,
    campaign: Uuid,
    (team, county): (Uuid, usize),
    kind: &str,
) -> anyhow::Result<Uuid> {
    let county = world.counties[county].bucket.to_string();
    province.create(
        "/v1/assignments",
        &json!({"campaign": campaign, "team": team, "county": county, "kind": kind,
                "from": "2015-04-13", "to": "2015-04-30"}),
    )
}
