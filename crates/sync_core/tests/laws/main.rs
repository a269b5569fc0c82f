//! The laws of the core, stated and tested from outside. Each module holds one group of them; the list with the names
//! of the tests is in the crate's documentation.
//!
//! What a record comes to is foretold by [`model`], which knows nothing but the protocol's text: it keeps the plain
//! list of operations and looks everything up anew in it. [`server`] drives the core as the real server does,
//! [`history`] makes up what happens to a record; [`phone`] is what a phone and the server tell each other of buckets.

mod clocks;
mod cursors;
mod deletes;
mod digests;
mod history;
mod loss;
mod merging;
mod model;
mod order;
mod phone;
mod repeats;
mod scopes;
mod server;
mod sight;

/// So many cases of a property are usual here; `PROPTEST_CASES` makes them more or fewer, 256 leaving them as they are.
fn cases(usual: u32) -> proptest::test_runner::Config {
    let asked = proptest::test_runner::Config::default().cases;
    proptest::test_runner::Config::with_cases(usual.saturating_mul(asked).div_ceil(256))
}
