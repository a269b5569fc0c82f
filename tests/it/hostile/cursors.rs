//! Cursors that nobody issued, or not to this caller, or for something else: each is `bad_cursor`, whatever is wrong with
//! it, and none tells what another holds.

use super::*;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD as BASE64};

#[track_caller]
fn bad(session: &Session, cursor: &str) {
    session.pull_body(&json!({ "schema": 1, "cursor": cursor })).problem(400, "bad_cursor");
}

#[track_caller]
fn bad_in_list(session: &Session, path: &str, cursor: &str) {
    let join = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{join}cursor={}", http::urlencode(cursor));
    session.get(&path).send().problem(400, "bad_cursor");
}

/// Everything that can be made out of a cursor and is not it.
fn forgeries(cursor: &str) -> Vec<String> {
    let bytes = BASE64.decode(cursor).expect("base64url");
    let mut all: Vec<String> =
        ["", "x", "0", "AAAA", "吉克", "\u{0}", "null", "=", "../..", "' OR 1=1"].map(str::to_owned).into();
    // Every bit of it, and every length.
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        all.push(BASE64.encode(flipped));
    }
    all.extend((0..cursor.len()).map(|end| cursor[..end].to_owned()));
    all.extend((1..cursor.len()).map(|from| cursor[from..].to_owned()));
    // The same bytes in another spelling: a cursor has one.
    all.extend([
        format!("{cursor}A"),
        format!("{cursor}AAAA"),
        format!("{cursor} "),
        format!(" {cursor}"),
        format!("{cursor}\n"),
    ]);
    all.extend([format!("{cursor}{cursor}"), cursor.to_lowercase(), cursor.chars().rev().collect()]);
    all.extend([BASE64_STANDARD.encode(&bytes), BASE64_URL_SAFE.encode(&bytes)]);
    // Its data with other codes, its code with other data.
    let (data, code) = bytes.split_at(bytes.len() - 32);
    all.extend(
        [&[data, &[0; 32][..]].concat(), &[data, &[0xff; 32][..]].concat(), code, data]
            .map(|bytes| BASE64.encode(bytes)),
    );
    all.extend(
        [vec![0; 32], vec![0xff; 64], [&[0xff; 16][..], code].concat(), vec![0x80; 500]]
            .map(|bytes| BASE64.encode(bytes)),
    );
    all.retain(|forged| forged != cursor);
    all
}

on_both_engines! {
    fn no_forged_cursor_is_taken_for_one_of_a_pull(w) {
        w.chen().push([Rec::household(JINYANG).create(), Rec::household(ZHAOJUE).create()]);
        let cursor = w.chen().pull(None)["cursor"].as_str().unwrap().to_owned();
        for forged in forgeries(&cursor) {
            bad(w.chen(), &forged);
        }
        for other in [w.ali(), w.bo(), w.deng(), w.phone("liangshan")] {
            bad(other, &cursor);
        }
        bad(w.province(), &cursor);
        assert_eq!(w.chen().pull(Some(&cursor))["buckets"], json!([]));
    }

    fn no_forged_cursor_is_taken_for_one_of_a_list(w) {
        w.ali().push((0..3).map(|_| Rec::household(JINYANG).create()));
        let path = "/v1/households?limit=1";
        let cursor = w.province().get(path).send().ok()["next"].as_str().unwrap().to_owned();
        for forged in forgeries(&cursor) {
            bad_in_list(w.province(), path, &forged);
        }
        // Of somebody else, of another list, with other filters, in another order.
        bad_in_list(w.liangshan(), path, &cursor);
        bad_in_list(w.ali(), path, &cursor);
        for other in ["/v1/interviews", "/v1/teams", "/v1/households?bucket=513430", "/v1/households?sort=-id", "/v1/held-ops",
            "/v1/divisions", "/v1/users", "/v1/conflicts"] {
            bad_in_list(w.province(), other, &cursor);
        }
        w.province().get(&format!("{path}&cursor={cursor}")).send().ok();
    }

    fn a_cursor_of_one_kind_is_none_of_the_other(w) {
        w.ali().push((0..3).map(|_| Rec::household(JINYANG).create()));
        let of_a_list = w.province().get("/v1/households?limit=1").send().ok()["next"].as_str().unwrap().to_owned();
        let of_a_pull = w.province().pull(None)["cursor"].as_str().unwrap().to_owned();
        bad(w.province(), &of_a_list);
        bad_in_list(w.province(), "/v1/households?limit=1", &of_a_pull);
        // Nor is a token one, of whatever kind.
        let token = w.province().token.clone().unwrap();
        for text in token.split('.').chain([token.as_str(), w.ali().refresh_token.as_str()]) {
            bad(w.province(), text);
            bad_in_list(w.province(), "/v1/households", text);
        }
    }

    fn an_enormous_cursor_is_bad_or_too_large(w) {
        for length in [1000, 100_000] {
            bad(w.ali(), &"A".repeat(length));
        }
        w.ali().pull_body(&json!({ "schema": 1, "cursor": "A".repeat(2_000_000) })).problem(413, "too_large");
        w.ali().pull(None);
    }
}
