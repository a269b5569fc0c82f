use super::super::{Actor, Needs, STEPS, State, Step, Warning, judge, next};

/// What is wrong with each way from the row's state to the column's, by the order of [`State::ALL`]: `s` a step is
/// skipped, `t` not by a team, `r` a reason or report is due; `.` is no step. Written by hand.
const TABLE: [[&str; 6]; 6] = [
    // open, accepted, rectified, verified, closed, rejected
    [".", "", "sr", "st", "st", "tr"],
    ["s", ".", "r", "st", "st", "tr"],
    ["s", "tr", ".", "t", "st", "str"],
    ["s", "tr", "sr", ".", "t", "str"],
    ["tr", "s", "sr", "st", ".", "str"],
    ["tr", "s", "sr", "st", "st", "."],
];

fn expected(marks: &str, by: Actor, silent: bool) -> Vec<Warning> {
    let warning = |mark: char| match mark {
        's' => Some(Warning::StepSkipped),
        't' => (by == Actor::Team).then_some(Warning::NotByRole),
        'r' => silent.then_some(Warning::ReasonMissing),
        _ => None,
    };
    marks.chars().filter_map(warning).collect()
}

#[test]
fn every_way_by_everybody_with_and_without_a_reason() {
    for (row, from) in State::ALL.into_iter().enumerate() {
        for (column, to) in State::ALL.into_iter().enumerate() {
            for by in [Actor::Office, Actor::Team] {
                for silent in [false, true] {
                    let found = judge(from, to, by, |_| !silent);
                    let due = expected(TABLE[row][column], by, silent);
                    assert_eq!(found, due, "{from:?} → {to:?} by {by:?}, silent: {silent}");
                }
            }
        }
    }
}

#[test]
fn each_need_is_its_own() {
    let with = |given: Needs| move |needs: Needs| needs == given;
    assert_eq!(judge(State::Accepted, State::Rectified, Actor::Team, with(Needs::Rectification)), []);
    let silent = [Warning::ReasonMissing];
    assert_eq!(judge(State::Accepted, State::Rectified, Actor::Team, with(Needs::Reason)), silent);
    assert_eq!(judge(State::Open, State::Rejected, Actor::Office, with(Needs::Reason)), []);
    assert_eq!(judge(State::Open, State::Rejected, Actor::Office, with(Needs::Rectification)), silent);
}

#[test]
fn next_are_the_ways_without_fault() {
    for from in State::ALL {
        for by in [Actor::Office, Actor::Team] {
            let right = |to: &State| from != *to && judge(from, *to, by, |_| true).is_empty();
            let mut found = next(from, by);
            found.sort_by_key(|state| State::ALL.iter().position(|s| s == state));
            assert_eq!(found, State::ALL.into_iter().filter(right).collect::<Vec<_>>(), "{from:?} by {by:?}");
        }
    }
}

#[test]
fn no_team_verifies_closes_or_rejects() {
    for step in STEPS.into_iter().filter(|step| [State::Verified, State::Closed, State::Rejected].contains(&step.to)) {
        assert!(!step.is_for(Actor::Team) && step.is_for(Actor::Office), "{step:?}");
    }
}

#[test]
fn every_state_is_reached_and_none_is_a_trap() {
    for start in State::ALL {
        let mut reached = vec![start];
        let mut place = 0;
        while let Some(from) = reached.get(place).copied() {
            for to in next(from, Actor::Office) {
                if !reached.contains(&to) {
                    reached.push(to);
                }
            }
            place += 1;
        }
        assert_eq!(reached.len(), State::ALL.len(), "from {start:?}");
    }
}

#[test]
fn names_are_those_of_the_field() {
    for state in State::ALL {
        assert_eq!(State::parse(state.name()), Some(state));
        assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{}\"", state.name()));
    }
    assert_eq!(State::parse("forgotten"), None);
    let pending: Vec<_> = State::ALL.into_iter().filter(|state| !state.is_pending()).collect();
    assert_eq!(pending, [State::Closed, State::Rejected]);
}

#[test]
fn no_step_is_there_twice() {
    for (i, step) in STEPS.iter().enumerate() {
        assert_eq!(Step::find(step.from, step.to), Some(*step));
        assert!(STEPS[i + 1..].iter().all(|other| (other.from, other.to) != (step.from, step.to)), "{step:?}");
    }
}
