//! `/v1/conflicts`: two values of one field, for a person to choose.

use crate::http::Problem;
use crate::http::time::format_ms;
use crate::store::StoreError;
use crate::store::conflicts::ConflictRow;
use crate::store::types::{Instant, JsonText};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConflictState {
    Open,
    Settled,
}

/// One of the two values.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictSide {
    /// `null`: the field was cleared.
    #[schema(value_type = Object)]
    pub value: serde_json::Value,
    pub user: Uuid,
    pub device: Uuid,
    pub team: Option<Uuid>,
    /// The corrected time.
    pub at: String,
    /// What the device's wall clock said.
    pub claimed_at: Option<String>,
    /// The two differ by more than a minute: weigh it.
    pub clock_corrected: bool,
    pub rev: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Conflict {
    pub id: Uuid,
    pub bucket: String,
    pub collection: &'static str,
    pub record_id: Uuid,
    #[schema(example = "phone")]
    pub field: String,
    /// What stood there when the later author last looked; `null` when nothing did, or it had not looked.
    #[schema(value_type = Object)]
    pub base: Option<Box<RawValue>>,
    /// The value that won when the conflict was recorded.
    #[schema(value_type = ConflictSide)]
    pub current: Box<RawValue>,
    /// The value that lost.
    #[schema(value_type = ConflictSide)]
    pub other: Box<RawValue>,
    pub state: ConflictState,
    pub created_at: String,
    pub settled_by: Option<Uuid>,
    pub settled_at: Option<String>,
}

impl TryFrom<ConflictRow> for Conflict {
    type Error = Problem;

    fn try_from(row: ConflictRow) -> Result<Self, Problem> {
        let key = row.key()?;
        Ok(Self {
            id: row.id.0,
            bucket: key.bucket.to_string(),
            collection: key.collection.name(),
            record_id: key.id,
            field: row.field,
            base: row.base.map(raw).transpose()?,
            current: raw(row.current)?,
            other: raw(row.other)?,
            state: if row.state == "open" { ConflictState::Open } else { ConflictState::Settled },
            created_at: format_ms(row.created_at.ms()),
            settled_by: row.settled_by.map(|id| id.0),
            settled_at: row.settled_at.map(Instant::ms).map(format_ms),
        })
    }
}

/// Stored JSON goes out as it is.
fn raw(text: JsonText) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(text.0).map_err(|e| StoreError::Corrupt(e.to_string()))
}
