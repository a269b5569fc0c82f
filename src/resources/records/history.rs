//! `GET /v1/{collection}/{id}/history`: every operation that was ever accepted of a record.

use super::{CollectionName, Where, find, named};
use crate::app::App;
use crate::caller::Caller;
use crate::http::Problem;
use crate::http::documented::{NotFound, Problems};
use crate::http::list::{ListOf, ListParams, Page};
use crate::store::listing::{Column, Compare, Filter, Found, Kind, List, Listed, Listing, Value};
use crate::store::records;
use crate::sync::history::{HistoryEntry, entries};
use actix_web::web::{Data, Path};
use actix_web::{get, web};
use std::sync::LazyLock;

/// A history is short and is read whole: the list's SQL is never used.
static HISTORY: LazyLock<List<HistoryEntry>> = LazyLock::new(|| {
    let rev = Column::new("rev", Kind::Int, "rev").sorted(|entry: &HistoryEntry| Value::Int(entry.rev as i64));
    List::new("history", [rev])
});

impl Listed for HistoryEntry {
    fn list() -> &'static List<Self> {
        &HISTORY
    }
}

/// Lists every operation that was ever accepted of a record, losing values included; also of a deleted one.
#[utoipa::path(
    get,
    path = "/{collection}/{id}/history",
    operation_id = "readHistory",
    tag = "records",
    params(
        ("collection" = inline(CollectionName), Path),
        ("id" = Uuid, Path),
        ("bucket" = Option<String>, Query, description = "The county, as in reading the record"),
        ListOf<HistoryEntry>
    ),
    responses((status = 200, description = "A page, the first rev first", body = Page<HistoryEntry>), NotFound, Problems),
    security(("bearer" = []))
)]
#[get("/{collection:households|members|villages|visits|interviews|findings|photos}/{id}/history")]
pub(super) async fn history(
    caller: Caller,
    app: Data<App>,
    path: Path<(String, String)>,
    mut params: ListParams,
) -> Result<web::Json<Page<HistoryEntry>>, Problem> {
    let (collection, id) = named(path.into_inner())?;
    let bucket = Where { bucket: params.take("bucket") }.bucket()?;
    let asked = params.read(&HISTORY, &app.keys, caller.user)?;
    let found = app.store.snapshot(move |conn| {
        let row = find(conn, &caller, collection, id, bucket)?;
        let key = row.key()?;
        let past = records::load_past(conn, &[key])?.remove(&key).unwrap_or_default();
        Ok::<_, Problem>((entries(&row.into_record()?, &past), asked))
    });
    let (entries, asked) = found.await?;
    let page = cut(entries, &asked.listing);
    Ok(web::Json(asked.page(page, |entry| entry)))
}

/// Cuts the page that was asked for out of a whole history.
fn cut(mut entries: Vec<HistoryEntry>, listing: &Listing<HistoryEntry>) -> Found<HistoryEntry> {
    let number = |value: &Value| if let Value::Int(number) = value { *number } else { 0 };
    entries.retain(|entry| {
        listing.filters.iter().all(|filter| {
            // There is one column, and no texts or places.
            let Filter::Column { compare, values, .. } = filter else { return true };
            let mut values = values.iter().map(number);
            let rev = entry.rev as i64;
            match compare {
                Compare::In => values.any(|value| rev == value),
                Compare::Gte => values.all(|value| rev >= value),
                Compare::Lt => values.all(|value| rev < value),
            }
        })
    });
    let total = listing.count.then_some(entries.len() as u64);
    let down = listing.order.iter().any(|order| order.down);
    if down {
        entries.reverse();
    }
    if let Some(after) = listing.after.as_ref().and_then(|values| values.first()).map(number) {
        entries.retain(|entry| if down { (entry.rev as i64) < after } else { entry.rev as i64 > after });
    }
    let more = entries.len() > listing.limit;
    entries.truncate(listing.limit);
    let next = entries.last().filter(|_| more).map(|entry| vec![Value::Int(entry.rev as i64)]);
    Found { rows: entries, next, total }
}
