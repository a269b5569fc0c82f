//! One file for each resource of the API: wire types and handlers, no SQL.

pub mod conflicts;
pub mod held_ops;
pub mod records;
