//! What was asked and what was answered, in the order in which it happened: all that the model needs, and the trace that
//! a person reads.

use std::fmt::{Display, Formatter};

use serde_json::Value;

use crate::support::time::Time;

#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The step of the plan; none while it heals.
    pub(crate) step: Option<usize>,
    pub(crate) sent: Time,
    pub(crate) answered: Time,
    pub(crate) deed: Deed,
}

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// One push, of which perhaps several copies arrived at the same moment: an answer for each.
    Push {
        device: String,
        envelope: Value,
        answers: Vec<Answer>,
    },
    Pull {
        device: String,
        asked: Value,
        answer: Answer,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// Without what says nothing: counties of a page that bring nothing, and cursors.
fn short(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(parts) = body.get_mut("buckets").and_then(Value::as_array_mut) {
        parts.retain(|part| part["changes"] != serde_json::json!([]) || part["reset"] == true);
    }
    if let Some(cursor) = body.get_mut("cursor") {
        let text = cursor.as_str().unwrap_or_default();
        *cursor = format!("…{}", &text[text.len().saturating_sub(6)..]).into();
    }
    body
}

impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status, short(&self.body))
    }
}

impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self.step {
            Some(step) => write!(f, "step {step}: ")?,
            None => write!(f, "healing: ")?,
        }
        match &self.deed {
            Deed::Push { device, envelope, answers } => {
                write!(f, "{device} pushes {envelope}")?;
                answers.iter().try_for_each(|answer| write!(f, "\n      gets {answer}"))
            }
            Deed::Pull { device, asked, answer } => {
                write!(f, "{device} pulls {}\n      gets {answer}", short(asked))
            }
        }
    }
}
