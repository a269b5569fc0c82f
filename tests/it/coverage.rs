//! Coverage, days and spot checks, against what was done.

mod leaders;
mod slots;

use crate::support::*;

fn at(w: &World, query: &str) -> Value {
    w.province().get(&format!("/v1/campaigns/{}/coverage{query}", w.cast().campaign)).send().ok()
}

/// The item of one county.
fn county(w: &World, code: &str) -> Value {
    at(w, &format!("?level=county&county={code}"))["items"][0].take()
}

fn visit(w: &World, county: &str, more: Value) -> (Rec, Op) {
    let record = Rec::new("visits", county);
    let mut fields = json!({ "campaign": w.cast().campaign, "method": "random_check", "level": "household",
        "day": "2015-04-16", "state": "done" });
    for (name, value) in more.as_object().expect("fields") {
        fields[name] = value.clone();
    }
    let op = record.create_with(fields);
    (record, op)
}

fn interview(visit: &Rec, more: Value) -> Op {
    let mut fields = json!({ "visit": visit.id });
    for (name, value) in more.as_object().expect("fields") {
        fields[name] = value.clone();
    }
    Rec::interview(&visit.bucket).create_with(fields)
}

/// A moment after everything so far and before everything from now on.
fn moment() -> String {
    let then = now();
    eventually(5, "the clock goes on", || (now() > then).then_some(()));
    wire(then)
}

on_both_engines! {
    fn what_was_done_is_counted(w) {
        let homes: Vec<Rec> = (0..4).map(|_| Rec::household(JINYANG)).collect();
        w.chen().push(homes.iter().map(Rec::create).chain([
            homes[2].edit(json!({ "status": "removed" })),
            homes[3].delete().base(1),
        ]));
        let (first, one) = visit(w, JINYANG, json!({ "household": homes[0].id }));
        let (_, two) = visit(w, JINYANG, json!({ "household": homes[0].id, "day": "2015-04-17" }));
        let (planned, three) = visit(w, JINYANG, json!({ "household": homes[1].id, "state": "planned" }));
        let (_, four) = visit(w, JINYANG, json!({ "method": "hearing", "level": "county" }));
        let (void, five) = visit(w, JINYANG, json!({ "household": homes[1].id, "state": "void" }));
        w.ali().push([one, two, three, four, five, interview(&first, json!({})), interview(&first, json!({ "level": "village" }))]);
        // What is not done has no interviews yet, whatever was recorded.
        w.ali().push([interview(&planned, json!({})), interview(&void, json!({}))]);
        // Who is not on the register any more, or never was, is nobody of those registered.
        let gone = [homes[2].id.clone(), homes[3].id.clone(), new_id()];
        w.ali().push(gone.map(|home| visit(w, JINYANG, json!({ "household": home, "method": "document_review" })).1));
        let found = county(w, JINYANG);
        assert_eq!(found["visits"], json!({ "hearing": { "planned": 0, "done": 1, "void": 0 },
            "document_review": { "planned": 0, "done": 3, "void": 0 }, "random_check": { "planned": 1, "done": 2, "void": 1 } }));
        assert_eq!(found["interviews"], json!({ "household": 1, "village": 1 }));
        assert_eq!(found["households"], json!({ "visited": 1, "registered": 2 }));
        assert_eq!((&found["counties"], &found["not_reached"]), (&json!({ "all": 1, "reached": 1 }), &json!([])));
        assert_eq!(found["name"], "金阳县");

        // The province is the sum of its counties.
        let whole = at(w, "");
        assert_eq!((&whole["level"], &whole["items"][0]["code"]), (&json!("province"), &json!("51")));
        let all = cast::counties("51").len();
        assert_eq!(whole["items"][0]["counties"], json!({ "all": all, "reached": 1 }));
        assert_eq!(whole["items"][0]["not_reached"].as_array().unwrap().len(), all - 1);
        for name in ["visits", "interviews", "households", "slots", "team_days"] {
            assert_eq!(whole["items"][0][name], found[name], "{name}");
        }
        // A deletion takes away, and what is kept in memory is what a new start works out.
        w.ali().push([first.delete().base(1)]);
        let after = county(w, JINYANG);
        assert_eq!(after["visits"]["random_check"], json!({ "planned": 1, "done": 1, "void": 1 }));
        assert_eq!(after["interviews"], json!({}));
        let warm = at(w, "?level=county");
        w.restart();
        assert_eq!(at(w, "?level=county"), warm);
    }

    fn days_count_with_evidence(w) {
        let place = json!({ "lat": 27.7, "lon": 103.25, "datum": "wgs84" });
        w.chen().push([Rec::new("villages", JINYANG).create_with(json!({ "location": place }))]);
        leaders::lead(w, "one", "马海");
        leaders::lead(w, "two", "沙马");
        let days = ["2015-04-16", "2015-04-17", "2015-04-18", "2015-04-19", "2015-04-20"];
        let far = json!({ "lat": 27.0, "lon": 103.25, "datum": "wgs84" });
        let mut ops = Vec::new();
        let mut visits = Vec::new();
        for (day, more) in days.into_iter().zip([
            json!({}), json!({ "location": place, "participants": [{ "name": "李" }, { "name": "马海", "rank": "department" }] }),
            json!({ "location": far }), json!({ "participants": [{ "name": "李" }] }), json!({ "location": place, "mock_location": true }),
        ]) {
            let mut more = more;
            more["day"] = day.into();
            let (record, op) = visit(w, JINYANG, more);
            ops.push(op);
            visits.push(record);
        }
        ops.push(interview(&visits[3], json!({})));
        let photo = json!({ "subject": { "collection": "visits", "id": visits[4].id } });
        ops.push(Rec::new("photos", JINYANG).create_with(photo));
        w.ali().push(ops);
        let path = format!("/v1/campaigns/{}/days?county={JINYANG}", w.cast().campaign);
        let told = w.province().get(&path).send().ok();
        let first = &told["items"][0];
        let visits = w.province().get(first["href"].as_str().unwrap()).send().ok();
        assert_eq!(visits["items"].as_array().unwrap().len(), first["visits"].as_u64().unwrap() as usize);
        let told: Vec<_> = told["items"].as_array().unwrap().iter()
            .map(|day| (day["day"].as_str().unwrap().to_owned(), day["located"].clone(), day["interviews"].clone(), day["photos"].clone(), day["evidence"].clone(), day["leader_day"].clone()))
            .collect();
        let expected = [(0, 0, 0, false, false), (1, 0, 0, true, true), (0, 0, 0, false, false), (0, 1, 0, true, false), (0, 0, 1, true, true)];
        for ((told, day), (located, interviews, photos, evidence, leader)) in told.iter().zip(days).zip(expected) {
            assert_eq!(told, &(day.to_owned(), json!(located), json!(interviews), json!(photos), json!(evidence), json!(leader)));
        }
        let found = county(w, JINYANG);
        assert_eq!(found["team_days"], 3);
        let of = |team: &str| found["teams"].as_array().unwrap().iter().find(|t| t["team"] == w.cast().teams[team]).unwrap().clone();
        let days = |team: &str| { let team = of(team); (team["days"].clone(), team["leader_days"].clone(), team["enough"].clone()) };
        assert_eq!(days("one"), (json!(3), json!(2), json!(true)));
        assert_eq!(days("two"), (json!(0), json!(0), json!(false)));
        assert_eq!(found["leaders"], json!({ "all": 2, "enough": 1 }));
    }

    fn the_past_is_told_as_it_was(w) {
        let home = Rec::household(JINYANG);
        w.chen().push([home.create()]);
        let (record, op) = visit(w, JINYANG, json!({ "household": home.id, "state": "planned" }));
        w.ali().push([op]);
        let planned = (moment(), county(w, JINYANG));
        let (_, other) = visit(w, JINYANG, json!({ "method": "symposium" }));
        w.ali().push([record.edit(json!({ "state": "done" })).base(1), interview(&record, json!({})), other]);
        let done = (moment(), county(w, JINYANG));
        w.chen().push([home.edit(json!({ "status": "removed" })).base(1)]);
        w.ali().push([record.delete().base(2)]);
        assert_ne!(county(w, JINYANG), done.1);
        // Again when it is kept, and when the county has moved on.
        for (moment, then) in [planned.clone(), done.clone(), planned.clone(), done, planned] {
            let query = format!("?level=county&county={JINYANG}&as_of={}", http::urlencode(&moment));
            w.ali().push([visit(w, JINYANG, json!({})).1]);
            let told = at(w, &query);
            assert_eq!(told["items"][0], then);
            assert_eq!(told["as_of"], moment);
        }
        let before = at(w, &format!("?as_of={}", http::urlencode("2015-01-01T00:00:00.000+08:00")));
        assert_eq!((&before["items"][0]["visits"], &before["items"][0]["households"]["registered"]), (&json!({}), &json!(0)));
        w.province().get(&format!("/v1/campaigns/{}/coverage?as_of={}", w.cast().campaign, http::urlencode(&wire(ago(-60))))).send().problem(400, "malformed");
    }

    fn places_of_samples_are_filled(w) {
        let draws = format!("/v1/campaigns/{}/draws", w.cast().campaign);
        let body = json!({ "level": "village", "county": JINYANG, "method": "srs", "places": { "total": 3 }, "visible_from": wire(ago(-60)) });
        let draw = id_of(&w.province().post(&draws, &body).send().created());
        assert_eq!(county(w, JINYANG)["slots"], json!({ "done": 0, "open": 0, "replaced": 0 }));
        let drawn = w.province().post(&format!("{draws}/{draw}/reveal"), &json!({})).send().ok();
        assert_eq!(county(w, JINYANG)["slots"], json!({ "done": 0, "open": 3, "replaced": 0 }));
        let unit = |n: usize| id_of(&drawn["sample"][n]);
        let code = |n: usize| drawn["sample"][n]["unit"].clone();
        let body = json!({ "reason": "道路中断" });
        w.province().post(&format!("{draws}/{draw}/units/{}/replace", unit(0)), &body).send().ok();
        let at = |n: usize| visit(w, JINYANG, json!({ "level": "village", "sample_slot": unit(1), "village": code(n) })).1;
        w.ali().push([at(2)]);
        assert_eq!(county(w, JINYANG)["slots"]["done"], 0, "another village");
        w.ali().push([at(1)]);
        assert_eq!(county(w, JINYANG)["slots"], json!({ "done": 1, "open": 2, "replaced": 1 }));
        // Hidden from all but the province, its places are too.
        let coverage = format!("/v1/campaigns/{}/coverage?level=county&county={JINYANG}", w.cast().campaign);
        for session in [w.liangshan(), &w.ali().session] {
            assert_eq!(session.get(&coverage).send().ok()["items"][0]["slots"], json!({ "done": 0, "open": 0, "replaced": 0 }));
        }
        assert_eq!(county(w, JINYANG)["slots"]["done"], 1);
    }

    fn everybody_sees_their_own_counties(w) {
        let (_, here) = visit(w, JINYANG, json!({}));
        w.ali().push([here]);
        let (_, there) = visit(w, WUSHENG, json!({ "team": w.cast().teams["three"] }));
        w.deng().push([there]);
        let path = format!("/v1/campaigns/{}/coverage", w.cast().campaign);
        let of = |session: &Session, query: &str| session.get(&format!("{path}{query}")).send().ok();
        let codes = |told: &Value| told["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(codes(&of(w.liangshan(), "")), ["5134"]);
        assert_eq!(codes(&of(&w.ali().session, "")), [JINYANG]);
        assert_eq!(codes(&of(&w.deng().session, "?level=county")), [WUSHENG]);
        assert_eq!(codes(&of(&w.er().session, "")), Vec::<String>::new());
        assert_eq!(of(w.guangan(), "")["items"][0]["visits"]["random_check"]["done"], 1);
        assert_eq!(codes(&of(w.guangan(), &format!("?county={JINYANG}"))), Vec::<String>::new());
        assert_eq!(codes(&of(w.province(), "?level=prefecture&prefecture=5134")), ["5134"]);
        // Teams are named to those who see them.
        let teams = |session: &Session| of(session, "")["teams"].as_array().unwrap().iter().map(|team| team["team"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(teams(&w.ali().session), [w.cast().teams["one"].clone()]);
        assert_eq!(teams(w.liangshan()), [w.cast().teams["two"].clone()]);
        let told = of(w.province(), "");
        let sync = |team: &str| told["teams"].as_array().unwrap().iter().find(|t| t["team"] == w.cast().teams[team]).unwrap()["last_sync"].clone();
        assert!(sync("one").is_string() && sync("three").is_string() && sync("two").is_null(), "{told}");
        for bad in ["?level=village", "?county=51", "?as_of=yesterday", "?city=1"] {
            w.province().get(&format!("{path}{bad}")).send().refused(&[400]);
        }
        w.province().get(&format!("/v1/campaigns/{}/coverage", new_id())).send().problem(404, "not_found");
    }

    fn areas_are_the_sums_of_their_counties(w) {
        let counties = json!([
            { "county": JINYANG, "area": "liangshan_yi", "led_by": "provincial" },
            { "county": ZHAOJUE, "area": "liangshan_yi", "led_by": "provincial" },
            { "county": WUSHENG, "led_by": "prefecture" },
        ]);
        let campaign = format!("/v1/campaigns/{}", w.cast().campaign);
        w.province().patch(&campaign, &json!({ "counties": counties })).header("if-match", "*").send().ok();
        let visits = [
            (JINYANG, "one", w.ali()), (JINYANG, "one", w.ali()), (ZHAOJUE, "two", w.chen()), (WUSHENG, "three", w.deng()),
        ];
        for (county, team, phone) in visits {
            phone.push([visit(w, county, json!({ "team": w.cast().teams[team] })).1]);
        }
        let told = |session: &Session, of: &str| session.get(&format!("{campaign}{of}")).send().ok()["items"].take();
        let areas = told(w.province(), "/coverage?level=area");
        let named = |item: &Value| (item["code"].clone(), item["name"].clone());
        assert_eq!(named(&areas[0]), (json!("liangshan_yi"), json!("大小凉山彝区")));
        assert_eq!(named(&areas[1]), (json!("outside"), json!("片区外")));
        assert_eq!(areas.as_array().unwrap().len(), 2);
        assert_eq!(areas[0]["counties"], json!({ "all": 2, "reached": 2 }));
        assert_eq!((&areas[0]["visits"]["random_check"]["done"], &areas[1]["visits"]["random_check"]["done"]), (&json!(3), &json!(1)));
        let findings = told(w.province(), "/findings?level=area");
        assert_eq!(findings.as_array().unwrap().iter().map(named).collect::<Vec<_>>(), areas.as_array().unwrap().iter().map(named).collect::<Vec<_>>());
        assert_eq!(told(w.guangan(), "/coverage?level=area").as_array().unwrap().iter().map(named).collect::<Vec<_>>(), [named(&areas[1])]);
    }

    fn spot_checks_are_compared_with_the_first_visit(w) {
        let body = json!({ "campaign": w.cast().campaign, "team": w.cast().teams["three"], "county": JINYANG, "kind": "spot_check",
            "from": "2015-04-15", "to": "2015-05-05" });
        w.province().post("/v1/assignments", &body).send().created();
        let home = Rec::household(JINYANG);
        w.chen().push([home.create()]);
        let (first, one) = visit(w, JINYANG, json!({ "household": home.id }));
        let (later, two) = visit(w, JINYANG, json!({ "household": home.id, "day": "2015-04-18" }));
        let answers = |water: bool, rooms: i64| json!({ "form": "h", "form_version": 1, "answers": { "water": water, "rooms": rooms } });
        w.ali().push([one, two, interview(&first, answers(true, 3)), interview(&later, answers(false, 9))]);
        let (again, three) = visit(w, JINYANG, json!({ "household": home.id, "day": "2015-04-20", "team": w.cast().teams["three"] }));
        w.deng().push([three, interview(&again, answers(true, 4))]);
        let path = format!("/v1/campaigns/{}/spot-checks", w.cast().campaign);
        let told = w.province().get(&path).send().ok();
        assert_eq!(told["overall"], json!({ "compared": 2, "agreed": 1, "share": 0.5 }));
        assert_eq!(told["questions"], json!([
            { "form": "h", "question": "rooms", "compared": 1, "agreed": 0, "share": 0.0 },
            { "form": "h", "question": "water", "compared": 1, "agreed": 1, "share": 1.0 },
        ]));
        let pair = &told["pairs"][0];
        assert_eq!((&pair["first"], &pair["spot_check"], &pair["household"]), (&json!(first.id), &json!(again.id), &json!(home.id)));
        assert_eq!(told["pairs"].as_array().unwrap().len(), 1);
        // Who looks over others' work has no days to make up there.
        for team in ["one", "two", "three"] {
            leaders::lead(w, team, "马海");
        }
        let found = county(w, JINYANG);
        assert_eq!(found["leaders"]["all"], 2);
        let none = w.guangan().get(&path).send().ok();
        assert_eq!((&none["pairs"], &none["overall"]["share"]), (&json!([]), &Value::Null));
    }
}
