//! Every number of a report, reckoned again from the lists of records, draws, teams and assignments: no number is taken from
//! a query that the report names, only what it is about (a place's code, a question, a value, a title).

mod raw;
mod sample;

use super::*;
use raw::Raw;

/// A campaign in which there is something of everything that is told.
fn whole_campaign(w: &World) {
    let counties = json!([
        { "county": JINYANG, "area": "liangshan_yi" }, { "county": ZHAOJUE, "area": "liangshan_yi" }, { "county": WUSHENG },
        { "county": XIDE, "area": "liangshan_yi" },
    ]);
    w.province()
        .patch(&format!("/v1/campaigns/{}", w.cast().campaign), &json!({ "counties": counties }))
        .header("if-match", "*")
        .send()
        .ok();
    for (team, leader) in [("one", "马海"), ("two", "沙马"), ("three", "邓华")] {
        let body = json!({ "leader": { "name": leader, "rank": "department" } });
        w.province().patch(&format!("/v1/teams/{}", w.cast().teams[team]), &body).header("if-match", "*").send().ok();
    }
    w.assign("four", XIDE);
    let check = json!({ "campaign": w.cast().campaign, "team": w.cast().teams["three"], "county": JINYANG, "kind": "spot_check",
        "from": "2015-04-15", "to": "2015-05-05" });
    w.province().post("/v1/assignments", &check).send().created();
    campaign(w);
    zhaojue(w);
    villages(w);
    // The leader of a team is there on one of two days; a photo shows a third, which is nobody's in particular.
    let place = json!({ "lat": 27.7, "lon": 103.25, "datum": "wgs84" });
    let sheet = Rec::new("villages", JINYANG).create_with(json!({ "location": place }));
    let at = |day: &str, more: Value| {
        let record = Rec::new("visits", JINYANG);
        let mut fields = json!({ "campaign": w.cast().campaign, "level": "county", "method": "symposium", "day": day });
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        (record.clone(), record.create_with(fields))
    };
    let (_, led) =
        at("2015-04-20", json!({ "location": place, "participants": [{ "name": "马海" }, { "name": "李" }] }));
    let (_, alone) = at("2015-04-21", json!({ "location": place, "participants": [{ "name": "李" }] }));
    let (shown, by_photo) = at("2015-04-22", json!({ "state": "done" }));
    let (_, mocked) = at("2015-04-23", json!({ "location": place, "mock_location": true }));
    let (planned, later) = at("2015-04-24", json!({ "state": "planned" }));
    let (_, void) = at("2015-04-25", json!({ "state": "void" }));
    let photo =
        Rec::new("photos", JINYANG).create_with(json!({ "subject": { "collection": "visits", "id": shown.id } }));
    let asked = |visit: &Rec, level: &str| {
        Rec::interview(JINYANG).create_with(
            json!({ "visit": visit.id, "level": level, "form": level, "answers": { "county_plan": true } }),
        )
    };
    w.ali().push([
        sheet,
        led,
        alone,
        by_photo,
        mocked,
        later,
        void,
        photo,
        asked(&shown, "county"),
        asked(&planned, "county"),
    ]);
    // A household that is no longer on the register was visited, and one is looked over again.
    let homes: Vec<Value> = w.province().all(&format!("/v1/households?bucket={JINYANG}"));
    let gone = Rec::household(JINYANG);
    let (_, to_gone) = at("2015-04-17", json!({ "level": "household", "method": "site_visit", "household": gone.id }));
    w.ali().push([gone.create_with(json!({ "status": "removed" })), to_gone]);
    let again = Rec::new("visits", JINYANG);
    let visits = w.province().all(&format!("/v1/visits?bucket={JINYANG}"));
    let seen = homes.iter().find(|home| visits.iter().any(|visit| visit["fields"]["household"] == home["id"])).unwrap();
    w.deng().push([
        again.create_with(json!({ "campaign": w.cast().campaign, "level": "household", "method": "random_check", "day": "2015-04-26", "household": seen["id"] })),
        Rec::interview(JINYANG).create_with(json!({ "visit": again.id, "level": "household", "household": seen["id"],
            "answers": { "plan_known": true, "knows_registered": true } })),
    ]);
}

/// Draws, and gives the sample and the substitutes.
fn draw(w: &World, body: &Value) -> Value {
    let draws = format!("/v1/campaigns/{}/draws", w.cast().campaign);
    let draw = id_of(&w.province().post(&draws, body).send().created());
    w.province().post(&format!("{draws}/{draw}/reveal"), &json!({})).send().ok()
}

/// A sample of five households of nine, one of which gives its place to a substitute and one of which nobody visits.
fn zhaojue(w: &World) {
    let homes: Vec<Rec> = (0..9).map(|_| Rec::household(ZHAOJUE)).collect();
    w.chen().push(homes.iter().map(Rec::create));
    let drawn = draw(
        w,
        &json!({ "level": "household", "county": ZHAOJUE, "method": "srs", "places": { "total": 5 }, "substitutes": 2 }),
    );
    let path = format!(
        "/v1/campaigns/{}/draws/{}/units/{}/replace",
        w.cast().campaign,
        id_of(&drawn),
        id_of(&drawn["sample"][0])
    );
    let substitute = w.province().post(&path, &json!({ "reason": "道路中断" })).send().ok();
    let mut ops = Vec::new();
    let mut call = |household: &Value, slot: &Value, answers: Value| {
        let visit = Rec::new("visits", ZHAOJUE);
        ops.push(visit.create_with(
            json!({ "campaign": w.cast().campaign, "level": "household", "method": "random_check", "day": "2015-04-16",
            "household": household, "sample_slot": slot }),
        ));
        ops.push(Rec::interview(ZHAOJUE).create_with(
            json!({ "visit": visit.id, "level": "household", "household": household, "answers": answers }),
        ));
    };
    let sample = |n: usize| &drawn["sample"][n];
    call(
        &sample(1)["unit"],
        &sample(1)["id"],
        json!({ "plan_known": true, "knows_helper": true, "helper_visits": 3, "satisfied": "satisfied", "wishes": ["road", "water"] }),
    );
    call(
        &sample(2)["unit"],
        &sample(2)["id"],
        json!({ "plan_known": false, "knows_helper": true, "helper_visits": 12, "satisfied": "neutral", "wishes": ["road"] }),
    );
    call(
        &sample(3)["unit"],
        &sample(3)["id"],
        json!({ "plan_known": true, "knows_helper": true, "helper_visits": 6, "satisfied": "satisfied" }),
    );
    call(
        &substitute["unit"],
        &substitute["id"],
        json!({ "plan_known": false, "knows_helper": false, "wishes": ["loan"] }),
    );
    // Neither the unit that was replaced nor another one in the place's name counts for the sample.
    call(&sample(0)["unit"], &sample(0)["id"], json!({ "plan_known": true, "satisfied": "satisfied" }));
    let other = homes.iter().find(|home| !drawn.to_string().contains(&format!("\"unit\":\"{}\"", home.id))).unwrap();
    call(&json!(other.id), &sample(4)["id"], json!({ "plan_known": true, "debt": 900 }));
    w.chen().push(ops);
}

/// A sample of four villages of ZHAOJUE, three of which are visited.
fn villages(w: &World) {
    let drawn = draw(w, &json!({ "level": "village", "county": ZHAOJUE, "method": "srs", "places": { "total": 4 } }));
    let mut ops = Vec::new();
    for (n, unit) in drawn["sample"].as_array().unwrap().iter().take(3).enumerate() {
        let visit = Rec::new("visits", ZHAOJUE);
        ops.push(visit.create_with(
            json!({ "campaign": w.cast().campaign, "level": "village", "method": "document_review", "day": "2015-04-18",
            "village": unit["unit"], "sample_slot": unit["id"] }),
        ));
        ops.push(
            Rec::interview(ZHAOJUE).create_with(json!({ "visit": visit.id, "level": "village", "form": "village",
            "answers": { "meeting_held": n == 1, "public_notices": 10 * n } })),
        );
    }
    w.chen().push(ops);
}

on_both_engines! {
    fn every_number_is_reckoned_again(w) {
        whole_campaign(w);
        let raw = Raw::read(w);
        for (session, query, within) in [(w.province(), "", "51"), (w.province(), "?prefecture=5134", "5134"), (w.liangshan(), "?lang=en", "5134")] {
            let told = report(session, w, query);
            let mut rules = raw.within(session, within);
            for figure in all_figures(&told) {
                let found = rules.reckon(figure);
                let value = figure["value"].as_f64().unwrap();
                assert!((found - value).abs() <= 1e-9 * found.abs().max(1.0), "{found}, not {figure}");
            }
            assert!(!told.to_string().contains("别的督查"));
            // What there is only one of was told, and is not nothing.
            for seen in [
                "slots/replaced", "slots/open", "leaders/enough", "leaders/all", "overall/agreed", "overall/share", "share/low", "mean/high",
                "plain_share", "visits/symposium/void", "visits/symposium/planned", "interviews/county", "interviews/village", "frequent", "overdue",
            ] {
                assert!(rules.told.iter().any(|(pointer, value)| pointer.contains(seen) && *value != 0.0), "nothing of {seen}");
            }
        }
    }
}
