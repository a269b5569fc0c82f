//! Every sample that could have come out of a small population: the estimates of a total are right on average, and so are
//! their variances.

use super::super::{Chance, Primary, Sample, Stratum, Unit, total};
use super::near;

/// The ways to choose `n` of `0..of`.
fn choices(of: usize, n: usize) -> Vec<Vec<usize>> {
    let chosen = |bits: u32| (0..of).filter(move |i| bits >> i & 1 == 1).collect::<Vec<_>>();
    (0..1_u32 << of).map(chosen).filter(|choice| choice.len() == n).collect()
}

/// Mean and variance of a list, all of it.
fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64)
}

fn check(samples: Vec<(Sample, Vec<f64>)>, truth: f64) {
    let found: Vec<_> = samples.iter().map(|(s, values)| total(s, &super::all(s, values))).collect();
    let (mean, variance) = moments(&found.iter().map(|e| e.value).collect::<Vec<_>>());
    near(mean, truth);
    let estimated = found.iter().map(|e| e.se.unwrap().powi(2)).collect::<Vec<_>>();
    near(moments(&estimated).0, variance);
}

#[test]
fn simple_random_samples() {
    let population = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0];
    for n in 2..=5 {
        let samples = choices(6, n).into_iter().map(|chosen| {
            let chance = Chance::of(n as f64 / 6.0);
            let primaries: Vec<_> = chosen.iter().map(|_| Primary { stratum: 0, chance, drawn: 1 }).collect();
            let units: Vec<_> = (0..n as u32).map(|primary| Unit { primary, chance: Chance::CERTAIN }).collect();
            let sample = Sample::new(&[Stratum { group: 0, drawn: n as u32 }], &primaries, &units);
            (sample, chosen.iter().map(|i| population[*i]).collect())
        });
        check(samples.collect(), 23.0);
    }
}

#[test]
fn strata() {
    let (small, large) = ([3.0, 1.0, 4.0], [10.0, 50.0, 90.0, 20.0]);
    let mut samples = Vec::new();
    for here in choices(3, 2) {
        for there in choices(4, 2) {
            let primary = |stratum: u32| Primary {
                stratum,
                chance: Chance::of(if stratum == 0 { 2.0 / 3.0 } else { 0.5 }),
                drawn: 1,
            };
            let primaries = [0, 0, 1, 1].map(primary);
            let units = [0, 1, 2, 3].map(|primary| Unit { primary, chance: Chance::CERTAIN });
            let strata = [0, 1].map(|_| Stratum { group: 0, drawn: 2 });
            let values = here.iter().map(|i| small[*i]).chain(there.iter().map(|i| large[*i])).collect();
            samples.push((Sample::new(&strata, &primaries, &units), values));
        }
    }
    check(samples, 178.0);
}

#[test]
fn two_stages() {
    let villages: [&[f64]; 4] = [&[3.0, 1.0, 4.0], &[1.0, 5.0, 9.0, 2.0], &[6.0, 5.0], &[30.0, 5.0, 8.0]];
    let mut samples = Vec::new();
    for chosen in choices(4, 2) {
        let ways: Vec<Vec<Vec<usize>>> = chosen.iter().map(|v| choices(villages[*v].len(), 2)).collect();
        // Each way of a pair of villages as often as the other pairs' take together.
        let repeats = 36 / (ways[0].len() * ways[1].len());
        for first in &ways[0] {
            for second in &ways[1] {
                let households = [first, second];
                let primaries = [0, 1].map(|_| Primary { stratum: 0, chance: Chance::of(0.5), drawn: 2 });
                let mut units = Vec::new();
                let mut values = Vec::new();
                for (primary, (village, households)) in (0..).zip(chosen.iter().zip(households)) {
                    let village = villages[*village];
                    for household in households {
                        units.push(Unit { primary, chance: Chance::of(2.0 / village.len() as f64) });
                        values.push(village[*household]);
                    }
                }
                let strata = [Stratum { group: 0, drawn: 2 }];
                for _ in 0..repeats {
                    samples.push((Sample::new(&strata, &primaries, &units), values.clone()));
                }
            }
        }
    }
    check(samples, 79.0);
}

/// A domain's size is not known before; the sample's other units say as much of its total.
#[test]
fn domains() {
    let population = [Some(3.0), None, Some(4.0), None, Some(5.0), None];
    let mut found = Vec::new();
    for chosen in choices(6, 3) {
        let primaries = [0; 3].map(|_| Primary { stratum: 0, chance: Chance::of(0.5), drawn: 1 });
        let units = [0, 1, 2].map(|primary| Unit { primary, chance: Chance::CERTAIN });
        let sample = Sample::new(&[Stratum { group: 0, drawn: 3 }], &primaries, &units);
        let items: Vec<_> = chosen.iter().enumerate().filter_map(|(unit, i)| Some((unit, population[*i]?))).collect();
        let estimate = total(&sample, &items);
        // One of three has no degree of freedom of its own, and says no interval.
        assert_eq!(estimate.se.is_none(), items.len() < 2);
        let whole: Vec<_> = chosen.iter().map(|i| population[*i].unwrap_or(0.0)).enumerate().collect();
        near(estimate.value, total(&sample, &whole).value);
        if let Some(se) = estimate.se {
            near(se, total(&sample, &whole).se.unwrap());
        }
        found.push(estimate.value);
    }
    near(moments(&found).0, 12.0);
}
