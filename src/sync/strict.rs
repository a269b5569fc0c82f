//! What can be made out of an operation whose text as a whole cannot be read.

pub(super) use crate::http::strict::{NotStrict, parse};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use sync_core::json::Json;

/// What can be made out of an operation whose text as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Outline<'a> {
    pub(super) op_seq: Option<Json<'a>>,
    pub(super) bucket: Option<String>,
    pub(super) collection: Option<String>,
    pub(super) id: Option<String>,
    pub(super) at: Option<Json<'a>>,
}

/// Reads the members that say which operation it is and when it was made; others, whose names or values may be no valid
/// Unicode, do not hide them. One that is given twice is as good as not given.
pub(super) fn outline(text: &str) -> Outline<'_> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Outline<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Outline<'de>, A::Error> {
            let mut found: [Option<Option<&'de RawValue>>; NAMES.len()] = [None; NAMES.len()];
            while let Some(Name(place)) = members.next_key()? {
                let raw: &'de RawValue = members.next_value()?;
                if let Some(place) = place {
                    found[place] = Some(if found[place].is_none() { Some(raw) } else { None });
                }
            }
            let [op_seq, bucket, collection, id, at] = found.map(Option::flatten);
            let value = |raw: Option<&'de RawValue>| parse(raw?.get()).ok();
            let text = |raw: Option<&RawValue>| serde_json::from_str(raw?.get()).ok();
            Ok(Outline {
                op_seq: value(op_seq),
                bucket: text(bucket),
                collection: text(collection),
                id: text(id),
                at: value(at),
            })
        }
    }
    serde_json::Deserializer::from_str(text).deserialize_map(Members).unwrap_or_default()
}

const NAMES: [&[u8]; 5] = [b"op_seq", b"bucket", b"collection", b"id", b"at"];

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
    use super::outline;
    use serde_json::json;
    use sync_core::json::Json;

    #[test]
    fn the_number_of_an_unreadable_operation() {
        let (seven, at) = (json!(7), json!({"mono": 7}));
        assert_eq!(outline(r#"{"\ud800":1,"op_seq":7,"x":"\ud800"}"#).op_seq, Some(Json::from(&seven)));
        let deep = format!(r#"{{"op_seq":7,"x":{}1{}}}"#, "[".repeat(500), "]".repeat(500));
        assert_eq!(outline(&deep).op_seq, Some(Json::from(&seven)));
        assert_eq!(outline(r#"{"op_seq":7,"op_seq":8}"#).op_seq, None);
        assert_eq!(outline(r#"{"x":"\ud800","at":{"mono":7}}"#).at, Some(Json::from(&at)));
        assert_eq!(outline(r#"{"at":{"boot":"\ud800"}}"#).at, None);
        assert_eq!(outline("[7]").op_seq, None);
    }
}
