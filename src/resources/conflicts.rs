//! `/v1/conflicts`: two values of one field, for a person to choose.

use super::audit::{actor, did, revealed};
use super::records::{REVEAL, Revealing};
use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::{Caller, Office};
use crate::fields::{self, Fault, FieldError};
use crate::http::body::Json;
use crate::http::documented::{BodyProblems, NotFound, ProblemBody, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::time::format_ms;
use crate::http::{Answer, Arrival, Code, Problem};
use crate::store::StoreError;
use crate::store::conflicts::{self, ConflictRow};
use crate::store::held::Viewer;
use crate::store::types::{Instant, JsonText};
use crate::sync::settle::{self, Choice, Settler};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, get, post, web};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(resolve);
}

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
    #[schema(value_type = Value)]
    pub value: Value,
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
    #[schema(value_type = Value)]
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

impl Conflict {
    /// As lists show it: with the numbers of persons masked, unless they are asked for.
    fn listed(row: ConflictRow, reveal: bool) -> Result<Self, Problem> {
        let collection = row.key()?.collection;
        let mut conflict = Self::try_from(row)?;
        if reveal || !fields::is_personal(&conflict.field) {
            return Ok(conflict);
        }
        let corrupt = |error: serde_json::Error| StoreError::Corrupt(error.to_string());
        let name = conflict.field.clone();
        let masked = |value: &Value| fields::masked_value(collection, &name, value);
        if let Some(base) = &mut conflict.base
            && let Some(shown) = masked(&serde_json::from_str(base.get()).map_err(corrupt)?)
        {
            *base = serde_json::value::to_raw_value(&shown).map_err(corrupt)?;
        }
        for side in [&mut conflict.current, &mut conflict.other] {
            let mut told: Value = serde_json::from_str(side.get()).map_err(corrupt)?;
            if let Some(value) = told.get_mut("value")
                && let Some(shown) = masked(value)
            {
                *value = shown;
            }
            *side = serde_json::value::to_raw_value(&told).map_err(corrupt)?;
        }
        Ok(conflict)
    }
}

/// Stored JSON goes out as it is.
fn raw(text: JsonText) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(text.0).map_err(|e| StoreError::Corrupt(e.to_string()))
}

/// Which value stands: one of the two members.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"keep": "other"}))]
struct Resolution {
    keep: Option<Keep>,
    /// A third value; `null` clears the field.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Value)]
    value: Option<Value>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Keep {
    /// The record's value at this moment.
    Current,
    /// The value that lost.
    Other,
}

/// Tells a member that is `null` from one that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Resolution {
    fn choice(self) -> Result<Choice, Problem> {
        match (self.keep, self.value) {
            (Some(Keep::Current), None) => Ok(Choice::Current),
            (Some(Keep::Other), None) => Ok(Choice::Other),
            (None, Some(value)) => Ok(Choice::Value(value)),
            (None, None) => Err(Problem::new(Code::Invalid).errors(vec![FieldError::new("/keep", Fault::Required)])),
            (Some(_), Some(_)) => {
                Err(Problem::new(Code::Invalid).errors(vec![FieldError::new("/value", Fault::NotApplicable)]))
            }
        }
    }
}

/// Lists the conflicts in the caller's counties, open and settled.
///
/// The numbers of identity cards and telephones are masked; `reveal=true` shows them, and is written down in the audit.
#[utoipa::path(
    operation_id = "listConflicts",
    tag = "conflicts",
    params(ListOf<conflicts::ConflictRow>, Revealing),
    responses((status = 200, description = "A page, the oldest first", body = Page<Conflict>), Problems),
    security(("bearer" = []))
)]
#[get("/conflicts")]
async fn list(
    caller: Caller,
    app: Data<App>,
    mut params: ListParams,
    request: HttpRequest,
) -> Result<web::Json<Page<Conflict>>, Problem> {
    let (reveal, actor) = (params.take_flag(REVEAL)?, actor(&caller));
    let asked = params.read(&conflicts::LIST, &app.keys, caller.user)?;
    let page = app.store.read(move |conn| {
        let found = conflicts::page(conn, caller.scope(), &asked.listing)?;
        asked.try_page(found, |row| Conflict::listed(row, reveal))
    });
    let page = page.await?;
    if reveal {
        let buckets = page.items.iter().map(|conflict| conflict.bucket.clone()).collect();
        revealed(&app, actor, ("conflicts.reveal", &request), (page.items.len(), buckets)).await?;
    }
    Ok(web::Json(page))
}

/// Settles a conflict.
///
/// The choice is written as an ordinary edit that has seen everything, and reaches every device by pull.
#[utoipa::path(
    operation_id = "resolveConflict",
    tag = "conflicts",
    params(("id" = Uuid, Path), Idempotency),
    request_body = Resolution,
    responses(
        (status = 200, description = "The settled conflict", body = Conflict),
        (status = 409, description = "Settled before, or the record is deleted", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The value is not valid for the field", body = ProblemBody, content_type = "application/problem+json"),
        NotFound,
        BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/conflicts/{id}/resolve")]
async fn resolve(
    arrival: Arrival,
    Bearer(claims): Bearer,
    app: Data<App>,
    id: Path<Uuid>,
    idempotency: Idempotency,
    body: Json<Resolution>,
) -> Result<Answer, Problem> {
    let Json { value, bytes } = body;
    let choice = value.choice()?;
    let settled = app.store.write(move |tx| {
        let caller: Caller<Office> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &bytes, |tx| {
            let viewer = Viewer { scope: caller.scope(), province: None };
            let by = Settler { viewer, user: caller.user, team: caller.team, now: arrival.ms() };
            let settled = Conflict::try_from(settle::resolve(tx, &by, *id, &choice)?)?;
            // What the values are, the record's history tells, to those who may see them.
            let detail = json!({ "bucket": &settled.bucket, "record": settled.record_id, "field": &settled.field });
            did(tx, &caller, "conflicts.resolve", &format!("/v1/conflicts/{}", *id), &detail)?;
            Answer::ok(&settled)
        })
    });
    let settled = settled.await?;
    app.moves.poke();
    Ok(settled)
}
