//! A record's fields, and what an operation says of them: names, each with its value as canonical JSON text.

use crate::members::Members;
use std::borrow::Cow;

pub use crate::members::Writer;

/// What an operation says of fields: name and canonical value, `None` to clear it. In canonical order
/// ([`crate::canonical::key_order`]), each name once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edits(Members);

/// How a cleared field stands among [`Edits`]: no field has this value.
const CLEARED: &str = "null";

impl Edits {
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> + Clone {
        self.0.iter().map(|(name, value)| (name, said(value)))
    }

    /// What is said of one field: nothing, `Some(None)` to clear it, or a value.
    pub fn get(&self, name: &str) -> Option<Option<&str>> {
        self.0.get(name).map(said)
    }

    /// Whether a field gets a value.
    pub fn sets(&self, name: &str) -> bool {
        self.get(name).flatten().is_some()
    }

    pub fn set(&mut self, name: &str, value: Option<&str>) {
        self.0.set(name, Some(value.unwrap_or(CLEARED)));
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a JSON object, cleared fields as `null`.
    pub fn to_json(&self) -> &str {
        self.0.text()
    }
}

fn said(value: &str) -> Option<&str> {
    (value != CLEARED).then_some(value)
}

impl From<Writer> for Edits {
    /// Members as [`Edits`] have them: `null` clears.
    fn from(writer: Writer) -> Self {
        Self(writer.finish())
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, Option<V>)> for Edits {
    fn from_iter<I: IntoIterator<Item = (N, Option<V>)>>(edits: I) -> Self {
        let edits = edits.into_iter();
        let mut writer = Writer::with_capacity(edits.size_hint().0, 0);
        for (name, value) in edits {
            let value = value.as_ref().map_or(CLEARED, AsRef::as_ref);
            writer.member(name.as_ref(), |out| out.push_str(value));
        }
        writer.into()
    }
}

/// A record's fields: those that have a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(Members);

impl Fields {
    /// Takes what an operation sets; clears set nothing.
    pub fn from_edits(edits: &Edits) -> Self {
        if edits.0.iter().all(|(_, value)| value != CLEARED) {
            return Self(edits.0.clone());
        }
        Self(edits.iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }

    /// Whether these are what [`Fields::from_edits`] would give.
    pub fn are_set_by(&self, edits: &Edits) -> bool {
        self.iter().eq(edits.iter().filter_map(|(name, value)| Some((name, value?))))
    }

    /// Reads an object whose values are canonical.
    pub fn from_canonical<'a>(text: impl Into<Cow<'a, str>>) -> Result<Self, serde_json::Error> {
        Members::read(text.into()).map(Self)
    }

    /// The canonical text of the object: what is stored, sent and digested.
    pub fn canonical(&self) -> &str {
        self.0.text()
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    /// Sets or, with `None`, clears a field.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        self.0.set(name, value);
    }

    /// Sets and clears many fields, in canonical order.
    pub fn apply<'a>(&mut self, edits: impl ExactSizeIterator<Item = (&'a str, Option<&'a str>)>) {
        self.0.apply(edits);
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{Edits, Fields};
    use crate::canonical;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    fn canonical_text(text: &str) -> String {
        canonical::to_string(&Value::from(text))
    }

    /// Few names, so that they meet; some are written with escapes, some sort by UTF-16 alone.
    fn name() -> impl Strategy<Value = String> {
        prop_oneof![4 => "[a-c]", 1 => "[a\"\\\\\n\u{ffff}\u{10000}]{0,2}", 1 => any::<String>()]
    }

    type Steps = Vec<(String, Option<String>)>;

    fn steps() -> impl Strategy<Value = Steps> {
        prop::collection::vec((name(), prop::option::of(any::<String>())), 0..30)
    }

    proptest! {
        #[test]
        fn the_same_as_a_json_object(steps in steps()) {
            let (mut fields, mut object) = (Fields::default(), Map::new());
            for (name, value) in steps {
                fields.set(&name, value.as_deref().map(canonical_text).as_deref());
                match value {
                    Some(value) => drop(object.insert(name, Value::from(value))),
                    None => drop(object.remove(&name)),
                }
                prop_assert_eq!(fields.canonical(), &canonical::to_string(&Value::Object(object.clone())));
                for (name, value) in &object {
                    prop_assert_eq!(fields.get(name), Some(&*canonical::to_string(value)));
                }
                prop_assert_eq!(fields.iter().count(), object.len());
            }
            let read = Fields::from_canonical(fields.canonical()).unwrap();
            prop_assert!(read.iter().eq(fields.iter()));
        }

        #[test]
        fn a_text_of_another_form_is_read_in_ours(steps in steps(), space in "[ \n]{0,2}") {
            let object: Map<String, Value> = steps.into_iter().map(|(name, value)| (name, value.into())).collect();
            let members = object.iter().rev().map(|(name, value)| {
                format!("{space}{}{space}:{space}{}", Value::from(name.as_str()), canonical::to_string(value))
            });
            let text = format!("{space}{{{}}}{space}", members.collect::<Vec<_>>().join(","));
            let fields = Fields::from_canonical(text).unwrap();
            prop_assert_eq!(fields.canonical(), &canonical::to_string(&Value::Object(object)));
        }

        #[test]
        fn a_canonical_text_is_taken_as_it_is(steps in steps()) {
            let object: Map<String, Value> = steps.into_iter().map(|(name, value)| (name, value.into())).collect();
            let text = canonical::to_string(&Value::Object(object));
            let at = text.as_ptr();
            let fields = Fields::from_canonical(text).unwrap();
            prop_assert_eq!(fields.canonical().as_ptr(), at);
        }

        #[test]
        fn fields_are_equal_when_their_texts_are(one in steps(), other in steps()) {
            let fields = |steps: Steps| Fields::from_edits(&steps.iter().map(|(n, v)| (n, v.as_deref().map(canonical_text))).collect());
            let (one, other) = (fields(one), fields(other));
            prop_assert_eq!(one == other, one.canonical() == other.canonical());
            prop_assert_eq!(format!("{one:?}"), format!("Fields({})", one.canonical()));
        }

        #[test]
        fn edits_say_the_last_of_each_name(steps in steps()) {
            let said: std::collections::BTreeMap<_, _> =
                steps.iter().map(|(name, value)| (name.as_str(), value.as_deref().map(canonical_text))).collect();
            let edits: Edits = steps.iter().map(|(name, value)| (name, value.as_deref().map(canonical_text))).collect();
            prop_assert_eq!(edits.len(), said.len());
            for (name, value) in &said {
                prop_assert_eq!(edits.get(name), Some(value.as_deref()));
                prop_assert_eq!(edits.sets(name), value.is_some());
            }
            let mut one_by_one = Edits::default();
            for (name, value) in &steps {
                one_by_one.set(name, value.as_deref().map(canonical_text).as_deref());
            }
            prop_assert_eq!(&one_by_one, &edits);
            prop_assert_eq!(edits.is_empty(), said.is_empty());
            let read: Map<String, Value> = serde_json::from_str(edits.to_json()).unwrap();
            prop_assert_eq!(read.len(), said.len());
            for (name, value) in read {
                prop_assert_eq!(said[&*name].clone(), (!value.is_null()).then(|| canonical::to_string(&value)));
            }
            let set = Fields::from_edits(&edits);
            prop_assert_eq!(set.iter().count(), said.values().flatten().count());
            prop_assert!(set.iter().all(|(name, value)| edits.get(name) == Some(Some(value))));
            prop_assert!(set.are_set_by(&edits));
        }

        #[test]
        fn many_edits_at_once_are_the_same_as_one_by_one(before in steps(), after in steps()) {
            let texts = |steps: Steps| -> Edits {
                steps.iter().map(|(name, value)| (name, value.as_deref().map(canonical_text))).collect()
            };
            let (before, after) = (Fields::from_edits(&texts(before)), texts(after));
            let (mut at_once, mut one_by_one) = (before.clone(), before);
            at_once.apply(after.iter());
            after.iter().for_each(|(name, value)| one_by_one.set(name, value));
            prop_assert_eq!(at_once.canonical(), one_by_one.canonical());
            prop_assert!(at_once.iter().eq(one_by_one.iter()));
        }
    }

    #[test]
    fn a_text_is_taken_as_it_is_only_without_any_space() {
        for (text, ours) in [
            ("{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}"),
            ("{\"a\":1,\"b\":2 }", "{\"a\":1,\"b\":2}"),
            ("{\"a\":1,\"b\":2} ", "{\"a\":1,\"b\":2}"),
            ("{\"a\":1,\"b\":2 } ", "{\"a\":1,\"b\":2}"),
            (" {\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}"),
            ("{\"a\":1 ,\"b\":2}", "{\"a\":1,\"b\":2}"),
            ("{ }", "{}"),
            ("{} ", "{}"),
            (" {}", "{}"),
        ] {
            assert_eq!(Fields::from_canonical(text).unwrap().canonical(), ours, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_object_says_so() {
        let error = Fields::from_canonical("[1]").unwrap_err().to_string();
        assert!(error.contains("expected an object of fields"), "{error}");
    }
}
