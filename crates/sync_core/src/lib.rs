//! The pure core of ruhu's sync: no I/O, no clock, no randomness, no database; time comes in as an argument.
//!
//! The laws, each tested in `tests/laws.rs`:
//!
//! 1. **Order.** With right clocks, the same operations in any arrival order (each device's own in its order) give the
//!    same fields.
//! 2. **Sight.** An edit that had seen another beats it, under any clocks.
//! 3. **Repeats.** An operation that is sent again changes nothing: it is recognised by its number and digest.
//! 4. **No loss.** Every operation is afterwards in the record, in its history, or held.
//! 5. **No cycle.** "Beats" is a strict total order over the writes of a record, so that a winner always exists.
#![forbid(unsafe_code)]

pub mod canonical;
pub mod clock;
mod collection;
pub mod cursor;
pub mod digest;
pub mod fields;
pub mod merge;
pub mod record;
pub mod scope;
pub mod stamp;
pub mod window;

pub use collection::{Bucket, Collection, NotABucket};
pub use digest::{Digest, Sum};
pub use fields::Fields;
pub use scope::Scope;
pub use stamp::Stamp;
