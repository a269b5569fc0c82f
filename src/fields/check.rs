//! Judges what an operation says of fields, from the operation alone, against the table. Every fault is reported; what
//! is valid comes out as canonical text.

use serde_json::{Map, Value};
use sync_core::{Bucket, Collection};
use uuid::Uuid;

use super::fault::{Expected, Fault, FieldError};
use super::field::{ANSWER_KEY_MAX, Field, Kind, Rule};
use super::named::Named;
use super::pointer::Path;
use super::table;
use super::value::{Noted, Reader};

/// Judges `fields` of an operation on the record (`bucket`, `collection`, `id`) by an author of `author_team` (`None`
/// for the offices). Whether all required fields are there is not judged here: see [`super::required`].
pub fn check(
    collection: Collection,
    bucket: Bucket,
    id: Uuid,
    author_team: Option<Uuid>,
    fields: &Map<String, Value>,
) -> Result<Named, Vec<FieldError>> {
    let index = table::index(collection);
    let answers = if index.has_answers { fields.get("answers").and_then(Value::as_object) } else { None };
    let mut edits = Vec::with_capacity(fields.len() + answers.map_or(0, Map::len));
    let mut reader = Reader::new(bucket);
    let root = Path::Root;
    for (name, value) in fields {
        let here = root.key(name);
        if let Some(key) = name.strip_prefix("answers.").filter(|_| index.has_answers) {
            if answers.is_some_and(|answers| answers.contains_key(key)) {
                reader.fault(here, Fault::DuplicateField);
            }
            if let Ok(text) = read_answer(key, value, here, &mut reader) {
                edits.push((name.clone(), text));
            }
        } else if let Some(field) = index.field(name) {
            if matches!(field.kind, Kind::Answers) {
                expand(value, here, &mut reader, &mut edits);
            } else if let Ok(text) = read_field(field, value, here, &mut reader) {
                if let (Some(rule), Value::String(value)) = (field.rule, value)
                    && let Some(fault) = broken(rule, value, id, author_team)
                {
                    reader.fault(here, fault);
                }
                edits.push((name.clone(), text));
            }
        } else {
            reader.fault(here, Fault::UnknownField);
        }
    }
    reader.finish().map(|normalised| Named::new(edits, normalised))
}

/// The field's new text, `None` to clear it.
fn read_field(field: &Field, value: &Value, here: Path<'_>, reader: &mut Reader) -> Result<Option<String>, Noted> {
    if field.read_only {
        return Err(reader.fault(here, Fault::ReadOnly));
    }
    if value.is_null() {
        if field.required {
            return Err(reader.fault(here, Fault::Required));
        }
        return Ok(None);
    }
    reader.read(&field.kind, value, here).map(Some)
}

fn broken(rule: Rule, value: &str, id: Uuid, author_team: Option<Uuid>) -> Option<Fault> {
    match rule {
        Rule::NamesTheRecord => {
            let expected = Uuid::new_v5(&Uuid::NAMESPACE_X500, value.as_bytes());
            (expected != id).then(|| Fault::IdMismatch { expected: expected.to_string() })
        }
        Rule::OwnTeam => {
            let own = author_team?;
            (Uuid::try_parse(value) != Ok(own)).then_some(Fault::ForeignTeam)
        }
        Rule::OfficeOnly(values) => (author_team.is_some() && values.contains(&value))
            .then(|| Fault::NotAllowed { values: values.iter().map(ToString::to_string).collect() }),
    }
}

/// `"answers": {…}` stands for its entries.
fn expand(value: &Value, here: Path<'_>, reader: &mut Reader, edits: &mut Vec<(String, Option<String>)>) {
    match value {
        Value::Object(answers) => {
            for (key, value) in answers {
                if let Ok(text) = read_answer(key, value, here.key(key), reader) {
                    edits.push((["answers.", key].concat(), text));
                }
            }
        }
        Value::Null => drop(reader.fault(here, Fault::NotClearable)),
        _ => drop(reader.fault(here, Fault::WrongType { expected: Expected::Object })),
    }
}

fn read_answer(key: &str, value: &Value, here: Path<'_>, reader: &mut Reader) -> Result<Option<String>, Noted> {
    let short = key.len() <= ANSWER_KEY_MAX || key.chars().count() <= ANSWER_KEY_MAX;
    if key.is_empty() || !short || key.chars().any(char::is_control) {
        return Err(reader.fault(here, Fault::InvalidKey { max: ANSWER_KEY_MAX }));
    }
    if value.is_null() { Ok(None) } else { reader.read(&Kind::Answers, value, here).map(Some) }
}
