//! Guarantee 4, second half: whatever the clocks say, an edit made with sight of another beats it. And the relation by
//! which it does so has no cycle.

use crate::history::{Act, Base, Step, device_id, telling, unsettled_histories};
use crate::server::{Loading, Server};
use proptest::prelude::*;
use sync_core::Stamp;
use sync_core::record::Tag;

fn played(steps: &[Step]) -> Server {
    let mut server = Server::new(Loading::Sparingly, 0);
    for step in steps {
        server.play(step);
    }
    server
}

fn tags() -> impl Strategy<Value = Vec<Tag>> {
    let tag = (1..9_u64, 0..4_u64, 0..4_u8);
    let tag = tag.prop_map(|(rev, stamp, device)| Tag { rev, stamp: Stamp(stamp), device: device_id(device) });
    prop::collection::vec(tag, 3)
}

proptest! {
    #![proptest_config(crate::cases(1000))]

    /// Every operation, held ones included, is later than all that its author had seen or made.
    #[test]
    fn a_stamp_is_above_all_that_was_seen(steps in unsettled_histories()) {
        let server = played(&steps);
        let history = server.history();
        for (i, op) in server.sent.iter().enumerate() {
            prop_assert!(op.stamp >= Stamp::at(op.at));
            let own = server.sent[..i].iter().filter(|earlier| earlier.author == op.author);
            prop_assert!(own.clone().all(|earlier| earlier.stamp < op.stamp));
            // A base is a rev of that moment: what lies below it was there already.
            let seen = history.iter().filter(|(past, _)| past.written.rev <= op.base);
            prop_assert!(seen.clone().all(|(past, _)| past.written.stamp < op.stamp), "{:?}", op);
        }
    }

    /// The person who has the newest state before her eyes has the last word, in every field that she names.
    #[test]
    fn an_edit_with_sight_of_everything_stands(steps in unsettled_histories(), at in -9..9_i64, device in 0..9_u8) {
        let mut server = played(&steps);
        let said = ["a", "answers.x", "b", "head"].map(|name| (name.to_owned(), Some(format!("\"last {name}\""))));
        let last = Step { device, at, base: Base::Behind(0), act: Act::Upsert(said.iter().map(|(name, value)| (name, value.as_deref())).collect()), fills: false };
        let (seen, waited) = (server.rev(), !server.waiting.is_empty());
        server.play(&last);
        let fields = server.fields();
        let Some(record) = server.record() else { return Err(TestCaseError::fail("no record")) };
        for (name, value) in said {
            let stands = fields.get(&name) == value.as_ref();
            // What waited for a restore was not before her eyes: it alone may be later.
            let unseen = record.registers.tag(&name, &record.fields).is_some_and(|tag| tag.rev > seen);
            prop_assert!(stands || (waited && unseen), "{}", name);
        }
    }

    /// Nobody's present value is one that an accepted operation had seen and overwritten.
    #[test]
    fn no_value_stands_that_was_overwritten_with_sight(steps in unsettled_histories()) {
        let server = played(&telling(steps));
        let history = server.history();
        for (name, value) in server.fields() {
            let says = |edits: &sync_core::fields::Edits| edits.get(&name) == Some(Some(&value));
            let Some((standing, _)) = history.iter().find(|(_, edits)| says(edits)) else { continue };
            for (later, edits) in history.iter().filter(|(later, _)| later.written.rev > standing.written.rev) {
                let names = edits.get(&name).is_some();
                let written = &later.written;
                let sent = server.sent.iter().find(|op| (op.stamp, op.author) == (written.stamp, written.author));
                prop_assert!(!names || sent.is_some_and(|op| op.base < standing.written.rev), "{}", name);
            }
        }
    }

    /// Irreflexive, asymmetric, transitive; and of two writes with another stamp or device one always beats the other.
    #[test]
    fn beating_is_a_strict_total_order(tags in tags()) {
        let [a, b, c] = [&tags[0], &tags[1], &tags[2]];
        prop_assert!(!a.beats(a));
        prop_assert!(!(a.beats(b) && b.beats(a)));
        prop_assert!(!(a.beats(b) && b.beats(c)) || a.beats(c));
        prop_assert_eq!(a.beats(b) || b.beats(a), (a.stamp, a.device) != (b.stamp, b.device));
    }

    /// No two operations of a history are equal in it, so that every field has one winner, and it beats all others.
    #[test]
    fn every_field_has_one_winner(steps in unsettled_histories()) {
        let server = played(&telling(steps));
        let history = server.history();
        let Some(record) = server.record() else { return Ok(()) };
        for (i, (one, _)) in history.iter().enumerate() {
            let equal = |(other, _): &(sync_core::record::Past, _)| {
                (other.written.stamp, other.written.author) == (one.written.stamp, one.written.author)
            };
            prop_assert!(!history[i + 1..].iter().any(equal));
        }
        for name in ["head", "a", "b", "answers.x"] {
            let writes = history.iter().filter_map(|(past, edits)| {
                edits.get(name).map(|value| (past.written.tag(), value))
            });
            let writes: Vec<_> = writes.collect();
            let unbeaten = |tag| writes.iter().all(|(other, _)| !other.beats(tag));
            let winners: Vec<_> = writes.iter().filter(|(tag, _)| unbeaten(tag)).collect();
            prop_assert_eq!(winners.len(), usize::from(!writes.is_empty()));
            let value = winners.first().and_then(|(_, value)| *value);
            prop_assert_eq!(record.fields.get(name), value);
            prop_assert_eq!(record.registers.tag(name, &record.fields), winners.first().map(|(tag, _)| *tag));
        }
    }
}
