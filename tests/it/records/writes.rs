//! `POST`, `PATCH`, `DELETE`: the same merge as a push.

use crate::support::http::Reply;
use crate::support::raw::Events;
use crate::support::*;

/// A valid body for each collection, by somebody of team two.
fn whole(w: &World, collection: &str, county: &str) -> Value {
    let mut body = good(collection, county);
    body["bucket"] = county.into();
    if collection == "visits" {
        body["team"] = w.cast().teams["two"].clone().into();
    }
    body
}

fn make(w: &World, session: &Session, collection: &str, county: &str) -> (Rec, Value) {
    let made = session.post(&format!("/v1/{collection}"), &whole(w, collection, county)).send().created();
    let collection = COLLECTIONS.into_iter().find(|name| *name == collection).expect("a collection");
    (Rec { bucket: county.into(), collection, id: id_of(&made) }, made)
}

fn tag(session: &Session, record: &Rec) -> String {
    session.get(&record.path()).send().status(&[200]).header("etag").expect("a tag").to_owned()
}

fn change(session: &Session, record: &Rec, fields: Value) -> Reply {
    session.patch(&record.path(), &fields).header("if-match", &tag(session, record)).send()
}

fn delete(session: &Session, record: &Rec) -> Reply {
    session.call("DELETE", &record.path()).header("if-match", &tag(session, record)).send()
}

fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().expect("errors").iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

on_both_engines! {
    fn every_collection_is_written(w) {
        for collection in COLLECTIONS {
            let (record, made) = make(w, w.province(), collection, ZHAOJUE);
            assert_eq!((&made["bucket"], &made["collection"]), (&json!(ZHAOJUE), &json!(collection)));
            assert_eq!(made["rev"], 1);
            assert_eq!(w.liangshan().get(&record.path()).send().ok(), made);
            let (name, value) = match collection {
                "households" | "villages" => ("remarks", json!("雨后道路不通")),
                "members" => ("relation", json!("长子")),
                "visits" => ("summary", json!("已走访")),
                "interviews" => ("answers.q1", json!(true)),
                "findings" => ("detail", json!("x")),
                _ => ("caption", json!("x")),
            };
            let changed = change(w.liangshan(), &record, json!({ name: value })).ok();
            assert_eq!((&changed["rev"], &changed["fields"][name]), (&json!(2), &value));
            let seen = w.chen().see(&record).expect("it reaches the phones");
            for member in ["rev", "seq", "digest", "updated_at", "fields"] {
                assert_eq!(seen[member], changed[member], "{member}");
            }
            assert!(delete(&w.chen().session, &record).status(&[204]).bytes.is_empty());
            assert_eq!(w.chen().see(&record), None);
            w.province().get(&record.path()).send().problem(410, "gone");
            let kinds: Vec<_> = w.province().history(&record).iter().map(|entry| entry["kind"].clone()).collect();
            assert_eq!(kinds, ["upsert", "upsert", "delete"]);
        }
        // Sums and digests are right: the mirror checks every page.
        Mirror::of(w.liangshan()).sync();
    }

    fn a_new_record_says_where_it_is(w) {
        let reply = w.chen().post("/v1/households", &whole(w, "households", ZHAOJUE)).send().status(&[201]);
        let (location, tag) = (reply.header("location").unwrap().to_owned(), reply.header("etag").unwrap().to_owned());
        let made = reply.json();
        assert_eq!(location, format!("/v1/households/{}", id_of(&made)));
        let read = w.province().get(&location).send();
        assert_eq!(read.header("etag"), Some(tag.as_str()));
        assert_eq!(read.ok(), made);
        w.province().get(&location).header("if-none-match", &tag).send().status(&[304]);
    }

    fn a_write_is_one_by_a_device_of_its_own_at_the_servers_time(w) {
        let (record, _) = make(w, &w.chen().session, "households", ZHAOJUE);
        change(&w.chen().session, &record, json!({ "people": 3 })).ok();
        let history = w.province().history(&record);
        for entry in &history {
            assert_eq!((&entry["user"], &entry["team"]), (&json!(w.chen().user), &json!(w.cast().teams["two"])));
            assert_near(&entry["at"], now(), ms(60_000));
            assert_eq!((&entry["claimed_at"], &entry["clock_corrected"]), (&Value::Null, &json!(false)));
        }
        assert!(history[0]["device"] != history[1]["device"] && history[0]["device"] != w.chen().device);
    }

    fn a_change_needs_the_tag_of_now(w) {
        let (record, made) = make(w, w.liangshan(), "households", ZHAOJUE);
        let old = tag(w.liangshan(), &record);
        w.liangshan().patch(&record.path(), &json!({ "people": 9 })).send().problem(428, "precondition_required");
        w.liangshan().call("DELETE", &record.path()).send().problem(428, "precondition_required");
        w.chen().push_one(record.edit(json!({ "phone": "1" })).base(1));
        let late = |method| w.liangshan().call(method, &record.path()).header("if-match", &old);
        late("PATCH").json(&json!({ "people": 9 })).send().problem(412, "precondition_failed");
        late("DELETE").send().problem(412, "precondition_failed");
        let now = w.liangshan().get(&record.path()).send().ok();
        assert_eq!((&now["rev"], &now["fields"]["people"]), (&json!(2), &made["fields"]["people"]));
        assert_eq!(change(w.liangshan(), &record, json!({ "people": 9 })).ok()["fields"]["phone"], "1");
        // Who says `*` takes it as it is.
        w.liangshan().patch(&record.path(), &json!({ "people": 8 })).header("if-match", "*").send().ok();
    }

    fn null_clears_and_a_required_field_stays(w) {
        let (record, _) = make(w, w.liangshan(), "households", ZHAOJUE);
        let cleared = change(w.liangshan(), &record, json!({ "people": null })).ok();
        assert!(cleared["fields"].get("people").is_none(), "{cleared}");
        let problem = change(w.liangshan(), &record, json!({ "head_name": null })).problem(422, "invalid");
        assert_eq!(pointers(&problem), ["/head_name"]);
        assert_eq!(w.liangshan().get(&record.path()).send().ok(), cleared);
    }

    fn what_is_wrong_is_pointed_at_and_changes_nothing(w) {
        let before = w.province().all("/v1/households");
        let ask = |change: Value| {
            let mut body = whole(w, "households", ZHAOJUE);
            for (name, value) in change.as_object().unwrap() {
                body[name] = value.clone();
            }
            w.province().post("/v1/households", &body).send().problem(422, "invalid")
        };
        for (change, expected) in [
            (json!({ "people": "five" }), vec!["/people"]),
            (json!({ "status": "rich", "colour": "red" }), vec!["/colour", "/status"]),
            (json!({ "village": format!("{WUSHENG}100201") }), vec!["/village"]),
            (json!({ "bucket": null }), vec!["/bucket"]),
            (json!({ "bucket": 513_431 }), vec!["/bucket"]),
            (json!({ "bucket": "x" }), vec!["/bucket"]),
            (json!({ "bucket": "519999" }), vec!["/bucket", "/village"]),
            (json!({ "bucket": "522222" }), vec!["/bucket", "/village"]),
            (json!({ "helpers": [{ "name": "x", "affiliation": "moon" }] }), vec!["/helpers/0/affiliation"]),
        ] {
            let problem = ask(change);
            let mut told = pointers(&problem);
            told.sort_unstable();
            assert_eq!(told, expected, "{problem}");
        }
        let bare = w.province().post("/v1/households", &json!({ "bucket": ZHAOJUE })).send().problem(422, "invalid");
        assert_eq!(pointers(&bare), ["/village", "/head_name"]);
        for body in [json!([]), json!("x"), json!(7)] {
            w.province().post("/v1/households", &body).send().problem(422, "invalid");
        }
        w.province().post("/v1/cows", &json!({})).send().refused(&[404]);
        let (record, _) = make(w, w.province(), "findings", ZHAOJUE);
        let problem = change(w.province(), &record, json!({ "topic": "x", "due_on": "2015-02-30" })).problem(422, "invalid");
        assert_eq!(pointers(&problem), ["/due_on", "/topic"]);
        assert_eq!(w.province().all("/v1/households"), before);
    }

    fn a_key_makes_a_post_count_once(w) {
        let body = whole(w, "findings", ZHAOJUE);
        let ask = |body: &Value| w.chen().post("/v1/findings", body).header("idempotency-key", "k1").send();
        let first = ask(&body).created();
        assert_eq!(ask(&body).created(), first);
        let mut other = body.clone();
        other["title"] = "x".into();
        ask(&other).problem(422, "idempotency_mismatch");
        assert_eq!(w.chen().all("/v1/findings").len(), 1);
    }

    fn a_teams_visit_is_given_its_team(w) {
        let mut body = whole(w, "visits", ZHAOJUE);
        body.as_object_mut().unwrap().remove("team");
        let made = w.chen().post("/v1/visits", &body).send().created();
        assert_eq!(made["fields"]["team"], w.cast().teams["two"]);
        let problem = w.liangshan().post("/v1/visits", &body).send().problem(422, "invalid");
        assert_eq!(pointers(&problem), ["/team"]);
        body["team"] = w.cast().teams["one"].clone().into();
        let problem = w.chen().post("/v1/visits", &body).send().problem(422, "invalid");
        assert_eq!(pointers(&problem), ["/team"]);
    }

    fn a_team_does_not_verify_findings(w) {
        let (record, _) = make(w, w.liangshan(), "findings", ZHAOJUE);
        let problem = change(&w.chen().session, &record, json!({ "state": "verified" })).problem(422, "invalid");
        assert_eq!(pointers(&problem), ["/state"]);
        change(w.liangshan(), &record, json!({ "state": "accepted" })).ok();
        // Nor does an office, before it is put right.
        change(w.liangshan(), &record, json!({ "state": "verified" })).problem(409, "wrong_step");
    }

    fn a_village_has_one_sheet(w) {
        let (record, made) = make(w, w.liangshan(), "villages", ZHAOJUE);
        assert_eq!(record.id, Rec::new("villages", ZHAOJUE).id);
        w.chen().post("/v1/villages", &whole(w, "villages", ZHAOJUE)).send().problem(409, "conflict");
        assert_eq!(w.chen().get(&record.path()).send().ok(), made);
        change(w.liangshan(), &record, json!({ "clinic": true })).ok();
        delete(w.liangshan(), &record).status(&[204]);
        let again = w.chen().post("/v1/villages", &whole(w, "villages", ZHAOJUE)).send().created();
        assert_eq!((&again["rev"], &again["fields"]["clinic"]), (&json!(4), &json!(true)));
    }

    fn a_phone_that_has_not_seen_it_conflicts(w) {
        let (record, _) = make(w, w.liangshan(), "households", ZHAOJUE);
        change(w.liangshan(), &record, json!({ "phone": "1" })).ok();
        let result = is(w.chen().push_one(record.edit(json!({ "phone": "2" })).base(1)), "merged");
        assert_eq!(conflict_ids(&result).len(), 1);
        // The office has seen it all: it settles nothing, and loses nothing.
        let changed = change(w.liangshan(), &record, json!({ "phone": "3" })).ok();
        assert_eq!(changed["fields"]["phone"], "3");
        assert_eq!(w.liangshan().conflicts(&record).len(), 1);
    }

    fn a_delete_parks_what_had_not_seen_it(w) {
        let (record, _) = make(w, w.liangshan(), "households", ZHAOJUE);
        delete(w.liangshan(), &record).status(&[204]);
        is(w.chen().push_one(record.edit(json!({ "phone": "2" })).base(1)), "parked");
        w.liangshan().call("DELETE", &record.path()).header("if-match", "*").send().problem(410, "gone");
        w.liangshan().patch(&record.path(), &json!({})).header("if-match", "*").send().problem(410, "gone");
        let held = w.liangshan().held_one(&record);
        w.liangshan().post(&format!("/v1/held-ops/{}/release", id_of(&held)), &json!({})).send().ok();
        assert_eq!(w.chen().get(&record.path()).send().ok()["fields"]["phone"], "2");
    }

    fn listeners_are_told(w) {
        let events = Events::open(w.chen());
        let (record, made) = make(w, w.province(), "households", ZHAOJUE);
        assert_eq!(events.until(ZHAOJUE).pop().unwrap()["seq"], made["seq"]);
        let changed = change(w.province(), &record, json!({ "people": 1 })).ok();
        assert_eq!(events.until(ZHAOJUE).pop().unwrap()["seq"], changed["seq"]);
    }
}
