//! `/v1/held-ops`: operations that could not be applied, for a person to release or to discard.

use crate::fields::FieldError;
use crate::http::problem::errors_body;
use crate::http::time::format_ms;
use crate::lang::Lang;
use crate::store::held::HeldRow;
use crate::store::types::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HeldState {
    Open,
    Released,
    Discarded,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HeldOp {
    pub id: Uuid,
    /// `parked`, `quarantined` or `rejected`.
    pub status: String,
    /// Of a parked one: `deleted` or `incomplete`.
    pub reason: Option<String>,
    /// Of a rejected one: `[{pointer, code, detail}]`.
    #[schema(value_type = Vec<Object>)]
    pub errors: Value,
    /// `null` where it names no real county.
    pub bucket: Option<String>,
    pub collection: Option<String>,
    pub record_id: Option<Uuid>,
    /// The operation as it was sent; a text where what was sent is not JSON.
    #[schema(value_type = Object)]
    pub op: Box<RawValue>,
    pub device: Uuid,
    pub user: Uuid,
    pub team: Option<Uuid>,
    pub received_at: String,
    /// The corrected time.
    pub at: String,
    pub state: HeldState,
    pub settled_by: Option<Uuid>,
    pub settled_at: Option<String>,
}

impl HeldOp {
    pub fn new(row: HeldRow, lang: Lang) -> Self {
        let errors: Vec<FieldError> =
            row.errors.as_ref().and_then(|errors| serde_json::from_str(&errors.0).ok()).unwrap_or_default();
        Self {
            bucket: row.bucket().map(|bucket| bucket.to_string()),
            id: row.id.0,
            status: row.status,
            reason: row.reason,
            errors: errors_body(&errors, lang),
            collection: row.collection,
            record_id: row.record_id.map(|id| id.0),
            op: as_json(row.op),
            device: row.device_id.0,
            user: row.user_id.0,
            team: row.team_id.map(|id| id.0),
            received_at: format_ms(row.received_ms),
            at: format_ms(row.at_ms),
            state: match row.state.as_str() {
                "open" => HeldState::Open,
                "released" => HeldState::Released,
                _ => HeldState::Discarded,
            },
            settled_by: row.settled_by.map(|id| id.0),
            settled_at: row.settled_at.map(Instant::ms).map(format_ms),
        }
    }
}

/// What was sent, to the letter; in quotes where it is no JSON.
fn as_json(op: String) -> Box<RawValue> {
    let quoted = |op: String| RawValue::from_string(Value::from(op).to_string());
    RawValue::from_string(op.clone()).or_else(|_| quoted(op)).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
