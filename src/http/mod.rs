//! The HTTP kit: problems, languages, and what every handler shares. It knows nothing of what is stored.

pub mod problem;
pub mod time;

pub use problem::{Code, Problem};
