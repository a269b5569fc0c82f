//! What holds for every input, drawn from the table itself.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sync_core::Collection;

use super::{ID, VILLAGE, bucket, check, object, one};
use crate::fields::canonical::{self, key_order};
use crate::fields::field::{Choice, Field, Kind};
use crate::fields::{Fault, Named, formats, table, write_schema};

fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-3.0..3.0_f64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 5, |inner| {
        let key = prop_oneof![any::<String>(), "lat|lon|id|name|rank|datum|from"];
        prop_oneof![vec(inner.clone(), 0..5).prop_map(Value::from), btree_map(key, inner, 0..5).prop_map(to_object)]
    })
    .boxed()
}

fn to_object(map: BTreeMap<String, Value>) -> Value {
    Value::Object(map.into_iter().collect())
}

fn date() -> impl Strategy<Value = String> {
    (1..3_652_000).prop_map(|day| NaiveDate::from_num_days_from_ce_opt(day).unwrap().to_string())
}

fn time() -> impl Strategy<Value = String> {
    (0..4_102_444_800_000_i64, any::<bool>()).prop_map(|(ms, local)| {
        let utc = DateTime::from_timestamp_millis(ms).unwrap();
        let hours = chrono::FixedOffset::east_opt(8 * 3600).unwrap();
        if local { utc.with_timezone(&hours).to_rfc3339() } else { utc.to_rfc3339() }
    })
}

/// 17 digits with a date that exists, completed by the weights of GB 11643 (the code under test uses Horner's form).
fn id_number() -> impl Strategy<Value = String> {
    let born = (657_438..800_000).prop_map(|day| NaiveDate::from_num_days_from_ce_opt(day).unwrap().format("%Y%m%d"));
    (100_000..1_000_000, born, 0..1_000).prop_map(|(area, born, order)| {
        let digits = format!("{area}{born}{order:03}");
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 = digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        let check = b"10X98765432"[sum as usize % 11];
        format!("{digits}{}", check as char)
    })
}

fn some(of: &'static [Choice]) -> impl Strategy<Value = Value> {
    prop::sample::select(of).prop_map(|choice| Value::from(choice.value))
}

fn free_text() -> impl Strategy<Value = Value> {
    "[^\0]{0,12}".prop_map(Value::from)
}

/// A value that the kind allows.
fn valid(kind: &'static Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Text => free_text().boxed(),
        Kind::Texts => vec(free_text(), 0..4).prop_map(Value::from).boxed(),
        Kind::Choice(of) => some(of).boxed(),
        Kind::Choices { of, max } => vec(some(of), 0..=*max).prop_map(Value::from).boxed(),
        Kind::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Integer { min, max } => prop_oneof![
            (*min..=*max).prop_map(Value::from),
            // The same numbers, written 3.0.
            (*min..=*max).prop_map(|n| Value::from(n as f64)),
        ]
        .boxed(),
        Kind::Number { min, max } => (*min..=*max).prop_map(Value::from).boxed(),
        Kind::Date => date().prop_map(Value::from).boxed(),
        Kind::Time => time().prop_map(Value::from).boxed(),
        Kind::Uuid(_) => any::<u128>()
            .prop_map(|n| uuid::Uuid::from_u128(n).to_string())
            .prop_map(|id| if id.starts_with('a') { id.to_uppercase() } else { id })
            .prop_map(Value::from)
            .boxed(),
        Kind::Village => (0..1_000_000).prop_map(|n| json!(format!("513430{n:06}"))).boxed(),
        Kind::IdNumber => (id_number(), "|12|74B3").prop_map(|(id, card)| json!(id + &card)).boxed(),
        Kind::Sha256 => "[0-9a-fA-F]{64}".prop_map(Value::from).boxed(),
        Kind::Object(fields) => valid_object(fields),
        Kind::List(fields) => vec(valid_object(fields), 0..3).prop_map(Value::from).boxed(),
        Kind::Answers => btree_map(
            "[^\\p{Cc}]{1,6}",
            prop_oneof![
                Just(Value::Null),
                free_text(),
                any::<bool>().prop_map(Value::from),
                any::<i32>().prop_map(Value::from),
                (-1e9..1e9).prop_map(Value::from),
                vec(free_text(), 0..3).prop_map(Value::from)
            ],
            0..6,
        )
        .prop_map(to_object)
        .boxed(),
    }
}

/// Any of the fields, the required ones always.
fn valid_object(fields: &'static [Field]) -> BoxedStrategy<Value> {
    fields
        .iter()
        .map(|field| {
            let value = valid(&field.kind).prop_map(Some);
            let value = if field.required { value.boxed() } else { prop_oneof![Just(None), value].boxed() };
            value.prop_map(|value| Some((field.name.to_owned(), value?)))
        })
        .collect::<Vec<_>>()
        .prop_map(|members| Value::Object(members.into_iter().flatten().collect()))
        .boxed()
}

/// A valid operation on any collection.
fn operation() -> impl Strategy<Value = (Collection, Map<String, Value>)> {
    let of = |collection: Collection| {
        valid_object(table::sheet(collection).fields).prop_map(move |fields| {
            let mut fields = object(fields);
            fields.retain(|name, _| table::index(collection).field(name).is_some_and(|field| !field.read_only));
            if collection == Collection::Villages {
                fields.insert("village".to_owned(), json!(VILLAGE));
            }
            (collection, fields)
        })
    };
    prop::sample::select(Collection::ALL.as_slice()).prop_flat_map(of)
}

fn id_for(collection: Collection) -> uuid::Uuid {
    match collection {
        Collection::Villages => uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_X500, VILLAGE.as_bytes()),
        _ => ID,
    }
}

/// What holds of everything that is let through.
fn assert_canonical(collection: Collection, named: &Named) -> Result<(), TestCaseError> {
    let names: Vec<_> = named.edits.iter().map(|(name, _)| name).collect();
    prop_assert!(names.is_sorted_by(|a, b| key_order(a, b).is_lt()), "{named:?}");
    let mut again = Map::new();
    for (name, text) in named.edits.iter() {
        let value = text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
        if let Some(text) = text {
            prop_assert_eq!(text, canonical::to_string(&value));
        }
        again.insert(name.to_owned(), value);
    }
    let second = check(collection, bucket(), id_for(collection), None, &again);
    prop_assert_eq!(second.as_ref().map(|second| &second.edits), Ok(&named.edits));
    prop_assert!(!second.unwrap().normalised);
    Ok(())
}

proptest! {
    #[test]
    fn what_the_table_allows_is_let_through((collection, fields) in operation()) {
        let named = check(collection, bucket(), id_for(collection), None, &fields);
        prop_assert!(named.is_ok(), "{collection} {fields:?}: {named:?}");
        let named = named.unwrap();
        assert_canonical(collection, &named)?;
        let entries = fields.get("answers").and_then(Value::as_object).map_or(0, Map::len);
        prop_assert_eq!(named.edits.len(), fields.len() - usize::from(fields.contains_key("answers")) + entries);

        let schema = serde_json::to_value(write_schema(collection)).unwrap();
        super::describing::assert_fits(&schema, &Value::Object(fields));
    }

    #[test]
    fn nothing_panics_and_every_pointer_leads_somewhere(
        collection in prop::sample::select(Collection::ALL.as_slice()),
        picks in vec((any::<prop::sample::Index>(), any_json()), 0..8),
        others in btree_map(prop_oneof![any::<String>(), "answers\\..{0,4}"], any_json(), 0..4),
    ) {
        let known = table::sheet(collection).fields;
        let mut fields: Map<String, Value> = others.into_iter().collect();
        fields.extend(picks.into_iter().map(|(pick, value)| (pick.get(known).name.to_owned(), value)));
        match check(collection, bucket(), id_for(collection), None, &fields) {
            Ok(named) => assert_canonical(collection, &named)?,
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                let fields = Value::Object(fields);
                for error in errors {
                    let parent = error.pointer.rsplit_once('/').unwrap().0;
                    let found = fields.pointer(&error.pointer).is_some()
                        || error.fault == Fault::Required && fields.pointer(parent).is_some();
                    prop_assert!(found, "{}", error.pointer);
                }
            }
        }
    }

    #[test]
    fn times_are_those_that_chrono_reads(text in prop_oneof![
        time(),
        "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,9})?(Z|[+-][0-2][0-9]:[0-6][0-9])",
        "[0-9tTzZ:+. -]{0,30}",
    ]) {
        let known = DateTime::parse_from_rfc3339(&text).is_ok() && !text.starts_with("0000") && !text.contains(' ');
        prop_assert_eq!(formats::is_time(&text), known);
    }

    #[test]
    fn dates_are_those_that_chrono_reads(text in prop_oneof![date(), "[0-9]{4}-[01][0-9]-[0-3][0-9]"]) {
        let known = NaiveDate::parse_from_str(&text, "%Y-%m-%d").is_ok() && !text.starts_with("0000");
        prop_assert_eq!(formats::is_date(&text), known);
    }

    #[test]
    fn a_slip_in_an_identity_number_is_seen(number in id_number(), at in 0..18_usize, digit in 0..10_u8) {
        prop_assert_eq!(formats::id_number(&number), Ok(()));
        let mut slipped = number.clone().into_bytes();
        slipped[at] = b'0' + digit;
        let slipped = String::from_utf8(slipped).unwrap();
        prop_assert_eq!(formats::id_number(&slipped).is_ok(), slipped == number);
    }

    #[test]
    fn numbers_keep_their_value(n in -1e9..1e9_f64) {
        let text = one(Collection::Households, "income_business", json!(n)).unwrap();
        prop_assert_eq!(text.parse(), Ok(n));
    }
}
