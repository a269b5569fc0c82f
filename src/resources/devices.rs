//! `/v1/devices`: the installations. They are registered by signing in; an office revokes those that are lost.

use super::audit::did;
use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::{Caller, Office, not_found};
use crate::http::body::Json;
use crate::http::documented::{BodyProblems, Conflicts, NotFound, NotModified, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::time::format_ms;
use crate::http::{Answer, Code, Problem};
use crate::store::devices::{self, Device as Row};
use crate::store::{Instant, StoreError};
use actix_web::web::{self, Data, Path};
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(read).service(revoke);
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Device {
    pub id: Uuid,
    pub user: Uuid,
    #[schema(example = "阿力的手机")]
    pub name: String,
    pub platform: Option<String>,
    pub app_version: Option<String>,
    /// The number of its last operation that the server has.
    pub acked: u64,
    pub created_at: String,
    /// Its latest sign-in, renewal or push.
    pub last_seen_at: String,
    pub last_push_at: Option<String>,
    pub revoked: Option<Mode>,
    pub revoked_at: Option<String>,
}

/// What a revoked device may still do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Push what it has, which is held, then wipe itself.
    Flush,
    /// Nothing: it is to wipe itself at once.
    Wipe,
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Flush => "flush",
            Self::Wipe => "wipe",
        }
    }

    fn parse(name: &str) -> Result<Self, StoreError> {
        let known = [Self::Flush, Self::Wipe].into_iter().find(|mode| mode.name() == name);
        known.ok_or_else(|| StoreError::Corrupt("how a device is revoked".into()))
    }
}

impl TryFrom<Row> for Device {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let time = |at: Instant| format_ms(at.ms());
        Ok(Self {
            id: row.id.0,
            user: row.user_id.0,
            name: row.name,
            platform: row.platform,
            app_version: row.app_version,
            acked: row.acked as u64,
            created_at: time(row.created_at),
            last_seen_at: time(row.last_seen_at),
            last_push_at: row.last_push_at.map(time),
            revoked: row.revoked.as_deref().map(Mode::parse).transpose()?,
            revoked_at: row.revoked_at.map(time),
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Revocation {
    mode: Mode,
}

/// Lists the devices of the users in the caller's region; to a member of a team, their own.
#[utoipa::path(
    operation_id = "listDevices",
    tag = "devices",
    params(ListOf<devices::Device>),
    responses((status = 200, description = "A page", body = Page<Device>), Problems),
    security(("bearer" = []))
)]
#[get("/devices")]
async fn list(caller: Caller, app: Data<App>, params: ListParams) -> Result<web::Json<Page<Device>>, Problem> {
    let asked = params.read(&devices::LIST, &app.keys, caller.user)?;
    let page = app.store.read(move |conn| {
        let found = devices::list(conn, &asked.listing, &caller.circle())?;
        asked.try_page(found, Device::try_from)
    });
    Ok(web::Json(page.await?))
}

/// Reads a device.
#[utoipa::path(
    operation_id = "readDevice",
    tag = "devices",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The device", body = Device), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/devices/{id}")]
async fn read(caller: Caller, app: Data<App>, id: Path<Uuid>) -> Result<Answer, Problem> {
    let device = app.store.read(move |conn| devices::find(conn, *id, &caller.circle())).await?;
    Answer::ok(&Device::try_from(device.ok_or_else(not_found)?)?)
}

/// Revokes a device.
///
/// With `flush` it may still push, all of it held for a person, and is then to wipe itself; with `wipe` it may do nothing
/// any more. A wipe may follow a flush; there is no way back: a phone that is found again registers anew.
#[utoipa::path(
    operation_id = "revokeDevice",
    tag = "devices",
    params(("id" = Uuid, Path), Idempotency),
    request_body = Revocation,
    responses(
        (status = 200, description = "The revoked device", body = Device),
        NotFound, Conflicts, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/devices/{id}/revoke")]
async fn revoke(
    Bearer(claims): Bearer,
    app: Data<App>,
    id: Path<Uuid>,
    idempotency: Idempotency,
    body: Json<Revocation>,
) -> Result<Answer, Problem> {
    let Json { value: Revocation { mode }, bytes } = body;
    let revoked = app.store.write(move |tx| {
        let caller: Caller<Office> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &bytes, |tx| {
            let now = Instant::now();
            let device = |tx: &mut _| devices::find(tx, *id, &caller.circle())?.ok_or_else(not_found);
            let before = Device::try_from(device(tx)?)?;
            match before.revoked {
                Some(known) if known == mode => return Answer::ok(&before),
                Some(Mode::Wipe) => {
                    return Err(Problem::new(Code::Conflict)
                        .detail("This device is to be wiped already.", "该设备已被要求清除数据。"));
                }
                _ => devices::revoke(tx, *id, mode.name(), now)?,
            }
            let revoked = Device::try_from(device(tx)?)?;
            let detail = json!({ "mode": mode, "user": revoked.user });
            did(tx, &caller, "devices.revoke", &format!("/v1/devices/{}", *id), &detail)?;
            Answer::ok(&revoked)
        })
    });
    let revoked = revoked.await?;
    app.moves.poke();
    Ok(revoked)
}
