//! The dictionary, the schemas and the faults' sentences against the table.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sync_core::Collection;
use utoipa::ToSchema;

use crate::fields::fault::Expected;
use crate::fields::field::{Field, Kind};
use crate::fields::{Dictionary, Fault, FieldError, dictionary, schema, table, write_schema};
use crate::lang::Lang;

fn walk(fields: &'static [Field], visit: &mut impl FnMut(&'static Field)) {
    for field in fields {
        visit(field);
        if let Kind::Object(nested) | Kind::List(nested) = field.kind {
            walk(nested, visit);
        }
    }
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn the_table_is_sound() {
    for collection in Collection::ALL {
        let sheet = table::sheet(collection);
        let names: BTreeSet<_> = sheet.fields.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), sheet.fields.len(), "{collection} has a name twice");
        walk(sheet.fields, &mut |field| {
            let name = field.name;
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{name}");
            assert!(is_chinese(field.label.zh) && !is_chinese(field.label.en), "{name}");
            assert!(field.doc.is_none_or(|doc| is_chinese(doc.zh) && !is_chinese(doc.en)), "{name}");
            if let Kind::Choice(of) | Kind::Choices { of, .. } = field.kind {
                let values: BTreeSet<_> = of.iter().map(|choice| choice.value).collect();
                assert_eq!(values.len(), of.len(), "{name} has a value twice");
                // What needs no escape is written without looking.
                assert!(values.iter().all(|v| !v.contains(['"', '\\'])));
                for choice in of {
                    assert!(!choice.label.zh.is_ascii(), "{name}: {}", choice.value);
                    assert!(choice.label.en.is_ascii() && !choice.label.en.is_empty(), "{name}: {}", choice.value);
                }
            }
        });
    }
}

#[test]
fn the_dictionary_tells_the_table() {
    let body = serde_json::to_value(dictionary()).unwrap();
    let collections = body["collections"].as_array().unwrap();
    assert_eq!(collections.len(), 7);
    for (entry, collection) in collections.iter().zip(Collection::ALL) {
        assert_eq!(entry["name"], collection.name());
        let names: Vec<_> = entry["fields"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
        assert_eq!(names, table::sheet(collection).fields.iter().map(|f| f.name).collect::<Vec<_>>());
    }
    let find = |collection: usize, name: &str| {
        collections[collection]["fields"].as_array().unwrap().iter().find(|f| f["name"] == name).unwrap().clone()
    };
    assert_eq!(
        find(0, "relocation"),
        json!({"name": "relocation", "label": {"zh-CN": "易地搬迁", "en": "Relocation"}, "type": "boolean",
               "required": false, "read_only": false})
    );
    let status = find(0, "status");
    assert_eq!(status["type"], "choice");
    assert_eq!(
        status["values"][1],
        json!({"value": "lifted", "label": {"zh-CN": "脱贫", "en": "Lifted out of poverty"}})
    );
    let arable = find(0, "arable_mu");
    assert_eq!((&arable["min"], &arable["max"]), (&json!(0), &json!(1_000_000)));
    assert_eq!(arable["unit"]["label"]["zh-CN"], "亩");
    assert_eq!(find(0, "causes_other")["max_items"], 2);
    assert_eq!(find(0, "helpers")["fields"][2]["values"][0]["value"], "provincial");
    assert_eq!(find(1, "household")["references"], "households");
    assert_eq!(find(4, "answers")["max_key_length"], 128);
    assert_eq!(find(6, "content")["read_only"], true);
    assert_eq!(find(6, "subject")["fields"][1]["required"], true);
}

#[test]
fn the_dictionary_has_a_schema() {
    let mut schemas = Vec::new();
    <Dictionary as ToSchema>::schemas(&mut schemas);
    let schemas: BTreeMap<_, _> = schemas.into_iter().collect();
    let names: Vec<_> = schemas.keys().map(String::as_str).collect();
    assert_eq!(names, ["Choice", "DictionaryCollection", "DictionaryField", "FieldType", "Label", "Unit"]);
    let label = serde_json::to_value(&schemas["Label"]).unwrap();
    assert_eq!(label["required"], json!(["zh-CN", "en"]));
}

/// The part of JSON Schema that the schemas use, but for patterns and formats.
#[track_caller]
pub(super) fn assert_fits(schema: &Value, value: &Value) {
    if let Err(why) = fits(schema, value) {
        panic!("{why}: {value} against {schema}");
    }
}

fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    let ensure = |yes: bool, why: &str| if yes { Ok(()) } else { Err(why.to_owned()) };
    if let Some(any) = schema["anyOf"].as_array() {
        return ensure(any.iter().any(|one| fits(one, value).is_ok()), "anyOf");
    }
    let is = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other}"),
    };
    match &schema["type"] {
        Value::Array(types) => ensure(types.iter().any(is), "type")?,
        one => ensure(is(one), "type")?,
    }
    if let Some(values) = schema["enum"].as_array() {
        ensure(values.contains(value), "enum")?;
    }
    if let Some(n) = value.as_f64() {
        ensure(n >= schema["minimum"].as_f64().unwrap() && n <= schema["maximum"].as_f64().unwrap(), "range")?;
    }
    if let (Some(text), Some(max)) = (value.as_str(), schema["maxLength"].as_u64()) {
        ensure(text.chars().count() as u64 <= max, "maxLength")?;
    }
    for item in value.as_array().into_iter().flatten() {
        fits(&schema["items"], item)?;
    }
    if let Some(max) = schema["maxItems"].as_u64() {
        ensure(value.as_array().is_none_or(|items| items.len() as u64 <= max), "maxItems")?;
    }
    for (key, member) in value.as_object().into_iter().flatten() {
        let inside = match &schema["properties"][key] {
            Value::Null if key.starts_with("answers.") => {
                schema["patternProperties"].as_object().unwrap().values().next().unwrap()
            }
            Value::Null => &schema["additionalProperties"],
            known => known,
        };
        ensure(inside.is_object(), key)?;
        fits(inside, member).map_err(|why| format!("{key}: {why}"))?;
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        ensure(value.is_null() || !value[name.as_str().unwrap()].is_null(), "required")?;
    }
    Ok(())
}

#[test]
fn the_schemas_tell_the_table() {
    for collection in Collection::ALL {
        let (read, write) = (
            serde_json::to_value(schema(collection)).unwrap(),
            serde_json::to_value(write_schema(collection)).unwrap(),
        );
        assert_eq!(read["additionalProperties"], false);
        assert_eq!(write["required"], Value::Null);
        let required: Vec<_> = read["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(required, crate::fields::required(collection));
        for field in table::sheet(collection).fields {
            let (told, taken) = (&read["properties"][field.name], &write["properties"][field.name]);
            assert_eq!(told.is_null(), matches!(field.kind, Kind::Answers), "{}", field.name);
            assert_eq!(taken.is_null(), field.read_only, "{}", field.name);
            assert!(told.is_null() || told["description"].as_str().unwrap().contains(field.label.zh));
        }
    }
    let interviews = serde_json::to_value(schema(Collection::Interviews)).unwrap();
    let flat = json!({"visit": "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e", "level": "household", "form": "hh", "form_version": 1,
                      "answers.q1": true, "answers.q2": ["a"]});
    assert_fits(&interviews, &flat);
    assert!(fits(&interviews, &json!({"answers": {}})).is_err());
    let (pattern, _) = interviews["patternProperties"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(pattern, "^answers\\.[^\\u0000-\\u001f\\u007f-\\u009f]{1,128}$");
    let members = serde_json::to_value(write_schema(Collection::Members)).unwrap();
    assert_fits(&members, &json!({"sex": null}));
    assert!(fits(&members, &json!({"name": null})).is_err());
    assert!(fits(&members, &json!({"sex": "?"})).is_err());
}

fn all_faults() -> Vec<Fault> {
    vec![
        Fault::UnknownField,
        Fault::DuplicateField,
        Fault::InvalidKey { max: 128 },
        Fault::Required,
        Fault::NotClearable,
        Fault::ReadOnly,
        Fault::WrongType { expected: Expected::Answer },
        Fault::NotInList { allowed: vec!["poor".into(), "lifted".into()] },
        Fault::OutOfRange { min: 0.0, max: 12.0 },
        Fault::TooLong { max: 4_000 },
        Fault::TooMany { max: 2 },
        Fault::InvalidText,
        Fault::InvalidUuid,
        Fault::InvalidDate,
        Fault::InvalidTime,
        Fault::InvalidVillage,
        Fault::InvalidSha256,
        Fault::InvalidIdNumber,
        Fault::InvalidBirthDate,
        Fault::InvalidCheckDigit,
        Fault::OutsideBucket { bucket: "513430".into() },
        Fault::IdMismatch { expected: "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e".into() },
        Fault::ForeignTeam,
        Fault::NotAllowed { values: vec!["closed".into()] },
        Fault::UnknownBucket,
        Fault::UnknownCollection,
        Fault::TooDeep,
    ]
}

#[test]
fn faults_are_kept_and_told() {
    let mut codes = BTreeSet::new();
    for fault in all_faults() {
        let error = FieldError::new("/a", fault.clone()).under("/fields");
        let kept = serde_json::to_string(&error).unwrap();
        assert_eq!(serde_json::from_str::<FieldError>(&kept).unwrap(), error, "{kept}");
        assert_eq!(serde_json::from_str::<Value>(&kept).unwrap()["code"], fault.code());
        assert!(codes.insert(fault.code()), "{} twice", fault.code());
        assert!(is_chinese(&fault.detail(Lang::Zh)) && !is_chinese(&fault.detail(Lang::En)), "{kept}");
        assert_eq!(error.pointer, "/fields/a");
    }
    assert_eq!(Fault::OutOfRange { min: 0.0, max: 12.0 }.detail(Lang::En), "must be from 0 to 12");
    assert_eq!(Fault::TooMany { max: 2 }.detail(Lang::Zh), "最多 2 项");
}

#[test]
fn a_fault_never_repeats_what_was_sent() {
    let secret = "510105194912310021";
    let fields = json!({"id_number": secret, "name": null});
    let errors =
        super::check(Collection::Members, super::bucket(), super::ID, None, &super::object(fields)).unwrap_err();
    assert_eq!(errors.len(), 2);
    assert!(!serde_json::to_string(&errors).unwrap().contains(secret));
}
