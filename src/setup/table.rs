//! CSV files as an office saves them, each row with the number of its line, the header being line 1.

use anyhow::{Context as _, anyhow, ensure};
use csv::StringRecord;
use std::io::Read;

/// A CSV file with a header.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) headers: StringRecord,
    /// With the numbers of their lines; blanks around values are gone.
    pub(super) rows: Vec<(u64, StringRecord)>,
}

impl Table {
    /// Reads a file that has these columns at least.
    pub(super) fn read(mut csv: impl Read, columns: &[&str]) -> anyhow::Result<Self> {
        let mut text = Vec::new();
        csv.read_to_end(&mut text)?;
        // A record's position is where the one before it ended: ends of lines and empty lines may lie in between.
        let line = |at: &csv::Position| {
            let rest = text.get(at.byte() as usize..).unwrap_or_default().iter().take_while(|b| b"\r\n".contains(b));
            at.line() + rest.filter(|b| **b == b'\n').count() as u64
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_slice());
        let headers = reader.headers().context("line 1")?.clone();
        for name in columns {
            ensure!(headers.iter().any(|header| header == *name), "line 1: the column {name} is missing");
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| match error.position() {
                Some(at) => anyhow!("line {}: {error}", line(at)),
                None => error.into(),
            })?;
            rows.push((record.position().map_or(0, line), record));
        }
        Ok(Self { headers, rows })
    }
}
