//! A record as one line of a table: a column for each value that stands alone, under the names that people and programs
//! know (`location.lat`, `answers.q1`).

use super::datum;
use super::field::{Choice, Field, Kind, Label};
use super::table;
use serde_json::Value;
use sync_core::{Collection, Fields};

/// One value of a line.
#[derive(Debug, Clone, PartialEq)]
pub enum FlatCell {
    None,
    Text(String),
    /// In the form of RFC 8785.
    Number(String),
    Bool(bool),
}

/// A column of such a table.
#[derive(Debug, Clone)]
pub struct FlatColumn {
    pub name: String,
    pub label: Label,
    part: Part,
}

#[derive(Debug, Clone)]
enum Part {
    Whole(&'static Field),
    Member(&'static Field, &'static Field),
    /// Converted: the latitude (0) or the longitude (1).
    Wgs84(usize),
    Answer,
}

/// The columns that every record of a collection has; its answers come beside them: see [`FlatColumn::answer`].
pub fn flat(collection: Collection) -> Vec<FlatColumn> {
    let mut columns = Vec::new();
    for field in table::sheet(collection).fields {
        match field.kind {
            Kind::Answers => {}
            Kind::Object(members) => {
                for member in members {
                    let name = format!("{}.{}", field.name, member.name);
                    columns.push(FlatColumn { name, label: member.label, part: Part::Member(field, member) });
                }
                if field.name == "location" {
                    let degrees = [
                        ("lat_wgs84", "纬度（WGS-84）", "Latitude (WGS-84)"),
                        ("lon_wgs84", "经度（WGS-84）", "Longitude (WGS-84)"),
                    ];
                    for (axis, (name, zh, en)) in degrees.into_iter().enumerate() {
                        let name = format!("location.{name}");
                        columns.push(FlatColumn { name, label: Label { zh, en }, part: Part::Wgs84(axis) });
                    }
                }
            }
            _ => columns.push(FlatColumn { name: field.name.into(), label: field.label, part: Part::Whole(field) }),
        }
    }
    columns
}

/// Whether a collection's records have answers.
pub fn has_answers(collection: Collection) -> bool {
    table::index(collection).has_answers
}

/// The place of a record in WGS-84, latitude first.
pub fn place_of(fields: &Fields) -> Option<(f64, f64)> {
    datum::place(fields.get("location")?)
}

impl FlatColumn {
    /// The column of one answer, by its name on the wire: `answers.q1`.
    pub fn answer(name: String) -> Self {
        Self { name, label: Label { zh: "答案", en: "Answer" }, part: Part::Answer }
    }

    /// What a record has there.
    pub fn cell(&self, fields: &Fields) -> FlatCell {
        let whole = |name: &str| fields.get(name).and_then(|json| serde_json::from_str::<Value>(json).ok());
        match self.part {
            Part::Whole(field) => whole(field.name).map_or(FlatCell::None, |value| cell(&value)),
            Part::Answer => whole(&self.name).map_or(FlatCell::None, |value| cell(&value)),
            Part::Member(field, member) => {
                whole(field.name).and_then(|value| value.get(member.name).map(cell)).unwrap_or(FlatCell::None)
            }
            Part::Wgs84(axis) => place_of(fields).map_or(FlatCell::None, |(lat, lon)| {
                // A centimetre and less.
                FlatCell::Number(format!("{:.7}", [lat, lon][axis]))
            }),
        }
    }

    /// The allowed values, with their labels.
    pub fn choices(&self) -> &'static [Choice] {
        match self.part {
            Part::Whole(Field { kind: Kind::Choice(of) | Kind::Choices { of, .. }, .. })
            | Part::Member(_, Field { kind: Kind::Choice(of) | Kind::Choices { of, .. }, .. }) => of,
            _ => &[],
        }
    }
}

/// Lists of texts are joined; what has parts of its own stays JSON.
fn cell(value: &Value) -> FlatCell {
    match value {
        Value::Null => FlatCell::None,
        Value::Bool(flag) => FlatCell::Bool(*flag),
        Value::Number(number) => FlatCell::Number(number.to_string()),
        Value::String(text) => FlatCell::Text(text.clone()),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            FlatCell::Text(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "))
        }
        other => FlatCell::Text(other.to_string()),
    }
}
