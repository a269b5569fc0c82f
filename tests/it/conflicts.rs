//! Section 4: conflicts, what they hold and how they are settled.

use crate::support::http::Reply;
use crate::support::*;

/// Three hours ago "0" (rev 1); one hour ago ali's "ali" (rev 2); half an hour ago, unseen, chen's "chen" (rev 3).
fn conflicting(w: &World) -> (Rec, Value) {
    let record = Rec::household(JINYANG);
    w.phone("liangshan").push_one(record.create_with(json!({ "phone": "0" })).ago(180));
    w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1).ago(60));
    is(w.chen().push_one(record.edit(json!({ "phone": "chen" })).base(1).ago(30)), "merged");
    let conflict = w.liangshan().conflict(&record);
    (record, conflict)
}

fn resolve(session: &Session, conflict: &Value, body: Value) -> Reply {
    session.post(&format!("/v1/conflicts/{}/resolve", id_of(conflict)), &body).send()
}

on_both_engines! {
    fn a_conflict_holds_both_sides(w) {
        let (record, conflict) = conflicting(w);
        assert_eq!(conflict["bucket"], JINYANG);
        assert_eq!(conflict["collection"], "households");
        assert_eq!(conflict["record_id"], record.id);
        assert_eq!(conflict["field"], "phone");
        assert_eq!(conflict["base"], "0");
        assert_eq!(conflict["state"], "open");
        assert_eq!(conflict["settled_by"], Value::Null);
        assert_eq!(conflict["settled_at"], Value::Null);
        assert_near(&conflict["created_at"], now(), ms(5_000));
        let sides = [("current", w.chen(), "two", 30, 3), ("other", w.ali(), "one", 60, 2)];
        for (side, phone, team, minutes, rev) in sides {
            let side = &conflict[side];
            assert_eq!(side["value"], phone.name);
            assert_eq!(side["user"], phone.user);
            assert_eq!(side["device"], phone.device);
            assert_eq!(side["team"], w.cast().teams[team]);
            assert_eq!(side["rev"], rev);
            assert_eq!(side["clock_corrected"], false);
            assert_near(&side["at"], ago(minutes), ms(5_000));
            assert_near(&side["claimed_at"], ago(minutes), ms(5_000));
        }
    }

    fn the_arriving_value_is_the_other_when_it_loses(w) {
        let record = Rec::household(JINYANG);
        w.phone("liangshan").push_one(record.create_with(json!({ "phone": "0" })).ago(180));
        w.chen().push_one(record.edit(json!({ "phone": "chen" })).base(1).ago(30));
        w.ali().push_one(record.edit(json!({ "phone": "ali" })).base(1).ago(60));
        let conflict = w.ali().conflict(&record);
        assert_eq!((&conflict["current"]["value"], &conflict["current"]["rev"]), (&json!("chen"), &json!(2)));
        assert_eq!((&conflict["other"]["value"], &conflict["other"]["rev"]), (&json!("ali"), &json!(3)));
    }

    fn a_corrected_clock_is_marked(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "ali" })).ago(60));
        let skew = ms(7_200_000);
        w.chen().push_clock(wall(now() + skew), record.edit(json!({ "phone": "chen" })).at(ago(30) + skew));
        let conflict = w.ali().conflict(&record);
        assert_eq!(conflict["current"]["clock_corrected"], true);
        assert_near(&conflict["current"]["at"], ago(30), ms(5_000));
        assert_near(&conflict["current"]["claimed_at"], ago(30) + skew, ms(5_000));
        assert_eq!(conflict["other"]["clock_corrected"], false);
    }

    fn without_a_base_the_base_value_is_null(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "ali" })));
        w.chen().push_one(record.edit(json!({ "phone": "chen" })));
        assert_eq!(w.ali().conflict(&record)["base"], Value::Null);
    }

    fn the_base_is_what_its_author_had_seen_even_if_that_was_discarded(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "seen" })).ago(60));
        is(w.bo().push_one(record.delete()), "merged");
        let held = w.liangshan().held_one(&record);
        w.liangshan().post(&format!("/v1/held-ops/{}/discard", id_of(&held)), &json!({})).send().ok();
        accepted(w.bo().push_one(record.create_with(json!({ "phone": "bo" })).base(2)));
        w.chen().push_one(record.edit(json!({ "phone": "chen" })).base(1));
        let conflict = w.ali().conflict(&record);
        assert_eq!((&conflict["base"], &conflict["other"]["value"]), (&json!("seen"), &json!("bo")));
    }

    fn keeping_the_current_value_settles(w) {
        let (record, conflict) = conflicting(w);
        let settled = resolve(w.liangshan(), &conflict, json!({ "keep": "current" })).ok();
        assert_eq!(settled["state"], "settled");
        assert_eq!(w.ali().fields(&record)["phone"], "chen");
    }

    fn keeping_the_other_value_brings_it_back(w) {
        let (record, conflict) = conflicting(w);
        let mut mirror = Mirror::of(w.bo());
        mirror.sync();
        resolve(w.liangshan(), &conflict, json!({ "keep": "other" })).ok();
        mirror.sync();
        assert_eq!(mirror.fields(&record)["phone"], "ali");
        assert_eq!(mirror.record(&record).unwrap().rev, 4);
    }

    fn a_third_value_may_be_given(w) {
        let (record, conflict) = conflicting(w);
        resolve(w.province(), &conflict, json!({ "value": "both" })).ok();
        assert_eq!(w.ali().fields(&record)["phone"], "both");
    }

    fn a_settling_beats_every_earlier_write(w) {
        let (record, conflict) = conflicting(w);
        resolve(w.liangshan(), &conflict, json!({ "keep": "other" })).ok();
        // An older value that comes late does not undo it.
        w.bo().push_one(record.edit(json!({ "phone": "bo" })).base(1).ago(10));
        assert_eq!(w.ali().fields(&record)["phone"], "ali");
        assert_eq!(w.ali().conflicts(&record).len(), 2);
    }

    fn a_settling_is_an_ordinary_write(w) {
        let (record, conflict) = conflicting(w);
        resolve(w.liangshan(), &conflict, json!({ "keep": "other" })).ok();
        let entry = w.liangshan().history(&record).pop().unwrap();
        assert_eq!(entry["rev"], 4);
        assert_eq!(entry["user"], w.cast().users["liangshan"]);
        assert_eq!(field_of(&entry, "phone")["value"], "ali");
        assert_eq!(field_of(&entry, "phone")["current"], true);
        assert_near(&entry["at"], now(), ms(5_000));
    }

    fn who_settled_and_when_is_kept(w) {
        let (record, conflict) = conflicting(w);
        resolve(w.liangshan(), &conflict, json!({ "keep": "other" })).ok();
        let settled = w.liangshan().conflict(&record);
        assert_eq!(settled["state"], "settled");
        assert_eq!(settled["settled_by"], w.cast().users["liangshan"]);
        assert_near(&settled["settled_at"], now(), ms(5_000));
    }

    fn current_means_the_value_at_that_moment(w) {
        let (record, conflict) = conflicting(w);
        w.bo().push_one(record.edit(json!({ "phone": "bo" })).base(3));
        resolve(w.liangshan(), &conflict, json!({ "keep": "current" })).ok();
        assert_eq!(w.ali().fields(&record)["phone"], "bo");
    }

    fn a_conflict_keeps_what_it_was_recorded_with(w) {
        let (record, conflict) = conflicting(w);
        w.bo().push_one(record.edit(json!({ "phone": "bo" })).base(3));
        assert_eq!(w.liangshan().conflict(&record), conflict);
    }

    fn a_second_settling_is_refused(w) {
        let (record, conflict) = conflicting(w);
        resolve(w.liangshan(), &conflict, json!({ "keep": "other" })).ok();
        for body in [json!({ "keep": "current" }), json!({ "keep": "other" }), json!({ "value": "x" })] {
            resolve(w.province(), &conflict, body).problem(409, "already_settled");
        }
        assert_eq!(w.ali().see(&record).unwrap()["rev"], 4);
    }

    fn on_a_deleted_record_only_current_settles(w) {
        let (record, conflict) = conflicting(w);
        w.bo().push_one(record.delete().base(3));
        for body in [json!({ "keep": "other" }), json!({ "value": "x" })] {
            resolve(w.liangshan(), &conflict, body).problem(409, "record_deleted");
        }
        let revs = w.liangshan().history(&record).len();
        let settled = resolve(w.liangshan(), &conflict, json!({ "keep": "current" })).ok();
        assert_eq!(settled["state"], "settled");
        assert_eq!(w.liangshan().history(&record).len(), revs, "without a write");
        assert_eq!(w.ali().see(&record), None);
    }

    fn a_value_must_be_valid(w) {
        let (record, conflict) = conflicting(w);
        for body in [json!({ "value": 7 }), json!({ "value": { "a": 1 } }), json!({ "value": "长".repeat(4_001) })] {
            resolve(w.liangshan(), &conflict, body).refused(&[400, 422]);
        }
        for body in [json!({}), json!({ "keep": "both" }), json!({ "keep": null }), json!([]), json!("current")] {
            resolve(w.liangshan(), &conflict, body).refused(&[400, 422]);
        }
        assert_eq!(w.liangshan().conflict(&record), conflict);
        assert_eq!(w.ali().see(&record).unwrap()["rev"], 3);
    }

    fn a_cleared_side_may_be_kept(w) {
        let record = Rec::household(JINYANG);
        w.phone("liangshan").push_one(record.create_with(json!({ "phone": "0" })).ago(180));
        w.ali().push_one(record.edit(json!({ "phone": null })).base(1).ago(60));
        w.chen().push_one(record.edit(json!({ "phone": "chen" })).base(1).ago(30));
        resolve(w.liangshan(), &w.liangshan().conflict(&record), json!({ "keep": "other" })).ok();
        assert_eq!(w.ali().fields(&record).get("phone"), None);
    }

    fn a_conflict_over_an_answer_is_settled_for_that_answer(w) {
        let record = Rec::interview(JINYANG);
        w.ali().push_one(record.create_with(json!({ "answers": { "a": "ali", "b": "ali" } })).ago(60));
        w.chen().push_one(record.edit(json!({ "answers.a": "chen" })).ago(30));
        resolve(w.liangshan(), &w.liangshan().conflict(&record), json!({ "value": ["x", "y"] })).ok();
        let fields = w.ali().fields(&record);
        assert_eq!((&fields["answers.a"], &fields["answers.b"]), (&json!(["x", "y"]), &json!("ali")));
    }

    fn conflicts_are_listed_by_scope(w) {
        let (record, _) = conflicting(w);
        for session in [w.province(), w.liangshan(), &w.ali().session, &w.chen().session] {
            assert_eq!(session.conflicts(&record).len(), 1);
        }
        for session in [w.guangan(), &w.deng().session, &w.er().session] {
            assert_eq!(session.all("/v1/conflicts"), Vec::<Value>::new());
        }
    }

    fn both_states_are_listed_unless_filtered(w) {
        let (_, settled) = conflicting(w);
        let (_, open) = conflicting(w);
        resolve(w.liangshan(), &settled, json!({ "keep": "current" })).ok();
        assert_eq!(w.liangshan().all("/v1/conflicts").len(), 2);
        for (state, conflict) in [("settled", settled), ("open", open)] {
            let listed = w.liangshan().all(&format!("/v1/conflicts?state={state}"));
            assert_eq!(listed.iter().map(id_of).collect::<Vec<_>>(), [id_of(&conflict)], "{state}");
        }
    }

    fn a_team_reads_but_does_not_settle(w) {
        let (record, conflict) = conflicting(w);
        resolve(w.ali(), &conflict, json!({ "keep": "current" })).refused(&[403]);
        assert_eq!(w.liangshan().conflict(&record)["state"], "open");
    }

    fn outside_scope_a_conflict_is_not_there(w) {
        let (record, conflict) = conflicting(w);
        let body = json!({ "keep": "current" });
        let real = resolve(w.guangan(), &conflict, body.clone()).refused(&[404]);
        let unreal = resolve(w.guangan(), &json!({ "id": new_id() }), body).refused(&[404]);
        assert_eq!((&real["code"], &real["detail"]), (&unreal["code"], &unreal["detail"]));
        assert_eq!(w.liangshan().conflict(&record)["state"], "open");
    }

    fn a_device_that_has_not_seen_the_settling_conflicts_anew(w) {
        let (record, conflict) = conflicting(w);
        resolve(w.liangshan(), &conflict, json!({ "keep": "other" })).ok();
        let result = is(w.bo().push_one(record.edit(json!({ "phone": "bo" })).base(3)), "merged");
        assert_eq!(conflict_ids(&result).len(), 1);
    }

    fn one_that_has_seen_the_settling_does_not(w) {
        let (record, conflict) = conflicting(w);
        resolve(w.liangshan(), &conflict, json!({ "keep": "other" })).ok();
        is(w.bo().push_one(record.edit(json!({ "phone": "bo" })).base(4)), "applied");
        assert_eq!(w.ali().fields(&record)["phone"], "bo");
    }
}
