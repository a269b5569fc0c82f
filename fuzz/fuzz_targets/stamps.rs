//! Clocks, stamps and the merge. Devices with whatever clocks write one record in whatever order, with whatever base, while
//! people settle what is held: the core, which the server drives, and the naive model of the laws' tests agree after each
//! step, and no stamp is later than it has to be.

#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use sync_core::Stamp;
use sync_core::clock::{Reading, TOLERANCE_MS, correct};

#[path = "../../crates/sync_core/tests/laws/history.rs"]
#[allow(dead_code, reason = "the laws ask for more of it")]
mod history;
#[path = "../../crates/sync_core/tests/laws/model.rs"]
#[allow(dead_code, reason = "the laws ask for more of it")]
mod model;
#[path = "../../crates/sync_core/tests/laws/server.rs"]
#[allow(dead_code, reason = "the laws ask for more of it")]
mod server;

use history::{Act, Base, DEVICES, REQUIRED, Step};
use model::{Became, Model};
use server::{Loading, Server};

fuzz_target!(|data: &[u8]| {
    let mut input = Unstructured::new(data);
    let _ = clocks(&mut input);
    let mut steps = vec![];
    while !input.is_empty() && steps.len() < 32 {
        let Ok(step) = step(&mut input) else { break };
        steps.push(step);
    }
    agree(&steps, Loading::Once);
    agree(&steps, Loading::Sparingly);
});

fn reading(input: &mut Unstructured<'_>) -> Result<Reading> {
    let (wall, mono, boot): (Option<i64>, Option<i64>, u8) = Arbitrary::arbitrary(input)?;
    Ok(Reading { wall, mono, boot: (boot < 3).then(|| boot.to_string()) })
}

/// Sections 3.1 to 3.3: any clocks, then two edits by a device whose clock is right, or has `mono`.
fn clocks(input: &mut Unstructured<'_>) -> Result<()> {
    let now = input.int_in_range(0..=1_i64 << 46)?;
    let corrected = correct(now, &reading(input)?, &reading(input)?);
    assert!((0..=now).contains(&corrected.at));
    let (previous, seen): (Option<u64>, Option<u64>) = Arbitrary::arbitrary(input)?;
    let known = |stamp: Option<u64>| stamp.map(|stamp| Stamp(stamp >> 2));
    let stamp = Stamp::issue(corrected.at, known(previous), known(seen));
    let after = |stamp: Option<Stamp>| stamp.map_or(Stamp(0), Stamp::next);
    assert!(known(previous).is_none_or(|before| stamp > before) && known(seen).is_none_or(|before| stamp > before));
    assert_eq!(
        stamp,
        Stamp::at(corrected.at).max(after(known(previous))).max(after(known(seen))),
        "no later than that"
    );
    // The true time between two edits is kept, however wrong the wall clock is.
    let (age, apart) = (input.int_in_range(0..=1_i64 << 30)?, input.int_in_range(0..=1_i64 << 30)?);
    let (wall, mono) = (input.int_in_range(0..=1_i64 << 46)?, input.int_in_range(0..=1_i64 << 40)?);
    let right = input.arbitrary()?;
    let clock = |at: i64| match right {
        true => Reading { wall: Some(now + at), mono: None, boot: None },
        false => Reading { wall: Some(wall), mono: Some(mono + at), boot: Some("b".into()) },
    };
    let sent = clock(0);
    let (first, second) = (correct(now, &sent, &clock(-age - apart)), correct(now, &sent, &clock(-age)));
    let believed = sent.wall.filter(|wall| wall.abs_diff(now) <= TOLERANCE_MS as u64).unwrap_or(now).min(now);
    assert!(first.at <= second.at);
    assert!(second.at == (believed - age).max(0) || sent.wall.is_some_and(|wall| wall > now), "{second:?}");
    Ok(())
}

fn step(input: &mut Unstructured<'_>) -> Result<Step> {
    let act = match input.int_in_range(0..=15)? {
        0..=8 => Act::Upsert(edits(input)?),
        9..=11 => Act::Delete,
        12..=14 => Act::Release(input.int_in_range(0..=7)?),
        _ => Act::Discard(input.int_in_range(0..=7)?),
    };
    let base = match input.int_in_range(0..=7)? {
        0 => Base::Absent,
        1 => Base::Rev(input.int_in_range(0..=40)?),
        _ => Base::Behind(input.int_in_range(0..=4)?),
    };
    let at = match input.int_in_range(0..=7)? {
        0 => input.int_in_range(-5..=1 << 46)?,
        _ => input.int_in_range(0..=6)?,
    };
    Ok(Step { device: input.int_in_range(0..=DEVICES - 1)?, at, base, act, fills: input.ratio(1, 5)? })
}

/// Edits of none to all of four fields, with few values, so that equal ones meet.
fn edits(input: &mut Unstructured<'_>) -> Result<sync_core::fields::Edits> {
    let mut edits = vec![];
    for name in [REQUIRED, "a", "b", "answers.x"] {
        let value = match input.int_in_range(0..=4)? {
            0 => continue,
            // A required field is never cleared: that is no valid edit.
            1 if name != REQUIRED => None,
            n => Some(n.to_string()),
        };
        edits.push((name, value));
    }
    Ok(edits.into_iter().collect())
}

fn agree(steps: &[Step], loading: Loading) {
    let (mut model, mut server) = (Model::starting_at(40), Server::new(loading, 40));
    for step in steps {
        let (mut expected, mut became) = (model.play(step), server.play(step));
        for became in [&mut expected, &mut became] {
            if let Became::Accepted { clashes, .. } = became {
                clashes.sort();
            }
        }
        assert_eq!(became, expected, "{step:?} of {steps:?}");
        assert_eq!((server.rev(), server.seq, server.deleted()), (model.rev(), model.seq, model.deleted()));
        assert_eq!(server.fields(), model.fields(), "{step:?} of {steps:?}");
        assert_eq!(server.waiting.len(), model.held.len());
    }
    assert_eq!(server.history().len(), model.log.len());
    // A device never issues a stamp twice, nor one below an earlier one.
    let mut last = std::collections::BTreeMap::new();
    for op in &server.sent {
        assert!(last.insert(op.author.device, op.stamp).is_none_or(|before| before < op.stamp));
    }
}
