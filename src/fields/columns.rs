//! What of a record stands in a table of its collection, beside its JSON, for lists and reckonings to filter, sort and
//! count by: derived from the field table, with the values as the record has them.
//!
//! A field of one value has a column of its own name; free texts have one only where somebody would ask for the whole
//! text. A place stands as `lat` and `lon` in WGS-84, an object's members as `object_member`. `search` has all that people
//! would look for by a part of it, `grams` the same in pieces, where the table is too large to read through.

use super::datum::place;
use super::field::{Choice, Field, Kind};
use super::table;
use serde_json::Value;
use std::sync::LazyLock;
use sync_core::canonical::read_string;
use sync_core::{Collection, Fields};
use uuid::Uuid;

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub enum ColumnKind {
    Text,
    /// Text that is asked for whole alone: lists mask it, and a range would tell it piece by piece.
    Whole,
    /// One of these texts.
    Choice(&'static [Choice]),
    /// Several of these texts, with a space before and behind each: ` illness water `; one space for an empty list.
    Choices(&'static [Choice]),
    /// A village's 12-digit code.
    Village,
    /// `YYYY-MM-DD`
    Day,
    /// Milliseconds since 1970.
    Millis,
    Uuid,
    Int,
    Real,
    Bool,
    /// Text that is looked through, in small letters.
    Search,
    /// Its pieces: see [`grams`].
    Grams,
}

/// A column of a collection's table.
#[derive(Debug)]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
    pub sorted: bool,
    from: From,
}

#[derive(Debug)]
enum From {
    Field(&'static Field),
    Member(&'static Field, &'static Field),
    Latitude(&'static Field),
    Longitude(&'static Field),
    Texts(Vec<&'static Field>),
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Uuid(Uuid),
    Int(i64),
    Real(f64),
    Bool(bool),
}

/// The columns of a collection's table, behind `bucket` and `id`.
pub fn columns(collection: Collection) -> &'static [Column] {
    static COLUMNS: LazyLock<Vec<Vec<Column>>> = LazyLock::new(|| Collection::ALL.into_iter().map(derive).collect());
    &COLUMNS[collection as usize - 1]
}

/// Whether a change of this field (by its name on the wire) can change a column.
pub fn has_column(collection: Collection, name: &str) -> bool {
    table::index(collection)
        .field(name)
        .is_some_and(|field| field.searched || kind(field).is_some() || matches!(field.kind, Kind::Object(_)))
}

fn derive(collection: Collection) -> Vec<Column> {
    let sheet = table::sheet(collection);
    let mut columns = Vec::new();
    let mut add = |name: String, kind, sorted, from| columns.push(Column { name, kind, sorted, from });
    for field in sheet.fields {
        match field.kind {
            Kind::Object(_) if field.name == "location" => {
                add("lat".into(), ColumnKind::Real, false, From::Latitude(field));
                add("lon".into(), ColumnKind::Real, false, From::Longitude(field));
            }
            Kind::Object(members) => {
                for member in members {
                    if let Some(kind) = kind(member) {
                        add(format!("{}_{}", field.name, member.name), kind, false, From::Member(field, member));
                    }
                }
            }
            _ => {
                if let Some(kind) = kind(field) {
                    add(field.name.into(), kind, field.sorted, From::Field(field));
                }
            }
        }
    }
    let searched = || sheet.fields.iter().filter(|field| field.searched).collect::<Vec<_>>();
    if !searched().is_empty() {
        add("search".into(), ColumnKind::Search, false, From::Texts(searched()));
        if sheet.large {
            add("grams".into(), ColumnKind::Grams, false, From::Texts(searched()));
        }
    }
    columns
}

fn kind(field: &Field) -> Option<ColumnKind> {
    Some(match field.kind {
        Kind::Text if field.column => ColumnKind::Text,
        Kind::IdNumber => ColumnKind::Whole,
        Kind::Sha256 => ColumnKind::Text,
        Kind::Choice(of) => ColumnKind::Choice(of),
        Kind::Choices { of, .. } => ColumnKind::Choices(of),
        Kind::Village => ColumnKind::Village,
        Kind::Date => ColumnKind::Day,
        Kind::Time => ColumnKind::Millis,
        Kind::Uuid(_) => ColumnKind::Uuid,
        Kind::Integer { .. } => ColumnKind::Int,
        Kind::Number { .. } => ColumnKind::Real,
        Kind::Bool => ColumnKind::Bool,
        _ => return None,
    })
}

impl Column {
    /// What a record has there; `None` for nothing.
    pub fn cell(&self, fields: &Fields) -> Option<Cell> {
        match &self.from {
            From::Field(field) => self.read(fields.get(field.name)?),
            From::Member(field, member) => {
                let object: Value = serde_json::from_str(fields.get(field.name)?).ok()?;
                self.read(&object.get(member.name)?.to_string())
            }
            From::Latitude(field) => place(fields.get(field.name)?).map(|(lat, _)| Cell::Real(lat)),
            From::Longitude(field) => place(fields.get(field.name)?).map(|(_, lon)| Cell::Real(lon)),
            From::Texts(searched) => {
                let text = texts(searched, fields);
                let text = if matches!(self.kind, ColumnKind::Grams) { grams(&text).join(" ") } else { text };
                (!text.is_empty()).then_some(Cell::Text(text))
            }
        }
    }

    /// A value's canonical JSON.
    fn read(&self, json: &str) -> Option<Cell> {
        Some(match self.kind {
            ColumnKind::Bool => Cell::Bool(json == "true"),
            ColumnKind::Int => Cell::Int(json.parse().ok()?),
            ColumnKind::Real => Cell::Real(json.parse().ok()?),
            ColumnKind::Uuid => Cell::Uuid(Uuid::try_parse(&read_string(json)?).ok()?),
            ColumnKind::Millis => {
                Cell::Int(chrono::DateTime::parse_from_rfc3339(&read_string(json)?).ok()?.timestamp_millis())
            }
            ColumnKind::Choices(_) => {
                let chosen: Vec<String> = serde_json::from_str(json).ok()?;
                Cell::Text(chosen.iter().fold(" ".to_owned(), |text, one| text + one + " "))
            }
            _ => Cell::Text(read_string(json)?.into_owned()),
        })
    }
}

/// All texts of the fields, each on a line, in small letters.
fn texts(searched: &[&'static Field], fields: &Fields) -> String {
    let mut all = String::new();
    let mut add = |text: &str| {
        if !text.is_empty() {
            all.push_str(if all.is_empty() { "" } else { "\n" });
            all.push_str(text);
        }
    };
    for field in searched {
        let Some(json) = fields.get(field.name) else { continue };
        match field.kind {
            Kind::List(members) => {
                let items: Vec<Value> = serde_json::from_str(json).unwrap_or_default();
                for (item, member) in items.iter().flat_map(|item| members.iter().map(move |member| (item, member))) {
                    if member.searched {
                        add(item.get(member.name).and_then(Value::as_str).unwrap_or_default());
                    }
                }
            }
            _ => add(&read_string(json).unwrap_or_default()),
        }
    }
    all.to_lowercase()
}

/// The pieces of a text by which a part of it can be found: every letter, digit or ideograph beyond ASCII, and every two
/// neighbours, each once, as their code points in hexadecimal digits (engines cut ideographs in ways of their own).
pub fn grams(text: &str) -> Vec<String> {
    let mut found = std::collections::BTreeSet::new();
    let mut last = None;
    for c in text.to_lowercase().chars() {
        let Some(c) = Some(c).filter(|c| c.is_alphanumeric()) else {
            last = None;
            continue;
        };
        if !c.is_ascii() {
            found.insert(format!("{:x}", u32::from(c)));
        }
        if let Some(last) = last.replace(c) {
            found.insert(format!("{:x}{:x}", u32::from(last), u32::from(c)));
        }
    }
    found.into_iter().collect()
}
