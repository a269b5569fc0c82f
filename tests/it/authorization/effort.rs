//! What is not there, and what is not theirs, costs the same: a caller with a stopwatch learns no more than one without.
//! What is compared is the work itself, statement by statement; the password's part is counted beside its code.

use super::elsewhere;
use crate::support::statements::Meter;
use crate::support::*;

/// What `ask` costs; it is refused.
fn cost(meter: &Meter, ask: impl FnOnce() -> u16) -> (u16, Vec<String>) {
    let cost = meter.cost(ask);
    assert!(cost.0 >= 400, "{}", cost.0);
    cost
}

on_both_engines! {
    fn a_failed_sign_in_costs_the_same_whoever_it_names(w) {
        let path = format!("/v1/users/{}", w.cast().users["bo"]);
        w.province().patch(&path, &json!({ "disabled": true })).header("if-match", "*").send().ok();
        let meter = &Meter::of(w);
        let sign_in = |name: &str, password: &str| {
            let body = json!({ "username": name, "password": password });
            cost(meter, || w.session.post("/v1/auth/login", &body).send().status)
        };
        let nobody = sign_in("nobody", "wrong");
        assert!(nobody.0 == 401 && !nobody.1.is_empty(), "{nobody:?}");
        for (name, password) in [("ali", "wrong"), ("province", "wrong"), ("bo", "wrong"), ("bo", cast::PASSWORD)] {
            assert_eq!(sign_in(name, password), nobody, "{name}");
        }
        // Nor does it matter whose device is named: the password comes first.
        let with_device = |name: &str, device: &str| {
            let body = json!({ "username": name, "password": "wrong", "device_id": device });
            cost(meter, || w.session.post("/v1/auth/login", &body).send().status)
        };
        assert_eq!(with_device("ali", &w.cast().phones["ali"].1), nobody);
        assert_eq!(with_device("nobody", &new_id()), nobody);
    }

    fn what_is_not_theirs_costs_what_is_nowhere(w) {
        let guizhou = elsewhere::found(w);
        let records: Vec<Rec> = COLLECTIONS.iter().map(|collection| Rec::new(collection, WUSHENG)).collect();
        w.deng().push(records.iter().map(Rec::create));
        let contested = Rec::household(WUSHENG);
        w.deng().push([contested.create_with(json!({ "phone": "1" })), contested.edit(json!({ "phone": "2" }))]);
        let conflict = conflict_ids(&w.phone("province").push_one(contested.edit(json!({ "phone": "3" })))).remove(0);
        w.er().push_one(Rec::household(WUSHENG).create());
        let held = id_of(&w.province().all("/v1/held-ops")[0]);
        let body = json!({ "name": "x", "from": "2015-04-15", "to": "2015-05-05" });
        let campaign = id_of(&guizhou.post("/v1/campaigns", &body).send().created());
        let cast = w.cast();
        let mut calls = vec![
            ("GET", "/v1/users/{}".to_owned(), cast.users["deng"].clone()),
            ("GET", "/v1/teams/{}".into(), cast.teams["three"].clone()),
            ("GET", "/v1/devices/{}".into(), w.deng().device.clone()),
            ("POST", "/v1/devices/{}/revoke".into(), w.deng().device.clone()),
            ("GET", "/v1/campaigns/{}".into(), campaign),
            ("GET", "/v1/assignments/{}".into(), cast.assignments[&format!("three {WUSHENG}")].clone()),
            ("POST", "/v1/assignments/{}/close".into(), cast.assignments[&format!("three {WUSHENG}")].clone()),
            ("GET", "/v1/held-ops/{}".into(), held.clone()),
            ("POST", "/v1/held-ops/{}/release".into(), held.clone()),
            ("POST", "/v1/held-ops/{}/discard".into(), held),
            ("POST", "/v1/conflicts/{}/resolve".into(), conflict),
        ];
        for record in records.iter().chain([&contested]) {
            calls.push(("GET", format!("/v1/{}/{{}}", record.collection), record.id.clone()));
            calls.push(("GET", format!("/v1/{}/{{}}?bucket={WUSHENG}", record.collection), record.id.clone()));
            calls.push(("GET", format!("/v1/{}/{{}}/history", record.collection), record.id.clone()));
            if record.collection == "findings" {
                calls.push(("GET", "/v1/findings/{}/steps".into(), record.id.clone()));
            }
            calls.push(("PATCH", format!("/v1/{}/{{}}", record.collection), record.id.clone()));
            calls.push(("DELETE", format!("/v1/{}/{{}}", record.collection), record.id.clone()));
        }
        for (county, visible_from) in [(WUSHENG, ago(60)), (JINYANG, ago(-60))] {
            let draws = format!("/v1/campaigns/{}/draws", cast.campaign);
            let body = json!({ "level": "village", "county": county, "method": "srs", "places": { "total": 1 },
                "visible_from": wire(visible_from) });
            let draw = id_of(&w.province().post(&draws, &body).send().created());
            calls.push(("GET", format!("{draws}/{{}}"), draw.clone()));
            calls.push(("GET", format!("{draws}/{{}}/units"), draw));
        }
        let (office, team) = (w.liangshan().clone(), w.chen().session.clone());
        let meter = &Meter::of(w);
        for (method, path, id) in &calls {
            for session in [&office, &team] {
                let ask = |id: &str| {
                    let call = session.call(method, &path.replace("{}", id)).header("if-match", "*");
                    let body = if path.ends_with("resolve") { json!({ "keep": "other" }) } else { json!({ "mode": "wipe" }) };
                    cost(meter, || if *method == "GET" { call.send().status } else { call.json(&body).send().status })
                };
                let (foreign, nowhere) = (ask(id), ask(&new_id()));
                assert_eq!(foreign, nowhere, "{method} {path}");
                assert!(!foreign.1.is_empty(), "{method} {path} asks no database?");
            }
        }
    }
}
