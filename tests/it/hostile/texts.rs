//! Texts that mean something to somebody else: to a database, a shell, a browser, a terminal. Here they are only texts.

use super::*;

/// With the characters that SQL, its LIKE, JSON, HTML, paths, headers, terminals and bidirectional text make much of.
const TEXTS: [&str; 24] = [
    "'; DROP TABLE records; --",
    "\" OR 1=1",
    "%_\\",
    "%",
    "_",
    "\\",
    "\\u0000",
    "$1 ? :x @p {0} %s %n",
    "{\"a\":1}",
    "}{,\"x\":[",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "\r\nSet-Cookie: x=y",
    "\u{1b}[2J",
    "=cmd|' /C calc'!A0",
    "\u{202e}evil\u{feff}",
    "\u{2066}\u{2069}\u{200f}\u{61c}",
    "👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "e\u{301}",
    "é",
    "\u{1112}\u{1161}\u{11ab}",
    "ﷺ\u{fdfd}",
    "\u{fffd}\u{fffe}\u{ffff}\u{10ffff}",
    "Z\u{351}\u{300}\u{334}a\u{335}\u{36f}l\u{338}",
];

on_both_engines! {
    fn texts_that_look_like_code_are_only_texts(w) {
        let records: Vec<_> = TEXTS.iter().map(|_| Rec::household(JINYANG)).collect();
        let fields = |text: &&str| json!({ "remarks": text, "registry_no": text, "helpers": [{ "name": text }] });
        let pushed = w.ali().push(records.iter().zip(&TEXTS).map(|(record, text)| record.create_with(fields(text))));
        assert!(pushed.statuses().iter().all(|status| *status == "applied"), "{}", pushed.0);
        // Byte by byte what was sent: neither normalised nor escaped; the mirror checks the digests.
        let mut mirror = Mirror::of(w.ali());
        mirror.sync();
        for (record, text) in records.iter().zip(&TEXTS) {
            let held = mirror.fields(record);
            assert_eq!((&held["remarks"], &held["registry_no"]), (&json!(text), &json!(text)));
            assert_eq!(held["helpers"][0]["name"], *text);
        }
    }

    fn texts_that_look_alike_are_not_alike(w) {
        // Two spellings of é, and two letters that look the same: an edit from one to the other is a change.
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "remarks": "e\u{301}" })));
        w.bo().push_one(record.edit(json!({ "remarks": "é" })));
        assert_eq!(w.ali().conflict(&record)["field"], "remarks");
    }

    fn strange_names_of_answers_are_only_names(w) {
        let names = ["a.b", "a b", "问题一", "'; --", "$", "__proto__", "constructor", "😀", "\"", "answers.x", "%", "\\",
            "{}", "[0]", "/a/~1", "e\u{301}", "é"];
        let record = Rec::interview(JINYANG);
        let answers: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!(name))).collect();
        is(w.ali().push_one(record.create_with(json!({ "answers": answers }))), "applied");
        let held = w.ali().fields(&record);
        for name in names {
            assert_eq!(held[format!("answers.{name}")], name);
        }
        for name in ["", "\u{0}", "a\nb", "\u{85}", &"x".repeat(2000)] {
            let record = Rec::interview(JINYANG);
            is(w.ali().push_one(record.create_with(json!({ "answers": { name: 1 } }))), "rejected");
            assert_eq!(w.ali().see(&record), None);
        }
    }

    fn names_of_people_and_teams_are_only_texts(w) {
        for text in TEXTS {
            let team = w.province().post("/v1/teams", &json!({ "name": text, "region": "51" })).send();
            if team.status == 201 {
                let team = team.created();
                assert_eq!(team["name"], text);
                let path = format!("/v1/teams?name={}", http::urlencode(text));
                let found = w.province().all(&path);
                assert_eq!(found.iter().map(|team| &team["name"]).collect::<Vec<_>>(), [text], "found by its own name");
            } else {
                team.refused(&[409, 422]);
            }
        }
    }

    fn a_search_has_no_wildcards(w) {
        w.province().post("/v1/teams", &json!({ "name": "abc", "region": "51" })).send().created();
        for name in ["%", "a%", "_bc", "a_c", "ABC", "abc' OR '1'='1", "*", "abc\u{0}", "abc "] {
            let reply = w.province().get(&format!("/v1/teams?name={}", http::urlencode(name))).send();
            match reply.status {
                200 => assert_eq!(reply.json()["items"], json!([]), "{name:?}"),
                _ => drop(reply.problem(400, "malformed")),
            }
        }
    }
}
