//! GeoJSON (RFC 7946): a feature for each record, at its place in WGS-84, or without one.

use super::{Line, Sheet};
use crate::fields::place_of;
use std::io::{self, Write};

pub struct Geojson<W: Write> {
    out: W,
    first: bool,
}

impl<W: Write> Geojson<W> {
    pub fn begin(mut out: W) -> io::Result<Self> {
        out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
        Ok(Self { out, first: true })
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
            line.id, line.json
        )
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.write_all(b"\n]}\n")?;
        self.out.flush()
    }
}
