//! Quantiles: the smallest value at or below which there is at least the wanted part of the population.

use super::distribution;
use super::estimate::{Estimate, Item, freedom, ratio};
use super::sample::Sample;

/// With Woodruff's interval (1952): that of the part of the population at or below the estimate, read back on the values.
/// An end that would lie beyond the sample's own values is `None`. `part` is between 0 and 1.
pub fn quantile(sample: &Sample, items: &[Item], part: f64) -> Option<Estimate> {
    let mut values: Vec<(f64, f64)> = items.iter().map(|(unit, y)| (*y, sample.weights[*unit])).collect();
    let value = weighted(&mut values, part)?;
    let below: Vec<Item> = items.iter().map(|(unit, y)| (*unit, f64::from(u8::from(*y <= value)))).collect();
    let (reached, variance) = ratio(sample, &below)?;
    let Some(t) = distribution::reach(freedom(sample, items)) else {
        return Some(Estimate { value, se: None, low: None, high: None });
    };
    let half = t * variance.sqrt();
    let mut end = |part: f64| (0.0..=1.0).contains(&part).then(|| weighted(&mut values, part)).flatten();
    let (low, high) = (end(reached - half), end(reached + half));
    let se = low.zip(high).map(|(low, high)| (high - low) / (2.0 * t));
    Some(Estimate { value, se, low, high })
}

/// Of values and how often each stands, without weights; it sorts them.
pub fn plain_quantile(values: &mut [(f64, u64)], part: f64) -> Option<f64> {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let size: u64 = values.iter().map(|(_, count)| count).sum();
    let wanted = size as f64 * (part - 1e-12);
    let mut below = 0;
    let found = values.iter().find(|(_, count)| {
        below += count;
        below as f64 >= wanted
    });
    found.or(values.last()).map(|(value, _)| *value)
}

/// Of `(value, weight)`, which it sorts.
fn weighted(values: &mut [(f64, f64)], part: f64) -> Option<f64> {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let size: f64 = values.iter().map(|(_, weight)| weight).sum();
    // Sums of weights that are equal on paper may differ in their last digits.
    let wanted = size * (part - 1e-12);
    let mut below = 0.0;
    let found = values.iter().find(|(_, weight)| {
        below += weight;
        below >= wanted
    });
    found.or(values.last()).map(|(value, _)| *value)
}
