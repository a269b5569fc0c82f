//! What a caller can see of a record: its present state, its history, its conflicts, its held operations.

use serde_json::Value;

use super::http::Session;
use super::op::Rec;

impl Session {
    /// The record as a pull from nothing gives it; `None` when it is not there (a tombstone counts as not there).
    #[track_caller]
    pub(crate) fn see(&self, record: &Rec) -> Option<Value> {
        let mut cursor: Option<String> = None;
        loop {
            let page = self.pull(cursor.as_deref());
            for bucket in page["buckets"].as_array().expect("buckets") {
                for change in bucket["changes"].as_array().expect("changes") {
                    if bucket["bucket"] == record.bucket
                        && change["collection"] == record.collection
                        && change["id"] == record.id
                    {
                        return (change["deleted"] != true).then(|| change.clone());
                    }
                }
            }
            if page["more"] != true {
                return None;
            }
            cursor = Some(page["cursor"].as_str().expect("a cursor").to_owned());
        }
    }

    /// The present fields of a record that must be there.
    #[track_caller]
    pub(crate) fn fields(&self, record: &Rec) -> Value {
        self.see(record).unwrap_or_else(|| panic!("{record:?} is not there"))["fields"].take()
    }

    /// Every rev of a record, the oldest first.
    #[track_caller]
    pub(crate) fn history(&self, record: &Rec) -> Vec<Value> {
        let mut revs = self.all(&format!("{}/history", record.path()));
        revs.sort_by_key(|entry| entry["rev"].as_u64());
        revs
    }

    #[track_caller]
    pub(crate) fn conflicts(&self, record: &Rec) -> Vec<Value> {
        let mut all = self.all("/v1/conflicts?reveal=true");
        all.retain(|c| c["record_id"] == record.id && c["bucket"] == record.bucket);
        all
    }

    /// The one conflict of a record.
    #[track_caller]
    pub(crate) fn conflict(&self, record: &Rec) -> Value {
        let mut all = self.conflicts(record);
        assert_eq!(all.len(), 1, "one conflict, not {all:?}");
        all.remove(0)
    }

    /// The held operations of a record.
    #[track_caller]
    pub(crate) fn held(&self, record: &Rec) -> Vec<Value> {
        let mut all = self.all("/v1/held-ops?reveal=true");
        all.retain(|held| held["record_id"] == record.id && held["bucket"] == record.bucket);
        all
    }

    /// The one held operation of a record.
    #[track_caller]
    pub(crate) fn held_one(&self, record: &Rec) -> Value {
        let mut all = self.held(record);
        assert_eq!(all.len(), 1, "one held operation, not {all:?}");
        all.remove(0)
    }
}

/// The history's entry of a field in one rev.
#[track_caller]
pub(crate) fn field_of<'a>(entry: &'a Value, name: &str) -> &'a Value {
    entry["fields"]
        .as_array()
        .and_then(|fields| fields.iter().find(|field| field["name"] == name))
        .unwrap_or_else(|| panic!("no {name} in {entry}"))
}

/// The id of a conflict or a held operation.
#[track_caller]
pub(crate) fn id_of(item: &Value) -> String {
    item["id"].as_str().unwrap_or_else(|| panic!("no id in {item}")).to_owned()
}
