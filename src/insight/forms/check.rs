//! Whether answers are what the form wants. What is violated is told; nothing is refused.

use super::compile::{Asked, Form};
use super::definition::Kind;
use super::expression::{Answers, Value};
use crate::fields::{Expected, Fault, FieldError, Level, day};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// What is told of one interview at most.
const MOST: usize = 100;

/// What a form needs to know of an interview.
#[derive(Debug)]
pub struct Interview {
    level: Option<String>,
    /// What is required is missed from then on.
    ended: bool,
    /// The day of the latest edit.
    today: NaiveDate,
    /// By question.
    answers: BTreeMap<String, Answer>,
}

#[derive(Debug)]
enum Answer {
    Text(String),
    Number(f64),
    Bool(bool),
    List(Vec<String>),
}

impl Answer {
    fn read(text: &str) -> Option<Self> {
        Some(match serde_json::from_str(text).ok()? {
            serde_json::Value::String(text) => Self::Text(text),
            serde_json::Value::Number(number) => Self::Number(number.as_f64()?),
            serde_json::Value::Bool(flag) => Self::Bool(flag),
            serde_json::Value::Array(items) => {
                let text = |item: serde_json::Value| item.as_str().map(str::to_owned);
                Self::List(items.into_iter().map(text).collect::<Option<_>>()?)
            }
            serde_json::Value::Null | serde_json::Value::Object(_) => return None,
        })
    }

    fn value(&self, kind: Kind) -> Value<'_> {
        match self {
            Self::Text(text) if kind == Kind::Date => day(text).map_or(Value::Text(text.into()), Value::Date),
            Self::Text(text) => Value::Text(text.into()),
            Self::Number(number) => Value::Number(*number),
            Self::Bool(flag) => Value::Bool(*flag),
            Self::List(items) => Value::List(items),
        }
    }
}

impl Interview {
    /// From the record's fields, each with its JSON; `today` is the day of the latest edit.
    pub fn read<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>, today: NaiveDate) -> Self {
        let mut interview = Self { level: None, ended: false, today, answers: BTreeMap::new() };
        for (name, text) in fields {
            match name {
                "level" => interview.level = serde_json::from_str(text).ok(),
                "ended_at" => interview.ended = true,
                _ => {
                    if let Some(question) = name.strip_prefix("answers.")
                        && let Some(answer) = Answer::read(text)
                    {
                        interview.answers.insert(question.to_owned(), answer);
                    }
                }
            }
        }
        interview
    }
}

impl Form {
    /// What an interview violates, relative to its fields: what is wrong with an answer stands at `/answers.<question>`.
    pub fn check(&self, interview: &Interview) -> Vec<FieldError> {
        let mut faults = Vec::new();
        if interview.level.as_deref().and_then(Level::parse) != Some(self.level) {
            faults.push(FieldError::new("/level", Fault::NotInList { allowed: vec![self.level.name().to_owned()] }));
        }
        let of = |asked: &Asked| interview.answers.get(&asked.name);
        let value = |asked: &Asked| of(asked).map_or(Value::Empty, |answer| answer.value(asked.kind));
        let given: Vec<Value<'_>> = self.questions.iter().map(value).collect();
        for (asked, here) in self.questions.iter().zip(&given) {
            let answers = Answers { given: &given, here, today: interview.today };
            let relevant = asked.relevant.iter().all(|expression| expression.holds(answers));
            let fault = match (of(asked), relevant) {
                (Some(_), false) => Some(Fault::NotRelevant),
                (Some(answer), true) => asked.misfit(answer).or_else(|| asked.violated(answers)),
                (None, true) if asked.required && interview.ended => Some(Fault::Required),
                (None, _) => None,
            };
            faults.extend(fault.map(|fault| at(&asked.name, fault)));
        }
        let unknown = interview.answers.keys().filter(|name| !self.places.contains_key(name.as_str()));
        faults.extend(unknown.take(MOST).map(|name| at(name, Fault::UnknownQuestion)));
        faults.truncate(MOST);
        faults
    }
}

fn at(question: &str, fault: Fault) -> FieldError {
    let key = question.replace('~', "~0").replace('/', "~1");
    FieldError::new(format!("/answers.{key}"), fault)
}

impl Asked {
    /// Not of the right type, or not among the choices.
    fn misfit(&self, answer: &Answer) -> Option<Fault> {
        let wrong = |expected| Some(Fault::WrongType { expected });
        let chosen = |value: &String| self.choices.contains(value);
        match (self.kind, answer) {
            (Kind::Text, Answer::Text(_)) | (Kind::Decimal, Answer::Number(_)) | (Kind::Bool, Answer::Bool(_)) => None,
            (Kind::Integer, Answer::Number(number)) if number.fract() == 0.0 => None,
            (Kind::Date, Answer::Text(text)) => day(text).is_none().then_some(Fault::InvalidDate),
            (Kind::SelectOne, Answer::Text(value)) => (!chosen(value)).then_some(Fault::UnknownChoice),
            // It ends at the first fault: a long list costs no more than the choices are.
            (Kind::SelectMultiple, Answer::List(values)) => values.iter().enumerate().find_map(|(i, value)| {
                let twice = || values[..i].contains(value).then_some(Fault::DuplicateField);
                if chosen(value) { twice() } else { Some(Fault::UnknownChoice) }
            }),
            (Kind::Text | Kind::Date | Kind::SelectOne, _) => wrong(Expected::Text),
            (Kind::Integer, _) => wrong(Expected::Integer),
            (Kind::Decimal, _) => wrong(Expected::Number),
            (Kind::Bool, _) => wrong(Expected::Boolean),
            (Kind::SelectMultiple, _) => wrong(Expected::List),
        }
    }

    fn violated(&self, answers: Answers<'_>) -> Option<Fault> {
        let holds = self.constraint.as_ref()?.holds(answers);
        let message = self.message.clone().unwrap_or_default();
        (!holds).then_some(Fault::Constraint { zh: message.zh, en: message.en })
    }
}
