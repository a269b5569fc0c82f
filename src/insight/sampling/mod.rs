//! Random samples that anyone can check (docs/sampling.md). Pure: no I/O, no clock, no randomness of its own; the seed
//! comes in as an argument. What is drawn follows from the frame, the design and the seed alone:
//!
//! - the order in which the frame is given does not matter, nor does whether a floating-point unit rounds;
//! - every stratum gets exactly its places, and all together get what was asked;
//! - the probabilities are those with which a random seed draws the unit, and add up to the places.

pub mod allocation;
pub mod document;
pub mod lots;
pub mod probability;
pub mod select;
pub mod sign;
pub mod stages;
#[cfg(test)]
mod tests;
pub mod unfit;
pub mod verify;

pub use document::Document;
pub use select::{Design, Method, Places, Stratum, Unit};
pub use stages::SamplePlan;
pub use unfit::Unfit;
