//! `/v1/audit`: who did what, in a chain that shows whether anything was changed in it.

use crate::app::App;
use crate::caller::Caller;
use crate::fields;
use crate::http::Problem;
use crate::http::documented::Problems;
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::time::format_ms;
use crate::store::audit::{self, Actor, Entry, Sight, hex};
use crate::store::{Role, StoreError, Tx};
use actix_web::web::{self, Data, Query};
use actix_web::{HttpRequest, get};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list);
}

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    pub id: Uuid,
    pub at: String,
    pub user: Uuid,
    pub role: String,
    /// Of the user at that time.
    pub region: String,
    pub team: Option<Uuid>,
    #[schema(example = "records.reveal")]
    pub action: String,
    /// The path of what it was done to.
    #[schema(example = "/v1/members")]
    pub subject: String,
    #[schema(value_type = Object)]
    pub detail: Value,
    /// Its place in the chain, for the province's office.
    pub chain: Option<Link>,
}

/// `hash` is SHA-256, in hex, over the RFC 8785 form of `{action, at_ms, detail, id, n, previous, province, region, role,
/// subject, team, user}`, `at_ms` being `at` in milliseconds since 1970.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    #[schema(example = "51")]
    pub province: String,
    /// 1, 2, 3, … without gaps.
    pub n: u64,
    /// The hash of the entry before; zeros at the first.
    pub previous: String,
    pub hash: String,
}

impl AuditEntry {
    fn new(entry: Entry, chained: bool) -> Result<Self, StoreError> {
        let corrupt = |error: serde_json::Error| StoreError::Corrupt(error.to_string());
        let link = Link {
            province: entry.province,
            n: entry.n as u64,
            previous: hex(&entry.previous),
            hash: hex(&entry.hash),
        };
        Ok(Self {
            id: entry.id.0,
            at: format_ms(entry.at.ms()),
            user: entry.user.0,
            role: entry.role,
            region: entry.region,
            team: entry.team.map(|team| team.0),
            action: entry.action,
            subject: entry.subject,
            detail: serde_json::from_str(&entry.detail.0).map_err(corrupt)?,
            chain: chained.then_some(link),
        })
    }
}

/// Of a caller: as whom what they do is written down.
pub fn actor<R>(caller: &Caller<R>) -> Actor {
    Actor { user: caller.user, role: caller.role, region: caller.region, team: caller.team }
}

/// Writes down what was done to the thing at the path `subject`, in the transaction that does it.
pub fn did<R>(
    tx: &mut Tx<'_>,
    caller: &Caller<R>,
    action: &'static str,
    subject: &str,
    detail: &Value,
) -> Result<(), StoreError> {
    audit::note(tx, &actor(caller), action, subject, detail)
}

/// Writes down that somebody saw the numbers of persons in a page of a list.
pub async fn revealed(
    app: &App,
    actor: Actor,
    (action, request): (&'static str, &HttpRequest),
    (records, buckets): (usize, BTreeSet<String>),
) -> Result<(), Problem> {
    let detail = json!({ "query": told_query(request), "records": records, "buckets": buckets });
    let subject = request.path().to_owned();
    Ok(app.store.write(move |tx| audit::note(tx, &actor, action, &subject, &detail)).await?)
}

/// The query of a request, as it is written down: decoded, and without the numbers of persons that it asks for.
pub fn told_query(request: &HttpRequest) -> String {
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string());
    let told = |(name, value): (String, String)| {
        let value = match name.split('[').next().unwrap_or_default() {
            "q" => fields::masked_text(&value),
            name if fields::is_personal(name) => "***".to_owned(),
            _ => value,
        };
        format!("{name}={value}")
    };
    pairs.map(Query::into_inner).unwrap_or_default().into_iter().map(told).collect::<Vec<_>>().join("&")
}

/// What a caller sees: the province everything, a prefecture what its people did, a team what its own did.
fn sight(caller: &Caller) -> Sight {
    match (caller.team, caller.role) {
        (Some(team), _) => Sight::Team(team),
        (None, Role::Provincial) => Sight::Province(caller.region),
        (None, _) => Sight::Prefecture(caller.region),
    }
}

/// Lists who did what.
///
/// The province sees the whole chain and can reckon every hash again; a prefecture sees what its people did, a team what its
/// own did, without the chain.
#[utoipa::path(
    operation_id = "listAudit",
    tag = "audit",
    params(ListOf<Entry>),
    responses((status = 200, description = "A page, the oldest first", body = Page<AuditEntry>), Problems),
    security(("bearer" = []))
)]
#[get("/audit")]
async fn list(caller: Caller, app: Data<App>, params: ListParams) -> Result<web::Json<Page<AuditEntry>>, Problem> {
    let asked = params.read(&audit::LIST, &app.keys, caller.user)?;
    let page = app.store.read(move |conn| {
        let chained = caller.role == Role::Provincial;
        let found = audit::page(conn, &sight(&caller), &asked.listing)?;
        asked.try_page(found, |entry| AuditEntry::new(entry, chained))
    });
    Ok(web::Json(page.await?))
}
