//! Rows and all queries: nothing above this floor speaks SQL.

pub mod assignments;
pub mod audit;
mod beside;
pub mod buckets;
pub mod callers;
pub mod campaign_counties;
pub mod campaigns;
pub mod changes;
pub mod checks;
pub mod circle;
pub mod conflicts;
pub mod conn;
pub mod coverage;
pub mod devices;
pub mod dialect;
pub mod divisions;
pub mod draw_units;
pub mod draws;
pub mod findings;
pub mod form_cache;
pub mod forms;
pub mod frames;
pub mod held;
pub mod idempotency;
mod libpq;
pub mod listing;
pub mod migrations;
pub mod promoted;
pub mod pushers;
mod record_indexes;
pub mod record_lists;
pub mod records;
mod role;
pub mod schema;
pub mod sessions;
pub mod spot_checks;
pub mod statistics;
pub mod teams;
#[cfg(test)]
pub(crate) mod tests;
pub mod types;
pub mod users;
mod writer;

pub use conn::{Conn, Engine, Store, StoreError, Tx, snapshot, snapshot_in_order};
pub use role::Role;
pub use types::{Id, Instant, JsonText};
