//! Lines of JSON: each record as a list shows it.

use super::{Line, Sheet};
use std::io::{self, Write};

pub struct Ndjson<W: Write>(W);

impl<W: Write> Ndjson<W> {
    pub fn begin(out: W) -> Self {
        Self(out)
    }
}

impl<W: Write> Sheet for Ndjson<W> {
    fn line(&mut self, line: &Line) -> io::Result<()> {
        self.0.write_all(line.json.as_bytes())?;
        self.0.write_all(b"\n")
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}
