//! Interview forms: what is asked at each level, in sections by the five topics (docs/forms.md). Pure: no I/O, no clock.
//!
//! - A definition that [`Form::compile`] takes can be asked: its names are unique, its expressions are read, everything
//!   that they refer to is there.
//! - [`Form::check`] never refuses: it tells what an interview violates, and the interview is kept.

mod check;
mod compile;
pub mod defaults;
pub mod definition;
pub mod expression;
#[cfg(test)]
mod tests;
pub mod xlsform;

pub use check::Interview;
pub use compile::Form;
pub use definition::{Definition, Kind, Wording};
