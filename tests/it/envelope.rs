//! Section 2: errors of the whole request, after which nothing was applied; limits; compression.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::support::http::Reply;
use crate::support::raw::{self, RawReply};
use crate::support::*;

const PUSH: &str = "/v1/sync/push";
const PULL: &str = "/v1/sync/pull";
const JSON: (&str, &str) = ("Content-Type", "application/json");
const MAX_BODY: usize = 4 * 1024 * 1024;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn push_text(phone: &Phone, body: impl Into<Vec<u8>>) -> Reply {
    phone.call("POST", PUSH).bytes(body).header("content-type", "application/json").send()
}

/// Nothing of the device was taken.
#[track_caller]
fn untouched(phone: &Phone) {
    assert_eq!(phone.push([]).acked(), 0);
}

/// A good push, padded with white space to `size` bytes.
fn padded(phone: &Phone, size: usize) -> Vec<u8> {
    let mut body = phone.envelope([Rec::household(JINYANG).create()]).to_string().into_bytes();
    body.resize(size, b' ');
    body
}

fn numbers(value: &Value, found: &mut Vec<f64>) {
    match value {
        Value::Number(n) => found.extend(n.as_f64()),
        Value::Array(items) => items.iter().for_each(|item| numbers(item, found)),
        Value::Object(map) => map.values().for_each(|item| numbers(item, found)),
        _ => {}
    }
}

on_both_engines! {
    fn an_unreadable_envelope_is_malformed(w) {
        for body in [
            "", "{", "null", "[]", "1", "\"ops\"", "{}", r#"{"schema":1}"#, r#"{"ops":[]}"#,
            r#"{"schema":1,"ops":null}"#, r#"{"schema":1,"ops":{}}"#, r#"{"schema":"1","ops":[]}"#,
            r#"{"schema":1,"ops":[]} trailing"#, r#"{"schema":1,"ops":[],}"#,
        ] {
            let problem = push_text(w.ali(), body).refused(&[400]);
            assert_eq!(problem["code"], "malformed", "{body}: {problem}");
        }
        untouched(w.ali());
    }

    fn an_unreadable_op_seq_is_malformed(w) {
        let good = Rec::household(JINYANG);
        for op_seq in [json!(null), json!("1"), json!(1.5), json!(-1), json!(0), json!([1]), json!(true)] {
            let mut envelope = w.ali().envelope([good.create(), Rec::household(JINYANG).create()]);
            envelope["ops"][1]["op_seq"] = op_seq.clone();
            let problem = w.ali().send(&envelope).refused(&[400, 409]);
            assert!(op_seq == 0 || op_seq == -1 || problem["code"] == "malformed", "{op_seq}: {problem}");
        }
        for op in [json!(null), json!(7), json!("op"), json!([]), json!({})] {
            let mut envelope = w.ali().envelope([good.create()]);
            envelope["ops"].as_array_mut().unwrap().push(op.clone());
            let problem = w.ali().send(&envelope).problem(400, "malformed");
            assert_eq!(problem["status"], 400, "{op}");
        }
        assert_eq!(w.ali().see(&good), None);
        untouched(w.ali());
    }

    fn bytes_that_are_not_utf8_are_malformed(w) {
        let mut body = w.ali().envelope([Rec::household(JINYANG).create()]).to_string().into_bytes();
        let at = body.windows(3).position(|bytes| bytes == "吉".as_bytes()).unwrap();
        body[at] = 0xff;
        push_text(w.ali(), body).problem(400, "malformed");
        untouched(w.ali());
    }

    fn an_unreadable_clock_counts_as_absent(w) {
        let (number, text) = (json!({ "wall": 5 }), json!({ "wall": "x" }));
        for clock in [json!(null), json!("yesterday"), json!(5), number, text, json!([])] {
            let mut envelope = w.ali().envelope([Rec::household(JINYANG).create()]);
            envelope["clock"] = clock.clone();
            assert_eq!(w.ali().accept(&envelope).statuses(), ["applied"], "{clock}");
        }
    }

    fn an_unreadable_at_counts_as_absent(w) {
        let mono_text = json!({ "wall": wire(now()), "mono": "x", "boot": 7 });
        for at in [json!(null), json!("yesterday"), json!(5), json!({ "wall": 5 }), json!({ "wall": "x" }), mono_text] {
            is(w.ali().push_one(Rec::household(JINYANG).create().with("at", at)), "applied");
        }
        is(w.ali().push_one(Rec::household(JINYANG).create().without("at")), "applied");
    }

    fn a_push_needs_a_token(w) {
        let envelope = json!({ "schema": 1, "ops": [] });
        w.session.post(PUSH, &envelope).send().refused(&[401]);
        w.session.with_token("nonsense").post(PUSH, &envelope).send().refused(&[401]);
        w.session.post(PULL, &json!({ "schema": 1 })).send().refused(&[401]);
        w.session.get("/v1/sync/events").send().refused(&[401]);
    }

    fn only_a_device_may_push(w) {
        let envelope = json!({ "schema": 1, "clock": wall(now()), "ops": [] });
        w.province().post(PUSH, &envelope).send().problem(403, "not_a_device");
    }

    fn a_schema_that_is_too_old_is_told_so(w) {
        w.ali().send(&json!({ "schema": 0, "ops": [] })).problem(426, "schema_too_old");
        w.ali().pull_body(&json!({ "schema": 0 })).problem(426, "schema_too_old");
    }

    fn five_hundred_operations_are_taken(w) {
        let pushed = w.ali().push((0..500).map(|_| Rec::household(JINYANG).create()));
        assert_eq!(pushed.acked(), 500);
        assert!(pushed.statuses().iter().all(|status| *status == "applied"));
    }

    fn more_than_five_hundred_operations_are_too_large(w) {
        let envelope = w.ali().envelope((0..501).map(|_| Rec::household(JINYANG).create()));
        w.ali().send(&envelope).problem(413, "too_large");
        untouched(w.ali());
    }

    fn a_body_of_four_mebibytes_is_taken(w) {
        assert_eq!(push_text(w.ali(), padded(w.ali(), MAX_BODY)).ok()["acked"], 1);
    }

    fn a_larger_body_is_too_large(w) {
        let body = padded(w.ali(), MAX_BODY + 1);
        let reply = raw::exchange(w.ali(), "POST", PUSH, &[JSON], &body);
        assert_eq!(reply.status, 413);
        let problem: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(problem["code"], "too_large");
        untouched(w.ali());
    }

    fn the_body_is_measured_after_decompression(w) {
        let body = gzip(&padded(w.ali(), 64 * MAX_BODY));
        assert!(body.len() < MAX_BODY);
        let reply = raw::exchange(w.ali(), "POST", PUSH, &[JSON, ("Content-Encoding", "gzip")], &body);
        assert_eq!(reply.status, 413);
        let body = zstd::encode_all(&padded(w.ali(), 64 * MAX_BODY)[..], 1).unwrap();
        let reply = raw::exchange(w.ali(), "POST", PUSH, &[JSON, ("Content-Encoding", "zstd")], &body);
        assert_eq!(reply.status, 413);
        untouched(w.ali());
    }

    fn another_content_type_is_unsupported(w) {
        let body = w.ali().envelope([Rec::household(JINYANG).create()]).to_string();
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
            w.ali().call("POST", PUSH).bytes(body.clone()).header("content-type", kind).send().refused(&[415]);
        }
        untouched(w.ali());
    }

    fn a_content_type_may_have_parameters(w) {
        let body = w.ali().envelope([Rec::household(JINYANG).create()]).to_string();
        let kind = "application/json; charset=utf-8";
        w.ali().call("POST", PUSH).bytes(body).header("content-type", kind).send().ok();
    }

    fn another_content_encoding_is_unsupported(w) {
        let body = w.ali().envelope([Rec::household(JINYANG).create()]).to_string();
        let call = w.ali().call("POST", PUSH).bytes(body).header("content-type", "application/json");
        call.header("content-encoding", "compress").send().refused(&[415]);
        untouched(w.ali());
    }

    fn a_broken_compressed_body_is_malformed(w) {
        let mut body = gzip(w.ali().envelope([Rec::household(JINYANG).create()]).to_string().as_bytes());
        body.truncate(body.len() / 2);
        let call = w.ali().call("POST", PUSH).bytes(body).header("content-type", "application/json");
        call.header("content-encoding", "gzip").send().refused(&[400]);
        untouched(w.ali());
    }

    fn a_push_may_be_compressed(w) {
        let records = [Rec::household(JINYANG), Rec::household(JINYANG)];
        let body = w.ali().envelope([records[0].create()]).to_string();
        let gzipped = w.ali().call("POST", PUSH).bytes(gzip(body.as_bytes())).header("content-encoding", "gzip");
        assert_eq!(gzipped.header("content-type", "application/json").send().ok()["acked"], 1);
        let body = w.ali().envelope_from(2, [records[1].create()]).to_string();
        let packed = zstd::encode_all(body.as_bytes(), 3).unwrap();
        let zstded = w.ali().call("POST", PUSH).bytes(packed).header("content-encoding", "zstd");
        assert_eq!(zstded.header("content-type", "application/json").send().ok()["acked"], 2);
        for record in records {
            assert!(w.ali().see(&record).is_some());
        }
    }

    fn an_answer_is_compressed_on_request(w) {
        w.ali().push((0..100).map(|_| Rec::household(JINYANG).create()));
        let body = json!({ "schema": 1 }).to_string();
        let ask = |coding: &str| -> RawReply {
            raw::exchange(w.ali(), "POST", PULL, &[JSON, ("Accept-Encoding", coding)], body.as_bytes())
        };
        let plain = ask("identity");
        assert_eq!(plain.header("content-encoding").unwrap_or("identity"), "identity");
        let count = |bytes: &[u8]| {
            let page: Value = serde_json::from_slice(bytes).unwrap();
            page["buckets"][0]["changes"].as_array().unwrap().len()
        };
        assert_eq!(count(&plain.body), 100);
        let gzipped = ask("gzip");
        assert_eq!(gzipped.header("content-encoding"), Some("gzip"));
        let mut unpacked = Vec::new();
        GzDecoder::new(&gzipped.body[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(count(&unpacked), 100);
        let zstded = ask("zstd");
        assert_eq!(zstded.header("content-encoding"), Some("zstd"));
        assert_eq!(count(&zstd::decode_all(&zstded.body[..]).unwrap()), 100);
    }

    fn the_limits_are_told(w) {
        let limits = w.ali().get("/v1/sync/limits").send().ok();
        let mut found = Vec::new();
        numbers(&limits, &mut found);
        for limit in [500.0, 4_194_304.0] {
            assert!(found.contains(&limit), "{limit} in {limits}");
        }
    }

    fn a_refusal_names_the_language_asked_for(w) {
        let title = |language: &str| {
            let call = w.ali().post(PUSH, &json!({})).header("accept-language", language);
            call.send().problem(400, "malformed")["title"].as_str().unwrap().to_owned()
        };
        let (english, chinese) = (title("en"), title("zh-CN,zh;q=0.9"));
        assert!(english.is_ascii(), "{english}");
        assert!(chinese.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{chinese}");
    }
}
