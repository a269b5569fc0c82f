//! Totals, means and shares.

use super::distribution;
use super::sample::Sample;
use super::variance::{reach, variance};
use serde::Serialize;
use utoipa::ToSchema;

/// A unit of the sample (by its place) and its value. What is not listed has none: it is outside the domain, or said
/// nothing.
pub type Item = (usize, f64);

/// An estimate with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Estimate {
    pub value: f64,
    /// The standard error; `null` where the sample does not tell.
    pub se: Option<f64>,
    /// The lower end of the 95 % confidence interval; `null` where the sample does not tell.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

impl Estimate {
    fn symmetric(value: f64, variance: f64, freedom: usize) -> Self {
        let se = variance.sqrt();
        let half = distribution::reach(freedom).map(|t| t * se);
        let told = half.is_some().then_some(se);
        Self { value, se: told, low: half.map(|h| value - h), high: half.map(|h| value + h) }
    }

    /// On the scale of log odds, so that it stays between 0 and 1 (Korn, Graubard 1999, section 3.4, "logit").
    fn of_share(value: f64, variance: f64, freedom: usize) -> Self {
        let spread = value * (1.0 - value);
        if spread <= 0.0 {
            return Self { value, se: None, low: None, high: None };
        }
        let se = variance.sqrt();
        let half = distribution::reach(freedom).map(|t| t * se / spread);
        let odds = (value / (1.0 - value)).ln();
        let share = |log: f64| 1.0 / (1.0 + (-log).exp());
        let told = half.is_some().then_some(se);
        Self { value, se: told, low: half.map(|h| share(odds - h)), high: half.map(|h| share(odds + h)) }
    }
}

/// Degrees of freedom: primary units less strata, of those that have a part in it.
pub(super) fn freedom(sample: &Sample, items: &[Item]) -> usize {
    let (primaries, strata) = reach(sample, items.iter().map(|(unit, _)| *unit));
    primaries - strata
}

/// The population's sum (Horvitz, Thompson 1952); of ones, its size.
pub fn total(sample: &Sample, items: &[Item]) -> Estimate {
    let z = || items.iter().map(|(unit, y)| (*unit, sample.weights[*unit] * y));
    let value = z().map(|(_, z)| z).sum();
    Estimate::symmetric(value, variance(sample, z()), freedom(sample, items))
}

/// The mean of those that have a value, and the variance of the estimate: Hájek's ratio of two totals (1971), linearized.
pub(super) fn ratio(sample: &Sample, items: &[Item]) -> Option<(f64, f64)> {
    let size: f64 = items.iter().map(|(unit, _)| sample.weights[*unit]).sum();
    if size <= 0.0 {
        return None;
    }
    let mean = items.iter().map(|(unit, y)| sample.weights[*unit] * y).sum::<f64>() / size;
    let z = items.iter().map(|(unit, y)| (*unit, sample.weights[*unit] * (y - mean) / size));
    Some((mean, variance(sample, z)))
}

/// The mean of those that have a value; `None` without any.
pub fn mean(sample: &Sample, items: &[Item]) -> Option<Estimate> {
    let (mean, variance) = ratio(sample, items)?;
    Some(Estimate::symmetric(mean, variance, freedom(sample, items)))
}

/// The share of those with the value 1 among those with 0 or 1; `None` without any.
pub fn share(sample: &Sample, items: &[Item]) -> Option<Estimate> {
    let (share, variance) = ratio(sample, items)?;
    Some(Estimate::of_share(share, variance, freedom(sample, items)))
}
