//! The shapes of push and pull for the OpenAPI document. The server reads and writes these bodies without such types (an
//! unreadable operation must not spoil the others; a pull passes stored JSON through): a test holds the two together.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// A record's fields in the flat form, without nulls.
pub type FieldMap = Map<String, Value>;

/// What two clocks of the device showed. Anything unreadable counts as absent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"wall": "2015-04-16T11:02:38.123+08:00", "mono": 86_412_345, "boot": "b19"}))]
pub struct Clocks {
    /// The wall clock: RFC 3339 with offset and milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall: Option<String>,
    /// Milliseconds of a clock that never goes back and counts while the phone sleeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mono: Option<i64>,
    /// Any text that changes when that clock restarts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OpKind {
    Upsert,
    Delete,
}

/// One edit of one record.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PushOp {
    /// The device's number for it: 1, 2, 3, … without gaps.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    pub op_seq: u64,
    pub kind: OpKind,
    /// The county.
    #[schema(pattern = "^[1-9][0-9]{5}$", example = "513430")]
    pub bucket: String,
    #[schema(example = "households")]
    pub collection: String,
    pub id: Uuid,
    /// The rev that the device had last received when the person made the edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 9_007_199_254_740_991_u64)]
    pub base: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Clocks>,
    /// Of an upsert: the edited fields; null clears one. `GET /v1/dictionary` tells which there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub fields: Option<FieldMap>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "schema": 1,
    "clock": {"wall": "2015-04-16T11:02:38.123+08:00", "mono": 86_412_345, "boot": "b19"},
    "ops": [{
        "op_seq": 1, "kind": "upsert", "bucket": "513430", "collection": "households",
        "id": "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e",
        "at": {"wall": "2015-04-16T08:40:02.000+08:00", "mono": 77_812_345, "boot": "b19"},
        "fields": {"village": "513430100201", "head_name": "吉克阿力", "people": 5}
    }]
}))]
pub struct PushRequest {
    /// The version of the protocol: 1.
    #[schema(minimum = 1, maximum = 1)]
    pub schema: u64,
    /// What the clocks show as the request is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clocks>,
    /// From the first without a result on, numbered without gaps.
    #[schema(max_items = 500)]
    pub ops: Vec<PushOp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OpStatus {
    /// The record holds exactly what the device thinks it holds.
    Applied,
    /// Applied beside changes that the device had not seen: `record` is the result.
    Merged,
    /// Held, because the record is deleted or would be incomplete.
    Parked,
    /// Held, because the county is outside the device's scope.
    Quarantined,
    /// Held, because it can never be applied: see `error`.
    Rejected,
}

/// A record as it stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordState {
    pub rev: u64,
    pub seq: u64,
    /// The first 16 bytes of SHA-256 over the RFC 8785 form of `[bucket, collection, id, rev, fields]`, in hex.
    pub digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub fields: Option<FieldMap>,
    /// `true`, and then there are no `fields`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
}

/// Something that an interview violates of its form: it is kept all the same.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldWarning {
    /// Within the operation: `/fields/answers.helper_visits`.
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

/// The terminal answer to one operation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushResult {
    pub op_seq: u64,
    pub status: OpStatus,
    /// Of a parked one: `deleted` or `incomplete`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rev: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The ids of field conflicts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Vec<Uuid>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordState>,
    /// What the interview violates of its form, or what is wrong with the finding's steps, as it is after this push.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<FieldWarning>,
    /// Of a rejected one: a problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub error: Option<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "server_time": "2015-04-16T11:02:39.001+08:00", "acked": 1,
    "results": [{"op_seq": 1, "status": "applied", "rev": 1, "seq": 10_441}]
}))]
pub struct PushAnswer {
    pub server_time: String,
    /// Every operation up to this number has its result.
    pub acked: u64,
    /// Of a revoked device: `flush_then_wipe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    pub results: Vec<PushResult>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"schema": 1, "limit": 1000}))]
pub struct PullRequest {
    /// The version of the protocol: 1.
    #[schema(minimum = 1, maximum = 1)]
    pub schema: u64,
    /// From the last answer; absent at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Records in the answer at most, over all buckets; 1000 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 5000)]
    pub limit: Option<u32>,
    /// Buckets that are wanted from nothing again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<Vec<String>>,
}

/// The newest state of a record: it replaces the client's copy.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PullChange {
    pub collection: String,
    pub id: Uuid,
    pub rev: u64,
    pub seq: u64,
    pub digest: String,
    /// The corrected time of the latest edit.
    pub updated_at: String,
    /// `true`, and then there are no `fields`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub fields: Option<FieldMap>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PullBucket {
    pub bucket: String,
    /// Forget what you hold of the bucket before you apply `changes`.
    pub reset: bool,
    /// Given up to this sequence number.
    pub seq: u64,
    /// The bucket has been given to its end; `count` and `sum` are there then.
    pub complete: bool,
    /// Live records at `seq`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The sum modulo 2^128 of their digests, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum: Option<String>,
    pub changes: Vec<PullChange>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PullAnswer {
    pub server_time: String,
    /// To be stored in one transaction with the page.
    pub cursor: String,
    /// Ask again at once.
    pub more: bool,
    /// Buckets that are no longer in scope: push what is pending, then delete the copy.
    pub revoked: Vec<String>,
    pub buckets: Vec<PullBucket>,
}

/// How much one request may hold.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"push": {"max_ops": 500, "max_bytes": 4_194_304}, "pull": {"default_limit": 1000, "max_limit": 5000}}))]
pub struct Limits {
    pub push: PushLimits,
    pub pull: PullLimits,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushLimits {
    pub max_ops: usize,
    /// After decompression.
    pub max_bytes: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PullLimits {
    pub default_limit: u32,
    pub max_limit: u32,
}
