//! Section 1: records, buckets, null, answers, bases: what the words mean in a push.

use crate::support::*;

on_both_engines! {
    fn the_same_id_in_two_buckets_is_two_records(w) {
        let one = Rec::household(JINYANG);
        let two = Rec { bucket: ZHAOJUE.into(), ..one.clone() };
        let pushed = w.chen().push([one.create(), two.create(), two.edit(json!({ "phone": "2" }))]);
        assert_eq!(pushed.results().iter().map(rev).collect::<Vec<_>>(), [1, 1, 2]);
        assert_eq!(w.chen().fields(&one).get("phone"), None);
        assert_eq!(w.chen().fields(&two)["phone"], "2");
    }

    fn the_same_id_in_two_collections_is_two_records(w) {
        let one = Rec::household(JINYANG);
        let two = Rec { collection: "members", ..one.clone() };
        let pushed = w.ali().push([one.create(), two.create()]);
        assert_eq!(pushed.results().iter().map(rev).collect::<Vec<_>>(), [1, 1]);
    }

    fn an_empty_edit_of_a_known_record_makes_a_rev(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        let result = accepted(w.ali().push_one(record.edit(json!({}))));
        assert_eq!(rev(&result), 2);
    }

    fn null_clears_a_field(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "139", "remarks": "x" })));
        is(w.ali().push_one(record.edit(json!({ "phone": null }))), "applied");
        let fields = w.ali().fields(&record);
        assert_eq!(fields.get("phone"), None);
        assert_eq!(fields["remarks"], "x");
    }

    fn null_in_a_new_record_equals_absent(w) {
        let record = Rec::household(JINYANG);
        is(w.ali().push_one(record.create_with(json!({ "phone": null }))), "applied");
        assert_eq!(w.ali().fields(&record), good("households", JINYANG));
    }

    fn null_clears_one_answer(w) {
        let record = Rec::interview(JINYANG);
        w.ali().push_one(record.create_with(json!({ "answers": { "a": 1, "b": 2 } })));
        w.ali().push_one(record.edit(json!({ "answers": { "a": null } })));
        w.ali().push_one(record.edit(json!({ "answers.b": null, "answers.c": 3 })));
        let fields = w.ali().fields(&record);
        let answers: Vec<_> = fields.as_object().unwrap().keys().filter(|n| n.starts_with("answers")).collect();
        assert_eq!(answers, ["answers.c"]);
    }

    fn null_for_a_required_field_is_rejected(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        let result = is(w.ali().push_one(record.edit(json!({ "head_name": null }))), "rejected");
        let pointer = result["error"]["errors"][0]["pointer"].as_str().unwrap();
        assert!(pointer.ends_with("/fields/head_name"), "{result}");
    }

    fn null_for_all_answers_is_rejected(w) {
        let record = Rec::interview(JINYANG);
        w.ali().push_one(record.create_with(json!({ "answers": { "a": 1 } })));
        is(w.ali().push_one(record.edit(json!({ "answers": null }))), "rejected");
        assert_eq!(w.ali().fields(&record)["answers.a"], 1);
    }

    fn answers_in_a_push_mean_their_entries(w) {
        let record = Rec::interview(JINYANG);
        w.ali().push_one(record.create_with(json!({ "answers": { "a": 1, "b": true } })));
        w.ali().push_one(record.edit(json!({ "answers": { "c": "丙" } })));
        w.ali().push_one(record.edit(json!({ "answers.d": ["x"] })));
        let fields = w.chen().fields(&record);
        assert_eq!(fields["answers.a"], 1);
        assert_eq!(fields["answers.b"], true);
        assert_eq!(fields["answers.c"], "丙");
        assert_eq!(fields["answers.d"], json!(["x"]));
        assert_eq!(fields.get("answers"), None);
    }

    fn a_base_above_the_current_rev_counts_as_absent(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "1" })));
        let result = is(w.chen().push_one(record.edit(json!({ "phone": "2" })).base(99)), "merged");
        assert_eq!(conflict_ids(&result).len(), 1);
    }

    fn who_was_given_a_rev_is_not_checked(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "1" })));
        // chen never pulled; his base is taken at its word.
        let result = is(w.chen().push_one(record.edit(json!({ "phone": "2" })).base(1)), "applied");
        assert_eq!(conflict_ids(&result), Vec::<String>::new());
    }

    fn a_base_on_an_unknown_record_counts_as_absent(w) {
        let record = Rec::household(JINYANG);
        assert_eq!(rev(&accepted(w.ali().push_one(record.create().base(7)))), 1);
    }

    fn a_reference_to_a_record_that_has_not_arrived_is_accepted(w) {
        let household = Rec::household(JINYANG);
        let member = Rec::new("members", JINYANG);
        let pushed = w.ali().push([member.create_with(json!({ "household": household.id })), household.create()]);
        assert_eq!(pushed.statuses(), ["applied", "applied"]);
    }

    fn values_come_back_as_they_were_sent(w) {
        let record = Rec::household(JINYANG);
        let fields = json!({
            "village": "513430100201", "head_name": "阿的·𠮷 \"引号\" \\ / \u{1} \u{7f} \u{2028} 👨‍👩‍👧", "people": 5,
            "cooperative": false, "income_per_capita": 2736.5, "causes_other": ["illness", "land"],
            "helpers": [{ "name": "李", "unit": "县委", "affiliation": "county" }], "remarks": "",
        });
        is(w.ali().push_one(record.edit(fields.clone())), "applied");
        assert_eq!(w.chen().fields(&record), fields);
    }
}
