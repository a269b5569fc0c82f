//! The OpenAPI 3.1 schemas of the collections' records, from the table.
//!
//! OpenAPI 3.1 schemas are JSON Schema 2020-12, so the answers of the flat form are `patternProperties`
//! (`^answers\.`) beside `additionalProperties: false`: exactly what the server sends and takes. A schema under
//! `additionalProperties` alone would promise that unknown fields are let through. utoipa has no member for the
//! keyword; it travels in its extensions, which are written out beside the other members.

use serde_json::{Value, json};
use sync_core::Collection;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOf, Array, Object, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{KnownFormat, RefOr};

use super::field::{ANSWER_KEY_MAX, Choice, Field, Kind, SAFE_INTEGER, TEXT_MAX};
use super::table;

/// What the server sends: a record's fields, flat, without nulls, the required ones always there.
pub fn schema(collection: Collection) -> Object {
    build(collection, Side::Read)
}

/// What the server takes in a push, a `POST` or a `PATCH`: any of the fields; null clears one that is not required;
/// `answers` may also be an object of its entries.
pub fn write_schema(collection: Collection) -> Object {
    build(collection, Side::Write)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Read,
    Write,
}

fn build(collection: Collection, side: Side) -> Object {
    let sheet = table::sheet(collection);
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(format!("{} ({})", sheet.label.en, sheet.label.zh)))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    for field in sheet.fields {
        if matches!(field.kind, Kind::Answers) {
            let pattern = format!("^answers\\.[^\\u0000-\\u001f\\u007f-\\u009f]{{1,{ANSWER_KEY_MAX}}}$");
            let patterns = json!({ pattern: to_json(answer(field, side)) });
            object = object.extensions(Some(Extensions::from_iter([("patternProperties", patterns)])));
            if side == Side::Write {
                object = object.property(field.name, answers(field));
            }
        } else if side == Side::Read || !field.read_only {
            let nullable = side == Side::Write && !field.required;
            object = object.property(field.name, property(field, nullable));
            if side == Side::Read && field.required {
                object = object.required(field.name);
            }
        }
    }
    object.build()
}

fn to_json(schema: RefOr<Schema>) -> Value {
    // Serializing a schema cannot fail: its keys are texts. `true` allows anything.
    serde_json::to_value(schema).unwrap_or(Value::Bool(true))
}

/// `{"q1": …}`: the entries without their prefix.
fn answers(field: &Field) -> Object {
    let key = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(ANSWER_KEY_MAX))
        .pattern(Some("^[^\\u0000-\\u001f\\u007f-\\u009f]*$"))
        .build();
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(description(field)))
        .property_names(Some(key))
        .additional_properties(Some(answer(field, Side::Write)))
        .build()
}

fn answer(field: &Field, side: Side) -> RefOr<Schema> {
    let mut any = AnyOf::new();
    any.description = Some(description(field));
    let mut items: Vec<RefOr<Schema>> = vec![
        long_text().into(),
        number_of(Type::Number, -SAFE_INTEGER as f64, SAFE_INTEGER as f64, false).into(),
        ObjectBuilder::new().schema_type(Type::Boolean).build().into(),
        Schema::Array(Array::new(long_text())).into(),
    ];
    if side == Side::Write {
        items.push(ObjectBuilder::new().schema_type(Type::Null).build().into());
    }
    any.items = items;
    Schema::AnyOf(any).into()
}

fn property(field: &Field, nullable: bool) -> RefOr<Schema> {
    let mut schema = of_kind(&field.kind, nullable);
    match &mut schema {
        Schema::Object(object) => {
            object.description = Some(description(field));
            object.read_only = field.read_only.then_some(true);
        }
        Schema::Array(array) => array.description = Some(description(field)),
        _ => {}
    }
    schema.into()
}

/// "Arable land (耕地面积), mu (1/15 hectare). …": what a reader of the document sees beside the name.
fn description(field: &Field) -> String {
    let mut text = format!("{} ({})", field.label.en, field.label.zh);
    if let Some(unit) = field.unit {
        text.push_str(", ");
        text.push_str(unit.label.en);
    }
    text.push('.');
    if let Some(doc) = field.doc {
        text.push(' ');
        text.push_str(doc.en);
    }
    if let Kind::Choice(of) | Kind::Choices { of, .. } = field.kind {
        let values: Vec<_> = of.iter().map(|c| format!("`{}` {} ({})", c.value, c.label.en, c.label.zh)).collect();
        text.push(' ');
        text.push_str(&values.join(", "));
        text.push('.');
    }
    if field.read_only {
        text.push_str(" Set by the server alone.");
    }
    text
}

fn of_kind(kind: &Kind, nullable: bool) -> Schema {
    let string = || ObjectBuilder::new().schema_type(types(Type::String, nullable));
    let known = |format| string().format(Some(SchemaFormat::KnownFormat(format)));
    Schema::Object(match kind {
        Kind::Text => string().max_length(Some(TEXT_MAX)).build(),
        Kind::Choice(of) => string().enum_values(Some(values(of, nullable))).build(),
        Kind::Bool => ObjectBuilder::new().schema_type(types(Type::Boolean, nullable)).build(),
        Kind::Integer { min, max } => number_of(Type::Integer, *min as f64, *max as f64, nullable),
        Kind::Number { min, max } => number_of(Type::Number, *min, *max, nullable),
        Kind::Date => known(KnownFormat::Date).build(),
        Kind::Time => known(KnownFormat::DateTime).build(),
        Kind::Uuid(_) => known(KnownFormat::Uuid).build(),
        Kind::Village => string().pattern(Some("^[0-9]{12}$")).build(),
        Kind::IdNumber => string().pattern(Some("^[1-9][0-9]{16}[0-9Xx]([1-7][1-4]([Bb][1-9])?)?$")).build(),
        Kind::Sha256 => string().pattern(Some("^[0-9a-fA-F]{64}$")).build(),
        Kind::Object(fields) => object_of(fields, nullable),
        Kind::List(fields) => return list(Schema::Object(object_of(fields, false)), None, nullable),
        Kind::Texts => return list(Schema::Object(long_text()), None, nullable),
        Kind::Choices { of, max } => {
            let item = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values(of, false))).build();
            return list(Schema::Object(item), Some(*max), nullable);
        }
        // Only nested fields come by here, and no answers are nested.
        Kind::Answers => ObjectBuilder::new().schema_type(types(Type::Object, nullable)).build(),
    })
}

fn types(one: Type, nullable: bool) -> SchemaType {
    if nullable { SchemaType::from_iter([one, Type::Null]) } else { SchemaType::new(one) }
}

fn values(of: &[Choice], nullable: bool) -> Vec<Value> {
    of.iter().map(|choice| Value::from(choice.value)).chain(nullable.then_some(Value::Null)).collect()
}

fn number_of(one: Type, min: f64, max: f64, nullable: bool) -> Object {
    ObjectBuilder::new().schema_type(types(one, nullable)).minimum(Some(min)).maximum(Some(max)).build()
}

fn long_text() -> Object {
    ObjectBuilder::new().schema_type(Type::String).max_length(Some(TEXT_MAX)).build()
}

/// Keys inside an object that are not required may be null on either side: objects are kept as given.
fn object_of(fields: &[Field], nullable: bool) -> Object {
    let mut object = ObjectBuilder::new()
        .schema_type(types(Type::Object, nullable))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    for field in fields {
        object = object.property(field.name, property(field, !field.required));
        if field.required {
            object = object.required(field.name);
        }
    }
    object.build()
}

fn list(item: Schema, max_items: Option<usize>, nullable: bool) -> Schema {
    let mut array = Array::new(item);
    array.schema_type = types(Type::Array, nullable);
    array.max_items = max_items;
    Schema::Array(array)
}
