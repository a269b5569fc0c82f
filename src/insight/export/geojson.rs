//! GeoJSON (RFC 7946): a feature for each record, at its place in WGS-84, or without one; its properties are the columns of
//! a table, which is what programs for maps can show.

use super::{Columns, Line, Sheet};
use crate::fields::{FlatCell, place_of};
use serde_json::Value;
use std::io::{self, Write};

pub struct Geojson<W: Write> {
    out: W,
    columns: Columns,
    /// The columns' names, as JSON.
    names: Vec<String>,
    first: bool,
}

impl<W: Write> Geojson<W> {
    pub fn begin(mut out: W, columns: Columns) -> io::Result<Self> {
        out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
        let names = columns.head().into_iter().map(|name| Value::from(name).to_string()).collect();
        Ok(Self { out, columns, names, first: true })
    }

    /// What a record has; the rest is left out.
    fn properties(&self, line: &Line) -> String {
        let cells = self.names.iter().zip(self.columns.cells(line));
        let given = cells.filter_map(|(name, cell)| {
            let value = match cell {
                FlatCell::None => return None,
                FlatCell::Number(number) => number,
                FlatCell::Bool(flag) => flag.to_string(),
                FlatCell::Text(text) => Value::from(text).to_string(),
            };
            Some(format!("{name}:{value}"))
        });
        format!("{{{}}}", given.collect::<Vec<_>>().join(","))
    }
}

impl<W: Write> Sheet for Geojson<W> {
    fn line(&mut self, line: &Line) -> io::Result<()> {
        let geometry = place_of(&line.fields).map_or_else(
            || "null".to_owned(),
            |(lat, lon)| format!("{{\"type\":\"Point\",\"coordinates\":[{lon:.7},{lat:.7}]}}"),
        );
        let comma = if std::mem::take(&mut self.first) { "" } else { "," };
        write!(
            self.out,
            "{comma}\n{{\"type\":\"Feature\",\"id\":\"{}\",\"geometry\":{geometry},\"properties\":{}}}",
            line.id,
            self.properties(line)
        )
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.write_all(b"\n]}\n")?;
        self.out.flush()
    }
}
