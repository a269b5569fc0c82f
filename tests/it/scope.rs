//! Section 6 and the guarantee that nothing leaks: who sees and writes what, now and after every change.

use chrono::TimeDelta;

use crate::support::*;

fn me(session: &Session) -> Vec<String> {
    let me = session.get("/v1/me").send().ok();
    let mut buckets: Vec<_> =
        me["buckets"].as_array().unwrap().iter().map(|b| b.as_str().unwrap().to_owned()).collect();
    buckets.sort();
    buckets
}

fn pulled(session: &Session) -> Vec<String> {
    let mut mirror = Mirror::of(session);
    mirror.sync();
    mirror.names().into_iter().map(str::to_owned).collect()
}

/// A household in ZHAOJUE, which team one must never see.
fn secret(w: &World) -> Rec {
    let record = Rec::household(ZHAOJUE);
    w.chen().push_one(record.create());
    record
}

on_both_engines! {
    fn a_team_has_the_counties_of_its_open_assignments(w) {
        assert_eq!(me(w.ali()), [JINYANG]);
        assert_eq!(me(w.chen()), [JINYANG, ZHAOJUE]);
        assert_eq!(me(w.er()), Vec::<String>::new());
        assert_eq!(pulled(w.chen()), [JINYANG, ZHAOJUE]);
    }

    fn a_prefecture_has_every_county_under_its_code(w) {
        assert_eq!(me(w.liangshan()), cast::counties("5134"));
        assert_eq!(pulled(w.guangan()), cast::counties("5116"));
    }

    fn the_province_has_every_county(w) {
        assert_eq!(me(w.province()), cast::counties("51"));
        assert_eq!(pulled(w.province()), cast::counties("51"));
    }

    fn the_offices_devices_write_in_their_counties(w) {
        for bucket in [JINYANG, XIDE, WUSHENG] {
            is(w.phone("province").push_one(Rec::household(bucket).create()), "applied");
        }
        is(w.phone("liangshan").push_one(Rec::household(XIDE).create()), "applied");
        is(w.phone("liangshan").push_one(Rec::household(WUSHENG).create()), "quarantined");
    }

    fn a_team_without_an_assignment_writes_nowhere(w) {
        for bucket in [JINYANG, ZHAOJUE, XIDE, WUSHENG] {
            is(w.er().push_one(Rec::household(bucket).create()), "quarantined");
        }
    }

    fn a_pull_never_holds_another_county(w) {
        secret(w);
        let page = w.ali().pull(None).to_string();
        assert!(!page.contains(ZHAOJUE), "{page}");
    }

    fn an_assignment_counts_at_once_whatever_its_plan_dates(w) {
        for (from, to) in [("2014-01-01", "2014-01-02"), ("2099-01-01", "2099-12-31")] {
            let body = json!({ "campaign": w.cast().campaign, "team": w.cast().teams["four"], "county": XIDE,
                "kind": "provincial", "from": from, "to": to });
            let made = w.province().post("/v1/assignments", &body).send().created();
            assert_eq!(me(w.er()), [XIDE]);
            w.province().post(&format!("/v1/assignments/{}/close", id_of(&made)), &json!({})).send().ok();
            assert_eq!(me(w.er()), Vec::<String>::new());
        }
    }

    fn two_open_assignments_of_one_county_need_two_closings(w) {
        let second = w.assign("one", JINYANG);
        w.close("one", JINYANG);
        assert_eq!(me(w.ali()), [JINYANG]);
        w.province().post(&format!("/v1/assignments/{second}/close"), &json!({})).send().ok();
        assert_eq!(me(w.ali()), Vec::<String>::new());
    }

    fn closing_an_assignment_takes_effect_at_the_next_request(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        w.close("one", JINYANG);
        let late = record.edit(json!({ "phone": "1" })).base(1).at(now() + TimeDelta::seconds(5));
        is(w.ali().push_one(late), "quarantined");
        assert_eq!(w.ali().pull(None)["buckets"], json!([]));
        w.ali().get(&record.path()).send().refused(&[404]);
        assert!(w.bo().see(&record).is_none());
        assert!(w.chen().see(&record).is_some());
    }

    fn an_operation_of_when_the_county_was_the_teams_own_is_applied(w) {
        let record = Rec::household(JINYANG);
        w.ali().push([]);
        let then = now();
        w.close("one", JINYANG);
        let result = w.ali().push_one(record.create().at(then));
        assert_eq!(result, json!({ "op_seq": 1, "status": "applied" }), "outside the present scope: no more than that");
        assert_eq!(w.chen().fields(&record), good("households", JINYANG));
    }

    fn the_corrected_time_decides_not_the_claimed_one(w) {
        w.ali().push([]);
        let then = now();
        w.close("one", JINYANG);
        // It claims to be of the time when the county was ali's, by a clock that is behind: it was made just now.
        let skew = now() - then + TimeDelta::hours(6);
        let late = Rec::household(JINYANG);
        is(w.ali().push_clock(wall(now() - skew), late.create().at(now() - skew)), "quarantined");
        // It claims to be of last year: it was made a moment before the closing.
        let own = Rec::household(JINYANG);
        let elapsed = (now() - then).num_milliseconds() + 200;
        let at = mono(ago(60 * 24 * 365), 1_000_000 - elapsed, "b");
        let phone = w.bo();
        is(phone.push_clock(mono(now(), 1_000_000, "b"), own.create().with("at", at)), "applied");
        assert!(w.chen().see(&own).is_some());
        assert!(w.chen().see(&late).is_none());
    }

    fn an_operation_of_before_the_assignment_is_quarantined_once_that_is_closed(w) {
        w.close("one", JINYANG);
        is(w.ali().push_one(Rec::household(JINYANG).create().ago(600)), "quarantined");
    }

    fn while_the_assignment_is_open_older_operations_are_applied(w) {
        is(w.ali().push_one(Rec::household(JINYANG).create().ago(60 * 24 * 30)), "applied");
    }

    fn an_operation_made_between_two_assignments_counts_by_the_present_one(w) {
        w.close("one", JINYANG);
        let between = now() + ms(2);
        eventually(5, "two milliseconds", || (now() > between).then_some(()));
        w.assign("one", JINYANG);
        is(w.ali().push_one(Rec::household(JINYANG).create().at(between)), "applied");
    }

    fn a_merge_outside_the_present_scope_tells_nothing(w) {
        let record = Rec::household(JINYANG);
        w.chen().push_one(record.create_with(json!({ "phone": "chen" })));
        w.ali().push([]);
        let then = now();
        w.close("one", JINYANG);
        let pushed = w.ali().push([
            record.edit(json!({ "phone": "ali" })).at(then),
            record.create_with(json!({ "people": "five" })).at(then),
            Rec::household(JINYANG).edit(json!({ "phone": "1" })).at(then),
        ]);
        assert_eq!(pushed.results()[0], json!({ "op_seq": 1, "status": "merged" }));
        let mut members: Vec<_> = pushed.results()[1].as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(members, ["error", "op_seq", "status"]);
        assert_eq!(pushed.results()[2], json!({ "op_seq": 3, "status": "parked" }));
    }

    fn a_repeat_after_the_closing_tells_nothing(w) {
        let record = Rec::household(JINYANG);
        w.chen().push_one(record.create_with(json!({ "phone": "chen" })));
        let envelope =
            w.ali().envelope([record.edit(json!({ "phone": "ali" })), Rec::household(JINYANG).create()]);
        w.ali().accept(&envelope);
        w.close("one", JINYANG);
        let again = w.ali().accept(&envelope);
        assert_eq!(again.results()[0], json!({ "op_seq": 1, "status": "merged" }));
        assert_eq!(again.results()[1], json!({ "op_seq": 2, "status": "applied" }));
    }

    fn a_bucket_taken_away_is_named_as_revoked(w) {
        let mut mirror = Mirror::of(w.chen());
        secret(w);
        mirror.sync();
        let old = mirror.cursor.clone();
        w.close("two", ZHAOJUE);
        let page = mirror.page();
        assert_eq!(page["revoked"], json!([ZHAOJUE]));
        assert_eq!(page["buckets"], json!([]));
        assert_eq!(mirror.names(), [JINYANG]);
        // In every answer to a cursor that still has it; no longer to the new one.
        assert_eq!(w.chen().pull(old.as_deref())["revoked"], json!([ZHAOJUE]));
        assert_eq!(mirror.page()["revoked"], json!([]));
    }

    fn a_bucket_granted_arrives_from_its_beginning(w) {
        let record = secret(w);
        let mut mirror = Mirror::of(w.ali());
        mirror.sync();
        w.assign("one", ZHAOJUE);
        mirror.sync();
        assert!(mirror.record(&record).is_some());
        assert_eq!(me(w.ali()), [JINYANG, ZHAOJUE]);
    }

    fn a_bucket_taken_away_and_given_back_in_between_is_reset(w) {
        let mut mirror = Mirror::of(w.chen()).with_limit(2);
        let records: Vec<_> = (0..3).map(|_| secret(w)).collect();
        mirror.sync();
        w.close("two", ZHAOJUE);
        w.phone("liangshan").push([records[0].delete().base(1), Rec::household(ZHAOJUE).create()]);
        w.assign("two", ZHAOJUE);
        let pages = mirror.sync();
        let parts: Vec<_> = pages.iter().flat_map(|page| page["buckets"].as_array().unwrap()).collect();
        assert_eq!(parts[0]["bucket"], ZHAOJUE);
        assert_eq!(parts[0]["reset"], true);
        assert!(parts[1..].iter().all(|part| part["reset"] == false), "only on its first page");
        assert!(pages.iter().all(|page| page["revoked"] == json!([])));
        let mut fresh = Mirror::of(w.chen());
        fresh.sync();
        assert_eq!(mirror.live(), fresh.live());
        assert_eq!(mirror.live()[ZHAOJUE].len(), 3);
    }

    fn a_bucket_given_back_after_the_client_dropped_it_comes_whole(w) {
        let mut mirror = Mirror::of(w.chen());
        let record = secret(w);
        mirror.sync();
        w.close("two", ZHAOJUE);
        mirror.sync();
        assert!(mirror.record(&record).is_none());
        w.assign("two", ZHAOJUE);
        mirror.sync();
        assert!(mirror.record(&record).is_some());
    }

    fn a_bucket_closed_while_paging_stops_there(w) {
        let mut mirror = Mirror::of(w.chen()).with_limit(2);
        for _ in 0..5 {
            secret(w);
        }
        mirror.page();
        w.close("two", ZHAOJUE);
        mirror.sync();
        assert_eq!(mirror.names(), [JINYANG]);
    }

    fn another_teams_closing_changes_nothing(w) {
        let mut mirror = Mirror::of(w.ali());
        mirror.sync();
        w.close("two", JINYANG);
        let page = mirror.page();
        assert_eq!((&page["revoked"], &page["buckets"]), (&json!([]), &json!([])));
    }

    fn a_user_moved_to_another_team_takes_its_counties(w) {
        let path = format!("/v1/users/{}", w.er().user);
        let tag = w.province().get(&path).send().header("etag").unwrap().to_owned();
        let patch = json!({ "team": w.cast().teams["two"] });
        w.province().patch(&path, &patch).header("if-match", &tag).send().ok();
        assert_eq!(me(w.er()), [JINYANG, ZHAOJUE]);
        is(w.er().push_one(Rec::household(ZHAOJUE).create()), "applied");
    }

    fn a_record_outside_scope_looks_like_none(w) {
        let record = secret(w);
        let none = Rec::household(ZHAOJUE);
        for tail in ["", "/history", &format!("?bucket={ZHAOJUE}")] {
            let ask = |record: &Rec| w.ali().get(&format!("{}{tail}", record.path())).send().refused(&[404]);
            let (real, unreal) = (ask(&record), ask(&none));
            for member in ["code", "title", "detail", "type"] {
                assert_eq!(real[member], unreal[member], "{tail}");
            }
        }
    }

    fn a_list_of_a_county_outside_scope_looks_like_one_of_no_county(w) {
        secret(w);
        let ask = |bucket: &str| w.ali().get(&format!("/v1/households?bucket={bucket}")).send();
        let (secret, none) = (ask(ZHAOJUE), ask(XIDE));
        assert_eq!(secret.status, none.status);
        assert!(!secret.text().contains("513431100201"), "{}", secret.text());
        if secret.status == 200 {
            assert_eq!(secret.json()["items"], json!([]));
        }
    }

    fn a_team_lists_its_own_counties_records(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        let secret = secret(w);
        let list = w.ali().all(&format!("/v1/households?bucket={JINYANG}"));
        assert_eq!(list.len(), 1);
        assert!(list[0].to_string().contains(&record.id));
        assert!(!json!(list).to_string().contains(&secret.id));
    }

    fn conflicts_of_another_county_are_not_listed(w) {
        let record = secret(w);
        w.phone("liangshan").push_one(record.edit(json!({ "people": 9 })));
        assert_eq!(w.chen().conflicts(&record).len(), 1);
        assert_eq!(w.ali().all("/v1/conflicts"), Vec::<Value>::new());
        let list = w.ali().get("/v1/conflicts?count=true").send().ok();
        assert_eq!(list["total"], 0);
    }

    fn a_rejection_does_not_tell_whether_the_record_stands(w) {
        // The division list is no secret, but what is in a county is: a rejection is judged from the operation alone.
        let record = secret(w);
        let bad = |record: &Rec| record.edit(json!({ "people": "five" }));
        let pushed = w.ali().push([bad(&record), bad(&Rec::household(ZHAOJUE))]);
        assert_eq!(pushed.results()[0]["error"]["errors"], pushed.results()[1]["error"]["errors"]);
        assert_eq!(pushed.statuses(), ["rejected", "rejected"]);
    }
}
