//! The HTTP kit: problems, languages, and what every handler shares. It knows nothing of what is stored.

pub mod body;
pub mod checks;
pub mod documented;
mod extract;
pub mod problem;
pub mod time;

pub use extract::Arrival;
pub use problem::{Code, Problem};
