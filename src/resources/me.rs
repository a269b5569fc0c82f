//! `/v1/me`: who one is, and what one sees now.

use crate::app::App;
use crate::auth::tokens::{Bearer, unauthorized};
use crate::auth::wire::Person;
use crate::caller::Caller;
use crate::http::documented::{NotModified, Problems};
use crate::http::{Answer, Problem};
use crate::store::{Role, buckets, devices, users};
use actix_web::get;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(read);
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    pub user: Person,
    pub role: Role,
    #[schema(example = "51")]
    pub region: String,
    pub team: Option<Uuid>,
    /// The counties in scope now.
    #[schema(example = json!(["513430"]))]
    pub buckets: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<OwnDevice>,
}

/// The device that the token is bound to.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnDevice {
    pub id: Uuid,
    /// The number of its last operation that the server has.
    pub acked: u64,
}

/// Tells who the caller is.
#[utoipa::path(
    operation_id = "readMe",
    tag = "auth",
    responses((status = 200, description = "The caller", body = Me), NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/me")]
async fn read(Bearer(claims): Bearer, app: Data<App>) -> Result<Answer, Problem> {
    let me = app.store.snapshot(move |conn| {
        let caller: Caller = Caller::check(conn, &claims)?;
        let user = users::find(conn, caller.user)?.ok_or_else(unauthorized)?;
        let buckets = buckets::in_scope(conn, caller.scope())?.into_keys().map(|bucket| bucket.to_string()).collect();
        let device =
            caller.device.map(|id| devices::acked(conn, id).map(|acked| OwnDevice { id, acked })).transpose()?;
        let (role, region, team) = (caller.role, caller.region.to_string(), caller.team);
        Ok::<_, Problem>(Me { user: Person::try_from(user)?, role, region, team, buckets, device })
    });
    Answer::ok(&me.await?)
}
