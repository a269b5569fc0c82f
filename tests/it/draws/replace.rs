//! Replacements: a reason, the next substitute, and a history that stays.

use super::*;

#[track_caller]
fn refuse(w: &World, draw: &Value, unit: &str, body: &Value, status: u16, code: &str) -> Value {
    let path = format!("{}/units/{unit}/replace", path(w, draw));
    w.province().post(&path, body).send().problem(status, code)
}

fn reason() -> Value {
    json!({ "reason": "全家外出务工" })
}

fn units(w: &World, draw: &Value, query: &str) -> Vec<Value> {
    w.province().all(&format!("{}/units?{query}", path(w, draw)))
}

on_both_engines! {
    fn the_next_takes_the_place(w) {
        let draw = drawn(w, &villages());
        let (first, next) = (&draw["sample"][0], &draw["substitutes"][0]);
        let took = replace(w, &draw, first);
        assert_eq!((&took["id"], &took["replaces"], &took["state"]), (&next["id"], &first["id"], &json!("active")));
        // It gives it up in turn, to the one after it.
        assert_eq!(replace(w, &draw, next)["id"], draw["substitutes"][1]["id"]);
        let after = w.province().get(&path(w, &draw)).send().ok();
        for (n, (unit, by)) in [(first, next), (next, &draw["substitutes"][1])].into_iter().enumerate() {
            let entry = &after["replacements"][n];
            assert_eq!((&entry["unit"], &entry["by"]), (&unit["id"], &by["id"]));
            assert_eq!((&entry["reason"], &entry["user"]), (&json!("道路中断"), &json!(w.cast().users["province"])));
            assert_near(&entry["at"], now(), ms(5_000));
        }
        // What was drawn stays as it was drawn.
        for member in ["plan", "frame", "sample", "substitutes", "drawn"] {
            assert_eq!(after[member], draw[member], "{member}");
        }
        refuse(w, &draw, &id_of(&draw["sample"][1]), &reason(), 409, "conflict");
    }

    fn a_stratum_has_substitutes_of_its_own(w) {
        for village in ["513430100201", "513430101200"] {
            register(w, village, 5, &json!({}));
        }
        let draw = drawn(w, &json!({ "level": "household", "county": JINYANG, "method": "srs", "strata": "township",
            "places": { "per_stratum": 2 }, "substitutes": 1 }));
        let of = |list: &str, stratum: &str| {
            let units = draw[list].as_array().unwrap().iter();
            units.filter(|unit| unit["stratum"] == stratum).cloned().collect::<Vec<_>>()
        };
        for stratum in ["513430101", "513430100"] {
            assert_eq!(replace(w, &draw, &of("sample", stratum)[0])["id"], of("substitutes", stratum)[0]["id"]);
            refuse(w, &draw, &id_of(&of("sample", stratum)[1]), &reason(), 409, "conflict");
        }
    }

    fn only_who_holds_a_place_gives_it_up_and_says_why(w) {
        let draw = drawn(w, &villages());
        let first = id_of(&draw["sample"][0]);
        for body in [json!({}), json!({ "reason": " " }), json!({ "reason": "长".repeat(501) })] {
            let problem = refuse(w, &draw, &first, &body, 422, "invalid");
            assert_eq!(texts(&problem["errors"], "pointer"), ["/reason"]);
        }
        refuse(w, &draw, &new_id(), &reason(), 404, "not_found");
        refuse(w, &draw, &id_of(&draw["substitutes"][0]), &reason(), 409, "already_settled");
        replace(w, &draw, &draw["sample"][0]);
        refuse(w, &draw, &first, &reason(), 409, "already_settled");
        let committed = commit(w, &villages());
        refuse(w, &committed, &first, &reason(), 404, "not_found");
    }

    fn a_repeated_replacement_counts_once(w) {
        let draw = drawn(w, &villages());
        let path = format!("{}/units/{}/replace", path(w, &draw), id_of(&draw["sample"][0]));
        let send = || w.province().post(&path, &reason()).header("idempotency-key", "once").send().ok();
        assert_eq!(send(), send());
        assert_eq!(units(w, &draw, "state=active").len(), 3);
    }

    fn of_many_at_once_each_gets_another(w) {
        let draw = drawn(w, &with(villages(), json!({ "substitutes": 7 })));
        let paths: Vec<String> = (0..6).map(|n| format!("{}/units/{}/replace", path(w, &draw), id_of(&draw["sample"][n % 3]))).collect();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let callers: Vec<_> = paths.iter().map(|path| scope.spawn(|| w.province().post(path, &reason()).send().status)).collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 3, "{statuses:?}");
        let after = w.province().get(&path(w, &draw)).send().ok();
        assert_eq!(texts(&after["replacements"], "by"), texts(&draw["substitutes"], "id")[..3]);
    }

    fn units_are_listed_with_their_fate(w) {
        let draw = drawn(w, &villages());
        replace(w, &draw, &draw["sample"][1]);
        let all = units(w, &draw, "limit=2");
        let expected = [texts(&draw["sample"], "id"), texts(&draw["substitutes"], "id")].concat();
        assert_eq!(texts(&json!(all), "id"), expected);
        let states: Vec<_> = all.iter().map(|unit| unit["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["active", "replaced", "active", "active", "waiting"]);
        assert_eq!((&all[1]["reason"], &all[1]["replaced_by"]), (&json!("道路中断"), &json!(w.cast().users["province"])));
        assert_eq!((&all[3]["replaces"], &all[3]["sampled"]), (&draw["sample"][1]["id"], &json!(false)));
        assert_eq!(units(w, &draw, "sampled=true").len(), 3);
        let code = draw["sample"][2]["unit"].as_str().unwrap();
        assert_eq!(texts(&json!(units(w, &draw, &format!("unit={code}"))), "id"), [id_of(&draw["sample"][2])]);
        assert_eq!(units(w, &draw, "sort=-unit")[0]["unit"], expected_last(&draw));
        let page = w.province().get(&format!("{}/units?count=true&limit=1", path(w, &draw))).send().ok();
        assert_eq!(page["total"], 5);
        assert_eq!(units(w, &commit(w, &villages()), ""), Vec::<Value>::new());
    }

    fn a_visit_names_its_slot(w) {
        let draw = drawn(w, &villages());
        let slot = id_of(&w.ali().all(&format!("{}/units?state=active", path(w, &draw)))[0]);
        let visit = Rec::new("visits", JINYANG);
        let fields = json!({ "campaign": w.cast().campaign, "sample_slot": slot });
        accepted(w.ali().push_one(visit.create_with(fields)));
        assert_eq!(w.ali().fields(&visit)["sample_slot"], slot);
    }
}

/// The highest code among the drawn.
fn expected_last(draw: &Value) -> String {
    let mut codes = [texts(&draw["sample"], "unit"), texts(&draw["substitutes"], "unit")].concat();
    codes.sort();
    codes.pop().unwrap()
}
