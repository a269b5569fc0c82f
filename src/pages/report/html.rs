//! The general report as a page that can be printed. Each number is a link to the query that gives it.

use super::chart::svg;
use super::source;
use crate::insight::report::{Block, Part, Report, Section};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "@page{size:A4;margin:2.5cm 2.2cm}\
body{font:12pt/1.7 'Songti SC','Noto Serif CJK SC',SimSun,serif;max-width:48em;margin:2em auto;padding:0 1em;color:#111}\
h1{text-align:center;font-size:20pt;margin-bottom:.2em}.meta{text-align:center;color:#444;font-size:10.5pt;margin-top:0}\
h2{font-size:15pt;margin-top:1.8em;border-bottom:1px solid #999}h3{font-size:12.5pt;margin:1.4em 0 .3em}\
table{border-collapse:collapse;width:100%;margin:.6em 0 1.2em;font-size:10.5pt}\
caption,figcaption{font-weight:bold;font-size:10.5pt;text-align:left;padding:.3em 0}\
th,td{border:1px solid #999;padding:.2em .5em;text-align:left;vertical-align:top}th{background:#f2f2f2}\
td.figure{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}tr{break-inside:avoid}\
figure{margin:.8em 0 1.2em;break-inside:avoid}svg{width:100%;height:auto;font:12px sans-serif;fill:#222}\
svg rect{fill:#4a77a8}svg line{stroke:#999}svg path{stroke:#b03a2e;stroke-width:1.5;fill:none}\
a{color:inherit;text-decoration:underline dotted #888}nav ol{list-style:none;padding:0;columns:2}\
@media print{body{margin:0;max-width:none}a{text-decoration:none}nav{display:none}}";

/// The whole document.
pub fn page(report: &Report) -> String {
    let document = html! {
        (DOCTYPE)
        html lang=(report.lang) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (report.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (report.title) }
                p.meta { (report.subtitle) " · " (report.made_on) }
                nav { ol { @for chapter in &report.sections { li { a href={ "#" (chapter.id) } { (chapter.title) } } } } }
                @for chapter in &report.sections {
                    section id=(chapter.id) {
                        h2 { (chapter.title) }
                        (content(chapter))
                    }
                }
            }
        }
    };
    document.into_string()
}

fn content(section: &Section) -> Markup {
    html! {
        @for shown in &section.blocks { (block(shown)) }
        @for inner in &section.sections {
            section id=(inner.id) {
                h3 { (inner.title) }
                (content(inner))
            }
        }
    }
}

fn block(shown: &Block) -> Markup {
    html! {
        @match shown {
            Block::Paragraph { parts: all } => { p { (parts(all)) } }
            Block::List { items } => { ul { @for item in items { li { (parts(item)) } } } }
            Block::Table(table) => {
                table {
                    caption { (table.caption) }
                    thead { tr { @for column in &table.columns { th { (column) } } } }
                    tbody {
                        @for row in &table.rows {
                            tr { @for cell in row {
                                @match cell {
                                    Part::Text(text) => { td { (text) } }
                                    Part::Figure(_) => { td.figure { (part(cell)) } }
                                }
                            } }
                        }
                    }
                }
            }
            Block::Chart(chart) => { figure { figcaption { (chart.caption) } (svg(chart)) } }
        }
    }
}

fn parts(all: &[Part]) -> Markup {
    html! { @for one in all { (part(one)) } }
}

fn part(one: &Part) -> Markup {
    html! {
        @match one {
            Part::Text(text) => { (text) }
            Part::Figure(figure) => { a href=(figure.query) title=(source(figure)) { (figure.text) } }
        }
    }
}
