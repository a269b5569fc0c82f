use super::*;

on_both_engines! {
    fn a_finding_lives_through_its_steps(w) {
        let record = found(w, json!({}));
        let fresh = steps(w.ali(), &record);
        assert_eq!((&fresh["state"], &fresh["steps"], &fresh["rev"]), (&json!("open"), &json!([]), &json!(1)));
        assert_eq!((&fresh["bucket"], &fresh["id"], &fresh["title"]), (&json!(JINYANG), &json!(record.id), &json!("饮水不安全")));
        assert_eq!(fresh["next"], json!(["accepted"]));
        assert_eq!(steps(w.liangshan(), &record)["next"], json!(["accepted", "rejected"]));

        step(w.ali(), &record, json!({ "to": "accepted" })).ok();
        let report = json!({ "to": "rectified", "rectification": "已新建水池", "rectified_on": "2015-05-02" });
        step(w.ali(), &record, report).ok();
        step(w.liangshan(), &record, json!({ "to": "verified", "verified_note": "已到现场" })).ok();
        let closed = step(w.province(), &record, json!({ "to": "closed" })).ok();
        assert_eq!(closed["state"], "closed");
        let ways = ["open→accepted", "accepted→rectified", "rectified→verified", "verified→closed"];
        assert_eq!(told(&closed), plain(&ways));
        assert_eq!(closed, steps(w.province(), &record), "what it answers is what is read");
        let by: Vec<_> = closed["steps"].as_array().unwrap().iter().map(|step| (&step["user"], &step["team"])).collect();
        let (ali, one) = (json!(w.cast().users["ali"]), json!(w.cast().teams["one"]));
        let (office, province) = (json!(w.cast().users["liangshan"]), json!(w.cast().users["province"]));
        let nobody = Value::Null;
        assert_eq!(by, [(&ali, &one), (&ali, &one), (&office, &nobody), (&province, &nobody)]);

        // Each is a rev that reaches everybody by pull, and counts in the county's sum.
        let fields = w.chen().fields(&record);
        for (name, value) in [("state", "closed"), ("rectification", "已新建水池"), ("rectified_on", "2015-05-02"), ("verified_note", "已到现场")] {
            assert_eq!(fields[name], value);
        }
        assert_eq!(w.chen().history(&record).len(), 5);
        let mut mirror = Mirror::of(w.chen());
        mirror.sync();
        assert_eq!(mirror.fields(&record)["state"], "closed");
    }

    fn a_wrong_step_is_refused_and_changes_nothing(w) {
        let record = found(w, json!({}));
        for to in ["rectified", "verified", "closed", "open"] {
            let body = json!({ "to": to, "verified_note": "x" });
            let problem = step(w.province(), &record, body).problem(409, "wrong_step");
            assert_eq!((&problem["state"], &problem["next"]), (&json!("open"), &json!(["accepted", "rejected"])));
        }
        step(w.province(), &record, json!({ "to": "forgotten" })).problem(422, "invalid");
        step(w.province(), &record, json!({ "to": "accepted", "state": "closed" })).problem(422, "invalid");
        step(w.province(), &record, json!({})).problem(422, "invalid");
        assert_eq!(w.ali().history(&record).len(), 1);
        assert_eq!(told(&steps(w.ali(), &record)), []);
    }

    fn a_team_verifies_closes_and_rejects_nothing(w) {
        for (state, to) in [("rectified", "verified"), ("open", "rejected"), ("open", "closed"), ("rectified", "accepted")] {
            let record = found(w, json!({ "state": state }));
            for team in [w.ali(), w.chen()] {
                step(team, &record, json!({ "to": to, "verified_note": "x" })).problem(403, "forbidden");
            }
            assert_eq!(w.ali().history(&record).len(), 1, "{to}");
        }
        let record = found(w, json!({ "state": "rectified" }));
        step(w.liangshan(), &record, json!({ "to": "verified" })).ok();
        step(w.ali(), &record, json!({ "to": "closed" })).problem(403, "forbidden");
        step(w.liangshan(), &record, json!({ "to": "closed" })).ok();
    }

    fn a_rejection_and_a_way_back_have_their_reason(w) {
        let record = found(w, json!({ "verified_note": "先前的说明" }));
        for silent in [json!({ "to": "rejected" }), json!({ "to": "rejected", "verified_note": "  " })] {
            let problem = step(w.liangshan(), &record, silent).problem(422, "invalid");
            assert_eq!(problem["errors"][0]["pointer"], "/verified_note");
            assert_eq!(problem["errors"][0]["code"], "required");
        }
        step(w.liangshan(), &record, json!({ "to": "rejected", "verified_note": "不属实" })).ok();
        // The reason for one decision is none for the next.
        step(w.liangshan(), &record, json!({ "to": "open" })).problem(422, "invalid");
        let reopened = step(w.liangshan(), &record, json!({ "to": "open", "verified_note": "复查属实" })).ok();
        assert_eq!(told(&reopened), plain(&["open→rejected", "rejected→open"]));
    }

    fn a_rectification_says_what_was_done(w) {
        let record = found(w, json!({ "state": "accepted" }));
        let problem = step(w.ali(), &record, json!({ "to": "rectified" })).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/rectification");
        let long = json!({ "to": "rectified", "rectification": "长".repeat(4_001) });
        let problem = step(w.ali(), &record, long).problem(422, "invalid");
        assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!("/rectification"), &json!("too_long")));
        // It may stand there already; the day is today's, in China.
        accepted(w.ali().push_one(record.edit(json!({ "rectification": "已修" })).base(1)));
        step(w.ali(), &record, json!({ "to": "rectified" })).ok();
        let today = (chrono::Utc::now() + chrono::TimeDelta::hours(8)).date_naive();
        let day = w.ali().fields(&record)["rectified_on"].as_str().unwrap().parse::<chrono::NaiveDate>().unwrap();
        assert!((today - day).num_days().abs() <= 1, "{day}");
    }

    fn a_step_counts_once_under_its_key(w) {
        let record = found(w, json!({}));
        let ask = || {
            let path = format!("{}/steps", record.path());
            w.ali().post(&path, &json!({ "to": "accepted" })).header("idempotency-key", "one").send().ok()
        };
        assert_eq!(ask(), ask());
        assert_eq!(w.ali().history(&record).len(), 2);
        // Without a key the second finds the first done.
        step(w.ali(), &record, json!({ "to": "accepted" })).problem(409, "wrong_step");
    }

    fn what_is_deleted_takes_no_step(w) {
        let record = found(w, json!({}));
        accepted(w.ali().push_one(record.delete().base(1)));
        step(w.province(), &record, json!({ "to": "accepted" })).problem(409, "record_deleted");
        w.province().get(&format!("{}/steps", record.path())).send().problem(410, "gone");
    }

    fn findings_of_other_counties_are_not_there(w) {
        let record = found(w, json!({}));
        for session in [&w.deng().session, w.guangan(), &w.er().session] {
            for path in [format!("{}/steps", record.path()), format!("{}/steps?bucket={JINYANG}", record.path())] {
                session.get(&path).send().problem(404, "not_found");
                session.post(&path, &json!({ "to": "accepted" })).send().problem(404, "not_found");
            }
        }
        let household = Rec::household(JINYANG);
        w.ali().push([household.create()]);
        w.ali().get(&format!("/v1/findings/{}/steps", household.id)).send().problem(404, "not_found");
        assert_eq!(w.ali().history(&record).len(), 1);
    }

    fn deadlines_run_until_the_end(w) {
        let day = |days: i64| (chrono::Utc::now() + chrono::TimeDelta::hours(8 + 24 * days)).date_naive().to_string();
        for (due, state, overdue) in [
            (Some(day(-2)), "open", true),
            (Some(day(-2)), "verified", true),
            (Some(day(-2)), "closed", false),
            (Some(day(-2)), "rejected", false),
            (Some(day(2)), "open", false),
            (None, "open", false),
        ] {
            let record = Rec::new("findings", JINYANG);
            accepted(w.phone("province").push_one(record.create_with(json!({ "state": state, "due_on": due }))));
            let told = steps(w.ali(), &record);
            assert_eq!((&told["overdue"], &told["due_on"]), (&json!(overdue), &json!(due)), "{state}, due {due:?}");
            let listed = |is: bool| {
                let all = w.ali().all(&format!("/v1/findings?overdue={is}&sort=-due_on&limit=1"));
                all.iter().any(|finding| finding["id"] == *record.id)
            };
            assert_eq!((listed(true), listed(false)), (overdue, !overdue), "{state}, due {due:?}");
        }
        // One without a state is open.
        let record = Rec::new("findings", JINYANG);
        accepted(w.ali().push_one(record.create_with(json!({ "due_on": day(-1) }))));
        let total = |session: &Session| session.get("/v1/findings?overdue=true&count=true").send().ok()["total"].clone();
        assert_eq!((total(w.ali()), total(w.guangan())), (json!(3), json!(0)));
        w.ali().get("/v1/findings?overdue=soon").send().problem(400, "malformed");
        w.ali().get("/v1/visits?overdue=true").send().problem(400, "unknown_parameter");
    }

    fn the_answer_is_in_the_callers_language(w) {
        let record = found(w, json!({ "state": "rectified" }));
        let ask = |language: &str| {
            let steps = w.ali().get(&format!("{}/steps", record.path())).header("accept-language", language).send().ok();
            steps["steps"][0]["warnings"][0]["detail"].as_str().unwrap().to_owned()
        };
        assert_eq!((ask("en"), ask("zh-CN")), ("A step in between is missing.".into(), "跳过了中间的办理环节。".into()));
        let refused = |language: &str| {
            let call = w.ali().post(&format!("{}/steps", record.path()), &json!({ "to": "closed" }));
            call.header("accept-language", language).send().problem(403, "forbidden")["detail"].clone()
        };
        assert_ne!(refused("en"), refused("zh-CN"));
    }

    fn two_who_decide_at_once_decide_once(w) {
        let record = found(w, json!({}));
        let path = format!("{}/steps", record.path());
        let bodies = [json!({ "to": "accepted" }), json!({ "to": "rejected", "verified_note": "不属实" })];
        let statuses = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..8)
                .map(|n| {
                    let (session, path, body) = (w.province().clone(), &path, &bodies[n % 2]);
                    scope.spawn(move || (body["to"].clone(), session.post(path, body).send().status))
                })
                .collect();
            asked.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        let told = told(&steps(w.province(), &record));
        assert!(told.iter().all(|(_, warnings)| warnings.is_empty()), "{told:?}");
        assert_eq!(statuses.iter().filter(|(_, status)| *status == 200).count(), told.len(), "{statuses:?}");
        assert!(statuses.iter().all(|(_, status)| [200, 409].contains(status)), "{statuses:?}");
    }

    fn other_ways_to_write_online_are_held_to_the_rule_too(w) {
        let record = found(w, json!({}));
        let change = |session: &Session, body: Value| session.patch(&record.path(), &body).header("if-match", "*").send();
        change(w.province(), json!({ "state": "closed" })).problem(409, "wrong_step");
        change(w.province(), json!({ "state": "rejected" })).problem(422, "invalid");
        change(w.ali(), json!({ "state": "rejected", "verified_note": "不属实" })).problem(403, "forbidden");
        change(w.ali(), json!({ "state": "verified" })).problem(422, "invalid");
        assert_eq!(w.ali().history(&record).len(), 1);
        // What is no step may be changed in any state, and the state said again.
        change(w.ali(), json!({ "state": "open", "severity": "high" })).ok();
        change(w.ali(), json!({ "state": "accepted" })).ok();
        change(w.ali(), json!({ "detail": "水池干涸" })).ok();
        let report = json!({ "state": "rectified", "rectification": "已修" });
        change(w.ali(), report).ok();
        change(w.liangshan(), json!({ "state": null })).problem(409, "wrong_step");
        assert_eq!(told(&steps(w.ali(), &record)), plain(&["open→accepted", "accepted→rectified"]));

        let mut new = good("findings", JINYANG);
        new["bucket"] = JINYANG.into();
        for (state, session, refused) in
            [("closed", w.province(), 409), ("rejected", &w.ali().session, 403), ("rectified", &w.ali().session, 409)]
        {
            new["state"] = state.into();
            session.post("/v1/findings", &new).send().refused(&[refused]);
        }
        new["state"] = "accepted".into();
        w.ali().post("/v1/findings", &new).send().created();
    }
}
