//! Section 2, "Repeats", and guarantee 2: however often, in whatever pieces, and by whomever operations are sent again,
//! each is applied once, and answered the second time as the first.

use proptest::prelude::*;
use std::collections::BTreeMap;
use sync_core::Digest;
use sync_core::window::{Entry, Refused, Status, Window};

fn digest(content: u8) -> Digest {
    Digest::of(&[content])
}

fn entry(op_seq: u64, content: u8) -> Entry {
    let (status, rev) = if content == 0 { (Status::Rejected, 0) } else { (Status::Merged, op_seq + 7) };
    Entry { digest: digest(content).0, status, rev, seq: rev * 3, conflicts: vec![] }
}

/// The server's side: the window as the core has it, beside everything that was ever applied.
#[derive(Debug, Clone, Default)]
struct Server {
    window: Window,
    acked: u64,
    applied: Vec<Entry>,
    /// The first op_seq of the latest accepted request.
    low: u64,
}

impl Server {
    fn push(&mut self, ops: &[(u64, u8)]) -> Result<Vec<Entry>, Refused> {
        let sent: Vec<_> = ops.iter().map(|(seq, content)| (*seq, digest(*content))).collect();
        let repeats = self.window.compare(self.acked, &sent)?;
        let mut answers: Vec<Entry> =
            ops[..repeats].iter().filter_map(|(seq, _)| self.window.entry(*seq).cloned()).collect();
        let new: Vec<Entry> = ops[repeats..].iter().map(|(seq, content)| entry(*seq, *content)).collect();
        answers.extend_from_slice(&new);
        if let Some((first, _)) = ops.first() {
            self.low = *first;
            self.acked += new.len() as u64;
            self.applied.extend_from_slice(&new);
            self.window.advance(*first, new);
        }
        Ok(answers)
    }

    /// What the text says of a request, from the plain list of what was applied.
    fn by_the_text(&self, ops: &[(u64, u8)]) -> Result<usize, Refused> {
        let Some((first, _)) = ops.first() else { return Ok(0) };
        if let Some((_, expected)) = ops.iter().zip(*first..).find(|((seq, _), expected)| seq != expected) {
            return Err(Refused::Gap { expected });
        }
        if *first > self.acked + 1 {
            return Err(Refused::Gap { expected: self.acked + 1 });
        }
        let known: Vec<_> = ops.iter().filter(|(seq, _)| *seq <= self.acked).collect();
        let same = |(seq, content): &&(u64, u8)| {
            let first_time = seq.checked_sub(1).and_then(|index| self.applied.get(index as usize));
            *seq >= self.low && first_time.is_some_and(|entry| entry.digest == digest(*content).0)
        };
        if known.iter().all(same) { Ok(known.len()) } else { Err(Refused::Cloned) }
    }
}

/// A request that may be anything: a start near what is acknowledged, contents mostly true, perhaps a hole.
fn requests() -> impl Strategy<Value = Vec<(i64, usize, Option<usize>, Option<usize>)>> {
    let odd = || prop::option::weighted(0.15, 0..6_usize);
    prop::collection::vec((-6..3_i64, 0..6_usize, odd(), odd()), 1..40)
}

/// What a device does with an unreliable network between it and the server.
#[derive(Debug, Clone)]
enum Net {
    Record(u8),
    /// So many operations are sent; the answer arrives, or not.
    Send {
        most: usize,
        answered: bool,
    },
    /// An earlier request comes once more, however late.
    Duplicate(usize),
}

fn nets() -> impl Strategy<Value = Vec<Net>> {
    let net = prop_oneof![
        3 => (0..4_u8).prop_map(Net::Record),
        3 => (1..6_usize, any::<bool>()).prop_map(|(most, answered)| Net::Send { most, answered }),
        1 => (0..30_usize).prop_map(Net::Duplicate),
    ];
    prop::collection::vec(net, 1..60)
}

proptest! {
    #![proptest_config(crate::cases(1000))]

    /// Repeat, clone, or gap: exactly as the text says, for any request; and a refused or empty one changes nothing.
    #[test]
    fn every_request_is_judged_by_the_text(requests in requests()) {
        let mut server = Server::default();
        for (start, len, changed, missing) in requests {
            let start = (server.acked as i64 + 1 + start).max(0) as u64;
            let mut ops: Vec<(u64, u8)> = (start..start + len as u64).map(|seq| (seq, seq as u8 % 5)).collect();
            if let Some(op) = changed.and_then(|index| ops.get_mut(index)) {
                op.1 += 100;
            }
            if let Some(index) = missing.filter(|index| *index < ops.len()) {
                ops.remove(index);
            }
            let (expected, before) = (server.by_the_text(&ops), server.clone());
            match server.push(&ops) {
                Ok(answers) => {
                    prop_assert_eq!(answers.len(), ops.len());
                    prop_assert_eq!(expected, Ok(ops.len() - (server.applied.len() - before.applied.len())));
                    for ((seq, _), answer) in ops.iter().zip(answers) {
                        prop_assert_eq!(Some(&answer), server.applied.get(*seq as usize - 1));
                    }
                    prop_assert!(!ops.is_empty() || server.window == before.window);
                }
                Err(refused) => {
                    prop_assert_eq!(Err(refused), expected);
                    prop_assert_eq!(&server.window, &before.window);
                }
            }
            for seq in 0..server.acked + 9 {
                let kept = server.low.max(1) <= seq && seq <= server.acked;
                let applied = server.applied.get(seq.wrapping_sub(1) as usize);
                prop_assert_eq!(server.window.entry(seq), applied.filter(|_| kept));
            }
        }
    }

    /// Lost answers, cut requests, late duplicates: what a person recorded is applied once, in order, and nothing else.
    #[test]
    fn every_operation_is_applied_once(nets in nets()) {
        let (mut server, mut recorded, mut unanswered) = (Server::default(), vec![], BTreeMap::new());
        let mut requests: Vec<Vec<(u64, u8)>> = vec![];
        for net in nets.into_iter().chain([Net::Send { most: usize::MAX, answered: true }]) {
            match net {
                Net::Record(content) => {
                    recorded.push(content);
                    unanswered.insert(recorded.len() as u64, content);
                }
                Net::Send { most, answered } => {
                    let ops: Vec<_> = unanswered.iter().map(|(seq, content)| (*seq, *content)).take(most).collect();
                    let answers = server.push(&ops);
                    let Ok(answers) = answers else { return Err(TestCaseError::fail(format!("{answers:?}"))) };
                    for ((seq, content), answer) in ops.iter().zip(&answers) {
                        prop_assert_eq!(answer, &entry(*seq, *content));
                        if answered {
                            unanswered.remove(seq);
                        }
                    }
                    requests.push(ops);
                }
                Net::Duplicate(which) if !requests.is_empty() => {
                    let before = server.clone();
                    let ops = &requests[which % requests.len()];
                    // Either the same answers again, or a refusal; nothing is applied by it.
                    match server.push(ops) {
                        Ok(answers) => prop_assert!(ops.iter().zip(answers).all(|((seq, c), a)| a == entry(*seq, *c))),
                        Err(refused) => prop_assert_eq!(refused, Refused::Cloned),
                    }
                    prop_assert_eq!((server.acked, &server.applied), (before.acked, &before.applied));
                }
                Net::Duplicate(_) => {}
            }
        }
        let once: Vec<Entry> = (1..).zip(recorded).map(|(seq, content)| entry(seq, content)).collect();
        prop_assert_eq!(server.applied, once);
        prop_assert_eq!(unanswered.len(), 0);
    }
}
