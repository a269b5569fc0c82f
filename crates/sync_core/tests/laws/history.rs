//! Histories of one record: several devices write, offline and late, with whatever base and clock; in between a person
//! settles what is held.

use proptest::prelude::*;
use sync_core::fields::Edits;
use sync_core::record::Author;
use uuid::Uuid;

/// The field without which a record cannot begin to live.
pub(crate) const REQUIRED: &str = "head";
pub(crate) const DEVICES: u8 = 4;

/// What a device claims to have seen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Base {
    Absent,
    /// So many revs behind what the server has at that moment.
    Behind(u64),
    /// Any number, also one that was never given out.
    Rev(u64),
}

impl Base {
    pub(crate) fn at(self, rev: u64) -> Option<u64> {
        match self {
            Self::Absent => None,
            Self::Behind(n) => Some(rev.saturating_sub(n)),
            Self::Rev(n) => Some(n),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Act {
    Upsert(Edits),
    Delete,
    /// A person releases, or sets aside, one of the open held operations: this one, counted round.
    Release(usize),
    Discard(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) device: u8,
    /// The corrected time, in milliseconds; nothing says that it is right.
    pub(crate) at: i64,
    pub(crate) base: Base,
    pub(crate) act: Act,
    /// The server would fill in the team.
    pub(crate) fills: bool,
}

pub(crate) fn device_id(device: u8) -> Uuid {
    Uuid::from_u128(u128::from(device) + 1)
}

pub(crate) fn author(device: u8) -> Author {
    Author { device: device_id(device), user: Uuid::from_u128(u128::from(device) + 100), team: None }
}

pub(crate) fn fill(device: u8) -> (String, String) {
    ("team".to_owned(), format!("\"{device}\""))
}

pub(crate) fn edits_of(said: &[(&str, Option<&str>)]) -> Edits {
    said.iter().copied().collect()
}

/// Edits of one to all fields, with few values, so that equal ones meet.
pub(crate) fn edits() -> impl Strategy<Value = Edits> {
    let optional = |name: &'static str| prop::option::of(prop::option::of(0..3_u8)).prop_map(move |said| (name, said));
    let head = prop::option::of((0..3_u8).prop_map(Some)).prop_map(|said| (REQUIRED, said));
    (head, optional("a"), optional("b"), optional("answers.x")).prop_map(|(head, a, b, x)| {
        let said = [head, a, b, x].into_iter().filter_map(|(name, said)| Some((name, said?)));
        said.map(|(name, value)| (name, value.map(|v| v.to_string()))).collect()
    })
}

/// Any clock: close ones, ones that agree, ones that are years off.
fn time() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 0..6_i64, 1 => Just(1 << 40), 1 => Just(-5_i64), 1 => (1 << 20)..(1_i64 << 20) + 3]
}

fn base() -> impl Strategy<Value = Base> {
    prop_oneof![1 => Just(Base::Absent), 6 => (0..4_u64).prop_map(Base::Behind), 1 => (0..12_u64).prop_map(Base::Rev)]
}

fn step(act: impl Strategy<Value = Act>) -> impl Strategy<Value = Step> {
    (0..DEVICES, time(), base(), act, prop::bool::weighted(0.2)).prop_map(|(device, at, base, act, fills)| Step {
        device,
        at,
        base,
        act,
        fills,
    })
}

/// Everything that can happen, discards by persons included.
pub(crate) fn histories() -> impl Strategy<Value = Vec<Step>> {
    let act = prop_oneof![
        12 => edits().prop_map(Act::Upsert),
        4 => Just(Act::Delete),
        2 => (0..8_usize).prop_map(Act::Release),
        1 => (0..8_usize).prop_map(Act::Discard),
    ];
    prop::collection::vec(step(act), 1..24)
}

/// Devices alone, nobody settles anything.
pub(crate) fn unsettled_histories() -> impl Strategy<Value = Vec<Step>> {
    let act = prop_oneof![4 => edits().prop_map(Act::Upsert), 1 => Just(Act::Delete)];
    prop::collection::vec(step(act), 1..24)
}

/// The same with values that occur once only, so that each tells who wrote it.
pub(crate) fn telling(mut steps: Vec<Step>) -> Vec<Step> {
    for (i, step) in steps.iter_mut().enumerate() {
        if let Act::Upsert(edits) = &mut step.act {
            let own = (i + 100).to_string();
            *edits = edits.iter().map(|(name, value)| (name, value.map(|_| own.as_str()))).collect();
        }
    }
    steps
}
