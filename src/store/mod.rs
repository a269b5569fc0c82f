//! Rows and all queries: nothing above this floor speaks SQL.

pub mod conn;
pub mod migrations;
pub mod schema;
pub mod types;
mod writer;

pub use conn::{Conn, Engine, Store, StoreError, Tx};
pub use types::{Id, Instant, JsonText};
