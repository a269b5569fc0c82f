//! What is printed at the end. Chinese characters take two columns, and the tables count them so.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::chaos::Weather;
use super::progress::thousands;
use super::proof::{Proof, Row};
use super::supervisors::Settled;

/// Up to so many phones are listed one by one.
const SMALL: usize = 24;
/// How many of the missing operations are named.
const NAMED: usize = 20;

/// What the days came to.
pub(super) struct Totals {
    pub register: (usize, f64),
    pub days: Duration,
    pub pulled: usize,
    /// applied, merged, parked, quarantined, rejected
    pub statuses: [usize; 5],
    pub conflicts: [usize; 2],
    pub held: [usize; 3],
    pub settled: Settled,
}

/// Columns that a text takes on a terminal.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

/// East Asian wide and fullwidth characters, as far as names and punctuation need them.
fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x20000..=0x3fffd)
}

/// Pads to a width; a negative one pads on the left.
fn pad(text: &str, to: i32) -> String {
    let blank = " ".repeat((to.unsigned_abs() as usize).saturating_sub(width(text)));
    if to < 0 { blank + text } else { text.to_owned() + &blank }
}

fn per_second(number: usize, seconds: f64) -> String {
    thousands((number as f64 / seconds.max(0.001)) as u64)
}

/// The whole report, ready to print.
pub(super) fn text(proof: &Proof, totals: &Totals, weather: &Weather) -> String {
    let mut out = String::new();
    let mut line = |label: &str, text: String| {
        // Writing to a string does not fail.
        let _ = writeln!(out, "  {} {text}", pad(label, 11));
    };
    let n = |number: usize| thousands(number as u64);
    let w = |counter: &AtomicU64| thousands(counter.load(Ordering::Relaxed));
    let [applied, merged, parked, quarantined, rejected] = totals.statuses.map(n);
    line("records", format!("{} live on the server, sum {}", thousands(proof.records), proof.sum));
    line(
        "operations",
        format!(
            "{} acknowledged: {applied} applied, {merged} merged, {parked} parked, {quarantined} quarantined, \
             {rejected} rejected",
            n(proof.operations)
        ),
    );
    let [open, settled] = totals.conflicts;
    let kept =
        format!("{} kept: {} open, {} settled by people", n(open + settled), n(open), n(totals.settled.conflicts));
    line("conflicts", kept);
    line("findings", format!("{} steps taken by prefectures", n(totals.settled.findings)));
    let [open, released, discarded] = totals.held.map(n);
    line("held", format!("{} operations: {open} open, {released} released, {discarded} discarded", n(proof.held)));
    line(
        "network",
        format!(
            "{} pushes, {} pulls; {} requests cut, {} answers lost, {} repeated, {} came late again",
            w(&weather.pushes),
            w(&weather.pulls),
            w(&weather.cut),
            w(&weather.answers_lost),
            w(&weather.repeated),
            w(&weather.belated),
        ),
    );
    let (records, seconds) = totals.register;
    let days = totals.days.as_secs_f64();
    let sent: usize = proof.operations.saturating_sub(records);
    line(
        "speed",
        format!(
            "register {} records/s; days {} records/s ({} pushed and {} pulled in {days:.1} s)",
            per_second(records, seconds),
            per_second(sent + totals.pulled, days),
            n(sent),
            n(totals.pulled)
        ),
    );
    out.push('\n');
    out + &phones(&proof.rows) + &verdict(proof)
}

fn phones(rows: &[Row]) -> String {
    let shown: Vec<&Row> = rows.iter().filter(|row| rows.len() <= SMALL || !row.differs.is_empty()).collect();
    let mut out = String::new();
    if !shown.is_empty() {
        let names = shown.iter().map(|row| width(&row.name)).max().unwrap_or(0).max(5) as i32;
        let head = format!(
            "  {} {} {} {} {} {}",
            pad("phone", names),
            pad("clock", 9),
            pad("recorded", -8),
            pad("records", -8),
            pad("its sum", 32),
            pad("the server's", 32)
        );
        let _ = writeln!(out, "{}", head.trim_end());
        for row in shown {
            let (sum, server) = if row.wiped {
                ("revoked, sent, wiped".to_owned(), String::new())
            } else {
                (row.sum.to_string(), row.server.to_string())
            };
            let sign = if row.differs.is_empty() { "" } else { "  DIFFERS" };
            let line = format!(
                "  {} {} {} {} {} {}{sign}",
                pad(&row.name, names),
                pad(row.clock, 9),
                pad(&thousands(row.recorded as u64), -8),
                pad(&thousands(row.records), -8),
                pad(&sum, 32),
                pad(&server, 32),
            );
            let _ = writeln!(out, "{}", line.trim_end());
            for what in &row.differs {
                let _ = writeln!(out, "    {what}");
            }
        }
        out.push('\n');
    }
    out
}

fn verdict(proof: &Proof) -> String {
    let mut out = String::new();
    let wiped = proof.rows.iter().filter(|row| row.wiped).count();
    let differing = proof.rows.iter().filter(|row| !row.differs.is_empty()).count();
    let total = proof.rows.len();
    let sums = match differing {
        0 => format!("all equal on {} phones ({wiped} revoked and wiped)", total - wiped),
        _ => format!("DIFFERENT on {differing} of {total} phones"),
    };
    let found = match proof.missing.len() {
        0 => format!("all {} found again on the server, none twice", thousands(proof.operations as u64)),
        missing => format!("{missing} of {} NOT FOUND, or twice:", proof.operations),
    };
    let _ = writeln!(out, "  {} {sums}", pad("sums", 11));
    let _ = writeln!(out, "  {} {found}", pad("operations", 11));
    for what in proof.missing.iter().take(NAMED) {
        let _ = writeln!(out, "    {what}");
    }
    if proof.missing.len() > NAMED {
        let _ = writeln!(out, "    and {} more", proof.missing.len() - NAMED);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::Sum;

    #[test]
    fn chinese_takes_two_columns() {
        assert_eq!(width("甘孜县（1号机）"), 15);
        assert_eq!(pad("万源市", 8), "万源市  ");
        assert_eq!(pad("12", -4), "  12");
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number as u64), text);
        }
    }

    #[test]
    fn a_phone_that_differs_is_named_however_many_there_are() {
        let row = |name: &str, differs: Vec<String>| Row {
            name: name.into(),
            clock: "right",
            recorded: 1,
            wiped: false,
            records: 2,
            sum: Sum(3),
            server: Sum(3),
            differs,
        };
        let mut rows: Vec<Row> = (0..100).map(|number| row(&format!("{number}号机"), Vec::new())).collect();
        assert_eq!(phones(&rows), "");
        rows.push(row("坏机", vec!["513430 is missing".into()]));
        let text = phones(&rows);
        assert!(text.contains("坏机") && text.contains("DIFFERS") && text.contains("513430 is missing"));
        assert!(!text.contains("7号机"));
    }
}
