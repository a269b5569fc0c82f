//! A record's fields: names in canonical order, each value as canonical JSON text. Values are never parsed here: equal
//! values have equal texts.

use crate::canonical::{key_order, write_string};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// What an operation says of fields: name and canonical value, `None` to clear it. Sorted by [`key_order`], each name once.
pub type Edits = Vec<(String, Option<String>)>;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Takes what an operation sets; clears set nothing. `edits` must be sorted, as [`Edits`] are.
    pub fn from_edits(edits: &Edits) -> Self {
        Self(edits.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect())
    }

    /// Whether these are what [`Fields::from_edits`] would give.
    pub fn are_set_by(&self, edits: &Edits) -> bool {
        let set = edits.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
        self.iter().eq(set)
    }

    /// Reads the canonical text of an object, as [`Fields::to_canonical`] wrote it.
    pub fn from_canonical(text: &str) -> Result<Self, serde_json::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(String, String)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(24);
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((name, value.get().to_owned()));
                }
                Ok(members)
            }
        }
        serde_json::Deserializer::from_str(text).deserialize_map(Members).map(Self)
    }

    pub fn to_canonical(&self) -> String {
        let mut out =
            String::with_capacity(self.0.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>() + 2);
        out.push('{');
        for (i, (name, value)) in self.0.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            write_string(name, &mut out);
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
        out
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).ok().map(|i| self.0[i].1.as_str())
    }

    /// Sets or, with `None`, clears a field.
    pub fn set(&mut self, name: &str, value: Option<String>) {
        match (self.find(name), value) {
            (Ok(i), Some(value)) => self.0[i].1 = value,
            (Ok(i), None) => drop(self.0.remove(i)),
            (Err(i), Some(value)) => self.0.insert(i, (name.to_owned(), value)),
            (Err(_), None) => {}
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(present, _)| key_order(present, name))
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;
    use crate::canonical;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    proptest! {
        #[test]
        fn the_same_as_a_json_object(steps in prop::collection::vec((any::<String>(), prop::option::of(any::<String>())), 0..30)) {
            let (mut fields, mut object) = (Fields::default(), Map::new());
            for (name, value) in steps {
                fields.set(&name, value.as_ref().map(|v| canonical::to_string(&Value::from(v.as_str()))));
                match value {
                    Some(value) => drop(object.insert(name, Value::from(value))),
                    None => drop(object.remove(&name)),
                }
            }
            let text = fields.to_canonical();
            prop_assert_eq!(&text, &canonical::to_string(&Value::Object(object)));
            prop_assert_eq!(Fields::from_canonical(&text).unwrap(), fields);
        }
    }

    #[test]
    fn what_is_no_object_says_so() {
        let error = Fields::from_canonical("[1]").unwrap_err().to_string();
        assert!(error.contains("expected an object of fields"), "{error}");
    }
}
