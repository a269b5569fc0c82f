//! Judges what an operation says of fields, from the operation alone, against the table. Every fault is reported; what
//! is valid comes out as canonical text.

use sync_core::fields::Writer;
use sync_core::json::{Json, Object};
use sync_core::{Bucket, Collection};
use uuid::Uuid;

use super::fault::{Expected, Fault, FieldError};
use super::field::{ANSWER_KEY_MAX, Field, Kind, Rule};
use super::named::Named;
use super::pointer::Path;
use super::table;
use super::value::{Noted, Reader};

/// Bytes that most records have room in.
const TYPICAL: usize = 768;

/// Judges `fields` of an operation on the record (`bucket`, `collection`, `id`) by an author of `author_team` (`None`
/// for the offices). Whether all required fields are there is not judged here: see [`super::required`].
pub fn check(
    collection: Collection,
    bucket: Bucket,
    id: Uuid,
    author_team: Option<Uuid>,
    fields: &Object<'_>,
) -> Result<Named, Vec<FieldError>> {
    let index = table::index(collection);
    let answers = if index.has_answers { fields.get("answers").and_then(Json::as_object) } else { None };
    let mut edits = Writer::with_capacity(fields.len() + answers.map_or(0, Object::len), TYPICAL);
    let mut reader = Reader::new(bucket);
    let root = Path::Root;
    for (name, value) in fields.iter() {
        let here = root.key(name);
        if let Some(key) = name.strip_prefix("answers.").filter(|_| index.has_answers) {
            if answers.is_some_and(|answers| answers.contains(key)) {
                reader.fault(here, Fault::DuplicateField);
            }
            // A fault is noted, and nothing is made of the edits.
            let _ = edits.member(name, |out| write_answer(key, value, here, &mut reader, out));
        } else if let Some(field) = index.field(name) {
            if matches!(field.kind, Kind::Answers) {
                expand(value, here, &mut reader, &mut edits);
            } else if edits.member(name, |out| write_field(field, value, here, &mut reader, out)).is_ok()
                && let (Some(rule), Json::Text(value)) = (field.rule, value)
                && let Some(fault) = broken(rule, value, id, author_team)
            {
                reader.fault(here, fault);
            }
        } else {
            reader.fault(here, Fault::UnknownField);
        }
    }
    reader.finish().map(|normalised| Named { edits: edits.into(), normalised })
}

/// Appends the field's new text, `null` to clear it.
fn write_field(
    field: &Field,
    value: &Json<'_>,
    here: Path<'_>,
    reader: &mut Reader,
    out: &mut String,
) -> Result<(), Noted> {
    if field.read_only {
        return Err(reader.fault(here, Fault::ReadOnly));
    }
    if value.is_null() && field.required {
        return Err(reader.fault(here, Fault::Required));
    }
    reader.write_or_clear(&field.kind, value, here, out)
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
fn expand(value: &Json<'_>, here: Path<'_>, reader: &mut Reader, edits: &mut Writer) {
    match value {
        Json::Object(answers) => {
            for (key, value) in answers.iter() {
                let name = ["answers.", key].concat();
                let _ = edits.member(&name, |out| write_answer(key, value, here.key(key), reader, out));
            }
        }
        Json::Null => drop(reader.fault(here, Fault::NotClearable)),
        _ => drop(reader.fault(here, Fault::WrongType { expected: Expected::Object })),
    }
}

/// Appends an answer's new text, `null` to clear it.
fn write_answer(
    key: &str,
    value: &Json<'_>,
    here: Path<'_>,
    reader: &mut Reader,
    out: &mut String,
) -> Result<(), Noted> {
    let short = key.len() <= ANSWER_KEY_MAX || key.chars().count() <= ANSWER_KEY_MAX;
    if key.is_empty() || !short || key.chars().any(char::is_control) {
        return Err(reader.fault(here, Fault::InvalidKey { max: ANSWER_KEY_MAX }));
    }
    reader.write_or_clear(&Kind::Answers, value, here, out)
}
