//! What findings have beyond other records: the steps of their life.

mod steps;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(steps::read).service(steps::take);
}
