//! Every member of an envelope and of an operation × every hostile value. Whatever comes, the answer is one of those that
//! the protocol has for it; an operation that cannot be applied concerns itself alone.

use std::collections::BTreeSet;

use super::*;
use values::hostile;

/// The members of an operation beside its number.
const MEMBERS: [&str; 8] = ["kind", "bucket", "collection", "id", "base", "at", "fields", "unheard_of"];

/// A household's creation as a text, with one member replaced by `raw`.
fn with_member(member: &str, raw: &str, op_seq: u64) -> String {
    let mut op = Rec::household(JINYANG).create().with("op_seq", op_seq).0;
    op[member] = json!("@HOSTILE@");
    op.to_string().replace("\"@HOSTILE@\"", raw)
}

/// Whether a value makes its operation unreadable as a whole, wherever it stands.
fn unreadable(raw: &str) -> bool {
    let mut reader = serde_json::Deserializer::from_str(raw);
    let json: Result<Value, _> = serde::Deserialize::deserialize(&mut reader);
    json.is_err() || values::has_twins(raw)
}

/// What must become of the operation; `None` where either is right.
fn expected(member: &str, raw: &str) -> Option<&'static str> {
    if unreadable(raw) {
        return Some("rejected");
    }
    let value: Value = serde_json::from_str(raw).unwrap();
    match member {
        "at" | "unheard_of" => Some("applied"),
        // Some are ids; an edit of nothing waits for its record.
        "id" | "fields" => None,
        "base" => {
            let whole =
                value.as_f64().is_some_and(|n| n.fract() == 0.0 && (0.0..=9_007_199_254_740_991.0).contains(&n));
            Some(if value.is_null() || whole { "applied" } else { "rejected" })
        }
        _ => Some("rejected"),
    }
}

on_both_engines! {
    fn every_member_of_an_operation_meets_every_hostile_value(w) {
        let cases: Vec<_> = MEMBERS.iter().flat_map(|member| hostile().into_iter().map(move |raw| (*member, raw))).collect();
        let mut seen = BTreeSet::new();
        let mut applied = 0;
        for part in cases.chunks(200) {
            let first = w.ali().push([]).acked() + 1;
            let ops: Vec<_> = (first..).zip(part).map(|(op_seq, (member, raw))| with_member(member, raw, op_seq)).collect();
            let answer = post(w.ali(), PUSH, envelope(&ops)).ok();
            assert_eq!(answer["acked"], first - 1 + part.len() as u64);
            for ((member, raw), result) in part.iter().zip(answer["results"].as_array().unwrap()) {
                let status = result["status"].as_str().unwrap();
                if let Some(expected) = expected(member, raw) {
                    assert_eq!(status, expected, "{member}: {raw:.200}: {result}");
                }
                if status == "rejected" {
                    assert!(!codes(&result["error"]).is_empty(), "{member}: {raw:.200}: {result}");
                }
                applied += usize::from(status == "applied");
                seen.insert((*member, status.to_owned()));
            }
        }
        assert!(seen.contains(&("at", "applied".into())) && seen.contains(&("kind", "rejected".into())), "{seen:?}");
        let mut mirror = Mirror::of(w.liangshan());
        mirror.sync();
        assert_eq!(mirror.live()[JINYANG].len(), applied);
        assert_eq!(w.province().all("/v1/held-ops").len(), cases.len() - applied);
    }

    fn an_op_seq_is_a_whole_number_or_the_push_is_malformed(w) {
        // So that those which are numbers are gaps, or long settled.
        (0..5).for_each(|_| drop(w.ali().push([Rec::household(JINYANG).create()])));
        let before = everything(w);
        for raw in hostile() {
            let op = with_member("op_seq", &raw, 1);
            let reply = post(w.ali(), PUSH, envelope(&[op]));
            let problem = reply.refused(&[400, 409]);
            assert!(["malformed", "op_gap", "device_cloned"].contains(&problem["code"].as_str().unwrap()), "{raw:.200}: {problem}");
        }
        assert_eq!(everything(w), before);
    }

    fn every_member_of_an_envelope_meets_every_hostile_value(w) {
        for raw in hostile() {
            let op = with_member("unheard_of", "1", w.ali().push([]).acked() + 1);
            for (member, body) in [
                ("schema", format!(r#"{{"schema":{raw},"ops":[{op}]}}"#)),
                ("clock", format!(r#"{{"schema":1,"clock":{raw},"ops":[{op}]}}"#)),
                ("ops", format!(r#"{{"schema":1,"ops":{raw}}}"#)),
                ("ops[0]", format!(r#"{{"schema":1,"ops":[{raw}]}}"#)),
                ("unheard_of", format!(r#"{{"schema":1,"unheard_of":{raw},"ops":[{op}]}}"#)),
                ("all", raw.clone()),
            ] {
                let reply = post(w.ali(), PUSH, body);
                let taken = match member {
                    // One of them is right; a 0 is too old.
                    "schema" if raw == "1" => &[200],
                    "schema" | "all" | "ops[0]" => &[400, 426][..],
                    "ops" => &[200, 400, 413],
                    _ => &[200, 400, 409],
                };
                match reply.status {
                    200 => assert!(taken.contains(&200), "{member}: {raw:.200}"),
                    _ => drop(reply.refused(taken)),
                }
            }
        }
        goes_on(w);
    }

    fn every_member_of_a_pull_meets_every_hostile_value(w) {
        let cursor = w.ali().pull(None)["cursor"].clone();
        for raw in hostile() {
            for (member, body) in [
                ("schema", format!(r#"{{"schema":{raw}}}"#)),
                ("cursor", format!(r#"{{"schema":1,"cursor":{raw}}}"#)),
                ("limit", format!(r#"{{"schema":1,"limit":{raw}}}"#)),
                ("restart", format!(r#"{{"schema":1,"cursor":{cursor},"restart":{raw}}}"#)),
                ("restart[0]", format!(r#"{{"schema":1,"cursor":{cursor},"restart":[{raw}]}}"#)),
                ("unheard_of", format!(r#"{{"schema":1,"unheard_of":{raw}}}"#)),
                ("all", raw.clone()),
            ] {
                let reply = post(w.ali(), PULL, body);
                if reply.status != 200 {
                    let problem = reply.refused(&[400, 413, 426]);
                    let code = problem["code"].as_str().unwrap();
                    assert!(["malformed", "bad_cursor", "schema_too_old", "too_large"].contains(&code), "{member}: {problem}");
                } else if !["null", "1"].contains(&raw.as_str()) {
                    assert!(["restart", "restart[0]", "unheard_of"].contains(&member), "{member}: {raw:.200}");
                }
            }
        }
        assert_eq!(w.ali().pull(cursor.as_str())["buckets"], json!([]));
    }
}
