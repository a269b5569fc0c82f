//! `/v1/held-ops`: operations that could not be applied, for a person to release or to discard.

use super::audit::{actor, did, revealed};
use super::records::{REVEAL, Revealing};
use crate::app::App;
use crate::auth::tokens::{Bearer, Claims};
use crate::caller::{Caller, Office};
use crate::fields::{self, FieldError};
use crate::http::documented::{FieldFault, KeyProblems, NotFound, NotModified, ProblemBody, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::problem::errors_body;
use crate::http::time::format_ms;
use crate::http::{Answer, Arrival, Code, Problem};
use crate::lang::Lang;
use crate::store::held::{self, HeldRow, Viewer};
use crate::store::types::Instant;
use crate::store::{Role, Tx};
use crate::sync::settle::{self, Settler};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sync_core::Collection;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(read).service(release).service(discard);
}

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
    #[schema(value_type = Vec<FieldFault>)]
    pub errors: Value,
    /// `null` where it names no real county.
    pub bucket: Option<String>,
    pub collection: Option<String>,
    pub record_id: Option<Uuid>,
    /// The operation as it was sent; a text where it cannot be shown as JSON. A list cuts it, as a text, after 16,384
    /// characters: reading the one shows it whole.
    #[schema(value_type = Value)]
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

/// What an operation has beside its fields.
const ENVELOPE: [&str; 7] = ["op_seq", "kind", "collection", "bucket", "id", "base", "at"];

/// A held operation in a list, with the numbers of persons masked wherever they stand: it is held because it is not as it
/// should be.
fn masked(op: &RawValue) -> Box<RawValue> {
    let mut told: Value = serde_json::from_str(op.get()).unwrap_or_default();
    let sent = told.clone();
    let collection = told["collection"].as_str().and_then(Collection::from_name);
    match &mut told {
        Value::Object(members) => {
            for (name, value) in members {
                match name.as_str() {
                    "fields" => fields::mask_given(collection, value),
                    name if ENVELOPE.contains(&name) => {}
                    _ => fields::hide_runs(value),
                }
            }
        }
        // What cannot be read stands there as a text.
        text => fields::hide_runs(text),
    }
    // To the letter where there is nothing to hide: neither in what was read, nor in a member that is given twice.
    let text = sent.to_string();
    if told == sent && fields::long_numbers(op.get()).all(|number| text.contains(number)) {
        return op.to_owned();
    }
    serde_json::value::to_raw_value(&told).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// What was sent, to the letter. In quotes where a strict reader would choke on it, and so on the whole page: half a
/// surrogate pair, a hundred levels.
fn as_json(op: String) -> Box<RawValue> {
    let readable = serde_json::from_str::<Value>(&op).is_ok();
    let text = if readable { op } else { Value::from(op).to_string() };
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// Of a caller: what it may see of held operations.
fn viewer<R>(caller: &Caller<R>) -> Viewer<'_> {
    let province = (caller.role == Role::Provincial).then_some(caller.region);
    Viewer { scope: caller.scope(), province }
}

/// Lists the operations held in the caller's counties, in every state.
///
/// The numbers of identity cards and telephones are masked; `reveal=true` shows them, and is written down in the audit.
#[utoipa::path(
    operation_id = "listHeldOps",
    tag = "held-ops",
    params(ListOf<held::HeldRow>, Revealing),
    responses((status = 200, description = "A page, the oldest first", body = Page<HeldOp>), Problems),
    security(("bearer" = []))
)]
#[get("/held-ops")]
async fn list(
    caller: Caller,
    lang: Lang,
    app: Data<App>,
    mut params: ListParams,
    request: HttpRequest,
) -> Result<web::Json<Page<HeldOp>>, Problem> {
    let (reveal, actor) = (params.take_flag(REVEAL)?, actor(&caller));
    let asked = params.read(&held::LIST, &app.keys, caller.user)?;
    let page = app.store.read(move |conn| {
        let found = held::page(conn, &viewer(&caller), &asked.listing)?;
        Ok::<_, Problem>(asked.page(found, |row| HeldOp::new(row, lang)))
    });
    let mut page = page.await?;
    if reveal {
        let buckets = page.items.iter().filter_map(|held| held.bucket.clone()).collect();
        revealed(&app, actor, ("held-ops.reveal", &request), (page.items.len(), buckets)).await?;
    } else {
        for held in &mut page.items {
            held.op = masked(&held.op);
        }
    }
    Ok(web::Json(page))
}

/// Reads a held operation, whole.
#[utoipa::path(
    operation_id = "readHeldOp",
    tag = "held-ops",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The held operation", body = HeldOp), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/held-ops/{id}")]
async fn read(caller: Caller, lang: Lang, app: Data<App>, id: Path<Uuid>) -> Result<Answer, Problem> {
    let row = app
        .store
        .read(move |conn| held::find(conn, &viewer(&caller), *id)?.ok_or_else(|| Problem::new(Code::NotFound)));
    Answer::ok(&HeldOp::new(row.await?, lang))
}

/// Merges a held operation with its original stamp, for good.
///
/// If need be it restores its record, with everything that the delete parked.
#[utoipa::path(
    operation_id = "releaseHeldOp",
    tag = "held-ops",
    params(("id" = Uuid, Path), Idempotency),
    responses(
        (status = 200, description = "The released operation", body = HeldOp),
        (status = 409, description = "Settled before, or it cannot be released", body = ProblemBody, content_type = "application/problem+json"),
        NotFound,
        KeyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/held-ops/{id}/release")]
async fn release(
    arrival: Arrival,
    Bearer(claims): Bearer,
    lang: Lang,
    app: Data<App>,
    id: Path<Uuid>,
    idempotency: Idempotency,
) -> Result<Answer, Problem> {
    settle(&app, claims, (arrival, lang, idempotency), *id, ("held-ops.release", settle::release)).await
}

/// Sets a held operation aside. It stays listed.
#[utoipa::path(
    operation_id = "discardHeldOp",
    tag = "held-ops",
    params(("id" = Uuid, Path), Idempotency),
    responses(
        (status = 200, description = "The discarded operation", body = HeldOp),
        (status = 409, description = "Settled before", body = ProblemBody, content_type = "application/problem+json"),
        NotFound,
        KeyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/held-ops/{id}/discard")]
async fn discard(
    arrival: Arrival,
    Bearer(claims): Bearer,
    lang: Lang,
    app: Data<App>,
    id: Path<Uuid>,
    idempotency: Idempotency,
) -> Result<Answer, Problem> {
    settle(&app, claims, (arrival, lang, idempotency), *id, ("held-ops.discard", settle::discard)).await
}

/// How a held operation is settled.
type Settle = fn(&mut Tx<'_>, &Settler<'_>, Uuid) -> Result<HeldRow, Problem>;

async fn settle(
    app: &App,
    claims: Claims,
    (arrival, lang, idempotency): (Arrival, Lang, Idempotency),
    id: Uuid,
    (action, how): (&'static str, Settle),
) -> Result<Answer, Problem> {
    let settled = app.store.write(move |tx| {
        let caller: Caller<Office> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &[], |tx| {
            let by = Settler { viewer: viewer(&caller), user: caller.user, team: caller.team, now: arrival.ms() };
            let settled = HeldOp::new(how(tx, &by, id)?, lang);
            let detail = json!({ "bucket": &settled.bucket, "record": settled.record_id });
            did(tx, &caller, action, &format!("/v1/held-ops/{id}"), &detail)?;
            Answer::ok(&settled)
        })
    });
    let settled = settled.await?;
    app.moves.poke();
    Ok(settled)
}
