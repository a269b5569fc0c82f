//! Section 6, a lost phone: revocation with `flush` and with `wipe`.

use crate::support::*;

fn devices(session: &Session) -> Vec<Value> {
    session.all("/v1/devices")
}

fn revoked_of(w: &World, phone: &Phone) -> Value {
    devices(w.province()).into_iter().find(|device| device["id"] == phone.device).unwrap()["revoked"].clone()
}

on_both_engines! {
    fn a_device_is_not_revoked_at_first(w) {
        assert_eq!(revoked_of(w, w.ali()), Value::Null);
    }

    fn a_flushed_device_pushes_into_quarantine(w) {
        let (known, new) = (Rec::household(JINYANG), Rec::household(JINYANG));
        w.ali().push_one(known.create());
        w.revoke(w.ali(), "flush");
        let pushed = w.ali().push([known.edit(json!({ "phone": "1" })).base(1), new.create().ago(60)]);
        assert_eq!(pushed.0["action"], "flush_then_wipe");
        assert_eq!(pushed.statuses(), ["quarantined", "quarantined"]);
        assert_eq!(w.bo().see(&new), None);
        assert_eq!(w.bo().see(&known).unwrap()["rev"], 1);
        assert_eq!(w.liangshan().held_one(&new)["device"], w.ali().device);
        assert_eq!(revoked_of(w, w.ali()), "flush");
    }

    fn a_flushed_devices_empty_push_tells_the_action(w) {
        w.revoke(w.ali(), "flush");
        assert_eq!(w.ali().push([]).0["action"], "flush_then_wipe");
    }

    fn a_flushed_device_may_not_pull(w) {
        let cursor = w.ali().pull(None)["cursor"].as_str().unwrap().to_owned();
        w.revoke(w.ali(), "flush");
        for body in [json!({ "schema": 1 }), json!({ "schema": 1, "cursor": cursor })] {
            let problem = w.ali().pull_body(&body).problem(403, "device_revoked");
            assert_eq!(problem["action"], "flush_then_wipe");
        }
    }

    fn a_flushed_device_still_gets_new_tokens_to_push_with(w) {
        let phone = w.ali();
        w.revoke(phone, "flush");
        let tokens = w.refresh(&phone.refresh_token);
        let again = Phone::new(&w.session, &tokens, &phone.name, &phone.user, &phone.device);
        assert_eq!(again.push([Rec::household(JINYANG).create()]).statuses(), ["quarantined"]);
    }

    fn what_a_flushed_device_pushed_can_be_released(w) {
        let record = Rec::household(JINYANG);
        w.revoke(w.ali(), "flush");
        w.ali().push_one(record.create());
        let held = w.liangshan().held_one(&record);
        w.liangshan().post(&format!("/v1/held-ops/{}/release", id_of(&held)), &json!({})).send().ok();
        assert_eq!(w.bo().fields(&record), good("households", JINYANG));
    }

    fn a_flushed_devices_bad_operations_are_rejected_still(w) {
        w.revoke(w.ali(), "flush");
        let pushed = w.ali().push([Rec::household(JINYANG).create_with(json!({ "people": "five" }))]);
        assert_eq!(pushed.statuses(), ["rejected"]);
    }

    fn a_wiped_device_may_nothing(w) {
        let record = Rec::household(JINYANG);
        let envelope = w.ali().envelope([record.create()]);
        w.revoke(w.ali(), "wipe");
        let calls = [
            w.ali().post("/v1/sync/push", &envelope),
            w.ali().post("/v1/sync/pull", &json!({ "schema": 1 })),
            w.ali().get("/v1/sync/events"),
            w.ali().get("/v1/sync/limits"),
            w.ali().get("/v1/me"),
            w.ali().get("/v1/conflicts"),
            w.ali().get("/v1/held-ops"),
            w.ali().get("/v1/assignments"),
            w.ali().get("/v1/dictionary"),
            w.ali().get(&format!("/v1/households?bucket={JINYANG}")),
            w.ali().get(&record.path()),
        ];
        for call in calls {
            let problem = call.send().problem(403, "device_revoked");
            assert_eq!(problem["action"], "wipe");
        }
        assert_eq!(w.bo().see(&record), None);
        assert_eq!(revoked_of(w, w.ali()), "wipe");
    }

    fn a_wiped_device_gets_no_new_tokens(w) {
        w.ali();
        w.revoke(w.ali(), "wipe");
        let body = json!({ "refresh_token": w.ali().refresh_token });
        w.session.post("/v1/auth/refresh", &body).send().refused(&[401, 403]);
        let body = json!({ "username": "ali", "password": cast::PASSWORD, "device_id": w.ali().device });
        w.session.post("/v1/auth/login", &body).send().refused(&[401, 403, 404]);
    }

    fn a_wipe_may_follow_a_flush(w) {
        w.revoke(w.ali(), "flush");
        w.ali().push([Rec::household(JINYANG).create()]);
        w.revoke(w.ali(), "wipe");
        w.ali().send(&json!({ "schema": 1, "ops": [] })).problem(403, "device_revoked");
    }

    fn the_persons_other_devices_go_on(w) {
        let tablet = w.new_phone("ali");
        w.revoke(w.ali(), "wipe");
        is(tablet.push_one(Rec::household(JINYANG).create()), "applied");
        is(w.bo().push_one(Rec::household(JINYANG).create()), "applied");
    }

    fn revocation_survives_a_restart(w) {
        w.revoke(w.ali(), "wipe");
        w.restart();
        w.ali().send(&json!({ "schema": 1, "ops": [] })).problem(403, "device_revoked");
    }

    fn an_unknown_mode_is_refused(w) {
        let path = format!("/v1/devices/{}/revoke", w.ali().device);
        for body in [json!({}), json!({ "mode": "burn" }), json!({ "mode": null })] {
            w.province().post(&path, &body).send().refused(&[400, 422]);
        }
        assert_eq!(revoked_of(w, w.ali()), Value::Null);
    }

    fn a_team_may_not_revoke_anothers_device(w) {
        let path = format!("/v1/devices/{}/revoke", w.ali().device);
        w.chen().post(&path, &json!({ "mode": "wipe" })).send().refused(&[403, 404]);
        w.guangan().post(&path, &json!({ "mode": "wipe" })).send().refused(&[403, 404]);
        assert_eq!(revoked_of(w, w.ali()), Value::Null);
    }

    fn a_prefecture_revokes_its_teams_devices(w) {
        let path = format!("/v1/devices/{}/revoke", w.chen().device);
        assert_eq!(w.liangshan().post(&path, &json!({ "mode": "flush" })).send().ok()["revoked"], "flush");
    }

    fn an_unknown_device_is_not_there(w) {
        let path = format!("/v1/devices/{}/revoke", new_id());
        w.province().post(&path, &json!({ "mode": "wipe" })).send().refused(&[404]);
    }

    fn devices_are_listed_with_what_they_are(w) {
        w.ali().push([Rec::household(JINYANG).create()]);
        let device = devices(w.province()).into_iter().find(|device| device["id"] == w.ali().device).unwrap();
        assert_eq!(device["user"], w.ali().user);
        assert_eq!(device["name"], "a phone");
        assert_eq!(device["platform"], "android");
        assert_eq!(device["app_version"], "1.0.0");
        assert_eq!(device["acked"], 1);
        assert_near(&device["last_push_at"], now(), ms(10_000));
        assert_eq!(devices(w.province()).len(), 7);
    }

    fn a_prefecture_lists_the_devices_of_its_region(w) {
        let users = [w.cast().users["liangshan"].as_str(), &w.cast().users["chen"], &w.cast().users["er"]];
        for device in devices(w.liangshan()) {
            assert!(users.contains(&device["user"].as_str().unwrap()), "{device}");
        }
    }
}
