//! The sync protocol: what goes over the wire, and the transactions around [`sync_core`]. `docs/protocol.md` is its text.

pub mod batch;
pub mod desk;
pub mod envelope;
pub mod operation;
pub mod result;
mod strict;
