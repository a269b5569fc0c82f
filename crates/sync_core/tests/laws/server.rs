//! The core, driven as the server drives it: load, stamp, merge, store. It either keeps one subject for good, or loads
//! it anew for each operation with no more of the past than [`Record::needs_past`] asks for.

use crate::history::{Act, REQUIRED, Step, author, device_id, fill};
use crate::model::{Became, Clash};
use std::collections::BTreeMap;
use sync_core::Stamp;
use sync_core::merge::{Accepted, Change, Conflict, Op, Outcome, Reason, Subject, Waiting};
use sync_core::record::{Past, Record, sayings};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loading {
    Once,
    Sparingly,
}

#[derive(Debug, Clone)]
pub(crate) struct Server {
    loading: Loading,
    subject: Subject,
    record: Option<Record>,
    past: Vec<Past>,
    pub(crate) waiting: Vec<(u64, Waiting)>,
    previous: BTreeMap<u8, Stamp>,
    pub(crate) seq: u64,
    ids: u64,
    /// Every operation that a device ever sent, with its stamp and its base as it counts.
    pub(crate) sent: Vec<Op>,
    /// What had never been accepted when a person set it aside; the caller keeps it.
    pub(crate) aside: Vec<Waiting>,
}

impl Server {
    pub(crate) fn new(loading: Loading, seq: u64) -> Self {
        Self {
            loading,
            subject: Subject::default(),
            record: None,
            past: vec![],
            waiting: vec![],
            previous: BTreeMap::new(),
            seq,
            ids: 0,
            sent: vec![],
            aside: vec![],
        }
    }

    pub(crate) fn rev(&self) -> u64 {
        self.record.as_ref().map_or(0, |record| record.last.rev)
    }

    pub(crate) fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    pub(crate) fn deleted(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.deleted)
    }

    pub(crate) fn fields(&self) -> BTreeMap<String, String> {
        let fields = self.record.iter().flat_map(|record| record.fields.iter());
        fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// What each rev said, from the record and its past alone.
    pub(crate) fn history(&self) -> Vec<(Past, sync_core::fields::Edits)> {
        self.record.as_ref().map(|record| sayings(record, &self.past)).unwrap_or_default()
    }

    pub(crate) fn play(&mut self, step: &Step) -> Became {
        match &step.act {
            Act::Upsert(edits) => self.arrive(step, Change::Upsert(edits.clone().into())),
            Act::Delete => self.arrive(step, Change::Delete),
            Act::Release(_) | Act::Discard(_) if self.waiting.is_empty() => Became::Nothing,
            Act::Release(n) => self.release(n % self.waiting.len()),
            Act::Discard(n) => self.discard(n % self.waiting.len()),
        }
    }

    fn arrive(&mut self, step: &Step, change: Change) -> Became {
        let base = step.base.at(self.rev());
        self.load(|record| {
            record.needs_past(base.filter(|b| *b <= record.last.rev).unwrap_or(0), device_id(step.device))
        });
        let base = self.subject.effective_base(base);
        let stamp = Stamp::issue(step.at, self.previous.get(&step.device).copied(), self.subject.seen(base));
        self.previous.insert(step.device, stamp);
        let filled = (step.fills && change != Change::Delete).then(|| fill(step.device));
        let author = author(step.device);
        let op = Op {
            change,
            base,
            stamp,
            author,
            at: step.at,
            claimed: None,
            received: step.at,
            released: false,
            fill: filled,
        };
        self.sent.push(op.clone());
        let became = self.accept(&op);
        if matches!(became, Became::Deleted | Became::Incomplete) {
            assert!(self.loading == Loading::Once || !self.subject.is_changed(), "there is nothing to store");
            self.park(Waiting::Arrived(op));
        }
        self.store();
        became
    }

    fn release(&mut self, index: usize) -> Became {
        let before = self.clone();
        self.load(|_| true);
        let (id, kept) = self.waiting.remove(index);
        let taken = self.subject.take_waiting(Uuid::from_u128(id.into()));
        assert_eq!(taken, Some(kept));
        let op = match taken {
            Some(Waiting::Arrived(op)) => Some(op),
            Some(Waiting::Hidden { rev }) => self.subject.operation(rev),
            None => None,
        };
        let became = self.accept(&Op { released: true, ..op.expect("what waits can be sent again") });
        if became == Became::Incomplete {
            *self = before;
            return Became::NotReleasable;
        }
        self.store();
        became
    }

    fn discard(&mut self, index: usize) -> Became {
        self.load(|_| true);
        let (id, _) = self.waiting.remove(index);
        match self.subject.take_waiting(Uuid::from_u128(id.into())) {
            Some(Waiting::Hidden { rev }) => self.subject.discard(rev),
            arrived => self.aside.extend(arrived),
        }
        self.past = self.subject.past().to_vec();
        self.keep();
        Became::Discarded
    }

    fn accept(&mut self, op: &Op) -> Became {
        let Accepted { rev, seq, merged, conflicts, hidden, released } =
            match self.subject.accept(op, &[REQUIRED], &mut self.seq) {
                Outcome::Parked(Reason::Deleted) => return Became::Deleted,
                Outcome::Parked(Reason::Incomplete) => return Became::Incomplete,
                Outcome::Accepted(accepted) => accepted,
            };
        let released: Vec<u64> = released.iter().map(|id| id.as_u128() as u64).collect();
        self.waiting.retain(|(id, _)| !released.contains(id));
        for rev in &hidden {
            self.park(Waiting::Hidden { rev: *rev });
        }
        let mut clashes: Vec<Clash> = conflicts.into_iter().map(clash).collect();
        clashes.sort();
        Became::Accepted { rev, seq, merged, clashes, hidden, released }
    }

    fn park(&mut self, waiting: Waiting) {
        self.ids += 1;
        self.subject.park(Uuid::from_u128(self.ids.into()), waiting.clone());
        self.waiting.push((self.ids, waiting));
    }

    fn load(&mut self, needs_past: impl Fn(&Record) -> bool) {
        if self.loading == Loading::Once {
            return;
        }
        let needed = !self.waiting.is_empty() || self.record.as_ref().is_some_and(needs_past);
        let past = if needed { self.past.clone() } else { vec![] };
        let waiting = self.waiting.iter().map(|(id, waiting)| (Uuid::from_u128((*id).into()), waiting.clone()));
        self.subject = Subject::new(self.record.clone(), past, waiting.collect());
    }

    fn store(&mut self) {
        match self.loading {
            Loading::Once => self.past = self.subject.past().to_vec(),
            Loading::Sparingly => {
                assert_eq!(self.subject.is_new(), self.record.is_none());
                self.past.extend_from_slice(self.subject.overtaken());
            }
        }
        self.keep();
    }

    /// The record goes back, but only if the core says that it changed.
    fn keep(&mut self) {
        if self.subject.is_changed() {
            self.record = self.subject.record().cloned();
        }
    }
}

fn clash(conflict: Conflict) -> Clash {
    let Conflict { field, base, current, other } = conflict;
    let side = |side: sync_core::merge::Side| (side.value, side.written.rev);
    Clash { field, base, current: side(current), other: side(other) }
}
