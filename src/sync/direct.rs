//! Writes by those who are online: one record, at once. Each is an operation by a device of its own, with the server's
//! time, by somebody who has seen all that stands there: the record stays locked from the look at it to the write. It goes
//! over the same desk as a push.

use super::desk::{Desk, Shown, Wanted, fill};
use super::steps;
use crate::fields::{self, Fault, FieldError};
use crate::http::checks::invalid;
use crate::http::{Code, Problem};
use crate::store::records::Key;
use crate::store::{StoreError, Tx};
use std::collections::BTreeSet;
use sync_core::Collection;
use sync_core::merge::{Change, Op, Reason};
use sync_core::record::{Author, Past, Record};
use uuid::Uuid;

/// Who writes, and when (milliseconds since 1970).
#[derive(Debug, Clone, Copy)]
pub struct By {
    pub user: Uuid,
    pub team: Option<Uuid>,
    pub now: i64,
}

/// A record as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub key: Key,
    pub shown: Shown,
    /// The corrected time of its latest operation, in milliseconds since 1970.
    pub at: i64,
    /// What an interview violates of its form, relative to its fields.
    pub warnings: Vec<FieldError>,
}

/// One record, locked until the end of the transaction.
pub struct Direct {
    desk: Desk,
    key: Key,
    author: Author,
    now: i64,
}

impl Direct {
    /// Locks the record, whether it is there or not. The caller has its county in scope.
    pub fn open(tx: &mut Tx<'_>, by: By, key: Key) -> Result<Self, StoreError> {
        let author = Author { device: Uuid::now_v7(), user: by.user, team: by.team };
        let wanted = Wanted { key, base: None, device: author.device };
        let desk = Desk::open(tx, by.now, &BTreeSet::from([key.bucket]), &[wanted])?;
        Ok(Self { desk, key, author, now: by.now })
    }

    /// As [`Direct::standing`], for those who look into it.
    pub fn record(&self) -> Option<&Record> {
        self.desk.subject(&self.key)?.record()
    }

    /// The record as it stands, deleted or not; `None` where there never was one.
    pub fn standing(&self) -> Option<Standing> {
        let at = self.record()?.last.at;
        let warnings = self.desk.warnings(&self.key).to_vec();
        Some(Standing { key: self.key, shown: self.desk.show(&self.key)?, at, warnings })
    }

    /// Merges the change into the record and stores it. 422 where a record that begins to live would lack a required
    /// field.
    pub fn write(mut self, tx: &mut Tx<'_>, change: Change) -> Result<Standing, Problem> {
        self.merge(change)?;
        self.desk.close(tx)?;
        self.standing().ok_or_else(|| Problem::new(Code::Internal))
    }

    /// The same; gives the record, and everything before its latest operation.
    pub fn write_record(mut self, tx: &mut Tx<'_>, change: Change) -> Result<(Record, Vec<Past>), Problem> {
        self.merge(change)?;
        self.desk.close(tx)?;
        let subject = self.desk.subject(&self.key);
        let written = subject.and_then(|subject| Some((subject.record()?.clone(), subject.past().to_vec())));
        written.ok_or_else(|| Problem::new(Code::Internal))
    }

    fn merge(&mut self, change: Change) -> Result<(), Problem> {
        if let Change::Upsert(edits) = &change
            && self.key.collection == Collection::Findings
        {
            steps::refuse(self.record(), edits, self.author.team)?;
        }
        let seen = self.standing().map(|standing| standing.shown.rev);
        let (stamp, base) = self.desk.stamp(&self.key, seen, self.now, None);
        let op = Op {
            fill: fill(&self.key, &change, self.author.team),
            change,
            base,
            stamp,
            author: self.author,
            at: self.now,
            claimed: None,
            received: self.now,
            released: false,
        };
        self.desk.accept(&self.key, &op).map_err(|reason| match reason {
            Reason::Incomplete => invalid(self.lacks(&op)),
            Reason::Deleted => Problem::new(Code::RecordDeleted),
        })?;
        Ok(())
    }

    /// The required fields that neither the record nor the operation has.
    fn lacks(&self, op: &Op) -> Vec<FieldError> {
        let record = self.record();
        let has = |name: &str| {
            matches!(&op.change, Change::Upsert(edits) if edits.sets(name))
                || op.fill.as_ref().is_some_and(|(filled, _)| filled == name)
                || record.is_some_and(|record| record.fields.get(name).is_some())
        };
        let lacking = fields::required(self.key.collection).iter().filter(|name| !has(name));
        lacking.map(|name| FieldError::new(format!("/{name}"), Fault::Required)).collect()
    }
}
