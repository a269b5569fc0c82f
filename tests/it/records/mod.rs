//! `API.md`, "Resources": the records for people who are online.

mod lists;
mod writes;
