//! What holds after any sequence of edits, results, pages and restarts.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Edit(u128, Option<u8>),
    /// The server takes the first so many operations.
    Push(usize),
    /// Somebody else writes, or deletes.
    Other(u128, Option<u8>),
    Pull {
        reset: bool,
    },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let value = || prop::option::weighted(0.8, 0..4_u8);
    prop_oneof![
        4 => (0..3_u128, value()).prop_map(|(number, value)| Step::Edit(number, value)),
        2 => (1..4_usize).prop_map(Step::Push),
        3 => (0..3_u128, value()).prop_map(|(number, value)| Step::Other(number, value)),
        2 => any::<bool>().prop_map(|reset| Step::Pull { reset }),
        1 => Just(Step::Restart),
    ]
}

/// The least server that the steps need: every write wins, except that a deleted record stays deleted.
#[derive(Default)]
struct Records(BTreeMap<u128, (i64, Value)>);

impl Records {
    fn write(&mut self, number: u128, fields: &Value) -> (bool, i64) {
        let (rev, held) = self.0.entry(number).or_insert((0, json!({})));
        if held.is_null() {
            return (false, *rev);
        }
        *rev += 1;
        match fields {
            Value::Null => *held = Value::Null,
            fields => held.as_object_mut().unwrap().extend(object(fields.clone())),
        }
        (true, *rev)
    }
}

fn fields(value: Option<u8>) -> Value {
    value.map_or(Value::Null, |value| json!({"people": value, format!("f{value}"): 1}))
}

fn push_some(phone: &mut Phone, server: &mut Records, count: usize) -> usize {
    let ops = phone.outbox();
    let mut answers = Vec::new();
    for op in ops.iter().take(count) {
        let number = Uuid::parse_str(&op.id).unwrap().as_u128();
        let sent = op.fields.as_ref().map_or(Value::Null, |f| serde_json::from_str(f).unwrap());
        let before = server.0.get(&number).map_or(0, |record| record.0);
        let (accepted, rev) = server.write(number, &sent);
        let (_, now) = &server.0[&number];
        answers.push(match accepted {
            false => json!({"op_seq": op.op_seq, "status": "parked", "reason": "deleted"}),
            true if op.base.unwrap_or(0) == before => {
                json!({"op_seq": op.op_seq, "status": "applied", "rev": rev, "seq": rev})
            }
            true => {
                let mut record = json!({"rev": rev, "seq": rev, "digest": digest_of(number, rev, now).to_string()});
                record[if now.is_null() { "deleted" } else { "fields" }] =
                    if now.is_null() { true.into() } else { now.clone() };
                json!({"op_seq": op.op_seq, "status": "merged", "rev": rev, "seq": rev, "record": record})
            }
        });
    }
    let settled = answers.len();
    let ops: Vec<Op> = ops.into_iter().take(count).collect();
    let pushed: wire::Pushed = serde_json::from_value(results(Value::Array(answers))).unwrap();
    phone
        .device()
        .store
        .step(|conn| {
            for (op, result) in ops.iter().zip(&pushed.results) {
                push::settle(conn, "d1", op, result)?;
            }
            copy::carry_out_waiting(conn)?;
            Ok(())
        })
        .unwrap();
    settled
}

fn pull_all(phone: &mut Phone, server: &Records, reset: bool) {
    let live = server.0.iter().filter(|(_, (_, fields))| !fields.is_null());
    let sum = live.clone().fold(Sum::default(), |sum, (n, (rev, fields))| sum.plus(digest_of(*n, *rev, fields)));
    let changes: Vec<Value> = server.0.iter().map(|(number, (rev, fields))| change(*number, *rev, fields)).collect();
    let bucket = json!([{"bucket": "513430", "reset": reset, "seq": 1, "complete": true, "count": live.count(),
                         "sum": sum.to_string(), "changes": changes}]);
    // A sum that differs would be asked for again, and the script has no answer to that.
    phone.pull("c", &[], bucket).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn nothing_is_lost_and_copies_agree(steps in prop::collection::vec(step(), 1..40)) {
        let (mut phone, mut server) = (Phone::new(), Records::default());
        let (mut made, mut settled) = (0_i64, 0);
        for step in steps {
            match step {
                Step::Edit(number, value) => {
                    let held = phone.device().rev(&key(number)).unwrap();
                    let op_seq = match fields(value) {
                        Value::Null => phone.delete(number),
                        fields => phone.upsert(number, fields),
                    };
                    made += 1;
                    prop_assert_eq!(op_seq, made);
                    // Frozen at the edit: the rev that was held then.
                    prop_assert_eq!(phone.outbox().last().map(|op| op.base), Some(held));
                    let seen = phone.record(number);
                    prop_assert_eq!(seen.and_then(|s| s.get("people").cloned()), value.map(Value::from));
                }
                Step::Push(count) => settled += push_some(&mut phone, &mut server, count),
                Step::Other(number, value) => drop(server.write(number, &fields(value))),
                Step::Pull { reset } => pull_all(&mut phone, &server, reset),
                Step::Restart => phone.restart(),
            }
            // Every operation is either unsent, in order and without a gap, or has its result.
            let unsent: Vec<i64> = phone.outbox().iter().map(|op| op.op_seq).collect();
            prop_assert_eq!(unsent, (settled as i64 + 1..=made).collect::<Vec<_>>());
        }
        push_some(&mut phone, &mut server, usize::MAX);
        pull_all(&mut phone, &server, false);
        for (number, (rev, fields)) in &server.0 {
            let seen = phone.record(*number).unwrap_or(Value::Null);
            prop_assert_eq!((&seen, phone.device().rev(&key(*number)).unwrap()), (fields, Some(*rev)));
        }
    }
}
