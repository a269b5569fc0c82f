//! What somebody tries who should not: raising a role, moving people across regions, guessing, keeping what was taken away.

use crate::support::cast::PASSWORD;
use crate::support::http::Reply;
use crate::support::*;

fn sign_in(w: &World, username: &str, password: &str) -> Reply {
    w.session.post("/v1/auth/login", &json!({ "username": username, "password": password })).send()
}

/// Changes a user as `session`, having read them as the province.
fn change(w: &World, session: &Session, name: &str, patch: Value) -> Reply {
    let path = format!("/v1/users/{}", w.cast().users[name]);
    let tag = w.province().get(&path).send().header("etag").unwrap().to_owned();
    session.patch(&path, &patch).header("if-match", &tag).send()
}

fn user(w: &World, name: &str) -> Value {
    w.province().get(&format!("/v1/users/{}", w.cast().users[name])).send().ok()
}

on_both_engines! {
    fn a_prefecture_moves_nobody_across_its_border(w) {
        let before = [user(w, "er"), user(w, "deng"), user(w, "liangshan"), user(w, "province")];
        let foreign = json!({ "team": w.cast().teams["three"] });
        let own = json!({ "team": w.cast().teams["four"] });
        change(w, w.liangshan(), "er", foreign).refused(&[403, 404, 422]);
        change(w, w.liangshan(), "er", json!({ "team": w.cast().teams["one"] })).refused(&[403, 404, 422]);
        change(w, w.liangshan(), "deng", own.clone()).refused(&[404]);
        change(w, w.liangshan(), "province", json!({ "disabled": true })).refused(&[404]);
        change(w, w.liangshan(), "liangshan", json!({ "region": "5116" })).refused(&[403, 422]);
        change(w, w.liangshan(), "liangshan", json!({ "region": "51" })).refused(&[403, 422]);
        change(w, w.liangshan(), "liangshan", own).refused(&[422]);
        assert_eq!([user(w, "er"), user(w, "deng"), user(w, "liangshan"), user(w, "province")], before);
    }

    fn nobody_raises_a_role(w) {
        for (session, name) in [(w.liangshan(), "liangshan"), (w.liangshan(), "er"), (w.province(), "liangshan")] {
            change(w, session, name, json!({ "role": "provincial" })).refused(&[400, 403, 422]);
        }
        for patch in [json!({ "disabled": false }), json!({ "team": w.cast().teams["two"] }), json!({ "region": "51" })] {
            change(w, &w.ali().session, "ali", patch).refused(&[403]);
        }
        assert_eq!(user(w, "ali")["team"], w.cast().teams["one"]);
    }

    fn a_move_to_another_prefecture_counts_at_once(w) {
        let mut mirror = Mirror::of(w.guangan());
        mirror.sync();
        assert_eq!(change(w, w.province(), "guangan", json!({ "region": "5134" })).ok()["region"], "5134");
        mirror.sync();
        assert_eq!(mirror.names(), cast::counties("5134"));
        w.guangan().get(&format!("/v1/users/{}", w.cast().users["deng"])).send().refused(&[404]);
        w.guangan().get(&format!("/v1/users/{}", w.cast().users["er"])).send().ok();
    }

    fn what_was_answered_before_a_move_is_not_told_again_after_it(w) {
        let body = json!({ "campaign": w.cast().campaign, "team": w.cast().teams["four"], "county": XIDE,
            "kind": "prefecture", "from": "2015-04-15", "to": "2015-05-05" });
        let send = || w.liangshan().post("/v1/assignments", &body).header("idempotency-key", "k").send();
        assert_eq!(send().created(), send().created());
        change(w, w.province(), "liangshan", json!({ "region": "5116" })).ok();
        let told = send().refused(&[403, 404, 422]).to_string();
        assert!(!told.contains(XIDE), "{told}");
    }

    fn a_user_moved_away_and_back_forgets_what_it_held(w) {
        let mut mirror = Mirror::of(w.er());
        w.assign("four", XIDE);
        mirror.sync();
        change(w, w.province(), "er", json!({ "team": w.cast().teams["two"] })).ok();
        change(w, w.province(), "er", json!({ "team": w.cast().teams["four"] })).ok();
        let page = w.er().pull(mirror.cursor.as_deref());
        let part = page["buckets"].as_array().unwrap().iter().find(|part| part["bucket"] == XIDE).unwrap().clone();
        assert_eq!(part["reset"], true);
    }

    fn nobody_disables_themselves(w) {
        change(w, w.province(), "province", json!({ "disabled": true })).problem(409, "conflict");
        change(w, w.liangshan(), "liangshan", json!({ "disabled": true })).problem(409, "conflict");
        w.liangshan().get("/v1/me").send().ok();
    }

    fn who_was_disabled_and_is_back_signs_in_anew(w) {
        let token = w.er().refresh_token.clone();
        change(w, w.province(), "er", json!({ "disabled": true })).ok();
        assert_eq!(change(w, w.province(), "er", json!({ "disabled": false })).ok()["disabled"], false);
        w.er().get("/v1/me").send().refused(&[401]);
        w.session.post("/v1/auth/refresh", &json!({ "refresh_token": token })).send().refused(&[401]);
        sign_in(w, "er", PASSWORD).ok();
    }

    fn a_new_password_ends_every_other_sign_in(w) {
        let other = w.new_phone("ali");
        let body = json!({ "current_password": PASSWORD, "new_password": "Jinyang-by-the-river-7" });
        w.ali().post("/v1/auth/password", &body).send().status(&[204]);
        w.ali().get("/v1/me").send().ok();
        other.get("/v1/me").send().refused(&[401]);
        let token = json!({ "refresh_token": other.refresh_token });
        w.session.post("/v1/auth/refresh", &token).send().refused(&[401]);
    }

    fn a_weak_password_is_refused(w) {
        let body = json!({ "current_password": PASSWORD, "new_password": "short" });
        let problem = w.er().post("/v1/auth/password", &body).send().problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/new_password");
        let body = json!({ "username": "feng", "password": "short", "role": "prefecture", "region": "5134" });
        w.province().post("/v1/users", &body).send().problem(422, "invalid");
    }

    fn who_guesses_is_slowed_down(w) {
        let mut slowed = None;
        for _ in 0..20 {
            let reply = sign_in(w, "ali", "a guess").status(&[401, 429]);
            if reply.status == 429 {
                slowed = Some(reply);
                break;
            }
        }
        let slowed = slowed.expect("some guess is one too many");
        assert!(slowed.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
        // Whether a guess would have been right is not told either.
        sign_in(w, "ali", PASSWORD).refused(&[429]);
        sign_in(w, "bo", PASSWORD).ok();
        // Whose name it is makes no difference.
        let unknown = (0..20).map(|_| sign_in(w, "nobody", "a guess").status).position(|status| status == 429);
        assert!(unknown.is_some());
    }

    fn names_that_nobody_can_have_are_wrong_credentials(w) {
        for name in ["", " ali", "ali\n", &"x".repeat(10_000)] {
            let problem = sign_in(w, name, PASSWORD).problem(401, "bad_credentials");
            assert_eq!(problem["detail"], sign_in(w, "nobody", PASSWORD).refused(&[401])["detail"]);
        }
    }

    fn a_wipe_is_not_taken_back(w) {
        let path = format!("/v1/devices/{}/revoke", w.ali().device);
        w.revoke(w.ali(), "wipe");
        w.province().post(&path, &json!({ "mode": "flush" })).send().refused(&[409]);
        w.revoke(w.ali(), "wipe");
        w.ali().get("/v1/me").send().problem(403, "device_revoked");
        // Again and again, until it has heard it.
        let token = json!({ "refresh_token": w.ali().refresh_token });
        for _ in 0..2 {
            assert_eq!(w.session.post("/v1/auth/refresh", &token).send().problem(403, "device_revoked")["action"], "wipe");
        }
    }

    fn an_assignment_is_closed_once(w) {
        w.close("one", JINYANG);
        let path = format!("/v1/assignments/{}/close", w.cast().assignments[&format!("one {JINYANG}")]);
        w.province().post(&path, &json!({})).send().problem(409, "already_settled");
        // An open count below zero would swallow the next grant.
        w.assign("one", JINYANG);
        assert_eq!(w.ali().get("/v1/me").send().ok()["buckets"], json!([JINYANG]));
    }

    fn closings_at_the_same_moment_count_once(w) {
        w.assign("one", JINYANG);
        let path = format!("/v1/assignments/{}/close", w.cast().assignments[&format!("one {JINYANG}")]);
        w.province();
        let mut statuses: Vec<u16> = std::thread::scope(|scope| {
            let close = || w.province().post(&path, &json!({})).send().status;
            let racers: Vec<_> = (0..4).map(|_| scope.spawn(close)).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409]);
        assert_eq!(w.ali().get("/v1/me").send().ok()["buckets"], json!([JINYANG]));
    }

    fn a_prefecture_closes_no_provincial_assignment(w) {
        let path = format!("/v1/assignments/{}/close", w.cast().assignments[&format!("one {JINYANG}")]);
        w.liangshan().post(&path, &json!({})).send().refused(&[403]);
        assert_eq!(w.ali().get("/v1/me").send().ok()["buckets"], json!([JINYANG]));
    }

    fn a_user_is_made_once_for_a_key(w) {
        let body = json!({ "username": "feng", "password": PASSWORD, "role": "prefecture", "region": "5134" });
        let made = || w.province().post("/v1/users", &body).header("idempotency-key", "k").send().created();
        assert_eq!(made(), made());
    }
}
