//! The HTTP kit: problems, bodies, lists, preconditions, and what else every handler shares. It knows no resource.

pub mod address;
pub mod answer;
pub mod body;
pub mod checks;
pub mod documented;
mod extract;
pub mod idempotency;
pub mod list;
pub mod middleware;
pub mod problem;
mod query;
mod room;
pub mod shape;
pub mod strict;
pub mod time;

pub use answer::Answer;
pub use extract::Arrival;
pub use problem::{Code, Problem};
pub use query::Query;
