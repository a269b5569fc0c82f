//! A record's history: every operation that was ever accepted, losing values included.

use crate::http::time::format_ms;
use serde::Serialize;
use serde_json::value::RawValue;
use sync_core::clock::Corrected;
use sync_core::record::{Kind, Past, Record, sayings};
use utoipa::ToSchema;
use uuid::Uuid;

use super::wire::OpKind;

/// One accepted operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    pub rev: u64,
    pub seq: u64,
    pub kind: OpKind,
    /// The corrected time.
    pub at: String,
    /// What the device's wall clock said.
    pub claimed_at: Option<String>,
    /// The two differ by more than a minute: weigh it.
    pub clock_corrected: bool,
    pub user: Uuid,
    pub device: Uuid,
    pub team: Option<Uuid>,
    pub fields: Vec<HistoryField>,
}

/// What an operation said of one field.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryField {
    pub name: String,
    /// `null`: it cleared the field.
    #[schema(value_type = serde_json::Value)]
    pub value: Box<RawValue>,
    /// It is what the record holds now.
    pub current: bool,
}

/// Every operation, in the order of revs. `past` is everything before `record.last`.
pub fn entries(record: &Record, past: &[Past]) -> Vec<HistoryEntry> {
    let entry = |(past, edits): (Past, sync_core::fields::Edits)| {
        let written = past.written;
        let field = |(name, value): (&str, Option<&str>)| {
            let tag = record.registers.tag(name, &record.fields);
            let current = !past.discarded && tag.is_some_and(|tag| tag.rev == written.rev);
            HistoryField { name: name.to_owned(), value: raw(value), current }
        };
        HistoryEntry {
            rev: written.rev,
            seq: written.seq,
            kind: if past.kind == Kind::Delete { OpKind::Delete } else { OpKind::Upsert },
            at: format_ms(written.at),
            claimed_at: written.claimed.map(format_ms),
            clock_corrected: Corrected { at: written.at, claimed: written.claimed }.is_marked(),
            user: written.author.user,
            device: written.author.device,
            team: written.author.team,
            fields: edits.iter().map(field).collect(),
        }
    };
    sayings(record, past).into_iter().map(entry).collect()
}

/// Stored values are JSON.
fn raw(value: Option<&str>) -> Box<RawValue> {
    value.and_then(|text| RawValue::from_string(text.to_owned()).ok()).unwrap_or_else(|| RawValue::NULL.to_owned())
}
