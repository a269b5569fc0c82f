//! What was acknowledged, kept apart from the phones and from the server: against this the end is checked.

use std::sync::{Arc, Mutex, PoisonError};

use crate::device::{Key, Op, OpResult, Reading, Status};

/// One operation that got its result.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The device under which it was sent.
    pub device: Arc<str>,
    pub op_seq: i64,
    pub key: Key,
    /// `None`: a delete. JSON object, flat.
    pub fields: Option<Box<str>>,
    /// What the device claimed, milliseconds since 1970.
    pub claimed: i64,
    pub status: Status,
    pub rev: Option<i64>,
}

/// Shared by all phones.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Vec<Entry>>>);

impl Ledger {
    pub(super) fn note(&self, device: &str, op: &Op, result: &OpResult) {
        let claimed = serde_json::from_str::<Reading>(&op.at).map_or(0, |at| at.wall.timestamp_millis());
        let entry = Entry {
            device: device.into(),
            op_seq: op.op_seq,
            key: op.key(),
            fields: op.fields.as_deref().map(Into::into),
            claimed,
            status: result.status,
            rev: result.rev,
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    pub(super) fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many operations have each status.
    pub(super) fn count(&self, status: Status) -> usize {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().filter(|entry| entry.status == status).count()
    }
}
