//! The life of a finding 问题整改: open → accepted → rectified → verified → closed, or rejected with a reason. [`judge`] is
//! the whole rule: a request online that breaks it is refused, a write that came by sync is kept and flagged ([`trail`]).
//! As pure as `sync_core`, beside which it stands.

mod trail;

pub use trail::{Taken, says_something, state_of, trail};

#[cfg(test)]
mod tests;

use crate::fields::Fault;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a finding stands. One without a state is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = FindingState)]
pub enum State {
    /// Recorded by a team, and told to the county.
    #[default]
    Open,
    /// The county takes it as its own.
    Accepted,
    /// The county says that it is put right.
    Rectified,
    /// An office has looked, and it is.
    Verified,
    /// Nothing is left to do.
    Closed,
    /// An office has decided that it is none.
    Rejected,
}

impl State {
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Accepted, Self::Rectified, Self::Verified, Self::Closed, Self::Rejected];

    /// As the field has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Rectified => "rectified",
            Self::Verified => "verified",
            Self::Closed => "closed",
            Self::Rejected => "rejected",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether a deadline still counts.
    pub const fn is_pending(self) -> bool {
        !matches!(self, Self::Closed | Self::Rejected)
    }
}

/// Who takes a step, as far as the rule tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The province, or the prefecture of the county.
    Office,
    Team,
}

/// A field that a step cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// What was done: `rectification`.
    Rectification,
    /// Why: `verified_note`.
    Reason,
}

impl Needs {
    pub const fn field(self) -> &'static str {
        match self {
            Self::Rectification => "rectification",
            Self::Reason => "verified_note",
        }
    }
}

/// What is wrong with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StepWarning)]
pub enum Warning {
    /// The state before does not lead there.
    StepSkipped,
    /// It is for the offices.
    NotByRole,
    /// It does not say what was done, or why.
    ReasonMissing,
}

impl Warning {
    pub const fn code(self) -> &'static str {
        match self {
            Self::StepSkipped => "step_skipped",
            Self::NotByRole => "not_by_role",
            Self::ReasonMissing => "reason_missing",
        }
    }

    /// In English and in Chinese.
    pub const fn detail(self) -> (&'static str, &'static str) {
        match self {
            Self::StepSkipped => ("A step in between is missing.", "跳过了中间的办理环节。"),
            Self::NotByRole => {
                ("This step is for the province or the prefecture to take.", "该环节应由省或市（州）办理。")
            }
            Self::ReasonMissing => ("It is not said what was done, or why.", "未说明整改情况或理由。"),
        }
    }
}

impl From<Warning> for Fault {
    fn from(warning: Warning) -> Self {
        match warning {
            Warning::StepSkipped => Self::StepSkipped,
            Warning::NotByRole => Self::NotByRole,
            Warning::ReasonMissing => Self::ReasonMissing,
        }
    }
}

/// One step of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub from: State,
    pub to: State,
    /// For the offices alone.
    pub office: bool,
    pub needs: Option<Needs>,
}

const fn step(from: State, to: State, office: bool, needs: Option<Needs>) -> Step {
    Step { from, to, office, needs }
}

/// The whole rule.
pub const STEPS: [Step; 10] = [
    step(State::Open, State::Accepted, false, None),
    step(State::Accepted, State::Rectified, false, Some(Needs::Rectification)),
    step(State::Rectified, State::Verified, true, None),
    step(State::Verified, State::Closed, true, None),
    step(State::Open, State::Rejected, true, Some(Needs::Reason)),
    step(State::Accepted, State::Rejected, true, Some(Needs::Reason)),
    // It was looked at, and is not put right: the county has to go on.
    step(State::Rectified, State::Accepted, true, Some(Needs::Reason)),
    // It came up again.
    step(State::Verified, State::Accepted, true, Some(Needs::Reason)),
    step(State::Closed, State::Open, true, Some(Needs::Reason)),
    step(State::Rejected, State::Open, true, Some(Needs::Reason)),
];

impl Step {
    pub fn find(from: State, to: State) -> Option<Self> {
        STEPS.into_iter().find(|step| (step.from, step.to) == (from, to))
    }

    /// What is asked of a way to `to` that leaves out steps: no less than of the last of them.
    const fn behind_a_gap(from: State, to: State) -> Self {
        match to {
            State::Open | State::Accepted => step(from, to, false, None),
            State::Rectified => step(from, to, false, Some(Needs::Rectification)),
            State::Verified | State::Closed => step(from, to, true, None),
            State::Rejected => step(from, to, true, Some(Needs::Reason)),
        }
    }

    pub fn is_for(self, by: Actor) -> bool {
        by == Actor::Office || !self.office
    }
}

/// Everything that is wrong with a change of state. To stay where one is, is no step, and never wrong. `has` tells whether
/// the finding says what the step needs.
pub fn judge(from: State, to: State, by: Actor, has: impl Fn(Needs) -> bool) -> Vec<Warning> {
    if from == to {
        return Vec::new();
    }
    let found = Step::find(from, to);
    let step = found.unwrap_or(Step::behind_a_gap(from, to));
    [
        (found.is_none(), Warning::StepSkipped),
        (!step.is_for(by), Warning::NotByRole),
        (step.needs.is_some_and(|needs| !has(needs)), Warning::ReasonMissing),
    ]
    .into_iter()
    .filter_map(|(broken, warning)| broken.then_some(warning))
    .collect()
}

/// The states to which `by` may take a finding next.
pub fn next(from: State, by: Actor) -> Vec<State> {
    STEPS.into_iter().filter(|step| step.from == from && step.is_for(by)).map(|step| step.to).collect()
}
