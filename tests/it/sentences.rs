//! Sections 2 to 4, read once more as a stranger would: sentences that no other file holds to, or only in passing.

use crate::support::http::Reply;
use crate::support::*;

fn settle(session: &Session, held: &Value, how: &str) -> Reply {
    session.post(&format!("/v1/held-ops/{}/{how}", id_of(held)), &json!({})).send()
}

fn resolve(session: &Session, conflict: &Value, body: Value) -> Reply {
    session.post(&format!("/v1/conflicts/{}/resolve", id_of(conflict)), &body).send()
}

/// A household by the prefecture's device, three hours ago: rev 1.
fn household(w: &World) -> Rec {
    let record = Rec::household(JINYANG);
    w.phone("liangshan").push_one(record.create_with(json!({ "phone": "0" })).ago(180));
    record
}

/// `value` is an object with all of these members.
#[track_caller]
fn has(value: &Value, members: &[&str]) {
    for member in members {
        assert!(value.get(member).is_some(), "no {member} in {value}");
    }
}

/// Pushes one operation as text: an upsert of a household in JINYANG with these members more.
fn push_text(phone: &Phone, record: &Rec, members: &str) -> Value {
    let (op_seq, id) = (phone.next(), &record.id);
    let op = format!(
        r#"{{"op_seq":{op_seq},"kind":"upsert","bucket":"{JINYANG}","collection":"households","id":"{id}",{members}}}"#
    );
    let body = format!(r#"{{"schema":1,"clock":{},"ops":[{op}]}}"#, wall(now()));
    let call = phone.call("POST", "/v1/sync/push").bytes(body).header("content-type", "application/json");
    let mut answer = call.send().ok();
    // Counts on from it.
    phone.push([]);
    answer["results"][0].take()
}

on_both_engines! {
    // Section 2.

    fn what_cannot_be_read_as_a_whole_was_still_made_when_it_says(w) {
        let (bad, record) = (Rec::household(JINYANG), household(w));
        let members = format!(r#""at":{},"fields":{{"remarks":"\ud800"}}"#, wall(ago(120)));
        is(push_text(w.ali(), &bad, &members), "rejected");
        assert_near(&w.liangshan().held_one(&bad)["at"], ago(120), ms(5_000));
        // What its device made after it keeps its place too.
        w.chen().push_one(record.edit(json!({ "phone": "chen" })).base(1).ago(30));
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1).ago(60));
        assert_eq!(w.ali().fields(&record)["phone"], "chen");
    }

    fn base_0_and_null_are_no_base(w) {
        let record = household(w);
        for (base, phone, value) in [(json!(0), w.ali(), "ali"), (json!(null), w.chen(), "chen")] {
            let edit = record.edit(json!({ "phone": value })).with("base", base);
            assert_eq!(conflict_ids(&is(phone.push_one(edit), "merged")).len(), 1, "{value}");
        }
    }

    fn an_answer_that_is_given_twice_is_rejected(w) {
        let record = Rec::interview(JINYANG);
        let result = is(w.ali().push_one(record.create_with(json!({ "answers": { "a": 1 }, "answers.a": 2 }))), "rejected");
        let pointer = result["error"]["errors"][0]["pointer"].as_str().unwrap();
        assert!(pointer.contains("answers"), "{result}");
    }

    fn the_error_of_a_rejected_operation_is_a_whole_problem(w) {
        let result = w.ali().push_one(Rec::household(JINYANG).create_with(json!({ "people": "five", "phone": 7 })));
        let error = &is(result, "rejected")["error"];
        has(error, &["type", "title", "status", "code", "errors"]);
        assert_eq!(error["errors"].as_array().unwrap().len(), 2);
        for fault in error["errors"].as_array().unwrap() {
            has(fault, &["pointer", "code", "detail"]);
        }
    }

    fn a_repeat_has_its_first_status_whatever_became_of_it(w) {
        let record = household(w);
        w.chen().push_one(record.delete().base(1));
        let (alien, bad) = (Rec::household(ZHAOJUE), Rec::household(JINYANG));
        let envelope = w.ali().envelope([
            record.edit(json!({ "phone": "ali" })).base(1),
            alien.create(),
            bad.create_with(json!({ "people": "five" })),
        ]);
        let first = w.ali().accept(&envelope);
        assert_eq!(first.statuses(), ["parked", "quarantined", "rejected"]);
        for record in [&record, &bad] {
            settle(w.liangshan(), &w.liangshan().held_one(record), "discard").ok();
        }
        w.assign("one", ZHAOJUE);
        assert_eq!(w.ali().accept(&envelope).results(), first.results());
        assert_eq!(w.ali().see(&alien), None);
        assert_eq!(w.liangshan().held(&alien).len(), 1);
    }

    fn a_replay_tells_all_of_it_again_once_the_county_is_back(w) {
        let record = household(w);
        let envelope = w.ali().envelope([record.edit(json!({ "phone": "ali" })), Rec::household(JINYANG).create()]);
        let first = w.ali().accept(&envelope);
        assert_eq!(first.statuses(), ["merged", "applied"]);
        w.close("one", JINYANG);
        assert!(w.ali().accept(&envelope).results().iter().all(|result| result.get("rev").is_none()));
        w.assign("one", JINYANG);
        assert_eq!(w.ali().accept(&envelope).results(), first.results());
    }

    fn an_operation_on_a_county_that_does_not_exist_is_answered_alike_again(w) {
        let phone = w.phone("province");
        let envelope = phone.envelope([Rec::household("519999").create()]);
        let first = phone.accept(&envelope);
        assert_eq!(first.statuses(), ["rejected"]);
        assert_eq!(phone.accept(&envelope).results(), first.results());
        let errors = &first.results()[0]["error"]["errors"];
        assert_eq!((errors[0]["pointer"].as_str(), errors.as_array().unwrap().len()), (Some("/bucket"), 1));
    }

    fn held_operations_and_conflicts_have_every_member(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1));
        w.chen().push_one(record.edit(json!({ "phone": "chen" })).base(1));
        let conflict = w.liangshan().conflict(&record);
        let members = ["id", "bucket", "collection", "record_id", "field", "base", "current", "other", "state"];
        has(&conflict, &members);
        has(&conflict, &["created_at", "settled_by", "settled_at"]);
        for side in ["current", "other"] {
            has(&conflict[side], &["value", "user", "device", "team", "at", "claimed_at", "clock_corrected", "rev"]);
        }
        w.deng().push_one(record.edit(json!({ "phone": "deng" })));
        let held = w.liangshan().held_one(&record);
        has(&held, &["id", "status", "reason", "errors", "bucket", "collection", "record_id", "op", "device", "user"]);
        has(&held, &["team", "received_at", "at", "state", "settled_by", "settled_at"]);
        for entry in w.ali().history(&record) {
            has(&entry, &["rev", "seq", "kind", "at", "claimed_at", "clock_corrected", "user", "device", "team", "fields"]);
        }
    }

    fn what_comes_back_with_a_release_was_released_by_that_person(w) {
        let record = household(w);
        w.chen().push_one(record.delete().base(1));
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1));
        w.bo().push_one(record.edit(json!({ "remarks": "bo" })).base(1));
        let of = |phone: &Phone| {
            let held = w.liangshan().held(&record);
            held.into_iter().find(|held| held["device"] == phone.device).unwrap()
        };
        settle(w.liangshan(), &of(w.bo()), "release").ok();
        let other = of(w.ali());
        assert_eq!((&other["state"], &other["settled_by"]), (&json!("released"), &json!(w.cast().users["liangshan"])));
        for how in ["release", "discard"] {
            settle(w.liangshan(), &other, how).problem(409, "already_settled");
        }
    }

    fn what_comes_back_with_a_restore_was_released_by_nobody(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1));
        w.chen().push_one(record.delete().base(1));
        accepted(w.bo().push_one(record.edit(json!({ "people": 8 })).base(3)));
        let held = w.liangshan().held_one(&record);
        assert_eq!((&held["state"], &held["settled_by"]), (&json!("released"), &Value::Null));
        assert_near(&held["settled_at"], now(), ms(5_000));
        settle(w.liangshan(), &held, "release").problem(409, "already_settled");
    }

    fn a_release_is_merged_once_with_its_first_stamp_and_base(w) {
        // deng had seen rev 1 only: what came after it was not before his eyes when he wrote, nor is it by the release.
        let record = household(w);
        is(w.deng().push_one(record.edit(json!({ "phone": "deng", "people": 9 })).base(1).ago(60)), "quarantined");
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1).ago(90));
        settle(w.liangshan(), &w.liangshan().held_one(&record), "release").ok();
        let fields = w.ali().fields(&record);
        assert_eq!((&fields["phone"], &fields["people"]), (&json!("deng"), &json!(9)));
        let conflict = w.liangshan().conflict(&record);
        assert_eq!((&conflict["field"], &conflict["base"]), (&json!("phone"), &json!("0")));
        assert_eq!((&conflict["current"]["value"], &conflict["other"]["value"]), (&json!("deng"), &json!("ali")));
        let entry = w.ali().history(&record).pop().unwrap();
        assert_eq!((&entry["device"], &entry["rev"]), (&json!(w.deng().device), &json!(3)));
    }

    fn a_released_delete_parks_what_it_had_not_seen(w) {
        let record = household(w);
        is(w.deng().push_one(record.delete().base(1)), "quarantined");
        let held = w.liangshan().held_one(&record);
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1));
        settle(w.liangshan(), &held, "release").ok();
        assert_eq!(w.ali().see(&record), None);
        let parked = w.liangshan().held(&record).into_iter().find(|held| held["status"] == "parked").unwrap();
        assert_eq!((&parked["state"], &parked["op"]["fields"]["phone"]), (&json!("open"), &json!("ali")));
        settle(w.liangshan(), &parked, "release").ok();
        assert_eq!(w.ali().fields(&record)["phone"], "ali");
    }

    fn what_was_set_aside_does_not_come_back(w) {
        for before in [true, false] {
            // Hidden by the delete, or arrived after it.
            let record = household(w);
            let update = || w.ali().push_one(record.edit(json!({ "phone": "ali", "remarks": "ali" })).base(1));
            if before {
                update();
            }
            w.chen().push_one(record.delete().base(1));
            if !before {
                is(update(), "parked");
            }
            w.bo().push_one(record.edit(json!({ "people": 8 })).base(1));
            let of_ali = |held: &Value| held["device"] == w.ali().device;
            let held = w.liangshan().held(&record).into_iter().find(of_ali).unwrap();
            settle(w.liangshan(), &held, "discard").ok();
            assert_eq!(w.ali().see(&record), None, "setting aside restores nothing");
            let deleted = w.liangshan().history(&record).last().map(rev).unwrap();
            accepted(w.chen().push_one(record.edit(json!({ "labourers": 2 })).base(deleted)));
            let mut expected = good("households", JINYANG);
            for (name, value) in [("phone", json!("0")), ("people", json!(8)), ("labourers", json!(2))] {
                expected[name] = value;
            }
            assert_eq!(w.ali().fields(&record), expected, "before the delete: {before}");
            assert_eq!(w.liangshan().held(&record).into_iter().find(of_ali).unwrap()["state"], "discarded");
            let mut mirror = Mirror::of(w.ali());
            mirror.sync();
        }
    }

    fn one_push_too_many_is_told_when_to_ask_again(w) {
        w.ali();
        w.stop();
        let running = ruhu::start(ruhu::Config { rate_limit: 1, ..w.store.config.clone() }).unwrap();
        w.redirect(&running.url());
        let refused = (0..100).find_map(|_| {
            let record = Rec::household(JINYANG);
            let envelope = w.ali().envelope([record.create()]);
            let reply = w.ali().send(&envelope);
            if reply.status == 429 {
                return Some((record, reply));
            }
            w.ali().accept(&envelope);
            None
        });
        let (record, reply) = refused.expect("there is a limit");
        assert!(reply.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
        assert!(reply.header("ratelimit").is_some());
        reply.problem(429, "rate_limited");
        // Nobody else pays for it, and nothing was applied.
        assert_eq!(w.bo().see(&record), None);
        running.stop();
    }

    // Section 3.

    fn beyond_a_minute_a_clock_is_corrected_and_marked(w) {
        for skew in [-70_000, 70_000] {
            let record = Rec::household(JINYANG);
            w.ali().push_clock(wall(now() + ms(skew)), record.create().at(ago(30) + ms(skew)));
            let entry = w.ali().history(&record).remove(0);
            assert_near(&entry["at"], ago(30), ms(8_000));
            assert_eq!(entry["clock_corrected"], true, "{skew}");
        }
    }

    fn mono_and_boot_need_no_wall_clock(w) {
        let record = Rec::household(JINYANG);
        let showed = |mono: i64| json!({ "mono": mono, "boot": "b19" });
        w.ali().push_clock(showed(9_000_000), record.create().with("at", showed(3_000_000)));
        let entry = w.ali().history(&record).remove(0);
        assert_near(&entry["at"], ago(100), ms(5_000));
        assert_eq!((&entry["claimed_at"], &entry["clock_corrected"]), (&Value::Null, &json!(false)));
    }

    fn what_cannot_be_read_of_a_clock_means_the_servers_time(w) {
        let at = json!({ "wall": wire(ago(500)), "mono": "x", "boot": "b" });
        let clock = json!({ "wall": "yesterday", "mono": 9_000_000, "boot": "b" });
        let right = mono(ago(500), 3_000_000, "b");
        for (clock, at) in [(mono(now(), 9_000_000, "b"), at), (clock, right.clone()), (json!([]), right)] {
            let record = Rec::household(JINYANG);
            w.ali().push_clock(clock.clone(), record.create().with("at", at.clone()));
            assert_near(&w.ali().history(&record)[0]["at"], now(), ms(5_000));
        }
    }

    // Section 4.

    fn each_settling_has_a_device_of_its_own(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "ali", "people": 6 })).base(1));
        w.chen().push_one(record.edit(json!({ "phone": "chen", "people": 7 })).base(1));
        for conflict in w.liangshan().conflicts(&record) {
            resolve(w.liangshan(), &conflict, json!({ "keep": "other" })).ok();
        }
        let history = w.ali().history(&record);
        let devices: std::collections::BTreeSet<_> = history.iter().map(|entry| entry["device"].to_string()).collect();
        assert_eq!((history.len(), devices.len()), (5, 5));
    }

    fn keeping_the_current_value_is_a_write_as_well(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1).ago(60));
        w.chen().push_one(record.edit(json!({ "phone": "chen" })).base(1).ago(30));
        resolve(w.liangshan(), &w.liangshan().conflict(&record), json!({ "keep": "current" })).ok();
        assert_eq!(w.ali().see(&record).unwrap()["rev"], 4);
        // Who has not seen the choice does not undo it.
        w.bo().push_one(record.edit(json!({ "phone": "bo" })).base(3).ago(10));
        assert_eq!(w.ali().fields(&record)["phone"], "chen");
    }

    fn a_restore_conflicts_with_what_it_brings_back_unseen(w) {
        let record = household(w);
        w.chen().push_one(record.delete().base(1));
        is(w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1).ago(60)), "parked");
        let result = is(w.bo().push_one(record.edit(json!({ "phone": "bo" })).base(2).ago(30)), "merged");
        let conflict = w.liangshan().conflict(&record);
        assert_eq!(conflict_ids(&result), [id_of(&conflict)]);
        assert_eq!((&conflict["current"]["value"], &conflict["other"]["value"]), (&json!("bo"), &json!("ali")));
    }

    fn a_conflict_outlives_its_record_and_is_settled_once_that_is_back(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1).ago(60));
        w.chen().push_one(record.edit(json!({ "phone": "chen" })).base(1).ago(30));
        let conflict = w.liangshan().conflict(&record);
        w.bo().push_one(record.delete().base(3));
        resolve(w.liangshan(), &conflict, json!({ "keep": "other" })).problem(409, "record_deleted");
        w.bo().push_one(record.edit(json!({ "people": 8 })).base(4));
        resolve(w.liangshan(), &conflict, json!({ "keep": "other" })).ok();
        assert_eq!(w.ali().fields(&record)["phone"], "ali");
    }

    fn a_value_that_was_set_aside_is_in_the_history_but_not_current(w) {
        let record = household(w);
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1));
        w.chen().push_one(record.delete().base(1));
        settle(w.liangshan(), &w.liangshan().held_one(&record), "discard").ok();
        let history = w.liangshan().history(&record);
        assert_eq!(*field_of(&history[1], "phone"), json!({ "name": "phone", "value": "ali", "current": false }));
        assert_eq!(*field_of(&history[0], "phone"), json!({ "name": "phone", "value": "0", "current": true }));
    }
}
