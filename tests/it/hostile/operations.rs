//! One bad operation among good ones: it alone is rejected, and kept to the letter.

use super::*;

/// The raw operations that are held, as a person reads them one by one.
fn held_texts(w: &World) -> Vec<Value> {
    let held = w.liangshan().all("/v1/held-ops?state=open");
    held.iter().map(|op| w.liangshan().get(&format!("/v1/held-ops/{}", id_of(op))).send().ok()["op"].take()).collect()
}

on_both_engines! {
    fn a_lone_surrogate_is_rejected_alone(w) {
        for more in [
            r#","remarks":"\ud800""#, r#","remarks":"a\udc00b""#, r#","\ud800":"x""#, r#","causes_other":["\udfff"]"#,
            r#","remarks":"\ud800\u0041""#, r#","remarks":"\udc00\ud800""#, r#","helpers":[{"name":"\uDBFF"}]"#,
            r#","remarks":"\ud83d""#,
        ] {
            let error = rejected_alone(w, &household(more));
            assert_eq!(codes(&error), ["invalid_text"], "{error}");
        }
        // A whole pair is a character.
        let pair = household(r#","remarks":"\ud83d\ude00""#);
        let (_, _, reply) = sandwich(w, &pair);
        assert_eq!(reply.ok()["results"][1]["status"], "applied");
    }

    fn what_was_rejected_is_held_to_the_letter(w) {
        // What JSON can show is shown as it came; what a strict reader would choke on is shown as a text.
        let kept = [
            (household(r#","remarks":"\ud800""#), false),
            (household(r#","people":1e400"#), false),
            (household(&format!(r#","remarks":{}1{}"#, "[".repeat(200), "]".repeat(200))), false),
            (household(r#","people":"five","\u0041":  1.50e1"#), true),
            (household(r#","remarks":"a","remarks":"b""#), true),
        ];
        for (op, readable) in kept {
            let op_seq = w.ali().next() + 1;
            rejected_alone(w, &op);
            let sent = op.replace("SEQ", &op_seq.to_string());
            let held = held_texts(w);
            let shown = if readable { serde_json::from_str(&sent).unwrap() } else { Value::from(sent) };
            assert!(held.contains(&shown), "{shown:.300} in {held:?}");
        }
    }

    fn duplicates_are_shown_as_they_came(w) {
        rejected_alone(w, &household(r#","remarks":"a","remarks":"b""#));
        let text = w.liangshan().get("/v1/held-ops").send().text();
        assert!(text.contains(r#""remarks":"a","remarks":"b""#), "{text}");
        // Unless that shows the number of a person.
        rejected_alone(w, &household(r#","phone":"13812345678","phone":null"#));
        assert!(!w.liangshan().get("/v1/held-ops").send().text().contains("13812345678"));
        assert!(w.liangshan().get("/v1/held-ops?reveal=true").send().text().contains("13812345678"));
    }

    fn a_rejected_text_can_be_repeated(w) {
        let op = household(r#","remarks":"\ud800""#).replace("SEQ", "1");
        let body = envelope(&[op]);
        let first = post(w.ali(), PUSH, body.clone()).ok();
        assert_eq!(first["results"][0]["status"], "rejected");
        assert_eq!(post(w.ali(), PUSH, body.clone()).ok()["results"], first["results"]);
        post(w.ali(), PUSH, body.replace("d800", "d801")).problem(409, "device_cloned");
        assert_eq!(held_texts(w).len(), 1);
    }

    fn a_number_beyond_all_bounds_is_rejected_alone(w) {
        let nines = "9".repeat(32);
        for number in ["1e400", "-1e999", &nines, "1e99999999999999999999", "9007199254740993", "-0.5", "0.1"] {
            rejected_alone(w, &household(&format!(r#","people":{number}"#)));
        }
        let digits = format!("1.{}", "0".repeat(300_000));
        rejected_alone(w, &household(&format!(r#","income_wage":1e10,"remarks":{digits}"#)));
    }

    fn a_whole_number_may_be_written_in_any_form(w) {
        for number in ["5", "5.0", "5e0", "0.5e1", "500e-2", "-0", "-0.0", "0e99999"] {
            let (_, _, reply) = sandwich(w, &household(&format!(r#","people":{number}"#)));
            let answer = reply.ok();
            assert_eq!(answer["results"][1]["status"], "applied", "{number}: {answer}");
            goes_on(w);
        }
        // As digests have them: -0 is 0, and the mirror checks every digest.
        Mirror::of(w.ali()).sync();
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
            op(upsert, r#""５１３４３０""#, households, id, fields),
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
        let error = rejected_alone(w, &household(&format!(r#","remarks":"{text}""#)));
        assert_eq!(codes(&error), ["too_long"]);
        assert!(error.to_string().len() < 2000, "a fault does not repeat what was sent");
        rejected_alone(w, &household(&format!(r#","{text}":1"#)));
    }

    fn very_many_fields_are_rejected_alone(w) {
        let fields = (0..20_000).fold(String::new(), |fields, n| fields + &format!(r#","f{n}":{n}"#));
        rejected_alone(w, &household(&fields));
    }

    fn deep_nesting_does_not_bring_the_server_down(w) {
        for depth in [100, 127, 128, 129, 10_000, 500_000] {
            for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
                let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                let (_, _, reply) = sandwich(w, &household(&format!(r#","remarks":{nested}"#)));
                match reply.status {
                    200 => assert_eq!(reply.json()["results"][1]["status"], "rejected"),
                    _ => drop(reply.problem(413, "too_large")),
                }
                goes_on(w);
            }
        }
    }

    fn an_upper_case_id_is_the_same_record(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        let upper = Rec { id: record.id.to_uppercase(), ..record.clone() };
        accepted(w.ali().push_one(upper.edit(json!({ "phone": "1" }))));
        assert_eq!(w.ali().fields(&record)["phone"], "1");
        let mut mirror = Mirror::of(w.ali());
        mirror.sync();
        assert_eq!(mirror.live()[JINYANG].len(), 1);
    }
}
