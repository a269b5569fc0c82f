use super::*;

on_both_engines! {
    fn a_skipped_step_is_kept_and_flagged(w) {
        let record = found(w, json!({}));
        is(w.ali().push_one(record.edit(json!({ "state": "rectified", "rectification": "已修" })).base(1)), "applied");
        let told_now = steps(w.ali(), &record);
        assert_eq!(told_now["state"], "rectified");
        assert_eq!(told(&told_now), [("open→rectified".to_owned(), vec!["step_skipped".to_owned()])]);
        assert_eq!(w.ali().fields(&record)["state"], "rectified");
        // It goes on from there.
        step(w.liangshan(), &record, json!({ "to": "verified" })).ok();
    }

    fn a_step_of_another_role_is_kept_and_flagged(w) {
        let record = found(w, json!({}));
        is(w.ali().push_one(record.edit(json!({ "state": "rejected", "verified_note": "不属实" })).base(1)), "applied");
        assert_eq!(told(&steps(w.ali(), &record)), [("open→rejected".to_owned(), vec!["not_by_role".to_owned()])]);
        assert_eq!(w.ali().fields(&record)["state"], "rejected");
    }

    fn a_rejection_without_a_reason_is_kept_and_flagged(w) {
        let record = found(w, json!({}));
        is(w.phone("province").push_one(record.edit(json!({ "state": "rejected" })).base(1)), "applied");
        assert_eq!(told(&steps(w.ali(), &record)), [("open→rejected".to_owned(), vec!["reason_missing".to_owned()])]);
    }

    /// What only an office may ever say is held, as any operation that cannot be applied: found again, and not in force.
    fn what_no_team_may_say_is_held(w) {
        let record = found(w, json!({ "state": "rectified" }));
        is(w.ali().push_one(record.edit(json!({ "state": "verified" })).base(1)), "rejected");
        assert_eq!(w.ali().fields(&record)["state"], "rectified");
        let held = w.province().all(&format!("/v1/held-ops?record_id={}", record.id));
        assert_eq!((held.len(), &held[0]["errors"][0]["code"]), (1, &json!("not_allowed")));
    }

    fn a_flag_goes_when_the_missing_step_arrives(w) {
        let record = Rec::new("findings", JINYANG);
        accepted(w.ali().push_one(record.create().ago(60)));
        // Bo, who is online, says that it is put right; ali's acceptance of before comes later.
        let report = json!({ "state": "rectified", "rectification": "已修" });
        accepted(w.bo().push_one(record.edit(report).base(1).ago(10)));
        assert_eq!(told(&steps(w.ali(), &record)), [("open→rectified".to_owned(), vec!["step_skipped".to_owned()])]);
        accepted(w.ali().push_one(record.edit(json!({ "state": "accepted" })).base(1).ago(30)));
        let whole = steps(w.ali(), &record);
        assert_eq!(told(&whole), plain(&["open→accepted", "accepted→rectified"]));
        let revs: Vec<_> = whole["steps"].as_array().unwrap().iter().map(|step| step["rev"].as_u64().unwrap()).collect();
        assert_eq!(revs, [3, 2], "in the order of their times");
        assert_eq!(w.ali().fields(&record)["state"], "rectified");
    }

    /// What is flagged is told in the answer, and found in the list, until it is put right.
    fn lists_tell_what_is_flagged(w) {
        let (flagged, plain) = (Rec::new("findings", JINYANG), found(w, json!({})));
        accepted(w.ali().push_one(flagged.create().ago(60)));
        let report = json!({ "state": "rectified", "rectification": "已修" });
        let result = accepted(w.bo().push_one(flagged.edit(report).base(1).ago(10)));
        let warning = json!({ "pointer": "/fields/state", "code": "step_skipped" });
        assert_eq!((&result["warnings"][0]["code"], &result["warnings"][0]["pointer"]), (&warning["code"], &warning["pointer"]));
        let ids = |query: &str| -> Vec<String> {
            w.liangshan().all(&format!("/v1/findings?{query}")).iter().map(id_of).collect()
        };
        assert_eq!((ids("warned=true"), ids("warned=false")), (vec![flagged.id.clone()], vec![plain.id]));
        assert_eq!(w.ali().get(&flagged.path()).send().ok()["warnings"], json!([warning]));
        assert_eq!(w.guangan().all("/v1/findings?warned=true").len(), 0);
        // Another field, written by another, leaves the flag; the missing step takes it away.
        accepted(w.bo().push_one(flagged.edit(json!({ "severity": "high" })).base(2)));
        assert_eq!(ids("warned=true").first(), Some(&flagged.id));
        let result = accepted(w.ali().push_one(flagged.edit(json!({ "state": "accepted" })).base(1).ago(30)));
        assert_eq!((ids("warned=true"), result.get("warnings")), (vec![], None));
    }

    fn a_whole_life_in_one_push_is_a_whole_life(w) {
        let record = Rec::new("findings", JINYANG);
        let pushed = w.phone("liangshan").push([
            record.create().ago(9),
            record.edit(json!({ "state": "accepted" })).ago(8),
            record.edit(json!({ "state": "rectified", "rectification": "已修" })).ago(7),
            record.edit(json!({ "state": "verified" })).ago(6),
            record.edit(json!({ "state": "closed" })).ago(5),
        ]);
        assert_eq!(pushed.statuses(), ["applied"; 5]);
        let ways = ["open→accepted", "accepted→rectified", "rectified→verified", "verified→closed"];
        assert_eq!(told(&steps(w.ali(), &record)), plain(&ways));
        assert_eq!(steps(w.ali(), &record)["next"], json!([]));
    }

    /// Settling a conflict is a change online: it takes the steps as any other.
    fn no_step_is_skipped_by_settling_a_conflict(w) {
        let record = Rec::new("findings", JINYANG);
        accepted(w.ali().push_one(record.create_with(json!({ "state": "open" })).ago(60)));
        accepted(w.ali().push_one(record.edit(json!({ "state": "accepted" })).base(1).ago(30)));
        is(w.bo().push_one(record.edit(json!({ "state": "rectified", "rectification": "已修" })).base(1).ago(20)), "merged");
        let conflict = w.liangshan().conflict(&record);
        let path = format!("/v1/conflicts/{}/resolve", id_of(&conflict));
        let resolve = |body: Value| w.liangshan().post(&path, &body).send();
        let seen = w.ali().fields(&record);
        resolve(json!({ "value": "closed" })).problem(409, "wrong_step");
        assert_eq!(w.ali().fields(&record), seen);
        resolve(json!({ "keep": "current" })).ok();
        assert_eq!(w.ali().fields(&record), seen);
    }

    fn a_restored_finding_has_its_steps_still(w) {
        let record = found(w, json!({ "state": "accepted" }));
        accepted(w.ali().push_one(record.delete().base(1)));
        accepted(w.ali().push_one(record.edit(json!({ "severity": "high" })).base(2)));
        assert_eq!(told(&steps(w.ali(), &record)), plain(&["open→accepted"]));
    }

    fn a_set_aside_step_is_none(w) {
        let record = found(w, json!({}));
        accepted(w.bo().push_one(record.edit(json!({ "state": "rectified" })).base(1)));
        // Ali had not seen that: his delete parks it, and the office sets it aside.
        accepted(w.ali().push_one(record.delete().base(1)));
        let held = id_of(&w.province().all(&format!("/v1/held-ops?record_id={}", record.id))[0]);
        w.province().post(&format!("/v1/held-ops/{held}/discard"), &json!({})).send().ok();
        accepted(w.ali().push_one(record.edit(json!({ "severity": "high" })).base(3)));
        let now = steps(w.ali(), &record);
        assert_eq!((told(&now), &now["state"]), (vec![], &json!("open")));
    }
}
