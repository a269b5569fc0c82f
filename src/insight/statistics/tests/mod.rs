//! Against published figures, against every sample that could have come, and by hand.

mod every_sample;
mod frames;
mod hand;
#[expect(clippy::unreadable_literal, reason = "figures as they are printed")]
mod published;

use super::{Estimate, Sample};

#[track_caller]
fn near(found: f64, expected: f64) {
    let close = (found - expected).abs() <= 1e-9 * expected.abs().max(1.0);
    assert!(close, "{found} is not {expected}");
}

#[track_caller]
fn is(found: Estimate, value: f64, se: f64) {
    near(found.value, value);
    near(found.se.expect("a standard error"), se);
}

#[track_caller]
fn between(found: Estimate, low: f64, high: f64) {
    near(found.low.expect("a lower end"), low);
    near(found.high.expect("an upper end"), high);
}

/// Every unit with its value.
fn all(sample: &Sample, values: &[f64]) -> Vec<(usize, f64)> {
    assert_eq!(sample.len(), values.len());
    values.iter().copied().enumerate().collect()
}
