//! What the client does with each answer of the protocol, and the laws of its store. The answers are written
//! out as the protocol has them; the whole client against the real server is tested in `tests/it`.

mod http;
mod laws;
mod pulling;
mod pushing;
mod session;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};
use sync_core::{Bucket, Collection};
use uuid::Uuid;

use super::http::{Answer, Unreachable};
use super::*;

/// Answers in the order in which they are to be given, and the requests that came.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Option<Answer>>>,
    requests: Mutex<Vec<(String, Option<String>, Value)>>,
}

impl Script {
    fn answer(&self, status: u16, body: Value) -> &Self {
        let retry_after = (status == 429).then_some(Duration::from_secs(7));
        let answer = Answer { status, retry_after, body: serde_json::to_vec(&body).unwrap() };
        self.answers.lock().unwrap().push_back(Some(answer));
        self
    }

    /// The request arrives nowhere, or its answer is lost: the client cannot tell.
    fn lose(&self) -> &Self {
        self.answers.lock().unwrap().push_back(None);
        self
    }

    fn problem(&self, status: u16, code: &str, more: Value) -> &Self {
        let mut body = json!({"type": "about:blank", "status": status, "code": code, "title": code});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.answer(status, body)
    }

    /// Tokens for the device, and what follows from them.
    fn tokens(&self, number: u32, device: &str) -> &Self {
        self.answer(
            200,
            json!({"access_token": format!("access{number}"), "token_type": "Bearer", "expires_in": 900,
                   "refresh_token": format!("refresh{number}"), "user": "u", "device": {"id": device}}),
        )
    }

    /// The requests since the last time: path, token, body.
    fn seen(&self) -> Vec<(String, Option<String>, Value)> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

impl Transport for Script {
    fn post(&self, path: &str, token: Option<&str>, body: &[u8]) -> Result<Answer, Unreachable> {
        let body = serde_json::from_slice(body).unwrap();
        self.requests.lock().unwrap().push((path.to_owned(), token.map(str::to_owned), body));
        let answer = self.answers.lock().unwrap().pop_front();
        answer.unwrap_or_else(|| panic!("no answer to {path}")).ok_or_else(|| Unreachable("lost".into()))
    }
}

/// A clock that moves a second at every reading.
struct Ticking(Mutex<i64>);

impl Clock for Ticking {
    fn read(&self) -> Reading {
        let mut mono = self.0.lock().unwrap();
        *mono += 1000;
        let wall = chrono::DateTime::from_timestamp_millis(1_429_000_000_000 + *mono).unwrap().fixed_offset();
        Reading { wall, mono: Some(*mono), boot: Some("b1".into()) }
    }
}

/// A phone with a store in a directory of its own, which goes with it.
struct Phone {
    dir: PathBuf,
    script: Arc<Script>,
    device: Option<Device>,
}

impl Phone {
    /// Signed in as device `d1`.
    fn new() -> Self {
        let mut phone = Self::unknown();
        phone.script.tokens(1, "d1");
        phone.sign_in().unwrap();
        phone.script.seen();
        phone
    }

    fn unknown() -> Self {
        let dir = std::env::temp_dir().join(format!("ruhu-device-{}", Uuid::new_v4()));
        std::fs::create_dir(&dir).unwrap();
        let mut phone = Self { dir, script: Arc::default(), device: None };
        phone.restart();
        phone
    }

    fn restart(&mut self) {
        self.device = None;
        let about = About { name: "phone".into(), platform: "test".into(), app_version: "1".into() };
        let clock = Box::new(Ticking(Mutex::new(0)));
        let path = self.dir.join("phone.db");
        let device = Device::open(&path, Durability::Crash, self.script.clone(), clock, about);
        self.device = Some(device.unwrap());
    }

    fn device(&mut self) -> &mut Device {
        self.device.as_mut().unwrap()
    }

    fn sign_in(&mut self) -> Result<(), Error> {
        self.device().sign_in(Account { username: "ali".into(), password: "secret".into() })
    }

    fn upsert(&mut self, number: u128, fields: Value) -> i64 {
        self.device().edit(&[Edit { key: key(number), change: Change::Upsert(object(fields)) }]).unwrap()
    }

    fn delete(&mut self, number: u128) -> i64 {
        self.device().edit(&[Edit { key: key(number), change: Change::Delete }]).unwrap()
    }

    fn record(&mut self, number: u128) -> Option<Value> {
        self.device().record(&key(number)).unwrap().map(Value::Object)
    }

    /// Pulls one last page.
    fn pull(&mut self, cursor: &str, revoked: &[&str], buckets: Value) -> Result<usize, Error> {
        self.script.answer(200, page(cursor, false, revoked, buckets));
        self.device().pull()
    }

    /// Pulls the records of county 513430 as (number, rev, fields or null when deleted), complete.
    fn given(&mut self, cursor: &str, changes: &[(u128, i64, Value)]) {
        let changes: Vec<Value> = changes.iter().map(|(number, rev, fields)| change(*number, *rev, fields)).collect();
        self.pull(
            cursor,
            &[],
            json!([{"bucket": "513430", "reset": false, "seq": 1, "complete": false,
                                       "changes": changes}]),
        )
        .unwrap();
    }

    fn outbox(&mut self) -> Vec<Op> {
        push::batch(self.device().store.conn(), 500).unwrap()
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.device = None;
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

fn key(number: u128) -> Key {
    Key::new(Bucket::new(513_430).unwrap(), Collection::Households, Uuid::from_u128(number))
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn digest_of(number: u128, rev: i64, fields: &Value) -> sync_core::Digest {
    let fields = if fields.is_null() { Map::new() } else { object(fields.clone()) };
    digest::of(&key(number), rev, &digest::canonical(fields)).unwrap()
}

fn change(number: u128, rev: i64, fields: &Value) -> Value {
    let mut change = json!({"collection": "households", "id": Uuid::from_u128(number), "rev": rev, "seq": rev,
                            "digest": digest_of(number, rev, fields).to_string(), "updated_at": "2015-04-16T08:00:00.000+08:00"});
    if fields.is_null() {
        change["deleted"] = true.into();
    } else {
        change["fields"] = fields.clone();
    }
    change
}

fn page(cursor: &str, more: bool, revoked: &[&str], buckets: Value) -> Value {
    json!({"server_time": "2015-04-16T08:00:00.000+08:00", "cursor": cursor, "more": more, "revoked": revoked,
           "buckets": buckets})
}

/// An answer to a push.
fn results(results: Value) -> Value {
    json!({"server_time": "2015-04-16T08:00:00.000+08:00", "acked": 0, "results": results})
}
