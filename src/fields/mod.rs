//! The fields of the seven collections: one table, from which validation, the dictionary and the
//! schemas of the OpenAPI document all come.
//!
//! Invariant: what [`check`] lets through is canonical (RFC 8785) and is let through again when it is sent back, and no
//! field is known anywhere that the table does not have.

use sync_core::canonical;
mod check;
mod columns;
mod datum;
mod dictionary;
mod fault;
mod field;
mod flat;
mod formats;
mod mask;
mod named;
pub(crate) mod pointer;
mod schema;
mod table;
#[cfg(test)]
mod tests;
mod value;

use sync_core::Collection;

pub use check::check;
pub use columns::{Cell, Column, ColumnKind, columns, grams, has_column};
pub use datum::place;
pub use dictionary::{Dictionary, DictionaryCollection, DictionaryField, FieldType, dictionary};
pub use fault::{Expected, Fault, FieldError};
pub use field::{ANSWER_KEY_MAX, Choice, Label, SAFE_INTEGER, TEXT_MAX, Unit};
pub use flat::{FlatCell, FlatColumn, flat, has_answers, place_of};
pub use formats::day;
pub use formats::is_village;
pub use mask::{hide_runs, is_personal, long_numbers, mask_given, masked, masked_text, masked_value};
pub use named::Named;
pub use schema::{schema, write_schema};
pub use table::{Area, Leads, Level, OUTSIDE, Topic, VisitMethod};

/// The fields without which a record is incomplete; to be judged on the merged record.
pub fn required(collection: Collection) -> &'static [&'static str] {
    &table::index(collection).required
}
