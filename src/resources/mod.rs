//! One file for each resource of the API: wire types and handlers, no SQL.

pub mod assignments;
pub mod campaigns;
pub mod conflicts;
pub mod devices;
pub mod dictionary;
pub mod divisions;
pub mod held_ops;
pub mod me;
pub mod records;
pub mod teams;
pub mod users;

use serde::{Deserialize, Deserializer};

/// Tells a member that is `null` from one that is not there.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
