//! Records as files: CSV, spreadsheets, GeoJSON, lines of JSON. Each is written as the records come, one after the other,
//! and nothing of them is kept.

mod csv;
mod geojson;
mod ndjson;
mod xlsx;

pub use csv::Csv;
pub use geojson::Geojson;
pub use ndjson::Ndjson;
pub use xlsx::Xlsx;

use crate::fields::{FlatCell, FlatColumn, flat};
use crate::lang::Lang;
use std::io;
use sync_core::{Collection, Fields};

/// A record on its way into a file.
#[derive(Debug)]
pub struct Line {
    pub bucket: String,
    pub id: String,
    pub rev: u64,
    pub updated_at: String,
    pub fields: Fields,
    /// The record as a list shows it.
    pub json: String,
}

/// A file that is being written.
pub trait Sheet {
    fn line(&mut self, line: &Line) -> io::Result<()>;

    /// Writes what stands at the end.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// The columns of a table of records, and how they are headed.
#[derive(Debug, Clone)]
pub struct Columns {
    fields: Vec<FlatColumn>,
    /// People's words in place of the names on the wire, for the head and for the values of lists.
    words: Option<Lang>,
}

/// What every record has in front.
const FRONT: [(&str, &str, &str); 4] = [
    ("bucket", "县（市、区）代码", "County"),
    ("id", "记录编号", "Record"),
    ("rev", "版本", "Revision"),
    ("updated_at", "更新时间", "Updated"),
];

impl Columns {
    /// `answers` are the names on the wire of the answers that any of the records has.
    pub fn new(collection: Collection, answers: impl IntoIterator<Item = String>, words: Option<Lang>) -> Self {
        let answers = answers.into_iter().map(FlatColumn::answer);
        Self { fields: flat(collection).into_iter().chain(answers).collect(), words }
    }

    pub fn head(&self) -> Vec<String> {
        let front = FRONT.iter().map(|(name, zh, en)| self.words.map_or(*name, |lang| lang.pick(en, zh)).to_owned());
        let named = |column: &FlatColumn| match self.words.filter(|_| !column.name.starts_with("answers.")) {
            Some(lang) => lang.pick(column.label.en, column.label.zh).to_owned(),
            None => column.name.clone(),
        };
        front.chain(self.fields.iter().map(named)).collect()
    }

    pub fn cells(&self, line: &Line) -> Vec<FlatCell> {
        let text = |text: &String| FlatCell::Text(text.clone());
        let rev = FlatCell::Number(line.rev.to_string());
        let front = [text(&line.bucket), text(&line.id), rev, text(&line.updated_at)];
        front
            .into_iter()
            .chain(self.fields.iter().map(|column| self.worded(column, column.cell(&line.fields))))
            .collect()
    }

    fn worded(&self, column: &FlatColumn, cell: FlatCell) -> FlatCell {
        match (self.words, cell) {
            (Some(lang), FlatCell::Text(text)) => {
                let word = |value: &str| {
                    let choice = column.choices().iter().find(|choice| choice.value == value);
                    choice.map_or_else(|| value.to_owned(), |c| lang.pick(c.label.en, c.label.zh).to_owned())
                };
                FlatCell::Text(text.split("; ").map(word).collect::<Vec<_>>().join("; "))
            }
            (_, cell) => cell,
        }
    }
}
