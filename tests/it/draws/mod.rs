//! `/v1/campaigns/{id}/draws` and `ruhu draw verify`: random samples that anyone can check, written from
//! `docs/sampling.md`.

mod commit;
mod replace;
mod reveal;
mod roles;
mod stages;
mod verify;
mod visibility;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use diesel::{Connection as _, PgConnection, RunQueryDsl as _, SqliteConnection};
use sha2::{Digest as _, Sha256};

use crate::support::jcs::{canonical, hex};
use crate::support::*;

fn draws(w: &World) -> String {
    format!("/v1/campaigns/{}/draws", w.cast().campaign)
}

fn path(w: &World, draw: &Value) -> String {
    format!("{}/{}", draws(w), id_of(draw))
}

/// Three of JINYANG's villages, all alike.
fn villages() -> Value {
    json!({ "level": "village", "county": JINYANG, "method": "srs", "places": { "total": 3 }, "substitutes": 2 })
}

fn with(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().expect("members") {
        body[name] = value.clone();
    }
    body
}

#[track_caller]
fn commit(w: &World, body: &Value) -> Value {
    w.province().post(&draws(w), body).send().created()
}

#[track_caller]
fn reveal(w: &World, draw: &Value) -> Value {
    w.province().post(&format!("{}/reveal", path(w, draw)), &json!({})).send().ok()
}

#[track_caller]
fn drawn(w: &World, body: &Value) -> Value {
    reveal(w, &commit(w, body))
}

/// Gives a unit's place to the next; the one that takes it.
#[track_caller]
fn replace(w: &World, draw: &Value, unit: &Value) -> Value {
    let path = format!("{}/units/{}/replace", path(w, draw), id_of(unit));
    w.province().post(&path, &json!({ "reason": "道路中断" })).send().ok()
}

/// New households of a village of JINYANG, pushed.
fn register(w: &World, village: &str, count: usize, more: &Value) -> Vec<String> {
    let records: Vec<Rec> = (0..count).map(|_| Rec::household(JINYANG)).collect();
    let fields = with(json!({ "village": village }), more.clone());
    for result in w.ali().push(records.iter().map(|record| record.create_with(fields.clone()))).results() {
        accepted(result.clone());
    }
    records.into_iter().map(|record| record.id).collect()
}

/// A village sheet of JINYANG, pushed.
fn sheet(w: &World, village: &str, more: &Value) {
    let id = op::village_id(village);
    let record = Rec { bucket: JINYANG.into(), collection: "villages", id };
    accepted(w.ali().push_one(record.edit(with(json!({ "village": village }), more.clone()))));
}

fn texts(items: &Value, member: &str) -> Vec<String> {
    let items = items.as_array().expect("a list").iter();
    items.map(|item| item[member].as_str().unwrap_or_else(|| panic!("{member} of {item}")).to_owned()).collect()
}

fn sha256(value: &Value) -> String {
    hex(&Sha256::digest(canonical(value)))
}

/// A unit's number, from the text of the documentation.
fn number(key: &[u8; 32], unit: &str) -> u64 {
    let nonce: [u8; 12] = Sha256::digest(unit)[..12].try_into().unwrap();
    let mut stream = [0; 8];
    ChaCha20::new(key.into(), &nonce.into()).apply_keystream(&mut stream);
    u64::from_be_bytes(stream)
}

fn bytes(text: &str) -> [u8; 32] {
    let byte = |i: usize| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap();
    std::array::from_fn(byte)
}

/// The ids in the order of their numbers.
fn in_order(key: &[u8; 32], mut ids: Vec<String>) -> Vec<String> {
    ids.sort_by_key(|id| number(key, id));
    ids
}

/// What somebody does who has the database in hand.
fn sql(w: &World, statement: &str) {
    let url = w.store.database_url();
    let changed = match url.strip_prefix("sqlite:") {
        Some(file) => {
            let mut conn = SqliteConnection::establish(file).unwrap();
            diesel::sql_query("PRAGMA busy_timeout = 10000").execute(&mut conn).unwrap();
            diesel::sql_query(statement).execute(&mut conn)
        }
        None => diesel::sql_query(statement).execute(&mut PgConnection::establish(&url).unwrap()),
    };
    assert_eq!(changed.unwrap(), 1, "{statement}");
}
