//! `/v1/forms`: interview forms in versions that never change.

use crate::support::*;

fn text(zh: &str) -> Value {
    json!({ "zh-CN": zh })
}

fn definition(form: &str, more: Value) -> Value {
    let mut question = json!({ "name": "helper_visits", "type": "integer", "label": text("来过几次？") });
    for (name, value) in more.as_object().unwrap() {
        question[name] = value.clone();
    }
    json!({ "form": form, "level": "household", "title": text("表"),
        "sections": [{ "topic": "decisions", "title": text("一"), "questions": [question] }] })
}

fn publish(w: &World, definition: &Value) -> http::Reply {
    w.province().post("/v1/forms", &json!({ "definition": definition })).send()
}

fn versions(items: &[Value], form: &str) -> Vec<u64> {
    let of_form = items.iter().filter(|item| item["form"] == form);
    of_form.map(|item| item["version"].as_u64().unwrap()).collect()
}

on_both_engines! {
    fn every_level_has_a_form_from_the_beginning(w) {
        let listed = w.ali().all("/v1/forms?sort=form");
        let told: Vec<_> = listed.iter().map(|f| (f["form"].as_str().unwrap(), f["level"].as_str().unwrap(), f["version"].as_u64().unwrap())).collect();
        assert_eq!(told, [("county", "county", 1), ("household", "household", 1), ("village", "village", 1)]);
        assert!(listed.iter().all(|form| form["current"] == true && form["created_by"] == Value::Null));
        let topics = ["decisions", "plan_tasks", "targeted_practice", "institutional_innovation", "difficulties"];
        for form in &listed {
            let reply = w.ali().get(&format!("/v1/forms/{}", id_of(form))).send();
            let tag = reply.header("etag").unwrap().to_owned();
            let read = reply.ok();
            let definition = &read["definition"];
            let sections = definition["sections"].as_array().unwrap();
            assert_eq!(sections.iter().map(|s| s["topic"].as_str().unwrap()).collect::<Vec<_>>(), topics);
            let questions: Vec<&Value> = sections.iter().flat_map(|s| s["questions"].as_array().unwrap()).collect();
            assert_eq!(questions.len() as u64, form["questions"].as_u64().unwrap());
            assert!(questions.iter().all(|q| q["label"]["zh-CN"].is_string() && q["label"]["en"].is_string()));
            assert!(sections.iter().all(|s| s["emphasis"]["zh-CN"].is_string() && s["emphasis"]["en"].is_string()));
            assert_eq!((&definition["title"], &read["version"]), (&form["title"], &json!(1)));
            w.ali().get(&format!("/v1/forms/{}", id_of(form))).header("if-none-match", &tag).send().status(&[304]);
        }
        w.ali().get(&format!("/v1/forms/{}", new_id())).send().problem(404, "not_found");
    }

    fn phones_download_what_is_current(w) {
        let reply = w.ali().get("/v1/forms/current").send();
        let tag = reply.header("etag").unwrap().to_owned();
        let before = reply.ok();
        assert_eq!(before["forms"].as_array().unwrap().iter().map(|f| f["definition"]["form"].as_str().unwrap()).collect::<Vec<_>>(), ["county", "household", "village"]);
        let again = || w.ali().get("/v1/forms/current").header("if-none-match", &tag).send();
        again().status(&[304]);
        let new = publish(w, &definition("household", json!({}))).created();
        let after = again().ok();
        assert_eq!(after["forms"][1], new);
        assert_eq!((&after["forms"][0], &after["forms"][2]), (&before["forms"][0], &before["forms"][2]));
    }

    fn a_version_is_published_and_never_changes(w) {
        let first = definition("household", json!({ "required": true, "constraint": ". >= 0" }));
        let reply = publish(w, &first).status(&[201]);
        let made = reply.json();
        assert!(reply.header("location").unwrap().ends_with(&format!("/v1/forms/{}", id_of(&made))));
        assert_eq!((&made["version"], &made["definition"]), (&json!(2), &first));
        assert_eq!(made["created_by"], w.cast().users["province"]);
        assert_near(&made["created_at"], now(), ms(5_000));
        let second = publish(w, &definition("household", json!({}))).created();
        assert_eq!(second["version"], 3);
        for session in [w.province(), w.guangan(), &w.ali().session] {
            assert_eq!(session.get(&format!("/v1/forms/{}", id_of(&made))).send().ok(), made);
        }
        let own = definition("dwelling", json!({}));
        let body = json!({ "version": 2015, "definition": own });
        assert_eq!(w.province().post("/v1/forms", &body).send().created()["version"], 2015);
        w.province().post("/v1/forms", &body).send().problem(409, "conflict");
        let body = json!({ "version": 3, "definition": own });
        w.province().post("/v1/forms", &body).send().problem(409, "conflict");
        assert_eq!(publish(w, &own).created()["version"], 2016);
        for (method, path) in [("PATCH", id_of(&made)), ("DELETE", id_of(&made)), ("PUT", id_of(&made))] {
            w.province().call(method, &format!("/v1/forms/{path}")).json(&own).send().refused(&[404, 405]);
        }
    }

    fn versions_are_listed_and_filtered(w) {
        for _ in 0..2 {
            publish(w, &definition("household", json!({}))).created();
        }
        assert_eq!(versions(&w.ali().all("/v1/forms?form=household&sort=version"), "household"), [1, 2, 3]);
        assert_eq!(versions(&w.ali().all("/v1/forms?current=true"), "household"), [3]);
        assert_eq!(versions(&w.ali().all("/v1/forms?current=false&sort=version"), "household"), [1, 2]);
        assert_eq!(versions(&w.ali().all("/v1/forms?level=village"), "village"), [1]);
        assert_eq!(versions(&w.ali().all("/v1/forms?sort=-version&limit=1&form=household"), "household"), [3, 2, 1]);
        let page = w.ali().get("/v1/forms?count=true&limit=1").send().ok();
        assert_eq!(page["total"], 5);
        w.ali().get("/v1/forms?colour=red").send().problem(400, "unknown_parameter");
    }

    fn only_the_province_publishes(w) {
        for session in [w.liangshan(), &w.ali().session] {
            let body = json!({ "definition": definition("household", json!({})) });
            session.post("/v1/forms", &body).send().problem(403, "forbidden");
        }
        assert_eq!(w.province().all("/v1/forms").len(), 3);
    }

    fn what_cannot_be_asked_is_refused_by_its_place(w) {
        let question = "/definition/sections/0/questions/0";
        for (more, pointer, code) in [
            (json!({ "name": "a b" }), "name", "invalid_form"),
            (json!({ "type": "colour" }), "type", "not_in_list"),
            (json!({ "type": "select_one" }), "choices", "required"),
            (json!({ "choices": [{ "value": "a", "label": text("甲") }] }), "choices", "not_applicable"),
            (json!({ "label": {} }), "label", "required"),
            (json!({ "label": { "fr": "Combien?" } }), "label/fr", "unknown_field"),
            (json!({ "relevant": "${nothing} = 1" }), "relevant", "invalid_expression"),
            (json!({ "constraint": ". >" }), "constraint", "invalid_expression"),
            (json!({ "constraint": "system('ls')" }), "constraint", "invalid_expression"),
            (json!({ "required": "yes" }), "required", "wrong_type"),
            (json!({ "colour": "red" }), "colour", "unknown_field"),
        ] {
            let problem = publish(w, &definition("household", more)).problem(422, "invalid");
            let (at, what) = (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]);
            assert_eq!((at, what), (&json!(format!("{question}/{pointer}")), &json!(code)), "{problem}");
        }
        let mut other = definition("household", json!({}));
        other["level"] = "county".into();
        let problem = publish(w, &other).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/definition/level");
        let body = json!({ "version": 0, "definition": definition("household", json!({})) });
        let problem = w.province().post("/v1/forms", &body).send().problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/version");
        let broken = definition("household", json!({ "relevant": "${nothing}" }));
        let problem = w.province().post("/v1/forms", &json!({ "definition": broken })).header("accept-language", "zh").send();
        let told = problem.problem(422, "invalid")["errors"][0]["detail"].as_str().unwrap().to_owned();
        assert!(told.contains("没有名为 \"nothing\" 的题目"), "{told}");
        assert_eq!(w.province().all("/v1/forms").len(), 3);
    }

    fn the_same_request_twice_publishes_one_version(w) {
        let body = json!({ "definition": definition("household", json!({})) });
        let send = || w.province().post("/v1/forms", &body).header("idempotency-key", "a").send().created();
        assert_eq!(send(), send());
        assert_eq!(w.province().all("/v1/forms?form=household").len(), 2);
    }
}
