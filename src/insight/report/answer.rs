//! An answer of the API, and the numbers in it.

use super::{Figure, Part};
use serde::Serialize;
use serde_json::Value;

/// What a query gives.
#[derive(Debug, Clone)]
pub struct Answered {
    /// `/v1/…`
    pub query: String,
    answer: Value,
}

impl Answered {
    /// Plain data always serialises.
    pub fn new(query: String, answer: &impl Serialize) -> Self {
        Self { query, answer: serde_json::to_value(answer).unwrap_or_default() }
    }

    pub(super) fn at(&self, pointer: &str) -> &Value {
        self.answer.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.at(pointer).as_str()
    }

    /// Whether a list has this text.
    pub(super) fn holds(&self, pointer: &str, text: &str) -> bool {
        self.at(pointer).as_array().is_some_and(|all| all.iter().any(|one| one == text))
    }

    /// How many items there are at a list.
    pub(super) fn len(&self, pointer: &str) -> usize {
        self.at(pointer).as_array().map_or(0, Vec::len)
    }

    pub(super) fn number(&self, pointer: &str) -> f64 {
        self.at(pointer).as_f64().unwrap_or_default()
    }

    /// A whole number; what is not there is 0.
    pub(super) fn count(&self, pointer: &str) -> Figure {
        let value = self.number(pointer);
        self.figure(pointer, value, grouped(value), None)
    }

    /// A number that stands there as a share of 1.
    pub(super) fn share(&self, pointer: &str) -> Option<Figure> {
        let value = self.at(pointer).as_f64()?;
        Some(self.figure(pointer, value, percent(value), None))
    }

    /// A number as it is.
    pub(super) fn mean(&self, pointer: &str) -> Option<Figure> {
        let value = self.at(pointer).as_f64()?;
        let text = if value.abs() < 100.0 { format!("{value:.1}") } else { grouped(value) };
        Some(self.figure(pointer, value, text, None))
    }

    /// One number as a share of another; `None` of nothing.
    pub(super) fn quotient(&self, pointer: &str, of: &str) -> Option<Figure> {
        let whole = self.number(of);
        let value = self.number(pointer) / whole;
        (whole > 0.0).then(|| self.figure(pointer, value, percent(value), Some(of.to_owned())))
    }

    fn figure(&self, pointer: &str, value: f64, text: String, divided_by: Option<String>) -> Figure {
        Figure { text, value, query: self.query.clone(), pointer: pointer.to_owned(), divided_by }
    }
}

impl From<Figure> for Part {
    fn from(figure: Figure) -> Self {
        Self::Figure(figure)
    }
}

impl From<Option<Figure>> for Part {
    fn from(figure: Option<Figure>) -> Self {
        figure.map_or_else(|| Self::Text("–".into()), Self::Figure)
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// `1,234,567`
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn percent(value: f64) -> String {
    format!("{:.1} %", value * 100.0)
}
