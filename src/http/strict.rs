//! JSON without doubt: like `serde_json::Value`, but a member that is given twice is an error, not a silent loss; and no
//! text makes more values than [`VALUES`], since one of a few bytes (`{"":1}`) may take hundreds of bytes of memory.

use crate::fields::pointer::Path;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::de::{Read, SliceRead, StrRead};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

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

pub fn parse(text: &str) -> Result<Value, NotStrict> {
    read(StrRead::new(text)).map_err(|error| NotStrict::from(&error))
}

/// [`parse`] for bytes, with the error as it is.
pub fn from_slice(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    read(SliceRead::new(bytes))
}

fn read<'de>(text: impl Read<'de>) -> Result<Value, serde_json::Error> {
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
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.left.set(self.left.get().checked_sub(1).ok_or_else(|| D::Error::custom(TOO_MANY))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict { here: self.here.index(list.len()), ..self })? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let here = self.here.key(&name);
            let value = members.next_value_seed(Strict { here, ..self })?;
            if map.contains_key(&name) {
                return Err(A::Error::custom(format_args!("{TWICE}{}", here.pointer())));
            }
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::{NotStrict, VALUES, from_slice, parse};
    use serde_json::json;

    #[test]
    fn what_is_in_doubt_is_named() {
        assert_eq!(parse(r#"{"a":[1,{"b":"x"}],"c":1.5}"#), Ok(json!({"a": [1, {"b": "x"}], "c": 1.5})));
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
