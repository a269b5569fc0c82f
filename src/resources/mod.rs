//! One file for each resource of the API: wire types and handlers, no SQL.

pub mod assignments;
pub mod audit;
pub mod campaigns;
pub mod conflicts;
pub mod coverage;
pub mod devices;
pub mod dictionary;
pub mod divisions;
pub mod draws;
pub mod exports;
pub mod feedback;
pub mod findings;
pub mod forms;
mod ground;
pub mod held_ops;
pub mod me;
pub mod records;
pub mod report;
pub mod statistics;
pub mod teams;
pub mod users;

use crate::store::{JsonText, StoreError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// What was stored as JSON, if it was.
fn read_json<T: DeserializeOwned>(text: Option<&JsonText>) -> Result<Option<T>, StoreError> {
    let read = text.map(|text| serde_json::from_str(&text.0)).transpose();
    read.map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// A member of a `PATCH` that may be left out, be `null`, or have a value.
#[derive(Debug, Default)]
enum Patch<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<T> Patch<T> {
    /// The value that it sets.
    fn value(&self) -> Option<&T> {
        if let Self::Set(value) = self { Some(value) } else { None }
    }

    /// What becomes of `current`.
    fn apply(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Keep => current,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}
