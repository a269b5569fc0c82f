//! `/v1/forms`: interview forms in versions (docs/forms.md). The province publishes them; all in it read them, and phones
//! download those that are current.

use super::audit::did;
use super::read_json;
use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::{Caller, Provincial, not_found};
use crate::fields::{Fault, FieldError, Level};
use crate::http::body::Json;
use crate::http::checks::invalid;
use crate::http::documented::{BodyProblems, Conflicts, NotFound, NotModified, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::list::{ListOf, ListParams, Page};
use crate::http::time::format_ms;
use crate::http::{Answer, Code, Problem};
use crate::insight::forms::definition::Wording;
use crate::insight::forms::{self as rules, Definition};
use crate::store::forms::{self, Form as Row, Whole};
use crate::store::{StoreError, Tx};
use actix_web::web::{self, Data, Path};
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::scope::Region;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    // Before the single one, whose path it would be.
    cfg.service(download).service(list).service(create).service(read);
}

/// A published version, without what it asks.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormVersion {
    pub id: Uuid,
    /// What interviews name in `form`.
    #[schema(example = "household")]
    pub form: String,
    /// What interviews name in `form_version`.
    #[schema(example = 1)]
    pub version: i32,
    pub level: Level,
    pub title: Wording,
    /// How many it asks.
    pub questions: i32,
    /// It is the newest of its form.
    pub current: bool,
    pub created_at: String,
    /// `null`: it came with the server.
    pub created_by: Option<Uuid>,
}

/// A published version: it never changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Form {
    pub id: Uuid,
    #[schema(example = 1)]
    pub version: i32,
    pub created_at: String,
    /// `null`: it came with the server.
    pub created_by: Option<Uuid>,
    pub definition: Definition,
}

/// What a phone asks people.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurrentForms {
    /// The newest version of each form, by name.
    pub forms: Vec<Form>,
}

fn corrupt() -> StoreError {
    StoreError::Corrupt("a form".into())
}

impl TryFrom<Row> for FormVersion {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.0,
            form: row.form,
            version: row.version,
            level: Level::parse(&row.level).ok_or_else(corrupt)?,
            title: read_json(Some(&row.title))?.ok_or_else(corrupt)?,
            questions: row.questions,
            current: row.current,
            created_at: format_ms(row.created_at.ms()),
            created_by: row.created_by.map(|user| user.0),
        })
    }
}

impl TryFrom<Whole> for Form {
    type Error = StoreError;

    fn try_from((row, definition): Whole) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.0,
            version: row.version,
            created_at: format_ms(row.created_at.ms()),
            created_by: row.created_by.map(|user| user.0),
            definition: read_json(Some(&definition))?.ok_or_else(corrupt)?,
        })
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewForm {
    /// More than every version before it; the next number when left out.
    #[schema(minimum = 1)]
    version: Option<i32>,
    definition: Definition,
}

/// Lists the versions of the province's forms.
#[utoipa::path(
    operation_id = "listForms",
    tag = "forms",
    params(ListOf<forms::Form>),
    responses((status = 200, description = "A page", body = Page<FormVersion>), Problems),
    security(("bearer" = []))
)]
#[get("/forms")]
async fn list(caller: Caller, app: Data<App>, params: ListParams) -> Result<web::Json<Page<FormVersion>>, Problem> {
    let asked = params.read(&forms::LIST, &app.keys, caller.user)?;
    let page = app.store.read(move |conn| {
        let found = forms::list(conn, &asked.listing, caller.region.province())?;
        asked.try_page(found, FormVersion::try_from)
    });
    Ok(web::Json(page.await?))
}

/// Downloads the current version of every form: what a phone needs before it goes out.
#[utoipa::path(
    operation_id = "downloadForms",
    tag = "forms",
    responses((status = 200, description = "The forms", body = CurrentForms), NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/forms/current")]
async fn download(caller: Caller, app: Data<App>) -> Result<Answer, Problem> {
    let found = app.store.read(move |conn| forms::current(conn, caller.region.province())).await?;
    let forms = found.into_iter().map(Form::try_from).collect::<Result<_, _>>()?;
    Answer::ok(&CurrentForms { forms })
}

/// Reads a version.
#[utoipa::path(
    operation_id = "readForm",
    tag = "forms",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The version", body = Form), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/forms/{id}")]
async fn read(caller: Caller, app: Data<App>, id: Path<Uuid>) -> Result<Answer, Problem> {
    let found = app.store.read(move |conn| forms::find(conn, *id, caller.region.province())).await?;
    Answer::ok(&Form::try_from(found.ok_or_else(not_found)?)?)
}

/// Publishes a version of a form, or a new form.
///
/// It never changes: what is to be asked otherwise is another version. A form's level is that of its first version.
#[utoipa::path(
    operation_id = "createForm",
    tag = "forms",
    params(Idempotency),
    request_body = NewForm,
    responses(
        (status = 201, description = "Published", body = Form, headers(("location" = String))),
        Conflicts, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/forms")]
async fn create(
    Bearer(claims): Bearer,
    app: Data<App>,
    idempotency: Idempotency,
    body: Json<NewForm>,
) -> Result<Answer, Problem> {
    let Json { value: NewForm { version, definition }, bytes } = body;
    let asking = claims.clone();
    app.store.read(move |conn| Caller::<Provincial>::check(conn, &asking).map(drop)).await?;
    // Patterns take their time to compile: not while others wait to write.
    let compiled = web::block(move || {
        let faults = rules::Form::compile(&definition).err().unwrap_or_default();
        (definition, faults)
    });
    let (definition, faults) = compiled.await.map_err(|_| Problem::new(Code::Unavailable))?;
    let form = definition.form.clone();
    let made = app.store.write(move |tx| {
        let caller: Caller<Provincial> = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &bytes, |tx| {
            let new = publish(tx, (caller.region.province(), caller.user), version, &definition, faults)?;
            let path = format!("/v1/forms/{}", new.0.id.0);
            did(tx, &caller, "forms.create", &path, &json!({ "form": &new.0.form, "version": new.0.version }))?;
            Answer::created(path, &Form::try_from(new)?)
        })
    });
    let made = made.await?;
    app.store.forms().forget(&form);
    Ok(made)
}

fn publish(
    tx: &mut Tx<'_>,
    (province, user): (Region, Uuid),
    version: Option<i32>,
    definition: &Definition,
    mut faults: Vec<FieldError>,
) -> Result<Whole, Problem> {
    for fault in &mut faults {
        fault.pointer.insert_str(0, "/definition");
    }
    if version.is_some_and(|version| version < 1) {
        faults.push(FieldError::new("/version", Fault::OutOfRange { min: 1.0, max: i32::MAX.into() }));
    }
    let before = forms::latest(tx, &definition.form, province)?.map(|(row, _)| row);
    if let Some(before) = before.as_ref().filter(|before| before.level != definition.level.name()) {
        let allowed = vec![before.level.clone()];
        faults.push(FieldError::new("/definition/level", Fault::NotInList { allowed }));
    }
    if !faults.is_empty() {
        return Err(invalid(faults));
    }
    let last = before.map_or(0, |before| before.version);
    let version = version.unwrap_or_else(|| last.saturating_add(1));
    let new = Row::new(province, version, definition, user);
    // Of two who publish at once, one finds the number taken.
    if version <= last || !forms::publish(tx, &new)? {
        let last = last.max(version);
        return Err(Problem::new(Code::Conflict).detail(
            format!("Version {last} is published already: versions never change, and the next has a greater number."),
            format!("版本 {last} 已经发布：已发布的版本不能更改，新版本号须更大。"),
        ));
    }
    Ok(new)
}
