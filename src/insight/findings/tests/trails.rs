use super::super::{Actor, State, Warning, judge, trail};
use proptest::prelude::*;
use std::sync::Arc;
use sync_core::merge::{Change, Op, Outcome, Subject};
use sync_core::record::Author;
use sync_core::{Stamp, canonical};
use uuid::Uuid;

/// A write by somebody who had seen everything, at a time.
#[derive(Debug, Clone)]
struct Write {
    at: i64,
    by: Actor,
    state: Option<State>,
    note: Option<&'static str>,
}

fn text(value: &str) -> String {
    canonical::to_string(&value.into())
}

/// What the merge makes of these writes, in the order of their arrival.
fn merged(writes: &[Write]) -> Subject {
    let mut subject = Subject::default();
    let mut seq = 0;
    for write in writes {
        let mut edits = vec![("title".to_owned(), Some(text("饮水不安全")))];
        if let Some(state) = write.state {
            edits.push(("state".to_owned(), Some(text(state.name()))));
        }
        if let Some(note) = write.note {
            edits.push(("rectification".to_owned(), Some(text(note))));
            edits.push(("verified_note".to_owned(), Some(text(note))));
        }
        let team = (write.by == Actor::Team).then(|| Uuid::from_u128(7));
        let author = Author { device: Uuid::from_u128(1000 + write.at as u128), user: Uuid::from_u128(1), team };
        let op = Op {
            change: Change::Upsert(Arc::new(edits.into_iter().collect())),
            base: 0,
            stamp: Stamp((write.at as u64) << 16),
            author,
            at: write.at,
            claimed: None,
            received: write.at,
            released: false,
            fill: None,
        };
        assert!(matches!(subject.accept(&op, &["title"], &mut seq), Outcome::Accepted(_)));
    }
    subject
}

type Seen = Vec<(i64, State, State, Vec<Warning>)>;

fn seen(subject: &Subject) -> Seen {
    let steps = trail(subject.record().unwrap(), subject.past());
    steps.into_iter().map(|step| (step.written.at, step.from, step.to, step.warnings)).collect()
}

fn write(at: i64, by: Actor, state: State, note: Option<&'static str>) -> Write {
    Write { at, by, state: Some(state), note }
}

#[test]
fn a_life_by_the_rule_has_no_flag() {
    let subject = merged(&[
        write(1, Actor::Team, State::Open, None),
        write(2, Actor::Team, State::Accepted, None),
        write(3, Actor::Team, State::Rectified, Some("已修水池")),
        write(4, Actor::Office, State::Verified, None),
        write(5, Actor::Office, State::Closed, None),
    ]);
    let steps = seen(&subject);
    let to: Vec<State> = steps.iter().map(|step| step.2).collect();
    assert_eq!(to, [State::Accepted, State::Rectified, State::Verified, State::Closed]);
    assert!(steps.iter().all(|step| step.3.is_empty()), "{steps:?}");
}

#[test]
fn what_leaves_out_a_step_is_flagged_until_the_step_arrives() {
    let late = write(2, Actor::Team, State::Accepted, None);
    let writes = [
        Write { at: 1, by: Actor::Team, state: None, note: None },
        write(3, Actor::Team, State::Rectified, Some("已修水池")),
        late,
    ];
    assert_eq!(seen(&merged(&writes[..2])), [(3, State::Open, State::Rectified, vec![Warning::StepSkipped])]);
    let whole = merged(&writes);
    assert_eq!(whole.record().unwrap().fields.get("state"), Some("\"rectified\""));
    let steps = seen(&whole);
    assert_eq!(steps, [(2, State::Open, State::Accepted, vec![]), (3, State::Accepted, State::Rectified, vec![])]);
}

#[test]
fn each_rejection_has_a_reason_of_its_own() {
    let subject = merged(&[
        write(1, Actor::Office, State::Rejected, Some("不属实")),
        write(2, Actor::Office, State::Open, Some("复查属实")),
        write(3, Actor::Office, State::Rejected, None),
        write(4, Actor::Team, State::Open, Some("  ")),
    ]);
    let warnings: Vec<_> = seen(&subject).into_iter().map(|step| step.3).collect();
    let silent = vec![Warning::ReasonMissing];
    assert_eq!(warnings, [vec![], vec![], silent, vec![Warning::NotByRole, Warning::ReasonMissing]]);
}

#[test]
fn a_note_written_before_the_step_counts() {
    let subject = merged(&[
        Write { at: 1, by: Actor::Office, state: None, note: Some("不属实") },
        write(2, Actor::Office, State::Rejected, None),
    ]);
    assert_eq!(seen(&subject), [(2, State::Open, State::Rejected, vec![])]);
}

#[test]
fn the_same_state_again_is_no_step() {
    let writes = [write(1, Actor::Team, State::Accepted, None), write(2, Actor::Team, State::Accepted, None)];
    assert_eq!(seen(&merged(&writes)).len(), 1);
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let one = (any::<bool>(), prop::option::of(prop::sample::select(State::ALL.to_vec())), any::<bool>());
    prop::collection::vec(one, 1..9).prop_map(|drawn| {
        let write = |(i, (office, state, note)): (usize, (bool, Option<State>, bool))| Write {
            at: i as i64 + 1,
            by: if office { Actor::Office } else { Actor::Team },
            state,
            note: note.then_some("理由"),
        };
        drawn.into_iter().enumerate().map(write).collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_arrival_changes_nothing((writes, shuffled) in writes().prop_flat_map(|w| (Just(w.clone()), Just(w).prop_shuffle()))) {
        prop_assert_eq!(seen(&merged(&writes)), seen(&merged(&shuffled)));
    }

    /// The last step ends where the record stands, each begins where the one before ended, and each is flagged by the
    /// rule alone.
    #[test]
    fn the_trail_leads_to_the_present_state(writes in writes()) {
        let subject = merged(&writes);
        let steps = seen(&subject);
        let now = subject.record().unwrap().fields.get("state").map_or(State::Open, |text| State::parse(text.trim_matches('"')).unwrap());
        prop_assert_eq!(steps.last().map_or(State::Open, |step| step.2), now);
        let mut from = State::Open;
        for (at, start, to, warnings) in steps {
            prop_assert_eq!(start, from);
            from = to;
            let by = writes.iter().find(|write| write.at == at).unwrap().by;
            let with = judge(start, to, by, |_| true);
            let without = judge(start, to, by, |_| false);
            prop_assert!(warnings == with || warnings == without);
        }
    }
}
