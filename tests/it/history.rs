//! Section 4: a record's history, where every value that was ever accepted is found again.

use crate::support::*;

on_both_engines! {
    fn every_rev_is_listed(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create().ago(90));
        w.chen().push_one(record.edit(json!({ "phone": "1" })).base(1).ago(60));
        w.bo().push_one(record.delete().base(2));
        w.bo().push_one(record.edit(json!({ "phone": "2" })).base(3));
        let history = w.ali().history(&record);
        assert_eq!(history.iter().map(rev).collect::<Vec<_>>(), [1, 2, 3, 4]);
        let seqs: Vec<_> = history.iter().map(seq).collect();
        assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
        assert_eq!(history[0]["kind"], "upsert");
        assert_eq!(history[2]["kind"], "delete");
    }

    fn an_entry_says_who_and_when(w) {
        let record = Rec::household(JINYANG);
        let result = w.ali().push_one(record.create_with(json!({ "phone": "1" })).ago(90));
        let entry = w.chen().history(&record).remove(0);
        assert_eq!(entry["rev"], result["rev"]);
        assert_eq!(entry["seq"], result["seq"]);
        assert_eq!(entry["user"], w.ali().user);
        assert_eq!(entry["device"], w.ali().device);
        assert_eq!(entry["team"], w.cast().teams["one"]);
        assert_near(&entry["at"], ago(90), ms(5_000));
        assert_near(&entry["claimed_at"], ago(90), ms(5_000));
        assert_eq!(entry["clock_corrected"], false);
        let mut names: Vec<_> =
            entry["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["head_name", "people", "phone", "status", "village"]);
    }

    fn a_value_says_whether_it_is_current(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "1" })));
        assert_eq!(field_of(&w.ali().history(&record)[0], "phone")["current"], true);
        w.ali().push_one(record.edit(json!({ "phone": "2" })));
        let history = w.ali().history(&record);
        assert_eq!(*field_of(&history[0], "phone"), json!({ "name": "phone", "value": "1", "current": false }));
        assert_eq!(*field_of(&history[1], "phone"), json!({ "name": "phone", "value": "2", "current": true }));
        assert_eq!(field_of(&history[0], "people")["current"], true);
    }

    fn a_value_that_lost_is_kept(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "ali" })).ago(1));
        w.chen().push_one(record.edit(json!({ "phone": "chen" })).ago(60));
        let history = w.ali().history(&record);
        assert_eq!(field_of(&history[0], "phone")["current"], true);
        assert_eq!(*field_of(&history[1], "phone"), json!({ "name": "phone", "value": "chen", "current": false }));
    }

    fn overwritten_values_of_many_kinds_are_kept(w) {
        let record = Rec::household(JINYANG);
        let versions = [
            json!({ "people": 5, "cooperative": true, "causes_other": ["illness"], "income_wage": 12.5 }),
            json!({ "people": 6, "cooperative": false, "causes_other": ["land", "water"], "income_wage": 0 }),
            json!({ "people": 7, "cooperative": null, "causes_other": [], "income_wage": 3_000 }),
        ];
        w.ali().push([
            record.create_with(versions[0].clone()),
            record.edit(versions[1].clone()),
            record.edit(versions[2].clone()),
        ]);
        for (entry, version) in w.ali().history(&record).iter().zip(&versions) {
            for (name, value) in version.as_object().unwrap() {
                assert_eq!(field_of(entry, name)["value"], *value, "{name}");
            }
        }
    }

    fn a_clearing_is_listed_as_null(w) {
        let record = Rec::household(JINYANG);
        w.ali().push([record.create_with(json!({ "phone": "1" })), record.edit(json!({ "phone": null }))]);
        let history = w.ali().history(&record);
        assert_eq!(*field_of(&history[1], "phone"), json!({ "name": "phone", "value": null, "current": true }));
        assert_eq!(field_of(&history[0], "phone")["current"], false);
    }

    fn answers_are_named_in_the_flat_form(w) {
        let record = Rec::interview(JINYANG);
        w.ali().push_one(record.create_with(json!({ "answers": { "q1": "是" } })));
        assert_eq!(field_of(&w.ali().history(&record)[0], "answers.q1")["value"], "是");
    }

    fn a_deleted_record_has_its_history(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "1" })));
        w.chen().push_one(record.delete().base(1));
        let history = w.ali().history(&record);
        assert_eq!(history.len(), 2);
        assert_eq!(field_of(&history[0], "phone")["value"], "1");
        assert_eq!(history[1]["device"], w.chen().device);
    }

    fn an_update_hidden_by_a_delete_is_still_in_the_history(w) {
        let record = Rec::household(JINYANG);
        w.phone("liangshan").push_one(record.create());
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1));
        w.chen().push_one(record.delete().base(1));
        assert_eq!(field_of(&w.ali().history(&record)[1], "phone")["value"], "ali");
    }

    fn outside_scope_there_is_no_history(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        let real = w.guangan().get(&format!("{}/history", record.path())).send().refused(&[404]);
        let unreal = w.guangan().get(&format!("{}/history", Rec::household(JINYANG).path())).send().refused(&[404]);
        assert_eq!((&real["code"], &real["detail"]), (&unreal["code"], &unreal["detail"]));
    }

    fn a_long_history_comes_in_pages(w) {
        let record = Rec::household(JINYANG);
        w.ali().push((0..120).map(|n| record.create_with(json!({ "people": n }))));
        let first = w.ali().get(&format!("{}/history?limit=50", record.path())).send().ok();
        assert_eq!(first["items"].as_array().unwrap().len(), 50);
        assert!(first["next"].is_string());
        assert_eq!(w.ali().history(&record).iter().map(rev).collect::<Vec<_>>(), (1..=120).collect::<Vec<_>>());
    }
}
