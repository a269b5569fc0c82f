//! Who may do what, and what nobody may learn. The matrix asks every operation of the document as everybody, from the
//! right office to a forged token; the leaks go through every answer to a scoped caller for what is not theirs.
//!
//! Invariant: both find out by themselves what there is to ask (operations, filters, sorts, fields), so that what is
//! new fails until somebody says who may see it.

mod effort;
mod elsewhere;
mod forge;
mod ground;
mod leaks;
mod matrix;
mod rows;
mod target;
