//! The random samples: in each county whose register has households, villages are drawn and then households in them, and
//! each place is given to a day and to a team that was sent there. Nobody can choose what is drawn: the samples, and whom
//! the phones call on for them, differ from one demo to the next.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::office::Office;
use super::progress::Stage;
use super::threads::side_by_side;
use super::world::World;

/// A drawn household.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub id: Uuid,
    pub household: Uuid,
    /// Of the household.
    pub village: String,
}

/// By county, in the order of the draw.
#[derive(Debug, Default)]
pub(super) struct Samples(BTreeMap<usize, Vec<Slot>>);

impl Samples {
    /// The places of a county that fall to a day, and to one of `phones` phones.
    pub(super) fn of(
        &self,
        county: usize,
        days: u32,
        day: u32,
        phones: usize,
        phone: usize,
    ) -> impl Iterator<Item = &Slot> {
        let days = days.max(1) as usize;
        let all = self.0.get(&county).into_iter().flatten().enumerate();
        let mine = move |place: usize| place % days + 1 == day as usize && place / days % phones.max(1) == phone;
        all.filter(move |(place, _)| mine(*place)).map(|(_, slot)| slot)
    }
}

/// Draws in all counties with a register.
pub(super) fn draw(world: &World, province: &Office, campaign: Uuid, counties: &[usize]) -> anyhow::Result<Samples> {
    let stage = Stage::begin("the samples", counties.len() as u64);
    let drawn = side_by_side(counties.len(), |index| {
        let county = world.counties[counties[index]].bucket.to_string();
        let Places { villages: places, households, substitutes } = Places::of(&registered(province, &county)?);
        let (villages, _) = reveal(
            province,
            campaign,
            &json!({
                "level": "village", "county": county, "source": "registered", "method": "pps", "sizes": "registered",
                "places": {"total": places}, "substitutes": 0,
            }),
        )?;
        let (_, homes) = reveal(
            province,
            campaign,
            &json!({
                "level": "household", "first_stage": villages, "places": {"per_stratum": households},
                "substitutes": substitutes,
            }),
        )?;
        stage.advance(1);
        Ok((counties[index], slots(&homes)))
    })?;
    let samples = Samples(drawn.into_iter().collect());
    let places: usize = samples.0.values().map(Vec::len).sum();
    stage.done(&format!("{places} households of {} counties drawn", counties.len()));
    Ok(samples)
}

/// How many villages are drawn in a county, and households in each.
#[derive(Debug, PartialEq, Eq)]
struct Places {
    villages: usize,
    households: usize,
    substitutes: usize,
}

impl Places {
    /// Four villages, three households in each and two to take their places, or as many as there are everywhere.
    fn of(registered: &BTreeMap<String, usize>) -> Self {
        let least = registered.values().copied().min().unwrap_or(1);
        let households = least.min(3);
        Self { villages: registered.len().min(4), households, substitutes: (least - households).min(2) }
    }
}

/// The registered households of a county, by village.
fn registered(province: &Office, county: &str) -> anyhow::Result<BTreeMap<String, usize>> {
    let mut villages = BTreeMap::new();
    for household in province.list(&format!("/v1/households?bucket={county}"))? {
        if let Some(village) = household["fields"]["village"].as_str() {
            *villages.entry(village.to_owned()).or_default() += 1;
        }
    }
    Ok(villages)
}

/// Commits to a draw and reveals it at once; gives its id and what was drawn.
pub(super) fn reveal(province: &Office, campaign: Uuid, plan: &Value) -> anyhow::Result<(Uuid, Value)> {
    let path = format!("/v1/campaigns/{campaign}/draws");
    let draw = province.create(&path, plan)?;
    Ok((draw, province.post(&format!("{path}/{draw}/reveal"), &json!({}))?))
}

fn slots(drawn: &Value) -> Vec<Slot> {
    let id = |value: &Value| value.as_str().and_then(|id| id.parse().ok());
    let slot = |unit: &Value| {
        let village = unit["stratum"].as_str()?.to_owned();
        Some(Slot { id: id(&unit["id"])?, household: id(&unit["unit"])?, village })
    };
    drawn["sample"].as_array().into_iter().flatten().filter_map(slot).collect()
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn as_many_as_there_are() {
        let places = |counts: &[usize]| {
            Places::of(&counts.iter().enumerate().map(|(n, count)| (n.to_string(), *count)).collect())
        };
        assert_eq!(places(&[9, 7, 30, 12, 8]), Places { villages: 4, households: 3, substitutes: 2 });
        assert_eq!(places(&[4, 9]), Places { villages: 2, households: 3, substitutes: 1 });
        assert_eq!(places(&[1, 6, 2]), Places { villages: 3, households: 1, substitutes: 0 });
    }
}
