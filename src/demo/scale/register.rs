//! The register 建档立卡 as it stood before the campaign: households, village sheets, and the members of those families that
//! the inspection will visit.

use super::super::households::{CAUSES, object, one_of, phone};
use super::super::people::{self, Ethnicity};
use super::super::world::County;
use super::family::Family;
use super::land::{Site, weighted};
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};

/// How likely something is that altitude (kilometres) and fortune decide: `at_sea` on the plains.
fn likely(at_sea: f64, by_altitude: f64, by_fortune: f64, site: &Site, family: &Family) -> f64 {
    (at_sea + by_altitude * site.altitude + by_fortune * family.fortune).clamp(0.01, 0.99)
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// A household's sheet.
pub(super) fn household(rng: &mut StdRng, county: &County, site: &Site, family: &Family) -> Map<String, Value> {
    let village = county.villages[site.village].code.as_str();
    let all = family.income * family.people as f64;
    // Wages fetch more where there are jobs, herds and fields where there are none.
    let wage = (all * (0.55 - 0.1 * site.altitude).max(0.1) * rng.random_range(0.5..1.5)).round();
    let transfer = (all * rng.random_range(0.05..0.2)).round();
    let rest = all - wage - transfer;
    let cost = (rest.abs() * rng.random_range(0.2..0.6)).round();
    let chance = |rng: &mut StdRng, p: f64| rng.random_bool(p);
    let unsafe_house = chance(rng, likely(0.12, 0.06, -0.08, site, family));
    let grade = match (unsafe_house, rng.random_range(0..10)) {
        (true, 0..6) => "C",
        (true, _) => "D",
        (false, 0..6) => "A",
        (false, _) => "B",
    };
    let labourers = (family.people as f64 * rng.random_range(0.2..0.75)).round() as i64;
    let status = match rng.random_range(0..1000) {
        0..22 => "removed",
        22..38 => "returned",
        38..118 => "lifted",
        _ => "poor",
    };
    let attribute = match (labourers, rng.random_range(0..100)) {
        (0, 0..35) => "five_guarantees",
        (_, 0..58) => "general",
        (_, 58..76) => "allowance_poor",
        _ => "allowance",
    };
    let mut fields = object(json!({
        "village": village,
        "registry_no": format!("{village}{:04}", family.number),
        "group_name": format!("{}组", 1 + family.number % 8),
        "head_name": family.head.name,
        "standard": weighted(rng, &["national", "provincial", "municipal"], &[78, 17, 5]),
        "attribute": attribute,
        "status": status,
        "status_year": if status == "lifted" { 2014 } else { 2013 },
        "cause_main": family.cause,
        "people": family.people,
        "labourers": labourers,
        "income_wage": wage,
        "income_business": rest + cost,
        "income_transfer": transfer,
        "production_cost": cost,
        "income_per_capita": family.income,
        "arable_mu": tenths(family.people as f64 * rng.random_range(0.4..2.2)),
        "cooperative": chance(rng, likely(0.22, -0.03, 0.05, site, family)),
        "electricity_living": chance(rng, likely(0.995, -0.03, 0.0, site, family)),
        "broadcast_tv": chance(rng, likely(0.96, -0.06, 0.04, site, family)),
        "road_km": tenths(rng.random_range(0.1..1.5) + site.altitude * rng.random_range(0.0..2.0)),
        "road_kind": weighted(rng, &["cement", "gravel", "earth", "asphalt"], &[38, 26, (14.0 * site.altitude) as u32 + 8, 2]),
        "housing_m2": (family.people as f64 * rng.random_range(12.0..32.0)).round(),
        "housing_dangerous": unsafe_house,
        "housing_grade": grade,
        "toilet_sanitary": chance(rng, likely(0.45, -0.09, 0.08, site, family)),
        "water_difficult": chance(rng, likely(0.08, 0.06, -0.02, site, family)),
        "water_safe": chance(rng, likely(0.86, -0.09, 0.05, site, family)),
        "relocation": chance(rng, likely(0.04, 0.04, -0.02, site, family)),
        "location": {"lat": family.lat, "lon": family.lon, "accuracy_m": rng.random_range(3..25), "datum": "wgs84"},
    }));
    // Not every sheet is full.
    if chance(rng, 0.35) {
        let other = one_of(rng, &CAUSES);
        if other != family.cause {
            fields.insert("causes_other".into(), json!([other]));
        }
    }
    if chance(rng, 0.72) {
        fields.insert("phone".into(), phone(rng).into());
    }
    if chance(rng, 0.5) {
        fields.insert("forest_mu".into(), tenths(family.people as f64 * rng.random_range(0.5..6.0)).into());
    }
    if site.altitude > 2.8 {
        fields.insert("pasture_mu".into(), f64::from(rng.random_range(5..400)).into());
    }
    if chance(rng, 0.4) {
        let name = people::person(rng, Ethnicity::Han, None).name;
        let unit = format!("{}扶贫和移民工作局", county.name);
        fields.insert(
            "helpers".into(),
            json!([{"name": name, "unit": unit, "affiliation": "county", "phone": phone(rng)}]),
        );
    }
    fields
}

/// The sheet of a member, the head being number 0.
pub(super) fn member(rng: &mut StdRng, site: &Site, family: &Family, number: i64) -> Map<String, Value> {
    let person = match number {
        0 => family.head.clone(),
        _ => people::person(rng, family.ethnicity, Some(&family.head.family)),
    };
    let relation = match (number, person.male) {
        (0, _) => "户主",
        (1, _) => "配偶",
        (2 | 3, true) => "之子",
        (2 | 3, false) => "之女",
        (_, true) => "之父",
        (_, false) => "之母",
    };
    let child = matches!(number, 2 | 3) && rng.random_bool(0.6);
    let ill = if family.cause == "illness" && number < 2 { [40, 35, 20, 5] } else { [86, 8, 2, 4] };
    let schooling = [(10.0 + 8.0 * site.altitude) as u32, 50, 25, 8, 2];
    object(json!({
        "household": family.id,
        "name": person.name,
        "sex": if person.male { "male" } else { "female" },
        "relation": relation,
        "ethnicity": family.ethnicity.name(),
        "education": weighted(rng, &["illiterate", "primary", "junior", "senior", "college"], &schooling),
        "student": if child { weighted(rng, &["primary", "junior", "senior", "dropout"], &[50, 30, 15, 5]) } else { "no" },
        "health": weighted(rng, &["healthy", "chronic", "serious", "disabled"], &ill),
        "labour": if child { "none" } else { weighted(rng, &["ordinary", "skilled", "lost"], &[76, 8, 16]) },
        "months_away": if child { 0 } else { rng.random_range(0..=10) },
        "medical_insurance": rng.random_bool(0.95),
        "pension": rng.random_bool(0.6),
    }))
}

/// A village's sheet; `poor` are its registered households.
pub(super) fn village(rng: &mut StdRng, county: &County, site: &Site, poor: usize) -> Map<String, Value> {
    let all = poor * rng.random_range(4..12) + rng.random_range(40..200);
    let chance = |rng: &mut StdRng, at_sea: f64, by_altitude: f64| {
        rng.random_bool((at_sea + by_altitude * site.altitude).clamp(0.02, 0.98))
    };
    object(json!({
        "village": county.villages[site.village].code,
        "poor_village": poor * 6 > all,
        "households": all,
        "people": all * 4,
        "poor_households": poor,
        "poor_people": poor * 4,
        "hamlets": rng.random_range(1..9),
        "unpaved_km": tenths(site.altitude * rng.random_range(0.0..6.0)),
        "bus": chance(rng, 0.8, -0.15),
        "water_unsafe_households": poor / rng.random_range(2..9),
        "no_power_households": if site.altitude > 2.5 { poor / 12 } else { 0 },
        "broadcast_tv": chance(rng, 0.95, -0.06),
        "clinic": chance(rng, 0.9, -0.1),
        "licensed_doctor": chance(rng, 0.5, -0.1),
        "library": chance(rng, 0.7, -0.1),
        "mutual_fund": chance(rng, 0.2, 0.0),
        "collective_income": rng.random_range(0..60) * 500,
        "first_secretary": people::person(rng, Ethnicity::Han, None).name,
        "resident_team": format!("驻{}工作队", county.villages[site.village].name),
        "location": {"lat": super::land::degrees(site.lat), "lon": super::land::degrees(site.lon), "accuracy_m": 10, "datum": "wgs84"},
    }))
}
