//! The hostile values: JSON texts, and texts that only look like JSON.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// JSON texts, and some that only look like JSON.
pub(super) fn hostile() -> Vec<String> {
    let mut all: Vec<String> = [
        // Of every type.
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "1.5",
        "\"\"",
        "\"x\"",
        "\" \"",
        "[]",
        "{}",
        "[null]",
        "[[]]",
        "[{}]",
        "[1]",
        "[\"x\"]",
        "{\"x\":1}",
        "{\"\":null}",
        "\"null\"",
        "\"true\"",
        "\"1\"",
        "\"[]\"",
        "[\"x\",1]",
        "[true]",
        // Numbers at the ends.
        "-0",
        "-0.0",
        "0.1",
        "1e0",
        "2.0",
        "1e3",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "-9007199254740993",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "1e15",
        "1e16",
        "1e19",
        "1e308",
        "-1.7976931348623157e308",
        "1e309",
        "1e400",
        "-1e400",
        "5e-324",
        "1e-400",
        "1e99999999999",
        "2147483648",
        "0.30000000000000004",
        "123456789.123456789123456789",
        // Texts that some part cannot hold.
        "\"\\u0000\"",
        "\"a\\u0000b\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83dx\"",
        "\"\\uffff\"",
        "\"\u{202e}\u{feff}\"",
        "\"'; DROP TABLE records; --\"",
        "\"\\r\\n\"",
        "\"e\u{301}\"",
        "\"%_\\\\\"",
        "\"../..\"",
        // Almost what belongs there.
        "\"2015-02-29\"",
        "\"2015-4-16\"",
        "\"2015-04-16 \"",
        "\"0000-01-01\"",
        "\"99999-01-01\"",
        "\"2015-04-16T24:00:00Z\"",
        "\"2015-04-16T08:00:00\"",
        "\"2015-04-16T08:00:00+24:00\"",
        "\"00000000-0000-0000-0000-000000000000\"",
        "\"0195f0c27a317c5e9d0e3f6a1b2c4d5e\"",
        "\"{0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e}\"",
        "\"0195F0C2-7A31-7C5E-9D0E-3F6A1B2C4D5E\"",
        "\"５１３４３０１００２０１\"",
        "\"513431100201\"",
        "\"51343010020\"",
        "\"11010519491231002x\"",
        "\"110105194912310021\"",
        // Members and items that some reader trips over.
        "{\"x\":1,\"x\":2}",
        "{\"\\ud800\":1}",
        "[{\"x\":1,\"x\":1}]",
        "{\"__proto__\":{\"x\":1}}",
        "{\"$ref\":\"#\"}",
        "{\"lat\":1e400,\"lon\":0}",
        "{\"lat\":91,\"lon\":181,\"accuracy_m\":-1,\"datum\":\"WGS84\"}",
        "{\"collection\":\"users\",\"id\":\"x\"}",
    ]
    .map(str::to_owned)
    .into();
    let repeated = |text: &str, n: usize| format!("\"{}\"", text.repeat(n));
    all.extend([
        repeated("x", 4000),
        repeated("x", 4001),
        repeated("😀", 4000),
        repeated("😀", 4001),
        repeated("\\u0041", 4001),
    ]);
    all.extend([format!("[{}1]", "1,".repeat(2000)), format!("[{}\"x\"]", "\"x\",".repeat(50))]);
    all.extend([60, 200].map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth))));
    all.extend([60, 200].map(|depth| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth))));
    all
}

/// Whether an object in the text names a member twice.
pub(super) fn has_twins(text: &str) -> bool {
    struct Once;
    impl<'de> Deserialize<'de> for Once {
        fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
            reader.deserialize_any(Self)
        }
    }
    impl<'de> Visitor<'de> for Once {
        type Value = Self;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("JSON")
        }

        fn visit_unit<E>(self) -> Result<Self, E> {
            Ok(self)
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
            Ok(self)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
            Ok(self)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
            Ok(self)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
            Ok(self)
        }

        fn visit_str<E>(self, _: &str) -> Result<Self, E> {
            Ok(self)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
            while items.next_element::<Self>()?.is_some() {}
            Ok(self)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
            let mut names = std::collections::BTreeSet::new();
            while let Some((name, _)) = members.next_entry::<String, Self>()? {
                if !names.insert(name) {
                    return Err(serde::de::Error::custom("twins"));
                }
            }
            Ok(self)
        }
    }
    let readable = serde_json::from_str::<IgnoredAny>(text).is_ok();
    readable && serde_json::from_str::<Once>(text).is_err_and(|error| error.to_string().starts_with("twins"))
}
