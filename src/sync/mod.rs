//! The sync protocol: what goes over the wire, and the transactions around [`sync_core`]. `docs/protocol.md` is its text.

pub mod batch;
pub mod bulk;
pub mod desk;
pub mod direct;
pub mod envelope;
pub mod events;
pub mod history;
pub mod lanes;
pub mod operation;
pub mod polls;
pub mod pull;
pub mod result;
pub mod routes;
pub mod sealed;
pub mod settle;
pub mod steps;
mod strict;
#[cfg(test)]
mod tests;
pub mod warnings;
pub mod wire;
