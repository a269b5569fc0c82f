//! `docs/audit.md`: what offices do is written down once, in the transaction that does it, for those whom it concerns.

use crate::support::cast::PASSWORD;
use crate::support::*;

/// Everything that was done since but looking at numbers of persons, as (action, subject), in order.
fn since(session: &Session, before: usize) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let all = session.all("/v1/audit");
    let told = all[before..].iter().map(|entry| (text(&entry["action"]), text(&entry["subject"])));
    told.filter(|(action, _)| !action.ends_with(".reveal") || action == "draws.reveal").collect()
}

fn count(session: &Session) -> usize {
    session.all("/v1/audit").len()
}

/// Changes what stands at `path`.
fn patch(session: &Session, path: &str, change: &Value) -> Value {
    let tag = session.get(path).send().header("etag").expect("a tag").to_owned();
    session.patch(path, change).header("if-match", &tag).send().ok()
}

on_both_engines! {
    fn what_offices_do_is_written_down(w) {
        let (province, before) = (w.province(), count(w.province()));
        let mut expected: Vec<(String, String)> = Vec::new();
        let mut did = |action: &str, subject: &str| expected.push((action.to_owned(), subject.to_owned()));

        let body = json!({ "username": "feng", "password": PASSWORD, "role": "prefecture", "region": "5134" });
        let user = format!("/v1/users/{}", id_of(&province.post("/v1/users", &body).send().created()));
        did("users.create", &user);
        patch(province, &user, &json!({ "disabled": true }));
        did("users.change", &user);
        let team = id_of(&province.post("/v1/teams", &json!({ "name": "督查九组" })).send().created());
        did("teams.create", &format!("/v1/teams/{team}"));
        patch(province, &format!("/v1/teams/{team}"), &json!({ "name": "督查十组" }));
        did("teams.change", &format!("/v1/teams/{team}"));

        let campaign = format!("/v1/campaigns/{}", w.cast().campaign);
        patch(province, &campaign, &json!({ "name": "督查调研" }));
        did("campaigns.change", &campaign);
        let given = json!({ "campaign": w.cast().campaign, "team": team, "county": JINYANG, "kind": "provincial",
            "from": "2015-04-15", "to": "2015-05-05" });
        let given = format!("/v1/assignments/{}", id_of(&province.post("/v1/assignments", &given).send().created()));
        did("assignments.create", &given);
        province.post(&format!("{given}/close"), &json!({})).send().ok();
        did("assignments.close", &given);

        let form = province.get("/v1/forms/current").send().ok()["forms"][0]["definition"].clone();
        let form = province.post("/v1/forms", &json!({ "definition": form })).send().created();
        did("forms.create", &format!("/v1/forms/{}", id_of(&form)));

        let plan = json!({ "level": "village", "county": JINYANG, "method": "srs", "places": { "total": 3 }, "substitutes": 2 });
        let draw = format!("{campaign}/draws/{}", id_of(&province.post(&format!("{campaign}/draws"), &plan).send().created()));
        did("draws.create", &draw);
        let drawn = province.post(&format!("{draw}/reveal"), &json!({})).send().ok();
        did("draws.reveal", &draw);
        let unit = format!("{draw}/units/{}", id_of(&drawn["sample"][0]));
        province.post(&format!("{unit}/replace"), &json!({ "reason": "道路中断" })).send().ok();
        did("draws.replace", &unit);

        w.revoke(w.deng(), "flush");
        did("devices.revoke", &format!("/v1/devices/{}", w.deng().device));
        assert_eq!(since(province, before), expected);
        // A prefecture and a team see nothing of what the province does.
        assert_eq!((count(w.liangshan()), count(w.ali())), (0, 0));
        let entry = &province.all(&format!("/v1/audit?action=users.change&user={}", w.cast().users["province"]))[0];
        assert_eq!((&entry["detail"]["before"]["disabled"], &entry["detail"]["after"]["disabled"]), (&json!(false), &json!(true)));
        assert!(!Value::from(province.all("/v1/audit")).to_string().contains(PASSWORD));
    }

    fn what_people_decide_is_written_down(w) {
        let record = Rec::household(JINYANG);
        w.phone("liangshan").push_one(record.create_with(json!({ "phone": "0" })).ago(180));
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1).ago(60));
        is(w.chen().push_one(record.edit(json!({ "phone": "2" })).base(1).ago(30)), "merged");
        let conflict = format!("/v1/conflicts/{}", id_of(&w.liangshan().conflict(&record)));
        w.liangshan().post(&format!("{conflict}/resolve"), &json!({ "keep": "other" })).send().ok();
        let held = |fields: Value, how: &str| {
            is(w.deng().push_one(record.edit(fields)), "quarantined");
            let held = w.liangshan().held(&record).into_iter().find(|held| held["state"] == "open").expect("one is open");
            let path = format!("/v1/held-ops/{}", id_of(&held));
            w.liangshan().post(&format!("{path}/{how}"), &json!({})).send().ok();
            path
        };
        let released = held(json!({ "people": 5 }), "release");
        let discarded = held(json!({ "people": 6 }), "discard");
        let done = since(w.liangshan(), 0);
        let told = |action: &str, subject: &String| (action.to_owned(), subject.clone());
        assert_eq!(done, [
            told("conflicts.resolve", &conflict),
            told("held-ops.release", &released),
            told("held-ops.discard", &discarded),
        ]);
        let entry = &w.province().all("/v1/audit?action=conflicts.resolve")[0];
        assert_eq!(entry["detail"], json!({ "bucket": JINYANG, "record": record.id, "field": "phone" }));
        assert_eq!((&entry["role"], &entry["region"]), (&json!("prefecture"), &json!("5134")));
    }

    fn what_is_refused_or_repeated_is_not_written_down_again(w) {
        let body = json!({ "name": "督查九组" });
        let before = count(w.province());
        for _ in 0..2 {
            w.province().post("/v1/teams", &body).header("idempotency-key", "once").send().created();
        }
        let path = format!("/v1/devices/{}/revoke", w.er().device);
        w.guangan().post(&path, &json!({ "mode": "flush" })).send().refused(&[404]);
        for _ in 0..2 {
            w.province().post(&path, &json!({ "mode": "flush" })).send().ok();
        }
        w.province().post("/v1/users", &json!({ "username": "ali", "password": PASSWORD, "role": "prefecture",
            "region": "5134" })).send().refused(&[409]);
        let actions: Vec<_> = since(w.province(), before).into_iter().map(|(action, _)| action).collect();
        assert_eq!(actions, ["teams.create", "devices.revoke"]);
    }
}
