//! The body of a push, read by the functions that the handler reads it by. Whatever the bytes are, it is refused with one of
//! the problems of an envelope, or each of its operations has a number and a verdict that holds good.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ruhu::fields::{SAFE_INTEGER, check};
use ruhu::http::Code;
use ruhu::sync::envelope::Push;
use ruhu::sync::operation::{Sent, Valid, judge_stored};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use sync_core::canonical::{self, key_order};
use sync_core::clock::correct;
use sync_core::merge::Change;
use sync_core::{Fields, Stamp};
use uuid::Uuid;

const MOST: usize = 500;
/// 2026, some time in summer.
const NOW: i64 = 1_781_000_000_000;

fuzz_target!(|body: &[u8]| {
    for team in [None, Some(Uuid::from_u128(7))] {
        match Push::read(body, team, MOST) {
            Err(problem) => {
                assert!(matches!(problem.code, Code::Malformed | Code::TooLarge | Code::SchemaTooOld), "{problem}");
            }
            Ok(push) => {
                assert!(push.ops.len() <= MOST);
                push.ops.iter().for_each(|sent| sound(sent, team));
                times(&push);
            }
        }
    }
});

/// No time lies in the future or before 1970, and each stamp is above the one before.
fn times(push: &Push) {
    let mut previous = None;
    for sent in &push.ops {
        let corrected = correct(NOW, &push.clock, &sent.at);
        assert!((0..=NOW).contains(&corrected.at), "{corrected:?}");
        let stamp = Stamp::issue(corrected.at, previous, None);
        assert!(stamp >= Stamp::at(corrected.at) && previous.is_none_or(|before| stamp > before));
        previous = Some(stamp);
    }
}

fn sound(sent: &Sent, team: Option<Uuid>) {
    assert!((1..=SAFE_INTEGER as u64).contains(&sent.op_seq));
    // PostgreSQL keeps no NUL, and what is held is kept to the letter.
    assert!(!sent.raw.contains('\0'));
    let again = Sent::read(&sent.raw, team).expect("it is read again");
    assert_eq!((again.op_seq, again.digest, &again.at), (sent.op_seq, sent.digest, &sent.at));
    assert_eq!(told(&again.verdict), told(&sent.verdict));
    assert_eq!(told(&judge_stored(&sent.raw, team)), told(&sent.verdict));
    match &sent.verdict {
        Err(faults) => assert!(!faults.is_empty() && faults.len() <= 110),
        Ok(valid) => {
            let value = serde_json::from_str(&sent.raw).expect("what is valid is JSON");
            assert!(!has_twins(&sent.raw), "a member is given twice: {}", sent.raw);
            fits(valid, &value, team);
            // White space and the order of members say nothing.
            let tidy = Sent::read(&value.to_string(), team).expect("it is read in another form");
            assert_eq!((tidy.op_seq, tidy.digest), (sent.op_seq, sent.digest));
            assert_eq!(told(&tidy.verdict), told(&sent.verdict));
        }
    }
}

/// Verdicts, to be compared.
fn told<E: std::fmt::Debug>(verdict: &Result<Valid, E>) -> String {
    format!("{verdict:?}")
}

/// What is to be written is what was sent, in canonical form.
fn fits(valid: &Valid, op: &Value, team: Option<Uuid>) {
    assert_eq!(op["bucket"], valid.key.bucket.to_string());
    assert_eq!(op["collection"], valid.key.collection.name());
    let Change::Upsert(edits) = &valid.change else { return assert_eq!(op["kind"], "delete") };
    let names: Vec<_> = edits.iter().map(|(name, _)| name).collect();
    assert!(names.is_sorted_by(|a, b| key_order(a, b).is_lt()), "sorted, each name once: {edits:?}");
    let sent = op["fields"].as_object().expect("fields");
    for (name, text) in edits.iter() {
        let Some(text) = text else { continue };
        let value: Value = serde_json::from_str(text).expect("an edit is JSON");
        assert_eq!(canonical::to_string(&value), text, "canonical");
        if !valid.normalised {
            let key = name.strip_prefix("answers.");
            let given = sent.get(name).or_else(|| sent.get("answers")?.get(key?)).expect("it was sent");
            assert_eq!(canonical::to_string(given), text, "{name}");
        }
    }
    let content = Fields::from_edits(edits).canonical().to_owned();
    assert_eq!(Fields::from_canonical(&*content).expect("the content is read").canonical(), content);
    // What is let through is let through again, when it comes back by another phone of the team.
    let back: Map<String, Value> = serde_json::from_str(&content).expect("an object");
    assert_eq!(canonical::to_string(&Value::Object(back.clone())), content);
    let again =
        check(valid.key.collection, valid.key.bucket, valid.key.id, team, &(&back).into()).expect("let through again");
    assert!(!again.normalised);
    assert_eq!(Fields::from_edits(&again.edits).canonical(), content);
}

/// Whether a member is given twice, found without the server's own reader: names of one object are on one level.
fn has_twins(json: &str) -> bool {
    let mut objects: Vec<Option<BTreeSet<String>>> = vec![];
    let (mut rest, mut last) = (json, String::new());
    while let Some(c) = rest.chars().next() {
        match c {
            '{' => objects.push(Some(BTreeSet::new())),
            '[' => objects.push(None),
            '}' | ']' => drop(objects.pop()),
            ':' => {
                if let Some(Some(names)) = objects.last_mut()
                    && !names.insert(std::mem::take(&mut last))
                {
                    return true;
                }
            }
            '"' => {
                let mut texts = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                last = texts.next().expect("a text").expect("a text");
                rest = &rest[texts.byte_offset()..];
                continue;
            }
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    false
}
