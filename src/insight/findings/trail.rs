//! The steps that a finding has taken, from all that was ever said of it. What came later in the order of the stamps
//! stands later, in whatever order the devices reached the server: so the flags converge as the record does.

use super::{Actor, Needs, State, Warning, judge};
use std::collections::HashMap;
use sync_core::fields::Edits;
use sync_core::record::{Kind, Past, Record, Written, sayings};

/// A step, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub from: State,
    pub to: State,
    pub written: Written,
    pub warnings: Vec<Warning>,
}

/// Every step of a finding in the order of the stamps. `past` is everything before `record.last`.
pub fn trail(record: &Record, past: &[Past]) -> Vec<Taken> {
    let mut said: Vec<(Past, Edits)> = sayings(record, past);
    said.retain(|(past, _)| past.kind == Kind::Upsert && !past.discarded);
    // As the registers decide; a rev that a release repeats under its old stamp follows itself.
    said.sort_by_key(|(past, _)| (past.written.stamp, past.written.author.device, past.written.rev));
    let mut steps = Vec::new();
    let mut from = State::default();
    let mut has: HashMap<&str, bool> = HashMap::new();
    for (past, edits) in &said {
        for needs in [Needs::Rectification, Needs::Reason] {
            if let Some(value) = edits.get(needs.field()) {
                has.insert(needs.field(), value.is_some_and(says_something));
            }
        }
        let Some(value) = edits.get("state") else { continue };
        let to = value.map_or(Some(State::default()), state_of).unwrap_or(from);
        if to == from {
            continue;
        }
        let by = if past.written.author.team.is_some() { Actor::Team } else { Actor::Office };
        let warnings = judge(from, to, by, |needs| has.get(needs.field()).copied().unwrap_or_default());
        steps.push(Taken { from, to, written: past.written, warnings });
        from = to;
        // Each decision has a reason of its own.
        has.remove(Needs::Reason.field());
    }
    steps
}

/// From a canonical JSON text.
pub fn state_of(value: &str) -> Option<State> {
    State::parse(value.trim_matches('"'))
}

/// Whether a canonical JSON text is more than blanks.
pub fn says_something(value: &str) -> bool {
    !serde_json::from_str::<String>(value).unwrap_or_default().trim().is_empty()
}
