//! Records and operations, with good default fields for each collection.

use serde_json::{Value, json};
use uuid::Uuid;

use super::time::{self, Time};

/// 金阳县: team one (ali, bo) and team two (chen) are assigned to it.
pub(crate) const JINYANG: &str = "513430";
/// 昭觉县: team two (chen).
pub(crate) const ZHAOJUE: &str = "513431";
/// 喜德县: in the same prefecture; nobody is assigned to it.
pub(crate) const XIDE: &str = "513432";
/// 武胜县: in another prefecture; team three (deng).
pub(crate) const WUSHENG: &str = "511622";

/// The namespace of the ids of villages.
const VILLAGES: Uuid = uuid::uuid!("6ba7b814-9dad-11d1-80b4-00c04fd430c8");

/// A record's identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rec {
    pub(crate) bucket: String,
    pub(crate) collection: &'static str,
    pub(crate) id: String,
}

pub(crate) fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// The id of a village's sheet.
pub(crate) fn village_id(village: &str) -> String {
    Uuid::new_v5(&VILLAGES, village.as_bytes()).to_string()
}

impl Rec {
    pub(crate) fn new(collection: &'static str, bucket: &str) -> Self {
        let id = match collection {
            "villages" => village_id(&village_of(bucket)),
            _ => new_id(),
        };
        Self { bucket: bucket.into(), collection, id }
    }

    pub(crate) fn household(bucket: &str) -> Self {
        Self::new("households", bucket)
    }

    pub(crate) fn interview(bucket: &str) -> Self {
        Self::new("interviews", bucket)
    }

    /// A whole new record, with what its collection requires.
    pub(crate) fn create(&self) -> Op {
        self.edit(good(self.collection, &self.bucket))
    }

    /// A whole new record with these fields beside (or instead of) the good ones.
    pub(crate) fn create_with(&self, more: Value) -> Op {
        let mut op = self.create();
        for (name, value) in more.as_object().expect("fields are an object") {
            op.0["fields"][name] = value.clone();
        }
        op
    }

    /// An upsert of these fields only. `at` is the present; no base.
    pub(crate) fn edit(&self, fields: Value) -> Op {
        Op(json!({ "kind": "upsert", "bucket": self.bucket, "collection": self.collection, "id": self.id,
            "at": time::wall(time::now()), "fields": fields }))
    }

    pub(crate) fn delete(&self) -> Op {
        Op(json!({ "kind": "delete", "bucket": self.bucket, "collection": self.collection, "id": self.id,
            "at": time::wall(time::now()) }))
    }

    /// `/v1/households/{id}`
    pub(crate) fn path(&self) -> String {
        format!("/v1/{}/{}", self.collection, self.id)
    }
}

/// An operation without its number, which it gets when it is pushed.
#[derive(Clone, Debug)]
pub(crate) struct Op(pub(crate) Value);

impl Op {
    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0[member] = value.into();
        self
    }

    pub(crate) fn without(mut self, member: &str) -> Self {
        self.0.as_object_mut().expect("an object").remove(member);
        self
    }

    pub(crate) fn base(self, rev: u64) -> Self {
        self.with("base", rev)
    }

    /// Made at `time` by a clock that has no `mono`.
    pub(crate) fn at(self, time: Time) -> Self {
        self.with("at", time::wall(time))
    }

    pub(crate) fn ago(self, minutes: i64) -> Self {
        self.at(time::ago(minutes))
    }

    pub(crate) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0["fields"][name] = value.into();
        self
    }

    pub(crate) fn without_field(mut self, name: &str) -> Self {
        self.0["fields"].as_object_mut().expect("fields are an object").remove(name);
        self
    }
}

pub(crate) fn village_of(bucket: &str) -> String {
    format!("{bucket}100201")
}

/// Valid fields, the required ones among them. A visit names no team: the server gives it.
pub(crate) fn good(collection: &str, bucket: &str) -> Value {
    match collection {
        "households" => {
            json!({ "village": village_of(bucket), "head_name": "吉克阿力", "people": 5, "status": "poor" })
        }
        "members" => json!({ "household": new_id(), "name": "吉克木呷", "sex": "male" }),
        "villages" => json!({ "village": village_of(bucket), "poor_village": true, "households": 213 }),
        "visits" => {
            json!({ "campaign": new_id(), "method": "random_check", "level": "household", "day": "2015-04-16" })
        }
        "interviews" => json!({ "visit": new_id(), "level": "household", "form": "household", "form_version": 1,
            "respondent": "阿力" }),
        "findings" => json!({ "level": "village", "topic": "difficulties", "title": "饮水不安全" }),
        "photos" => json!({ "subject": { "collection": "households", "id": new_id() },
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "bytes": 48_213,
            "mime": "image/jpeg" }),
        other => panic!("no collection {other}"),
    }
}

pub(crate) const COLLECTIONS: [&str; 7] =
    ["households", "members", "villages", "visits", "interviews", "findings", "photos"];
