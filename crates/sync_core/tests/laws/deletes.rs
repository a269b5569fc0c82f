//! Section 4, delete and restore, sentence by sentence. A record is made by one device (rev 1); what others do to it
//! before and after a delete that had seen rev 1 only is made up.

use crate::history::{Act, Base, Step, edits, edits_of};
use crate::model::{Became, Held, Model};
use crate::server::{Loading, Server};
use proptest::prelude::*;
use std::collections::BTreeMap;
use sync_core::fields::Edits;
use sync_core::merge::Waiting;
use sync_core::record::Kind;

const MAKER: u8 = 9;
const DELETER: u8 = 8;
const RESTORER: u8 = 7;

fn step(device: u8, at: i64, base: Base, act: Act) -> Step {
    Step { device, at, base, act, fills: false }
}

fn head() -> Edits {
    [("a", Some("\"made\"")), ("head", Some("\"made\""))].into_iter().collect()
}

/// Updates by devices that know rev 1, each with its time.
fn updates() -> impl Strategy<Value = Vec<(u8, i64, Edits)>> {
    prop::collection::vec((0..4_u8, 0..50_i64, edits()), 0..5)
}

/// The record, the updates that came before the delete, the delete (at 20), and those that came after it.
fn deleted(before: &[(u8, i64, Edits)], after: &[(u8, i64, Edits)]) -> Server {
    let mut server = Server::new(Loading::Sparingly, 0);
    server.play(&step(MAKER, 0, Base::Absent, Act::Upsert(head())));
    let update = |server: &mut Server, (device, at, edits): &(u8, i64, Edits)| {
        server.play(&step(*device, *at, Base::Rev(1), Act::Upsert(edits.clone())))
    };
    for one in before {
        update(&mut server, one);
    }
    let became = server.play(&step(DELETER, 20, Base::Rev(1), Act::Delete));
    let unseen: Vec<u64> = (2..2 + before.len() as u64).collect();
    let Became::Accepted { rev, merged, hidden, .. } = became else { panic!("{became:?}") };
    assert_eq!((rev, merged, hidden), (before.len() as u64 + 2, !before.is_empty(), unseen));
    for one in after {
        assert_eq!(update(&mut server, one), Became::Deleted);
    }
    server
}

/// What the updates come to beside the record's own fields: by stamp, then device. A device's stamps only rise.
fn all_of(updates: &[&[(u8, i64, Edits)]]) -> BTreeMap<String, String> {
    let (mut last, mut stamped) = (BTreeMap::<u8, u64>::new(), vec![]);
    for (device, at, edits) in updates.iter().copied().flatten() {
        let stamp = ((*at as u64) << 16).max(1).max(last.get(device).map_or(0, |stamp| stamp + 1));
        last.insert(*device, stamp);
        stamped.push((stamp, *device, edits));
    }
    stamped.sort_by_key(|(stamp, device, _)| (*stamp, *device));
    let mut fields: BTreeMap<String, String> =
        head().iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    for (name, value) in stamped.into_iter().flat_map(|(.., edits)| edits.iter()) {
        match value {
            Some(value) => drop(fields.insert(name.to_owned(), value.to_owned())),
            None => drop(fields.remove(name)),
        }
    }
    fields
}

proptest! {
    #![proptest_config(crate::cases(500))]

    /// A delete hides what it had not seen, later updates that had not seen it wait; nothing of the others is touched.
    #[test]
    fn what_was_unseen_is_parked(before in updates(), after in updates()) {
        let server = deleted(&before, &after);
        prop_assert!(server.deleted());
        prop_assert_eq!(server.rev(), before.len() as u64 + 2);
        let hidden = server.waiting.iter().filter(|(_, waiting)| matches!(waiting, Waiting::Hidden { .. })).count();
        prop_assert_eq!((hidden, server.waiting.len() - hidden), (before.len(), after.len()));
    }

    /// A restore brings the content at the delete, the parked updates with their stamps, and its own fields.
    #[test]
    fn a_restore_brings_everything_back(before in updates(), after in updates()) {
        let mut server = deleted(&before, &after);
        let (at_delete, ids) = (server.rev(), server.waiting.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        let own = edits_of(&[("restored", Some("1"))]);
        let became = server.play(&step(RESTORER, 60, Base::Rev(at_delete), Act::Upsert(own)));
        let Became::Accepted { rev, released, .. } = became else { return Err(TestCaseError::fail("parked")) };
        prop_assert_eq!(rev, at_delete + after.len() as u64 + 1);
        prop_assert_eq!(released, ids);
        let mut expected = all_of(&[&before, &after]);
        expected.insert("restored".into(), "1".into());
        prop_assert_eq!(server.fields(), expected);
        prop_assert!(!server.deleted() && server.waiting.is_empty());
        let kept = server.sent.iter().all(|op| server.history().iter().any(|(past, _)| past.written.stamp == op.stamp));
        prop_assert!(kept, "with their stamps");
    }

    /// Releasing any of them does the same, and is never parked again.
    #[test]
    fn a_release_restores_with_everything(before in updates(), after in updates(), which in 0..9_usize) {
        let mut server = deleted(&before, &after);
        prop_assume!(!server.waiting.is_empty());
        let became = server.play(&step(0, 0, Base::Absent, Act::Release(which)));
        prop_assert_ne!(became, Became::NotReleasable);
        prop_assert!(!server.deleted() && server.waiting.is_empty());
        prop_assert_eq!(server.fields(), all_of(&[&before, &after]));
    }

    /// One that was set aside comes back with no restore, and stays in the history.
    #[test]
    fn what_was_set_aside_stays_aside(before in updates(), after in updates(), which in 0..9_usize) {
        let mut server = deleted(&before, &after);
        prop_assume!(!server.waiting.is_empty());
        let index = which % server.waiting.len();
        server.play(&step(0, 0, Base::Absent, Act::Discard(which)));
        let restore = edits_of(&[("restored", Some("1"))]);
        server.play(&step(RESTORER, 60, Base::Behind(0), Act::Upsert(restore)));
        let mut left: Vec<_> = before.iter().chain(&after).cloned().collect();
        // Its device's later stamps stay what they are: an update that says nothing takes its place.
        left[index].2 = Edits::default();
        let mut expected = all_of(&[&left]);
        expected.insert("restored".into(), "1".into());
        prop_assert_eq!(server.fields(), expected);
        let aside = server.history().iter().filter(|(past, _)| past.discarded).count();
        prop_assert_eq!(aside, usize::from(index < before.len()));
    }

    /// Only who has seen the latest delete restores; every delete makes a rev, also of what is deleted or unknown.
    #[test]
    fn only_the_latest_delete_counts(deletes in 1..5_u64, seen in 0..6_u64, known in any::<bool>()) {
        let mut server = Server::new(Loading::Sparingly, 0);
        if known {
            server.play(&step(MAKER, 0, Base::Absent, Act::Upsert(head())));
        }
        let first = u64::from(known);
        for n in 1..=deletes {
            server.play(&step(n as u8, 9, Base::Rev(first), Act::Delete));
            prop_assert_eq!((server.rev(), server.deleted()), (first + n, true));
        }
        let base = first + seen.min(deletes);
        let became = server.play(&step(RESTORER, 60, Base::Rev(base), Act::Upsert(head())));
        prop_assert_eq!(became == Became::Deleted, seen < deletes);
        prop_assert_eq!(server.deleted(), seen < deletes);
    }
}

/// The author's own revs count as seen, by a delete and by the upsert after it.
#[test]
fn ones_own_are_seen() {
    let mut server = Server::new(Loading::Sparingly, 0);
    for (act, kind) in
        [(Act::Upsert(head()), Kind::Upsert), (Act::Delete, Kind::Delete), (Act::Upsert(head()), Kind::Upsert)]
    {
        let became = server.play(&step(MAKER, 0, Base::Absent, act));
        assert!(matches!(became, Became::Accepted { merged: false, .. }), "{became:?}");
        assert_eq!(server.record().map(sync_core::record::Record::kind), Some(kind));
    }
    assert_eq!(server.waiting, []);
}

/// An edit that comes before its creation waits for it, and is part of the record from then on.
#[test]
fn an_incomplete_edit_waits_for_its_creation() {
    let (mut server, mut model) = (Server::new(Loading::Sparingly, 0), Model::default());
    let edit = step(0, 30, Base::Absent, Act::Upsert(edits_of(&[("a", Some("\"edited\""))])));
    assert_eq!((server.play(&edit), model.play(&edit)), (Became::Incomplete, Became::Incomplete));
    assert!(matches!(model.held[..], [(1, Held::Arrived(_))]));
    let became = server.play(&step(MAKER, 10, Base::Absent, Act::Upsert(head())));
    assert!(matches!(became, Became::Accepted { rev: 2, ref released, .. } if *released == [1]), "{became:?}");
    assert_eq!(server.fields()["a"], "\"edited\"");
    assert_eq!(server.fields()["head"], "\"made\"");
}
