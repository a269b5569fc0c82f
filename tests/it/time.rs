//! Section 3: what the server makes of clocks. `at` in a history is the corrected time; stamps show in who wins.

use crate::support::*;

/// A new household by ali under `clock`, made at `at`: its first history entry.
fn recorded(w: &World, clock: Value, at: Value) -> Value {
    let record = Rec::household(JINYANG);
    w.ali().push_clock(clock, record.create().with("at", at));
    w.ali().history(&record).remove(0)
}

/// Two phones of one county, the one with the lower device id first.
fn by_device_id(w: &World) -> [&Phone; 2] {
    let mut phones = [w.ali(), w.chen()];
    phones.sort_by(|a, b| a.device.cmp(&b.device));
    phones
}

on_both_engines! {
    fn a_right_clock_is_taken_at_its_word(w) {
        let at = ago(90);
        let entry = recorded(w, wall(now()), wall(at));
        assert_eq!(read(&entry["at"]), at);
        assert_eq!(read(&entry["claimed_at"]), at);
        assert_eq!(entry["clock_corrected"], false);
    }

    fn a_clock_within_a_minute_is_right(w) {
        for skew in [-50_000, 50_000] {
            let at = ago(90) + ms(skew);
            let entry = recorded(w, wall(now() + ms(skew)), wall(at));
            assert_eq!(read(&entry["at"]), at, "{skew}");
            assert_eq!(entry["clock_corrected"], false);
        }
    }

    fn a_clock_that_is_ahead_is_corrected(w) {
        let skew = ms(7_200_000);
        let at = ago(30);
        let entry = recorded(w, wall(now() + skew), wall(at + skew));
        assert_near(&entry["at"], at, ms(5_000));
        assert_eq!(read(&entry["claimed_at"]), at + skew);
        assert_eq!(entry["clock_corrected"], true);
    }

    fn a_clock_that_is_behind_is_corrected(w) {
        let skew = ms(-3 * 3_600_000);
        let at = ago(30);
        let entry = recorded(w, wall(now() + skew), wall(at + skew));
        assert_near(&entry["at"], at, ms(5_000));
        assert_eq!(read(&entry["claimed_at"]), at + skew);
        assert_eq!(entry["clock_corrected"], true);
    }

    fn a_clock_off_by_years_is_corrected(w) {
        let skew = ms(-20 * 365 * 86_400_000);
        let entry = recorded(w, wall(now() + skew), wall(ago(10) + skew));
        assert_near(&entry["at"], ago(10), ms(5_000));
        assert_eq!(entry["clock_corrected"], true);
    }

    fn any_offset_means_the_same_instant(w) {
        let at = ago(45);
        let utc = at.with_timezone(&chrono::Utc).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let entry = recorded(w, wall(now()), json!({ "wall": utc }));
        assert_eq!(read(&entry["at"]), at);
    }

    fn mono_of_the_same_boot_is_exact(w) {
        // The wall clock was set in between: what it said then means nothing.
        let clock = mono(now(), 10_000_000, "b19");
        let entry = recorded(w, clock.clone(), mono(ago(100_000), 9_400_000, "b19"));
        assert_eq!(read(&entry["at"]), read(&clock["wall"]) - ms(600_000));
        assert_eq!(entry["clock_corrected"], true);
    }

    fn mono_is_exact_under_a_wrong_wall_clock_too(w) {
        let skew = ms(5 * 3_600_000);
        let entry = recorded(w, mono(now() + skew, 10_000_000, "b19"), mono(now() + skew, 7_000_000, "b19"));
        assert_near(&entry["at"], now() - ms(3_000_000), ms(5_000));
    }

    fn mono_of_another_boot_means_nothing(w) {
        let at = ago(25);
        let entry = recorded(w, mono(now(), 10_000, "b20"), mono(at, 9_000, "b19"));
        assert_eq!(read(&entry["at"]), at);
    }

    fn mono_on_one_side_only_means_nothing(w) {
        let at = ago(25);
        let entry = recorded(w, mono(now(), 10_000, "b19"), json!({ "wall": wire(at), "boot": "b19" }));
        assert_eq!(read(&entry["at"]), at);
        let at = ago(24);
        let entry = recorded(w, json!({ "wall": wire(now()), "boot": "b19" }), mono(at, 9_000, "b19"));
        assert_eq!(read(&entry["at"]), at);
    }

    fn no_operation_is_later_than_the_server(w) {
        let record = Rec::household(JINYANG);
        let mut envelope = w.ali().envelope([record.create().at(now() + ms(86_400_000))]);
        envelope["clock"] = wall(now());
        let answer = w.ali().accept(&envelope);
        let entry = w.ali().history(&record).remove(0);
        assert!(read(&entry["at"]) <= read(&answer.0["server_time"]));
        assert_near(&entry["at"], now(), ms(5_000));
        assert_eq!(entry["clock_corrected"], true);
    }

    fn mono_from_the_future_is_no_later_than_the_server(w) {
        let entry = recorded(w, mono(now(), 1_000_000, "b"), mono(now(), 9_000_000, "b"));
        assert_near(&entry["at"], now(), ms(5_000));
        assert!(read(&entry["at"]) <= now());
    }

    fn without_an_at_the_time_is_the_servers(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create().without("at"));
        let entry = w.ali().history(&record).remove(0);
        assert_near(&entry["at"], now(), ms(5_000));
        assert_eq!(entry.get("claimed_at").cloned().unwrap_or_default(), Value::Null);
        assert_eq!(entry["clock_corrected"], false);
    }

    fn without_a_clock_the_time_is_the_servers(w) {
        let record = Rec::household(JINYANG);
        let mut envelope = w.ali().envelope([record.create().ago(500)]);
        envelope.as_object_mut().unwrap().remove("clock");
        w.ali().accept(&envelope);
        assert_near(&w.ali().history(&record)[0]["at"], now(), ms(5_000));
    }

    fn an_extreme_clock_is_no_reason_to_refuse(w) {
        let clocks = [
            json!({ "wall": "0001-01-01T00:00:00.000+00:00" }),
            json!({ "wall": "9999-12-31T23:59:59.999+00:00" }),
            json!({ "wall": wire(now()), "mono": 9_007_199_254_740_991_i64, "boot": "b" }),
            json!({ "wall": wire(now()), "mono": -9_007_199_254_740_991_i64, "boot": "b" }),
        ];
        for clock in &clocks {
            for at in &clocks {
                let record = Rec::household(JINYANG);
                is(w.ali().push_clock(clock.clone(), record.create().with("at", at.clone())), "applied");
                let entry = w.ali().history(&record).remove(0);
                assert!(read(&entry["at"]) <= now() + ms(1_000), "{clock} {at}: {entry}");
            }
        }
    }

    fn the_later_of_two_unrelated_edits_wins_in_either_order(w) {
        for late_first in [false, true] {
            let record = Rec::household(JINYANG);
            w.phone("liangshan").push_one(record.create().ago(100));
            let late = || w.chen().push_one(record.edit(json!({ "phone": "late" })).ago(30));
            let early = || w.ali().push_one(record.edit(json!({ "phone": "early" })).ago(60));
            if late_first {
                late();
                early();
            } else {
                early();
                late();
            }
            assert_eq!(w.ali().fields(&record)["phone"], "late", "late first: {late_first}");
        }
    }

    fn skewed_clocks_order_by_the_corrected_time(w) {
        let record = Rec::household(JINYANG);
        w.phone("liangshan").push_one(record.create().ago(100));
        let (ahead, behind) = (ms(4 * 3_600_000), ms(-4 * 3_600_000));
        // ali edits first, with a clock hours ahead; chen second, with one hours behind.
        let first = record.edit(json!({ "phone": "first" })).at(ago(60) + ahead);
        let second = record.edit(json!({ "phone": "second" })).at(ago(30) + behind);
        w.chen().push_clock(wall(now() + behind), second);
        w.ali().push_clock(wall(now() + ahead), first);
        assert_eq!(w.ali().fields(&record)["phone"], "second");
    }

    fn a_later_operation_of_one_device_beats_its_earlier_ones(w) {
        let record = Rec::household(JINYANG);
        w.ali().push([
            record.create_with(json!({ "phone": "1" })).ago(5),
            record.edit(json!({ "phone": "2" })).ago(500),
        ]);
        assert_eq!(w.ali().fields(&record)["phone"], "2");
    }

    fn a_later_operation_of_one_device_carries_its_stamp_over_records(w) {
        let (one, two) = (Rec::household(JINYANG), Rec::household(JINYANG));
        w.phone("liangshan").push([one.create().ago(100), two.create().ago(100)]);
        w.chen().push_one(two.edit(json!({ "phone": "chen" })).ago(30));
        // ali's second operation claims to be old, but follows one of ten minutes ago.
        w.ali().push([one.edit(json!({ "phone": "x" })).ago(10), two.edit(json!({ "phone": "ali" })).ago(60)]);
        assert_eq!(w.ali().fields(&two)["phone"], "ali");
    }

    fn a_held_operation_counts_as_the_previous_one(w) {
        for held in [
            Rec::household(ZHAOJUE).create().ago(10),
            Rec::household(JINYANG).edit(json!({ "phone": "x" })).ago(10),
            Rec::household(JINYANG).create_with(json!({ "people": "five" })).ago(10),
        ] {
            let record = Rec::household(JINYANG);
            let phone = w.new_phone("bo");
            w.phone("liangshan").push_one(record.create().ago(100));
            w.chen().push_one(record.edit(json!({ "phone": "chen" })).ago(30));
            phone.push([held.clone(), record.edit(json!({ "phone": "bo" })).ago(60)]);
            assert_eq!(w.ali().fields(&record)["phone"], "bo", "{held:?}");
        }
    }

    fn an_edit_made_with_sight_of_another_beats_it_under_any_clocks(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "first" })));
        let result = is(w.chen().push_one(record.edit(json!({ "phone": "second" })).base(1).ago(10_000)), "applied");
        assert_eq!(conflict_ids(&result), Vec::<String>::new());
        assert_eq!(w.ali().fields(&record)["phone"], "second");
    }

    fn an_edit_beats_every_write_up_to_its_base(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "newest" })).ago(1));
        w.chen().push_one(record.edit(json!({ "phone": "lost" })).ago(120));
        // Rev 2 lost against rev 1; who has seen rev 2 has seen both.
        w.bo().push_one(record.edit(json!({ "phone": "seen" })).base(2).ago(240));
        assert_eq!(w.ali().fields(&record)["phone"], "seen");
    }

    fn an_edit_with_an_older_base_does_not_beat_what_came_after_it(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "1" })).ago(180));
        w.chen().push_one(record.edit(json!({ "phone": "2" })).base(1).ago(30));
        let result = is(w.bo().push_one(record.edit(json!({ "phone": "3" })).base(1).ago(60)), "merged");
        assert_eq!(conflict_ids(&result).len(), 1);
        assert_eq!(w.ali().fields(&record)["phone"], "2");
    }

    fn a_base_only_lifts_the_stamp(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "1" })).ago(180));
        w.bo().push_one(record.edit(json!({ "phone": "bo" })).base(1).ago(30));
        w.chen().push_one(record.edit(json!({ "phone": "chen" })).ago(60));
        assert_eq!(w.ali().fields(&record)["phone"], "bo");
    }

    fn within_one_millisecond_the_device_id_decides(w) {
        let at = ago(30);
        let [low, high] = by_device_id(w);
        for order in [[low, high], [high, low]] {
            let record = Rec::household(JINYANG);
            w.phone("liangshan").push_one(record.create().ago(100));
            for phone in order {
                // One millisecond more for each round: a device's own order must not decide.
                let at = at + ms(phone.next() as i64);
                phone.push_one(record.edit(json!({ "phone": phone.name })).at(at));
            }
            assert_eq!(w.ali().fields(&record)["phone"], high.name);
        }
    }
}
