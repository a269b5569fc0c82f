//! The core against the model: every status, rev, seq, conflict and hidden update, the content, the history, and what
//! waits, after every step of any history.

use crate::history::{DEVICES, Step, author, device_id, histories, unsettled_histories};
use crate::model::{Became, Entry, Held, Model, said_by};
use crate::server::{Loading, Server};
use proptest::prelude::*;
use sync_core::Stamp;
use sync_core::fields::Edits;
use sync_core::merge::{Change, Op, Outcome, Subject, Waiting};
use sync_core::record::Kind;

fn compare(steps: &[Step], loading: Loading) -> Result<(), TestCaseError> {
    let (mut model, mut server) = (Model::starting_at(40), Server::new(loading, 40));
    for step in steps {
        let (mut expected, mut became) = (model.play(step), server.play(step));
        for became in [&mut expected, &mut became] {
            if let Became::Accepted { clashes, .. } = became {
                clashes.sort();
            }
        }
        prop_assert_eq!(became, expected, "{:?}", step);
        prop_assert_eq!(server.rev(), model.rev());
        prop_assert_eq!(server.seq, model.seq);
        prop_assert_eq!(server.deleted(), model.deleted());
        prop_assert_eq!(server.fields(), model.fields());
        same_history(&server, &model)?;
        same_waiting(&server, &model)?;
    }
    Ok(())
}

fn same_history(server: &Server, model: &Model) -> Result<(), TestCaseError> {
    let history = server.history();
    prop_assert_eq!(history.len(), model.log.len());
    for (rev, ((past, edits), Entry { op, seq, discarded, .. })) in (1..).zip(history.iter().zip(&model.log)) {
        let written = &past.written;
        prop_assert_eq!((written.rev, written.seq, written.stamp.0), (rev, *seq, op.stamp));
        prop_assert_eq!((written.author, past.discarded), (author(op.device), discarded.is_some()));
        prop_assert_eq!(past.kind == Kind::Delete, op.said.is_none());
        let said = said_by(edits);
        prop_assert_eq!(said, op.said.clone().unwrap_or_default(), "rev {}", rev);
    }
    Ok(())
}

fn same_waiting(server: &Server, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(server.waiting.len(), model.held.len());
    for ((id, waiting), (expected, held)) in server.waiting.iter().zip(&model.held) {
        prop_assert_eq!(id, expected);
        match (waiting, held) {
            (Waiting::Hidden { rev }, Held::Hidden(expected)) => prop_assert_eq!(rev, expected),
            (Waiting::Arrived(op), Held::Arrived(expected)) => {
                let Change::Upsert(edits) = &op.change else { return Err(TestCaseError::fail("a delete waits")) };
                let said = said_by(edits);
                prop_assert_eq!(
                    (op.stamp.0, op.base, Some(&said)),
                    (expected.stamp, expected.base, expected.said.as_ref())
                );
            }
            _ => prop_assert!(false, "{:?} is not {:?}", waiting, held),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(crate::cases(1500))]

    /// Sections 3 and 4, as a plain list of operations tells them.
    #[test]
    fn the_core_is_the_naive_model(steps in unsettled_histories()) {
        compare(&steps, Loading::Once)?;
    }

    /// The same when no more of the past is loaded than is asked for.
    #[test]
    fn the_past_is_needed_only_where_the_record_says_so(steps in unsettled_histories()) {
        compare(&steps, Loading::Sparingly)?;
    }

    /// And it says so exactly where somebody else wrote after the base, or something was released that the device does
    /// not know of.
    #[test]
    fn the_past_is_needed_where_others_wrote_since(steps in histories()) {
        let (mut model, mut server) = (Model::starting_at(0), Server::new(Loading::Once, 0));
        for step in &steps {
            model.play(step);
            server.play(step);
            let Some(record) = server.record() else { continue };
            for (device, base) in (0..DEVICES).flat_map(|device| (0..=record.last.rev).map(move |base| (device, base))) {
                let expected = model.log[base as usize..].iter().any(|entry| entry.op.device != device || entry.released);
                prop_assert_eq!(record.needs_past(base, device_id(device)), expected, "{} from {}", device, base);
            }
        }
    }

    /// The same while people release and discard.
    #[test]
    fn settling_is_the_naive_model_too(steps in histories()) {
        compare(&steps, Loading::Once)?;
        compare(&steps, Loading::Sparingly)?;
    }
}

/// A device does not know of what a person released for it, not even where a record begins with that.
#[test]
fn what_was_released_is_unknown_to_its_device_from_the_first_operation_on() {
    let edits: Edits = [("people", Some("5"))].into_iter().collect();
    for released in [false, true] {
        let op = Op {
            change: Change::Upsert(edits.clone().into()),
            base: 0,
            stamp: Stamp::issue(1_429_153_358_000, None, None),
            author: author(0),
            at: 1_429_153_358_000,
            claimed: None,
            received: 1_429_153_358_000,
            released,
            fill: None,
        };
        let mut subject = Subject::default();
        assert!(matches!(subject.accept(&op, &[], &mut 0), Outcome::Accepted(_)));
        let record = subject.record().expect("it begins with this");
        assert_eq!(record.needs_past(0, device_id(0)), released);
        assert!(record.needs_past(0, device_id(1)) && !record.needs_past(1, device_id(0)));
    }
}
