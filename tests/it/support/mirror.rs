//! A tiny client model: it folds pull pages into a map as section 5 says, and checks of every page what must hold of
//! it (order, digests, counts and sums). It shares nothing with the server's code nor with its client.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::http::Session;
use super::jcs;
use super::op::Rec;
use super::time;

type Key = (String, String);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) rev: u64,
    pub(crate) seq: u64,
    pub(crate) digest: String,
    /// `None` when it is deleted.
    pub(crate) fields: Option<Value>,
}

#[derive(Clone)]
pub(crate) struct Mirror {
    session: Session,
    pub(crate) cursor: Option<String>,
    pub(crate) buckets: BTreeMap<String, BTreeMap<Key, Held>>,
    pub(crate) limit: usize,
}

impl Mirror {
    pub(crate) fn of(session: &Session) -> Self {
        Self { session: session.clone(), cursor: None, buckets: BTreeMap::new(), limit: 1000 }
    }

    pub(crate) fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Pulls until there is no more; the pages.
    #[track_caller]
    pub(crate) fn sync(&mut self) -> Vec<Value> {
        let mut pages = Vec::new();
        loop {
            let page = self.page();
            let more = page["more"] == true;
            pages.push(page);
            assert!(pages.len() < 1000, "a pull comes to an end");
            if !more {
                return pages;
            }
        }
    }

    /// Pulls one page and takes it in.
    #[track_caller]
    pub(crate) fn page(&mut self) -> Value {
        self.ask(json!({ "schema": 1 }))
    }

    #[track_caller]
    pub(crate) fn restart(&mut self, buckets: &[&str]) -> Value {
        self.ask(json!({ "schema": 1, "restart": buckets }))
    }

    #[track_caller]
    fn ask(&mut self, mut body: Value) -> Value {
        body["limit"] = self.limit.into();
        if let Some(cursor) = &self.cursor {
            body["cursor"] = cursor.as_str().into();
        }
        let page = self.session.pull_body(&body).ok();
        self.take(&page);
        page
    }

    /// Folds a page in, whatever cursor it was asked with.
    #[track_caller]
    pub(crate) fn take(&mut self, page: &Value) {
        time::read(&page["server_time"]);
        for bucket in page["revoked"].as_array().expect("revoked is a list") {
            self.buckets.remove(bucket.as_str().expect("a bucket"));
        }
        let mut given = 0;
        let mut named = BTreeSet::new();
        for part in page["buckets"].as_array().expect("buckets is a list") {
            let name = part["bucket"].as_str().expect("a bucket");
            assert!(named.insert(name.to_owned()), "each bucket once per answer: {page}");
            given += self.take_bucket(name, part);
            if page["more"] != true {
                assert_eq!(part["complete"], true, "without more to come, every bucket is complete: {page}");
            }
        }
        assert!(given <= self.limit, "{given} records in one answer, the limit is {}", self.limit);
        assert!(page["more"].is_boolean(), "{page}");
        self.cursor = Some(page["cursor"].as_str().expect("a cursor").to_owned());
    }

    #[track_caller]
    fn take_bucket(&mut self, name: &str, part: &Value) -> usize {
        let reset = part["reset"].as_bool().expect("reset is a bool");
        let held = self.buckets.entry(name.to_owned()).or_default();
        if reset {
            held.clear();
        }
        let upto = part["seq"].as_u64().expect("seq is a number");
        let changes = part["changes"].as_array().expect("changes is a list");
        let mut before = None;
        let mut seen = BTreeSet::new();
        for change in changes {
            let (key, record) = read_change(name, change);
            assert!(before < Some(record.seq), "in seq order within a bucket: {part}");
            assert!(record.seq <= upto, "no change lies above the bucket's seq: {part}");
            before = Some(record.seq);
            assert!(seen.insert(key.clone()), "each record at most once per answer: {part}");
            // A lower rev is ignored: what is held is newer.
            if held.get(&key).is_none_or(|old| old.rev <= record.rev) {
                held.insert(key, record);
            }
        }
        if part["complete"] == true {
            let live: Vec<_> = held.values().filter(|record| record.fields.is_some()).collect();
            assert_eq!(part["count"], live.len(), "count of {name} at {upto}");
            assert_eq!(part["sum"], jcs::sum(live.iter().map(|r| r.digest.as_str())), "sum of {name} at {upto}");
        } else {
            assert!(part.get("count").is_none() && part.get("sum").is_none(), "only when complete: {part}");
        }
        changes.len()
    }

    pub(crate) fn record(&self, record: &Rec) -> Option<&Held> {
        self.buckets.get(&record.bucket)?.get(&(record.collection.to_owned(), record.id.clone()))
    }

    /// The live fields of a record.
    #[track_caller]
    pub(crate) fn fields(&self, record: &Rec) -> &Value {
        let held = self.record(record).unwrap_or_else(|| panic!("{record:?} was never given"));
        held.fields.as_ref().unwrap_or_else(|| panic!("{record:?} is deleted"))
    }

    /// What is live, by bucket: two mirrors of the same scope that have pulled everything are equal.
    pub(crate) fn live(&self) -> BTreeMap<String, BTreeMap<Key, Held>> {
        let live = |records: &BTreeMap<Key, Held>| {
            records.iter().filter(|(_, r)| r.fields.is_some()).map(|(k, r)| (k.clone(), r.clone())).collect()
        };
        self.buckets.iter().map(|(name, records)| (name.clone(), live(records))).collect()
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.buckets.keys().map(String::as_str).collect()
    }
}

/// One change: whole, without nulls, its digest right.
#[track_caller]
fn read_change(bucket: &str, change: &Value) -> (Key, Held) {
    let text = |name: &str| change[name].as_str().unwrap_or_else(|| panic!("no {name} in {change}")).to_owned();
    let number = |name: &str| change[name].as_u64().unwrap_or_else(|| panic!("no {name} in {change}"));
    let (collection, id, rev) = (text("collection"), text("id"), number("rev"));
    time::read(&change["updated_at"]);
    let fields = if change["deleted"] == true {
        assert!(change.get("fields").is_none(), "a deleted record has no fields: {change}");
        None
    } else {
        Some(change["fields"].clone())
    };
    check_fields(fields.as_ref().unwrap_or(&json!({})), change);
    let digest = jcs::digest(bucket, &collection, &id, rev, fields.as_ref().unwrap_or(&json!({})));
    assert_eq!(change["digest"], digest, "digest of {change}");
    ((collection, id), Held { rev, seq: number("seq"), digest, fields })
}

/// Flat, and without cleared fields.
#[track_caller]
pub(crate) fn check_fields(fields: &Value, of: &Value) {
    let fields = fields.as_object().unwrap_or_else(|| panic!("fields is an object: {of}"));
    assert!(fields.values().all(|value| !value.is_null()), "cleared fields are left out: {of}");
    assert!(!fields.contains_key("answers"), "a map is sent in the flat form: {of}");
}

/// The `record` of a push result: right digest, and `deleted` instead of fields or the fields.
#[track_caller]
pub(crate) fn check_record<'a>(record: &Rec, result: &'a Value) -> &'a Value {
    let got = &result["record"];
    assert!(got.is_object(), "no record in {result}");
    let fields = if got["deleted"] == true {
        assert!(got.get("fields").is_none(), "no fields of a deleted record: {result}");
        json!({})
    } else {
        got["fields"].clone()
    };
    check_fields(&fields, result);
    let rev = got["rev"].as_u64().expect("a rev");
    assert!(got["seq"].is_u64(), "{result}");
    assert_eq!(got["digest"], jcs::digest(&record.bucket, record.collection, &record.id, rev, &fields), "{result}");
    got
}
