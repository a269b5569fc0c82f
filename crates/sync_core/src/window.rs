//! What the server remembers of a device's latest operations, so that a repeat is answered as the first time was
//! (protocol, section 2, "Repeats").

use crate::Digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How an operation ended. Terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    Applied,
    Merged,
    ParkedDeleted,
    ParkedIncomplete,
    Quarantined,
    Rejected,
}

/// One remembered operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub digest: [u8; 16],
    pub status: Status,
    /// 0 unless applied or merged.
    pub rev: u64,
    pub seq: u64,
    pub conflicts: Vec<Uuid>,
}

/// The operations from `first` on; it is empty while the device has had none answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Window {
    first: u64,
    entries: Vec<Entry>,
}

/// Why a push as a whole is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The phone was copied or restored: it speaks again of what is settled, or differently.
    Cloned,
    /// An operation is missing; this is the one that should have come.
    Gap { expected: u64 },
}

impl Window {
    /// Compares a push with what is remembered. `ops` are its op_seqs and digests, in the order sent; `acked` is the
    /// device's last answered op_seq. Gives how many at the front are repeats.
    pub fn compare(&self, acked: u64, ops: &[(u64, Digest)]) -> Result<usize, Refused> {
        let Some(&(start, _)) = ops.first() else { return Ok(0) };
        for (&(seq, _), expected) in ops.iter().zip(start..) {
            if seq != expected {
                return Err(Refused::Gap { expected });
            }
        }
        if start > acked + 1 {
            return Err(Refused::Gap { expected: acked + 1 });
        }
        let repeats = usize::try_from(acked + 1 - start).unwrap_or(usize::MAX).min(ops.len());
        for &(seq, digest) in &ops[..repeats] {
            if self.entry(seq).is_none_or(|entry| entry.digest != digest.0) {
                return Err(Refused::Cloned);
            }
        }
        Ok(repeats)
    }

    pub fn entry(&self, op_seq: u64) -> Option<&Entry> {
        let index = op_seq.checked_sub(self.first)?;
        self.entries.get(usize::try_from(index).ok()?)
    }

    /// After an accepted push that began with `start`: forgets what lies below it, remembers the new ones.
    pub fn advance(&mut self, start: u64, new: impl IntoIterator<Item = Entry>) {
        let settled = usize::try_from(start.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.entries.len());
        self.entries.drain(..settled);
        self.first = start.max(self.first);
        self.entries.extend(new);
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Refused, Status, Window};
    use crate::Digest;
    use proptest::prelude::*;

    fn digest(seq: u64) -> Digest {
        Digest::of(&seq.to_be_bytes())
    }

    fn entry(seq: u64) -> Entry {
        Entry { digest: digest(seq).0, status: Status::Applied, rev: seq, seq, conflicts: vec![] }
    }

    fn push(range: std::ops::RangeInclusive<u64>) -> Vec<(u64, Digest)> {
        range.map(|seq| (seq, digest(seq))).collect()
    }

    proptest! {
        /// Whatever pushes come, the window holds exactly the operations from the latest accepted start up to `acked`.
        #[test]
        fn it_holds_the_latest_request_up_to_acked(pushes in prop::collection::vec((1_u64..40, 1_u64..12), 1..30)) {
            let (mut window, mut acked, mut low) = (Window::default(), 0, 1);
            for (start, len) in pushes {
                let ops = push(start..=start + len - 1);
                match window.compare(acked, &ops) {
                    Ok(repeats) => {
                        prop_assert!(start >= low && start <= acked + 1);
                        window.advance(start, ops[repeats..].iter().map(|(seq, _)| entry(*seq)));
                        acked = acked.max(start + len - 1);
                        low = start;
                    }
                    Err(Refused::Cloned) => prop_assert!(start < low),
                    Err(Refused::Gap { expected }) => {
                        prop_assert_eq!(expected, acked + 1);
                        prop_assert!(start > acked + 1);
                    }
                }
                for seq in 0..60 {
                    prop_assert_eq!(window.entry(seq).map(|e| e.rev), (low <= seq && seq <= acked).then_some(seq));
                }
            }
        }
    }

    #[test]
    fn another_content_is_a_clone() {
        let mut window = Window::default();
        window.advance(1, (1..=3).map(entry));
        assert_eq!(window.compare(3, &push(2..=5)), Ok(2));
        assert_eq!(window.compare(3, &[(3, digest(99))]), Err(Refused::Cloned));
        window.advance(3, []);
        assert_eq!(window.compare(3, &push(2..=3)), Err(Refused::Cloned));
    }

    #[test]
    fn a_hole_in_between_is_a_gap() {
        let window = Window::default();
        assert_eq!(window.compare(0, &[(1, digest(1)), (3, digest(3))]), Err(Refused::Gap { expected: 2 }));
        assert_eq!(window.compare(0, &push(2..=2)), Err(Refused::Gap { expected: 1 }));
    }
}
