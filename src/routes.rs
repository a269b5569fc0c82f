//! The only list of routes. The OpenAPI document is collected from it.

use crate::auth::tokens::Bearer;
use crate::http::documented::ProblemBody;
use crate::resources::{
    assignments, audit, campaigns, conflicts, coverage, devices, dictionary, divisions, draws, exports, feedback,
    findings, forms, held_ops, me, records, report, statistics, teams, users,
};
use crate::{auth, health, sync};
use actix_web::{App, HttpResponse, web};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt as _, scope};

/// Registers every route.
pub fn register(cfg: &mut ServiceConfig<'_>) {
    cfg.configure(health::routes).configure(auth::routes::well_known);
    cfg.service(scope("/v1").configure(v1).default_service(web::to(nothing)));
}

/// Where no route leads: who is not signed in does not learn even that.
async fn nothing(_: Bearer) -> HttpResponse {
    HttpResponse::NotFound().finish()
}

fn v1(cfg: &mut ServiceConfig<'_>) {
    cfg.configure(auth::routes::routes).configure(sync::routes::routes);
    cfg.configure(me::routes).configure(users::routes).configure(teams::routes).configure(devices::routes);
    cfg.configure(campaigns::routes).configure(draws::routes).configure(assignments::routes);
    cfg.configure(forms::routes);
    cfg.configure(divisions::routes).configure(dictionary::routes);
    cfg.configure(conflicts::routes).configure(held_ops::routes).configure(audit::routes);
    cfg.configure(findings::routes).configure(coverage::routes).configure(feedback::routes).configure(report::routes);
    cfg.configure(statistics::routes);
    cfg.configure(exports::routes);
    // Last: its paths begin with a name.
    cfg.configure(records::routes);
}

/// What stands at the top of the document.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "ruhu 入户",
        description = "The server of a field campaign: phones record offline and sync when they can; nothing is lost, \
                       every copy converges, nobody sees or writes what is outside their counties.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ProblemBody)),
    tags(
        (name = "auth", description = "Signing in and out; access tokens last 15 minutes, refresh tokens count once"),
        (name = "sync", description = "What a field device and the server promise each other: docs/protocol.md"),
        (name = "records", description = "The seven collections, for those who are online: docs/records.md"),
        (name = "exports", description = "Lists of records as files: docs/records.md"),
        (name = "statistics", description = "What answers and the register come to, and what a sample tells of everybody"),
        (name = "report", description = "The general report of a campaign"),
        (name = "coverage", description = "What a campaign has reached, who was where, and who looked again"),
        (name = "findings", description = "What becomes of a finding: its steps, its deadline"),
        (name = "conflicts", description = "Two values of one field: a person chooses"),
        (name = "held-ops", description = "Operations that could not be applied: a person releases or discards them"),
        (name = "users", description = "Who may sign in, under the caller's office"),
        (name = "teams", description = "Field teams, each of an office"),
        (name = "devices", description = "Registered installations; a lost one is revoked"),
        (name = "campaigns", description = "What the work is for"),
        (name = "draws", description = "Random samples that anyone can check: docs/sampling.md"),
        (name = "forms", description = "What is asked at each level, in versions that never change: docs/forms.md"),
        (name = "assignments", description = "Which team works in which county: a team's scope is its open ones"),
        (name = "divisions", description = "Province, prefectures, counties, townships, villages"),
        (name = "audit", description = "Who did what, in a chain that shows whether it was changed: docs/audit.md"),
        (name = "dictionary", description = "The fields of the seven collections, with labels in Chinese and English"),
        (name = "health", description = "For load balancers and container managers")
    )
)]
struct Preamble;

/// The document before any route.
pub fn preamble() -> OpenApi {
    let mut document = Preamble::openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("From `POST /v1/auth/login`; 15 minutes long, then `POST /v1/auth/refresh`"));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    document
}

/// The document of what [`register`] registers.
pub fn openapi() -> OpenApi {
    App::new().into_utoipa_app().openapi(preamble()).configure(register).split_for_parts().1
}
