//! What a valid operation says of fields, in the form that merge and digests work on.

use std::ops::Deref;

use super::canonical::key_order;

/// Flat field names, each with its value's canonical JSON text, `None` to clear it; sorted as in an RFC 8785 object (by
/// UTF-16 code units), each name once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    pub edits: Vec<(String, Option<String>)>,
    /// A value was written in another form than it was sent in (a UUID in capitals, say), so that the sender does not
    /// hold what the server now holds.
    pub normalised: bool,
}

impl Named {
    pub(super) fn new(mut edits: Vec<(String, Option<String>)>, normalised: bool) -> Self {
        let in_order = |a: &(String, _), b: &(String, _)| key_order(&a.0, &b.0).is_lt();
        if !edits.is_sorted_by(in_order) {
            edits.sort_unstable_by(|a, b| key_order(&a.0, &b.0));
        }
        Self { edits, normalised }
    }

    /// What it says of one field: nothing, `Some(None)` to clear it, or a value.
    pub fn get(&self, name: &str) -> Option<Option<&str>> {
        let at = self.edits.binary_search_by(|(known, _)| key_order(known, name)).ok()?;
        Some(self.edits[at].1.as_deref())
    }
}

impl Deref for Named {
    type Target = [(String, Option<String>)];

    fn deref(&self) -> &Self::Target {
        &self.edits
    }
}

impl IntoIterator for Named {
    type Item = (String, Option<String>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.edits.into_iter()
    }
}
