//! CSV (RFC 4180), in UTF-8. Texts, codes and identifiers stand in quotes, numbers do not.

use super::{Columns, Line, Sheet};
use crate::fields::FlatCell;
use csv::{QuoteStyle, Writer, WriterBuilder};
use std::io::{self, Write};

/// What spreadsheets know UTF-8 by.
const BOM: &[u8] = "\u{feff}".as_bytes();

pub struct Csv<W: Write> {
    out: Writer<W>,
    columns: Columns,
    /// Is read by a spreadsheet: a text that one would take for a formula is kept from it by an apostrophe, one that it would
    /// take for a number (and shorten: an identity card's has 18 digits) by a formula that gives it as a text.
    for_spreadsheets: bool,
}

impl<W: Write> Csv<W> {
    /// With `bom` it is made for spreadsheets.
    pub fn begin(mut out: W, columns: Columns, bom: bool) -> io::Result<Self> {
        if bom {
            out.write_all(BOM)?;
        }
        // What is quoted is quoted here: it depends on what a value is, not on how it looks.
        let mut out = WriterBuilder::new().quote_style(QuoteStyle::Never).from_writer(out);
        out.write_record(columns.head().iter().map(|name| quoted(name)))?;
        Ok(Self { out, columns, for_spreadsheets: bom })
    }

    fn value(&self, cell: FlatCell) -> String {
        match cell {
            FlatCell::None => String::new(),
            FlatCell::Number(number) => number,
            FlatCell::Bool(flag) => flag.to_string(),
            FlatCell::Text(text) if self.for_spreadsheets => {
                if text.starts_with(|first: char| first.is_ascii_digit()) && text.parse::<f64>().is_ok() {
                    return quoted(&format!("=\"{text}\""));
                }
                let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
                quoted(&if formula { format!("'{text}") } else { text })
            }
            FlatCell::Text(text) => quoted(&text),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

impl<W: Write> Sheet for Csv<W> {
    fn line(&mut self, line: &Line) -> io::Result<()> {
        let values: Vec<String> = self.columns.cells(line).into_iter().map(|cell| self.value(cell)).collect();
        Ok(self.out.write_record(&values)?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.flush()
    }
}
