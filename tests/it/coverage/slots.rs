//! Visits that name a drawn unit: only those to the unit that holds the place fill it, and the others are told so.

use super::*;

/// A draw of two of six households of JINYANG, with two substitutes; hidden until a moment, perhaps.
fn draw(w: &World, more: Value) -> Value {
    let homes: Vec<Rec> = (0..6).map(|_| Rec::household(JINYANG)).collect();
    w.chen().push(homes.iter().map(Rec::create));
    let draws = format!("/v1/campaigns/{}/draws", w.cast().campaign);
    let mut body =
        json!({ "level": "household", "county": JINYANG, "method": "srs", "places": { "total": 2 }, "substitutes": 2 });
    for (name, value) in more.as_object().expect("members") {
        body[name] = value.clone();
    }
    let draw = id_of(&w.province().post(&draws, &body).send().created());
    w.province().post(&format!("{draws}/{draw}/reveal"), &json!({})).send().ok()
}

/// A visit to a unit's household (or to none) in the name of another unit.
fn to(w: &World, household: &Value, named: &Value, more: Value) -> (Rec, Op) {
    let mut fields = json!({ "household": household["unit"], "sample_slot": named["id"] });
    for (name, value) in more.as_object().expect("fields") {
        fields[name] = value.clone();
    }
    visit(w, JINYANG, fields)
}

/// Codes of what is wrong, all of it with the slot.
fn told(result: &Value) -> Vec<String> {
    let warnings = result["warnings"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert!(warnings.iter().all(|warning| warning["pointer"] == "/fields/sample_slot"), "{result}");
    warnings.iter().map(|warning| warning["code"].as_str().unwrap().to_owned()).collect()
}

on_both_engines! {
    fn only_visits_to_its_own_unit_fill_a_place(w) {
        let drawn = draw(w, json!({}));
        let (first, second, substitute) = (&drawn["sample"][0], &drawn["sample"][1], &drawn["substitutes"][0]);
        let slots = || county(w, JINYANG)["slots"].clone();
        let mut flagged = Vec::new();
        for (household, named, more, expected) in [
            (second, first, json!({}), vec!["slot_mismatch"]),
            (&Value::Null, first, json!({}), vec!["slot_mismatch"]),
            (first, first, json!({ "campaign": new_id() }), vec!["slot_mismatch"]),
            (substitute, substitute, json!({}), vec!["slot_waiting"]),
            (first, substitute, json!({}), vec!["slot_mismatch", "slot_waiting"]),
            (second, first, json!({ "state": "void" }), vec![]),
        ] {
            let (record, op) = to(w, household, named, more);
            let results = w.ali().push([op, interview(&record, json!({ "answers": { "debt": 1 } }))]);
            assert_eq!(told(&results.results()[0]), expected);
            assert_eq!(told(&w.ali().get(&record.path()).send().ok()), expected);
            if !expected.is_empty() {
                flagged.push(record.id);
            }
        }
        let mut listed: Vec<_> = w.ali().all("/v1/visits?warned=true").iter().map(id_of).collect();
        listed.sort();
        flagged.sort();
        assert_eq!(listed, flagged);
        assert_eq!(slots(), json!({ "done": 0, "open": 2, "replaced": 0 }));
        // They are ordinary visits, and give no answer for the sample.
        let found = county(w, JINYANG);
        assert_eq!((&found["visits"]["random_check"]["done"], &found["households"]["visited"]), (&json!(4), &json!(3)));
        let statistics = || w.province().get(&format!("/v1/campaigns/{}/statistics?question=debt", w.cast().campaign)).send().ok();
        let before = statistics();
        assert_eq!((&before["places"], &before["reached"], &before["whole"]["sampled"]), (&json!(2), &json!(0), &json!(0)));
        let (record, op) = to(w, first, first, json!({}));
        let results = w.ali().push([op, interview(&record, json!({ "answers": { "debt": 2 } }))]);
        assert_eq!(told(&results.results()[0]), [""; 0]);
        assert_eq!(slots(), json!({ "done": 1, "open": 1, "replaced": 0 }));
        let after = statistics();
        assert_eq!((&after["reached"], &after["whole"]["sampled"], &after["whole"]["numbers"]["mean"]["value"]), (&json!(1), &json!(1), &json!(2.0)));
    }

    fn a_place_goes_with_its_replacement(w) {
        let drawn = draw(w, json!({}));
        let (first, substitute) = (&drawn["sample"][0], &drawn["substitutes"][0]);
        let (early, op) = to(w, substitute, substitute, json!({}));
        assert_eq!(told(&w.ali().push_one(op)), ["slot_waiting"]);
        let path = format!("/v1/campaigns/{}/draws/{}/units/{}/replace", w.cast().campaign, id_of(&drawn), id_of(first));
        w.province().post(&path, &json!({ "reason": "全家外出务工" })).send().ok();
        // Whoever was there already was there.
        assert_eq!(county(w, JINYANG)["slots"], json!({ "done": 1, "open": 1, "replaced": 1 }));
        let (_, op) = to(w, first, first, json!({ "replacement_reason": "全家外出务工" }));
        assert_eq!(told(&w.ali().push_one(op)), ["slot_replaced"]);
        assert_eq!(county(w, JINYANG)["slots"], json!({ "done": 1, "open": 1, "replaced": 1 }));
        // The next write is judged as things stand by then.
        assert_eq!(told(&accepted(w.ali().push_one(early.edit(json!({ "summary": "补查" }))))), [""; 0]);
        let again = accepted(w.ali().push_one(early.edit(json!({ "household": first["unit"] }))));
        assert_eq!(told(&again), ["slot_mismatch"]);
        assert_eq!(county(w, JINYANG)["slots"]["done"], 0);
    }

    fn a_hidden_draw_is_not_betrayed(w) {
        let drawn = draw(w, json!({ "visible_from": wire(ago(-60)) }));
        for named in [json!({ "id": new_id() }), drawn["sample"][0].clone(), drawn["substitutes"][0].clone()] {
            let (_, op) = to(w, &drawn["sample"][1], &named, json!({}));
            assert_eq!(told(&w.ali().push_one(op)), [""; 0]);
        }
    }
}
