//! Values, and how one becomes another.

use chrono::NaiveDate;
use std::borrow::Cow;
use std::cmp::Ordering;

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Not answered: as a text it is empty, as a number none, as a boolean false.
    Empty,
    Text(Cow<'a, str>),
    Number(f64),
    Bool(bool),
    Date(NaiveDate),
    /// What was chosen.
    List(&'a [String]),
}

pub(super) const EPOCH: NaiveDate = match NaiveDate::from_ymd_opt(1970, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

impl<'a> Value<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub fn to_bool(&self) -> bool {
        match self {
            Self::Empty => false,
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Bool(flag) => *flag,
            Self::Date(_) => true,
            Self::List(items) => !items.is_empty(),
        }
    }

    pub(super) fn to_number(&self) -> f64 {
        match self {
            Self::Empty => f64::NAN,
            Self::Text(text) => number(text),
            Self::Number(number) => *number,
            Self::Bool(flag) => f64::from(u8::from(*flag)),
            Self::Date(day) => (*day - EPOCH).num_days() as f64,
            Self::List(items) => number(&items.join(" ")),
        }
    }

    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) if number.is_nan() => Cow::Borrowed("NaN"),
            Self::Number(number) if number.is_infinite() => {
                Cow::Borrowed(if *number > 0.0 { "Infinity" } else { "-Infinity" })
            }
            // Adding zero takes the sign from a negative one.
            Self::Number(number) => Cow::Owned(format!("{}", number + 0.0)),
            Self::Bool(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
            Self::Date(day) => Cow::Owned(day.to_string()),
            Self::List(items) => Cow::Owned(items.join(" ")),
        }
    }

    /// The day that it names, if it does.
    pub(super) fn to_date(&self) -> Option<NaiveDate> {
        match self {
            Self::Date(day) => Some(*day),
            Self::Text(text) => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok(),
            _ => None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Number(_) | Self::Bool(_) | Self::Date(_) => false,
        }
    }

    /// XPath 1.0, section 3.4: as booleans if one is, else as numbers if one is, else as texts. A date and a text that
    /// names a day are days.
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(_), _) | (_, Self::Bool(_)) => self.to_bool() == other.to_bool(),
            (Self::Date(_), Self::Date(_) | Self::Text(_)) | (Self::Text(_), Self::Date(_)) => {
                self.to_date() == other.to_date()
            }
            (Self::Number(_), _) | (_, Self::Number(_)) => {
                self.to_number().partial_cmp(&other.to_number()) == Some(Ordering::Equal)
            }
            _ => self.to_text() == other.to_text(),
        }
    }

    /// For less and greater: as numbers, a text beside a date as the day that it names.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Date(_), Self::Text(_)) | (Self::Text(_), Self::Date(_)) => {
                Some(self.to_date()?.cmp(&other.to_date()?))
            }
            _ => self.to_number().partial_cmp(&other.to_number()),
        }
    }
}

/// XPath 1.0, section 4.4: an optional sign, digits, a point; anything else is no number.
fn number(text: &str) -> f64 {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if plain { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}
