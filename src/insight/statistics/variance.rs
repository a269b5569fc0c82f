//! The variance of a sum over a sample, by the design.
//!
//! With z the (linearized) value of a unit times its weight and T its sum in a primary unit, at the first stage
//!
//! V₁ = Σ over strata of n/(n−1) · Σ (1−πᵢ)(Tᵢ−B)²,  B = Σ(1−πᵢ)Tᵢ / Σ(1−πᵢ)
//!
//! over the stratum's n primary units, whose inclusion probabilities are πᵢ: Hájek's approximation for unequal
//! probabilities (Hájek 1964; in this form Deville 1999, Berger 2004), exactly the textbook's (1−f) s² with equal ones,
//! and the one with replacement (Hansen, Hurwitz 1943) with π = 0. The second stage adds, for each primary unit, πᵢ
//! times the same over its units (Särndal, Swensson, Wretman 1992, result 4.3.1).
//!
//! Where a single one was drawn, its distance from the mean of all stands for the variance, which is rather too much.

use super::sample::{Drawn, Reached, Sample};
use std::collections::BTreeMap;

/// Sums of members of a stage, of those that have any. In a fixed order, so that the same sample gives the same digits.
type Sums = BTreeMap<u32, f64>;

/// The variance of Σ z over these units: `(unit, z)` with z times its weight; all others count as 0.
pub(super) fn variance(sample: &Sample, values: impl Iterator<Item = (usize, f64)>) -> f64 {
    let mut units: Sums = BTreeMap::new();
    let mut primaries: Sums = BTreeMap::new();
    for (unit, z) in values {
        *units.entry(unit as u32).or_default() += z;
        *primaries.entry(sample.units[unit].within).or_default() += z;
    }
    let first = stage(&primaries, &sample.primaries, &sample.in_stratum, |_| 1.0);
    let share = |primary: u32| sample.primaries[primary as usize].fraction;
    first + stage(&units, &sample.units, &sample.in_primary, share)
}

/// How many primary units have any of these units, and how many strata.
pub(super) fn reach(sample: &Sample, units: impl Iterator<Item = usize>) -> (usize, usize) {
    let mut primaries: Vec<u32> = units.map(|unit| sample.units[unit].within).collect();
    primaries.sort_unstable();
    primaries.dedup();
    let mut strata: Vec<u32> = primaries.iter().map(|p| sample.primaries[*p as usize].within).collect();
    strata.sort_unstable();
    strata.dedup();
    (primaries.len(), strata.len())
}

/// What the sums of one stage stand for.
struct Set<'a> {
    drawn: &'a Drawn,
    /// `(sum, 1 − fraction)` of those that have a sum; the rest have 0.
    sums: Vec<(f64, f64)>,
}

fn stage(sums: &Sums, members: &[Reached], sets: &[Drawn], factor: impl Fn(u32) -> f64) -> f64 {
    let mut found: BTreeMap<u32, Set<'_>> = BTreeMap::new();
    for (member, sum) in sums {
        let Reached { within, fraction } = members[*member as usize];
        let set = found.entry(within).or_insert_with(|| Set { drawn: &sets[within as usize], sums: Vec::new() });
        set.sums.push((*sum, 1.0 - fraction));
    }
    let reached: usize = sets.iter().map(|set| set.reached).sum();
    let mean = sums.values().sum::<f64>() / reached.max(1) as f64;
    found.into_iter().map(|(place, set)| factor(place) * set.spread(mean)).sum()
}

impl Set<'_> {
    fn spread(&self, mean_of_all: f64) -> f64 {
        let n = self.drawn.reached as f64;
        if self.drawn.reached < 2 {
            return self.sums.iter().map(|(sum, open)| open * (sum - mean_of_all).powi(2)).sum();
        }
        let open = self.drawn.open;
        if open <= 0.0 {
            return 0.0;
        }
        let centre = self.sums.iter().map(|(sum, open)| open * sum).sum::<f64>() / open;
        let here: f64 = self.sums.iter().map(|(sum, open)| open * (sum - centre).powi(2)).sum();
        let known: f64 = self.sums.iter().map(|(_, open)| open).sum();
        n / (n - 1.0) * (here + (open - known).max(0.0) * centre.powi(2))
    }
}
