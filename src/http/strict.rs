//! JSON without doubt: a member that is given twice is an error, not a silent loss; and no text makes more values than
//! [`VALUES`], since one of a few bytes (`{"":1}`) may take a hundred bytes of memory.

use crate::fields::pointer::Path;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::de::{Read, SliceRead, StrRead};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use sync_core::json::{Json, Name, Object};

/// Values in one text at most: far more than any record has.
pub const VALUES: usize = 10_000;

/// What is said of a member that is given twice begins with this, its pointer behind it.
const TWICE: &str = "given twice: ";
const TOO_MANY: &str = "too many values";

/// Why a text is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotStrict {
    /// Where a member stands that is given twice (RFC 6901).
    Twice(String),
    TooDeep,
    /// More than [`VALUES`].
    TooMany,
    /// Half of a surrogate pair.
    NotUnicode,
    /// A number that no double can hold.
    NumberOutOfRange,
    NotJson,
}

impl From<&serde_json::Error> for NotStrict {
    fn from(error: &serde_json::Error) -> Self {
        // serde_json tells its kinds of error apart by their texts alone.
        let text = error.to_string();
        if let Some(pointer) = text.strip_prefix(TWICE) {
            return Self::Twice(pointer.rsplit_once(" at line ").map_or(pointer, |(pointer, _)| pointer).to_owned());
        }
        let begins = |known: &[&str]| known.iter().any(|known| text.starts_with(known));
        if begins(&[TOO_MANY]) {
            Self::TooMany
        } else if begins(&["recursion limit"]) {
            Self::TooDeep
        } else if begins(&["number out of range"]) {
            Self::NumberOutOfRange
        } else if begins(&["lone leading surrogate", "unexpected end of hex escape", "invalid unicode code point"]) {
            Self::NotUnicode
        } else {
            Self::NotJson
        }
    }
}

pub fn parse(text: &str) -> Result<Json<'_>, NotStrict> {
    read(StrRead::new(text)).map_err(|error| NotStrict::from(&error))
}

/// [`parse`] for bytes, with the error as it is.
pub fn from_slice(bytes: &[u8]) -> Result<Json<'_>, serde_json::Error> {
    read(SliceRead::new(bytes))
}

fn read<'de>(text: impl Read<'de>) -> Result<Json<'de>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::new(text);
    let left = Cell::new(VALUES);
    let value = Strict { here: Path::Root, left: &left }.deserialize(&mut deserializer)?;
    deserializer.end().map(|()| value)
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Strict<'a> {
    here: Path<'a>,
    /// How many more there may be.
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        self.left.set(self.left.get().checked_sub(1).ok_or_else(|| D::Error::custom(TOO_MANY))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict { here: self.here.index(list.len()), ..self })? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key_seed(Name)? {
            let value = map.next_value_seed(Strict { here: self.here.key(&name), ..self })?;
            members.push((name, value));
        }
        let twice = |name: Cow<'_, str>| A::Error::custom(format_args!("{TWICE}{}", self.here.key(&name).pointer()));
        Object::new(members).map(Json::Object).map_err(twice)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotStrict, VALUES, from_slice, parse};
    use serde_json::json;
    use sync_core::json::Json;

    #[test]
    fn what_is_in_doubt_is_named() {
        let read = parse(r#"{"c":1.5,"a":[1,{"\u0062":"x"}]}"#).map(Json::into_value);
        assert_eq!(read, Ok(json!({"a": [1, {"b": "x"}], "c": 1.5})));
        assert_eq!(parse(r#"{"a":[0,{"~/":1,"~/":2}]}"#), Err(NotStrict::Twice("/a/1/~0~1".into())));
        assert_eq!(parse(r#"{" at line ":1," at line ":1}"#), Err(NotStrict::Twice("/ at line ".into())));
        for text in [r#""\ud800""#, r#""\udc00""#, r#""\ud800x""#, r#""\ud800\u0041""#] {
            assert_eq!(parse(text), Err(NotStrict::NotUnicode), "{text}");
        }
        assert_eq!(parse(r#"{"a":1e400}"#), Err(NotStrict::NumberOutOfRange));
        assert_eq!(parse(&format!("{}{}", "[".repeat(200), "]".repeat(200))), Err(NotStrict::TooDeep));
        for text in ["", "{", "1 2", "nul", r#"{"a":1,}"#] {
            assert_eq!(parse(text), Err(NotStrict::NotJson), "{text}");
        }
        assert!(from_slice(b"\"\xff\"").is_err());
    }

    #[test]
    fn there_is_an_end_to_values() {
        let list = |n: usize| format!("[{}0]", "{},".repeat(n - 2));
        assert!(parse(&list(VALUES)).is_ok());
        assert_eq!(parse(&list(VALUES + 1)), Err(NotStrict::TooMany));
    }
}
