//! Who is calling. `keys` and `tokens` know no database and stand below [`crate::caller`]; the handlers stand above it.

pub mod account;
pub mod attempts;
pub mod keys;
pub mod password;
pub mod routes;
mod session;
pub mod tokens;
pub mod wire;
