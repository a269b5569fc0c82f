//! The collections' own tables say what the records say, whatever happened to them.

use super::{COUNTY, Ground, job};
use crate::fields::dictionary;
use crate::store::{Engine, promoted};
use crate::sync::batch;
use serde_json::{Map, Value, json};
use sync_core::window::Status;
use sync_core::{Bucket, Collection};
use uuid::Uuid;

fn bucket() -> Bucket {
    COUNTY.parse().unwrap()
}

/// A value of a field as the dictionary has it, another one for each `n`; nothing where the server alone sets it.
fn value(field: &Value, n: u32) -> Value {
    let items = |field: &Value| {
        let inner = field["fields"].as_array().unwrap();
        inner.iter().map(|field| (field["name"].as_str().unwrap().to_owned(), value(field, n))).collect::<Map<_, _>>()
    };
    match field["type"].as_str().unwrap() {
        "text" => json!(format!("第{n}号 “Text” \\ {n}")),
        "texts" => json!([format!("text {n}")]),
        "choice" => field["values"][n as usize % field["values"].as_array().unwrap().len()]["value"].clone(),
        "choices" => json!([field["values"][n as usize % 3]["value"]]),
        "boolean" => json!(n.is_multiple_of(2)),
        "integer" => json!(field["min"].as_i64().unwrap().max(0) + i64::from(n)),
        "number" if field["name"] == "lat" => json!(28.25 + f64::from(n) / 100.0),
        "number" if field["name"] == "lon" => json!(102.5 + f64::from(n) / 100.0),
        "number" => json!(f64::from(n) + 0.125),
        "date" => json!(format!("2015-04-{:02}", n % 28 + 1)),
        "date_time" => json!(format!("2015-04-16T08:40:{:02}.5+08:00", n % 60)),
        "uuid" => json!(Uuid::from_u128(u128::from(n))),
        "village_code" => json!(format!("{COUNTY}1002{:02}", n % 100)),
        "sha256" => json!(format!("{n:064x}")),
        "object" => items(field).into(),
        "list" => json!([items(field), items(field)]),
        "answers" => json!({ "q1": format!("{n}") }),
        // With its check digit.
        "id_number" => json!("51343019700101001X"),
        other => panic!("no value for a {other}"),
    }
}

/// A record of a collection with every field that a client sets.
fn whole(collection: Collection, n: u32) -> (Uuid, Map<String, Value>) {
    let dictionary = serde_json::to_value(dictionary()).unwrap();
    let sheets = dictionary["collections"].as_array().unwrap();
    let sheet = sheets.iter().find(|sheet| sheet["name"] == collection.name()).unwrap();
    let fields = sheet["fields"].as_array().unwrap().iter().filter(|field| field["read_only"] == false);
    let mut fields: Map<_, _> =
        fields.map(|field| (field["name"].as_str().unwrap().to_owned(), value(field, n))).collect();
    fields.remove("id_number");
    let id = match fields.get("village") {
        Some(village) if collection == Collection::Villages => {
            Uuid::new_v5(&Uuid::NAMESPACE_X500, village.as_str().unwrap().as_bytes())
        }
        _ => Uuid::from_u128(u128::from(n) << 64),
    };
    (id, fields)
}

struct Phone<'a> {
    ground: &'a Ground,
    next: u64,
}

impl Phone<'_> {
    /// Pushes and looks whether the tables are right.
    #[track_caller]
    fn push(&mut self, ops: Vec<Value>) {
        let numbered = |(seq, mut op): (u64, Value)| {
            op["op_seq"] = json!(seq);
            op["bucket"] = json!(COUNTY);
            op
        };
        let ops: Vec<Value> = (self.next..).zip(ops).map(numbered).collect();
        self.next += ops.len() as u64;
        let jobs = vec![job(self.ground.session, &ops)];
        let answers = self.ground.scratch.store.write_now(move |tx| batch::apply(tx, &jobs)).unwrap();
        for result in &answers[0].as_ref().unwrap().results {
            assert!(matches!(result.status, Status::Applied | Status::Merged), "{result:?}");
        }
        self.check();
    }

    #[track_caller]
    fn check(&self) {
        for collection in Collection::ALL {
            let wrong = self.ground.scratch.store.read_now(|conn| promoted::wrong(conn, bucket(), collection)).unwrap();
            assert!(wrong.is_empty(), "{wrong:?}");
        }
    }
}

fn upsert(collection: Collection, id: Uuid, base: Option<u64>, fields: &Map<String, Value>) -> Value {
    json!({"kind": "upsert", "collection": collection.name(), "id": id, "base": base, "fields": fields})
}

fn the_tables_follow(engine: Engine) {
    let ground = Ground::new(engine);
    let mut phone = Phone { ground: &ground, next: 1 };
    let all: Vec<_> = Collection::ALL.into_iter().flat_map(|c| (1..4).map(move |n| (c, whole(c, n)))).collect();
    phone.push(all.iter().map(|(c, (id, fields))| upsert(*c, *id, None, fields)).collect());
    // Every field changes, of some; a field that has no column, of others; and some lose all that they can.
    let mut ops = Vec::new();
    for (n, (collection, (id, _))) in (0_u32..).zip(&all) {
        let (_, mut fields) = whole(*collection, n + 7);
        match n % 3 {
            0 => fields.retain(|name, _| !(name == "village" && *collection == Collection::Villages)),
            1 => fields = Map::from_iter([("phone".to_owned(), json!("1"))]),
            _ => {
                let required = crate::fields::required(*collection);
                fields.retain(|name, _| !required.contains(&name.as_str()) && name != "answers");
                fields.values_mut().for_each(|value| *value = Value::Null);
            }
        }
        if n % 3 != 1 || *collection == Collection::Households {
            ops.push(upsert(*collection, *id, Some(1), &fields));
        }
    }
    phone.push(ops);
    // Deleted, deleted and brought back, and made and deleted at once.
    let delete = |c: &Collection, id: &Uuid| json!({"kind": "delete", "collection": c.name(), "id": id});
    phone.push(all.iter().map(|(c, (id, _))| delete(c, id)).collect());
    let living = |collection| {
        let store = &ground.scratch.store;
        store.write_now(move |tx| promoted::rebuild(tx, bucket(), collection)).unwrap()
    };
    assert_eq!(Collection::ALL.map(living), [0; 7]);
    let back = Map::from_iter([("remarks".to_owned(), json!("又回来了"))]);
    let households = all.iter().filter(|(collection, _)| *collection == Collection::Households);
    phone.push(households.map(|(c, (id, _))| upsert(*c, *id, None, &back)).collect());
    let (id, fields) = whole(Collection::Photos, 50);
    phone.push(vec![upsert(Collection::Photos, id, None, &fields), delete(&Collection::Photos, &id)]);
    assert_eq!(living(Collection::Households), 3);
    phone.check();
}

#[test]
fn the_tables_follow_the_records_on_sqlite() {
    the_tables_follow(Engine::Sqlite);
}

#[test]
fn the_tables_follow_the_records_on_postgres() {
    the_tables_follow(Engine::Postgres);
}
