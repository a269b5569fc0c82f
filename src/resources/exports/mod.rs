//! `/v1/exports`: any list of records as a file, of one moment, written while it is read.

mod room;

pub use room::Room;

use crate::app::App;
use crate::caller::{Caller, not_found};
use crate::fields::has_answers;
use crate::http::documented::{NotFound, Problems};
use crate::http::list::{LIMIT_MOST, ListParams, parameter, refuse_parameter, refuse_value};
use crate::http::{Code, Problem};
use crate::insight::export::{Columns, Csv, Geojson, Line, Ndjson, Sheet, Xlsx};
use crate::lang::Lang;
use crate::resources::audit::{actor, told_query};
use crate::resources::records::{REVEAL, Record, RecordFilters};
use crate::store::listing::{Listing, Value};
use crate::store::records::RecordRow;
use crate::store::{Conn, audit, record_lists};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, HeaderValue};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use futures_util::stream;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::{Duration, Instant};
use sync_core::{Collection, Fields, Scope};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::timeout;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{Object, Type};
use utoipa::{IntoParams, PartialSchema as _, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(export);
}

/// What is handed on at a time, and how much of it waits for its reader.
const CHUNK: usize = 64 * 1024;
const CHUNKS: usize = 4;
/// Who reads nothing for so long has gone.
const SILENCE: Duration = Duration::from_mins(1);
/// Nobody reads a snapshot for longer: what is dead in the database cannot be cleared away meanwhile.
const PATIENCE: Duration = Duration::from_mins(30);
/// Answers that have columns of their own.
const ANSWERS_MOST: usize = 4_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
enum Format {
    Csv,
    Xlsx,
    Ndjson,
    Geojson,
}

impl Format {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            "ndjson" => Some(Self::Ndjson),
            "geojson" => Some(Self::Geojson),
            _ => None,
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Ndjson => "application/x-ndjson",
            Self::Geojson => "application/geo+json",
        }
    }

    /// Whether it is a table with a head.
    fn is_table(self) -> bool {
        matches!(self, Self::Csv | Self::Xlsx)
    }
}

/// What the document says of the parameters: those of the list, without pages, and those of tables.
struct ExportParams;

impl IntoParams for ExportParams {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let paging = ["cursor", "limit", "count"];
        let mut parameters = RecordFilters::into_params(place);
        parameters.retain(|parameter| !paging.contains(&parameter.name.as_str()));
        let bom = "Of CSV: begin with a byte-order mark, as spreadsheets want it, and put an apostrophe before texts that they \
                   would take for formulas";
        parameters.push(parameter("bom", bom, bool::schema()));
        let languages = Object::builder().schema_type(Type::String).enum_values(Some(["zh-CN", "en"]));
        let labels =
            "Of tables: people's words for the fields and the values of lists, in place of the names on the wire";
        parameters.push(parameter("labels", labels, languages.into()));
        parameters
    }
}

/// What was asked for.
struct Wanted {
    collection: Collection,
    format: Format,
    scope: Scope,
    listing: Listing<RecordRow>,
    reveal: bool,
    bom: bool,
    words: Option<Lang>,
}

/// Gives a list of records as a file.
///
/// The filters and the order are those of the list; all of it comes, as it stood at one moment. In CSV texts, codes and
/// identifiers are quoted and numbers are not; in spreadsheets they are text cells. A place has its degrees as they were given,
/// with their datum, and those of WGS-84; GeoJSON is WGS-84. Every answer has a column of its own. The numbers of identity
/// cards and telephones are masked as in the list. Every export is written down in the audit.
#[utoipa::path(
    get,
    path = "/exports/{collection}.{format}",
    operation_id = "exportRecords",
    tag = "exports",
    params(
        ("collection" = inline(super::records::CollectionName), Path),
        ("format" = inline(Format), Path, description = "GeoJSON of collections that have places"),
        ExportParams
    ),
    responses(
        (status = 200, description = "The file", content(
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "application/x-ndjson"),
            (Object = "application/geo+json")
        )),
        NotFound, Problems
    ),
    security(("bearer" = []))
)]
#[get(
    "/exports/{collection:households|members|villages|visits|interviews|findings|photos}.{format:csv|xlsx|ndjson|geojson}"
)]
async fn export(
    caller: Caller,
    app: Data<App>,
    path: Path<(String, String)>,
    mut params: ListParams,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let collection = Collection::from_name(&path.0).ok_or_else(not_found)?;
    let format = Format::parse(&path.1).ok_or_else(not_found)?;
    let list = record_lists::list(collection);
    if format == Format::Geojson && list.places.is_none() {
        return Err(not_found());
    }
    if let Some(paging) = ["cursor", "limit", "count"].into_iter().find(|name| params.take(name).is_some()) {
        return Err(refuse_parameter(paging));
    }
    let (reveal, bom) = (params.take_flag(REVEAL)?, params.take_flag("bom")?);
    let words = match params.take("labels").as_deref() {
        None => None,
        Some("zh-CN") => Some(Lang::Zh),
        Some("en") => Some(Lang::En),
        Some(_) => return Err(refuse_value("labels", &["zh-CN", "en"])),
    };
    if bom && format != Format::Csv || words.is_some() && !format.is_table() {
        return Err(refuse_parameter(if bom && format != Format::Csv { "bom" } else { "labels" }));
    }
    let mut listing = params.read(list, &app.keys, caller.user)?.listing;
    listing.limit = LIMIT_MOST;
    let taken = app.exports.take(caller.user)?;
    let (actor, subject) = (actor(&caller), request.path().to_owned());
    let detail = json!({ "query": told_query(&request), "revealed": reveal });
    app.store.write(move |tx| audit::note(tx, &actor, "records.export", &subject, &detail)).await?;

    let wanted = Wanted { collection, format, scope: caller.scope().clone(), listing, reveal, bom, words };
    let (sender, receiver) = channel(CHUNKS);
    let (store, reader) = (app.store.clone(), Handle::current());
    let pipe = Pipe { sender, reader, buffer: Vec::with_capacity(CHUNK), until: Instant::now() + PATIENCE };
    actix_web::rt::task::spawn_blocking(move || {
        let last = pipe.sender.clone();
        if let Err(problem) = store.snapshot_now(|conn| write(conn, wanted, pipe)) {
            // What was sent so far is no whole file: the connection breaks.
            let _ = last.blocking_send(Err(io::Error::other(problem.to_string())));
        }
        // Who sees the end may ask for the next.
        drop(taken);
        drop(last);
    });
    let chunks = stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) });
    let name = format!("attachment; filename=\"{}.{}\"", path.0, path.1);
    let mut response = HttpResponse::Ok();
    response.content_type(format.media_type()).insert_header((CONTENT_DISPOSITION, name));
    response.insert_header((CACHE_CONTROL, "private, no-store"));
    if format == Format::Xlsx {
        // It is packed already.
        response.insert_header((CONTENT_ENCODING, HeaderValue::from_static("identity")));
    }
    Ok(response.streaming(chunks))
}

/// Writes the file, page after page of the list.
fn write(conn: &mut Conn, mut wanted: Wanted, pipe: Pipe) -> Result<(), Problem> {
    let (collection, reveal) = (wanted.collection, wanted.reveal);
    let with_columns = wanted.format.is_table() && has_answers(collection);
    let answers = if with_columns { answers(conn, &mut wanted)? } else { BTreeSet::new() };
    let columns = Columns::new(collection, answers, wanted.words);
    let mut sheet: Box<dyn Sheet> = match wanted.format {
        Format::Csv => Box::new(Csv::begin(pipe, columns, wanted.bom).map_err(gone)?),
        Format::Xlsx => Box::new(Xlsx::begin(pipe, columns, collection.name()).map_err(gone)?),
        Format::Ndjson => Box::new(Ndjson::begin(pipe)),
        Format::Geojson => Box::new(Geojson::begin(pipe, columns).map_err(gone)?),
    };
    each(conn, &mut wanted, |row| {
        let record = Record::listed(row, reveal)?;
        let line = Line {
            fields: Fields::from_canonical(record.fields.get()).map_err(|_| Problem::new(Code::Internal))?,
            json: serde_json::to_string(&record).map_err(|_| Problem::new(Code::Internal))?,
            bucket: record.bucket,
            id: record.id.to_string(),
            rev: record.rev,
            updated_at: record.updated_at,
        };
        sheet.line(&line).map_err(gone)
    })?;
    sheet.finish().map_err(gone)
}

/// The reader has gone, or the bytes have nowhere to go: there is nobody to be told.
fn gone(error: io::Error) -> Problem {
    tracing::info!(%error, "an export was not read to its end");
    Problem::new(Code::Unavailable)
}

/// Goes through the whole list.
fn each(
    conn: &mut Conn,
    wanted: &mut Wanted,
    mut with: impl FnMut(RecordRow) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut next: Option<Vec<Value>> = None;
    loop {
        wanted.listing.after = next;
        let found = record_lists::page(conn, &wanted.scope, wanted.collection, &wanted.listing)?;
        for row in found.rows {
            with(row)?;
        }
        next = found.next;
        if next.is_none() {
            return Ok(());
        }
    }
}

/// The names of all answers that any of the records has, as far as there is room for columns.
fn answers(conn: &mut Conn, wanted: &mut Wanted) -> Result<BTreeSet<String>, Problem> {
    let mut names = BTreeSet::new();
    each(conn, wanted, |row| {
        let fields = Fields::from_canonical(&row.fields.0).map_err(|_| Problem::new(Code::Internal))?;
        for (name, _) in fields.iter().filter(|(name, _)| name.starts_with("answers.")) {
            if names.len() < ANSWERS_MOST && !names.contains(name) {
                names.insert(name.to_owned());
            }
        }
        Ok(())
    })?;
    Ok(names)
}

/// Hands bytes on to the one who reads the answer, and waits for them.
struct Pipe {
    sender: Sender<io::Result<Bytes>>,
    reader: Handle,
    buffer: Vec<u8>,
    until: Instant,
}

impl Pipe {
    fn send(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = Bytes::from(std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK)));
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let patience = SILENCE.min(left);
        let sent = self.reader.block_on(async { timeout(patience, self.sender.send(Ok(chunk))).await });
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}
