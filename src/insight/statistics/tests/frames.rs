//! From places of draws to weights, and what answers come to.

use super::super::{Counts, Observation, Place, frame, summarize, tally, total};
use super::near;
use serde_json::{Value, json};
use std::collections::HashSet;
use uuid::Uuid;

fn place(draw: u128, n: u128, unit: &str, stratum: &str, probability: f64, overall: f64) -> Place {
    let (draw, id) = (Uuid::from_u128(draw), Uuid::from_u128(n));
    let (level, unit, stratum) = ("household".into(), unit.into(), stratum.into());
    Place { county: 513_430, level, draw, first_stage: None, id, unit, stratum, probability, overall }
}

fn reached(ids: &[u128]) -> HashSet<Uuid> {
    ids.iter().map(|id| Uuid::from_u128(*id)).collect()
}

#[test]
fn two_stages_weigh_by_both() {
    let villages = [place(1, 11, "a", "t", 0.5, 0.5), place(1, 12, "b", "t", 0.25, 0.25)];
    let second = |n, village: &str, first: f64| Place {
        first_stage: Some(Uuid::from_u128(1)),
        ..place(2, n, "home", village, 0.2, first * 0.2)
    };
    let homes = [second(21, "a", 0.5), second(22, "a", 0.5), second(23, "b", 0.25), second(24, "b", 0.25)];
    let (sample, at) = frame(&homes, &villages, &reached(&[21, 22, 23, 24]));
    for (id, weight) in [(21, 10.0), (22, 10.0), (23, 20.0), (24, 20.0)] {
        near(sample.weight(at[&Uuid::from_u128(id)]), weight);
    }
    // One household of b, and nobody of a: those who were reached stand for the others.
    let (sample, at) = frame(&homes, &villages, &reached(&[23]));
    near(sample.weight(at[&Uuid::from_u128(23)]), 80.0);
    assert_eq!(at.len(), 1);
}

#[test]
fn two_draws_of_a_county_count_half_each() {
    let places = [place(1, 11, "x", "c", 0.5, 0.5), place(2, 21, "y", "c", 0.25, 0.25)];
    let (sample, at) = frame(&places, &[], &reached(&[11, 21]));
    near(sample.weight(at[&Uuid::from_u128(11)]), 4.0);
    near(sample.weight(at[&Uuid::from_u128(21)]), 8.0);
    // One that nobody has begun does not.
    let (sample, at) = frame(&places, &[], &reached(&[21]));
    near(sample.weight(at[&Uuid::from_u128(21)]), 4.0);
    near(total(&sample, &[(at[&Uuid::from_u128(21)], 1.0)]).value, 4.0);
}

#[test]
fn answers_are_summed_up_by_what_they_are() {
    let of = |values: &[Value]| -> Vec<Observation> {
        values.iter().map(|value| Observation { unit: None, value: value.clone() }).collect()
    };
    let numbers = summarize(None, &of(&[json!(1), json!(2.5), Value::Null, json!(4)]));
    assert_eq!((numbers.observed, numbers.missing, numbers.values.len()), (3, 1, 0));
    near(numbers.numbers.unwrap().plain_mean, 2.5);
    // One that is no number makes all of them values.
    let mixed = summarize(None, &of(&[json!(1), json!("1"), json!(1)]));
    assert!(mixed.numbers.is_none());
    let values: Vec<_> = mixed.values.iter().map(|value| (value.value.clone(), value.count)).collect();
    assert_eq!(values, [(json!(1), 2), (json!("1"), 1)]);
    let nothing = summarize(None, &[]);
    assert_eq!((nothing.observed, nothing.numbers, nothing.values_left_out), (0, None, 0));
    let many: Vec<Value> = (0..60).map(|n| json!(format!("{n:02}"))).collect();
    let many = summarize(None, &of(&many));
    assert_eq!((many.values.len(), many.values_left_out), (50, 10));
}

#[test]
fn a_register_is_counted_like_what_was_said() {
    let values = [json!(1), json!(2.5), Value::Null, json!(4), json!(1)];
    let mut halves = [Counts::default(), Counts::default()];
    for (i, value) in values.iter().enumerate() {
        halves[i % 2].add(value.clone(), 1);
    }
    let said = values.map(|value| Observation { unit: None, value });
    assert_eq!(tally(&halves), summarize(None, &said));
    let values = [json!("A"), json!("B"), Value::Null, json!("A"), json!(true)];
    let mut all = Counts::default();
    for value in &values {
        all.add(value.clone(), 1);
    }
    assert_eq!(tally([&all]), summarize(None, &values.map(|value| Observation { unit: None, value })));
    let values = [json!(["A", "B"]), json!([]), Value::Null, json!(["B"]), json!(["A", "B"])];
    let mut all = Counts::default();
    for value in &values {
        all.add(value.clone(), 1);
    }
    assert_eq!(tally([&all]), summarize(None, &values.map(|value| Observation { unit: None, value })));
    assert_eq!(tally([]), summarize(None, &[]));
}
