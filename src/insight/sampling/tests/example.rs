//! The worked example of `docs/sampling.md`: every figure of it.

use super::super::lots::Lots;
use super::super::select::{Design, select};
use super::super::verify::verify;
use super::super::{Document, document};

const TEXT: &str = include_str!("../../../../docs/sampling.md");
const FILE: &str = include_str!("../../../../docs/sampling-example.json");

#[test]
fn the_file_passes() {
    let report = verify(FILE, None).unwrap();
    assert!(report.is_good(), "{report:#?}");
}

#[test]
fn the_table_is_what_is_drawn() {
    let example: Document = serde_json::from_str(FILE).unwrap();
    let seed = &example.drawn.as_ref().unwrap().seed;
    assert!(TEXT.contains(&format!("`{seed}`")));
    let lots = Lots::new(&document::seed(seed).unwrap(), None);
    let all = Design { substitutes: 6, ..example.plan.design() };
    let drawn = select(&example.frame, &all, &lots).unwrap();
    let rows = drawn.sample.iter().chain(&drawn.substitutes).map(|picked| {
        let (size, u) = (picked.unit.size, picked.number as f64 / 2.0_f64.powi(64));
        format!(
            "| {} | {size} | {:016x} | {u:.6} | {:.6} | {:.6} | {} |",
            picked.unit.id,
            picked.number,
            u / f64::from(size),
            picked.probability,
            picked.place
        )
    });
    let table: Vec<&str> = TEXT.lines().filter(|line| line.starts_with("| 5134")).collect();
    assert_eq!(rows.collect::<Vec<_>>(), table);
    // What the text says of them.
    let names = |units: &[document::DrawnUnit]| units.iter().map(|unit| unit.unit.clone()).collect::<Vec<_>>();
    let (sample, next) = (names(&example.sample), names(&example.substitutes));
    assert!(TEXT.contains(&format!(
        "The sample is {} and {}; the substitutes are {}, then {}.",
        sample[0], sample[1], next[0], next[1]
    )));
    assert!(TEXT.contains(&format!("to {} was cut, so that {} has its place", sample[1], next[0])));
    assert_eq!(
        (example.replacements[0].unit, example.replacements[0].by),
        (example.sample[1].id, example.substitutes[0].id)
    );
}

#[test]
fn the_fraction_is_exact() {
    let example: Document = serde_json::from_str(FILE).unwrap();
    assert!(TEXT.contains("= 7019/18750 = 0.374347"));
    assert!((example.sample[1].probability - 7019.0 / 18750.0).abs() < 1e-14);
}
