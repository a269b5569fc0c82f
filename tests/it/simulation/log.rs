//! What was asked and what was answered, in the order in which it happened: all that the model needs, and the trace that
//! a person reads.

use std::fmt::{Display, Formatter};

use serde_json::{Value, json};

use crate::support::Rec;
use crate::support::http::Reply;
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
    /// Somebody of the cast signs in on a new device.
    Register {
        device: String,
        name: String,
    },
    Push(Push),
    /// At the same moment.
    Race(Vec<Push>),
    Pull {
        device: String,
        asked: Value,
        answer: Answer,
    },
    Assign {
        team: &'static str,
        county: &'static str,
        answer: Answer,
    },
    Close {
        team: &'static str,
        county: &'static str,
        answer: Answer,
    },
    Revoke {
        device: String,
        mode: &'static str,
    },
    Move {
        name: String,
        team: &'static str,
    },
    /// Over REST; without fields it is deleted.
    Online {
        record: Rec,
        fields: Option<Value>,
        user: String,
        answer: Answer,
    },
    /// Of a held operation, as it was told before.
    Settle {
        held: Value,
        /// How many before it in the list read the same.
        twin: usize,
        how: &'static str,
        user: String,
        answer: Answer,
    },
    /// Of a conflict, as it was told before.
    Resolve {
        conflict: Value,
        body: Value,
        user: String,
        answer: Answer,
    },
}

/// One push, of which perhaps several copies arrived at the same moment: an answer for each.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    pub(crate) device: String,
    pub(crate) envelope: Value,
    pub(crate) answers: Vec<Answer>,
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        // What is deleted is answered with nothing.
        let body = if reply.bytes.is_empty() { Value::Null } else { reply.json() };
        Self { status: reply.status, body }
    }
}

/// Without what says nothing: counties of a page that bring nothing, and cursors.
fn short(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(parts) = body.get_mut("buckets").and_then(Value::as_array_mut) {
        parts.retain(|part| part["changes"] != json!([]) || part["reset"] == true);
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

impl Display for Push {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} pushes {}", self.device, self.envelope)?;
        self.answers.iter().try_for_each(|answer| write!(f, "\n      gets {answer}"))
    }
}

impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self.step {
            Some(step) => write!(f, "step {step}: ")?,
            None => write!(f, "healing: ")?,
        }
        match &self.deed {
            Deed::Register { device, name } => write!(f, "{name} signs in on {device}"),
            Deed::Push(push) => write!(f, "{push}"),
            Deed::Race(pushes) => {
                write!(f, "at the same moment")?;
                pushes.iter().try_for_each(|push| write!(f, "\n    {push}"))
            }
            Deed::Pull { device, asked, answer } => {
                write!(f, "{device} pulls {}\n      gets {answer}", short(asked))
            }
            Deed::Assign { team, county, answer } => {
                write!(f, "{county} is given to team {team} at {}", answer.body["created_at"])
            }
            Deed::Close { team, county, answer } => {
                write!(f, "{county} is taken from team {team} at {}", answer.body["closed_at"])
            }
            Deed::Revoke { device, mode } => write!(f, "{device} is revoked: {mode}"),
            Deed::Move { name, team } => write!(f, "{name} goes over to team {team}"),
            Deed::Online { record, fields, answer, .. } => {
                write!(f, "{record:?} is changed online: {}\n      gets {answer}", json!(fields))
            }
            Deed::Settle { held, how, answer, .. } => write!(f, "{how} of {held}\n      gets {answer}"),
            Deed::Resolve { conflict, body, answer, .. } => {
                write!(f, "{body} settles {conflict}\n      gets {answer}")
            }
        }
    }
}
