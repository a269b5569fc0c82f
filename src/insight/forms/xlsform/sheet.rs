//! A sheet as rows of named cells.

use super::Refused;
use calamine::{Data, Range};
use std::collections::BTreeMap;

/// The first row of a sheet, and the rows below it.
#[derive(Debug)]
pub(super) struct Sheet {
    name: &'static str,
    /// Each header, in small letters, with its column, from 0.
    pub(super) headers: Vec<(u32, String)>,
    pub(super) rows: Vec<Row>,
}

/// A row that is not empty.
#[derive(Debug)]
pub(super) struct Row {
    sheet: &'static str,
    /// From 1, as people see it.
    number: u32,
    /// By column.
    values: BTreeMap<u32, String>,
    /// Where a column is.
    places: BTreeMap<String, u32>,
}

/// A cell; empty where the row has nothing there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<'a> {
    sheet: &'static str,
    row: u32,
    column: u32,
    pub(super) text: &'a str,
}

impl Sheet {
    pub(super) fn read(name: &'static str, range: &Range<Data>) -> Self {
        let (top, left) = range.start().unwrap_or_default();
        let mut rows: BTreeMap<u32, BTreeMap<u32, String>> = BTreeMap::new();
        for (row, column, data) in range.used_cells() {
            let text = data.to_string().trim().to_owned();
            if !text.is_empty() {
                rows.entry(top + row as u32).or_default().insert(left + column as u32, text);
            }
        }
        let headers = rows.remove(&0).unwrap_or_default().into_iter();
        let headers: Vec<(u32, String)> = headers.map(|(column, text)| (column, text.to_lowercase())).collect();
        // Of two columns of one name the first: the second is refused.
        let mut places = BTreeMap::new();
        for (column, header) in &headers {
            places.entry(header.clone()).or_insert(*column);
            // `label` finds `label::zh` too.
            if let Some((name, _)) = header.split_once("::") {
                places.entry(name.trim().to_owned()).or_insert(*column);
            }
        }
        let row = |(at, values)| Row { sheet: name, number: at + 1, values, places: places.clone() };
        Self { name, headers, rows: rows.into_iter().map(row).collect() }
    }

    pub(super) fn header(&self, column: u32) -> Cell<'_> {
        let text = self.headers.iter().find(|(at, _)| *at == column).map_or("", |(_, text)| text.as_str());
        Cell { sheet: self.name, row: 1, column, text }
    }
}

impl Row {
    /// The cell in the first of these columns that the sheet has.
    pub(super) fn cell(&self, names: &[&str]) -> Cell<'_> {
        match names.iter().find_map(|name| self.places.get(*name)) {
            Some(column) => self.column(*column),
            None => Cell { sheet: self.sheet, row: self.number, column: 0, text: "" },
        }
    }

    /// What stands there, if anything does.
    pub(super) fn text(&self, names: &[&str]) -> Option<&str> {
        Some(self.cell(names).text).filter(|text| !text.is_empty())
    }

    pub(super) fn column(&self, column: u32) -> Cell<'_> {
        let text = self.values.get(&column).map_or("", String::as_str);
        Cell { sheet: self.sheet, row: self.number, column, text }
    }

    /// What stands under no header.
    pub(super) fn strays<'a>(&'a self, sheet: &Sheet) -> Vec<Cell<'a>> {
        let named = |column: &u32| sheet.headers.iter().any(|(known, _)| known == column);
        self.values.keys().filter(|column| !named(column)).map(|column| self.column(*column)).collect()
    }
}

impl Cell<'_> {
    pub(super) fn refused(&self, en: impl Into<String>, zh: impl Into<String>) -> Refused {
        let cell = format!("{}!{}{}", self.sheet, letters(self.column), self.row);
        Refused { cell: Some(cell), en: en.into(), zh: zh.into() }
    }
}

/// `A`, …, `Z`, `AA`, …
fn letters(column: u32) -> String {
    let last = char::from(b'A' + (column % 26) as u8);
    if column < 26 { last.to_string() } else { format!("{}{last}", letters(column / 26 - 1)) }
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn columns_have_letters() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
