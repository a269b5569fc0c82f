//! The table that a run ends with, and the same as JSON: medians over the rounds.

use super::meter::Used;
use super::plan::Target;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// One figure of one round.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub name: String,
    pub unit: &'static str,
    pub ours: f64,
    pub raw: Option<f64>,
    pub target: Target,
    /// What the server did meanwhile, in what is counted.
    pub count: u64,
    pub used: Used,
}

/// A line: the figures of one name, one for each round.
pub(super) struct Line {
    figures: Vec<Figure>,
}

/// Lines in the order of the first round.
pub(super) fn lines(rounds: Vec<Vec<Figure>>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for figure in rounds.into_iter().flatten() {
        match lines.iter_mut().find(|line| line.figures[0].name == figure.name) {
            Some(line) => line.figures.push(figure),
            None => lines.push(Line { figures: vec![figure] }),
        }
    }
    lines
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.get((values.len().max(1) - 1) / 2), values.get(values.len() / 2));
    low.zip(high).map_or(0.0, |(low, high)| f64::midpoint(*low, *high))
}

impl Line {
    fn of(&self, value: impl Fn(&Figure) -> Option<f64>) -> Option<f64> {
        let values: Option<Vec<f64>> = self.figures.iter().map(value).collect();
        values.map(median)
    }

    fn ours(&self) -> f64 {
        self.of(|figure| Some(figure.ours)).unwrap_or_default()
    }

    fn raw(&self) -> Option<f64> {
        self.of(|figure| figure.raw)
    }

    /// Ours as a share of raw, the median of the rounds' own.
    fn ratio(&self) -> Option<f64> {
        self.of(|figure| figure.raw.map(|raw| figure.ours / raw.max(1e-9)))
    }

    pub(super) fn is_reached(&self) -> Option<bool> {
        match self.figures[0].target {
            Target::ShareOfRaw(share) => self.ratio().map(|ratio| ratio >= share),
            target => target.is_reached(self.ours(), self.raw()),
        }
    }

    /// Processor seconds for 1,000 of what is counted.
    fn thousand(&self, seconds: impl Fn(&Figure) -> Option<f64>) -> Option<f64> {
        self.of(|figure| Some(seconds(figure)? * 1000.0 / (figure.count as f64).max(1.0)))
    }

    fn server(&self) -> Option<f64> {
        self.thousand(|figure| Some(figure.used.processor.server))
    }

    fn database(&self) -> Option<f64> {
        self.thousand(|figure| figure.used.processor.database)
    }

    fn client(&self) -> Option<f64> {
        self.thousand(|figure| Some(figure.used.processor.client))
    }

    /// The server's largest resident set in any round, in bytes: with and without the pages of files.
    fn memory(&self) -> (u64, u64) {
        let most = |bytes: fn(&Figure) -> u64| self.figures.iter().map(bytes).max().unwrap_or_default();
        (most(|figure| figure.used.resident), most(|figure| figure.used.own))
    }

    fn cells(&self) -> [String; 10] {
        let first = &self.figures[0];
        let number = |value: f64| if first.unit == "ms" { format!("{value:.2}") } else { thousands(value) };
        let seconds = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.4}"));
        let target = match first.target {
            Target::None => "-".into(),
            Target::ShareOfRaw(share) => format!("≥ {share} raw"),
            Target::AtLeast(least) => format!("≥ {}", thousands(least)),
            Target::Below(most) => format!("< {most}"),
        };
        let reached = self.is_reached().map_or("-", |reached| if reached { "yes" } else { "NO" });
        let (resident, own) = self.memory();
        [
            first.name.clone(),
            format!("{} {}", number(self.ours()), first.unit),
            self.raw().map_or("-".into(), number),
            self.ratio().map_or("-".into(), |ratio| format!("{ratio:.2}")),
            target,
            reached.into(),
            seconds(self.server()),
            seconds(self.database()),
            seconds(self.client()),
            format!("{} ({})", resident / 1_000_000, own / 1_000_000),
        ]
    }

    fn json(&self) -> Value {
        let first = &self.figures[0];
        let (resident, own) = self.memory();
        let target = match first.target {
            Target::None => Value::Null,
            Target::ShareOfRaw(share) => json!({"share_of_raw": share}),
            Target::AtLeast(least) => json!({"at_least": least}),
            Target::Below(most) => json!({"below": most}),
        };
        json!({
            "name": first.name, "unit": first.unit, "count": first.count,
            "ours": self.ours(), "raw": self.raw(), "ratio": self.ratio(), "target": target, "reached": self.is_reached(),
            "rounds": self.figures.iter().map(|figure| json!({"ours": figure.ours, "raw": figure.raw})).collect::<Vec<_>>(),
            "cpu_seconds_per_1000": {"server": self.server(), "database": self.database(), "client": self.client()},
            "server_memory_bytes": {"resident": resident, "without_files": own},
        })
    }
}

const HEADS: [&str; 10] =
    ["", "ours", "raw", "ratio", "target", "reached", "CPU server", "CPU database", "CPU client", "memory MB"];

/// For people.
pub(super) fn text(lines: &[Line]) -> String {
    let cells: Vec<_> = lines.iter().map(Line::cells).collect();
    let mut out = columns(&HEADS.map(str::to_owned), &cells);
    out.push_str(
        "\n  CPU: processor seconds for 1,000 of what the line counts. Memory: the server's largest resident set, in \
         parentheses\n  without the pages of files.\n",
    );
    out
}

/// Rows under their head, the first column to the left.
pub(super) fn columns<const N: usize>(head: &[String; N], rows: &[[String; N]]) -> String {
    let all = || std::iter::once(head).chain(rows);
    let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut out = String::new();
    for row in all() {
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            // Writing to a string cannot fail.
            let _ = if column == 0 { write!(out, "  {cell:width$}") } else { write!(out, "  {cell:>width$}") };
        }
        out.push('\n');
    }
    out
}

/// For programs.
pub(super) fn json(lines: &[Line]) -> Value {
    lines.iter().map(Line::json).collect()
}

/// `12,345`; small numbers with a decimal.
fn thousands(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Figure, lines, median, text, thousands};
    use crate::bench::meter::Used;
    use crate::bench::plan::Target;

    #[test]
    fn medians_and_numbers() {
        assert_eq!((median(vec![3.0, 1.0, 2.0]), median(vec![1.0, 2.0]), median(vec![])), (2.0, 1.5, 0.0));
        assert_eq!([1.25, 999.0, 1000.0, 1_234_567.0].map(thousands), ["1.2", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_line_is_the_median_of_its_rounds() {
        let figure = |ours, raw| Figure {
            name: "push".into(),
            unit: "records/s",
            ours,
            raw: Some(raw),
            target: Target::ShareOfRaw(0.5),
            count: 1000,
            used: Used::default(),
        };
        let lines = lines(vec![vec![figure(40.0, 100.0)], vec![figure(600.0, 1000.0)], vec![figure(90.0, 100.0)]]);
        assert_eq!((lines.len(), lines[0].is_reached()), (1, Some(true)));
        let text = text(&lines);
        assert!(text.contains("90.0 records/s") && text.contains("0.60") && text.contains("yes"), "{text}");
    }
}
