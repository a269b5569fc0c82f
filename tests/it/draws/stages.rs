//! Two stages: villages, then the registered households of those that were drawn.

use super::*;

fn households(first: &Value) -> Value {
    json!({ "level": "household", "first_stage": first["id"], "method": "srs", "places": { "per_stratum": 3 },
        "substitutes": 1 })
}

/// Every village of the list has households: 2, 3, … 11.
fn populate(w: &World) {
    let codes = texts(&commit(w, &villages())["frame"], "id");
    for (count, code) in (2..).zip(codes) {
        register(w, &code, count, &json!({}));
    }
}

fn holding(draw: &Value) -> Vec<String> {
    let gone = texts(&draw["replacements"], "unit");
    let called = texts(&draw["replacements"], "by");
    let sample = draw["sample"].as_array().unwrap().iter();
    let substitutes = draw["substitutes"].as_array().unwrap().iter().filter(|unit| called.contains(&id_of(unit)));
    let mut villages: Vec<_> = sample
        .chain(substitutes)
        .filter(|unit| !gone.contains(&id_of(unit)))
        .map(|unit| unit["unit"].as_str().unwrap().to_owned())
        .collect();
    villages.sort();
    villages
}

on_both_engines! {
    fn households_are_drawn_in_the_villages_that_were(w) {
        populate(w);
        let first = drawn(w, &with(villages(), json!({ "method": "pps", "sizes": "registered" })));
        // One cannot be reached: its substitute has its place.
        replace(w, &first, &first["sample"][1]);
        let first = w.province().get(&path(w, &first)).send().ok();
        let second = commit(w, &households(&first));
        assert_eq!(second["first_stage"], first);
        assert_eq!(second["plan"]["first_stage"], json!({ "draw": first["id"], "digest": sha256(&first) }));
        assert_eq!((&second["plan"]["county"], &second["plan"]["strata"]), (&json!(JINYANG), &json!("village")));
        assert_eq!(texts(&second["strata"], "stratum"), holding(&first));
        for stratum in second["strata"].as_array().unwrap() {
            assert_eq!(stratum["places"], stratum["units"].as_u64().unwrap().min(3), "{stratum}");
        }
        let second = reveal(w, &second);
        let villages: Vec<_> = ["sample", "substitutes"].iter().flat_map(|list| first[list].as_array().unwrap()).collect();
        for unit in second["sample"].as_array().unwrap() {
            let stratum = second["strata"].as_array().unwrap().iter().find(|s| s["stratum"] == unit["stratum"]).unwrap();
            let village = villages.iter().find(|village| village["unit"] == unit["stratum"]).unwrap();
            let number = |value: &Value| value.as_f64().unwrap();
            let probability = number(&stratum["places"]) / number(&stratum["units"]);
            assert!((number(&unit["probability"]) - probability).abs() < 1e-12, "{unit}");
            assert!((number(&unit["overall"]) - probability * number(&village["probability"])).abs() < 1e-12, "{unit}");
        }
        assert_eq!(texts(&json!(w.province().all(&format!("{}?first_stage={}", draws(w), id_of(&first)))), "id"), [id_of(&second)]);
    }

    fn some_of_the_villages_will_do(w) {
        populate(w);
        let first = drawn(w, &villages());
        let village = holding(&first).remove(0);
        let second = commit(w, &with(households(&first), json!({ "villages": [village] })));
        assert_eq!(texts(&second["strata"], "stratum"), std::slice::from_ref(&village));
        let other = texts(&first["substitutes"], "unit").remove(0);
        let body = with(households(&first), json!({ "villages": [village, other] }));
        let problem = w.province().post(&draws(w), &body).send().problem(422, "invalid");
        assert_eq!(texts(&problem["errors"], "pointer"), ["/villages/1"]);
    }

    fn only_a_drawn_draw_of_villages_is_a_first_stage(w) {
        populate(w);
        let committed = commit(w, &villages());
        let refused = |body: &Value| w.province().post(&draws(w), body).send();
        refused(&households(&committed)).problem(409, "conflict");
        let first = reveal(w, &committed);
        let second = drawn(w, &households(&first));
        assert_eq!(texts(&refused(&households(&second)).problem(422, "invalid")["errors"], "pointer"), ["/first_stage"]);
        let county = with(households(&first), json!({ "county": JINYANG }));
        assert_eq!(texts(&refused(&county).problem(422, "invalid")["errors"], "pointer"), ["/county"]);
        let campaign = json!({ "name": "其他督查", "from": "2015-06-01", "to": "2015-06-30" });
        let other = id_of(&w.province().post("/v1/campaigns", &campaign).send().created());
        let elsewhere = w.province().post(&format!("/v1/campaigns/{other}/draws"), &households(&first)).send();
        assert_eq!(texts(&elsewhere.problem(422, "invalid")["errors"], "pointer"), ["/first_stage"]);
    }
}
