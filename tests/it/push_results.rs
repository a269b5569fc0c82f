//! Section 2: what the answer to a push says, status by status.

use crate::support::*;

on_both_engines! {
    fn a_new_record_is_applied_at_rev_1(w) {
        let record = Rec::household(JINYANG);
        let result = is(w.ali().push_one(record.create()), "applied");
        assert_eq!(rev(&result), 1);
        assert!(seq(&result) > 0);
        assert_eq!(w.ali().see(&record).unwrap()["rev"], 1);
    }

    fn each_collection_takes_a_good_new_record(w) {
        let records = COLLECTIONS.map(|name| Rec::new(name, JINYANG));
        let pushed = w.ali().push(records.iter().map(Rec::create));
        for (record, result) in records.iter().zip(pushed.results()) {
            accepted(result.clone());
            assert_eq!(w.chen().see(record).unwrap()["rev"], 1, "{record:?}");
        }
    }

    fn every_accepted_operation_makes_one_rev_and_one_seq(w) {
        let record = Rec::household(JINYANG);
        let ops = (0..5).map(|n| record.create_with(json!({ "people": n })));
        let pushed = w.ali().push(ops);
        let revs: Vec<_> = pushed.results().iter().map(rev).collect();
        let seqs: Vec<_> = pushed.results().iter().map(seq).collect();
        assert_eq!(revs, [1, 2, 3, 4, 5]);
        assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
    }

    fn an_operation_whose_values_all_lose_makes_a_rev_too(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "138" })).ago(1));
        let result = is(w.chen().push_one(record.edit(json!({ "phone": "139" })).ago(60)), "merged");
        assert_eq!(rev(&result), 2);
        assert_eq!(check_record(&record, &result)["fields"]["phone"], "138");
    }

    fn results_come_in_the_order_sent(w) {
        let records: Vec<_> = (0..20).map(|_| Rec::household(JINYANG)).collect();
        let pushed = w.ali().push(records.iter().map(Rec::create));
        assert_eq!(pushed.acked(), 20);
        let seqs: Vec<_> = pushed.results().iter().map(seq).collect();
        assert!(seqs.is_sorted(), "{seqs:?}");
    }

    fn acked_counts_over_all_requests(w) {
        assert_eq!(w.ali().push([]).acked(), 0);
        assert_eq!(w.ali().push([Rec::household(JINYANG).create()]).acked(), 1);
        assert_eq!(w.ali().push([Rec::household(JINYANG).create(), Rec::household(JINYANG).create()]).acked(), 3);
        assert_eq!(w.ali().push([]).acked(), 3);
    }

    fn an_empty_push_is_answered(w) {
        let answer = w.ali().send(&json!({ "schema": 1, "clock": wall(now()), "ops": [] })).ok();
        assert_eq!(answer["results"], json!([]));
        assert_eq!(answer["acked"], 0);
    }

    fn the_clock_may_be_left_out(w) {
        let mut envelope = w.ali().envelope([Rec::household(JINYANG).create()]);
        envelope.as_object_mut().unwrap().remove("clock");
        assert_eq!(w.ali().accept(&envelope).statuses(), ["applied"]);
    }

    fn server_time_is_the_present(w) {
        let answer = w.ali().push([]);
        assert_near(&answer.0["server_time"], now(), ms(5_000));
    }

    fn op_seqs_count_over_all_buckets(w) {
        let ops = [JINYANG, ZHAOJUE, JINYANG, ZHAOJUE].map(|bucket| Rec::household(bucket).create());
        let pushed = w.chen().push(ops);
        assert_eq!(pushed.acked(), 4);
        assert_eq!(pushed.statuses(), ["applied"; 4]);
    }

    fn each_device_has_its_own_numbers(w) {
        for phone in [w.ali(), w.bo(), w.chen()] {
            assert_eq!(phone.push([Rec::household(JINYANG).create()]).acked(), 1);
        }
    }

    fn an_edit_that_has_seen_everything_is_applied(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        let result = is(w.chen().push_one(record.edit(json!({ "phone": "139" })).base(1)), "applied");
        assert_eq!(rev(&result), 2);
    }

    fn an_edit_beside_unseen_changes_is_merged_and_brings_the_record(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        w.ali().push_one(record.edit(json!({ "people": 6 })));
        let result = is(w.chen().push_one(record.edit(json!({ "phone": "139" })).base(1)), "merged");
        assert_eq!(rev(&result), 3);
        assert_eq!(conflict_ids(&result), Vec::<String>::new());
        let got = check_record(&record, &result);
        assert_eq!(got["rev"], 3);
        assert_eq!(got["seq"], result["seq"]);
        assert_eq!(got["fields"]["people"], 6);
        assert_eq!(got["fields"]["phone"], "139");
    }

    fn the_record_of_a_merged_result_is_what_a_pull_gives(w) {
        let record = Rec::interview(JINYANG);
        w.ali().push_one(record.create_with(json!({ "answers": { "q1": "是", "q2": [ "甲", "乙" ] } })));
        let result = is(w.chen().push_one(record.edit(json!({ "answers.q3": 2.5 }))), "merged");
        let pulled = w.ali().see(&record).unwrap();
        for member in ["rev", "seq", "digest", "fields"] {
            assert_eq!(result["record"][member], pulled[member], "{member}");
        }
    }

    fn a_merged_result_lists_its_conflicts(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "1", "people": 4 })));
        let result = is(w.chen().push_one(record.edit(json!({ "phone": "2", "people": 5 }))), "merged");
        let mut listed: Vec<_> = w.chen().conflicts(&record).iter().map(id_of).collect();
        let mut told = conflict_ids(&result);
        listed.sort();
        told.sort();
        assert_eq!(told.len(), 2);
        assert_eq!(told, listed);
    }

    fn a_visit_without_a_team_gets_the_one_of_its_device(w) {
        let record = Rec::new("visits", JINYANG);
        let result = is(w.ali().push_one(record.create()), "merged");
        assert_eq!(check_record(&record, &result)["fields"]["team"], w.cast().teams["one"]);
        assert_eq!(w.chen().fields(&record)["team"], w.cast().teams["one"]);
    }

    fn a_visit_may_name_its_own_team(w) {
        let record = Rec::new("visits", JINYANG);
        is(w.ali().push_one(record.create_with(json!({ "team": w.cast().teams["one"] }))), "applied");
    }

    fn a_team_may_not_name_another_team(w) {
        let record = Rec::new("visits", JINYANG);
        is(w.ali().push_one(record.create_with(json!({ "team": w.cast().teams["two"] }))), "rejected");
        assert_eq!(w.ali().see(&record), None);
    }

    fn an_edit_of_an_unknown_record_without_its_required_fields_is_parked_as_incomplete(w) {
        let record = Rec::household(JINYANG);
        let result = is(w.ali().push_one(record.edit(json!({ "phone": "139" })).base(1)), "parked");
        assert_eq!(result["reason"], "incomplete");
        assert_eq!(w.ali().see(&record), None);
    }

    fn required_fields_are_checked_on_the_merged_record(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        is(w.ali().push_one(record.edit(json!({ "phone": "139" }))), "applied");
    }

    fn an_edit_of_a_record_deleted_meanwhile_is_parked(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        w.chen().push_one(record.delete().base(1));
        let result = is(w.ali().push_one(record.edit(json!({ "phone": "139" })).base(1)), "parked");
        assert_eq!(result["reason"], "deleted");
        assert_eq!(w.ali().see(&record), None);
    }

    fn an_operation_outside_scope_is_quarantined_and_tells_nothing(w) {
        let record = Rec::household(ZHAOJUE);
        let result = w.ali().push_one(record.create());
        assert_eq!(result, json!({ "op_seq": 1, "status": "quarantined" }));
        assert_eq!(w.chen().see(&record), None);
    }

    fn quarantine_looks_alike_whether_the_record_stands_or_not(w) {
        let record = Rec::household(ZHAOJUE);
        w.chen().push_one(record.create());
        let results = w.ali().push([record.edit(json!({ "phone": "1" })), Rec::household(ZHAOJUE).create()]);
        for (op_seq, result) in (1..).zip(results.results()) {
            assert_eq!(*result, json!({ "op_seq": op_seq, "status": "quarantined" }));
        }
    }

    fn a_rejected_operation_says_what_is_wrong(w) {
        let record = Rec::household(JINYANG);
        let result = is(w.ali().push_one(record.create_with(json!({ "status": "rich" }))), "rejected");
        let errors = result["error"]["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{result}");
        assert!(errors[0]["pointer"].as_str().unwrap().ends_with("/fields/status"), "{result}");
        assert!(errors[0]["code"].is_string() && errors[0]["detail"].is_string(), "{result}");
    }

    fn validity_is_judged_before_scope(w) {
        let result = is(w.ali().push_one(Rec::household(ZHAOJUE).create_with(json!({ "people": "five" }))), "rejected");
        let mut members: Vec<_> = result.as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(members, ["error", "op_seq", "status"]);
    }

    fn scope_is_judged_before_the_record(w) {
        let record = Rec::household(ZHAOJUE);
        w.chen().push_one(record.create());
        w.chen().push_one(record.delete());
        is(w.ali().push_one(record.edit(json!({ "phone": "1" }))), "quarantined");
        is(w.ali().push_one(Rec::household(ZHAOJUE).edit(json!({ "phone": "1" }))), "quarantined");
    }

    fn one_bad_operation_does_not_block_the_others(w) {
        let gone = Rec::household(JINYANG);
        w.chen().push([gone.create(), gone.delete()]);
        let pushed = w.ali().push([
            Rec::household(JINYANG).create(),
            Rec::household(JINYANG).create_with(json!({ "people": "five" })),
            Rec::household(ZHAOJUE).create(),
            Rec::household(JINYANG).edit(json!({ "phone": "1" })),
            gone.edit(json!({ "phone": "1" })),
            Rec::household("999999").create(),
            Rec::household(JINYANG).create(),
        ]);
        let expected = ["applied", "rejected", "quarantined", "parked", "parked", "rejected", "applied"];
        assert_eq!(pushed.statuses(), expected);
        assert_eq!(pushed.acked(), 7);
    }

    fn an_edit_of_a_record_that_was_rejected_is_parked(w) {
        let record = Rec::household(JINYANG);
        let pushed = w.ali().push([
            record.create_with(json!({ "standard": "none of them" })),
            record.edit(json!({ "phone": "1" })),
        ]);
        assert_eq!(pushed.statuses(), ["rejected", "parked"]);
        assert_eq!(pushed.results()[1]["reason"], "incomplete");
    }
}
