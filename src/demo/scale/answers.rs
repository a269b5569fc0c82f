//! What people answer to the forms that come with the server. A family's answers follow from how it lives.

use super::family::Family;
use super::land::{Region, Site, normal, weighted};
use crate::demo::households::one_of;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

/// The income per head that the family itself tells: about what the register has, mostly less.
pub(super) fn stated(rng: &mut StdRng, family: &Family) -> f64 {
    (family.income * (0.18 * normal(rng) - 0.05).exp()).round()
}

fn yes(rng: &mut StdRng, p: f64) -> bool {
    rng.random_bool(p.clamp(0.01, 0.99))
}

pub(super) fn household(rng: &mut StdRng, region: &Region, site: &Site, family: &Family) -> Value {
    let helped = yes(rng, 0.82 - 0.06 * site.altitude);
    let content = 3.6 + 0.3 * family.fortune + if helped { 0.4 } else { -0.6 } + 0.7 * normal(rng);
    let satisfied = ["very_dissatisfied", "dissatisfied", "neutral", "satisfied", "very_satisfied"];
    let water = yes(rng, 0.84 - 0.09 * site.altitude + 0.05 * family.fortune);
    let children = rng.random_range(0..=(family.people - 1).clamp(0, 3));
    let total = (stated(rng, family) * family.people as f64).round() as i64;
    // Main causes are difficulties under the same names, but for the last.
    let difficulty = if family.cause == "other" { "funds" } else { family.cause };
    let mut answers = json!({
        "knows_registered": yes(rng, 0.9),
        "list_published": weighted(rng, &["yes", "no", "unknown"], &[78, 8, 14]),
        "knows_policy": [one_of(rng, &["relocation", "housing", "education"]), one_of(rng, &["medical", "credit", "allowance"])],
        "plan_known": yes(rng, 0.62 + 0.05 * family.fortune),
        "measures_received": [one_of(rng, &["seedlings", "livestock", "training", "cash"]), one_of(rng, &["loan", "housing", "medical"])],
        "measures_useful": weighted(rng, &["great", "some", "little", "none"], &[30, 48, 17, 5]),
        "knows_helper": helped,
        "enough_food": yes(rng, 0.97 + 0.02 * family.fortune),
        "enough_clothing": yes(rng, 0.96 + 0.02 * family.fortune),
        "drinking_water_safe": water,
        "housing_safe": yes(rng, 0.86 - 0.06 * site.altitude + 0.08 * family.fortune),
        "children": children,
        "medical_insured": weighted(rng, &["all", "some", "none"], &[90, 8, 2]),
        "income_source": weighted(rng, &region.sources, &[45, 28, 17, 10]),
        "income_total": total,
        "income_change": weighted(rng, &["up", "same", "down"], &[56, 33, 11]),
        "asked_for_opinion": yes(rng, 0.7),
        "main_difficulty": difficulty,
        "wishes": [one_of(rng, &["road", "water", "training"]), one_of(rng, &["housing", "medical", "loan"])],
        "satisfied": satisfied[(content.round() as usize).clamp(1, 5) - 1],
    });
    let mut also = |name: &str, value: i64| answers[name] = value.into();
    if helped {
        also("helper_visits", rng.random_range(1..13));
    }
    if !water {
        also("water_minutes", rng.random_range(5..90));
    }
    if children > 0 {
        also("children_dropped_out", i64::from(rng.random_bool(0.03)));
    }
    // A slip now and then: it is kept, and flagged.
    if rng.random_bool(0.01) {
        also("helper_visits", 999);
    }
    answers
}

pub(super) fn village(rng: &mut StdRng, site: &Site) -> Value {
    let planned = rng.random_range(1..9);
    json!({
        "meeting_held": yes(rng, 0.9),
        "public_notices": rng.random_range(0..4),
        "ledger_complete": weighted(rng, &["complete", "mostly", "gaps", "none"], &[40, 40, 18, 2]),
        "register_errors": 0,
        "village_plan": true,
        "plan_progress": weighted(rng, &["full", "mostly", "partly", "none"], &[20, 50, 26, 4]),
        "projects_planned": planned,
        "projects_done": rng.random_range(0..=planned),
        "road_paved": yes(rng, 0.85 - 0.15 * site.altitude),
        "safe_water_share": ((0.95 - 0.1 * site.altitude).max(0.2) * rng.random_range(70.0_f64..100.0)).round(),
        "power_stable": yes(rng, 0.95 - 0.08 * site.altitude),
        "first_secretary_present": yes(rng, 0.83),
        "resident_team_size": rng.random_range(1..6),
        "resident_days": rng.random_range(10..60),
        "clinic_works": yes(rng, 0.88 - 0.1 * site.altitude),
        "dropouts": i64::from(rng.random_bool((0.05 * site.altitude).min(0.9))),
        "collective_income": rng.random_range(0..60) * 500,
        "main_obstacles": [one_of(rng, &["transport", "water", "industry"]), one_of(rng, &["funds", "labour", "education"])],
        "help_needed": one_of(rng, &["硬化通村道路", "解决安全饮水", "发展特色产业", "改善教育医疗条件"]),
        "assessment": weighted(rng, &["very_good", "good", "fair", "poor"], &[25, 45, 25, 5]),
    })
}

pub(super) fn county(rng: &mut StdRng) -> Value {
    let funds = rng.random_range(1_000..30_000);
    json!({
        "committee_meetings": rng.random_range(2..30),
        "leader_village_days": rng.random_range(5..90),
        "responsibility_letters": yes(rng, 0.95),
        "decisions_implemented": one_of(rng, &["full", "mostly", "mostly"]),
        "county_plan": yes(rng, 0.95),
        "lift_target_people": rng.random_range(2_000..40_000),
        "funds_available": funds,
        "funds_spent": funds * rng.random_range(55..100) / 100,
        "funds_pooled": yes(rng, 0.7),
        "projects_on_time": one_of(rng, &["on_time", "on_time", "ahead"]),
        "registered_households": rng.random_range(1_000..30_000),
        "first_secretaries_complete": yes(rng, 0.9),
        "resident_teams_complete": yes(rng, 0.85),
        "five_batches": ["industry", "relocation", "allowance"],
        "departments_cooperate": one_of(rng, &["very_good", "good", "fair"]),
        "main_obstacles": [one_of(rng, &["infrastructure", "industry"]), one_of(rng, &["cadres", "public_services", "illness"])],
        "previous_feedback_done": one_of(rng, &["full", "mostly", "partly"]),
        "assessment": one_of(rng, &["very_good", "good", "fair"]),
    })
}
