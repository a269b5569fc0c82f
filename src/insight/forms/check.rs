//! Whether answers are what the form wants. What is violated is told; nothing is refused.

use super::compile::{Asked, Form};
use super::definition::Kind;
use super::expression::{Answers, Value};
use crate::fields::{Expected, Fault, FieldError, Level, day};
use chrono::NaiveDate;
use std::borrow::Cow;
use sync_core::Fields;
use sync_core::canonical::read_string;

/// What is told of one interview at most.
const MOST: usize = 100;

/// What a form needs to know of an interview.
#[derive(Debug, Clone, Copy)]
pub struct Interview<'a> {
    pub fields: &'a Fields,
    /// The day of the latest edit.
    pub today: NaiveDate,
}

#[derive(Debug)]
enum Answer<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Bool(bool),
    List(Vec<String>),
}

impl<'a> Answer<'a> {
    /// From its canonical JSON.
    fn read(json: &'a str) -> Option<Self> {
        match json.as_bytes().first()? {
            b't' => Some(Self::Bool(true)),
            b'f' => Some(Self::Bool(false)),
            b'"' => read_string(json).map(Self::Text),
            b'[' => serde_json::from_str(json).ok().map(Self::List),
            _ => serde_json::from_str(json).ok().map(Self::Number),
        }
    }

    fn value(&self, kind: Kind) -> Value<'_> {
        match self {
            Self::Text(text) if kind == Kind::Date => day(text).map_or(Value::Text(text.as_ref().into()), Value::Date),
            Self::Text(text) => Value::Text(text.as_ref().into()),
            Self::Number(number) => Value::Number(*number),
            Self::Bool(flag) => Value::Bool(*flag),
            Self::List(items) => Value::List(items),
        }
    }
}

impl<'a> Interview<'a> {
    fn level(&self) -> Option<Level> {
        Level::parse(&read_string(self.fields.get("level")?)?)
    }

    /// Questions, each with the JSON of its answer.
    fn answers(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.fields.iter().filter_map(|(name, json)| Some((name.strip_prefix("answers.")?, json)))
    }
}

impl Form {
    /// What an interview violates, relative to its fields: what is wrong with an answer stands at `/answers.<question>`.
    pub fn check(&self, interview: Interview<'_>) -> Vec<FieldError> {
        let mut faults = Vec::new();
        if interview.level() != Some(self.level) {
            faults.push(FieldError::new("/level", Fault::NotInList { allowed: vec![self.level.name().to_owned()] }));
        }
        // What is required is missed from then on.
        let ended = interview.fields.get("ended_at").is_some();
        let (mut answers, mut unknown) = (Vec::new(), Vec::new());
        answers.resize_with(self.questions.len(), || None);
        for (question, json) in interview.answers() {
            match self.places.get(question) {
                Some(place) => answers[*place] = Answer::read(json),
                None => unknown.push(question),
            }
        }
        let given: Vec<Value<'_>> = std::iter::zip(&self.questions, &answers)
            .map(|(asked, answer)| answer.as_ref().map_or(Value::Empty, |answer| answer.value(asked.kind)))
            .collect();
        for ((asked, answer), here) in self.questions.iter().zip(&answers).zip(&given) {
            let answers = Answers { given: &given, here, today: interview.today };
            let relevant = asked.relevant.iter().all(|expression| expression.holds(answers));
            let fault = match (answer, relevant) {
                (Some(_), false) => Some(Fault::NotRelevant),
                (Some(answer), true) => asked.misfit(answer).or_else(|| asked.violated(answers)),
                (None, true) if asked.required && ended => Some(Fault::Required),
                (None, _) => None,
            };
            faults.extend(fault.map(|fault| at(&asked.name, fault)));
        }
        faults.extend(unknown.into_iter().take(MOST).map(|name| at(name, Fault::UnknownQuestion)));
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
    fn misfit(&self, answer: &Answer<'_>) -> Option<Fault> {
        let wrong = |expected| Some(Fault::WrongType { expected });
        let chosen = |value: &str| self.choices.iter().any(|choice| choice == value);
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
