//! The digest of a record, for what the phone computes by itself: results that say `applied`, and the check
//! that it holds what it believes to hold.

use serde_json::{Map, Value};
use sync_core::{Collection, Digest, canonical};

use super::edit::Key;

/// The RFC 8785 text of a record's fields.
pub(super) fn canonical(fields: Map<String, Value>) -> String {
    canonical::to_string(&Value::Object(fields))
}

/// Of a record whose fields are in canonical form; `None` when this client does not know the collection.
pub(super) fn of(key: &Key, rev: i64, fields: &str) -> Option<Digest> {
    let bucket = key.bucket.parse().ok()?;
    let collection = Collection::from_name(&key.collection)?;
    Some(Digest::of_record(bucket, collection, key.id.parse().ok()?, u64::try_from(rev).ok()?, fields))
}
