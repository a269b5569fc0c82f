//! Whether the process lives and whether it can work: for load balancers and container managers.

use crate::app::App;
use crate::http::Problem;
use crate::http::documented::ProblemBody;
use crate::store::buckets;
use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(alive).service(ready);
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok", "version": "0.1.0"}))]
struct Health {
    status: &'static str,
    version: &'static str,
}

const OK: Health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };

/// Tells that the process lives.
#[utoipa::path(
    operation_id = "healthz",
    tag = "health",
    responses((status = 200, description = "It lives", body = Health))
)]
#[get("/healthz")]
async fn alive() -> web::Json<Health> {
    web::Json(OK)
}

/// Tells whether the database answers and is migrated.
#[utoipa::path(
    operation_id = "readyz",
    tag = "health",
    responses(
        (status = 200, description = "It can work", body = Health),
        (status = 500, description = "The database has another schema", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer", body = ProblemBody, content_type = "application/problem+json")
    )
)]
#[get("/readyz")]
async fn ready(app: web::Data<App>) -> Result<web::Json<Health>, Problem> {
    app.store.read(|conn| buckets::seqs(conn).map_err(Problem::from)).await?;
    Ok(web::Json(OK))
}
