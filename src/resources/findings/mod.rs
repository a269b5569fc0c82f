//! What findings have beyond other records: the steps of their life, and what they come to.

mod steps;
mod summary;

pub(super) use summary::FindingsSummary;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(steps::read).service(steps::take).service(summary::summary);
}
