//! What goes over the wire, as PROTOCOL.md has it. Unknown members are ignored, so that a server may say more.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use sync_core::{Digest, Sum};

use super::clock::Reading;

/// The version of the protocol that this client speaks.
pub(super) const SCHEMA: u32 = 1;

#[derive(Serialize)]
pub(super) struct PushBody<'a> {
    pub schema: u32,
    pub clock: Reading,
    pub ops: Vec<OpBody<'a>>,
}

#[derive(Serialize)]
pub(super) struct OpBody<'a> {
    pub op_seq: i64,
    pub kind: &'a str,
    pub bucket: &'a str,
    pub collection: &'a str,
    pub id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<i64>,
    pub at: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pushed {
    pub results: Vec<OpResult>,
    #[serde(default)]
    pub action: Option<Action>,
}

/// The server's word on one operation; it is final.
#[derive(Debug, Clone, Deserialize)]
pub struct OpResult {
    pub op_seq: i64,
    pub status: Status,
    /// Absent when the operation is held, and for a bucket outside the device's present scope.
    #[serde(default)]
    pub rev: Option<i64>,
    #[serde(default)]
    pub seq: Option<i64>,
    /// Ids of the field conflicts that the operation caused.
    #[serde(default)]
    pub conflicts: Vec<String>,
    /// The record as it is now, of a merged operation.
    #[serde(default)]
    pub record: Option<Record>,
    /// Why it is parked.
    #[serde(default)]
    pub reason: Option<String>,
    /// What is wrong with a rejected operation: a problem object.
    #[serde(default)]
    pub error: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Applied,
    Merged,
    Parked,
    Quarantined,
    Rejected,
}

impl Status {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Merged => "merged",
            Self::Parked => "parked",
            Self::Quarantined => "quarantined",
            Self::Rejected => "rejected",
        }
    }

    /// Whether a person has to look at the operation before it counts.
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Parked | Self::Quarantined | Self::Rejected)
    }
}

/// The state of one record after a merge.
#[derive(Debug, Clone, Deserialize)]
pub struct Record {
    pub rev: i64,
    pub seq: i64,
    #[serde(deserialize_with = "digest")]
    pub digest: Digest,
    #[serde(default)]
    pub deleted: bool,
    #[serde(default)]
    pub fields: Option<Box<RawValue>>,
}

#[derive(Serialize)]
pub(super) struct PullBody<'a> {
    pub schema: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<&'a str>,
    pub limit: u32,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub restart: &'a [String],
}

#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub cursor: String,
    pub more: bool,
    #[serde(default)]
    pub revoked: Vec<String>,
    #[serde(default)]
    pub buckets: Vec<BucketPage>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BucketPage {
    pub bucket: String,
    #[serde(default)]
    pub reset: bool,
    pub seq: i64,
    #[serde(default)]
    pub complete: bool,
    /// Live records; present when `complete`.
    #[serde(default)]
    pub count: Option<i64>,
    /// Present when `complete`.
    #[serde(default, deserialize_with = "sum")]
    pub sum: Option<Sum>,
    #[serde(default)]
    pub changes: Vec<Change>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    pub collection: String,
    pub id: String,
    pub rev: i64,
    pub seq: i64,
    #[serde(deserialize_with = "digest")]
    pub digest: Digest,
    #[serde(default)]
    pub deleted: bool,
    #[serde(default)]
    pub fields: Option<Box<RawValue>>,
}

/// What a revoked device has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    FlushThenWipe,
    Wipe,
}

/// The parts of an `application/problem+json` that a client acts on.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Problem {
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub detail: String,
    #[serde(default)]
    pub action: Option<Action>,
}

#[derive(Serialize)]
pub(super) struct LoginBody<'a> {
    pub username: &'a str,
    pub password: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<&'a About>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<&'a str>,
}

/// How a device introduces itself when it registers.
#[derive(Debug, Clone, Serialize)]
pub struct About {
    pub name: String,
    pub platform: String,
    pub app_version: String,
}

#[derive(Serialize)]
pub(super) struct RefreshBody<'a> {
    pub refresh_token: &'a str,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    #[serde(default)]
    pub device: Option<DeviceId>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DeviceId {
    pub id: String,
}

fn digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
    let text = String::deserialize(deserializer)?;
    Digest::from_hex(&text).ok_or_else(|| serde::de::Error::custom("not 32 hexadecimal digits"))
}

fn sum<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sum>, D::Error> {
    digest(deserializer).map(|digest| Some(Sum(u128::from_be_bytes(digest.0))))
}
