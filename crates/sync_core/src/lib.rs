//! The pure core of ruhu's sync. No I/O, no clock, no randomness: time comes in as an argument.
#![forbid(unsafe_code)]

mod collection;

pub use collection::{Bucket, Collection};
