//! What interviews violate of their forms: told and kept beside the record, never refused. It follows from the record and
//! the forms that are published when it is written.

use crate::fields::{Fault, FieldError};
use crate::http::time::day_of;
use crate::insight::forms::Interview;
use crate::store::form_cache::Version;
use crate::store::records::Key;
use crate::store::{StoreError, Tx};
use std::collections::{BTreeSet, HashMap};
use sync_core::Collection;
use sync_core::record::Record;
use sync_core::scope::Region;

/// By interview: what it violates, relative to its fields. Who violates nothing is not there.
pub type Warnings = HashMap<Key, Vec<FieldError>>;

/// Judges the interviews among these records that are not deleted.
pub fn judge<'a>(
    tx: &mut Tx<'_>,
    records: impl Iterator<Item = (&'a Key, &'a Record)>,
) -> Result<Warnings, StoreError> {
    let is_interview = |(key, record): &(&Key, &Record)| key.collection == Collection::Interviews && !record.deleted;
    let interviews: Vec<_> =
        records.filter(is_interview).map(|(key, record)| (key, record, version(key, record))).collect();
    if interviews.is_empty() {
        return Ok(Warnings::new());
    }
    let wanted: BTreeSet<Version> = interviews.iter().filter_map(|(_, _, version)| version.clone()).collect();
    let forms = tx.forms().get(tx, &wanted)?;
    let judged = interviews.into_iter().map(|(key, record, version)| {
        let warnings = match version.and_then(|version| forms.get(&version)) {
            Some(form) => form.check(&Interview::read(record.fields.iter(), day_of(record.last.at))),
            None => vec![FieldError::new("/form_version", Fault::UnknownForm)],
        };
        (*key, warnings)
    });
    Ok(judged.filter(|(_, warnings)| !warnings.is_empty()).collect())
}

/// The version that an interview names.
fn version(key: &Key, record: &Record) -> Option<Version> {
    let field = |name| record.fields.get(name);
    Some(Version {
        province: Region::parse(key.bucket.to_string().get(..2)?)?,
        form: serde_json::from_str(field("form")?).ok()?,
        number: serde_json::from_str(field("form_version")?).ok()?,
    })
}
