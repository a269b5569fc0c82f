//! The functions that are supported.

use super::value::{EPOCH, Value};
use chrono::{Days, NaiveDate};

macro_rules! functions {
    ($($variant:ident = $name:literal, $least:expr, $most:expr;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Function { $($variant,)+ }

        impl Function {
            pub(super) fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// How many it takes, at least and at most.
            pub(super) const fn arguments(self) -> (usize, usize) {
                match self { $(Self::$variant => ($least, $most),)+ }
            }
        }
    };
}

functions! {
    True = "true", 0, 0;
    False = "false", 0, 0;
    Not = "not", 1, 1;
    Boolean = "boolean", 1, 1;
    Number = "number", 1, 1;
    Int = "int", 1, 1;
    Round = "round", 1, 2;
    Text = "string", 1, 1;
    Concat = "concat", 1, usize::MAX;
    Length = "string-length", 1, 1;
    Contains = "contains", 2, 2;
    StartsWith = "starts-with", 2, 2;
    EndsWith = "ends-with", 2, 2;
    Selected = "selected", 2, 2;
    CountSelected = "count-selected", 1, 1;
    If = "if", 3, 3;
    Coalesce = "coalesce", 2, 2;
    Min = "min", 1, usize::MAX;
    Max = "max", 1, usize::MAX;
    Date = "date", 1, 1;
    Today = "today", 0, 0;
}

impl Function {
    /// `given` are as many as it takes.
    pub(super) fn call(self, mut given: Vec<Value<'_>>, today: NaiveDate) -> Value<'_> {
        let last = given.pop().unwrap_or(Value::Empty);
        let first = given.first().unwrap_or(&last);
        match self {
            Self::True => Value::Bool(true),
            Self::False => Value::Bool(false),
            Self::Not => Value::Bool(!last.to_bool()),
            Self::Boolean => Value::Bool(last.to_bool()),
            Self::Number => Value::Number(last.to_number()),
            Self::Int => Value::Number(last.to_number().trunc()),
            Self::Round if given.is_empty() => Value::Number(half_up(last.to_number())),
            Self::Round => {
                let shift = 10_f64.powf(last.to_number().trunc());
                Value::Number(half_up(first.to_number() * shift) / shift)
            }
            Self::Text => Value::text(last.to_text().into_owned()),
            Self::Concat => Value::text(given.iter().chain([&last]).map(Value::to_text).collect::<String>()),
            Self::Length => Value::Number(last.to_text().chars().count() as f64),
            Self::Contains => Value::Bool(first.to_text().contains(last.to_text().as_ref())),
            Self::StartsWith => Value::Bool(first.to_text().starts_with(last.to_text().as_ref())),
            Self::EndsWith => Value::Bool(first.to_text().ends_with(last.to_text().as_ref())),
            Self::Selected => Value::Bool(is_selected(first, &last.to_text())),
            Self::CountSelected => Value::Number(match &last {
                Value::List(items) => items.len() as f64,
                other => other.to_text().split_whitespace().count() as f64,
            }),
            Self::If if first.to_bool() => given.pop().unwrap_or(Value::Empty),
            Self::If => last,
            Self::Coalesce if first.is_empty() => last,
            Self::Coalesce => first.clone(),
            Self::Min | Self::Max => {
                let numbers = given.iter().chain([&last]).map(Value::to_number);
                let pick = |one: f64, two: f64| match (one.is_nan() || two.is_nan(), self) {
                    (true, _) => f64::NAN,
                    (_, Self::Min) => one.min(two),
                    _ => one.max(two),
                };
                Value::Number(numbers.reduce(pick).unwrap_or(f64::NAN))
            }
            Self::Date => match &last {
                Value::Number(days) => after_epoch(*days).map_or(Value::Empty, Value::Date),
                other => other.to_date().map_or(Value::Empty, Value::Date),
            },
            Self::Today => Value::Date(today),
        }
    }
}

/// A half goes up, also below zero: XPath 1.0, section 4.4.
fn half_up(number: f64) -> f64 {
    (number + 0.5).floor()
}

fn after_epoch(days: f64) -> Option<NaiveDate> {
    let days = days.floor();
    let count = Days::new(days.abs().min(1e9) as u64);
    match days.is_nan() {
        true => None,
        false if days < 0.0 => EPOCH.checked_sub_days(count),
        false => EPOCH.checked_add_days(count),
    }
}

fn is_selected(chosen: &Value<'_>, wanted: &str) -> bool {
    match chosen {
        Value::List(items) => items.iter().any(|item| item == wanted),
        other => other.to_text().split_whitespace().any(|item| item == wanted),
    }
}
