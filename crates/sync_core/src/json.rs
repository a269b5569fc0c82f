//! JSON values that borrow their texts from where they were read: what an operation is judged by, at a fraction of the
//! memory of [`serde_json::Value`].

use crate::canonical::key_order;
use serde::de::{DeserializeSeed, Deserializer, Visitor};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::fmt;

#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Object<'a>),
}

/// Members in canonical order ([`key_order`]), each name once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Object<'a> {
    /// `Err` is a name that is given twice.
    pub fn new(mut members: Vec<(Cow<'a, str>, Json<'a>)>) -> Result<Self, Cow<'a, str>> {
        let in_order = |a: &(Cow<'_, str>, _), b: &(Cow<'_, str>, _)| key_order(&a.0, &b.0).is_lt();
        if !members.is_sorted_by(in_order) {
            members.sort_unstable_by(|a, b| key_order(&a.0, &b.0));
            if let Some(i) = members.windows(2).position(|pair| pair[0].0 == pair[1].0) {
                return Err(members.swap_remove(i).0);
            }
        }
        Ok(Self(members))
    }

    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0.binary_search_by(|(present, _)| key_order(present, name)).ok().map(|i| &self.0[i].1)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Json<'a>)> + Clone {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Json<'a> {
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub fn as_object(&self) -> Option<&Object<'a>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(flag),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::String(text.into_owned()),
            Self::List(items) => items.into_iter().map(Json::into_value).collect(),
            Self::Object(Object(members)) => Value::Object(
                members.into_iter().map(|(name, value)| (name.into_owned(), value.into_value())).collect(),
            ),
        }
    }
}

impl<'a> From<&'a Value> for Json<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::Text(text.into()),
            Value::Array(items) => Self::List(items.iter().map(Json::from).collect()),
            Value::Object(members) => Self::Object(members.into()),
        }
    }
}

impl<'a> From<&'a Map<String, Value>> for Object<'a> {
    fn from(members: &'a Map<String, Value>) -> Self {
        let mut members: Vec<_> =
            members.iter().map(|(name, value)| (Cow::from(name.as_str()), Json::from(value))).collect();
        // serde_json keeps names in the order of UTF-8, which differs beyond the basic plane.
        members.sort_by(|a, b| key_order(&a.0, &b.0));
        Self(members)
    }
}

/// Reads a name, from where it stands if that is possible.
pub struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, Name, Object};
    use proptest::prelude::*;
    use serde::de::DeserializeSeed as _;
    use serde_json::{Map, Value, json};

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-c\u{ffff}\u{10000}]{0,2}", inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_same_as_what_it_was_made_of(value in value()) {
            let json = Json::from(&value);
            prop_assert_eq!(json.as_text(), value.as_str());
            prop_assert_eq!(json.is_null(), value.is_null());
            prop_assert_eq!(json.as_object().map(Object::len), value.as_object().map(Map::len));
            prop_assert_eq!(json.into_value(), value);
        }

        #[test]
        fn members_are_found_by_their_names(members in prop::collection::vec(("[a-c\u{ffff}\u{10000}]{0,2}", value()), 0..6)) {
            let map: Map<String, Value> = members.iter().cloned().collect();
            let given = members.iter().map(|(name, value)| (name.into(), Json::from(value))).collect();
            let Ok(object) = Object::new(given) else {
                prop_assert!(map.len() < members.len(), "a name is told to be given twice");
                return Ok(());
            };
            prop_assert_eq!((object.len(), object.is_empty()), (members.len(), members.is_empty()));
            prop_assert_eq!(map.len(), members.len(), "a name was given twice");
            prop_assert_eq!(object.iter().count(), members.len());
            for (name, value) in &map {
                prop_assert_eq!(object.get(name), Some(&Json::from(value)));
                prop_assert!(object.contains(name));
            }
            prop_assert!(!object.contains("d") && object.get("d").is_none());
            prop_assert_eq!(object, Object::from(&map));
        }
    }

    #[test]
    fn each_kind_is_told_from_the_others() {
        let (text, object) = (json!("户"), json!({ "a": 1, "b": null }));
        let (text, object) = (Json::from(&text), Json::from(&object));
        assert_eq!((text.as_text(), object.as_text(), Json::Null.as_text()), (Some("户"), None, None));
        assert_eq!((text.is_null(), object.is_null(), Json::Null.is_null()), (false, false, true));
        assert!(text.as_object().is_none() && Json::Null.as_object().is_none());
        let members = object.as_object().expect("it is one");
        assert_eq!((members.len(), members.is_empty()), (2, false));
        assert!(members.contains("a") && members.contains("b") && !members.contains("c"));
        let nothing = Object::default();
        assert_eq!((nothing.len(), nothing.is_empty()), (0, true));
    }

    #[test]
    fn what_is_no_name_says_so() {
        let error = Name.deserialize(json!(1)).unwrap_err().to_string();
        assert!(error.contains("expected a name"), "{error}");
    }
}
