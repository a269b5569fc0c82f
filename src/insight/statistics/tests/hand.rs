//! Small samples, reckoned by hand in fractions.

use super::super::{Chance, Primary, Sample, Stratum, Unit, mean, plain_quantile, quantile, share, total};
use super::{all, is, near};

fn one_stage(chances: &[Chance], strata: &[Stratum], of: &[u32]) -> Sample {
    let primary = |(chance, stratum): (&Chance, &u32)| Primary { stratum: *stratum, chance: *chance, drawn: 1 };
    let primaries: Vec<_> = chances.iter().zip(of).map(primary).collect();
    let units: Vec<_> = (0..of.len() as u32).map(|primary| Unit { primary, chance: Chance::CERTAIN }).collect();
    Sample::new(strata, &primaries, &units)
}

const ONE: [Stratum; 1] = [Stratum { group: 0, drawn: 0 }];

fn once(values: &[f64]) -> Vec<(f64, u64)> {
    values.iter().map(|value| (*value, 1)).collect()
}

#[test]
fn unequal_probabilities() {
    // T = 3/(1/2), 5/(1/4) = 6, 20; 1−π = 1/2, 3/4; B = (3 + 15)/(5/4) = 72/5;
    // V = 2 · (1/2 · (42/5)² + 3/4 · (28/5)²) = 588/5.
    let sample = one_stage(&[Chance::of(0.5), Chance::of(0.25)], &ONE, &[0, 0]);
    is(total(&sample, &all(&sample, &[3.0, 5.0])), 26.0, (588.0_f64 / 5.0).sqrt());
    // N = 6, mean 13/3, z = 2(3 − 13/3)/6, 4(5 − 13/3)/6 = −4/9, 4/9; B = (−2/9 + 3/9)/(5/4) = 4/45;
    // V = 2 · (1/2 · (24/45)² + 3/4 · (16/45)²) = 64/135.
    is(mean(&sample, &all(&sample, &[3.0, 5.0])).unwrap(), 13.0 / 3.0, (64.0_f64 / 135.0).sqrt());
}

#[test]
fn a_unit_that_was_certain_adds_nothing() {
    let sample = one_stage(&[Chance::of(1.0), Chance::of(0.5), Chance::of(0.5)], &ONE, &[0, 0, 0]);
    // B = (1/2 · 2 + 1/2 · 6)/1 = 4; V = 3/2 · (1/2 · 4 + 1/2 · 4) = 6.
    is(total(&sample, &all(&sample, &[1000.0, 1.0, 3.0])), 1008.0, 6.0_f64.sqrt());
}

#[test]
fn who_was_not_reached_is_like_the_others() {
    // Of four villages two were drawn, in each of them three of ten households; in the first one only two were reached.
    let primaries = [0, 1].map(|_| Primary { stratum: 0, chance: Chance::of(0.5), drawn: 3 });
    let units = [0, 0, 1, 1, 1].map(|primary| Unit { primary, chance: Chance::of(0.3) });
    let sample = Sample::new(&[Stratum { group: 0, drawn: 2 }], &primaries, &units);
    let weights: Vec<f64> = (0..5).map(|unit| sample.weight(unit)).collect();
    for (found, expected) in weights.iter().zip([10.0, 10.0, 20.0 / 3.0, 20.0 / 3.0, 20.0 / 3.0]) {
        near(*found, expected);
    }
    // Had four been drawn and two be reached, all would count twice, and their fraction half.
    let half = Sample::new(&[Stratum { group: 0, drawn: 4 }], &primaries, &units);
    near(half.weight(0), 20.0);
    let primaries = [0, 1].map(|_| Primary { stratum: 0, chance: Chance::of(0.25), drawn: 3 });
    let quarter = Sample::new(&[Stratum { group: 0, drawn: 2 }], &primaries, &units);
    let values = [1.0, 2.0, 3.0, 4.0, 9.0];
    assert_eq!(total(&half, &all(&half, &values)), total(&quarter, &all(&quarter, &values)));
}

#[test]
fn strata_of_one_are_joined() {
    let draw = |group| Stratum { group, drawn: 1 };
    let chances = [Chance::of(0.25); 3];
    let apart = one_stage(&chances, &[draw(0), draw(0), draw(0)], &[0, 1, 2]);
    let together = one_stage(&chances, &[Stratum { group: 0, drawn: 3 }], &[0, 0, 0]);
    let values = [1.0, 2.0, 6.0];
    assert_eq!(total(&apart, &all(&apart, &values)), total(&together, &all(&together, &values)));
    // One alone joins another stratum of its draw, and none of another draw.
    let chances = [Chance::of(0.25); 4];
    let strata = [draw(0), draw(0), draw(1)];
    let sample = one_stage(&chances, &strata, &[0, 0, 1, 2]);
    let values = [1.0, 2.0, 6.0, 7.0];
    let expected = one_stage(&chances, &[draw(0), draw(1)], &[0, 0, 0, 1]);
    assert_eq!(total(&sample, &all(&sample, &values)), total(&expected, &all(&expected, &values)));
}

#[test]
fn what_the_sample_does_not_tell_is_not_told() {
    let sample = one_stage(&[Chance::of(0.25)], &ONE, &[0]);
    let found = total(&sample, &[(0, 5.0)]);
    assert_eq!((found.value, found.se, found.low, found.high), (20.0, None, None, None));
    assert_eq!(mean(&sample, &[]), None);
    assert_eq!(quantile(&sample, &[], 0.5), None);
    let found = quantile(&sample, &[(0, 5.0)], 0.5).unwrap();
    assert_eq!((found.value, found.low), (5.0, None));
    // Everybody says the same: there is a share, and nothing to reckon an interval from.
    let sample = one_stage(&[Chance::of(0.25); 3], &ONE, &[0; 3]);
    let found = share(&sample, &all(&sample, &[1.0; 3])).unwrap();
    assert_eq!((found.value, found.se, found.low), (1.0, None, None));
}

#[test]
fn a_whole_population_is_certain() {
    let sample = one_stage(&[Chance::CERTAIN; 3], &ONE, &[0; 3]);
    let found = mean(&sample, &all(&sample, &[1.0, 2.0, 6.0])).unwrap();
    assert_eq!((found.value, found.se, found.low, found.high), (3.0, Some(0.0), Some(3.0), Some(3.0)));
}

#[test]
fn an_end_beyond_the_values_is_not_told() {
    let sample = one_stage(&[Chance::of(0.01); 4], &ONE, &[0; 4]);
    let found = quantile(&sample, &all(&sample, &[4.0, 1.0, 3.0, 2.0]), 0.5).unwrap();
    assert_eq!((found.value, found.low, found.high), (2.0, None, None));
}

#[test]
fn quantiles_of_values_that_count_alike() {
    let values = [4.0, 1.0, 3.0, 2.0];
    for (part, expected) in [(0.0, 1.0), (0.25, 1.0), (0.26, 2.0), (0.5, 2.0), (0.75, 3.0), (1.0, 4.0)] {
        assert_eq!(plain_quantile(&mut once(&values), part), Some(expected), "{part}");
    }
    // Ten tenths make a whole, whatever the binary digits say.
    assert_eq!(plain_quantile(&mut once(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]), 0.3), Some(3.0));
    assert_eq!(plain_quantile(&mut [], 0.5), None);
    assert_eq!(plain_quantile(&mut [(3.0, 1), (1.0, 2), (2.0, 1)], 0.5), Some(1.0));
}
