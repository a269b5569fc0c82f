//! The register of poor households, as it stood before the campaign: invented, but of real villages.
//!
//! No identity numbers: an invented one could be somebody's.

use chrono::NaiveDate;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Map, Value, json};
use sync_core::{Bucket, Collection};
use uuid::{Builder, Uuid};

use super::people::{self, Ethnicity};
use super::world::{County, World};
use crate::device::{Change, Edit, Key};

/// Where the offices of the prefectures lie, roughly: latitude and longitude.
const PLACES: [(u32, f64, f64); 21] = [
    (5101, 30.66, 104.06),
    (5103, 29.35, 104.77),
    (5104, 26.58, 101.72),
    (5105, 28.87, 105.44),
    (5106, 31.13, 104.40),
    (5107, 31.47, 104.68),
    (5108, 32.44, 105.83),
    (5109, 30.53, 105.59),
    (5110, 29.58, 105.06),
    (5111, 29.55, 103.77),
    (5113, 30.84, 106.11),
    (5114, 30.08, 103.85),
    (5115, 28.75, 104.64),
    (5116, 30.46, 106.63),
    (5117, 31.21, 107.50),
    (5118, 29.98, 103.00),
    (5119, 31.86, 106.75),
    (5120, 30.13, 104.63),
    (5132, 31.90, 102.22),
    (5133, 30.05, 101.96),
    (5134, 27.88, 102.27),
];

pub(super) const CAUSES: [&str; 12] = [
    "illness",
    "disability",
    "schooling",
    "disaster",
    "land",
    "water",
    "skills",
    "labour",
    "funds",
    "transport",
    "motivation",
    "other",
];

pub(super) fn one_of<'a>(rng: &mut StdRng, list: &[&'a str]) -> &'a str {
    list.choose(rng).copied().unwrap_or_default()
}

/// A JSON object's members.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// A version 7 UUID of that day, drawn from the seed.
pub(super) fn id(rng: &mut StdRng, day: NaiveDate) -> Uuid {
    let midnight = day.and_hms_opt(0, 0, 0).map_or(0, |t| t.and_utc().timestamp_millis());
    let millis = midnight + rng.random_range(0..86_400_000);
    Builder::from_unix_timestamp_millis(millis as u64, &rng.random()).into_uuid()
}

/// Where the county lies, roughly: latitude and longitude.
pub(super) fn centre(bucket: Bucket) -> (f64, f64) {
    let prefecture = bucket.code() / 100;
    PLACES.iter().find(|p| p.0 == prefecture).map_or((30.0, 104.0), |p| (p.1, p.2))
}

/// A place in the county, as a phone would report it.
pub(super) fn location(rng: &mut StdRng, bucket: Bucket) -> Value {
    let (lat, lon) = centre(bucket);
    let mut near = |centre: f64| ((centre + rng.random_range(-0.6..0.6)) * 1e6).round() / 1e6;
    json!({"lat": near(lat), "lon": near(lon), "accuracy_m": 8, "datum": "gcj02"})
}

/// Where a village lies: always the same.
pub(super) fn village_location(bucket: Bucket, village: &str) -> Value {
    location(&mut StdRng::seed_from_u64(village.parse().unwrap_or_default()), bucket)
}

/// In a village, within two kilometres or so.
pub(super) fn in_village(rng: &mut StdRng, bucket: Bucket, village: &str) -> Value {
    let mut place = village_location(bucket, village);
    for member in ["lat", "lon"] {
        let centre = place[member].as_f64().unwrap_or_default();
        place[member] = (((centre + rng.random_range(-0.012..0.012)) * 1e6).round() / 1e6).into();
    }
    place
}

/// A number from the range reserved for examples by habit.
pub(super) fn phone(rng: &mut StdRng) -> String {
    format!("1380000{:04}", rng.random_range(0..10_000))
}

/// One household with its members, in the order in which they are recorded.
pub(super) fn household(rng: &mut StdRng, county: &County, day: NaiveDate) -> Vec<Edit> {
    let ethnicity = Ethnicity::draw(rng, &county.prefecture(), &county.area);
    let head = people::person(rng, ethnicity, None);
    let household = id(rng, day);
    let size: i64 = rng.random_range(1..=6);
    let mut edits = vec![Edit {
        key: Key::new(county.bucket, Collection::Households, household),
        change: Change::Upsert(sheet(rng, county, &head.name, size)),
    }];
    for number in 0..size {
        let member = match number {
            0 => head.clone(),
            _ => people::person(rng, ethnicity, Some(&head.family)),
        };
        let relation = match (number, member.male) {
            (0, _) => "户主",
            (1, _) => "配偶",
            (2 | 3, true) => "之子",
            (2 | 3, false) => "之女",
            (_, true) => "之父",
            (_, false) => "之母",
        };
        let child = matches!(number, 2 | 3);
        edits.push(Edit {
            key: Key::new(county.bucket, Collection::Members, id(rng, day)),
            change: Change::Upsert(object(json!({
                "household": household,
                "name": member.name,
                "sex": if member.male { "male" } else { "female" },
                "relation": relation,
                "ethnicity": ethnicity.name(),
                "education": one_of(rng, &["illiterate", "primary", "primary", "junior", "senior"]),
                "student": if child { one_of(rng, &["primary", "junior", "senior", "dropout"]) } else { "no" },
                "health": one_of(rng, &["healthy", "healthy", "healthy", "chronic", "serious", "disabled"]),
                "labour": if child { "none" } else { one_of(rng, &["ordinary", "ordinary", "skilled", "lost"]) },
                "months_away": if child { 0 } else { rng.random_range(0..=12) },
                "medical_insurance": rng.random_bool(0.9),
                "pension": rng.random_bool(0.5),
            }))),
        });
    }
    edits
}

fn sheet(rng: &mut StdRng, county: &County, head: &str, people: i64) -> Map<String, Value> {
    let village = county.registered().choose(rng).map_or("", |village| village.code.as_str());
    let wage = rng.random_range(0..60) * 100;
    let business = rng.random_range(5..50) * 100;
    let cost = business / 3;
    let mut tenths = |top: i32| f64::from(rng.random_range(0..top)) / 10.0;
    let (arable, forest, road) = (tenths(120), tenths(300), tenths(80));
    let mut fields = object(json!({
        "village": village,
        "registry_no": format!("{village}{:04}", rng.random_range(1..10_000)),
        "group_name": format!("{}组", rng.random_range(1..=9)),
        "head_name": head,
        "standard": one_of(rng, &["national", "national", "provincial"]),
        "attribute": one_of(rng, &["general", "general", "allowance", "allowance_poor", "five_guarantees"]),
        "status": "poor",
        "status_year": 2014,
        "cause_main": one_of(rng, &CAUSES),
        "people": people,
        "labourers": rng.random_range(0..=people),
        "income_wage": wage,
        "income_business": business,
        "income_transfer": rng.random_range(0..30) * 100,
        "production_cost": cost,
        "income_per_capita": (wage + business - cost) / people,
        "arable_mu": arable,
        "forest_mu": forest,
        "cooperative": rng.random_bool(0.2),
        "electricity_living": rng.random_bool(0.95),
        "broadcast_tv": rng.random_bool(0.8),
        "road_km": road,
        "road_kind": one_of(rng, &["earth", "gravel", "cement"]),
        "housing_m2": rng.random_range(30..160),
        "housing_grade": one_of(rng, &["A", "B", "C", "D"]),
        "water_safe": rng.random_bool(0.7),
        "toilet_sanitary": rng.random_bool(0.3),
        "relocation": rng.random_bool(0.15),
        "location": in_village(rng, county.bucket, village),
    }));
    if rng.random_bool(0.7) {
        fields.insert("phone".into(), phone(rng).into());
    }
    if rng.random_bool(0.5) {
        let helper = people::person(rng, Ethnicity::Han, None).name;
        let unit = format!("{}扶贫和移民工作局", county.name);
        fields.insert("helpers".into(), json!([{"name": helper, "unit": unit, "affiliation": "county"}]));
    }
    fields
}

/// How many households of the register fall to each county: evenly, and what is left over to the counties
/// where phones work.
pub(super) fn shares(world: &World) -> Vec<usize> {
    let counties = world.counties.len();
    let mut shares = vec![world.size.households / counties; counties];
    let mut first: Vec<usize> = world.phones.iter().flat_map(|p| world.teams[p.team].counties.clone()).collect();
    first.sort_unstable();
    first.dedup();
    let rest: Vec<usize> = (0..counties).filter(|county| !first.contains(county)).collect();
    for &county in first.iter().chain(&rest).take(world.size.households % counties) {
        shares[county] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::{Size, rng};

    #[test]
    fn the_register_depends_on_the_seed_alone() {
        let size = Size { devices: 10, households: 500, days: 1, seed: 9 };
        let world = World::plan(size, crate::demo::divisions().unwrap().as_slice()).unwrap();
        assert_eq!(shares(&world).iter().sum::<usize>(), 500);
        let day = NaiveDate::from_ymd_opt(2014, 12, 1).unwrap();
        for (index, county) in world.counties.iter().enumerate() {
            let [one, two] = [9, 9].map(|seed| household(&mut rng(seed, "register", index), county, day));
            assert_eq!(one, two);
            assert_ne!(one, household(&mut rng(10, "register", index), county, day));
            let Change::Upsert(sheet) = &one[0].change else { panic!("not a household") };
            assert_eq!(sheet["people"], one.len() - 1);
            assert!(sheet["village"].as_str().unwrap().starts_with(&county.bucket.to_string()));
            assert!(one.iter().all(|edit| edit.key.bucket == county.bucket.to_string()));
        }
    }
}
