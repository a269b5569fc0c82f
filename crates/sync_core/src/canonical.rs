//! The canonical form of JSON (RFC 8785, JCS): what digests are taken over, and how records are stored.

use crate::json::Json;
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;

/// The canonical text of a value.
pub fn to_string(value: &Value) -> String {
    let mut out = String::with_capacity(256);
    write(&value.into(), &mut out);
    out
}

/// Appends the canonical text of `value`. A number is an IEEE 754 double (RFC 8785, section 3.2.2.3), so integers
/// beyond 2^53 come out rounded.
pub fn write(value: &Json<'_>, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(number) => write_number(number, out),
        Json::Text(text) => write_string(text, out),
        Json::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (i, (name, value)) in members.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_string(name, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

/// Whole numbers up to this are doubles, and written as their digits.
const EXACT: u64 = 1 << 53;

/// Appends a number as a double is written.
pub fn write_number(number: &Number, out: &mut String) {
    match number.as_i64().filter(|whole| whole.unsigned_abs() <= EXACT) {
        Some(whole) => out.push_str(itoa::Buffer::new().format(whole)),
        None => out.push_str(ryu_js::Buffer::new().format(number.as_f64().unwrap_or(0.0))),
    }
}

/// Appends a string with quotes and the escapes of RFC 8785, section 3.2.2.2.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    // Without an end on the way, so that many bytes are looked at together.
    if !text.bytes().fold(false, |escaped, byte| escaped | matches!(byte, 0x00..=0x1f | b'"' | b'\\')) {
        out.push_str(text);
        return out.push('"');
    }
    let mut plain = 0;
    for (i, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x09 => "\\t",
            0x0a => "\\n",
            0x0c => "\\f",
            0x0d => "\\r",
            0x00..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[plain..i]);
        plain = i + 1;
        if escape.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

/// The text that a JSON string stands for, where it stands if nothing in it is escaped; `None` of anything else.
pub fn read_string(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(json).ok() } else { Some(inner.into()) }
}

/// The order of keys in an object: that of their UTF-16 code units.
pub fn key_order(a: &str, b: &str) -> Ordering {
    // Nothing but a byte from EE on can stand in another order than that of the bytes, and only to another such.
    if a.is_ascii() {
        return a.cmp(b);
    }
    // UTF-8 keeps the order of code points. In UTF-16 those beyond the basic plane (F0 and on in UTF-8) come before the
    // end of it (EE and EF), because they begin with a surrogate.
    let place = |byte: u8| if let 0xee | 0xef = byte { byte + 0x10 } else { byte };
    match a.bytes().zip(b.bytes()).find(|(a, b)| a != b) {
        Some((a, b)) => place(a).cmp(&place(b)),
        None => a.len().cmp(&b.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::{key_order, read_string, to_string};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter("JSON has no NaN", |n| n.is_finite()).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_same_as_an_independent_canonicalizer(value in any_json()) {
            prop_assert_eq!(to_string(&value), serde_json_canonicalizer::to_string(&value).unwrap());
        }

        #[test]
        fn canonical_text_is_a_fixed_point(value in any_json()) {
            let once = to_string(&value);
            let again = to_string(&serde_json::from_str(&once).unwrap());
            prop_assert_eq!(once, again);
        }

        #[test]
        fn a_string_is_read_as_it_was_written(text in any::<String>()) {
            let written = to_string(&Value::from(text.as_str()));
            let read = read_string(&written);
            prop_assert_eq!(read.as_deref(), Some(text.as_str()));
        }

        #[test]
        fn keys_sort_by_utf16(a in any::<String>(), b in any::<String>()) {
            prop_assert_eq!(key_order(&a, &b), a.encode_utf16().cmp(b.encode_utf16()));
        }
    }

    #[test]
    fn the_example_of_the_rfc() {
        let value: Value = serde_json::from_str(
            r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
                "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
        )
        .unwrap();
        assert_eq!(
            to_string(&value),
            r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
    }

    #[test]
    fn what_is_no_string_is_not_read() {
        for json in ["", "\"", "null", "1", "[\"a\"]", r#""\x""#] {
            assert_eq!(read_string(json), None, "{json}");
        }
    }

    #[test]
    fn every_control_character_is_escaped() {
        let text: String = ('\0'..='\u{80}').collect();
        assert_eq!(to_string(&json!(text)), serde_json_canonicalizer::to_string(&text).unwrap());
        assert_eq!(to_string(&json!("\u{8}\t\n\u{c}\r\u{b}")), r#""\b\t\n\f\r\u000b""#);
    }

    #[test]
    fn the_basic_plane_ends_behind_the_others() {
        let edges = ["\u{7f}", "\u{800}", "\u{d7ff}", "\u{10000}", "\u{10ffff}", "\u{e000}", "\u{ffff}"];
        assert!(edges.is_sorted_by(|a, b| key_order(a, b).is_lt()));
    }

    #[test]
    fn the_key_order_of_the_rfc() {
        let value = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
        assert_eq!(
            to_string(&value),
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
        );
    }
}
