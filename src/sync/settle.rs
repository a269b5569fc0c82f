//! A person decides: which value of a conflict stands, and what becomes of a held operation. What comes of it is an
//! ordinary write. The bucket is locked before the row is read that settles, as in a push: nobody waits in a circle.

use super::desk::{Desk, Wanted, fill, operation_of, waiting_of};
use super::steps;
use crate::fields::{self, FieldError};
use crate::http::{Code, Problem};
use crate::store::conflicts::{self, ConflictRow};
use crate::store::held::{self, HeldRow, Viewer};
use crate::store::records::{self, Key};
use crate::store::types::{Id, Instant};
use crate::store::{StoreError, Tx};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use sync_core::fields::Edits;
use sync_core::merge::{Change, Op, Waiting};
use sync_core::record::Author;
use sync_core::{Collection, Stamp};
use uuid::Uuid;

/// Who decides, and when (milliseconds since 1970).
#[derive(Debug, Clone, Copy)]
pub struct Settler<'a> {
    pub viewer: Viewer<'a>,
    pub user: Uuid,
    pub team: Option<Uuid>,
    pub now: i64,
}

/// Which value of a conflict stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// The record's value at this moment.
    Current,
    /// The value that lost.
    Other,
    /// A third one.
    Value(Value),
}

/// Settles a conflict with a write that has seen everything.
pub fn resolve(tx: &mut Tx<'_>, by: &Settler<'_>, id: Uuid, choice: &Choice) -> Result<ConflictRow, Problem> {
    let not_found = || Problem::new(Code::NotFound);
    let key = conflicts::find(tx, by.viewer.scope, id)?.ok_or_else(not_found)?.key()?;
    let author = Author { device: Uuid::now_v7(), user: by.user, team: by.team };
    let wanted = Wanted { key, base: None, device: author.device };
    let mut desk = Desk::open(tx, by.now, &BTreeSet::from([key.bucket]), &[wanted])?;
    let mut row = conflicts::find(tx, by.viewer.scope, id)?.ok_or_else(not_found)?;
    if row.state != "open" {
        return Err(Problem::new(Code::AlreadySettled));
    }
    let record = desk.subject(&key).and_then(|subject| subject.record()).ok_or_else(not_found)?;
    if record.deleted && *choice != Choice::Current {
        return Err(Problem::new(Code::RecordDeleted).detail(
            "The record is deleted: keep the current state, or restore the record first.",
            "该记录已被删除：请保留当前状态，或先恢复该记录。",
        ));
    }
    if !record.deleted {
        let value = match choice {
            Choice::Current => record.fields.get(&row.field).map(str::to_owned),
            Choice::Other => side_value(&row)?,
            Choice::Value(value) => judge(&key, &row.field, value)?,
        };
        let change: Edits = [(&row.field, value)].into_iter().collect();
        // Who is online takes the steps of a finding here too.
        if key.collection == Collection::Findings && *choice != Choice::Current {
            steps::refuse(Some(record), &change, author.team)?;
        }
        // Whoever reads the record under its lock has seen all of it.
        let rev = record.last.rev;
        let (stamp, base) = desk.stamp(&key, Some(rev), by.now, None);
        let op = Op {
            change: Change::Upsert(change.into()),
            base,
            stamp,
            author,
            at: by.now,
            claimed: None,
            received: by.now,
            released: false,
            fill: None,
        };
        desk.accept(&key, &op).map_err(|_| Problem::new(Code::RecordDeleted))?;
        desk.close(tx)?;
    }
    conflicts::settle(tx, &row, by.user, Instant::from_ms(by.now))?;
    row.state = "settled".into();
    (row.settled_by, row.settled_at) = (Some(Id(by.user)), Some(Instant::from_ms(by.now)));
    Ok(row)
}

/// The losing value as it was recorded, in canonical JSON.
fn side_value(row: &ConflictRow) -> Result<Option<String>, StoreError> {
    #[derive(Deserialize)]
    struct Side<'a> {
        #[serde(borrow)]
        value: &'a RawValue,
    }
    let side: Side<'_> = serde_json::from_str(&row.other.0).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(Some(side.value.get()).filter(|text| *text != "null").map(str::to_owned))
}

/// A third value, judged as if a form had given it.
fn judge(key: &Key, field: &str, value: &Value) -> Result<Option<String>, Problem> {
    let given = serde_json::Map::from_iter([(field.to_owned(), value.clone())]);
    let invalid = |errors: Vec<FieldError>| {
        let at_value = errors.into_iter().map(|error| FieldError::new("/value", error.fault)).collect();
        Problem::new(Code::Invalid).errors(at_value)
    };
    let named = fields::check(key.collection, key.bucket, key.id, None, &(&given).into()).map_err(invalid)?;
    Ok(named.edits.get(field).flatten().map(str::to_owned))
}

/// Merges a held operation for good, with its original stamp, or the next after all that its author had seen.
pub fn release(tx: &mut Tx<'_>, by: &Settler<'_>, id: Uuid) -> Result<HeldRow, Problem> {
    let (row, desk) = take(tx, by, id)?;
    let (Some(mut desk), Some(key)) = (desk.filter(|_| row.status != "rejected"), row.key()) else {
        return Err(not_releasable(
            "A rejected operation can never be applied: record it anew, then discard this one.",
            "被拒绝的操作无法应用：请重新录入，然后作废此条。",
        ));
    };
    let op = match take_out(&mut desk, &key, &row) {
        Some(Waiting::Hidden { rev }) => desk.subject(&key).and_then(|subject| subject.operation(rev)),
        Some(Waiting::Arrived(op)) => Some(op),
        // A quarantined one waits for nobody but a person.
        None => operation_of(&row),
    };
    let Some(mut op) = op else {
        return Err(not_releasable(
            "The operation is not valid any more under the present form of the fields.",
            "按现行字段定义，该操作已不再有效。",
        ));
    };
    op.released = true;
    op.fill = fill(&key, &op.change, op.author.team);
    if let Some(subject) = desk.subject(&key) {
        op.base = subject.effective_base(Some(op.base));
        // It got its stamp without a look at the record; any other has its own, whatever was written before it.
        if row.status == "quarantined" {
            op.stamp = op.stamp.max(subject.seen(op.base).map_or(op.stamp, Stamp::next));
        }
    }
    desk.settler = Some(by.user);
    desk.accept(&key, &op).map_err(|_| {
        not_releasable(
            "Its record would lack required fields: release the operation that makes the record first.",
            "该记录仍缺少必填字段：请先放行创建该记录的操作。",
        )
    })?;
    desk.close(tx)?;
    settled(tx, by, row, "released")
}

/// Sets a held operation aside.
pub fn discard(tx: &mut Tx<'_>, by: &Settler<'_>, id: Uuid) -> Result<HeldRow, Problem> {
    let (row, desk) = take(tx, by, id)?;
    if let (Some(mut desk), Some(key)) = (desk, row.key()) {
        if let Some(Waiting::Hidden { rev }) = take_out(&mut desk, &key, &row)
            && let Some(subject) = desk.subject_mut(&key)
        {
            subject.discard(rev);
            records::set_aside(tx, key, rev)?;
        }
        desk.close(tx)?;
    }
    settled(tx, by, row, "discarded")
}

/// An open held operation, and the desk with its record where it has one: locked, both.
fn take(tx: &mut Tx<'_>, by: &Settler<'_>, id: Uuid) -> Result<(HeldRow, Option<Desk>), Problem> {
    let not_found = || Problem::new(Code::NotFound);
    let found = held::find(tx, &by.viewer, id)?.ok_or_else(not_found)?;
    let desk = match found.key().filter(|_| found.status != "rejected") {
        Some(key) => {
            // As an unknown device that has seen nothing: with all of the record's past. Its author may have written since, and the
            // shortcut for a device's next operation would take that for seen.
            let wanted = Wanted { key, base: None, device: Uuid::nil() };
            Some(Desk::open(tx, by.now, &BTreeSet::from([key.bucket]), &[wanted])?)
        }
        None => None,
    };
    let row = held::lock(tx, id)?.ok_or_else(not_found)?;
    if row.state == "open" { Ok((row, desk)) } else { Err(Problem::new(Code::AlreadySettled)) }
}

/// Takes a parked operation out of those that wait for the record.
fn take_out(desk: &mut Desk, key: &Key, row: &HeldRow) -> Option<Waiting> {
    if row.status != "parked" {
        return None;
    }
    desk.unpark(key.bucket);
    let waiting = desk.subject_mut(key).and_then(|subject| subject.take_waiting(row.id.0));
    waiting.or_else(|| waiting_of(row))
}

fn settled(tx: &mut Tx<'_>, by: &Settler<'_>, mut row: HeldRow, state: &str) -> Result<HeldRow, Problem> {
    let now = Instant::from_ms(by.now);
    held::settle(tx, &[(row.bucket, row.id.0)], state, Some(by.user), now)?;
    state.clone_into(&mut row.state);
    (row.settled_by, row.settled_at) = (Some(Id(by.user)), Some(now));
    Ok(row)
}

fn not_releasable(en: &str, zh: &str) -> Problem {
    Problem::new(Code::NotReleasable).detail(en, zh)
}
