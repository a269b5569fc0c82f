//! Guarantee 4, first half: with right clocks the order in which devices reach the server does not matter.
//!
//! A timeline is what people did, each at the true time; a schedule is when their phones reached the server. The same
//! timeline is played under any schedule, in which a phone knows what it was given at its last sync.

use crate::history::{Act, Base, DEVICES, REQUIRED, Step, edits, edits_of};
use crate::server::{Loading, Server};
use proptest::prelude::*;
use std::collections::BTreeMap;
use sync_core::fields::Edits;

#[derive(Debug, Clone)]
struct Edit {
    device: u8,
    at: i64,
    /// `None` for a delete.
    said: Option<Edits>,
}

/// Which devices reach the server after which edit, and in which order all of them do at last.
#[derive(Debug, Clone)]
struct Schedule {
    syncs: Vec<Vec<u8>>,
    last: Vec<u8>,
}

fn timelines(delete: f64) -> impl Strategy<Value = Vec<Edit>> {
    let edit = (0..DEVICES, 0..3_i64, edits(), prop::bool::weighted(delete));
    prop::collection::vec(edit, 1..20).prop_map(|edits| {
        let mut now = 1;
        let mut made = vec![];
        for (device, later, said, delete) in edits {
            now += later;
            made.push(Edit { device, at: now, said: (!delete).then_some(said) });
        }
        made
    })
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let sync = prop_oneof![2 => Just(vec![]), 1 => prop::collection::vec(0..DEVICES, 1..4)];
    let last = Just((0..DEVICES).collect::<Vec<_>>()).prop_shuffle();
    (prop::collection::vec(sync, 20), last).prop_map(|(syncs, last)| Schedule { syncs, last })
}

/// The phones' side: what each still has to send, and the rev that it was given.
struct Phones {
    server: Server,
    outbox: BTreeMap<u8, Vec<Step>>,
    given: BTreeMap<u8, u64>,
}

impl Phones {
    fn sync(&mut self, device: u8) {
        for step in self.outbox.remove(&device).unwrap_or_default() {
            self.server.play(&step);
        }
        self.given.insert(device, self.server.rev());
    }

    fn make(&mut self, Edit { device, at, said }: &Edit) {
        let base = self.given.get(device).map_or(Base::Absent, |rev| Base::Rev(*rev));
        let act = said.clone().map_or(Act::Delete, Act::Upsert);
        let step = Step { device: *device, at: *at, base, act, fills: false };
        self.outbox.entry(*device).or_default().push(step);
    }
}

/// All that the timeline made, once everybody has reached the server. The record begins with one that all have.
fn play(timeline: &[Edit], schedule: &Schedule) -> Server {
    let server = Server::new(Loading::Sparingly, 0);
    let mut phones = Phones { server, outbox: BTreeMap::new(), given: BTreeMap::new() };
    phones.make(&Edit { device: DEVICES, at: 0, said: Some(edits_of(&[(REQUIRED, Some("\"first\""))])) });
    phones.sync(DEVICES);
    (0..DEVICES).for_each(|device| phones.sync(device));
    for (i, edit) in timeline.iter().enumerate() {
        phones.make(edit);
        // Nothing is sent and seen within the millisecond in which others still write.
        if timeline.get(i + 1).is_none_or(|next| next.at > edit.at) {
            schedule.syncs[i].iter().for_each(|device| phones.sync(*device));
        }
    }
    schedule.last.iter().for_each(|device| phones.sync(*device));
    phones.server
}

/// For each field the latest edit in true time; within a millisecond the device's own order, then its id.
fn latest(timeline: &[Edit]) -> BTreeMap<String, String> {
    let mut made: Vec<(i64, usize, u8, &Edits)> = vec![];
    for (i, edit) in timeline.iter().enumerate() {
        let earlier = timeline[..i].iter().filter(|e| e.device == edit.device && e.at == edit.at).count();
        made.extend(edit.said.as_ref().map(|said| (edit.at, earlier, edit.device, said)));
    }
    made.sort_by_key(|(at, earlier, device, _)| (*at, *earlier, *device));
    let mut fields = BTreeMap::from([(REQUIRED.to_owned(), "\"first\"".to_owned())]);
    for (name, value) in made.into_iter().flat_map(|(.., said)| said.iter()) {
        match value {
            Some(value) => drop(fields.insert(name.to_owned(), value.to_owned())),
            None => drop(fields.remove(name)),
        }
    }
    fields
}

proptest! {
    #![proptest_config(crate::cases(1000))]

    #[test]
    fn any_arrival_order_ends_in_the_same_fields(timeline in timelines(0.0), one in schedules(), two in schedules()) {
        let (one, two) = (play(&timeline, &one), play(&timeline, &two));
        prop_assert_eq!(one.fields(), two.fields());
        prop_assert_eq!(one.fields(), latest(&timeline));
        prop_assert_eq!((one.rev(), one.deleted()), (two.rev(), two.deleted()));
    }

    /// Deletes hide, they never take away: who restores the record in the end finds the same in any order.
    #[test]
    fn deletes_in_any_order_leave_the_same_to_restore(timeline in timelines(0.3), schedule in schedules()) {
        let mut server = play(&timeline, &schedule);
        let closing = [("closed", Some("1"))].into_iter().collect();
        let closing = Step { device: 0, at: 1 << 20, base: Base::Behind(0), act: Act::Upsert(closing), fills: false };
        server.play(&closing);
        let mut expected = latest(&timeline);
        expected.insert("closed".into(), "1".into());
        prop_assert!(!server.deleted());
        prop_assert_eq!(server.fields(), expected);
        prop_assert_eq!(server.waiting, vec![]);
    }

    /// Of people who know nothing of each other, one delete is enough, whoever comes first.
    #[test]
    fn an_unseen_delete_deletes_in_any_order(
        timeline in timelines(0.0),
        deleting in prop::collection::btree_set(0..DEVICES, 0..=3),
        last in Just((0..DEVICES).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut timeline = timeline;
        timeline.extend(deleting.iter().map(|device| Edit { device: *device, at: 1 << 20, said: None }));
        let schedule = Schedule { syncs: vec![vec![]; timeline.len()], last };
        prop_assert_eq!(play(&timeline, &schedule).deleted(), !deleting.is_empty());
    }
}
