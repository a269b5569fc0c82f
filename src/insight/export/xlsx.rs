//! Spreadsheets (ECMA-376), written as the records come: the known libraries keep a sheet until it is whole. Codes and
//! identifiers are text cells, so that no program takes them for numbers. What does not fit on one sheet goes on on the next.

use super::{Columns, Line, Sheet};
use crate::fields::FlatCell;
use std::fmt::Write as _;
use std::io::{self, Write};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// The most that a sheet may have.
const ROWS: usize = 1_048_576;
/// The most characters of a cell.
const CELL: usize = 32_767;

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

pub struct Xlsx<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
    columns: Columns,
    /// Of the sheets: the name of the first.
    title: String,
    sheets: usize,
    /// Rows on the present sheet.
    rows: usize,
    most: usize,
    /// One row as it is made.
    row: String,
}

impl<W: Write> Xlsx<W> {
    pub fn begin(out: W, columns: Columns, title: &str) -> io::Result<Self> {
        Self::of(out, columns, title, ROWS)
    }

    fn of(out: W, columns: Columns, title: &str, most: usize) -> io::Result<Self> {
        let zip = ZipWriter::new_stream(out);
        let mut file = Self { zip, columns, title: title.to_owned(), sheets: 0, rows: 0, most, row: String::new() };
        file.begin_sheet()?;
        Ok(file)
    }

    fn begin_sheet(&mut self) -> io::Result<()> {
        self.sheets += 1;
        self.rows = 0;
        self.part(&format!("xl/worksheets/sheet{}.xml", self.sheets))?;
        write!(self.zip, "{XML}<worksheet xmlns=\"{MAIN}\"><sheetData>")?;
        let head = self.columns.head().into_iter().map(FlatCell::Text).collect();
        self.write_row(head)
    }

    fn end_sheet(&mut self) -> io::Result<()> {
        self.zip.write_all(b"</sheetData></worksheet>")
    }

    fn part(&mut self, name: &str) -> io::Result<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        Ok(self.zip.start_file(name, options)?)
    }

    fn write_row(&mut self, cells: Vec<FlatCell>) -> io::Result<()> {
        self.rows += 1;
        let (row, number) = (&mut self.row, self.rows);
        row.clear();
        // Writing to a string cannot fail.
        let _ = write!(row, "<row r=\"{number}\">");
        for (i, cell) in cells.into_iter().enumerate() {
            let at = |row: &mut String| {
                letters(i, row);
                let _ = write!(row, "{number}");
            };
            match cell {
                FlatCell::None => {}
                FlatCell::Number(value) => {
                    row.push_str("<c r=\"");
                    at(row);
                    let _ = write!(row, "\"><v>{value}</v></c>");
                }
                FlatCell::Bool(flag) => {
                    row.push_str("<c r=\"");
                    at(row);
                    let _ = write!(row, "\" t=\"b\"><v>{}</v></c>", u8::from(flag));
                }
                FlatCell::Text(text) => {
                    row.push_str("<c r=\"");
                    at(row);
                    row.push_str("\" t=\"inlineStr\"><is><t xml:space=\"preserve\">");
                    escape(&text, row);
                    row.push_str("</t></is></c>");
                }
            }
        }
        row.push_str("</row>");
        self.zip.write_all(self.row.as_bytes())
    }

    /// The parts that tell of the others.
    fn write_book(&mut self) -> io::Result<()> {
        let (mut types, mut sheets, mut links) = (String::new(), String::new(), String::new());
        for n in 1..=self.sheets {
            let name = if n == 1 { self.title.clone() } else { format!("{} {n}", self.title) };
            let _ = write!(
                types,
                "<Override PartName=\"/xl/worksheets/sheet{n}.xml\" ContentType=\"{TYPE}.worksheet+xml\"/>"
            );
            let _ = write!(sheets, "<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>");
            let _ = write!(
                links,
                "<Relationship Id=\"rId{n}\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>"
            );
        }
        self.part("xl/workbook.xml")?;
        write!(
            self.zip,
            "{XML}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONS}\"><sheets>{sheets}</sheets></workbook>"
        )?;
        self.part("xl/_rels/workbook.xml.rels")?;
        write!(self.zip, "{XML}<Relationships xmlns=\"{PACKAGE}/relationships\">{links}</Relationships>")?;
        self.part("_rels/.rels")?;
        write!(
            self.zip,
            "{XML}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{RELATIONS}/officeDocument\" \
             Target=\"xl/workbook.xml\"/></Relationships>"
        )?;
        self.part("[Content_Types].xml")?;
        write!(
            self.zip,
            "{XML}<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
             ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
             ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"{TYPE}.sheet.main+xml\"/>\
             {types}</Types>"
        )
    }
}

impl<W: Write> Sheet for Xlsx<W> {
    fn line(&mut self, line: &Line) -> io::Result<()> {
        if self.rows == self.most {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        let cells = self.columns.cells(line);
        self.write_row(cells)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.end_sheet()?;
        self.write_book()?;
        self.zip.finish()?.into_inner().flush()
    }
}

/// The name of a column: A to Z, AA, AB, …
fn letters(mut column: usize, out: &mut String) {
    let mut name = [0_u8; 8];
    let mut at = name.len();
    loop {
        at -= 1;
        name[at] = b'A' + (column % 26) as u8;
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    out.extend(name[at..].iter().map(|letter| char::from(*letter)));
}

/// Text in XML; what XML cannot have, as spreadsheets write it (`_x0001_`).
fn escape(text: &str, out: &mut String) {
    for c in text.chars().take(CELL) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' => out.push(c),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "_x{:04X}_", u32::from(c));
            }
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Xlsx, escape, letters};
    use crate::insight::export::{Columns, Line, Sheet as _};
    use std::io::{Cursor, Read as _};
    use sync_core::{Collection, Fields};

    #[test]
    fn columns_have_letters() {
        for (column, name) in
            [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")]
        {
            let mut out = String::new();
            letters(column, &mut out);
            assert_eq!(out, name);
        }
    }

    #[test]
    fn xml_is_escaped() {
        let mut out = String::new();
        escape("a<b>&\"\u{1}\r\n吉", &mut out);
        assert_eq!(out, "a&lt;b&gt;&amp;\"_x0001__x000D_\n吉");
    }

    #[test]
    fn what_does_not_fit_goes_on_on_the_next_sheet() {
        let mut bytes = Vec::new();
        let columns = Columns::new(Collection::Visits, [], None);
        let mut file = Box::new(Xlsx::of(&mut bytes, columns, "visits", 3).unwrap());
        for n in 0..5 {
            let fields = Fields::from_canonical(format!("{{\"day\":\"2015-04-{:02}\"}}", n + 1)).unwrap();
            let line = Line {
                bucket: "513430".into(),
                id: n.to_string(),
                rev: 1,
                updated_at: String::new(),
                fields,
                json: String::new(),
            };
            file.line(&line).unwrap();
        }
        file.finish().unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut rows = Vec::new();
        for n in 1..=3 {
            let mut text = String::new();
            zip.by_name(&format!("xl/worksheets/sheet{n}.xml")).unwrap().read_to_string(&mut text).unwrap();
            rows.push(text.matches("<row ").count());
        }
        assert_eq!(rows, [3, 3, 2]);
        assert!(zip.by_name("xl/worksheets/sheet4.xml").is_err());
    }
}
