//! Section 4, fields: last writer wins by field; a conflict for each unseen value that differs.

use crate::support::*;

/// A household whose phone number is `"0"`, made by the prefecture's device three hours ago: rev 1.
fn household(w: &World) -> Rec {
    let record = Rec::household(JINYANG);
    w.phone("liangshan").push_one(record.create_with(json!({ "phone": "0" })).ago(180));
    record
}

/// What every arrival order must end in: all orders of three.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

on_both_engines! {
    fn different_fields_never_conflict(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1));
        let result = is(w.chen().push_one(record.edit(json!({ "people": 7 })).base(1)), "merged");
        assert_eq!(conflict_ids(&result), Vec::<String>::new());
        let fields = w.ali().fields(&record);
        assert_eq!((&fields["phone"], &fields["people"]), (&json!("1"), &json!(7)));
        assert_eq!(w.ali().conflicts(&record), Vec::<Value>::new());
    }

    fn a_field_that_nobody_had_set_does_not_conflict(w) {
        let record = household(w);
        let result = accepted(w.chen().push_one(record.edit(json!({ "remarks": "x" }))));
        assert_eq!(conflict_ids(&result), Vec::<String>::new());
    }

    fn unseen_values_that_differ_conflict(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1).ago(60));
        let result = is(w.chen().push_one(record.edit(json!({ "phone": "2" })).base(1).ago(30)), "merged");
        assert_eq!(conflict_ids(&result).len(), 1);
        assert_eq!(w.ali().fields(&record)["phone"], "2");
    }

    fn a_value_that_comes_late_loses_and_conflicts(w) {
        let record = household(w);
        w.chen().push_one(record.edit(json!({ "phone": "2" })).base(1).ago(30));
        let result = is(w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1).ago(60)), "merged");
        assert_eq!(conflict_ids(&result).len(), 1);
        assert_eq!(check_record(&record, &result)["fields"]["phone"], "2");
        assert_eq!(rev(&result), 3);
        assert_eq!(w.ali().fields(&record)["phone"], "2");
    }

    fn equal_values_do_not_conflict(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "1", "causes_other": ["illness"] })).base(1));
        let edit = record.edit(json!({ "phone": "1", "causes_other": ["illness"] })).base(1);
        let result = is(w.chen().push_one(edit), "merged");
        assert_eq!(conflict_ids(&result), Vec::<String>::new());
        assert_eq!(rev(&result), 3);
    }

    fn numbers_that_are_equal_do_not_conflict(w) {
        let record = Rec::interview(JINYANG);
        w.phone("liangshan").push_one(record.create());
        w.ali().push_one(record.edit(json!({ "answers.n": 5 })).base(1));
        let result = accepted(w.chen().push_one(record.edit(json!({ "answers.n": 5.0 })).base(1)));
        assert_eq!(conflict_ids(&result), Vec::<String>::new());
    }

    fn the_same_device_never_conflicts_with_itself(w) {
        let record = Rec::household(JINYANG);
        let pushed = w.ali().push([
            record.create_with(json!({ "phone": "1" })),
            record.edit(json!({ "phone": "2" })),
            record.edit(json!({ "phone": "3" })),
            record.edit(json!({ "phone": "4" })).base(1),
        ]);
        assert_eq!(pushed.statuses(), ["applied"; 4]);
        assert!(pushed.results().iter().all(|result| conflict_ids(result).is_empty()));
    }

    fn two_devices_of_one_person_are_two_authors(w) {
        let record = household(w);
        let tablet = w.new_phone("ali");
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1));
        let result = is(tablet.push_one(record.edit(json!({ "phone": "2" })).base(1)), "merged");
        assert_eq!(conflict_ids(&result).len(), 1);
    }

    fn a_value_up_to_the_base_was_seen(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1));
        w.ali().push_one(record.edit(json!({ "people": 7 })));
        // Base 2 has seen the phone number, not the people.
        let result = is(w.chen().push_one(record.edit(json!({ "phone": "2" })).base(2)), "merged");
        assert_eq!(conflict_ids(&result), Vec::<String>::new());
        assert_eq!(w.ali().fields(&record)["phone"], "2");
    }

    fn a_conflict_is_with_the_present_value_only(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1).ago(90));
        w.chen().push_one(record.edit(json!({ "phone": "2" })).base(2).ago(60));
        let result = is(w.bo().push_one(record.edit(json!({ "phone": "3" })).base(1).ago(30)), "merged");
        assert_eq!(conflict_ids(&result).len(), 1);
        let conflict = w.ali().conflict(&record);
        assert_eq!(conflict["current"]["value"], "3");
        assert_eq!(conflict["other"]["value"], "2");
    }

    fn each_unseen_arrival_makes_its_own_conflict(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1).ago(90));
        w.chen().push_one(record.edit(json!({ "phone": "2" })).base(1).ago(60));
        w.bo().push_one(record.edit(json!({ "phone": "3" })).base(1).ago(30));
        assert_eq!(w.ali().conflicts(&record).len(), 2);
        // No value is lost: each one that was overwritten unseen is the other side of a conflict.
        let mut others: Vec<_> = w.ali().conflicts(&record).iter().map(|c| c["other"]["value"].clone()).collect();
        others.sort_by_key(Value::to_string);
        assert_eq!(others, ["1", "2"]);
    }

    fn without_a_base_nothing_of_others_was_seen(w) {
        let record = household(w);
        let result = is(w.ali().push_one(record.edit(json!({ "phone": "1" }))), "merged");
        assert_eq!(conflict_ids(&result).len(), 1);
        assert_eq!(w.ali().fields(&record)["phone"], "1");
    }

    fn answers_to_different_questions_never_conflict(w) {
        let record = Rec::interview(JINYANG);
        w.phone("liangshan").push_one(record.create());
        w.ali().push_one(record.edit(json!({ "answers": { "a": 1, "b": 2 } })).base(1));
        let result = is(w.chen().push_one(record.edit(json!({ "answers": { "c": 3 } })).base(1)), "merged");
        assert_eq!(conflict_ids(&result), Vec::<String>::new());
        let fields = w.ali().fields(&record);
        assert_eq!([&fields["answers.a"], &fields["answers.b"], &fields["answers.c"]], [1, 2, 3]);
    }

    fn answers_to_one_question_conflict_by_themselves(w) {
        let record = Rec::interview(JINYANG);
        w.phone("liangshan").push_one(record.create());
        w.ali().push_one(record.edit(json!({ "answers": { "a": "x", "b": "y" } })).base(1).ago(60));
        w.chen().push_one(record.edit(json!({ "answers.a": "z", "answers.b": "y" })).base(1).ago(30));
        let conflict = w.ali().conflict(&record);
        assert_eq!(conflict["field"], "answers.a");
        assert_eq!(w.ali().fields(&record)["answers.a"], "z");
    }

    fn an_array_merges_as_a_whole(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "causes_other": ["illness", "land"] })).base(1).ago(60));
        let edit = record.edit(json!({ "causes_other": ["illness", "water"] })).base(1).ago(30);
        assert_eq!(conflict_ids(&w.chen().push_one(edit)).len(), 1);
        assert_eq!(w.ali().fields(&record)["causes_other"], json!(["illness", "water"]));
        assert_eq!(w.ali().conflict(&record)["other"]["value"], json!(["illness", "land"]));
    }

    fn clearing_conflicts_with_an_unseen_value(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1).ago(60));
        let result = is(w.chen().push_one(record.edit(json!({ "phone": null })).base(1).ago(30)), "merged");
        assert_eq!(conflict_ids(&result).len(), 1);
        assert_eq!(w.ali().fields(&record).get("phone"), None);
        let conflict = w.ali().conflict(&record);
        assert_eq!(conflict["current"]["value"], Value::Null);
        assert_eq!(conflict["other"]["value"], "1");
    }

    fn a_value_conflicts_with_an_unseen_clearing(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": null })).base(1).ago(60));
        let result = is(w.chen().push_one(record.edit(json!({ "phone": "1" })).base(1).ago(30)), "merged");
        assert_eq!(conflict_ids(&result).len(), 1);
        assert_eq!(w.ali().fields(&record)["phone"], "1");
    }

    fn a_clearing_that_comes_late_loses(w) {
        let record = household(w);
        w.chen().push_one(record.edit(json!({ "phone": "2" })).base(1).ago(30));
        w.ali().push_one(record.edit(json!({ "phone": null })).base(1).ago(60));
        assert_eq!(w.ali().fields(&record)["phone"], "2");
    }

    fn a_value_that_comes_late_does_not_undo_a_clearing(w) {
        let record = household(w);
        w.chen().push_one(record.edit(json!({ "phone": null })).base(1).ago(30));
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1).ago(60));
        assert_eq!(w.ali().fields(&record).get("phone"), None);
    }

    fn two_clearings_do_not_conflict(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": null })).base(1));
        let result = accepted(w.chen().push_one(record.edit(json!({ "phone": null })).base(1)));
        assert_eq!(conflict_ids(&result), Vec::<String>::new());
    }

    fn each_field_is_judged_by_itself(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "ali", "people": 1 })).base(1).ago(60));
        w.chen().push_one(record.edit(json!({ "phone": "chen" })).base(2).ago(20));
        let result = w.bo().push_one(record.edit(json!({ "phone": "bo", "people": 2 })).base(2).ago(40));
        // bo had seen the people, not the newer phone number.
        assert_eq!(conflict_ids(&result).len(), 1);
        let fields = w.ali().fields(&record);
        assert_eq!((&fields["phone"], &fields["people"]), (&json!("chen"), &json!(2)));
    }

    fn a_record_that_two_devices_make_is_merged(w) {
        let record = Rec::new("villages", JINYANG);
        is(w.ali().push_one(record.create_with(json!({ "people": 812 })).ago(60)), "applied");
        let result = is(w.chen().push_one(record.create_with(json!({ "bus": true })).ago(30)), "merged");
        assert_eq!(rev(&result), 2);
        assert_eq!(conflict_ids(&result), Vec::<String>::new());
        let fields = w.ali().fields(&record);
        assert_eq!((&fields["people"], &fields["bus"]), (&json!(812), &json!(true)));
    }

    fn every_arrival_order_ends_in_the_same_fields(w) {
        let made = ["ali", "bo", "chen"];
        let minutes = [90, 60, 30];
        let edits = [
            json!({ "phone": "ali", "people": 1, "remarks": "ali" }),
            json!({ "phone": "bo", "people": null, "causes_other": ["land"] }),
            json!({ "phone": "chen", "fuel": "柴", "remarks": null }),
        ];
        let mut ends = Vec::new();
        for order in ORDERS {
            let record = household(w);
            for i in order {
                w.phone(made[i]).push_one(record.edit(edits[i].clone()).base(1).ago(minutes[i]));
            }
            assert_eq!(w.ali().see(&record).unwrap()["rev"], 4);
            ends.push(w.ali().fields(&record));
        }
        assert!(ends.iter().all(|end| *end == ends[0]), "{ends:#?}");
        let mut expected = good("households", JINYANG);
        for (name, value) in [("phone", json!("chen")), ("causes_other", json!(["land"])), ("fuel", json!("柴"))] {
            expected[name] = value;
        }
        expected.as_object_mut().unwrap().remove("people");
        assert_eq!(ends[0], expected);
    }

    fn every_arrival_order_of_an_edit_chain_ends_in_the_same_fields(w) {
        // ali edits; bo pulls that and edits; chen, who has seen neither, edited before both.
        for order in [[0, 1, 2], [0, 2, 1], [2, 0, 1]] {
            let record = household(w);
            let mut seen = 1;
            for i in order {
                match i {
                    0 => seen = rev(&w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1).ago(60))),
                    1 => drop(w.bo().push_one(record.edit(json!({ "phone": "bo" })).base(seen).ago(300))),
                    _ => drop(w.chen().push_one(record.edit(json!({ "phone": "chen" })).base(1).ago(90))),
                }
            }
            assert_eq!(w.ali().fields(&record)["phone"], "bo", "{order:?}");
        }
    }

    fn every_copy_converges_with_random_edits_in_any_order(w) {
        let records: Vec<_> = (0..4).map(|_| Rec::interview(JINYANG)).collect();
        w.phone("liangshan").push(records.iter().map(|record| record.create().ago(200)));
        let phones = [w.ali(), w.bo(), w.chen()];
        let mut mirrors = phones.map(|phone| Mirror::of(phone).with_limit(3));
        let mut dice = 7u64;
        let mut roll = |n: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % n
        };
        for step in 0..40 {
            let who = roll(3) as usize;
            let record = &records[roll(4) as usize];
            match roll(5) {
                0 => drop(mirrors[who].page()),
                1 => drop(mirrors[who].sync()),
                _ => {
                    let name = format!("answers.q{}", roll(3));
                    let value = if roll(6) == 0 { Value::Null } else { step.into() };
                    let mut op = record.edit(json!({ name: value })).ago(roll(180) as i64);
                    if let Some(held) = mirrors[who].record(record) {
                        op = op.base(held.rev);
                    }
                    accepted(phones[who].push_one(op));
                }
            }
        }
        for mirror in &mut mirrors {
            mirror.sync();
        }
        let mut fresh = Mirror::of(w.ali());
        fresh.sync();
        for mirror in &mirrors {
            assert_eq!(mirror.live()[JINYANG], fresh.live()[JINYANG]);
        }
    }
}
