//! `/v1/{collection}`: the records of the seven collections, and their history. What is written here goes through the
//! same merge as a push.

mod body;
mod history;
mod listed;
mod params;
mod write;

pub use params::RecordFilters;

use super::audit::{actor, revealed};
use crate::app::App;
use crate::caller::Caller;
use crate::fields::{FieldError, masked};
use crate::http::documented::{NotFound, NotModified, ProblemBody, Problems};
use crate::http::list::{ListParams, Page};
use crate::http::time::format_ms;
use crate::http::{Answer, Code, Problem};
use crate::store::record_lists;
use crate::store::records::{self, RecordRow, digest_of};
use crate::store::{Conn, StoreError};
use crate::sync::direct::Standing;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, get, web};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use sync_core::{Bucket, Collection};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(write::create).service(read).service(write::change).service(write::delete);
    cfg.service(history::history);
}

/// A living record.
#[derive(Debug, Serialize, ToSchema)]
pub struct Record {
    pub bucket: String,
    pub collection: &'static str,
    pub id: Uuid,
    pub rev: u64,
    pub seq: u64,
    /// The first 16 bytes of SHA-256 over the RFC 8785 form of `[bucket, collection, id, rev, fields]`, in hex; `null` where
    /// a number is masked.
    pub digest: Option<String>,
    /// The corrected time of the latest edit.
    pub updated_at: String,
    /// In the flat form, without nulls.
    #[schema(value_type = Object)]
    pub fields: Box<RawValue>,
    /// What an interview violates of its form, or what is wrong with a finding's steps, if anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// Something that an interview violates of its form (docs/forms.md), or that is wrong with a finding's steps
/// (docs/findings.md).
#[derive(Debug, Serialize, ToSchema)]
pub struct Warning {
    #[schema(example = "/fields/answers.helper_visits")]
    pub pointer: String,
    #[schema(example = "constraint")]
    pub code: &'static str,
}

fn warnings(of: Vec<FieldError>) -> Vec<Warning> {
    let warning =
        |error: FieldError| Warning { pointer: format!("/fields{}", error.pointer), code: error.fault.code() };
    of.into_iter().map(warning).collect()
}

impl TryFrom<RecordRow> for Record {
    type Error = Problem;

    fn try_from(row: RecordRow) -> Result<Self, Problem> {
        let key = row.key()?;
        let corrupt = |error: serde_json::Error| StoreError::Corrupt(error.to_string());
        Ok(Self {
            bucket: key.bucket.to_string(),
            collection: key.collection.name(),
            id: key.id,
            rev: row.rev as u64,
            seq: row.seq as u64,
            digest: Some(digest_of(&row.digest)?.to_string()),
            updated_at: format_ms(row.at_ms),
            warnings: warnings(row.warnings()?),
            fields: RawValue::from_string(row.fields.0).map_err(corrupt)?,
        })
    }
}

impl Record {
    /// As lists and exports show it: with the numbers of persons masked, unless they are asked for.
    pub fn listed(mut row: RecordRow, reveal: bool) -> Result<Self, Problem> {
        let mut hidden = false;
        if !reveal {
            let collection = row.key()?.collection;
            let corrupt = |error: serde_json::Error| StoreError::Corrupt(error.to_string());
            if let Cow::Owned(masked) = masked(collection, &row.fields.0).map_err(corrupt)? {
                hidden = masked != row.fields.0;
                row.fields.0 = masked;
            }
        }
        let record = Self::try_from(row)?;
        // With everything else known, the digest would tell a number to whoever tries them all.
        Ok(if hidden { Self { digest: None, ..record } } else { record })
    }
}

impl From<Standing> for Record {
    fn from(Standing { key, shown, at, warnings: told }: Standing) -> Self {
        // A deleted one has none to show.
        let fields = shown.fields.unwrap_or_else(|| "{}".into());
        Self {
            bucket: key.bucket.to_string(),
            collection: key.collection.name(),
            id: key.id,
            rev: shown.rev,
            seq: shown.seq,
            digest: Some(shown.digest.to_string()),
            updated_at: format_ms(at),
            warnings: warnings(told),
            // Canonical text is JSON.
            fields: RawValue::from_string(fields).unwrap_or_default(),
        }
    }
}

/// Shows the numbers of persons.
pub const REVEAL: &str = "reveal";

/// The parameter of lists whose numbers of persons are masked.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "for the OpenAPI document: a list takes its parameters by itself")]
pub struct Revealing {
    /// Show the numbers of identity cards and telephones whole; it is written down in the audit.
    reveal: Option<bool>,
}

/// The seven collections, for the OpenAPI document.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum CollectionName {
    Households,
    Members,
    Villages,
    Visits,
    Interviews,
    Findings,
    Photos,
}

fn not_found() -> Problem {
    Problem::new(Code::NotFound).detail("There is no such record in your counties.", "您负责的区县中没有这条记录。")
}

/// 410, to those who may see the record's county.
pub(super) fn gone() -> Problem {
    let detail = "This record was deleted. Its history is still there.";
    Problem::new(Code::Gone).detail(detail, "该记录已被删除，其历史仍可查阅。")
}

/// What the path names; 404 where it cannot name anything.
fn named(path: (String, String)) -> Result<(Collection, Uuid), Problem> {
    let collection = Collection::from_name(&path.0).ok_or_else(not_found)?;
    Ok((collection, Uuid::try_parse(&path.1).map_err(|_| not_found())?))
}

/// Lists a collection's living records in the caller's counties.
///
/// The numbers of identity cards and telephones are masked. `reveal=true` shows them to those who have the county, and is
/// written down in the audit.
#[utoipa::path(
    get,
    path = "/{collection}",
    operation_id = "listRecords",
    tag = "records",
    params(("collection" = inline(CollectionName), Path), params::RecordFilters),
    responses((status = 200, description = "A page, county by county", body = Page<Record>), NotFound, Problems),
    security(("bearer" = []))
)]
#[get("/{collection:households|members|villages|visits|interviews|findings|photos}")]
async fn list(
    caller: Caller,
    app: Data<App>,
    path: Path<String>,
    mut params: ListParams,
    request: HttpRequest,
) -> Result<web::Json<Page<Record>>, Problem> {
    let collection = Collection::from_name(&path).ok_or_else(not_found)?;
    let reveal = params.take_flag(REVEAL)?;
    let asked = params.read(record_lists::list(collection), &app.keys, caller.user)?;
    let actor = actor(&caller);
    let worked = app.worked.clone();
    let page = app.store.read(move |conn| {
        let found = listed::page(conn, &worked, caller.scope(), collection, &asked.listing)?;
        asked.try_page(found, |row| Record::listed(row, reveal))
    });
    let page = page.await?;
    if reveal {
        let buckets = page.items.iter().map(|record| record.bucket.clone()).collect();
        revealed(&app, actor, ("records.reveal", &request), (page.items.len(), buckets)).await?;
    }
    Ok(web::Json(page))
}

/// Which county is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Where {
    /// The county; for the rare case that two counties in scope hold records of the same id.
    #[param(example = "513430")]
    bucket: Option<String>,
}

impl Where {
    pub(super) fn bucket(&self) -> Result<Option<Bucket>, Problem> {
        self.bucket.as_deref().map(|code| code.parse().map_err(|_| not_found())).transpose()
    }
}

/// Reads a record.
#[utoipa::path(
    get,
    path = "/{collection}/{id}",
    operation_id = "readRecord",
    tag = "records",
    params(("collection" = inline(CollectionName), Path), ("id" = Uuid, Path), Where),
    responses(
        (status = 200, description = "The record", body = Record),
        (status = 410, description = "It is deleted; its history is still there", body = ProblemBody, content_type = "application/problem+json"),
        NotFound,
        NotModified,
        Problems
    ),
    security(("bearer" = []))
)]
#[get("/{collection:households|members|villages|visits|interviews|findings|photos}/{id}")]
async fn read(
    caller: Caller,
    app: Data<App>,
    path: Path<(String, String)>,
    place: Query<Where>,
) -> Result<Answer, Problem> {
    let (collection, id) = named(path.into_inner())?;
    let bucket = place.bucket()?;
    let row = app.store.read(move |conn| find(conn, &caller, collection, id, bucket)).await?;
    if row.deleted {
        return Err(gone());
    }
    Answer::ok(&Record::try_from(row)?)
}

/// The record of this id in the caller's counties; 404 without one.
pub(super) fn find(
    conn: &mut Conn,
    caller: &Caller,
    collection: Collection,
    id: Uuid,
    bucket: Option<Bucket>,
) -> Result<RecordRow, Problem> {
    records::find(conn, caller.scope(), collection, id, bucket)?.ok_or_else(not_found)
}
