//! The general report as a document for word processors. The queries are numbered, and listed at the end; under each
//! paragraph, table and chart stands which of them give its numbers, and where in their answers.

use super::pointers::short;
use crate::insight::report::{Block, Chart, Figure, Part, Report, Section};
use crate::lang::Lang;
use docx_rs::{AlignmentType, Docx, Paragraph, Run, RunFonts, Style, StyleType, Table, TableCell, TableRow, WidthType};
use std::io::Cursor;

/// Half points.
const TEXT: usize = 24;
const SMALL: usize = 16;
/// Twentieths of a point: the text's width on A4.
const WIDTH: usize = 9_200;
/// Characters of the longest bar.
const BAR: f64 = 20.0;

/// The file.
///
/// # Errors
/// When the archive cannot be written.
pub fn file(report: &Report) -> Result<Vec<u8>, std::io::Error> {
    let lang = if report.lang == "en" { Lang::En } else { Lang::Zh };
    let heading = |level: usize, size: usize| {
        Style::new(format!("Heading{level}"), StyleType::Paragraph).name(format!("heading {level}")).size(size).bold()
    };
    let fonts = RunFonts::new().ascii("Times New Roman").hi_ansi("Times New Roman").east_asia("SimSun");
    let mut docx = Docx::new()
        .default_fonts(fonts)
        .default_size(TEXT)
        .page_size(11_906, 16_838)
        .add_style(heading(1, 32))
        .add_style(heading(2, 28))
        .add_paragraph(text(&report.title, 44, true).align(AlignmentType::Center))
        .add_paragraph(
            text(&format!("{} · {}", report.subtitle, report.made_on), 20, false).align(AlignmentType::Center),
        );
    let mut sources = Sources::default();
    for chapter in &report.sections {
        docx = section(docx, chapter, 1, lang, &mut sources);
    }
    let listed = |docx: Docx, (i, query): (usize, &&str)| {
        docx.add_paragraph(text(&format!("[{}] {query}", i + 1), SMALL, false))
    };
    docx = docx.add_paragraph(heading_of(lang.pick("Sources", "数据来源"), 1));
    docx = sources.0.iter().enumerate().fold(docx, listed);
    let mut bytes = Cursor::new(Vec::new());
    docx.build().pack(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes.into_inner())
}

fn text(of: &str, size: usize, bold: bool) -> Paragraph {
    let run = Run::new().add_text(allowed(of)).size(size);
    Paragraph::new().add_run(if bold { run.bold() } else { run })
}

/// Without the characters that XML 1.0 cannot have.
fn allowed(of: &str) -> String {
    of.chars().filter(|c| !c.is_control() && !['\u{fffe}', '\u{ffff}'].contains(c)).collect()
}

fn heading_of(title: &str, level: usize) -> Paragraph {
    Paragraph::new().add_run(Run::new().add_text(allowed(title))).style(&format!("Heading{level}")).keep_next(true)
}

fn section<'a>(mut docx: Docx, of: &'a Section, level: usize, lang: Lang, sources: &mut Sources<'a>) -> Docx {
    docx = docx.add_paragraph(heading_of(&of.title, level));
    for block in &of.blocks {
        docx = add(docx, block);
        let told = sources.tell(&figures(block));
        if !told.is_empty() {
            let told = format!("{}{told}", lang.pick("Source: ", "数据来源："));
            let run = Run::new().add_text(allowed(&told)).size(SMALL).color("808080");
            docx = docx.add_paragraph(Paragraph::new().add_run(run));
        }
    }
    of.sections.iter().fold(docx, |docx, inner| section(docx, inner, level + 1, lang, sources))
}

/// The queries, by their numbers less 1.
#[derive(Default)]
struct Sources<'a>(Vec<&'a str>);

impl<'a> Sources<'a> {
    /// `[1] /items/0/team_days; [3] …`: the numbers of these figures' queries, with the pointers into their answers.
    fn tell(&mut self, figures: &[&'a Figure]) -> String {
        let mut told: Vec<(usize, Vec<&str>)> = Vec::new();
        for figure in figures {
            let known = self.0.iter().position(|query| *query == figure.query);
            let number = known.unwrap_or_else(|| {
                self.0.push(&figure.query);
                self.0.len() - 1
            });
            let pointers = std::iter::once(figure.pointer.as_str()).chain(figure.divided_by.as_deref());
            match told.iter_mut().find(|(known, _)| *known == number) {
                Some((_, all)) => all.extend(pointers),
                None => told.push((number, pointers.collect())),
            }
        }
        let told = told.into_iter().map(|(number, pointers)| format!("[{}] {}", number + 1, short(pointers)));
        told.collect::<Vec<_>>().join("; ")
    }
}

fn of(part: &Part) -> Option<&Figure> {
    if let Part::Figure(figure) = part { Some(figure) } else { None }
}

/// A block's numbers.
fn figures(block: &Block) -> Vec<&Figure> {
    match block {
        Block::Paragraph { parts } => parts.iter().filter_map(of).collect(),
        Block::List { items } => items.iter().flatten().filter_map(of).collect(),
        Block::Table(table) => table.rows.iter().flatten().filter_map(of).collect(),
        Block::Chart(chart) => chart
            .bars
            .iter()
            .flat_map(|bar| [Some(&bar.figure), bar.low.as_ref(), bar.high.as_ref()])
            .flatten()
            .collect(),
    }
}

fn words(part: &Part) -> &str {
    match part {
        Part::Text(text) => text,
        Part::Figure(figure) => &figure.text,
    }
}

fn sentence(parts: &[Part]) -> String {
    parts.iter().map(words).collect()
}

fn add(docx: Docx, block: &Block) -> Docx {
    match block {
        Block::Paragraph { parts } => docx.add_paragraph(text(&sentence(parts), TEXT, false)),
        Block::List { items } => items.iter().fold(docx, |docx, item| {
            docx.add_paragraph(text(&format!("• {}", sentence(item)), TEXT, false).indent(Some(400), None, None, None))
        }),
        Block::Table(table) => {
            let head = table.columns.iter().map(|column| cell(column, true, false)).collect();
            let row = |row: &Vec<Part>| {
                let cells = row.iter().map(|part| cell(words(part), false, matches!(part, Part::Figure(_))));
                TableRow::new(cells.collect())
            };
            let rows = std::iter::once(TableRow::new(head)).chain(table.rows.iter().map(row)).collect();
            captioned(docx, &table.caption, sized(Table::new(rows), table.columns.len()))
        }
        Block::Chart(chart) => captioned(docx, &chart.caption, sized(Table::new(bars(chart)), 3).clear_all_border()),
    }
}

fn captioned(docx: Docx, caption: &str, table: Table) -> Docx {
    docx.add_paragraph(text(caption, 21, true).keep_next(true)).add_table(table)
}

fn sized(table: Table, columns: usize) -> Table {
    table.width(WIDTH, WidthType::Dxa).set_grid(vec![WIDTH / columns.max(1); columns])
}

fn cell(of: &str, head: bool, figure: bool) -> TableCell {
    let paragraph = text(of, 20, head).align(if figure { AlignmentType::Right } else { AlignmentType::Left });
    TableCell::new().add_paragraph(paragraph)
}

/// A row for each bar, drawn with full blocks.
fn bars(chart: &Chart) -> Vec<TableRow> {
    let most = chart.most();
    let row = |bar: &crate::insight::report::Bar| {
        let length = (bar.figure.value / most * BAR).round() as usize;
        let run = Run::new().add_text("█".repeat(length)).size(SMALL).color("4A77A8");
        let interval = bar.low.as_ref().zip(bar.high.as_ref());
        let told = interval.map_or_else(
            || bar.figure.text.clone(),
            |(low, high)| format!("{} ({} – {})", bar.figure.text, low.text, high.text),
        );
        TableRow::new(vec![
            cell(&bar.label, false, false),
            TableCell::new().add_paragraph(Paragraph::new().add_run(run)),
            cell(&told, false, false),
        ])
    };
    chart.bars.iter().map(row).collect()
}
