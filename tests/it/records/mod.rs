//! `API.md`, "Resources": the records for people who are online.

mod check;
mod exports;
mod lists;
mod numbers;
mod writes;
