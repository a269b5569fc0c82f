//! The general report, for people to read.

mod chart;
pub mod docx;
pub mod html;
