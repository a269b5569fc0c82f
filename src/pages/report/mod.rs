//! The general report, for people to read.

mod chart;
pub mod docx;
pub mod html;
mod pointers;

use crate::insight::report::Figure;

/// Where a number comes from.
fn source(figure: &Figure) -> String {
    let divided_by = figure.divided_by.as_ref().map(|of| format!(" ÷ {of}")).unwrap_or_default();
    format!("{} {}{divided_by}", figure.query, figure.pointer)
}
