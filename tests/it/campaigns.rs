//! `/v1/campaigns`: what a campaign is made of, how it changes and ends, and who sees which part of it.

use crate::support::*;

fn campaign(more: Value) -> Value {
    let mut body = json!({ "name": "2016年督查", "from": "2016-04-01", "to": "2016-05-01" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn make(w: &World, more: Value) -> Value {
    w.province().post("/v1/campaigns", &campaign(more)).send().created()
}

fn path(campaign: &Value) -> String {
    format!("/v1/campaigns/{}", id_of(campaign))
}

fn counties(campaign: &Value) -> Vec<String> {
    let counties = campaign["counties"].as_array().expect("counties").iter();
    counties.map(|county| county["county"].as_str().unwrap().to_owned()).collect()
}

fn pointers(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors: {problem}")).iter();
    errors.map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
}

fn change(w: &World, campaign: &Value, body: &Value) -> http::Reply {
    let tag = w.province().get(&path(campaign)).send().header("etag").unwrap().to_owned();
    w.province().patch(&path(campaign), body).header("if-match", &tag).send()
}

fn give(w: &World, campaign: &Value, county: &str) -> http::Reply {
    let body = json!({ "campaign": campaign["id"], "team": w.cast().teams["four"], "county": county,
        "kind": "provincial", "from": "2016-04-01", "to": "2016-05-01" });
    w.province().post("/v1/assignments", &body).send()
}

fn draw(w: &World, campaign: &Value, body: &Value) -> http::Reply {
    w.province().post(&format!("{}/draws", path(campaign)), body).send()
}

fn villages(county: &str) -> Value {
    json!({ "level": "village", "county": county, "method": "srs", "places": { "total": 2 } })
}

on_both_engines! {
    fn what_is_left_out_has_a_default(w) {
        let made = make(w, json!({}));
        assert_eq!(made["min_days_on_site"], 2);
        assert_eq!(made["counties"], Value::Null, "every county of the province");
        let topics = ["decisions", "plan_tasks", "targeted_practice", "institutional_innovation", "difficulties"];
        assert_eq!(made["topics"], json!(topics));
        let methods = ["random_check", "site_visit", "symposium", "document_review", "hearing", "feedback"];
        assert_eq!(made["methods"], json!(methods));
        let villages = json!({ "source": "divisions", "method": "pps", "sizes": "registered", "strata": "county",
            "places": { "total": 5 }, "substitutes": 5 });
        assert_eq!(made["sample_plan"]["villages"], villages);
        let households = json!({ "statuses": null, "places": { "per_stratum": 10 }, "substitutes": 5 });
        assert_eq!(made["sample_plan"]["households"], households);
        assert_eq!((&made["closed_at"], &made["closed_by"]), (&Value::Null, &Value::Null));
        assert_eq!(w.province().get(&path(&made)).send().ok(), made);
        let listed = w.province().all("/v1/campaigns?name=2016%E5%B9%B4%E7%9D%A3%E6%9F%A5");
        assert_eq!(listed, [made]);
    }

    fn what_is_given_is_kept(w) {
        let given = json!({
            "min_days_on_site": 3,
            "counties": [
                { "county": XIDE, "area": "liangshan_yi" },
                { "county": WUSHENG },
                { "county": JINYANG, "area": "liangshan_yi", "led_by": "prefecture" },
            ],
            "sample_plan": { "villages": { "method": "srs", "strata": "township", "places": { "per_stratum": 1 } },
                "households": { "statuses": ["poor", "returned"] } },
            "topics": ["difficulties", "decisions"],
            "methods": ["hearing", "random_check"],
        });
        let made = make(w, given);
        assert_eq!(made["min_days_on_site"], 3);
        assert_eq!(made["counties"], json!([
            { "county": WUSHENG, "area": null, "led_by": "prefecture" },
            { "county": JINYANG, "area": "liangshan_yi", "led_by": "prefecture" },
            { "county": XIDE, "area": "liangshan_yi", "led_by": "provincial" },
        ]));
        assert_eq!(made["topics"], json!(["decisions", "difficulties"]));
        assert_eq!(made["methods"], json!(["random_check", "hearing"]));
        let plan = &made["sample_plan"];
        assert_eq!((&plan["villages"]["sizes"], &plan["villages"]["substitutes"]), (&Value::Null, &json!(5)));
        assert_eq!(plan["villages"]["places"], json!({ "per_stratum": 1 }));
        assert_eq!(plan["households"], json!({ "statuses": ["poor", "returned"], "places": { "per_stratum": 10 },
            "substitutes": 5 }));
        assert_eq!(w.province().get(&path(&made)).send().ok(), made);
    }

    fn what_cannot_be_is_refused_by_its_place(w) {
        for (more, pointer) in [
            (json!({ "name": " " }), "/name"),
            (json!({ "to": "2016-03-31" }), "/to"),
            (json!({ "min_days_on_site": 0 }), "/min_days_on_site"),
            (json!({ "min_days_on_site": 367 }), "/min_days_on_site"),
            (json!({ "min_days_on_site": "two" }), "/min_days_on_site"),
            (json!({ "counties": [{ "county": JINYANG }, { "county": "519999" }] }), "/counties/1/county"),
            (json!({ "counties": [{ "county": JINYANG }, { "county": JINYANG }] }), "/counties/1/county"),
            (json!({ "counties": [{ "county": "5134" }] }), "/counties/0/county"),
            (json!({ "counties": [{ "county": JINYANG, "area": "plains" }] }), "/counties/0/area"),
            (json!({ "counties": [{ "county": JINYANG, "led_by": "county" }] }), "/counties/0/led_by"),
            (json!({ "counties": [{ "area": "qinba" }] }), "/counties/0/county"),
            (json!({ "topics": [] }), "/topics"),
            (json!({ "topics": ["weather"] }), "/topics/0"),
            (json!({ "methods": ["hearing", "hearing"] }), "/methods/1"),
            (json!({ "sample_plan": { "villages": { "source": "households" } } }), "/sample_plan/villages/source"),
            (json!({ "sample_plan": { "villages": { "method": "srs", "sizes": "people" } } }), "/sample_plan/villages/sizes"),
            (json!({ "sample_plan": { "villages": { "strata": "village" } } }), "/sample_plan/villages/strata"),
            (json!({ "sample_plan": { "villages": { "places": { "total": 0 } } } }), "/sample_plan/villages/places/total"),
            (json!({ "sample_plan": { "households": { "substitutes": 1_001 } } }), "/sample_plan/households/substitutes"),
            (json!({ "sample_plan": { "households": { "statuses": ["removed"] } } }), "/sample_plan/households/statuses/0"),
            (json!({ "sample_plan": { "towns": {} } }), "/sample_plan/towns"),
            (json!({ "colour": "red" }), "/colour"),
        ] {
            let problem = w.province().post("/v1/campaigns", &campaign(more)).send().problem(422, "invalid");
            assert!(pointers(&problem).iter().any(|given| given == pointer), "{pointer}: {problem}");
        }
        assert_eq!(w.province().all("/v1/campaigns").len(), 1);
    }

    fn everybody_sees_the_counties_in_their_scope(w) {
        let given = json!({ "counties": [{ "county": JINYANG }, { "county": XIDE }, { "county": WUSHENG }] });
        let made = make(w, given);
        for (session, own) in [
            (w.province(), &[WUSHENG, JINYANG, XIDE][..]),
            (w.liangshan(), &[JINYANG, XIDE]),
            (w.guangan(), &[WUSHENG]),
            (&w.ali().session, &[JINYANG]),
            (&w.chen().session, &[JINYANG]),
            (&w.er().session, &[]),
        ] {
            let read = session.get(&path(&made)).send();
            assert!(read.header("etag").is_some());
            let read = read.ok();
            assert_eq!(counties(&read), own);
            let listed = session.all("/v1/campaigns?sort=-created_at").remove(0);
            assert_eq!(listed, read);
            for member in ["name", "min_days_on_site", "sample_plan", "topics", "methods"] {
                assert_eq!(read[member], made[member], "{member}");
            }
        }
    }

    fn a_campaign_changes_by_parts(w) {
        let made = make(w, json!({ "counties": [{ "county": JINYANG }, { "county": XIDE }] }));
        let changed = change(w, &made, &json!({ "name": "新名", "topics": ["difficulties"] })).ok();
        assert_eq!((&changed["name"], &changed["topics"]), (&json!("新名"), &json!(["difficulties"])));
        for member in ["id", "from", "to", "counties", "sample_plan", "methods", "min_days_on_site", "created_at"] {
            assert_eq!(changed[member], made[member], "{member}");
        }
        let next = json!([{ "county": XIDE, "area": "liangshan_yi" }, { "county": WUSHENG, "led_by": "provincial" }]);
        let changed = change(w, &made, &json!({ "counties": next, "min_days_on_site": 4 })).ok();
        assert_eq!(changed["counties"], json!([
            { "county": WUSHENG, "area": null, "led_by": "provincial" },
            { "county": XIDE, "area": "liangshan_yi", "led_by": "provincial" },
        ]));
        assert_eq!(w.province().get(&path(&made)).send().ok(), changed);
        let body = json!({ "min_days_on_site": 5 });
        w.province().patch(&path(&made), &body).send().problem(428, "precondition_required");
        w.province().patch(&path(&made), &body).header("if-match", "\"old\"").send().problem(412, "precondition_failed");
        let problem = change(w, &made, &json!({ "to": "2016-01-01" })).problem(422, "invalid");
        assert_eq!(pointers(&problem), ["/to"]);
        assert_eq!(w.province().get(&path(&made)).send().ok(), changed);
    }

    fn work_is_given_in_its_counties_only(w) {
        let made = make(w, json!({ "counties": [{ "county": XIDE }] }));
        for reply in [give(w, &made, ZHAOJUE), draw(w, &made, &villages(ZHAOJUE))] {
            let problem = reply.problem(422, "invalid");
            assert_eq!((pointers(&problem), &problem["errors"][0]["code"]), (vec!["/county".into()], &json!("outside_campaign")));
        }
        give(w, &made, XIDE).created();
        draw(w, &made, &villages(JINYANG)).problem(422, "invalid");
        change(w, &made, &json!({ "counties": [{ "county": XIDE }, { "county": JINYANG }] })).ok();
        draw(w, &made, &villages(JINYANG)).created();
    }

    fn every_county_is_also_one_that_comes_later(w) {
        let made = make(w, json!({}));
        let few = make(w, json!({ "name": "few", "counties": [{ "county": XIDE }] }));
        let csv = format!("{}513499,county,新县,5134\n", cast::divisions());
        ruhu::setup::import_divisions(&w.store.config, csv.as_bytes(), &|_| {}).unwrap();
        give(w, &made, "513499").created();
        give(w, &few, "513499").problem(422, "invalid");
        // From every county to some, and back.
        let some = json!({ "counties": [{ "county": "513499" }, { "county": XIDE }] });
        assert_eq!(counties(&change(w, &made, &some).ok()), [XIDE, "513499"]);
        give(w, &made, ZHAOJUE).problem(422, "invalid");
        assert_eq!(change(w, &made, &json!({ "counties": null })).ok()["counties"], Value::Null);
        give(w, &made, ZHAOJUE).created();
    }

    fn a_county_where_something_was_done_stays(w) {
        let made = make(w, json!({ "counties": [{ "county": XIDE }, { "county": JINYANG }, { "county": WUSHENG }] }));
        let id = id_of(&give(w, &made, XIDE).created());
        w.province().post(&format!("/v1/assignments/{id}/close"), &json!({})).send().ok();
        draw(w, &made, &villages(JINYANG)).created();
        let problem = change(w, &made, &json!({ "counties": [] })).problem(409, "conflict");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(XIDE) && detail.contains(JINYANG) && !detail.contains(WUSHENG), "{detail}");
        assert_eq!(w.province().get(&path(&made)).send().ok(), made);
        change(w, &made, &json!({ "counties": [{ "county": XIDE, "area": "qinba" }, { "county": JINYANG }] })).ok();
    }

    fn draws_take_what_they_do_not_say_from_the_sample_plan(w) {
        let plan = json!({ "villages": { "method": "srs", "strata": "township", "places": { "per_stratum": 1 },
            "substitutes": 0 }, "households": { "statuses": ["poor"], "places": { "total": 2 } } });
        let made = make(w, json!({ "sample_plan": plan }));
        let drawn = draw(w, &made, &json!({ "level": "village", "county": JINYANG })).created()["plan"].clone();
        assert_eq!((&drawn["method"], &drawn["sizes"], &drawn["source"]), (&json!("srs"), &Value::Null, &json!("divisions")));
        assert_eq!((&drawn["strata"], &drawn["substitutes"]), (&json!("township"), &json!(0)));
        assert_eq!(drawn["places"], json!({ "per_stratum": 1 }));
        let own = json!({ "level": "village", "county": JINYANG, "strata": "county", "places": { "total": 4 }, "substitutes": 1 });
        let drawn = draw(w, &made, &own).created()["plan"].clone();
        assert_eq!((&drawn["strata"], &drawn["substitutes"]), (&json!("county"), &json!(1)));
        assert_eq!((&drawn["places"], &drawn["method"]), (&json!({ "total": 4 }), &json!("srs")));
        for status in ["poor", "lifted", "poor", "poor"] {
            is(w.ali().push_one(Rec::household(JINYANG).create_with(json!({ "status": status }))), "applied");
        }
        let drawn = draw(w, &made, &json!({ "level": "household", "county": JINYANG })).created();
        assert_eq!((&drawn["plan"]["statuses"], &drawn["plan"]["method"]), (&json!(["poor"]), &json!("srs")));
        assert_eq!((drawn["frame"].as_array().unwrap().len(), &drawn["plan"]["places"]), (3, &json!({ "total": 2 })));
        // By size, as nothing else is said.
        let usual = make(w, json!({ "name": "usual" }));
        let small = json!({ "level": "village", "county": JINYANG, "places": { "total": 1 } });
        let drawn = draw(w, &usual, &small).created()["plan"].clone();
        assert_eq!((&drawn["method"], &drawn["sizes"]), (&json!("pps"), &json!("registered")));
    }

    fn closing_ends_its_assignments_and_nothing_else(w) {
        let made = make(w, json!({}));
        for county in [XIDE, ZHAOJUE] {
            give(w, &made, county).created();
        }
        // Twice in one county, and once for another campaign.
        give(w, &made, XIDE).created();
        let body = json!({ "campaign": made["id"], "team": w.cast().teams["two"], "county": JINYANG,
            "kind": "spot_check", "from": "2016-04-01", "to": "2016-05-01" });
        w.province().post("/v1/assignments", &body).send().created();
        is(w.er().push_one(Rec::household(XIDE).create()), "applied");
        let close = || w.province().post(&format!("{}/close", path(&made)), &json!({})).send();
        let closed = close().ok();
        assert_near(&closed["closed_at"], now(), ms(5_000));
        assert_eq!(closed["closed_by"], w.cast().users["province"]);
        assert_eq!(w.province().get(&path(&made)).send().ok(), closed);
        let open = w.province().all(&format!("/v1/assignments?campaign={}&open=true", id_of(&made)));
        assert_eq!(open, Vec::<Value>::new());
        assert_eq!(w.er().get("/v1/me").send().ok()["buckets"], json!([]));
        assert_eq!(w.chen().get("/v1/me").send().ok()["buckets"], json!([JINYANG, ZHAOJUE]));
        is(w.er().push_one(Rec::household(XIDE).create()), "quarantined");
        close().problem(409, "already_settled");
        change(w, &made, &json!({ "name": "x" })).problem(409, "conflict");
        let problem = give(w, &made, XIDE).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["code"], "campaign_closed");
        draw(w, &made, &villages(JINYANG)).problem(409, "conflict");
        // A county that comes back is granted anew.
        w.assign("four", XIDE);
        is(w.er().push_one(Rec::household(XIDE).create()), "applied");
    }

    fn a_draw_of_a_closed_campaign_is_revealed_but_not_replaced(w) {
        let made = make(w, json!({}));
        let drawn = id_of(&draw(w, &made, &villages(JINYANG)).created());
        w.province().post(&format!("{}/close", path(&made)), &json!({})).send().ok();
        let draw = format!("{}/draws/{drawn}", path(&made));
        let revealed = w.province().post(&format!("{draw}/reveal"), &json!({})).send().ok();
        let unit = id_of(&revealed["sample"][0]);
        let replace = w.province().post(&format!("{draw}/units/{unit}/replace"), &json!({ "reason": "x" }));
        replace.send().problem(409, "conflict");
    }

    fn only_the_province_closes(w) {
        let made = make(w, json!({}));
        for session in [w.liangshan(), &w.ali().session] {
            session.post(&format!("{}/close", path(&made)), &json!({})).send().problem(403, "forbidden");
        }
        assert_eq!(w.province().all("/v1/campaigns?open=true").len(), 2);
        w.province().post(&format!("{}/close", path(&made)), &json!({})).send().ok();
        let ids = |query: &str| w.province().all(&format!("/v1/campaigns?{query}")).iter().map(id_of).collect::<Vec<_>>();
        assert_eq!((ids("open=true"), ids("open=false")), (vec![w.cast().campaign.clone()], vec![id_of(&made)]));
    }
}
