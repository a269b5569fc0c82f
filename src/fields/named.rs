//! What a valid operation says of fields, in the form that merge and digests work on.

use sync_core::fields::Edits;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// By the flat names of the wire: `answers.q1`.
    pub edits: Edits,
    /// A value was written in another form than it was sent in (a UUID in capitals, say), so that the sender does not
    /// hold what the server now holds.
    pub normalised: bool,
}
