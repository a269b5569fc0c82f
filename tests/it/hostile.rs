//! Bytes that no honest client sends: each gets its answer, harms nothing beside it, and leaves the server standing.

use crate::support::http::Reply;
use crate::support::*;

/// A push of a good operation, a bad one given as text, and a good one. `BAD` stands for number 2.
fn sandwich(w: &World, bad: &str) -> (Rec, Rec, Reply) {
    let (before, after) = (Rec::household(JINYANG), Rec::household(JINYANG));
    let first = w.ali().next();
    let text = |record: &Rec, op_seq: u64| record.create().with("op_seq", op_seq).0.to_string();
    let bad = bad.replace("SEQ", &(first + 1).to_string());
    let body = format!(r#"{{"schema":1,"ops":[{},{bad},{}]}}"#, text(&before, first), text(&after, first + 2));
    let call = w.ali().call("POST", "/v1/sync/push").bytes(body).header("content-type", "application/json");
    (before, after, call.send())
}

/// The bad operation is rejected; those around it are applied.
#[track_caller]
fn rejected_alone(w: &World, bad: &str) -> Value {
    let (before, after, reply) = sandwich(w, bad);
    let answer = reply.ok();
    let statuses: Vec<_> = answer["results"].as_array().unwrap().iter().map(|r| r["status"].clone()).collect();
    assert_eq!(statuses, ["applied", "rejected", "applied"], "{bad}: {answer}");
    assert!(w.ali().see(&before).is_some() && w.ali().see(&after).is_some());
    // The next push of this phone goes on behind it.
    let acked = w.ali().push([]).acked();
    let result = w.ali().accept(&w.ali().envelope_from(acked + 1, [Rec::household(JINYANG).create()]));
    assert_eq!(result.statuses(), ["applied"]);
    answer["results"][1]["error"].clone()
}

/// An upsert of a household as text, with these fields.
fn upsert(fields: &str) -> String {
    let identity = format!(r#""bucket":"{JINYANG}","collection":"households","id":"{}""#, new_id());
    format!(r#"{{"op_seq":SEQ,"kind":"upsert",{identity},"fields":{fields}}}"#)
}

fn household(more: &str) -> String {
    upsert(&format!(r#"{{"village":"513430100201","head_name":"阿力"{more}}}"#))
}

on_both_engines! {
    fn a_lone_surrogate_is_rejected_alone(w) {
        rejected_alone(w, &household(r#","remarks":"\ud800""#));
        rejected_alone(w, &household(r#","remarks":"a\udc00b""#));
        rejected_alone(w, &household(r#","\ud800":"x""#));
        rejected_alone(w, &household(r#","causes_other":["\udfff"]"#));
    }

    fn what_was_rejected_for_its_unicode_is_still_held(w) {
        rejected_alone(w, &household(r#","remarks":"\ud800""#));
        assert_eq!(w.liangshan().all("/v1/held-ops?state=open").len(), 1);
    }

    fn a_rejected_text_can_be_repeated(w) {
        let text = household(r#","remarks":"\ud800""#).replace("SEQ", "1");
        let body = format!(r#"{{"schema":1,"ops":[{text}]}}"#);
        let send = |body: &str| {
            w.ali().call("POST", "/v1/sync/push").bytes(body).header("content-type", "application/json").send()
        };
        let first = send(&body).ok();
        assert_eq!(first["results"][0]["status"], "rejected");
        assert_eq!(send(&body).ok()["results"], first["results"]);
        send(&body.replace("d800", "d801")).problem(409, "device_cloned");
    }

    fn a_number_beyond_all_bounds_is_rejected_alone(w) {
        rejected_alone(w, &household(r#","people":1e400"#));
        rejected_alone(w, &household(r#","people":99999999999999999999999999999999"#));
        rejected_alone(w, &household(r#","income_wage":-1e999"#));
    }

    fn an_operation_of_the_wrong_shape_is_rejected_alone(w) {
        let id = new_id();
        let op = |kind: &str, bucket: &str, collection: &str, id: &str, rest: &str| {
            format!(r#"{{"op_seq":SEQ,"kind":{kind},"bucket":{bucket},"collection":{collection},"id":{id}{rest}}}"#)
        };
        let (upsert, bucket, households, id) = (r#""upsert""#, r#""513430""#, r#""households""#, &format!("\"{id}\""));
        let fields = r#","fields":{"village":"513430100201","head_name":"阿力"}"#;
        for bad in [
            r#"{"op_seq":SEQ}"#.to_owned(),
            op(r#""explode""#, bucket, households, id, fields),
            op("7", bucket, households, id, fields),
            op("null", bucket, households, id, fields),
            op(upsert, "513430", households, id, fields),
            op(upsert, "null", households, id, fields),
            op(upsert, r#""5134""#, households, id, fields),
            op(upsert, r#""999999""#, households, id, fields),
            op(upsert, r#""513430 ""#, households, id, fields),
            op(upsert, bucket, r#""cows""#, id, fields),
            op(upsert, bucket, r#""Households""#, id, fields),
            op(upsert, bucket, r#""users""#, id, fields),
            op(upsert, bucket, "{}", id, fields),
            op(upsert, bucket, households, r#""""#, fields),
            op(upsert, bucket, households, r#""1""#, fields),
            op(upsert, bucket, households, "null", fields),
            op(upsert, bucket, households, id, r#","fields":null"#),
            op(upsert, bucket, households, id, r#","fields":[]"#),
            op(upsert, bucket, households, id, r#","fields":"x""#),
            op(upsert, bucket, households, id, &format!(r#","base":"seven"{fields}"#)),
            op(upsert, bucket, households, id, &format!(r#","base":-1{fields}"#)),
            op(upsert, bucket, households, id, &format!(r#","base":1.5{fields}"#)),
        ] {
            rejected_alone(w, &bad);
        }
    }

    fn an_enormous_text_is_rejected_alone(w) {
        let text = "x".repeat(3 * 1024 * 1024);
        rejected_alone(w, &household(&format!(r#","remarks":"{text}""#)));
    }

    fn very_many_fields_are_rejected_alone(w) {
        let fields = (0..20_000).fold(String::new(), |fields, n| fields + &format!(r#","f{n}":{n}"#));
        rejected_alone(w, &household(&fields));
    }

    fn deep_nesting_does_not_bring_the_server_down(w) {
        for depth in [100, 10_000, 500_000] {
            let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let (_, _, reply) = sandwich(w, &household(&format!(r#","remarks":{nested}"#)));
            match reply.status {
                200 => assert_eq!(reply.json()["results"][1]["status"], "rejected"),
                _ => drop(reply.refused(&[400, 413])),
            }
            let next = w.ali().push([]).acked() + 1;
            w.ali().accept(&w.ali().envelope_from(next, [Rec::household(JINYANG).create()]));
        }
    }

    fn deep_nesting_of_objects_does_not_bring_the_server_down(w) {
        let body = format!("{}1{}", r#"{"ops":"#.repeat(100_000), "}".repeat(100_000));
        let call = w.ali().call("POST", "/v1/sync/push").bytes(body).header("content-type", "application/json");
        call.send().refused(&[400, 413]);
        w.ali().push([Rec::household(JINYANG).create()]);
    }

    fn texts_that_look_like_code_are_only_texts(w) {
        for text in [
            "'; DROP TABLE records; --",
            "\" OR 1=1",
            "%_\\",
            "$1 ? :x",
            "{\"a\":1}",
            "<script>alert(1)</script>",
            "../../etc/passwd",
            "\u{202e}evil\u{feff}",
            "\r\nSet-Cookie: x=y",
        ] {
            let record = Rec::household(JINYANG);
            is(w.ali().push_one(record.create_with(json!({ "remarks": text }))), "applied");
            assert_eq!(w.ali().fields(&record)["remarks"], text);
        }
    }

    fn strange_names_of_answers_are_only_names(w) {
        for name in ["", "a.b", "a b", "问题一", "'; --", "$", "__proto__", "😀", "\"", "answers.x"] {
            let record = Rec::interview(JINYANG);
            let result = w.ali().push_one(record.create_with(json!({ "answers": { name: 1 } })));
            match result["status"].as_str().unwrap() {
                "rejected" => assert_eq!(w.ali().see(&record), None),
                _ => assert_eq!(w.ali().fields(&record)[format!("answers.{name}")], 1, "{name}"),
            }
        }
    }

    fn strange_parameters_are_refused_as_problems(w) {
        for query in [
            "bucket=513430'--", "bucket=%00", "bucket=%ff", "bucket=", "bucket=513430&bucket=513431",
            "bucket=513430&limit=1%27", "bucket=513430&sort=id;drop", "bucket[x]=1", "%=1",
        ] {
            let reply = w.ali().get(&format!("/v1/households?{query}")).send();
            if reply.status != 200 {
                reply.refused(&[400, 404, 422]);
            }
        }
        for path in ["/v1/households/%00", "/v1/households/..%2f..", "/v1/users/'", "/v1/divisions/%ff%fe"] {
            w.province().get(path).send().refused(&[400, 404]);
        }
    }

    fn a_problem_shows_nothing_of_the_inside(w) {
        let texts = [
            w.ali().get("/v1/households?bucket=513430'--").send().text(),
            w.ali().get("/v1/users/x").send().text(),
            w.ali().send(&json!({ "schema": 1, "ops": 5 })).text(),
            w.session.with_token("x.y.z").get("/v1/me").send().text(),
        ];
        for text in texts {
            let lower = text.to_lowercase();
            for word in ["select ", "sqlite", "postgres", "diesel", "panicked", ".rs:", "/src/", "/tmp/"] {
                assert!(!lower.contains(word), "{word} in {text}");
            }
        }
    }

    fn an_upper_case_id_is_the_same_record_or_none(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        let upper = Rec { id: record.id.to_uppercase(), ..record.clone() };
        let result = w.ali().push_one(upper.edit(json!({ "phone": "1" })));
        match result["status"].as_str().unwrap() {
            "rejected" => {}
            _ => assert_eq!(w.ali().fields(&record)["phone"], "1", "{result}"),
        }
        let mut mirror = Mirror::of(w.ali());
        mirror.sync();
        assert_eq!(mirror.live()[JINYANG].len(), 1);
    }
}

/// What the texts leave free must still be the same on both engines.
mod both_engines_agree {
    use super::*;
    use crate::support::engine::Engine;

    /// Pushes each text as a remark, and as an answer and its name: statuses and what is read back.
    fn ends(engine: Engine) -> Vec<(String, Value)> {
        let w = &World::new(engine);
        let mut ends = Vec::new();
        for text in ["\u{0}", "a\u{0}b", "\u{fffd}", "\u{fffe}", "\u{10ffff}", "", " ", "\u{85}", "e\u{301}", "é"] {
            let (remark, answer) = (Rec::household(JINYANG), Rec::interview(JINYANG));
            let pushed = w.ali().push([
                remark.create_with(json!({ "remarks": text })),
                answer.create_with(json!({ "answers": { "a": text, text: 1 } })),
            ]);
            for (record, result) in [remark, answer].iter().zip(pushed.results()) {
                let fields = w.ali().see(record).map(|seen| seen["fields"].clone()).unwrap_or_default();
                if result["status"] == "applied" && record.collection == "households" {
                    assert_eq!(fields["remarks"], text, "what is applied comes back");
                }
                let fields = fields
                    .as_object()
                    .map(|f| f.iter().filter(|(n, _)| *n != "visit").map(|(n, v)| (n.clone(), v.clone())).collect());
                ends.push((result["status"].as_str().unwrap().to_owned(), Value::Object(fields.unwrap_or_default())));
            }
        }
        for number in [json!(-0.0), json!(1e-320), json!(1.7e308), json!(9_007_199_254_740_993_i64), json!(0.1)] {
            let record = Rec::interview(JINYANG);
            let result = w.ali().push_one(record.create_with(json!({ "answers": { "n": number } })));
            let value = w.ali().see(&record).map(|seen| seen["fields"]["answers.n"].clone()).unwrap_or_default();
            ends.push((result["status"].as_str().unwrap().to_owned(), value));
        }
        ends
    }

    #[test]
    fn on_strange_texts_and_numbers() {
        assert_eq!(ends(Engine::Sqlite), ends(Engine::Postgres));
    }
}
