//! Published documents: whole ones pass, and whatever is changed in one is named.

use super::super::document::{
    Document, Drawn, FORMAT, FirstStage, Level, Plan, Replacement, Sizes, Source, State, Strata, commitment, digest,
    hex,
};
use super::super::lots::Lots;
use super::super::select::{self, Method, Places, Unit};
use super::super::verify::{Outcome, Report, verify};
use super::{frame, seed};
use crate::lang::Lang;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const AT: [&str; 3] =
    ["2015-04-10T09:00:00.000+08:00", "2015-04-15T09:00:00.000+08:00", "2015-04-16T09:00:00.000+08:00"];

fn sign(document: Document, key: u8) -> Document {
    let key = SigningKey::from_bytes(&[key; 32]);
    document.signed(|message| (key.verifying_key().to_bytes(), key.sign(message).to_bytes()))
}

/// A draw of the fixed seed `n` from this frame.
fn draw(n: u64, mut plan: Plan, frame: Vec<Unit>, first_stage: Option<Document>) -> Document {
    let seed = seed(n);
    plan.units = frame.len() as u32;
    plan.frame_digest = digest(&frame);
    plan.commitment = commitment(&seed);
    plan.first_stage = first_stage.as_ref().map(|first| FirstStage { draw: first.id, digest: digest(first) });
    let public_value = plan.public_source.as_ref().map(|_| "4084.16".to_owned());
    let lots = Lots::new(&seed, public_value.as_deref());
    let (sample, substitutes) = plan.draw(&frame, first_stage.as_ref(), &lots).unwrap();
    let drawn = Drawn { seed: hex(&seed), public_value, at: AT[1].into(), by: Uuid::from_u128(9) };
    let document = Document {
        format: FORMAT.into(),
        id: plan.draw,
        state: State::Drawn,
        visible_from: Some(AT[2].into()),
        plan_digest: digest(&plan),
        strata: select::strata(&frame, &plan.design()).unwrap(),
        plan,
        frame,
        first_stage: first_stage.map(Box::new),
        drawn: Some(drawn),
        sample,
        substitutes,
        replacements: Vec::new(),
        signature: None,
    };
    sign(document, 1)
}

fn plan(id: u128) -> Plan {
    Plan {
        draw: Uuid::from_u128(id),
        campaign: Uuid::from_u128(2),
        county: "513430".into(),
        level: Level::Village,
        source: Source::Divisions,
        statuses: None,
        method: Method::Pps,
        sizes: Some(Sizes::Registered),
        strata: Strata::County,
        places: Places::Total(3),
        substitutes: 3,
        units: 0,
        frame_digest: String::new(),
        first_stage: None,
        public_source: None,
        commitment: String::new(),
        committed_at: AT[0].into(),
        committed_by: Uuid::from_u128(9),
    }
}

fn villages() -> Document {
    draw(1, plan(1), frame(&[12, 40, 7, 25, 31, 9, 18, 55, 22, 14]), None)
}

/// The first of the sample gives up its place.
fn replaced(mut document: Document) -> Document {
    let (unit, by) = (document.sample[0].id, document.substitutes[0].id);
    let (at, user) = (AT[2].to_owned(), Uuid::from_u128(9));
    document.replacements.push(Replacement { unit, by, reason: "道路中断".into(), at, user });
    sign(document, 1)
}

fn households() -> Document {
    let first = replaced(villages());
    let villages: Vec<_> = first.current().iter().map(|unit| unit.unit.clone()).collect();
    let unit =
        |i: usize| Unit { id: Uuid::from_u128(i as u128).to_string(), stratum: villages[i % 3].clone(), size: 1 };
    let mut plan = plan(3);
    (plan.level, plan.source, plan.strata) = (Level::Household, Source::Households, Strata::Village);
    (plan.method, plan.sizes, plan.places, plan.substitutes) = (Method::Srs, None, Places::PerStratum(4), 2);
    plan.public_source = Some("SSE Composite, close of 2015-04-15".into());
    plan.statuses = Some(vec!["poor".into()]);
    replaced(draw(2, plan, (0..30).map(unit).collect(), Some(first)))
}

fn text(document: &Document) -> String {
    serde_json::to_string(document).unwrap()
}

fn check(document: &Document) -> Report {
    verify(&text(document), None).unwrap()
}

/// The places of all leaves.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(value, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (i, value) in items.iter().enumerate() {
                leaves(value, &format!("{path}/{i}"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

/// Another value of the same type, if there is one.
fn other(value: &Value) -> Value {
    match value {
        Value::String(text) => match Uuid::try_parse(text) {
            Ok(id) => json!(Uuid::from_u128(id.as_u128() ^ 1)),
            _ if text.starts_with("20") => json!(text.replace("09:00", "09:01")),
            _ => {
                let mut text = text.clone();
                let last = text.pop().unwrap();
                text.push(if last == '0' { '1' } else { '0' });
                json!(text)
            }
        },
        Value::Number(number) if number.is_u64() => json!(number.as_u64().unwrap() + 1),
        Value::Number(number) => json!(number.as_f64().unwrap() * 0.99),
        Value::Null => json!("x"),
        Value::Array(_) => json!([1]),
        other => panic!("no other {other}"),
    }
}

/// What is found of a document after a change: `None` when it cannot even be read.
fn judge(value: &Value, kid: Option<&str>) -> Option<Report> {
    verify(&value.to_string(), kid).ok()
}

#[test]
fn whole_documents_pass() {
    for document in [villages(), replaced(villages()), households()] {
        let report = check(&document);
        assert!(report.is_good(), "{report:#?}");
        assert!(report.findings.iter().all(|finding| finding.text(Lang::En).is_ascii()), "{report:#?}");
        assert!(report.findings.iter().all(|finding| !finding.text(Lang::Zh).is_ascii()), "{report:#?}");
    }
    let chosen: BTreeSet<_> = households().frame.iter().map(|unit| unit.stratum.clone()).collect();
    assert_eq!(chosen.len(), 3);
}

#[test]
fn two_stages_multiply() {
    let document = households();
    let first = document.first_stage.as_deref().unwrap();
    for unit in document.sample.iter().chain(&document.substitutes) {
        let village = first.current().into_iter().find(|village| village.unit == unit.stratum).unwrap();
        assert!((unit.probability - 0.4).abs() < 1e-12);
        assert!((unit.overall - 0.4 * village.probability).abs() < 1e-12);
    }
}

#[test]
fn whatever_is_changed_is_noticed() {
    let whole = serde_json::to_value(households()).unwrap();
    let mut paths = Vec::new();
    leaves(&whole, "", &mut paths);
    assert!(paths.len() > 350, "{}", paths.len());
    for path in paths {
        let mut changed = whole.clone();
        let leaf = changed.pointer_mut(&path).unwrap();
        *leaf = other(leaf);
        assert!(judge(&changed, None).is_none_or(|report| !report.is_good()), "{path}");
    }
    // What is taken away, added, or stands in another order.
    for (list, at) in [("frame", 3), ("strata", 1), ("sample", 2), ("substitutes", 1), ("replacements", 0)] {
        for change in ["less", "twice", "turned"] {
            let mut changed = whole.clone();
            let items = changed[list].as_array_mut().unwrap();
            match change {
                "less" => drop(items.remove(at)),
                "twice" => items.push(items[at].clone()),
                _ if items.len() > 1 => items.reverse(),
                _ => continue,
            }
            assert!(!judge(&changed, None).unwrap().is_good(), "{list} {change}");
        }
    }
    let unknown = text(&villages()).replacen('{', r#"{"more":1,"#, 1);
    let twice = text(&villages()).replacen(r#""frame":"#, r#""frame":[],"frame":"#, 1);
    assert!(verify(&unknown, None).is_err() && verify(&twice, None).is_err());
}

/// Somebody changes a document and signs it with a key of their own. What is drawn cannot be changed even so; who did what
/// when, and why, stands under the signature alone.
#[test]
fn a_forger_with_another_key_changes_nothing_that_is_drawn() {
    let whole = serde_json::to_value(households()).unwrap();
    let known = check(&households()).is_good().then(|| whole["signature"]["kid"].as_str().unwrap().to_owned());
    let mut paths = Vec::new();
    leaves(&whole, "", &mut paths);
    let mut unnoticed = BTreeSet::new();
    for path in paths.iter().filter(|path| !path.starts_with("/signature") && !path.starts_with("/first_stage")) {
        let mut changed = whole.clone();
        let leaf = changed.pointer_mut(path).unwrap();
        *leaf = other(leaf);
        let Ok(document) = serde_json::from_value::<Document>(changed) else { continue };
        let forged = sign(document, 2);
        assert!(!verify(&text(&forged), known.as_deref()).unwrap().is_good(), "{path}");
        if check(&forged).is_good() {
            unnoticed.insert(path.as_str());
        }
    }
    let told = ["/drawn/at", "/drawn/by", "/replacements/0/at", "/replacements/0/reason", "/replacements/0/user"];
    assert_eq!(unnoticed, told.into_iter().chain(["/visible_from"]).collect());
}

#[test]
fn a_plan_that_is_changed_with_its_digest_is_not_the_announced_one() {
    let mut document = villages();
    let announced = document.plan_digest.clone();
    // Another seed, with a commitment and a sample that fit it.
    let other = draw(7, plan(1), document.frame.clone(), None);
    document.plan.commitment.clone_from(&other.plan.commitment);
    assert!(!check(&sign(document, 1)).is_good());
    assert!(check(&other).is_good());
    assert_ne!(other.plan_digest, announced);
}

#[test]
fn substitutes_come_in_order_and_each_place_once() {
    let good = replaced(villages());
    let change = |change: fn(&mut Document)| {
        let mut document = good.clone();
        change(&mut document);
        check(&sign(document, 1)).is_good()
    };
    let again = |d: &mut Document| {
        let mut next = d.replacements[0].clone();
        next.by = d.substitutes[1].id;
        d.replacements.push(next);
    };
    assert!(change(|_| ()));
    assert!(!change(|d| d.replacements[0].by = d.substitutes[1].id));
    assert!(!change(again), "its place is given up already");
    assert!(!change(|d| d.replacements[0].unit = d.substitutes[2].id));
    assert!(!change(|d| d.replacements[0].reason = " ".into()));
    assert!(!change(|d| d.replacements[0].at = AT[0].into()), "before the draw");
    // The substitute gives up its place in turn.
    assert!(change(|d| {
        let mut next = d.replacements[0].clone();
        (next.unit, next.by) = (next.by, d.substitutes[1].id);
        d.replacements.push(next);
    }));
}

#[test]
fn a_commitment_alone_passes_and_holds_no_sample() {
    let mut document = villages();
    (document.state, document.drawn) = (State::Committed, None);
    assert!(!check(&sign(document.clone(), 1)).is_good(), "a sample without a seed");
    (document.sample, document.substitutes) = (Vec::new(), Vec::new());
    let report = check(&sign(document, 1));
    assert!(report.is_good() && report.findings.iter().any(|finding| finding.outcome == Outcome::Note), "{report:?}");
}
