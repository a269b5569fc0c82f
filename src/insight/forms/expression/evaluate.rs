//! What an expression gives for a set of answers.

use super::value::Value;
use super::{Expr, Operator};
use chrono::NaiveDate;
use std::cmp::Ordering;

/// What an expression is about.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    /// In the order of the form's questions.
    pub given: &'a [Value<'a>],
    /// The answer that is judged.
    pub here: &'a Value<'a>,
    /// The day on which it was given.
    pub today: NaiveDate,
}

impl Expr {
    /// Whether it holds.
    pub fn holds(&self, answers: Answers<'_>) -> bool {
        self.evaluate(answers).to_bool()
    }

    pub fn evaluate<'a>(&'a self, answers: Answers<'a>) -> Value<'a> {
        match self {
            Self::Text(text) => Value::text(text.as_str()),
            Self::Number(number) => Value::Number(*number),
            Self::Answer(place) => answers.given.get(*place).cloned().unwrap_or(Value::Empty),
            Self::Here => answers.here.clone(),
            Self::Negative(of) => Value::Number(-of.evaluate(answers).to_number()),
            Self::Matches(of, pattern) => Value::Bool(pattern.is_match(&of.evaluate(answers).to_text())),
            Self::Call(function, arguments) => {
                let given = arguments.iter().map(|argument| argument.evaluate(answers)).collect();
                function.call(given, answers.today)
            }
            Self::Binary(Operator::Or, left, right) => Value::Bool(left.holds(answers) || right.holds(answers)),
            Self::Binary(Operator::And, left, right) => Value::Bool(left.holds(answers) && right.holds(answers)),
            Self::Binary(operator, left, right) => operator.apply(&left.evaluate(answers), &right.evaluate(answers)),
        }
    }
}

impl Operator {
    fn apply<'a>(self, left: &Value<'_>, right: &Value<'_>) -> Value<'a> {
        let order = || left.order(right);
        let (one, two) = (|| left.to_number(), || right.to_number());
        match self {
            Self::Or => Value::Bool(left.to_bool() || right.to_bool()),
            Self::And => Value::Bool(left.to_bool() && right.to_bool()),
            Self::Equal => Value::Bool(left.equals(right)),
            Self::Unequal => Value::Bool(!left.equals(right)),
            Self::Less => Value::Bool(order() == Some(Ordering::Less)),
            Self::LessOrEqual => Value::Bool(order().is_some_and(Ordering::is_le)),
            Self::Greater => Value::Bool(order() == Some(Ordering::Greater)),
            Self::GreaterOrEqual => Value::Bool(order().is_some_and(Ordering::is_ge)),
            Self::Plus => Value::Number(one() + two()),
            Self::Minus => Value::Number(one() - two()),
            Self::Times => Value::Number(one() * two()),
            Self::Div => Value::Number(one() / two()),
            // With the sign of the first, as in XPath and in Rust.
            Self::Mod => Value::Number(one() % two()),
        }
    }
}
