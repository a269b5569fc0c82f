//! The lists of the seven collections: filtered and sorted by the columns of the collection's own table, which is narrow and
//! has the indexes; only the rows of the page are then looked up among the records.

use super::Engine;
use super::conn::{Conn, StoreError};
use super::dialect::{self, engine};
use super::listing::{self, Column, Compare, Filter, Found, Kind, List, Listed, Listing, Sql, Value};
use super::record_indexes::{indexed, scans};
use super::records::{self, Key, RECORD_COLUMNS, RecordRow, RecordSql, bucket_of};
use super::types::{DbUuid, Id};
use crate::fields::{self, Cell, Choice, ColumnKind, columns};
use crate::insight::extent::Extent;
use crate::insight::findings::State;
use diesel::sql_types::{BigInt, Double, Integer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use sync_core::{Bucket, Collection, Fields, Scope};
use uuid::Uuid;

/// What the list of a collection's records can be filtered and sorted by; county by county.
pub fn list(collection: Collection) -> &'static List<RecordRow> {
    static LISTS: LazyLock<Vec<List<RecordRow>>> = LazyLock::new(|| Collection::ALL.into_iter().map(make).collect());
    &LISTS[collection as usize - 1]
}

/// The first columns are the keys; behind them come three that stand in `records`, then the collection's own.
const KEYS: usize = 2;
const OF_RECORDS: std::ops::Range<usize> = KEYS..5;

fn make(collection: Collection) -> List<RecordRow> {
    let bucket = Column::new("bucket", Kind::Int, "f.bucket").sorted(|row: &RecordRow| Value::Int(row.bucket.into()));
    let id = Column::new("id", Kind::Uuid, "f.id").sorted(|row: &RecordRow| Value::Uuid(row.id.0));
    let shared = [
        Column::new("seq", Kind::Int, "r.seq").sorted(|row: &RecordRow| Value::Int(row.seq)),
        Column::new("updated_at", Kind::Millis, "r.at_ms").sorted(|row: &RecordRow| Value::Int(row.at_ms)),
        Column::new("warned", Kind::Bool, "(r.warnings IS NOT NULL)"),
    ];
    let own = columns(collection).iter().filter_map(own);
    let mut list = List::new(collection.name(), [bucket, id]).with(shared).with(own);
    let has = |name: &str| columns(collection).iter().any(|column| column.name == name);
    let pieces_of = has("grams").then(|| collection.name());
    list.texts = has("search").then_some(listing::Texts { sql: "f.search", pieces_of });
    list.places = has("lat").then_some(listing::Places { lat: "f.lat", lon: "f.lon" });
    list.deadlines = (collection == Collection::Findings).then(|| listing::Deadlines {
        due: "f.due_on",
        state: "f.state",
        done: State::ALL.into_iter().filter(|state| !state.is_pending()).map(State::name).collect::<Vec<_>>().leak(),
    });
    list
}

/// A column of the collection's table, if it is one to compare with.
fn own(column: &'static fields::Column) -> Option<Column<RecordRow>> {
    let texts =
        |of: &[Choice]| -> &'static [&'static str] { of.iter().map(|choice| choice.value).collect::<Vec<_>>().leak() };
    let kind = match column.kind {
        ColumnKind::Text => Kind::Text,
        ColumnKind::Whole => Kind::Whole,
        ColumnKind::Choice(of) => Kind::Choice(texts(of)),
        ColumnKind::Choices(of) => Kind::Choices(texts(of)),
        ColumnKind::Village => Kind::Village,
        ColumnKind::Day => Kind::Day,
        ColumnKind::Millis => Kind::Millis,
        ColumnKind::Uuid => Kind::Uuid,
        ColumnKind::Int => Kind::Int,
        ColumnKind::Real if ["lat", "lon"].contains(&&*column.name) => return None,
        ColumnKind::Real => Kind::Real,
        ColumnKind::Bool => Kind::Bool,
        ColumnKind::Search | ColumnKind::Grams => return None,
    };
    let plain = Column::new(column.name.as_str(), kind, format!("f.{}", column.name));
    Some(if column.sorted { plain.sorted(|row| value(column, row)).nullable() } else { plain })
}

/// What a record has in a column: from its JSON, by the same way as it came into the table.
fn value(column: &fields::Column, row: &RecordRow) -> Value {
    match Fields::from_canonical(&row.fields.0).ok().and_then(|fields| column.cell(&fields)) {
        Some(Cell::Text(text)) => Value::Text(text),
        Some(Cell::Uuid(id)) => Value::Uuid(id),
        Some(Cell::Int(number)) => Value::Int(number),
        Some(Cell::Real(number)) => Value::Real(number),
        Some(Cell::Bool(flag)) => Value::Bool(flag),
        None => Value::Null,
    }
}

/// Rows of records are listed by their collection: see [`list`].
impl Listed for RecordRow {
    fn list() -> &'static List<Self> {
        list(Collection::Households)
    }
}

fn filters_records(listing: &Listing<RecordRow>) -> bool {
    listing.filters.iter().any(|filter| match filter {
        Filter::Column { column, .. } => OF_RECORDS.contains(column),
        _ => false,
    })
}

fn orders_records(listing: &Listing<RecordRow>) -> bool {
    listing.order.iter().any(|order| OF_RECORDS.contains(&order.column))
}

fn has_index(collection: Collection, column: &Column<RecordRow>, value: Option<&Value>) -> bool {
    let flag = value.and_then(|value| if let Value::Bool(flag) = value { Some(*flag) } else { None });
    indexed(collection).contains(&(&*column.name, flag))
}

/// Whether one narrow index has all that is compared and sorted by.
fn is_scanned(collection: Collection, listing: &Listing<RecordRow>) -> bool {
    let needed = needed(listing);
    let has = |scan: &&[&str]| {
        let columns = needed.iter().filter_map(|sql| sql.strip_prefix("f."));
        columns.filter(|name| !["bucket", "id"].contains(name)).all(|name| scan.contains(&name))
    };
    !filters_records(listing) && !orders_records(listing) && scans(collection).iter().any(has)
}

/// The columns of the collection's table that a list compares or sorts by, and the keys.
fn needed(listing: &Listing<RecordRow>) -> BTreeSet<String> {
    let column = |place: usize| listing.column(place).sql.to_string();
    let mut needed: BTreeSet<String> =
        (0..KEYS).chain(listing.order.iter().map(|order| order.column)).map(column).collect();
    for filter in &listing.filters {
        match filter {
            Filter::Column { column: place, .. } => needed.extend([column(*place)]),
            Filter::Texts(_) => needed.extend(listing.list.texts.map(|texts| texts.sql.to_owned())),
            Filter::Place(_) => {
                needed
                    .extend(listing.list.places.iter().flat_map(|places| [places.lat, places.lon]).map(str::to_owned));
            }
            Filter::Overdue(_) => {
                needed.extend(listing.list.deadlines.iter().flat_map(|of| [of.due, of.state]).map(str::to_owned));
            }
        }
    }
    needed.retain(|sql| sql.starts_with("f."));
    needed
}

/// Whether a filter asks for one value of a column that has an index: it has the rows of each county in the order of their ids.
fn is_one_value(collection: Collection, listing: &Listing<RecordRow>, filter: &Filter) -> bool {
    match filter {
        Filter::Column { column, compare: Compare::In, values } => {
            matches!(&values[..], [value] if has_index(collection, listing.column(*column), Some(value)))
        }
        _ => false,
    }
}

/// Whether a list in the order of its keys is read without a look at rows that its filters do not let pass.
pub fn passes_over_none(collection: Collection, listing: &Listing<RecordRow>) -> bool {
    match &listing.filters[..] {
        [] => true,
        [filter] => is_one_value(collection, listing, filter),
        _ => false,
    }
}

/// So many rows are put in order at once; a list of more is walked along in its order until a page is full.
pub const FEW: usize = 15_000;

/// So many times as many, in the order of the keys already, are sooner looked up than a narrow index is walked through.
const SEVERAL: usize = 4;

/// How a page is come by.
struct Way {
    /// A filter that leaves few rows.
    first: Option<usize>,
    /// By its place among the filters: whether an engine may look for it by an index.
    by_index: Vec<bool>,
    /// The list is walked along an index that is not the table's own.
    along: bool,
    /// Everything that is asked for stands in a narrow index along the keys.
    scanned: bool,
}

impl Way {
    /// Neither engine sees how many rows a filter leaves until it has read them: the rarer ones of SQLite are as frequent to it
    /// as any, and PostgreSQL takes them to be spread evenly. So each that has an index is counted, up to a limit.
    fn find(
        conn: &mut Conn,
        scope: &Scope,
        collection: Collection,
        listing: &Listing<RecordRow>,
        few: usize,
    ) -> Result<Self, StoreError> {
        let filters = &listing.filters;
        let candidate = |filter: &Filter| match filter {
            Filter::Column { column, values, .. } => has_index(collection, listing.column(*column), values.first()),
            Filter::Texts(_) => listing.list.texts.is_some_and(|texts| texts.pieces_of.is_some()),
            Filter::Place(_) => collection == Collection::Households,
            Filter::Overdue(_) => false,
        };
        let by_key = listing.order[0].column < KEYS;
        let first = listing.order[0].column;
        let along = OF_RECORDS.contains(&first) || !by_key && has_index(collection, listing.column(first), None);
        let scanned = is_scanned(collection, listing);
        let mut way = Self { first: None, by_index: vec![true; filters.len()], along, scanned };
        let counted: Vec<usize> = (0..filters.len()).filter(|i| candidate(&filters[*i])).collect();
        if counted.is_empty() || by_key && passes_over_none(collection, listing) {
            return Ok(way);
        }
        let engine = engine(conn);
        // Of one value an index has the rows county by county; anything else it is not to be left for a whole region's rows.
        let whole_region =
            if matches!(scope, Scope::Region(_)) { dialect::bucket_by_no_index(engine) } else { "f.bucket" };
        let of = |i: &usize| {
            let single = is_one_value(collection, listing, &filters[*i]);
            let bucket = if single { "f.bucket" } else { whole_region };
            let from = Sql::new(format!("FROM {} f WHERE ", collection.name())).in_scope(bucket, scope);
            (listing.narrowed(engine, from, &filters[*i], true), if single { SEVERAL * few } else { few })
        };
        let counts = listing::counted(conn, &counted.iter().map(of).collect::<Vec<_>>())?;
        for (i, count) in counted.iter().zip(&counts) {
            let in_order = by_key && is_one_value(collection, listing, &filters[*i]);
            way.by_index[*i] = *count < few || in_order && (!scanned || *count < SEVERAL * few);
        }
        way.first =
            counted.into_iter().zip(counts).filter(|(_, count)| *count < few).min_by_key(|(_, n)| *n).map(|(i, _)| i);
        Ok(way)
    }

    /// `FROM … WHERE …` with every filter, to be put in order.
    fn ordered(&self, engine: Engine, scope: &Scope, collection: Collection, listing: &Listing<RecordRow>) -> Sql {
        self.from(engine, scope, collection, listing, orders_records(listing))
    }

    /// The same, to be counted.
    fn counted(&self, engine: Engine, scope: &Scope, collection: Collection, listing: &Listing<RecordRow>) -> Sql {
        // One filter is counted in its index. What several leave is counted along the keys where that needs no look at the
        // rows: each index would need one for each of its own.
        let by_index = vec![!self.scanned || listing.filters.len() == 1; listing.filters.len()];
        Self { by_index, along: false, ..*self }.from(engine, scope, collection, listing, false)
    }

    fn from(
        &self,
        engine: Engine,
        scope: &Scope,
        collection: Collection,
        listing: &Listing<RecordRow>,
        by_records: bool,
    ) -> Sql {
        let (table, number) = (collection.name(), collection.number());
        let no_index = dialect::bucket_by_no_index(engine);
        let bucket = if self.along && self.first.is_none() { no_index } else { "f.bucket" };
        let asks_records = by_records || filters_records(listing);
        let walks_records = by_records && self.first.is_none() && OF_RECORDS.contains(&listing.order[0].column);
        let mut sql = match self.first {
            // First all that it leaves, then what else is asked of them.
            Some(first) => {
                let columns = needed(listing).into_iter().collect::<Vec<_>>().join(", ");
                let few = format!("FROM (WITH few AS MATERIALIZED (SELECT {columns} FROM {table} f WHERE ");
                let few = Sql::new(few).in_scope(no_index, scope);
                listing.narrowed(engine, few, &listing.filters[first], true).sql(") SELECT * FROM few) f")
            }
            // In this order SQLite joins them: along the index of times.
            None if walks_records => Sql::new(format!("FROM records r CROSS JOIN {table} f")),
            None => Sql::new(format!("FROM {table} f")),
        };
        if asks_records && !walks_records {
            sql = sql.sql(" CROSS JOIN records r");
        }
        sql = sql.sql(" WHERE ").in_scope(bucket, scope);
        if asks_records {
            sql = sql.sql(format!(" AND r.bucket = f.bucket AND r.collection = {number} AND r.id = f.id"));
        }
        for (i, filter) in listing.filters.iter().enumerate().filter(|(i, _)| Some(*i) != self.first) {
            sql = listing.narrowed(engine, sql, filter, self.by_index[i] && self.first.is_none());
        }
        sql
    }
}

/// A page of a collection's living records in scope, without the total: see [`totals`].
pub fn page(
    conn: &mut Conn,
    scope: &Scope,
    collection: Collection,
    listing: &Listing<RecordRow>,
) -> Result<Found<RecordRow>, StoreError> {
    page_where(conn, scope, collection, listing, FEW)
}

/// [`page`], with what counts as few.
pub(super) fn page_where(
    conn: &mut Conn,
    scope: &Scope,
    collection: Collection,
    listing: &Listing<RecordRow>,
    few: usize,
) -> Result<Found<RecordRow>, StoreError> {
    let way = Way::find(conn, scope, collection, listing, few)?;
    let engine = engine(conn);
    let from = way.ordered(engine, scope, collection, listing);
    let number = collection.number();
    listing::page_of::<RecordSql, _>(conn, listing, &from, |rest, terms| {
        let key = |i: usize| format!("f.k{i}{}", if terms[i].down { " DESC" } else { "" });
        let order = (0..terms.len()).map(key).collect::<Vec<_>>().join(", ");
        let mut sql = Sql::new(format!("SELECT {RECORD_COLUMNS} FROM (SELECT f.bucket, f.id"));
        for (i, term) in terms.iter().enumerate() {
            sql = sql.sql(", ").join(term.sql.clone()).sql(format!(" AS k{i}"));
        }
        sql.sql(" ").join(rest).sql(format!(
            ") f CROSS JOIN records r WHERE r.bucket = f.bucket AND r.collection = {number} AND r.id = f.id ORDER BY {order}"
        ))
    })
}

/// The first keys behind `after`, of a list in their order. So many rows count as few.
pub fn keys(
    conn: &mut Conn,
    scope: &Scope,
    collection: Collection,
    listing: &Listing<RecordRow>,
    after: Option<(Bucket, Uuid)>,
    most: usize,
    few: usize,
) -> Result<Vec<(Bucket, Uuid)>, StoreError> {
    let way = Way::find(conn, scope, collection, listing, few)?;
    let mut sql = Sql::new("SELECT f.bucket, f.id ").join(way.ordered(engine(conn), scope, collection, listing));
    if let Some((bucket, id)) = after {
        let values = [Value::Int(bucket.code().into()), Value::Uuid(id)];
        sql = sql.sql(" AND (f.bucket, f.id) > ").list(values);
    }
    let sql = sql.sql(format!(" ORDER BY f.bucket, f.id LIMIT {most}"));
    let keys = listing::rows::<(Integer, DbUuid), (i32, Id)>(conn, sql)?;
    keys.into_iter().map(|(bucket, id)| Ok((bucket_of(bucket)?, id.0))).collect()
}

/// The page of a list in the order of its keys that has these, the first behind it among them.
pub fn page_of_keys(
    conn: &mut Conn,
    collection: Collection,
    keys: &[(Bucket, Uuid)],
    limit: usize,
) -> Result<Found<RecordRow>, StoreError> {
    let shown = &keys[..keys.len().min(limit)];
    let wanted: Vec<Key> = shown.iter().map(|(bucket, id)| Key { bucket: *bucket, collection, id: *id }).collect();
    let mut found = records::load(conn, &wanted)?;
    let rows: Vec<RecordRow> = wanted.iter().filter_map(|key| found.remove(key)).collect();
    let place = |(bucket, id): &(Bucket, Uuid)| vec![Value::Int(bucket.code().into()), Value::Uuid(*id)];
    let next = shown.last().filter(|_| keys.len() > limit).map(place);
    Ok(Found { rows, next, total: None })
}

/// How many rows all pages of a list have, county by county; those with none are left out.
pub fn totals(
    conn: &mut Conn,
    scope: &Scope,
    collection: Collection,
    listing: &Listing<RecordRow>,
) -> Result<BTreeMap<Bucket, u64>, StoreError> {
    totals_where(conn, scope, collection, listing, FEW)
}

/// [`totals`], with what counts as few.
pub(super) fn totals_where(
    conn: &mut Conn,
    scope: &Scope,
    collection: Collection,
    listing: &Listing<RecordRow>,
    few: usize,
) -> Result<BTreeMap<Bucket, u64>, StoreError> {
    let way = Way::find(conn, scope, collection, listing, few)?;
    let from = way.counted(engine(conn), scope, collection, listing);
    let sql = Sql::new("SELECT f.bucket, count(*) ").join(from).sql(" GROUP BY f.bucket");
    let counts = listing::rows::<(Integer, BigInt), (i32, i64)>(conn, sql)?;
    counts.into_iter().map(|(bucket, count)| Ok((bucket_of(bucket)?, count as u64))).collect()
}

/// How far the places of a collection's living records reach, county by county; those with none are left out.
pub fn extents(conn: &mut Conn, scope: &Scope, collection: Collection) -> Result<BTreeMap<Bucket, Extent>, StoreError> {
    let table = collection.name();
    let sql =
        Sql::new(format!("SELECT f.bucket, min(f.lat), min(f.lon), max(f.lat), max(f.lon) FROM {table} f WHERE "));
    let sql = sql.in_scope("f.bucket", scope).sql(" AND f.lat IS NOT NULL AND f.lon IS NOT NULL GROUP BY f.bucket");
    let extents = listing::rows::<(Integer, Double, Double, Double, Double), (i32, f64, f64, f64, f64)>(conn, sql)?;
    let extent = |(bucket, south, west, north, east)| Ok((bucket_of(bucket)?, Extent { south, west, north, east }));
    extents.into_iter().map(extent).collect()
}
