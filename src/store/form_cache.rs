//! Forms that are ready to check answers, kept in memory: a published version never changes, so that what is here stays
//! right. A push asks the database only for versions that it meets for the first time.

use super::conn::{Conn, StoreError};
use super::dialect::Rows;
use crate::insight::forms::{Definition, Form};
use crate::load_rows;
use diesel::sql_types::{Integer, Text};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sync_core::scope::Region;

/// A version as an interview names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    pub province: Region,
    pub form: String,
    pub number: i32,
}

#[derive(Debug, Default)]
pub struct Forms(Mutex<HashMap<Version, Arc<Form>>>);

impl Forms {
    /// These versions; those that the province has not got are left out. One statement for all that are not here yet.
    pub fn get(&self, conn: &mut Conn, wanted: &BTreeSet<&Version>) -> Result<HashMap<Version, Arc<Form>>, StoreError> {
        let mut found: HashMap<Version, Arc<Form>> = {
            let known = self.lock();
            wanted.iter().filter_map(|version| Some(((*version).clone(), known.get(version)?.clone()))).collect()
        };
        let missing: Vec<&Version> = wanted.iter().copied().filter(|version| !found.contains_key(version)).collect();
        let rows = Rows::new()
            .text("province", missing.iter().map(|version| version.province.to_string()))
            .text("form", missing.iter().map(|version| version.form.clone()))
            .int("version", missing.iter().map(|version| version.number));
        let tail = "SELECT v.province, f.form, f.version, CAST(f.definition AS TEXT) FROM v JOIN forms f \
             ON f.form = v.form AND f.version = v.version AND f.region IN ('', v.province)";
        let loaded = load_rows!(conn, &rows, tail, (Text, Text, Integer, Text) => (String, String, i32, String))?;
        for (province, form, number, definition) in loaded {
            let province = Region::parse(&province).ok_or_else(|| StoreError::Corrupt("a form's region".into()))?;
            let read = serde_json::from_str(&definition).ok().and_then(|read: Definition| Form::compile(&read).ok());
            if let Some(compiled) = read {
                found.insert(Version { province, form, number }, Arc::new(compiled));
            } else {
                // It was checked when it was published. Nobody's push fails for it.
                tracing::error!(form, number, "a published form cannot be read");
            }
        }
        self.lock()
            .extend(missing.iter().filter_map(|version| Some(((*version).clone(), found.get(*version)?.clone()))));
        Ok(found)
    }

    /// Forgets a form, after a commit that published a version of it: what was seen of that number before, by those who
    /// shared a transaction with its publisher, may have been undone.
    pub fn forget(&self, form: &str) {
        self.lock().retain(|version, _| version.form != form);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Version, Arc<Form>>> {
        // A map is whole between its calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
