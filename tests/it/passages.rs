//! Sections 5 and 6, read once more as a stranger would: see `sentences`.

use crate::support::*;

fn households(phone: &Phone, bucket: &str, n: usize) -> Vec<Rec> {
    let records: Vec<_> = (0..n).map(|_| Rec::household(bucket)).collect();
    phone.push(records.iter().map(Rec::create));
    records
}

on_both_engines! {
    // Section 5.

    fn updated_at_is_the_corrected_time(w) {
        let record = Rec::household(JINYANG);
        let skew = ms(7_200_000);
        w.ali().push_clock(wall(now() + skew), record.create().at(ago(60) + skew));
        assert_near(&w.ali().see(&record).unwrap()["updated_at"], ago(60), ms(5_000));
    }

    fn a_restart_of_a_county_that_was_taken_away_is_ignored(w) {
        let mut mirror = Mirror::of(w.chen());
        households(w.chen(), ZHAOJUE, 2);
        mirror.sync();
        w.close("two", ZHAOJUE);
        let page = mirror.restart(&[ZHAOJUE]);
        assert_eq!((&page["revoked"], &page["buckets"]), (&json!([ZHAOJUE]), &json!([])));
    }

    fn a_restart_for_which_there_is_no_room_comes_later(w) {
        let mut mirror = Mirror::of(w.chen()).with_limit(2);
        households(w.chen(), JINYANG, 3);
        households(w.chen(), ZHAOJUE, 3);
        mirror.sync();
        let before = mirror.live();
        let mut pages = vec![mirror.restart(&[JINYANG, ZHAOJUE])];
        pages.extend(mirror.sync());
        let parts = pages.iter().flat_map(|page| page["buckets"].as_array().unwrap());
        let mut reset: Vec<_> = parts.filter(|part| part["reset"] == true).map(|part| &part["bucket"]).collect();
        reset.sort_by_key(|bucket| bucket.as_str());
        assert_eq!(reset, [JINYANG, ZHAOJUE], "each on its first page");
        assert!(pages.iter().all(|page| page["revoked"] == json!([])));
        assert_eq!(mirror.live(), before);
    }

    fn a_county_that_waits_for_a_restart_is_revoked_when_it_goes(w) {
        let mut mirror = Mirror::of(w.chen()).with_limit(2);
        households(w.chen(), JINYANG, 3);
        households(w.chen(), ZHAOJUE, 3);
        mirror.sync();
        let first = mirror.restart(&[JINYANG, ZHAOJUE]);
        assert_eq!(first["more"], true);
        w.close("two", ZHAOJUE);
        let pages = mirror.sync();
        assert_eq!(pages.iter().filter(|page| page["revoked"] == json!([ZHAOJUE])).count(), 1);
        assert_eq!(mirror.names(), [JINYANG]);
    }

    fn an_old_cursor_is_safe_also_over_a_change_of_scope(w) {
        let mut mirror = Mirror::of(w.chen());
        let records = households(w.chen(), ZHAOJUE, 3);
        mirror.sync();
        let old = mirror.cursor.clone();
        w.close("two", ZHAOJUE);
        w.phone("liangshan").push([records[0].delete().base(1), records[1].edit(json!({ "people": 9 })).base(1)]);
        w.assign("two", ZHAOJUE);
        mirror.sync();
        let (after, newest) = (mirror.live(), mirror.cursor.clone());
        // The answer to the old cursor was lost, and comes again.
        for _ in 0..2 {
            mirror.cursor.clone_from(&old);
            let page = mirror.page();
            assert_eq!(page["buckets"][0]["reset"], true);
            assert_eq!(mirror.live(), after);
        }
        mirror.cursor = newest;
        assert_eq!(mirror.page()["buckets"], json!([]));
    }

    fn what_was_applied_outside_the_present_scope_comes_once_the_county_is_back(w) {
        w.ali().push([]);
        let then = now();
        w.close("one", JINYANG);
        let record = Rec::household(JINYANG);
        is(w.ali().push_one(record.create().at(then)), "applied");
        assert_eq!(w.ali().see(&record), None);
        w.assign("one", JINYANG);
        assert!(w.ali().see(&record).is_some());
    }

    // Section 6.

    fn every_answer_to_a_flushed_device_tells_the_action(w) {
        let op = Rec::household(JINYANG).create();
        w.ali().push_one(op.clone());
        w.revoke(w.ali(), "flush");
        let gap = w.ali().send(&w.ali().envelope_from(9, [op.clone()])).problem(409, "op_gap");
        let cloned = w.ali().send(&w.ali().envelope_from(1, [op.field("people", 9)])).problem(409, "device_cloned");
        for problem in [gap, cloned] {
            assert_eq!((&problem["action"], &problem["acked"]), (&json!("flush_then_wipe"), &json!(1)));
        }
    }

    fn a_flushed_device_is_told_no_more_of_what_was_applied_before(w) {
        let record = Rec::household(JINYANG);
        w.chen().push_one(record.create_with(json!({ "phone": "chen" })));
        let envelope = w.ali().envelope([record.edit(json!({ "phone": "ali" })), Rec::household(JINYANG).create()]);
        assert_eq!(w.ali().accept(&envelope).statuses(), ["merged", "applied"]);
        w.revoke(w.ali(), "flush");
        let again = w.ali().accept(&envelope);
        assert_eq!(again.results()[0], json!({ "op_seq": 1, "status": "merged" }));
        assert_eq!(again.results()[1], json!({ "op_seq": 2, "status": "applied" }));
        assert_eq!(w.chen().see(&record).unwrap()["rev"], 2);
    }
}
