//! Bodies that are broken, of another kind, or too large: refused as a whole, nothing of them is applied.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::support::raw::{self, RawReply};

pub(super) const MIB: usize = 1024 * 1024;

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Over a socket of its own, for the server may answer before it has read all.
pub(super) fn send(session: &Session, path: &str, coding: Option<&str>, body: &[u8]) -> RawReply {
    let mut headers = vec![("Content-Type", JSON)];
    headers.extend(coding.map(|coding| ("Content-Encoding", coding)));
    raw::exchange(session, "POST", path, &headers, body)
}

#[track_caller]
pub(super) fn refused(reply: &RawReply, status: u16, code: &str) {
    let problem: Value = serde_json::from_slice(&reply.body).expect("a problem");
    assert_eq!(
        (reply.status, &problem["status"], &problem["code"]),
        (status, &json!(status), &json!(code)),
        "{problem}"
    );
}

/// A push of three operations, numbered from `first`, with a bit of everything in it.
fn push_from(w: &World, first: u64) -> Vec<u8> {
    let records = [Rec::household(JINYANG), Rec::interview(JINYANG), Rec::household(JINYANG)];
    let fields =
        json!({ "helpers": [{ "name": "阿力", "affiliation": "county" }], "income_wage": 1.5e3, "remarks": "\"\u{1}" });
    let ops = [records[0].create_with(fields), records[1].create(), records[2].delete()];
    w.ali().envelope_from(first, ops).to_string().into_bytes()
}

fn push(w: &World) -> Vec<u8> {
    push_from(w, 1)
}

on_both_engines! {
    fn a_push_cut_anywhere_is_malformed(w) {
        let body = push(w);
        for end in 0..body.len() {
            post(w.ali(), PUSH, &body[..end]).problem(400, "malformed");
        }
        assert_eq!(w.ali().push([]).acked(), 0);
        assert_eq!(post(w.ali(), PUSH, body).ok()["acked"], 3);
    }

    fn a_push_with_a_flipped_bit_is_answered_as_the_protocol_has_it(w) {
        let mut next = 1;
        for at in 0..push(w).len() {
            // It goes on from wherever an accepted one has led.
            let mut flipped = push_from(w, next);
            flipped[at] ^= 1 << (at % 8);
            let reply = post(w.ali(), PUSH, flipped);
            if reply.status == 200 {
                next = reply.json()["acked"].as_u64().unwrap() + 1;
            } else {
                let problem = reply.refused(&[400, 409, 426]);
                let code = problem["code"].as_str().unwrap();
                assert!(["malformed", "op_gap", "device_cloned", "schema_too_old"].contains(&code), "{at}: {problem}");
            }
        }
        assert!(next > 100, "most flips are within a text or a number");
        // Every digest and sum is right.
        Mirror::of(w.liangshan()).sync();
        goes_on(w);
    }

    fn a_packed_push_with_a_flipped_bit_is_taken_whole_or_refused(w) {
        let body = push(w);
        for (coding, packed) in [("gzip", gzip(&body)), ("zstd", zstd::encode_all(&body[..], 3).unwrap())] {
            for at in 0..packed.len() {
                let mut flipped = packed.clone();
                flipped[at] ^= 1 << (at % 8);
                let call = w.ali().call("POST", PUSH).bytes(flipped).header("content-type", JSON);
                let reply = call.header("content-encoding", coding).send();
                if reply.status != 200 {
                    reply.refused(&[400, 409, 413, 426]);
                }
            }
            for end in 0..packed.len() {
                let call = w.ali().call("POST", PUSH).bytes(&packed[..end]).header("content-type", JSON);
                call.header("content-encoding", coding).send().problem(400, "malformed");
            }
        }
        Mirror::of(w.liangshan()).sync();
        goes_on(w);
    }

    fn bytes_behind_the_body_are_malformed(w) {
        let body = push(w);
        for tail in [&b"x"[..], b"{}", b"]", b"\0", b"\xff", b"//", b"null"] {
            post(w.ali(), PUSH, [&body, tail].concat()).problem(400, "malformed");
        }
        assert_eq!(w.ali().push([]).acked(), 0);
        assert_eq!(post(w.ali(), PUSH, [&body[..], b" \r\n\t"].concat()).ok()["acked"], 3);
    }

    fn a_body_of_ten_megabytes_is_too_large(w) {
        let before = everything(w);
        let mut body = push(w);
        body.resize(10 * MIB, b' ');
        for path in [PUSH, PULL, "/v1/teams", "/v1/auth/login", "/v1/auth/refresh"] {
            for (session, asks) in [(&w.ali().session, 1), (w.province(), 0)] {
                // Who may not push learns that first.
                if path != PUSH || asks == 1 {
                    refused(&send(session, path, None, &body), 413, "too_large");
                    refused(&send(session, path, Some("gzip"), &gzip(&body)), 413, "too_large");
                    refused(&send(session, path, Some("zstd"), &zstd::encode_all(&body[..], 1).unwrap()), 413, "too_large");
                }
            }
        }
        // Without a token nobody's megabytes are read.
        refused(&send(&w.session, PUSH, None, &body), 401, "unauthorized");
        assert_eq!(everything(w), before);
    }
}
