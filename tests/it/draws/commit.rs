//! The commitment: the frame as it stands is frozen, and digests are published.

use super::*;

on_both_engines! {
    fn the_frame_is_frozen_and_its_digests_are_published(w) {
        let reply = w.province().post(&draws(w), &villages()).send().status(&[201]);
        let draw = reply.json();
        assert!(reply.header("location").unwrap().ends_with(&path(w, &draw)));
        assert_eq!((&draw["format"], &draw["state"]), (&json!("ruhu draw 1"), &json!("committed")));
        // The villages of the division list.
        let codes = texts(&draw["frame"], "id");
        assert_eq!((codes.len(), codes[0].as_str(), codes[9].as_str()), (10, "513430100001", "513430100208"));
        assert!(draw["frame"].as_array().unwrap().iter().all(|unit| unit["size"] == 1 && unit["stratum"] == JINYANG));
        let plan = &draw["plan"];
        assert_eq!((&plan["units"], &plan["frame_digest"]), (&json!(10), &json!(sha256(&draw["frame"]))));
        assert_eq!(draw["plan_digest"], sha256(plan));
        assert_eq!(plan["commitment"].as_str().unwrap().len(), 64);
        assert_eq!((&plan["draw"], &plan["campaign"]), (&draw["id"], &json!(w.cast().campaign)));
        assert_eq!(plan["committed_by"], w.cast().users["province"]);
        assert_near(&plan["committed_at"], now(), ms(5_000));
        assert_eq!(draw["strata"], json!([{ "stratum": JINYANG, "units": 10, "size": 10, "places": 3 }]));
        for empty in ["sample", "substitutes", "replacements"] {
            assert_eq!(draw[empty], json!([]), "{empty}");
        }
        assert_eq!((&draw["drawn"], &draw["first_stage"]), (&Value::Null, &Value::Null));
        assert_eq!(w.province().get(&path(w, &draw)).send().ok(), draw);
        let listed = w.province().all(&draws(w));
        assert_eq!(listed.len(), 1);
        for member in ["id", "state", "plan", "plan_digest", "drawn", "visible_from"] {
            assert_eq!(listed[0][member], draw[member], "{member}");
        }
    }

    fn two_commitments_have_two_seeds(w) {
        let [one, two] = [0; 2].map(|_| commit(w, &villages()));
        assert_ne!(one["plan"]["commitment"], two["plan"]["commitment"]);
        let [one, two] = [one, two].map(|draw| reveal(w, &draw));
        assert_ne!(one["drawn"]["seed"], two["drawn"]["seed"]);
    }

    fn what_is_registered_later_or_no_more_is_not_in_the_frame(w) {
        let mut ids = register(w, "513430100201", 4, &json!({}));
        register(w, "513430100201", 1, &json!({ "status": "removed" }));
        let gone = Rec::household(JINYANG);
        w.ali().push([gone.create(), gone.delete()]);
        let elsewhere = Rec::household(ZHAOJUE);
        w.chen().push_one(elsewhere.create());
        let body = json!({ "level": "household", "county": JINYANG, "method": "srs", "places": { "total": 2 } });
        let draw = commit(w, &body);
        ids.sort();
        assert_eq!(texts(&draw["frame"], "id"), ids);
        assert_eq!(draw["plan"]["substitutes"], 5);
        let later = register(w, "513430100201", 3, &json!({}));
        let draw = reveal(w, &draw);
        assert_eq!(texts(&draw["frame"], "id"), ids, "frozen");
        assert!(!texts(&draw["sample"], "unit").iter().any(|id| later.contains(id)));
    }

    fn households_are_chosen_by_status_and_grouped_by_township(w) {
        let poor = register(w, "513430100201", 3, &json!({ "status": "poor" }));
        let lifted = register(w, "513430101200", 5, &json!({ "status": "lifted" }));
        register(w, "513430101200", 1, &json!({ "status": "returned" }));
        register(w, "513430101200", 1, &json!({ "status": null }));
        let body = json!({ "level": "household", "county": JINYANG, "method": "srs", "places": { "total": 4 },
            "strata": "township", "statuses": ["poor", "lifted"] });
        let draw = commit(w, &body);
        let mut ids = [poor, lifted].concat();
        ids.sort();
        assert_eq!(texts(&draw["frame"], "id"), ids);
        // 1.5 and 2.5: of equal remainders the earlier code's wins.
        assert_eq!(draw["strata"], json!([
            { "stratum": "513430100", "units": 3, "size": 3, "places": 2 },
            { "stratum": "513430101", "units": 5, "size": 5, "places": 2 },
        ]));
        assert_eq!(draw["plan"]["statuses"], json!(["lifted", "poor"]));
    }

    fn villages_are_from_the_list_the_sheets_or_the_register(w) {
        register(w, "513430100201", 3, &json!({}));
        register(w, "513430777200", 1, &json!({}));
        sheet(w, "513430100201", &json!({ "poor_village": true, "households": 213, "people": 900 }));
        sheet(w, "513430100202", &json!({ "poor_village": false, "households": 40, "people": 0 }));
        sheet(w, "513430100203", &json!({ "households": 55, "people": 7 }));
        let frame = |more: Value| {
            let body = with(with(villages(), json!({ "places": { "total": 1 } })), more);
            let draw = commit(w, &body);
            let frame = draw["frame"].as_array().unwrap().clone();
            frame.iter().map(|unit| (unit["id"].as_str().unwrap()[6..].to_owned(), unit["size"].as_u64().unwrap())).collect::<Vec<_>>()
        };
        let is = |more: Value, expected: &[(&str, u64)]| {
            let expected: Vec<_> = expected.iter().map(|(code, size)| ((*code).to_owned(), *size)).collect();
            assert_eq!(frame(more.clone()), expected, "{more}");
        };
        is(json!({ "source": "registered" }), &[("100201", 1), ("777200", 1)]);
        is(json!({ "source": "villages" }), &[("100201", 1), ("100202", 1), ("100203", 1)]);
        is(json!({ "source": "poor_villages" }), &[("100201", 1)]);
        let by = |sizes: &str| json!({ "source": "villages", "method": "pps", "sizes": sizes });
        is(by("registered"), &[("100201", 3), ("100202", 0), ("100203", 0)]);
        is(by("households"), &[("100201", 213), ("100202", 40), ("100203", 55)]);
        is(by("people"), &[("100201", 900), ("100202", 0), ("100203", 7)]);
        let all = frame(json!({ "method": "pps", "sizes": "registered" }));
        assert_eq!((all.len(), all.iter().map(|(_, size)| size).sum::<u64>()), (10, 3));
        // Nobody knows how many poor people there are.
        let body = with(villages(), by("poor_people"));
        let problem = w.province().post(&draws(w), &body).send().problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains("3 villages"), "{problem}");
    }

    fn what_cannot_be_drawn_is_refused_by_its_reason(w) {
        register(w, "513430100201", 1, &json!({}));
        register(w, "513430101200", 1, &json!({}));
        register(w, "513430102200", 1, &json!({}));
        let households = json!({ "level": "household", "county": JINYANG, "method": "srs", "places": { "total": 2 } });
        for (body, words) in [
            (with(villages(), json!({ "places": { "total": 11 } })), ["fewer than the 11", "少于 11"]),
            (with(households.clone(), json!({ "strata": "township" })), ["3 strata and 2 places", "共有 3 层，名额只有 2 个"]),
            (with(villages(), json!({ "county": ZHAOJUE, "source": "registered" })), ["empty", "为空"]),
            (with(villages(), json!({ "county": ZHAOJUE, "method": "pps", "sizes": "registered" })), ["empty", "为空"]),
        ] {
            for (language, word) in [("en", words[0]), ("zh", words[1])] {
                let call = w.province().post(&draws(w), &body).header("accept-language", language);
                let problem = call.send().problem(409, "conflict");
                assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
            }
        }
        assert_eq!(w.province().all(&draws(w)), Vec::<Value>::new());
    }

    fn what_does_not_fit_together_is_refused_by_its_place(w) {
        let households = json!({ "level": "household", "county": JINYANG, "method": "srs", "places": { "total": 1 } });
        let pps = json!({ "method": "pps", "sizes": "registered" });
        for (body, pointer) in [
            (with(villages(), json!({ "level": "town" })), "/level"),
            (with(villages(), json!({ "county": "999999" })), "/county"),
            (with(villages(), json!({ "county": "5134" })), "/county"),
            (with(villages(), json!({ "county": null })), "/county"),
            (with(villages(), json!({ "places": { "total": 0 } })), "/places/total"),
            (with(villages(), json!({ "places": { "per_stratum": 10_001 } })), "/places/per_stratum"),
            (with(villages(), json!({ "places": 3 })), "/places"),
            (with(villages(), json!({ "substitutes": 1_001 })), "/substitutes"),
            (with(villages(), json!({ "substitutes": -1 })), "/substitutes"),
            (with(villages(), json!({ "method": "pps" })), "/sizes"),
            (with(villages(), json!({ "sizes": "people" })), "/sizes"),
            (with(villages(), json!({ "strata": "village" })), "/strata"),
            (with(villages(), json!({ "source": "households" })), "/source"),
            (with(villages(), json!({ "statuses": ["poor"] })), "/statuses"),
            (with(villages(), json!({ "villages": ["513430100201"] })), "/villages"),
            (with(villages(), json!({ "first_stage": new_id() })), "/first_stage"),
            (with(villages(), json!({ "visible_from": "soon" })), "/visible_from"),
            (with(villages(), json!({ "public_source": " " })), "/public_source"),
            (with(villages(), json!({ "seed": "00" })), "/seed"),
            (with(households.clone(), pps), "/method"),
            (with(households.clone(), json!({ "source": "villages" })), "/source"),
            (with(households.clone(), json!({ "statuses": ["removed"] })), "/statuses/0"),
            (with(households.clone(), json!({ "first_stage": new_id() })), "/first_stage"),
            (with(households, json!({ "strata": "village" })), "/strata"),
        ] {
            let problem = w.province().post(&draws(w), &body).send().problem(422, "invalid");
            let pointers = texts(&problem["errors"], "pointer");
            assert!(pointers.iter().any(|given| given == pointer), "{pointer}: {problem}");
        }
        assert_eq!(w.province().all(&draws(w)), Vec::<Value>::new());
    }

    fn the_same_request_twice_makes_one_draw(w) {
        let send = |body: &Value| w.province().post(&draws(w), body).header("idempotency-key", "a").send();
        let (one, two) = (send(&villages()).created(), send(&villages()).created());
        assert_eq!(one, two);
        send(&with(villages(), json!({ "substitutes": 9 }))).refused(&[422]);
        assert_eq!(w.province().all(&draws(w)).len(), 1);
    }

    fn draws_are_filtered_and_sorted(w) {
        let one = commit(w, &villages());
        let two = drawn(w, &with(villages(), json!({ "county": ZHAOJUE })));
        let ids = |query: &str| texts(&json!(w.province().all(&format!("{}?{query}", draws(w)))), "id");
        assert_eq!(ids("state=committed"), [id_of(&one)]);
        assert_eq!(ids(&format!("county={ZHAOJUE}")), [id_of(&two)]);
        assert_eq!(ids("sort=-county&limit=1"), [id_of(&two), id_of(&one)]);
        assert_eq!(ids("level=household"), [""; 0]);
        let page = w.province().get(&format!("{}?count=true&limit=1", draws(w))).send().ok();
        assert_eq!(page["total"], 2);
        w.province().get(&format!("{}?colour=red", draws(w))).send().problem(400, "unknown_parameter");
    }
}
