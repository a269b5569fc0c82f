//! JSON without doubt: like `serde_json::Value`, but a member that is given twice is an error, not a silent loss.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};
use std::fmt;

/// What [`parse`] says of a member that is given twice begins with this.
const TWICE: &str = "given twice: ";

/// Why a text is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotStrict {
    /// The name of a member that is given twice.
    Twice(String),
    TooDeep,
    /// Half of a surrogate pair.
    NotUnicode,
    /// A number that no double can hold.
    NumberOutOfRange,
    NotJson,
}

pub(super) fn parse(text: &str) -> Result<Value, NotStrict> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| {
        // serde_json tells its kinds of error apart by their texts alone.
        let text = error.to_string();
        if let Some(name) = text.strip_prefix(TWICE) {
            let name = name.rsplit_once(" at line ").map_or(name, |(name, _)| name);
            NotStrict::Twice(name.to_owned())
        } else if text.starts_with("recursion limit") {
            NotStrict::TooDeep
        } else if text.starts_with("number out of range") {
            NotStrict::NumberOutOfRange
        } else if ["lone leading surrogate", "unexpected end of hex escape", "invalid unicode code point"]
            .iter()
            .any(|known| text.starts_with(known))
        {
            NotStrict::NotUnicode
        } else {
            NotStrict::NotJson
        }
    })
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
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
        while let Some(item) = items.next_element_seed(Strict)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Strict)?;
            if map.contains_key(&name) {
                return Err(A::Error::custom(format_args!("{TWICE}{name}")));
            }
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

/// What can be made out of an operation whose text as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Outline {
    pub(super) op_seq: Option<u64>,
    pub(super) bucket: Option<String>,
    pub(super) collection: Option<String>,
    pub(super) id: Option<String>,
}

/// Reads the members that name an operation; others, whose names or values may be no valid Unicode, do not hide them.
/// One that is given twice is as good as not given.
pub(super) fn outline(text: &str) -> Outline {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Outline;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Outline, A::Error> {
            let mut found: [Option<Option<&RawValue>>; NAMES.len()] = [None; NAMES.len()];
            while let Some(Name(place)) = members.next_key()? {
                let raw: &RawValue = members.next_value()?;
                if let Some(place) = place {
                    found[place] = Some(if found[place].is_none() { Some(raw) } else { None });
                }
            }
            let [op_seq, bucket, collection, id] = found.map(Option::flatten);
            let text = |raw: Option<&RawValue>| serde_json::from_str(raw?.get()).ok();
            Ok(Outline {
                op_seq: op_seq.and_then(|raw| raw.get().parse().ok()),
                bucket: text(bucket),
                collection: text(collection),
                id: text(id),
            })
        }
    }
    serde_json::Deserializer::from_str(text).deserialize_map(Members).unwrap_or_default()
}

const NAMES: [&[u8]; 4] = [b"op_seq", b"bucket", b"collection", b"id"];

/// The place of a member's name in [`NAMES`].
struct Name(Option<usize>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_bytes<E>(self, name: &[u8]) -> Result<Name, E> {
                Ok(Name(NAMES.iter().position(|known| *known == name)))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotStrict, outline, parse};
    use serde_json::json;

    #[test]
    fn what_is_in_doubt_is_named() {
        assert_eq!(parse(r#"{"a":[1,{"b":"x"}],"c":1.5}"#), Ok(json!({"a": [1, {"b": "x"}], "c": 1.5})));
        assert_eq!(parse(r#"{"a":{"b":1,"b":2}}"#), Err(NotStrict::Twice("b".into())));
        assert_eq!(parse(r#"{"a":"\ud800"}"#), Err(NotStrict::NotUnicode));
        assert_eq!(parse(r#"{"a":"\udc00"}"#), Err(NotStrict::NotUnicode));
        assert_eq!(parse(r#"{"a":"\ud800x"}"#), Err(NotStrict::NotUnicode));
        assert_eq!(parse(r#"{"a":"\ud800\u0041"}"#), Err(NotStrict::NotUnicode));
        assert_eq!(parse(r#"{"a":1e400}"#), Err(NotStrict::NumberOutOfRange));
        assert_eq!(parse(&format!("{}{}", "[".repeat(200), "]".repeat(200))), Err(NotStrict::TooDeep));
        assert_eq!(parse("{"), Err(NotStrict::NotJson));
        assert_eq!(parse("1 2"), Err(NotStrict::NotJson));
    }

    #[test]
    fn the_number_of_an_unreadable_operation() {
        assert_eq!(outline(r#"{"\ud800":1,"op_seq":7,"x":"\ud800"}"#).op_seq, Some(7));
        assert_eq!(outline(&format!(r#"{{"op_seq":7,"x":{}1{}}}"#, "[".repeat(500), "]".repeat(500))).op_seq, Some(7));
        assert_eq!(outline(r#"{"op_seq":7,"op_seq":8}"#).op_seq, None);
        assert_eq!(outline(r#"{"op_seq":"7"}"#).op_seq, None);
        assert_eq!(outline("[7]").op_seq, None);
    }
}
