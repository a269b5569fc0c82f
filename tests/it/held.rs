//! Section 2, held operations: listed, released, discarded, and nothing lost.

use crate::support::http::Reply;
use crate::support::*;

fn settle(session: &Session, held: &Value, how: &str) -> Reply {
    session.post(&format!("/v1/held-ops/{}/{how}", id_of(held)), &json!({})).send()
}

/// An operation of deng, who has no business in JINYANG: quarantined. And the household that it is about (rev 1).
fn quarantined(w: &World, fields: Value, minutes: i64) -> (Rec, Value) {
    let record = Rec::household(JINYANG);
    w.phone("liangshan").push_one(record.create_with(json!({ "phone": "0" })).ago(180));
    is(w.deng().push_one(record.edit(fields).base(1).ago(minutes)), "quarantined");
    let held = w.liangshan().held_one(&record);
    (record, held)
}

/// A household deleted by chen, and an update of ali that had not seen it: parked.
fn parked(w: &World) -> (Rec, Value) {
    let record = Rec::household(JINYANG);
    w.phone("liangshan").push_one(record.create().ago(180));
    w.chen().push_one(record.delete().base(1).ago(60));
    is(w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1).ago(90)), "parked");
    let held = w.liangshan().held_one(&record);
    (record, held)
}

on_both_engines! {
    fn a_quarantined_operation_is_listed_whole(w) {
        let record = Rec::household(ZHAOJUE);
        let op = record.create().ago(30);
        w.ali().push_one(op.clone());
        let held = w.liangshan().held_one(&record);
        assert_eq!(held["status"], "quarantined");
        assert_eq!(held["bucket"], ZHAOJUE);
        assert_eq!(held["collection"], "households");
        assert_eq!(held["record_id"], record.id);
        assert_eq!(held["op"], op.with("op_seq", 1).0);
        assert_eq!(held["device"], w.ali().device);
        assert_eq!(held["user"], w.ali().user);
        assert_eq!(held["team"], w.cast().teams["one"]);
        assert_eq!(held["state"], "open");
        assert_eq!(held["settled_by"], Value::Null);
        assert_eq!(held["settled_at"], Value::Null);
        assert_near(&held["received_at"], now(), ms(5_000));
        assert_near(&held["at"], ago(30), ms(5_000));
    }

    fn a_rejected_operation_is_listed_with_its_errors(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "people": "five" })));
        let held = w.liangshan().held_one(&record);
        assert_eq!(held["status"], "rejected");
        assert_eq!(held["op"]["fields"]["people"], "five");
        let pointer = held["errors"][0]["pointer"].as_str().unwrap();
        assert!(pointer.ends_with("/fields/people"), "{held}");
    }

    fn a_parked_operation_is_listed_with_its_reason(w) {
        let (_, held) = parked(w);
        assert_eq!((&held["status"], &held["reason"]), (&json!("parked"), &json!("deleted")));
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.edit(json!({ "phone": "1" })));
        assert_eq!(w.liangshan().held_one(&record)["reason"], "incomplete");
    }

    fn held_operations_are_listed_to_those_whose_scope_has_the_bucket(w) {
        let record = Rec::household(ZHAOJUE);
        w.ali().push_one(record.create());
        assert_eq!(w.province().held(&record).len(), 1);
        assert_eq!(w.liangshan().held(&record).len(), 1);
        assert_eq!(w.chen().held(&record).len(), 1);
        assert_eq!(w.guangan().all("/v1/held-ops"), Vec::<Value>::new());
        assert_eq!(w.er().all("/v1/held-ops"), Vec::<Value>::new());
        assert_eq!(w.ali().all("/v1/held-ops"), Vec::<Value>::new(), "not even to their author");
    }

    fn one_without_a_real_bucket_is_listed_to_the_province(w) {
        for bucket in [json!("999999"), json!("51"), json!("x"), json!(null), json!(513_430)] {
            let mut op = Rec::household(JINYANG).create();
            op.0["bucket"] = bucket;
            is(w.deng().push_one(op), "rejected");
        }
        assert_eq!(w.province().all("/v1/held-ops").len(), 5);
        for session in [w.liangshan(), w.guangan(), &w.deng().session] {
            assert_eq!(session.all("/v1/held-ops"), Vec::<Value>::new());
        }
    }

    fn releasing_merges_the_operation(w) {
        let (record, held) = quarantined(w, json!({ "remarks": "deng" }), 60);
        let released = settle(w.liangshan(), &held, "release").ok();
        assert_eq!(released["state"], "released");
        assert_eq!(w.ali().fields(&record)["remarks"], "deng");
        assert_eq!(w.ali().see(&record).unwrap()["rev"], 2);
    }

    /// Its author's later operation, made while the county was still theirs, was not seen by it.
    fn a_released_operation_stays_behind_its_authors_later_one(w) {
        let record = Rec::household(JINYANG);
        is(w.ali().push_one(record.create()), "applied");
        let then = now();
        w.close("one", JINYANG);
        let later = [("held", now()), ("applied", then)];
        let ops = later.map(|(text, at)| record.edit(json!({ "remarks": text })).base(1).at(at));
        let pushed = w.ali().push(ops);
        let statuses: Vec<_> = pushed.results().iter().map(|result| result["status"].clone()).collect();
        assert_eq!(statuses, ["quarantined", "applied"]);
        settle(w.liangshan(), &w.liangshan().held_one(&record), "release").ok();
        let fields = w.liangshan().get(&record.path()).send().ok()["fields"].clone();
        assert_eq!(fields["remarks"], "applied");
    }

    fn a_release_reaches_devices_by_pull(w) {
        let mut mirror = Mirror::of(w.ali());
        let (record, held) = quarantined(w, json!({ "remarks": "deng" }), 60);
        mirror.sync();
        settle(w.liangshan(), &held, "release").ok();
        mirror.sync();
        assert_eq!(mirror.fields(&record)["remarks"], "deng");
    }

    /// Else a county's results would tell of another's records: whether one is there, and when it was written.
    fn what_is_held_elsewhere_does_not_order_what_is_written_here(w) {
        let secret = Rec::new("villages", WUSHENG);
        w.deng().push_one(secret.create());
        let told = |probed: &Rec, phone: &Phone| {
            let own = Rec::household(JINYANG);
            w.ali().push_one(own.create_with(json!({ "phone": "ali" })).ago(30));
            let probe = probed.edit(json!({ "remarks": "x" })).base(1).ago(60);
            let pushed = phone.push([probe, own.edit(json!({ "phone": "chen" })).ago(60)]);
            pushed.results()[1]["record"]["fields"]["phone"].clone()
        };
        assert_eq!(told(&secret, w.chen()), "ali");
        assert_eq!(told(&Rec::household(WUSHENG), &w.new_phone("chen")), "ali");
    }

    /// Under any clocks, an edit that had seen another beats it, also when it was quarantined in between.
    fn a_release_beats_what_its_author_had_seen(w) {
        let record = Rec::household(JINYANG);
        w.phone("liangshan").push_one(record.create_with(json!({ "phone": "seen" })).ago(30));
        is(w.deng().push_one(record.edit(json!({ "phone": "later" })).base(1).ago(90)), "quarantined");
        let held = w.liangshan().held_one(&record);
        settle(w.liangshan(), &held, "release").ok();
        assert_eq!(w.ali().fields(&record)["phone"], "later");
    }

    fn a_release_keeps_the_original_stamp(w) {
        let (record, held) = quarantined(w, json!({ "phone": "deng", "remarks": "deng" }), 60);
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1).ago(30));
        settle(w.liangshan(), &held, "release").ok();
        let fields = w.ali().fields(&record);
        assert_eq!((&fields["phone"], &fields["remarks"]), (&json!("ali"), &json!("deng")));
        let conflict = w.ali().conflict(&record);
        assert_eq!((&conflict["current"]["value"], &conflict["other"]["value"]), (&json!("ali"), &json!("deng")));
        let entry = w.ali().history(&record).pop().unwrap();
        assert_eq!(entry["at"], held["at"]);
        assert_eq!(entry["device"], w.deng().device);
    }

    fn a_release_can_beat_an_older_edit(w) {
        let (record, held) = quarantined(w, json!({ "phone": "deng" }), 30);
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1).ago(60));
        settle(w.province(), &held, "release").ok();
        assert_eq!(w.ali().fields(&record)["phone"], "deng");
    }

    /// Its author was told that it is held, and nothing of what came of it: what stands there is more than it thinks.
    fn an_edit_that_follows_an_unknown_release_is_merged(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        is(w.er().push_one(record.edit(json!({ "remarks": "er" })).base(1)), "quarantined");
        w.assign("four", JINYANG);
        settle(w.liangshan(), &w.liangshan().held_one(&record), "release").ok();
        let result = is(w.er().push_one(record.edit(json!({ "people": 9 })).base(1)), "merged");
        assert_eq!(conflict_ids(&result), Vec::<String>::new());
        assert_eq!(check_record(&record, &result)["fields"]["remarks"], "er");
        is(w.er().push_one(record.edit(json!({ "people": 8 })).base(3)), "applied");
    }

    /// The same of a record that begins with the release, and of what is only cleared.
    fn an_edit_that_follows_an_unknown_creation_is_merged(w) {
        let record = Rec::household(JINYANG);
        is(w.er().push_one(record.create()), "quarantined");
        w.assign("four", JINYANG);
        settle(w.liangshan(), &w.liangshan().held_one(&record), "release").ok();
        let result = is(w.er().push_one(record.edit(json!({ "people": 9 }))), "merged");
        assert_eq!(check_record(&record, &result)["fields"]["head_name"], "吉克阿力");
    }

    fn a_released_creation_stands(w) {
        let record = Rec::household(ZHAOJUE);
        w.ali().push_one(record.create());
        settle(w.liangshan(), &w.liangshan().held_one(&record), "release").ok();
        assert_eq!(w.chen().fields(&record), good("households", ZHAOJUE));
    }

    fn a_released_delete_deletes(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        w.deng().push_one(record.delete().base(1));
        settle(w.liangshan(), &w.liangshan().held_one(&record), "release").ok();
        assert_eq!(w.ali().see(&record), None);
    }

    fn releasing_a_parked_update_restores_its_record(w) {
        let (record, held) = parked(w);
        settle(w.liangshan(), &held, "release").ok();
        let mut expected = good("households", JINYANG);
        expected["phone"] = "ali".into();
        assert_eq!(w.chen().fields(&record), expected);
    }

    fn a_restore_by_release_brings_everything_that_the_delete_parked(w) {
        let (record, held) = parked(w);
        w.bo().push_one(record.edit(json!({ "remarks": "bo" })).base(1).ago(80));
        settle(w.liangshan(), &held, "release").ok();
        let fields = w.chen().fields(&record);
        assert_eq!((&fields["phone"], &fields["remarks"]), (&json!("ali"), &json!("bo")));
        for held in w.liangshan().held(&record) {
            assert_eq!(held["state"], "released", "{held}");
        }
    }

    fn releasing_an_update_that_the_delete_hid_restores_it(w) {
        let record = Rec::household(JINYANG);
        w.phone("liangshan").push_one(record.create().ago(180));
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1).ago(90));
        is(w.chen().push_one(record.delete().base(1).ago(60)), "merged");
        settle(w.liangshan(), &w.liangshan().held_one(&record), "release").ok();
        assert_eq!(w.chen().fields(&record)["phone"], "ali");
    }

    /// It had seen nothing of the later value that was there before it.
    fn releasing_an_update_that_the_delete_hid_keeps_its_stamp(w) {
        let record = Rec::household(JINYANG);
        w.bo().push_one(record.create_with(json!({ "phone": "later" })).ago(60));
        w.ali().push_one(record.create_with(json!({ "phone": "earlier", "remarks": "ali" })).ago(90));
        is(w.chen().push_one(record.delete().ago(30)), "merged");
        let held = w.liangshan().held(&record).into_iter().find(|held| held["device"] == w.ali().device).unwrap();
        settle(w.liangshan(), &held, "release").ok();
        let fields = w.chen().fields(&record);
        assert_eq!((&fields["phone"], &fields["remarks"]), (&json!("later"), &json!("ali")));
        assert_eq!(w.chen().conflicts(&record).len(), 1, "the one of when they first met");
    }

    fn a_release_that_restores_a_visit_gives_it_a_team(w) {
        let record = Rec::new("visits", JINYANG);
        w.chen().push([record.create(), record.edit(json!({ "summary": "chen" }))]);
        w.ali().push_one(record.create());
        w.bo().push_one(record.delete());
        let of_chen = |edit: bool| {
            let mut held = w.liangshan().held(&record).into_iter().filter(|held| held["device"] == w.chen().device);
            held.find(|held| held["op"]["fields"]["summary"].is_string() == edit).unwrap()
        };
        // It alone had been given a team.
        settle(w.liangshan(), &of_chen(false), "discard").ok();
        settle(w.liangshan(), &of_chen(true), "release").ok();
        let fields = w.chen().fields(&record);
        assert_eq!((&fields["team"], &fields["summary"]), (&json!(w.cast().teams["two"]), &json!("chen")));
    }

    fn releasing_a_quarantined_update_of_a_deleted_record_restores_it(w) {
        let (record, held) = quarantined(w, json!({ "remarks": "deng" }), 60);
        w.ali().push_one(record.delete().base(1));
        assert_eq!(w.ali().see(&record), None);
        settle(w.liangshan(), &held, "release").ok();
        assert_eq!(w.ali().fields(&record)["remarks"], "deng");
    }

    fn a_rejected_operation_cannot_be_released(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "people": "five" })));
        let held = w.liangshan().held_one(&record);
        settle(w.liangshan(), &held, "release").problem(409, "not_releasable");
        assert_eq!(w.liangshan().held_one(&record)["state"], "open");
    }

    fn one_whose_record_would_be_incomplete_cannot_be_released(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.edit(json!({ "phone": "1" })));
        let held = w.liangshan().held_one(&record);
        settle(w.liangshan(), &held, "release").problem(409, "not_releasable");
        assert_eq!(w.liangshan().held_one(&record)["state"], "open");
        assert_eq!(w.ali().see(&record), None);
    }

    fn a_quarantined_edit_of_nothing_cannot_be_released(w) {
        let record = Rec::household(JINYANG);
        w.deng().push_one(record.edit(json!({ "phone": "1" })));
        let held = w.liangshan().held_one(&record);
        settle(w.liangshan(), &held, "release").problem(409, "not_releasable");
    }

    fn an_incomplete_edit_is_released_with_its_creation(w) {
        // er makes a household out of scope, is assigned, and goes on with it.
        let record = Rec::household(JINYANG);
        is(w.er().push_one(record.create().ago(60)), "quarantined");
        w.assign("four", JINYANG);
        is(w.er().push_one(record.edit(json!({ "phone": "er" })).ago(30)), "parked");
        let creation = w.liangshan().held(&record).into_iter().find(|held| held["status"] == "quarantined").unwrap();
        settle(w.liangshan(), &creation, "release").ok();
        let fields = w.ali().fields(&record);
        assert_eq!((&fields["phone"], &fields["people"]), (&json!("er"), &json!(5)));
        for held in w.liangshan().held(&record) {
            assert_eq!(held["state"], "released", "{held}");
        }
    }

    fn what_waits_is_merged_once_beside_a_record_of_the_same_id(w) {
        let (one, other) = (Rec::household(JINYANG), Rec::household(JINYANG));
        let twin = Rec { collection: "members", ..one.clone() };
        for record in [&one, &other] {
            is(w.ali().push_one(record.edit(json!({ "phone": "waits" }))), "parked");
        }
        w.ali().push([one.create(), twin.create()]);
        assert_eq!(w.ali().history(&one).iter().map(rev).collect::<Vec<_>>(), [1, 2]);
        w.ali().push_one(other.create());
        assert_eq!(w.ali().fields(&other)["phone"], "waits");
        assert_eq!(w.liangshan().held_one(&other)["state"], "released");
    }

    fn a_huge_operation_is_cut_in_the_list_and_whole_by_itself(w) {
        let record = Rec::household(JINYANG);
        let op = record.create_with(json!({ "people": "five", "remarks": "长".repeat(100_000) }));
        is(w.ali().push_one(op.clone()), "rejected");
        let listed = w.liangshan().held_one(&record);
        assert_eq!(listed["op"].as_str().unwrap().chars().count(), 16_384);
        let path = format!("/v1/held-ops/{}", id_of(&listed));
        let whole = w.liangshan().get(&path).send().ok();
        assert_eq!(whole["op"]["fields"], op.0["fields"]);
        w.guangan().get(&path).send().refused(&[404]);
    }

    fn a_release_that_is_sent_twice_counts_once(w) {
        let (_, held) = quarantined(w, json!({ "remarks": "deng" }), 60);
        let path = format!("/v1/held-ops/{}/release", id_of(&held));
        let send = || w.liangshan().post(&path, &json!({})).header("idempotency-key", "k1").send().ok();
        assert_eq!(send(), send());
    }

    fn discarding_sets_aside_and_keeps(w) {
        let (record, held) = quarantined(w, json!({ "remarks": "deng" }), 60);
        let discarded = settle(w.liangshan(), &held, "discard").ok();
        assert_eq!(discarded["state"], "discarded");
        assert_eq!(w.ali().fields(&record).get("remarks"), None);
        let kept = w.liangshan().held_one(&record);
        assert_eq!(kept["state"], "discarded");
        assert_eq!(kept["op"], held["op"]);
    }

    fn a_rejected_operation_can_be_discarded(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "people": "five" })));
        assert_eq!(settle(w.liangshan(), &w.liangshan().held_one(&record), "discard").ok()["state"], "discarded");
    }

    fn who_settled_and_when_is_kept(w) {
        for how in ["release", "discard"] {
            let (record, held) = quarantined(w, json!({ "remarks": "deng" }), 60);
            settle(w.liangshan(), &held, how).ok();
            let kept = w.liangshan().held_one(&record);
            assert_eq!(kept["settled_by"], w.cast().users["liangshan"], "{how}");
            assert_near(&kept["settled_at"], now(), ms(5_000));
        }
    }

    fn a_second_settling_is_refused(w) {
        for (first, second) in
            [("release", "release"), ("release", "discard"), ("discard", "discard"), ("discard", "release")]
        {
            let (record, held) = quarantined(w, json!({ "remarks": "deng" }), 60);
            settle(w.liangshan(), &held, first).ok();
            let before = w.ali().see(&record);
            settle(w.province(), &held, second).problem(409, "already_settled");
            assert_eq!(w.ali().see(&record), before);
        }
    }

    fn every_state_is_listed_unless_filtered(w) {
        let (_, released) = quarantined(w, json!({ "remarks": "1" }), 60);
        let (_, discarded) = quarantined(w, json!({ "remarks": "2" }), 50);
        let (_, open) = quarantined(w, json!({ "remarks": "3" }), 40);
        settle(w.liangshan(), &released, "release").ok();
        settle(w.liangshan(), &discarded, "discard").ok();
        assert_eq!(w.liangshan().all("/v1/held-ops").len(), 3);
        for (state, held) in [("released", released), ("discarded", discarded), ("open", open)] {
            let listed = w.liangshan().all(&format!("/v1/held-ops?state={state}"));
            assert_eq!(listed.iter().map(id_of).collect::<Vec<_>>(), [id_of(&held)], "{state}");
        }
    }

    fn a_team_reads_but_does_not_settle(w) {
        let (record, held) = quarantined(w, json!({ "remarks": "deng" }), 60);
        assert_eq!(w.ali().held(&record).len(), 1);
        settle(w.ali(), &held, "release").refused(&[403]);
        settle(w.ali(), &held, "discard").refused(&[403]);
        assert_eq!(w.liangshan().held_one(&record)["state"], "open");
    }

    fn outside_scope_a_held_operation_is_not_there(w) {
        let (record, held) = quarantined(w, json!({ "remarks": "deng" }), 60);
        let nothing = json!({ "id": new_id() });
        for how in ["release", "discard"] {
            let real = settle(w.guangan(), &held, how).refused(&[404]);
            let unreal = settle(w.guangan(), &nothing, how).refused(&[404]);
            assert_eq!((&real["code"], &real["detail"]), (&unreal["code"], &unreal["detail"]));
        }
        assert_eq!(w.liangshan().held_one(&record)["state"], "open");
    }

    fn a_released_operation_is_repeated_with_its_first_status(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        let envelope = w.deng().envelope([record.edit(json!({ "remarks": "deng" })).base(1)]);
        let first = w.deng().accept(&envelope);
        settle(w.liangshan(), &w.liangshan().held_one(&record), "release").ok();
        assert_eq!(w.deng().accept(&envelope).results(), first.results());
        assert_eq!(w.ali().see(&record).unwrap()["rev"], 2);
    }

    fn what_is_held_survives_a_restart(w) {
        let (record, held) = quarantined(w, json!({ "remarks": "deng" }), 60);
        w.restart();
        assert_eq!(w.liangshan().held_one(&record), held);
        settle(w.liangshan(), &held, "release").ok();
        assert_eq!(w.ali().fields(&record)["remarks"], "deng");
    }

    fn two_settlings_at_the_same_moment_leave_one(w) {
        let (record, held) = quarantined(w, json!({ "remarks": "deng" }), 60);
        w.province();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let racers = [w.liangshan(), w.province(), w.liangshan()]
                .map(|session| scope.spawn(|| settle(session, &held, "release").status));
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
        assert_eq!(w.ali().see(&record).unwrap()["rev"], 2);
    }
}
