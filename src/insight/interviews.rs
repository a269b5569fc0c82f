//! The answers of a county's interviews, laid out by question: what statistics of any question are read from.

use super::kept::Weigh;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Bytes of an answer's JSON: a longer one is free text, of which only that it is there is kept.
const LONGEST: usize = 400;

/// What an interview is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    Household(Uuid),
    Village(Arc<str>),
    /// Nothing that has an id: each interview is one of its own.
    Interview(Uuid),
}

impl Unit {
    /// Whether it is what a draw calls so.
    pub fn is(&self, drawn: &str) -> bool {
        match self {
            Self::Household(id) => id.to_string() == drawn,
            Self::Village(code) => **code == *drawn,
            Self::Interview(_) => false,
        }
    }
}

/// An interview of a done visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Interview {
    pub id: Uuid,
    /// `YYYY-MM-DD`, and the visit: who comes first counts.
    pub day: Arc<str>,
    pub visit: Uuid,
    pub level: Arc<str>,
    pub form: Arc<str>,
    /// Of a draw: what its visit names, if that was to the same unit.
    pub slot: Option<Uuid>,
    pub unit: Unit,
}

/// In the order of their days.
#[derive(Debug, Default)]
pub struct Interviews {
    all: Vec<Interview>,
    /// By question, each interview's answer: a place in `values`.
    columns: HashMap<Box<str>, Vec<u32>>,
    /// The first is null: nothing.
    values: Vec<Value>,
}

impl Interviews {
    /// Interviews with the JSON of their answers by question.
    pub fn new<N: AsRef<str>>(mut all: Vec<(Interview, Vec<(N, N)>)>) -> Self {
        all.sort_by(|(a, _), (b, _)| (&a.day, a.visit, a.id).cmp(&(&b.day, b.visit, b.id)));
        let mut places: HashMap<&str, u32> = HashMap::new();
        let mut found = Self { values: vec![Value::Null], ..Self::default() };
        for (i, (_, answers)) in all.iter().enumerate() {
            for (question, json) in answers {
                let (question, json) = (question.as_ref(), json.as_ref());
                let next = found.values.len() as u32;
                let place = *places.entry(json).or_insert(next);
                if place == next {
                    found.values.push(read(json));
                }
                if !found.columns.contains_key(question) {
                    found.columns.insert(question.into(), vec![0; all.len()]);
                }
                if let Some(column) = found.columns.get_mut(question) {
                    column[i] = place;
                }
            }
        }
        drop(places);
        found.all = all.into_iter().map(|(interview, _)| interview).collect();
        found
    }

    pub fn all(&self) -> &[Interview] {
        &self.all
    }

    /// The forms by which a question was answered.
    pub fn forms_of(&self, question: &str) -> impl Iterator<Item = &str> {
        let column = self.columns.get(question).into_iter().flatten();
        column.zip(&self.all).filter(|(place, _)| **place > 0).map(|(_, interview)| &*interview.form)
    }

    /// What an interview (by its place in [`Self::all`]) has of a question: null for nothing.
    pub fn answer(&self, i: usize, question: &str) -> &Value {
        &self.values[self.columns.get(question).map_or(0, |column| column[i] as usize)]
    }
}

fn read(json: &str) -> Value {
    if json.len() > LONGEST { Value::from("…") } else { serde_json::from_str(json).unwrap_or_default() }
}

impl Weigh for Interviews {
    fn weight(&self) -> usize {
        let columns = self.columns.len() * (64 + self.all.len() * size_of::<u32>());
        // A value with a text or a list behind it.
        self.all.len() * size_of::<Interview>() + columns + self.values.len() * 96
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn interview(id: u128, day: &str) -> Interview {
        let id = Uuid::from_u128(id);
        let (level, form) = ("household".into(), "f".into());
        Interview { id, day: day.into(), visit: id, level, form, slot: None, unit: Unit::Interview(id) }
    }

    #[test]
    fn answers_come_by_question_in_the_order_of_days() {
        let long = format!("\"{}\"", "长".repeat(200));
        let all = Interviews::new(vec![
            (interview(1, "2015-04-20"), vec![("rooms", "3"), ("crops", "[\"maize\"]")]),
            (interview(2, "2015-04-16"), vec![("rooms", "3"), ("note", long.as_str())]),
            (interview(3, "2015-04-16"), vec![]),
        ]);
        let told = |question| (0..3).map(|i| all.answer(i, question).clone()).collect::<Vec<_>>();
        assert_eq!(all.all().iter().map(|one| one.id.as_u128()).collect::<Vec<_>>(), [2, 3, 1]);
        assert_eq!(told("rooms"), [json!(3), Value::Null, json!(3)]);
        assert_eq!(told("crops"), [Value::Null, Value::Null, json!(["maize"])]);
        assert_eq!(told("note"), [json!("…"), Value::Null, Value::Null]);
        assert_eq!(told("nothing"), [Value::Null, Value::Null, Value::Null]);
        assert_eq!(all.values.len(), 4);
        let forms = |question| all.forms_of(question).collect::<Vec<_>>();
        assert_eq!((forms("rooms"), forms("nothing")), (vec!["f", "f"], vec![]));
    }
}
