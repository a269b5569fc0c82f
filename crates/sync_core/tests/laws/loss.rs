//! Guarantee 1, as far as it is the core's: every operation can be found again in the record's history or among those
//! that wait, every value that was not seen is in the record or in a conflict, and revs and seqs have no holes.

use crate::history::{Act, Base, Step, edits_of, histories, telling, unsettled_histories};
use crate::model::Became;
use crate::server::{Loading, Server};
use proptest::prelude::*;
use sync_core::merge::{Change, Op, Waiting};
use sync_core::record::Kind;

/// Whether the history has a rev that says all of this, by this author, with this stamp.
fn in_history(server: &Server, op: &Op) -> bool {
    server.history().iter().any(|(past, edits)| {
        let written = past.written;
        let says = match &op.change {
            Change::Delete => past.kind == Kind::Delete && edits.is_empty(),
            // The server may have filled in the team.
            Change::Upsert(said) => {
                past.kind == Kind::Upsert && said.iter().all(|(name, value)| edits.get(name) == Some(value))
            }
        };
        says && (written.stamp, written.author, written.at) == (op.stamp, op.author, op.at)
    })
}

proptest! {
    #![proptest_config(crate::cases(700))]

    /// After every step: in the history, or waiting, or set aside by a person who had it in hand.
    #[test]
    fn no_operation_vanishes(steps in histories()) {
        let mut server = Server::new(Loading::Sparingly, 0);
        for step in telling(steps) {
            server.play(&step);
            for op in &server.sent {
                let same = |waiting: &Waiting| matches!(waiting, Waiting::Arrived(held) if held == op);
                let waits = server.waiting.iter().any(|(_, waiting)| same(waiting));
                prop_assert!(in_history(&server, op) || waits || server.aside.iter().any(same), "{:?}", op);
            }
            for (_, waiting) in &server.waiting {
                let Waiting::Hidden { rev } = waiting else { continue };
                let history = server.history();
                let hidden = history.iter().find(|(past, _)| past.written.rev == *rev);
                prop_assert!(server.deleted() && hidden.is_some_and(|(past, _)| past.kind == Kind::Upsert));
            }
        }
    }

    /// An accepted value is current, or it is the other side of a conflict; one that it replaced unseen is so too.
    #[test]
    fn no_unseen_value_vanishes(steps in unsettled_histories()) {
        let mut server = Server::new(Loading::Sparingly, 0);
        for step in telling(steps) {
            let Some(before) = server.record().cloned() else {
                server.play(&step);
                continue;
            };
            let became = server.play(&step);
            let Became::Accepted { rev, clashes, released, .. } = became else { continue };
            let Act::Upsert(edits) = &step.act else { continue };
            let op = server.sent.last().unwrap();
            for (name, value) in edits.iter() {
                let value = value.map(str::to_owned);
                let now = server.fields().get(name).cloned();
                let told = |value: &Option<String>, rev: u64| {
                    clashes.iter().any(|c| c.field == name && (&c.other.0, c.other.1) == (value, rev))
                };
                prop_assert!(now == value || told(&value, rev), "its own {}", name);
                let theirs = before.fields.get(name).map(str::to_owned);
                // A restore takes in one after the other: what the record held was met by the first of them.
                let present = before.registers.tag(name, &before.fields).filter(|_| released.is_empty());
                let unseen = present.filter(|tag| tag.rev > op.base && tag.device != op.author.device);
                prop_assert!(unseen.is_none_or(|tag| now == theirs || told(&theirs, tag.rev)), "{}", name);
            }
            // Both sides are what they say, and the current one is current.
            for clash in &clashes {
                prop_assert!(clash.current.0 != clash.other.0 && clash.current.1 != clash.other.1);
                prop_assert!([clash.current.1, clash.other.1].iter().any(|side| *side > before.last.rev));
            }
        }
    }

    /// Each accepted operation is one rev and one seq: revs without holes from 1, seqs growing from the bucket's own.
    #[test]
    fn revs_and_seqs_have_no_holes(steps in histories(), seq in 0..1_u64 << 40) {
        let mut server = Server::new(Loading::Once, seq);
        for step in steps {
            let before = server.seq;
            let became = server.play(&step);
            let history = server.history();
            prop_assert!(history.iter().map(|(past, _)| past.written.rev).eq(1..=history.len() as u64));
            prop_assert!(history.iter().map(|(past, _)| past.written.seq).eq(seq + 1..=server.seq));
            if let Became::Accepted { rev, seq, .. } = became {
                prop_assert_eq!((rev, seq), (history.len() as u64, server.seq));
                prop_assert!(seq > before);
            } else {
                prop_assert_eq!(server.seq, before);
            }
        }
    }
}

/// A creation may clear a field; that is later than an earlier write which comes after it, also when what came in
/// between was set aside.
#[test]
fn what_a_creation_cleared_stays_cleared() {
    let mut server = Server::new(Loading::Sparingly, 0);
    let step = |device, at, base, act| Step { device, at, base, act, fills: false };
    let says = |value: Option<&str>| Act::Upsert(edits_of(&[("a", value)]));
    let creation = Act::Upsert(edits_of(&[("a", None), ("head", Some("1"))]));
    server.play(&step(0, 20, Base::Absent, creation));
    server.play(&step(1, 10, Base::Absent, says(Some("1"))));
    server.play(&step(2, 30, Base::Rev(2), says(Some("2"))));
    assert!(in_history(&server, &server.sent[0]));
    server.play(&step(3, 40, Base::Rev(2), Act::Delete));
    server.play(&step(3, 50, Base::Rev(4), Act::Discard(0)));
    server.play(&step(3, 60, Base::Rev(4), Act::Upsert(edits_of(&[("b", Some("3"))]))));
    assert_eq!(server.fields().get("a"), None);
}
