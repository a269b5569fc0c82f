//! Section 4, delete and restore.

use crate::support::*;

/// A household by the prefecture's device, three hours ago: rev 1.
fn household(w: &World) -> Rec {
    let record = Rec::household(JINYANG);
    w.phone("liangshan").push_one(record.create_with(json!({ "phone": "0" })).ago(180));
    record
}

/// A mirror that had the record before it was deleted, after it has pulled again.
#[track_caller]
fn pulled_as_deleted(mirror: &mut Mirror, record: &Rec, at_rev: u64) {
    mirror.sync();
    let held = mirror.record(record).expect("a client that has it is told");
    assert_eq!((held.rev, &held.fields), (at_rev, &None));
}

on_both_engines! {
    fn a_delete_that_has_seen_everything_deletes(w) {
        let record = household(w);
        let mut mirror = Mirror::of(w.ali());
        mirror.sync();
        let result = is(w.chen().push_one(record.delete().base(1)), "applied");
        assert_eq!(rev(&result), 2);
        assert_eq!(w.ali().see(&record), None);
        pulled_as_deleted(&mut mirror, &record, 2);
    }

    fn a_delete_deletes_under_any_clock(w) {
        let record = household(w);
        is(w.chen().push_one(record.delete().base(1).ago(10_000)), "applied");
        assert_eq!(w.ali().see(&record), None);
    }

    fn the_authors_own_revs_count_as_seen_by_a_delete(w) {
        let record = Rec::household(JINYANG);
        let pushed = w.ali().push([record.create(), record.edit(json!({ "phone": "1" })), record.delete()]);
        assert_eq!(pushed.statuses(), ["applied"; 3]);
        assert_eq!(w.ali().see(&record), None);
        assert_eq!(w.ali().held(&record), Vec::<Value>::new());
    }

    fn a_delete_that_hid_an_unseen_update_is_merged(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1));
        let result = is(w.chen().push_one(record.delete().base(1)), "merged");
        assert_eq!(rev(&result), 3);
        assert_eq!(check_record(&record, &result)["deleted"], true);
        assert_eq!(w.ali().see(&record), None);
    }

    fn the_unseen_update_is_parked(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1));
        w.chen().push_one(record.delete().base(1));
        let held = w.ali().held_one(&record);
        assert_eq!(held["status"], "parked");
        assert_eq!(held["reason"], "deleted");
        assert_eq!(held["state"], "open");
        assert_eq!(held["device"], w.ali().device);
        assert_eq!(held["op"]["fields"]["phone"], "1");
    }

    fn every_unseen_update_is_parked(w) {
        let record = household(w);
        w.ali().push([record.edit(json!({ "phone": "1" })), record.edit(json!({ "people": 2 }))]);
        w.bo().push_one(record.edit(json!({ "remarks": "bo" })));
        w.chen().push_one(record.delete().base(1));
        let held = w.ali().held(&record);
        let of = |phone: &Phone| held.iter().filter(|held| held["device"] == phone.device).count();
        assert_eq!((held.len(), of(w.ali()), of(w.bo())), (3, 2, 1));
    }

    fn a_seen_update_is_not_parked(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1));
        w.bo().push_one(record.edit(json!({ "people": 9 })).base(2));
        w.chen().push_one(record.delete().base(2));
        let held = w.ali().held_one(&record);
        assert_eq!(held["device"], w.bo().device);
    }

    fn an_update_that_had_not_seen_the_delete_is_parked_and_makes_no_rev(w) {
        let record = household(w);
        w.chen().push_one(record.delete().base(1));
        let result = is(w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1)), "parked");
        assert_eq!(result["reason"], "deleted");
        assert_eq!(w.ali().see(&record), None);
        assert_eq!(w.ali().history(&record).len(), 2);
        assert_eq!(w.ali().held_one(&record)["op"]["fields"]["phone"], "1");
    }

    fn an_update_newer_than_the_delete_is_parked_all_the_same(w) {
        let record = household(w);
        w.chen().push_one(record.delete().base(1).ago(60));
        is(w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1).ago(1)), "parked");
        assert_eq!(w.ali().see(&record), None);
    }

    fn an_update_by_the_device_that_deleted_restores(w) {
        let record = household(w);
        w.chen().push([record.delete().base(1), record.edit(json!({ "phone": "1" })).base(2)]);
        assert_eq!(w.ali().fields(&record)["phone"], "1");
    }

    fn an_upsert_that_has_seen_the_delete_restores_the_content(w) {
        let record = household(w);
        w.chen().push_one(record.delete().base(1));
        let result = accepted(w.ali().push_one(record.edit(json!({ "people": 8 })).base(2)));
        assert_eq!(rev(&result), 3);
        let mut expected = good("households", JINYANG);
        expected["phone"] = "0".into();
        expected["people"] = 8.into();
        assert_eq!(w.ali().fields(&record), expected);
    }

    fn a_restore_brings_back_what_the_delete_parked(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1));
        w.chen().push_one(record.delete().base(1));
        let result = accepted(w.bo().push_one(record.edit(json!({ "people": 8 })).base(3)));
        let fields = w.ali().fields(&record);
        assert_eq!((&fields["phone"], &fields["people"]), (&json!("1"), &json!(8)));
        assert_eq!(result["status"], "merged", "bo had not seen the parked update: {result}");
    }

    fn a_restored_update_keeps_its_stamp(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "ali", "remarks": "ali" })).base(1).ago(60));
        w.chen().push_one(record.delete().base(1).ago(50));
        w.bo().push_one(record.edit(json!({ "phone": "bo" })).base(3).ago(40));
        let fields = w.ali().fields(&record);
        assert_eq!((&fields["phone"], &fields["remarks"]), (&json!("bo"), &json!("ali")));
    }

    fn what_a_restore_brought_back_is_no_longer_open(w) {
        let record = household(w);
        w.chen().push_one(record.delete().base(1));
        w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1));
        w.bo().push_one(record.edit(json!({ "people": 8 })).base(2));
        assert_eq!(w.ali().fields(&record)["phone"], "1");
        assert_eq!(w.ali().held_one(&record)["state"], "released");
    }

    fn an_update_a_delete_and_a_restore_end_alike_in_every_arrival_order(w) {
        let mut ends = Vec::new();
        for order in ["update delete restore", "delete update restore", "delete restore update"] {
            let record = household(w);
            let mut deleted_at = 0;
            for step in order.split(' ') {
                match step {
                    "update" => {
                        let edit = record.edit(json!({ "phone": "ali", "remarks": "ali" })).base(1).ago(90);
                        w.ali().push_one(edit);
                    }
                    "delete" => deleted_at = rev(&w.chen().push_one(record.delete().base(1).ago(60))),
                    _ => {
                        let edit = record.edit(json!({ "phone": "bo", "people": 8 })).base(deleted_at).ago(30);
                        accepted(w.bo().push_one(edit));
                    }
                }
            }
            ends.push(w.ali().fields(&record));
        }
        let mut expected = good("households", JINYANG);
        expected["phone"] = "bo".into();
        expected["remarks"] = "ali".into();
        expected["people"] = 8.into();
        for end in ends {
            assert_eq!(end, expected);
        }
    }

    fn an_update_and_a_delete_that_had_not_seen_each_other_end_deleted_in_either_order(w) {
        for update_first in [true, false] {
            let record = household(w);
            let update = || w.ali().push_one(record.edit(json!({ "phone": "1" })).base(1).ago(30));
            let delete = || w.chen().push_one(record.delete().base(1).ago(60));
            if update_first {
                update();
                delete();
            } else {
                delete();
                update();
            }
            assert_eq!(w.ali().see(&record), None);
            assert_eq!(w.ali().held_one(&record)["op"]["fields"]["phone"], "1");
        }
    }

    fn a_restore_must_have_seen_the_latest_delete(w) {
        let record = household(w);
        w.chen().push_one(record.delete().base(1));
        w.ali().push_one(record.delete().base(1));
        is(w.bo().push_one(record.edit(json!({ "phone": "1" })).base(2)), "parked");
        assert_eq!(w.bo().see(&record), None);
        accepted(w.bo().push_one(record.edit(json!({ "people": 2 })).base(3)));
        let fields = w.bo().fields(&record);
        assert_eq!((&fields["phone"], &fields["people"]), (&json!("1"), &json!(2)));
    }

    fn a_delete_of_a_deleted_record_makes_a_rev(w) {
        let record = household(w);
        w.chen().push_one(record.delete().base(1));
        let second = accepted(w.ali().push_one(record.delete().base(2)));
        assert_eq!(rev(&second), 3);
        let third = accepted(w.bo().push_one(record.delete().base(1)));
        assert_eq!(rev(&third), 4);
        assert_eq!(w.ali().history(&record).len(), 4);
    }

    fn a_delete_of_an_unknown_record_makes_a_tombstone(w) {
        let record = Rec::household(JINYANG);
        let mut mirror = Mirror::of(w.ali());
        mirror.sync();
        let result = is(w.chen().push_one(record.delete()), "applied");
        assert_eq!(rev(&result), 1);
        pulled_as_deleted(&mut mirror, &record, 1);
    }

    fn a_creation_that_comes_after_its_delete_is_parked(w) {
        let record = Rec::household(JINYANG);
        w.chen().push_one(record.delete());
        let result = is(w.ali().push_one(record.create()), "parked");
        assert_eq!(result["reason"], "deleted");
        assert_eq!(w.ali().see(&record), None);
    }

    fn a_whole_record_over_a_seen_tombstone_stands(w) {
        let record = Rec::household(JINYANG);
        w.chen().push_one(record.delete());
        accepted(w.ali().push_one(record.create().base(1)));
        assert_eq!(w.ali().fields(&record), good("households", JINYANG));
    }

    fn a_delete_without_a_base_loses_nothing(w) {
        let record = household(w);
        let result = is(w.chen().push_one(record.delete()), "merged");
        assert_eq!(w.ali().see(&record), None);
        // The creation was unseen: who restores gets it back.
        accepted(w.ali().push_one(record.edit(json!({ "people": 8 })).base(rev(&result))));
        let fields = w.ali().fields(&record);
        assert_eq!((&fields["phone"], &fields["people"]), (&json!("0"), &json!(8)));
    }

    fn a_record_may_be_deleted_and_restored_again_and_again(w) {
        let record = Rec::household(JINYANG);
        let mut ops = vec![record.create()];
        for n in 0..4_u64 {
            ops.push(record.delete().base(1 + 2 * n));
            ops.push(record.edit(json!({ "people": n })).base(2 + 2 * n));
        }
        let pushed = w.ali().push(ops);
        assert_eq!(pushed.results().iter().map(rev).collect::<Vec<_>>(), (1..=9).collect::<Vec<_>>());
        assert_eq!(w.ali().fields(&record)["people"], 3);
    }

    fn children_of_a_deleted_record_are_kept_and_accepted(w) {
        let household = household(w);
        let (before, after) = (Rec::new("members", JINYANG), Rec::new("members", JINYANG));
        w.ali().push_one(before.create_with(json!({ "household": household.id })));
        w.chen().push_one(household.delete().base(1));
        is(w.ali().push_one(after.create_with(json!({ "household": household.id }))), "applied");
        for member in [before, after] {
            assert_eq!(w.ali().fields(&member)["household"], household.id);
        }
    }

    fn a_deleted_record_is_not_counted(w) {
        let record = household(w);
        let other = household(w);
        let mut mirror = Mirror::of(w.ali());
        mirror.sync();
        assert_eq!(mirror.live()[JINYANG].len(), 2);
        w.chen().push_one(record.delete().base(1));
        let page = mirror.sync().remove(0);
        assert_eq!(page["buckets"][0]["count"], 1);
        assert!(mirror.record(&other).unwrap().fields.is_some());
        let mut fresh = Mirror::of(w.ali());
        fresh.sync();
        assert_eq!(fresh.live(), mirror.live());
    }

    fn a_restored_record_comes_back_by_pull(w) {
        let record = household(w);
        let mut mirror = Mirror::of(w.ali());
        mirror.sync();
        w.chen().push_one(record.delete().base(1));
        mirror.sync();
        w.chen().push_one(record.edit(json!({ "people": 2 })).base(2));
        mirror.sync();
        assert_eq!(mirror.fields(&record)["people"], 2);
        assert_eq!(mirror.record(&record).unwrap().rev, 3);
    }

    fn an_incomplete_upsert_over_a_tombstone_of_nothing_is_not_applied(w) {
        let record = Rec::household(JINYANG);
        w.chen().push_one(record.delete());
        is(w.ali().push_one(record.edit(json!({ "people": 8 })).base(1)), "parked");
        assert_eq!(w.ali().see(&record), None);
    }
}
