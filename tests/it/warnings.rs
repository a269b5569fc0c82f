//! Answers are checked against their form when they are pushed, or written online: what is violated is kept and flagged.

use crate::support::*;

/// An interview with these answers; the household form came with the server.
fn interview(answers: Value) -> (Rec, Op) {
    let record = Rec::interview(JINYANG);
    let op = record.create_with(json!({ "answers": answers }));
    (record, op)
}

/// Pointers and codes.
fn told(warnings: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text in {warnings}")).to_owned();
    let items = warnings.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|warning| (text(&warning["pointer"]), text(&warning["code"]))).collect()
}

fn one(question: &str, code: &str) -> Vec<(String, String)> {
    vec![(format!("/fields/answers.{question}"), code.to_owned())]
}

fn read(w: &World, record: &Rec) -> Value {
    w.ali().get(&record.path()).send().ok()
}

on_both_engines! {
    fn a_violation_is_kept_and_flagged(w) {
        for (answers, expected) in [
            (json!({ "knows_helper": true, "helper_visits": 12, "wishes": ["road"] }), vec![]),
            (json!({ "knows_helper": true, "helper_visits": 999 }), one("helper_visits", "constraint")),
            (json!({ "knows_helper": true, "helper_visits": "often" }), one("helper_visits", "wrong_type")),
            (json!({ "knows_helper": false, "helper_visits": 3 }), one("helper_visits", "not_relevant")),
            (json!({ "income_source": "lottery" }), one("income_source", "unknown_choice")),
            (json!({ "wishes": ["road", "road"] }), one("wishes", "duplicate_field")),
            (json!({ "wishes": ["road", "water", "loan", "job"] }), one("wishes", "constraint")),
            (json!({ "weather": "fine" }), one("weather", "unknown_question")),
        ] {
            let (record, op) = interview(answers.clone());
            let result = is(w.ali().push_one(op), "applied");
            assert_eq!(told(&result["warnings"]), expected, "{answers}");
            assert_eq!(result.get("warnings").is_some(), !expected.is_empty(), "{result}");
            let read = read(w, &record);
            assert_eq!(told(&read["warnings"]), expected, "{answers}");
            for (name, value) in answers.as_object().unwrap() {
                assert_eq!(read["fields"][format!("answers.{name}")], *value, "it is kept");
            }
        }
    }

    fn it_is_said_in_the_readers_language(w) {
        let (_, op) = interview(json!({ "knows_helper": true, "helper_visits": 999, "debt": -1 }));
        let envelope = w.ali().envelope([op]);
        for (language, words) in [("en", ["must be from 0 to 366 times", "must be from 0 to 10 million yuan"]), ("zh-CN", ["应在 0 至 366 次之间", "应在 0 至 1000 万元之间"])] {
            let answer = w.ali().post("/v1/sync/push", &envelope).header("accept-language", language).send().ok();
            let warnings = answer["results"][0]["warnings"].as_array().unwrap();
            assert_eq!(warnings.iter().map(|warning| warning["detail"].as_str().unwrap()).collect::<Vec<_>>(), words);
        }
    }

    fn a_later_answer_mends_it(w) {
        let (record, op) = interview(json!({ "knows_helper": true, "helper_visits": 999 }));
        w.ali().push_one(op);
        let result = accepted(w.bo().push_one(record.edit(json!({ "answers.debt": 5 }))));
        assert_eq!(told(&result["warnings"]), one("helper_visits", "constraint"), "of the whole interview");
        let result = accepted(w.bo().push_one(record.edit(json!({ "answers.helper_visits": 9 }))));
        assert_eq!(result.get("warnings"), None);
        assert_eq!(read(w, &record).get("warnings"), None);
        // And another makes it wrong.
        let result = accepted(w.ali().push_one(record.edit(json!({ "answers.knows_helper": false }))));
        assert_eq!(told(&result["warnings"]), one("helper_visits", "not_relevant"));
    }

    fn what_is_required_is_missed_when_the_interview_ends(w) {
        let (record, op) = interview(json!({ "knows_helper": true }));
        assert_eq!(is(w.ali().push_one(op), "applied").get("warnings"), None);
        let result = accepted(w.ali().push_one(record.edit(json!({ "ended_at": "2015-04-16T09:00:00.000+08:00" }))));
        let missed = told(&result["warnings"]);
        assert!(missed.contains(&one("helper_visits", "required")[0]), "{missed:?}");
        assert!(!missed.iter().any(|(at, _)| at.ends_with("water_minutes") || at.ends_with("debt")), "{missed:?}");
    }

    fn the_form_and_its_level_are_checked_too(w) {
        for (more, pointer, code) in [
            (json!({ "form_version": 2 }), "/fields/form_version", "unknown_form"),
            (json!({ "form": "dwelling" }), "/fields/form_version", "unknown_form"),
            (json!({ "level": "village" }), "/fields/level", "not_in_list"),
        ] {
            let result = is(w.ali().push_one(Rec::interview(JINYANG).create_with(more)), "applied");
            assert_eq!(told(&result["warnings"]), [(pointer.to_owned(), code.to_owned())]);
        }
    }

    fn each_version_is_a_form_of_its_own(w) {
        let text = json!({ "en": "x" });
        let question = |name: &str| json!({ "name": name, "type": "integer", "label": text });
        let definition = |name: &str| json!({ "form": "household", "level": "household", "title": text,
            "sections": [{ "title": text, "questions": [question(name)] }] });
        let push = |version: u32| {
            let op = Rec::interview(JINYANG).create_with(json!({ "form_version": version, "answers": { "old": 1 } }));
            told(&is(w.ali().push_one(op), "applied")["warnings"])
        };
        assert_eq!(push(2), [("/fields/form_version".into(), "unknown_form".into())]);
        for name in ["old", "new"] {
            w.province().post("/v1/forms", &json!({ "definition": definition(name) })).send().created();
        }
        assert_eq!(push(1), one("old", "unknown_question"));
        assert_eq!(push(2), []);
        assert_eq!(push(3), one("old", "unknown_question"));
    }

    fn a_repeated_push_tells_the_same(w) {
        let (_, bad) = interview(json!({ "weather": "fine" }));
        let (_, good) = interview(json!({ "debt": 5 }));
        let envelope = w.ali().envelope([bad, good, Rec::household(JINYANG).create()]);
        let first = w.ali().post("/v1/sync/push", &envelope).send().ok();
        assert_eq!(told(&first["results"][0]["warnings"]), one("weather", "unknown_question"));
        for _ in 0..2 {
            assert_eq!(w.ali().post("/v1/sync/push", &envelope).send().ok()["results"], first["results"]);
        }
        w.restart();
        assert_eq!(w.ali().post("/v1/sync/push", &envelope).send().ok()["results"], first["results"]);
    }

    fn who_writes_online_is_told_too(w) {
        let mut body = json!({ "bucket": JINYANG, "visit": new_id(), "level": "household", "form": "household",
            "form_version": 1, "answers": { "knows_helper": true, "helper_visits": 999 } });
        let reply = w.ali().post("/v1/interviews", &body).send().status(&[201]);
        let tag = reply.header("etag").unwrap().to_owned();
        let made = reply.json();
        assert_eq!(told(&made["warnings"]), one("helper_visits", "constraint"));
        let path = format!("/v1/interviews/{}", id_of(&made));
        assert_eq!(w.ali().get(&path).send().ok(), made);
        let changed = w.ali().patch(&path, &json!({ "answers.helper_visits": 9 })).header("if-match", &tag).send().ok();
        assert_eq!(changed.get("warnings"), None);
        body["answers"]["helper_visits"] = 9.into();
        assert_eq!(w.ali().post("/v1/interviews", &body).send().created().get("warnings"), None);
    }

    fn lists_show_and_filter_what_is_flagged(w) {
        let (flagged, op) = interview(json!({ "weather": "fine" }));
        w.ali().push_one(op);
        let (plain, op) = interview(json!({ "debt": 1 }));
        w.ali().push_one(op);
        let ids = |query: &str| w.ali().all(&format!("/v1/interviews?{query}")).iter().map(id_of).collect::<Vec<_>>();
        assert_eq!((ids("warned=true"), ids("warned=false")), (vec![flagged.id.clone()], vec![plain.id]));
        assert_eq!(told(&w.ali().all("/v1/interviews?warned=true")[0]["warnings"]), one("weather", "unknown_question"));
        // A deleted one has nothing to flag; a restored one is judged anew.
        w.ali().push_one(flagged.delete());
        assert_eq!(ids("warned=true"), [""; 0]);
        let result = accepted(w.ali().push_one(flagged.edit(json!({ "respondent": "阿木" }))));
        assert_eq!(told(&result["warnings"]), one("weather", "unknown_question"));
        assert_eq!(ids("warned=true"), [flagged.id]);
    }

    fn what_is_settled_is_judged(w) {
        let (record, op) = interview(json!({ "debt": 1 }));
        w.ali().push_one(op);
        w.chen().pull(None);
        w.ali().push_one(record.edit(json!({ "answers.debt": 2 })));
        let conflict = conflict_ids(&w.bo().push_one(record.edit(json!({ "answers.debt": 3 })))).remove(0);
        let path = format!("/v1/conflicts/{conflict}/resolve");
        w.province().post(&path, &json!({ "value": -5 })).send().ok();
        assert_eq!(told(&read(w, &record)["warnings"]), one("debt", "constraint"));
        // A held operation that is released.
        let (held, op) = interview(json!({ "weather": "fine" }));
        is(w.er().push_one(op), "quarantined");
        let id = id_of(&w.province().all(&format!("/v1/held-ops?record_id={}", held.id))[0]);
        w.province().post(&format!("/v1/held-ops/{id}/release"), &json!({})).send().ok();
        assert_eq!(told(&read(w, &held)["warnings"]), one("weather", "unknown_question"));
    }

    fn who_has_not_the_county_is_told_nothing(w) {
        let (_, op) = interview(json!({ "weather": "fine" }));
        let result = is(w.er().push_one(op), "quarantined");
        assert_eq!(result.get("warnings"), None);
    }
}
