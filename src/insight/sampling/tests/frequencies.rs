//! The stated probabilities come true: over many seeds, each unit is drawn as often as they say. The seeds are a fixed
//! series, so that a test passes always or never.

use super::super::select::{chances, order, select};
use super::super::{Method, Unit};
use super::{design, frame, lots};
use std::collections::HashMap;

const DRAWS: u64 = 5_000;

/// For each unit: how often it was drawn in `DRAWS` draws, and the stated probability.
fn count(frame: &[Unit], method: Method, places: usize) -> Vec<(f64, f64)> {
    let units: Vec<_> = frame.iter().collect();
    let chances = chances(&units, method, places);
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for n in 0..DRAWS {
        for picked in &order(&units, &chances, method, &lots(n))[..places] {
            *counts.entry(&picked.unit.id).or_default() += 1;
        }
    }
    let count = |unit: &Unit| f64::from(counts.get(unit.id.as_str()).copied().unwrap_or_default());
    frame.iter().zip(chances).map(|(unit, chance)| (count(unit), chance.unwrap_or(1.0))).collect()
}

/// Σ (count − expected)² / variance over the m units that are not certain, times (m − 1)/m because their counts have a
/// fixed sum: χ² with m − 1 degrees of freedom, exactly so for large numbers of equal probabilities.
fn chi_square(counts: &[(f64, f64)]) -> (f64, f64) {
    let draws = DRAWS as f64;
    let open = || counts.iter().filter(|(_, probability)| *probability < 1.0);
    let term = |(count, p): &(f64, f64)| (count - draws * p).powi(2) / (draws * p * (1.0 - p));
    let freedom = open().count() as f64 - 1.0;
    (open().map(term).sum::<f64>() * freedom / (freedom + 1.0), freedom)
}

/// Not above what chance alone makes about once in a thousand.
fn agrees(counts: &[(f64, f64)]) -> bool {
    let (sum, freedom) = chi_square(counts);
    sum < freedom + 5.0 * (2.0 * freedom).sqrt()
}

#[test]
fn simple_random_samples() {
    for (units, places) in [(7, 1), (12, 5), (20, 19)] {
        let counts = count(&frame(&vec![1; units]), Method::Srs, places);
        assert!(agrees(&counts), "{places} of {units}: {counts:?}");
    }
}

#[test]
fn samples_by_size() {
    let sizes: [&[u32]; 4] =
        [&[1, 2, 3, 4], &[12, 40, 7, 25, 31, 9, 18, 55, 22, 14], &[1, 1, 1, 1, 6], &[90, 88, 3, 2, 70, 40, 5, 61]];
    for (sizes, places) in sizes.into_iter().zip([1, 3, 2, 4]) {
        let counts = count(&frame(sizes), Method::Pps, places);
        assert!(agrees(&counts), "{places} of {sizes:?}: {counts:?}");
    }
}

/// n·x/X, which is usually told of sequential Poisson sampling, is seen to be wrong for a small sample.
#[test]
fn the_usual_approximation_would_not_agree() {
    let sizes = [1, 2, 3, 4];
    let counts = count(&frame(&sizes), Method::Pps, 1);
    let usual = |((count, _), size): (&(f64, f64), u32)| (*count, f64::from(size) / 10.0);
    let usual: Vec<_> = counts.iter().zip(sizes).map(usual).collect();
    assert!(agrees(&counts) && !agrees(&usual), "{counts:?}");
}

#[test]
fn a_certain_unit_is_always_drawn() {
    let counts = count(&frame(&[500, 40, 7, 25]), Method::Pps, 2);
    assert_eq!(counts[0], (DRAWS as f64, 1.0));
    assert!(agrees(&counts), "{counts:?}");
}

/// Each of the 20 samples of 3 out of 6 is as likely as any other.
#[test]
fn all_simple_random_samples_are_equally_likely() {
    let (frame, design) = (frame(&[1; 6]), design(Method::Srs, 3, 0));
    let mut counts: HashMap<Vec<&str>, u32> = HashMap::new();
    for n in 0..DRAWS {
        let drawn = select(&frame, &design, &lots(n)).unwrap();
        let mut ids: Vec<_> = drawn.sample.iter().map(|picked| picked.unit.id.as_str()).collect();
        ids.sort_unstable();
        *counts.entry(ids).or_default() += 1;
    }
    assert_eq!(counts.len(), 20);
    let counts: Vec<_> = counts.into_values().map(|count| (f64::from(count), 0.05)).collect();
    assert!(agrees(&counts), "{counts:?}");
}
