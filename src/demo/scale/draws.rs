//! The samples, drawn over HTTP as a province draws them: villages of each county, then households of the drawn villages. Some
//! units give their places to substitutes.

use super::place::{Place, Slot};
use crate::demo::office::Office;
use crate::demo::progress::Stage;
use crate::demo::samples::reveal;
use crate::demo::threads::side_by_side;
use crate::demo::world::rng;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// A county that has fewer villages with households has no sample: its default has five places.
const VILLAGES_LEAST: usize = 5;

/// Draws in every county and tells the places what was drawn.
pub(super) fn draw(province: &Office, campaign: Uuid, places: &mut [Place<'_>]) -> anyhow::Result<()> {
    let stage = Stage::begin("the samples", places.len() as u64);
    let drawn = side_by_side(places.len(), |index| {
        let slots = of_county(province, campaign, &places[index])?;
        stage.advance(1);
        Ok(slots)
    })?;
    let mut units = 0;
    for (place, slots) in places.iter_mut().zip(drawn) {
        units += slots.len();
        place.slots = slots;
    }
    stage.done(&format!("{units} villages and households"));
    Ok(())
}

fn of_county(province: &Office, campaign: Uuid, place: &Place<'_>) -> anyhow::Result<HashMap<String, Slot>> {
    let mut slots = HashMap::new();
    if place.sites.len() < VILLAGES_LEAST {
        return Ok(slots);
    }
    let mut rng = rng(place.seed, "draws", place.index);
    let path = format!("/v1/campaigns/{campaign}/draws");
    let county = place.county.bucket.to_string();
    let mut first: Option<Uuid> = None;
    for level in ["village", "household"] {
        let wanted = match first {
            None => json!({"level": level, "county": county, "source": "registered"}),
            Some(first) => json!({"level": level, "first_stage": first}),
        };
        let (draw, _) = reveal(province, campaign, &wanted)?;
        first = Some(draw);
        if level == "household" {
            replace(province, &format!("{path}/{draw}/units"), &mut rng)?;
        }
        for unit in active(province, &format!("{path}/{draw}/units"))? {
            let (Some(id), Some(name)) = (unit["id"].as_str().and_then(|id| id.parse().ok()), unit["unit"].as_str())
            else {
                continue;
            };
            slots.insert(name.to_owned(), Slot { id, visited: rng.random_bool(0.93) });
        }
    }
    Ok(slots)
}

fn active(province: &Office, units: &str) -> anyhow::Result<Vec<Value>> {
    let mut all = province.list(units)?;
    all.retain(|unit| unit["state"] == "active");
    Ok(all)
}

/// Some families are away.
fn replace(province: &Office, units: &str, rng: &mut rand::rngs::StdRng) -> anyhow::Result<()> {
    for _ in 0..rng.random_range(0..3) {
        let all = active(province, units)?;
        if let Some(unit) = all.choose(rng).and_then(|unit| unit["id"].as_str()) {
            // Where no substitute is left, it keeps its place.
            province.try_post(&format!("{units}/{unit}/replace"), &json!({"reason": "举家外出务工"}))?;
        }
    }
    Ok(())
}
