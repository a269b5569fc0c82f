//! The pure core of ruhu's sync: no I/O, no clock, no randomness, no database; time comes in as an argument.
//!
//! The laws, and in `tests/laws` the test of each (`merging` holds all of the merge against a naive model):
//!
//! 1. **Order**: with right clocks any arrival order ends alike: `order::any_arrival_order_ends_in_the_same_fields`.
//! 2. **Sight**: an edit beats what its author had seen, under any clocks: `sight::a_stamp_is_above_all_that_was_seen`.
//! 3. **No cycle**: every field has one winner, which beats all others: `sight::beating_is_a_strict_total_order`.
//! 4. **Repeats**: sent again, by whomever, an operation changes nothing: `repeats::every_operation_is_applied_once`.
//! 5. **No loss**: it is in the history, or waits, or was set aside: `loss::no_operation_vanishes`; a value that others
//!    had not seen is in the record or in a conflict: `loss::no_unseen_value_vanishes`.
//! 6. **Counting**: each accepted operation is one rev and one seq: `loss::revs_and_seqs_have_no_holes`.
//! 7. **Deletes** hide, they never take away: `deletes::a_restore_brings_everything_back`.
//! 8. **Digests** are those of RFC 8785, sums know no order: `digests::a_digest_is_that_of_the_canonical_array`.
//! 9. **Time** is corrected as the text says, never to the future: `clocks::the_corrected_time_is_that_of_the_text`.
//! 10. **Copies** converge, and hold nothing outside scope: `cursors::every_copy_converges`, `scopes::a_region_is_a_prefix`.
#![forbid(unsafe_code)]

pub mod canonical;
pub mod clock;
mod collection;
pub mod cursor;
pub mod digest;
pub mod fields;
pub mod json;
mod members;
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
