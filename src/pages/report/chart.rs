//! Charts of a report as SVG: horizontal bars, with whiskers where there is an interval. Text takes the page's own font, and
//! each number is a link to the query that gives it.

use super::source;
use crate::insight::report::{Bar, Chart};
use maud::{Markup, html};

const ROW: f64 = 26.0;
const LABELS: f64 = 190.0;
const BARS: f64 = 340.0;
const FIGURES: f64 = 90.0;
/// Characters of a label, one of Chinese counting for two.
const LABEL_MOST: usize = 26;

/// Cut where it would reach into the bars.
fn short(label: &str) -> String {
    let mut room = LABEL_MOST;
    let mut text = String::new();
    for letter in label.chars() {
        let width = if letter.is_ascii() { 1 } else { 2 };
        if width > room {
            text.push('…');
            break;
        }
        room -= width;
        text.push(letter);
    }
    text
}

fn coordinate(number: f64) -> String {
    format!("{number:.1}")
}

pub(super) fn svg(chart: &Chart) -> Markup {
    let most = chart.most();
    let along = |value: f64| LABELS + (value / most).clamp(0.0, 1.0) * BARS;
    let (width, height) = (LABELS + BARS + FIGURES, ROW * chart.bars.len() as f64 + 4.0);
    let row = |(i, bar): (usize, &Bar)| {
        let (top, middle) = (ROW * i as f64 + 4.0, ROW * i as f64 + 4.0 + ROW / 2.0 - 3.0);
        let ends = bar.low.as_ref().zip(bar.high.as_ref()).map(|(low, high)| (along(low.value), along(high.value)));
        let end = ends.map_or(along(bar.figure.value), |(_, high)| high.max(along(bar.figure.value)));
        html! {
            text x=(coordinate(LABELS - 8.0)) y=(coordinate(middle + 4.5)) text-anchor="end" { (short(&bar.label)) title { (bar.label) } }
            rect x=(coordinate(LABELS)) y=(coordinate(top)) width=(coordinate(along(bar.figure.value) - LABELS)) height="18" {}
            @if let Some((low, high)) = ends {
                path d=(format!(
                    "M{low:.1} {middle:.1}H{high:.1}M{low:.1} {:.1}v8M{high:.1} {:.1}v8", middle - 4.0, middle - 4.0
                )) {}
            }
            a href=(bar.figure.query) {
                title { (source(&bar.figure)) }
                text x=(coordinate(end + 6.0)) y=(coordinate(middle + 4.5)) { (bar.figure.text) }
            }
        }
    };
    html! {
        svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label=(chart.caption)
            viewBox=(format!("0 0 {width:.0} {height:.0}")) {
            line x1=(coordinate(LABELS)) x2=(coordinate(LABELS)) y1="0" y2=(coordinate(height)) {}
            @for bar in chart.bars.iter().enumerate() { (row(bar)) }
        }
    }
}
