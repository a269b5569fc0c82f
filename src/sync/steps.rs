//! The steps of findings: what came by sync is kept as it is and flagged; who is online takes one step at a time, and a
//! wrong one is refused. Either way it is an ordinary write, through the one merge.

use super::direct::{By, Direct};
use crate::fields::{self, Fault, FieldError};
use crate::http::checks::invalid;
use crate::http::time::today;
use crate::http::{Code, Problem};
use crate::insight::findings::{
    Actor, Needs, State, Step, Taken, Warning, judge, next, says_something, state_of, trail,
};
use crate::store::Tx;
use crate::store::records::Key;
use serde_json::{Map, Value};
use sync_core::fields::Edits;
use sync_core::merge::Change;
use sync_core::record::{Past, Record};
use uuid::Uuid;

/// A finding with all that was ever said of it.
#[derive(Debug, Clone)]
pub struct Case {
    pub key: Key,
    pub record: Record,
    /// Everything before `record.last`.
    pub past: Vec<Past>,
}

impl Case {
    pub fn state(&self) -> State {
        self.record.fields.get("state").and_then(state_of).unwrap_or_default()
    }

    pub fn steps(&self) -> Vec<Taken> {
        trail(&self.record, &self.past)
    }
}

/// Refuses a change online whose state is no step that its author may take now: 403 where it is not for this role, 409
/// where the present state does not lead there, 422 without its reason. `record` is as it stands; a new one is open.
pub fn refuse(record: Option<&Record>, edits: &Edits, team: Option<Uuid>) -> Result<(), Problem> {
    let Some(wanted) = edits.get("state") else { return Ok(()) };
    let from = record.and_then(|record| record.fields.get("state")).and_then(state_of).unwrap_or_default();
    let to = wanted.and_then(state_of).unwrap_or_default();
    let by = if team.is_some() { Actor::Team } else { Actor::Office };
    // Each decision has a reason of its own; a report may stand there already.
    let has = |needs: Needs| {
        let field = needs.field();
        let stands = || record.and_then(|record| record.fields.get(field)).filter(|_| needs == Needs::Rectification);
        edits.get(field).unwrap_or_else(stands).is_some_and(says_something)
    };
    let warnings = judge(from, to, by, has);
    if warnings.contains(&Warning::NotByRole) {
        let (en, zh) = Warning::NotByRole.detail();
        return Err(Problem::new(Code::Forbidden).detail(en, zh));
    }
    if warnings.contains(&Warning::StepSkipped) {
        return Err(wrong_step(from, by));
    }
    match Step::find(from, to).and_then(|step| step.needs).filter(|_| !warnings.is_empty()) {
        Some(needs) => Err(invalid(vec![FieldError::new(format!("/{}", needs.field()), Fault::Required)])),
        None => Ok(()),
    }
}

fn wrong_step(from: State, by: Actor) -> Problem {
    let states = next(from, by).into_iter().map(State::name).collect::<Vec<_>>();
    Problem::new(Code::WrongStep)
        .detail(
            format!("The finding is {}: from there it leads to {}.", from.name(), states.join(", ")),
            format!("该问题的状态为 {}，下一环节只能是 {}。", from.name(), states.join("、")),
        )
        .with("state", from.name())
        .with("next", states)
}

/// A step that somebody wants to take, with the fields that go with it.
#[derive(Debug, Clone)]
pub struct Wish {
    pub to: State,
    /// Of `rectification`, `rectified_on`, `verified_note`.
    pub fields: Map<String, Value>,
}

/// Takes a step; fails as [`refuse`] does, and where the finding stands there already.
pub fn take(tx: &mut Tx<'_>, by: By, key: Key, wish: Wish) -> Result<Case, Problem> {
    let Wish { to, mut fields } = wish;
    let direct = Direct::open(tx, by, key)?;
    let record = direct.record().ok_or_else(|| Problem::new(Code::NotFound))?;
    if record.deleted {
        return Err(Problem::new(Code::RecordDeleted)
            .detail("The finding is deleted: restore it first.", "该问题已被删除：请先恢复。"));
    }
    let from = record.fields.get("state").and_then(state_of).unwrap_or_default();
    if to == State::Rectified && !fields.contains_key("rectified_on") {
        fields.insert("rectified_on".into(), today().to_string().into());
    }
    fields.insert("state".into(), to.name().into());
    let role = if by.team.is_some() { Actor::Team } else { Actor::Office };
    // Who may not say it in any case hears that, and not that the field may not have the value.
    if judge(from, to, role, |_| true).contains(&Warning::NotByRole) {
        let (en, zh) = Warning::NotByRole.detail();
        return Err(Problem::new(Code::Forbidden).detail(en, zh));
    }
    if from == to {
        return Err(wrong_step(from, role));
    }
    let named = fields::check(key.collection, key.bucket, key.id, by.team, &(&fields).into()).map_err(invalid)?;
    let (record, past) = direct.write_record(tx, Change::Upsert(named.edits.into()))?;
    Ok(Case { key, record, past })
}
