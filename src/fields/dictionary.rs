//! The body of `GET /v1/dictionary`: the table as clients and people read it.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Number;
use sync_core::Collection;
use utoipa::ToSchema;

use super::field::{ANSWER_KEY_MAX, Choice, Field, Kind, Label, TEXT_MAX, Unit};
use super::table;

/// The fields of the seven collections.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Dictionary {
    pub collections: Vec<DictionaryCollection>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DictionaryCollection {
    #[schema(example = "households")]
    pub name: &'static str,
    pub label: Label,
    pub fields: Vec<DictionaryField>,
}

/// A field's type, as dictionaries name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    Text,
    /// A list of texts.
    Texts,
    /// One of `values`.
    Choice,
    /// A list of some of `values`.
    Choices,
    Boolean,
    Integer,
    Number,
    /// `YYYY-MM-DD`
    Date,
    /// RFC 3339 with offset.
    DateTime,
    Uuid,
    /// A 12-digit code that begins with the bucket's.
    VillageCode,
    /// A citizen's identity number or a disability-card number.
    IdNumber,
    /// 64 hexadecimal digits.
    Sha256,
    /// An object with `fields`.
    Object,
    /// A list of objects with `fields`.
    List,
    /// A map that merges entry by entry, `answers.<key>` on the wire.
    Answers,
}

/// One field. What does not apply is left out.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DictionaryField {
    #[schema(example = "status")]
    pub name: &'static str,
    pub label: Label,
    #[serde(rename = "type")]
    pub kind: FieldType,
    pub required: bool,
    /// Set by the server alone.
    pub read_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Label>,
    /// The allowed values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<&'static [Choice]>,
    /// Inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub min: Option<Number>,
    /// Inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub max: Option<Number>,
    /// In characters: of a text, of a list's texts, of the texts among answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// In characters, of an answer's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_key_length: Option<usize>,
    /// Of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_items: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// The collection or resource whose id this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "households")]
    pub references: Option<&'static str>,
    /// Of an object, or of each item of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub fields: Option<Vec<DictionaryField>>,
}

/// The whole dictionary, made once.
pub fn dictionary() -> &'static Dictionary {
    static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary {
        collections: Collection::ALL
            .into_iter()
            .map(|collection| {
                let sheet = table::sheet(collection);
                let fields = sheet.fields.iter().map(describe).collect();
                DictionaryCollection { name: collection.name(), label: sheet.label, fields }
            })
            .collect(),
    });
    &DICTIONARY
}

fn describe(field: &Field) -> DictionaryField {
    let mut out = DictionaryField {
        name: field.name,
        label: field.label,
        kind: FieldType::Text,
        required: field.required,
        read_only: field.read_only,
        description: field.doc,
        values: None,
        min: None,
        max: None,
        max_length: None,
        max_key_length: None,
        max_items: None,
        unit: field.unit,
        references: None,
        fields: None,
    };
    out.kind = match &field.kind {
        Kind::Text => {
            out.max_length = Some(TEXT_MAX);
            FieldType::Text
        }
        Kind::Texts => {
            out.max_length = Some(TEXT_MAX);
            FieldType::Texts
        }
        Kind::Choice(of) => {
            out.values = Some(of);
            FieldType::Choice
        }
        Kind::Choices { of, max } => {
            out.values = Some(of);
            out.max_items = Some(*max);
            FieldType::Choices
        }
        Kind::Bool => FieldType::Boolean,
        Kind::Integer { min, max } => {
            out.min = Some(Number::from(*min));
            out.max = Some(Number::from(*max));
            FieldType::Integer
        }
        Kind::Number { min, max } => {
            out.min = Some(plain(*min));
            out.max = Some(plain(*max));
            FieldType::Number
        }
        Kind::Date => FieldType::Date,
        Kind::Time => FieldType::DateTime,
        Kind::Uuid(of) => {
            out.references = *of;
            FieldType::Uuid
        }
        Kind::Village => FieldType::VillageCode,
        Kind::IdNumber => FieldType::IdNumber,
        Kind::Sha256 => FieldType::Sha256,
        Kind::Object(fields) => {
            out.fields = Some(fields.iter().map(describe).collect());
            FieldType::Object
        }
        Kind::List(fields) => {
            out.fields = Some(fields.iter().map(describe).collect());
            FieldType::List
        }
        Kind::Answers => {
            out.max_length = Some(TEXT_MAX);
            out.max_key_length = Some(ANSWER_KEY_MAX);
            FieldType::Answers
        }
    };
    out
}

/// Bounds are whole numbers: told without `.0`.
fn plain(bound: f64) -> Number {
    Number::from(bound as i64)
}
