//! Estimates from random samples, with their 95 % confidence intervals (docs/statistics.md has the formulas and their
//! sources). Two stages at most: villages (or other primary units) in strata, and units in them. No I/O, no clock.

mod distribution;
mod estimate;
mod frame;
mod quantile;
mod sample;
mod summary;
mod variance;

#[cfg(test)]
mod tests;

pub use estimate::{Estimate, Item, mean, share, total};
pub use frame::{Place, Places, frame};
pub use quantile::{plain_quantile, quantile};
pub use sample::{Chance, Primary, Sample, Stratum, Unit};
pub use summary::{Counts, Numbers, Observation, OneValue, Quantile, Summary, summarize, tally};
