//! `/v1/dictionary`: every collection's fields, for people and for clients that build forms from them.

use crate::caller::Caller;
use crate::fields::{Dictionary, dictionary};
use crate::http::documented::{NotModified, Problems};
use crate::http::{Answer, Problem};
use actix_web::get;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(read);
}

/// Gives every collection's fields: types, allowed values, and labels in both languages.
#[utoipa::path(
    operation_id = "readDictionary",
    tag = "dictionary",
    responses((status = 200, description = "The dictionary", body = Dictionary), NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/dictionary")]
async fn read(_: Caller) -> Result<Answer, Problem> {
    Answer::ok(dictionary())
}
