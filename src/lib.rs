//! ruhu 入户: the server of a field campaign.
#![forbid(unsafe_code)]

pub mod app;
pub mod auth;
pub mod bench;
pub mod caller;
pub mod cli;
pub mod config;
pub mod demo;
pub mod device;
pub mod fields;
pub mod health;
pub mod housekeeping;
pub mod http;
pub mod insight;
pub mod lang;
pub mod limits;
pub mod pages;
pub mod resources;
pub mod routes;
mod server;
pub mod setup;
pub mod store;
pub mod sync;

pub use config::Config;

pub use server::{Running, start};
