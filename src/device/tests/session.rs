//! Signing in, renewing tokens, being revoked.

use super::*;

#[test]
fn the_first_sign_in_registers_and_later_ones_name_the_device() {
    let mut phone = Phone::new();
    assert_eq!(phone.device().id().unwrap().as_deref(), Some("d1"));
    phone.restart();
    phone.script.tokens(2, "d1");
    phone.sign_in().unwrap();
    let seen = phone.script.seen();
    assert_eq!(seen[0].0, "/v1/auth/login");
    assert_eq!(seen[0].2, json!({"username": "ali", "password": "secret", "device_id": "d1"}));
}

#[test]
fn a_store_belongs_to_one_person() {
    let mut phone = Phone::new();
    let other = Account { username: "bu".into(), password: "x".into() };
    assert!(matches!(phone.device().sign_in(other), Err(Error::OtherUser(owner)) if owner == "ali"));
}

#[test]
fn a_refused_token_is_refreshed_and_the_request_repeated() {
    let mut phone = Phone::new();
    phone.upsert(1, json!({"head_name": "阿力"}));
    phone
        .script
        .problem(401, "unauthorized", json!({}))
        .tokens(2, "d1")
        .answer(200, results(json!([{"op_seq": 1, "status": "applied", "rev": 1, "seq": 1}])));
    assert_eq!(phone.device().push().unwrap(), 1);
    let seen = phone.script.seen();
    let called: Vec<(&str, Option<&str>)> = seen.iter().map(|s| (s.0.as_str(), s.1.as_deref())).collect();
    assert_eq!(
        called,
        [("/v1/sync/push", Some("access1")), ("/v1/auth/refresh", None), ("/v1/sync/push", Some("access2"))]
    );
    assert_eq!(seen[1].2, json!({"refresh_token": "refresh1"}));
    assert_eq!(seen[0].2["ops"], seen[2].2["ops"]);
}

#[test]
fn a_spent_refresh_token_leads_back_to_the_password() {
    let mut phone = Phone::new();
    phone.script.problem(401, "unauthorized", json!({})).problem(401, "token_reused", json!({})).tokens(3, "d1");
    assert_eq!(phone.pull("c", &[], json!([])).unwrap(), 0);
    let paths: Vec<String> = phone.script.seen().into_iter().map(|s| s.0).collect();
    assert_eq!(paths, ["/v1/sync/pull", "/v1/auth/refresh", "/v1/auth/login", "/v1/sync/pull"]);

    // Without the password at hand the person is asked.
    phone.restart();
    phone.script.problem(401, "unauthorized", json!({})).problem(401, "token_reused", json!({}));
    assert!(matches!(phone.device().pull(), Err(Error::SignInNeeded)));
}

#[test]
fn a_device_that_the_server_forgot_is_registered_again() {
    let mut phone = Phone::new();
    phone.upsert(1, json!({"head_name": "阿力"}));
    phone.script.problem(404, "not_found", json!({})).tokens(2, "d2");
    phone.sign_in().unwrap();
    assert_eq!(phone.device().id().unwrap().as_deref(), Some("d2"));
    assert_eq!(phone.device().unsent().unwrap(), 1);
}

#[test]
fn a_lost_phone_is_wiped_at_once() {
    let mut phone = Phone::new();
    phone.given("c1", &[(1, 1, json!({"head_name": "阿力"}))]);
    phone.upsert(2, json!({"head_name": "木呷"}));
    phone.script.problem(403, "device_revoked", json!({"action": "wipe"}));
    assert!(matches!(phone.device().sync(), Err(Error::Wiped)));
    assert!(phone.device().is_wiped().unwrap());
    assert_eq!((phone.record(1), phone.record(2), phone.device().unsent().unwrap()), (None, None, 0));
    phone.restart();
    assert!(matches!(phone.device().sync(), Err(Error::Wiped)));
    assert!(matches!(phone.sign_in(), Err(Error::Wiped)));
    assert!(matches!(phone.device().edit(&[]), Err(Error::Wiped)));
    let bytes = std::fs::read(phone.dir.join("phone.db")).unwrap();
    assert!(!bytes.windows(6).any(|w| w == "阿力".as_bytes()), "it is still on the disk");
}

#[test]
fn a_revoked_phone_sends_everything_and_is_wiped_then() {
    let mut phone = Phone::new();
    phone.upsert(1, json!({"head_name": "阿力"}));
    let mut answer = results(json!([{"op_seq": 1, "status": "quarantined"}]));
    answer["action"] = "flush_then_wipe".into();
    phone.script.lose();
    assert!(phone.device().sync().unwrap_err().passes());
    phone.script.answer(200, answer);
    assert!(matches!(phone.device().sync(), Err(Error::Wiped)));
    assert!(phone.device().is_wiped().unwrap());
}

#[test]
fn a_phone_that_learns_of_its_end_by_a_pull_is_wiped_once_nothing_is_unsent() {
    let mut phone = Phone::new();
    phone.script.problem(403, "device_revoked", json!({"action": "flush_then_wipe"}));
    assert!(matches!(phone.device().pull(), Err(Error::Revoked)));
    assert!(matches!(phone.device().edit(&[]), Err(Error::Revoked)));
    assert!(matches!(phone.device().sync(), Err(Error::Wiped)));
}

#[test]
fn what_the_person_or_time_must_solve_is_told_apart() {
    let mut phone = Phone::new();
    phone.script.problem(426, "schema_too_old", json!({}));
    assert!(matches!(phone.device().pull(), Err(Error::UpgradeNeeded)));
    phone.script.problem(429, "too_many_requests", json!({}));
    assert!(matches!(phone.device().pull(), Err(Error::Later(wait)) if wait.as_secs() == 7));
    phone.script.problem(503, "unavailable", json!({}));
    assert!(matches!(phone.device().pull(), Err(Error::Later(_))));
    phone.script.answer(302, json!("a captive portal"));
    assert!(matches!(phone.device().pull(), Err(Error::Offline(_))));
    phone.script.answer(200, json!("<html>please pay</html>"));
    assert!(matches!(phone.device().pull(), Err(Error::Offline(_))));
    phone.script.problem(400, "malformed", json!({"detail": "no"}));
    assert!(matches!(phone.device().pull(), Err(Error::Refused { status: 400, .. })));
}
