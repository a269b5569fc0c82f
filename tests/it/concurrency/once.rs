//! What may happen once, asked for several times at the same moment: at two servers, so that only the database decides.

use super::{Deed, second, together};
use crate::support::http::Reply;
use crate::support::*;

/// Keeps everybody from taking a key.
const KEYS: &str = "LOCK TABLE idempotency_keys IN SHARE MODE";

/// The statuses, in order.
fn statuses(replies: &[Reply]) -> Vec<u16> {
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses
}

/// Asks for the same several times at once, at both of two servers in turn. All of them need what `hold` locks.
fn race<'a>(
    w: &World,
    hold: &str,
    session: &Session,
    times: usize,
    ask: impl Fn(usize, &Session) -> Reply + Send + Sync + Copy + 'a,
) -> Vec<Reply> {
    let other = second(w);
    let sessions = [session.at(&session.url()), session.at(&other.url())];
    let deed = |n: usize| {
        let session = &sessions[n % 2];
        Box::new(move || ask(n, session)) as Deed<'_, Reply>
    };
    let replies = together(w, hold, (0..times).map(deed).collect());
    other.stop();
    replies
}

on_both_engines! {
    fn a_refresh_token_counts_once_and_its_family_ends(w) {
        let body = json!({ "refresh_token": w.ali().refresh_token });
        let body = &body;
        let replies = race(w, "SELECT * FROM refresh_tokens FOR UPDATE", &w.session, 6, |_, session| session.post("/v1/auth/refresh", body).send());
        assert_eq!(statuses(&replies), [200, 401, 401, 401, 401, 401]);
        let tokens = replies.into_iter().find(|reply| reply.status == 200).unwrap().ok();
        let winner = w.session.with_token(tokens["access_token"].as_str().unwrap());
        winner.get("/v1/me").send().refused(&[401]);
        let next = json!({ "refresh_token": tokens["refresh_token"] });
        w.session.post("/v1/auth/refresh", &next).send().refused(&[401]);
    }

    fn a_push_counts_once(w) {
        let record = Rec::household(JINYANG);
        let envelope = w.ali().envelope([record.create()]);
        let envelope = &envelope;
        let replies = race(w, "SELECT * FROM buckets FOR UPDATE", &w.ali().session, 2, |_, session| {
            session.post("/v1/sync/push", envelope).send()
        });
        let results: Vec<Value> = replies.into_iter().map(|reply| reply.ok()["results"].take()).collect();
        assert_eq!(results[0], results[1]);
        assert_eq!(w.ali().see(&record).unwrap()["rev"], 1);
    }

    fn a_request_under_one_key_counts_once(w) {
        let body = json!({ "name": "a team of many requests" });
        let body = &body;
        let replies = race(w, KEYS, w.liangshan(), 6, |_, session| {
            session.post("/v1/teams", body).header("idempotency-key", "one").send()
        });
        let ids: Vec<Value> = replies.into_iter().map(|reply| reply.created()["id"].take()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        let teams = w.liangshan().all("/v1/teams");
        assert_eq!(teams.iter().filter(|team| team["name"] == "a team of many requests").count(), 1);
    }

    fn of_different_requests_under_one_key_one_counts(w) {
        let replies = race(w, KEYS, w.liangshan(), 6, |n, session| {
            let body = json!({ "name": format!("a team of request {n}") });
            session.post("/v1/teams", &body).header("idempotency-key", "one").send()
        });
        assert_eq!(statuses(&replies), [201, 422, 422, 422, 422, 422]);
        let made = replies.into_iter().find(|reply| reply.status == 201).unwrap().created();
        let teams = w.liangshan().all("/v1/teams");
        let of_them = |team: &&Value| team["name"].as_str().unwrap().starts_with("a team of request");
        assert_eq!(teams.iter().filter(of_them).collect::<Vec<_>>(), [&made]);
    }

    fn of_changes_to_the_same_state_one_counts(w) {
        let ids = [("teams", &w.cast().teams["two"]), ("campaigns", &w.cast().campaign), ("users", &w.cast().users["er"])];
        for (resource, id) in ids {
            let path = &format!("/v1/{resource}/{id}");
            let before = w.province().get(path).send();
            let tag = &before.header("etag").unwrap().to_owned();
            let name = if resource == "users" { "display_name" } else { "name" };
            let hold = format!("SELECT * FROM {resource} FOR UPDATE");
            let replies = race(w, &hold, w.province(), 6, |n, session| {
                session.patch(path, &json!({ name: format!("name {n}") })).header("if-match", tag).send()
            });
            assert_eq!(statuses(&replies), [200, 412, 412, 412, 412, 412], "{path}");
            let winner = replies.into_iter().find(|reply| reply.status == 200).unwrap().ok();
            assert_eq!(w.province().get(path).send().ok(), winner);
        }
    }

    fn an_assignment_is_closed_once(w) {
        // Team one has the county twice: one of them is closed by many, the other one stays.
        w.assign("one", JINYANG);
        let path = &format!("/v1/assignments/{}/close", w.cast().assignments[&format!("one {JINYANG}")]);
        let replies = race(w, "SELECT * FROM assignments FOR UPDATE", w.province(), 6, |_, session| session.post(path, &json!({})).send());
        assert_eq!(statuses(&replies), [200, 409, 409, 409, 409, 409]);
        is(w.ali().push_one(Rec::household(JINYANG).create()), "applied");
        let open = w.province().all(&format!("/v1/assignments?open=true&county={JINYANG}&team={}", w.cast().teams["one"]));
        assert_eq!(open.len(), 1);
    }

    fn a_county_given_by_many_at_once_is_taken_when_all_are_closed(w) {
        let body = json!({ "campaign": w.cast().campaign, "team": w.cast().teams["four"], "county": XIDE,
            "kind": "provincial", "from": "2015-04-15", "to": "2015-05-05" });
        let body = &body;
        let replies = race(w, "LOCK TABLE team_buckets IN SHARE MODE", w.province(), 6, |_, session| session.post("/v1/assignments", body).send());
        for reply in replies {
            is(w.er().push_one(Rec::household(XIDE).create()), "applied");
            let id = reply.created()["id"].take();
            w.province().post(&format!("/v1/assignments/{}/close", id.as_str().unwrap()), &json!({})).send().ok();
        }
        is(w.er().push_one(Rec::household(XIDE).create()), "quarantined");
    }
}
