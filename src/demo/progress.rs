//! What the person sees while it runs: one bar after the other on a terminal, one line after the other in a
//! file or a pipe.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// One stretch of work.
pub(super) struct Stage {
    label: String,
    bar: ProgressBar,
    began: Instant,
}

impl Stage {
    pub(super) fn begin(label: &str, length: u64) -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(length) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("  {spinner} {msg}  {bar:32} {human_pos}/{human_len}  {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(label.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { label: label.to_owned(), bar, began: Instant::now() }
    }

    pub(super) fn advance(&self, by: u64) {
        self.bar.inc(by);
    }

    pub(super) fn to(&self, position: u64) {
        self.bar.set_position(position);
    }

    /// Ends with what came of it; returns how long it took.
    pub(super) fn done(self, result: &str) -> Duration {
        let took = self.began.elapsed();
        self.bar.finish_and_clear();
        println!("  {}: {result} ({:.1} s)", self.label, took.as_secs_f64());
        took
    }
}

/// `12,345`
pub(super) fn thousands(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(0).to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
