//! A request under an idempotency key counts once.

use super::Scratch;
use crate::http::idempotency::Idempotency;
use crate::http::{Answer, Code, Problem};
use crate::store::dialect::Rows;
use crate::store::{Engine, Instant, Store, buckets, idempotency};
use actix_web::FromRequest as _;
use actix_web::test::TestRequest;
use chrono::TimeDelta;
use uuid::Uuid;

fn key(text: &str) -> Idempotency {
    let request = TestRequest::post().uri("/v1/things").insert_header(("idempotency-key", text)).to_http_request();
    Idempotency::extract(&request).into_inner().unwrap()
}

/// Makes a county, unless it fails.
fn make(store: &Store, key: &Idempotency, user: Uuid, body: &'static str, fails: bool) -> Result<Answer, Problem> {
    let key = key.clone();
    store.write_now(move |tx| {
        key.once(tx, user, body.as_bytes(), |tx| {
            let bucket = rand::random_range(100_000..999_999);
            Rows::new().int("bucket", [bucket]).execute(tx, "INSERT INTO buckets (bucket) SELECT bucket FROM v")?;
            if fails {
                Err(Problem::new(Code::Conflict))
            } else {
                Answer::created(format!("/v1/things/{bucket}"), &bucket)
            }
        })
    })
}

fn made(store: &Store) -> usize {
    store.read_now(buckets::seqs).unwrap().len()
}

fn a_key_counts_once(engine: Engine) {
    let scratch = Scratch::new(engine);
    let (store, ali, bo) = (&scratch.store, Uuid::now_v7(), Uuid::now_v7());
    // What failed leaves nothing, not even its key.
    assert!(make(store, &key("k"), ali, "a", true).is_err());
    let answers: Vec<_> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..4).map(|_| scope.spawn(|| make(store, &key("k"), ali, "a", false).unwrap())).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(made(store), 1);
    assert_eq!(make(store, &key("k"), ali, "b", false).unwrap_err().code, Code::IdempotencyMismatch);
    assert_ne!(make(store, &key("k"), bo, "a", false).unwrap(), answers[0]);
    assert_ne!(make(store, &key("l"), ali, "a", false).unwrap(), answers[0]);
    assert_eq!(made(store), 3);
}

#[test]
fn a_key_counts_once_on_sqlite() {
    a_key_counts_once(Engine::Sqlite);
}

#[test]
fn a_key_counts_once_on_postgres() {
    a_key_counts_once(Engine::Postgres);
}

fn a_key_is_forgotten_after_a_week(engine: Engine) {
    let scratch = Scratch::new(engine);
    let user = Uuid::now_v7();
    let claimed = |key: &'static str, days: i64| {
        let at = Instant(Instant::now().0 + TimeDelta::days(days));
        scratch.store.write_now(move |tx| idempotency::claim(tx, user, key, b"request", at)).unwrap().is_none()
    };
    assert!(claimed("k", -8) && claimed("l", -8) && claimed("m", -6));
    assert!(claimed("k", 0) && !claimed("m", 0) && !claimed("k", 0));
    let swept = scratch.store.write_now(|tx| idempotency::sweep(tx, Instant::now())).unwrap();
    assert_eq!(swept, 1);
}

#[test]
fn a_key_is_forgotten_after_a_week_on_sqlite() {
    a_key_is_forgotten_after_a_week(Engine::Sqlite);
}

#[test]
fn a_key_is_forgotten_after_a_week_on_postgres() {
    a_key_is_forgotten_after_a_week(Engine::Postgres);
}
