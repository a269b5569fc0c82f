//! The sync protocol: what goes over the wire, and the transactions around [`sync_core`]. `docs/protocol.md` is its text.

pub mod desk;
pub mod operation;
mod strict;
