//! The collections' own tables: one row for each living record, with what lists and reckonings filter, sort and count by
//! (see [`crate::fields::columns`]). The write transaction keeps them, at the one place where a record is put; an edit that
//! touches no column costs nothing here.

use super::buckets;
use super::conn::{Conn, StoreError, Tx, transact};
use super::dialect::{Rows, Writes};
use super::records::{Changed, Key, key_of};
use super::types::{DbJson, DbUuid, Id, JsonText};
use crate::fields::{Cell, Column, ColumnKind, columns, has_column};
use crate::load_rows;
use diesel::sql_types::Integer;
use std::sync::{Arc, LazyLock};
use sync_core::{Bucket, Collection, Fields};
use uuid::Uuid;

/// The statements of one collection.
struct Statements {
    delete: String,
    differing: String,
}

fn statements(collection: Collection) -> &'static Statements {
    static ALL: LazyLock<Vec<Statements>> = LazyLock::new(|| Collection::ALL.into_iter().map(write).collect());
    &ALL[collection as usize - 1]
}

fn write(collection: Collection) -> Statements {
    let table = collection.name();
    let each = |join: &str, one: &dyn Fn(&str) -> String| {
        columns(collection).iter().map(|column| one(&column.name)).collect::<Vec<_>>().join(join)
    };
    let differs = each(" OR ", &|name| format!("f.{name} IS DISTINCT FROM v.{name}"));
    Statements {
        delete: format!("DELETE FROM {table} WHERE (bucket, id) IN (SELECT bucket, id FROM v)"),
        differing: format!(
            "SELECT v.bucket, v.id FROM v LEFT JOIN {table} f ON f.bucket = v.bucket AND f.id = v.id \
             WHERE f.id IS NULL OR {differs}"
        ),
    }
}

/// The rows of one collection's records, with all their columns.
fn rows(collection: Collection, records: &[(Key, &Fields)]) -> Rows {
    columns(collection).iter().fold(keys(records.iter().map(|(key, _)| key)), |rows, column| {
        let cells = records.iter().map(|(_, fields)| column.cell(fields));
        with(rows, column, cells)
    })
}

fn keys<'a>(keys: impl Iterator<Item = &'a Key> + Clone) -> Rows {
    Rows::new().int("bucket", keys.clone().map(|key| key.bucket.code() as i32)).uuid("id", keys.map(|key| Id(key.id)))
}

fn with(rows: Rows, column: &'static Column, cells: impl Iterator<Item = Option<Cell>>) -> Rows {
    macro_rules! column {
        ($method:ident, $variant:ident $(, $wrap:path)?) => {
            rows.$method(&column.name, cells.map(|cell| match cell {
                Some(Cell::$variant(value)) => Some($($wrap)?(value)),
                _ => None,
            }))
        };
    }
    match column.kind {
        ColumnKind::Uuid => column!(opt_uuid, Uuid, Id),
        ColumnKind::Int | ColumnKind::Millis => column!(opt_big, Int),
        ColumnKind::Real => column!(opt_double, Real),
        ColumnKind::Bool => column!(opt_flag, Bool),
        ColumnKind::Text
        | ColumnKind::Whole
        | ColumnKind::Choice(_)
        | ColumnKind::Choices(_)
        | ColumnKind::Village
        | ColumnKind::Day
        | ColumnKind::Search
        | ColumnKind::Grams => column!(opt_text, Text),
    }
}

/// Whether an edit of a living record can have changed a column.
fn is_touched(changed: &Changed<'_>) -> bool {
    let past = changed.subject.overtaken().iter().filter_map(|past| past.touches.as_deref());
    let mut touches = past.chain(changed.record.touches.as_deref()).flatten();
    touches.any(|touch| has_column(changed.key.collection, &touch.name))
}

/// What brings the tables up to what was changed: a statement for each collection and kind of change.
pub fn writes(changed: &[Changed<'_>]) -> Writes {
    let mut writes = Writes::default();
    for collection in Collection::ALL {
        let (mut new, mut old, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for change in changed.iter().filter(|change| change.key.collection == collection) {
            match (change.lived, !change.record.deleted) {
                (false, true) => new.push((change.key, &change.record.fields)),
                (true, true) if is_touched(change) => old.push((change.key, &change.record.fields)),
                (true, false) => gone.push(change.key),
                _ => {}
            }
        }
        if !gone.is_empty() {
            writes.execute(keys(gone.iter()), &statements(collection).delete);
        }
        if !new.is_empty() {
            writes.insert(rows(collection, &new), collection.name());
        }
        if !old.is_empty() {
            writes.update(rows(collection, &old), collection.name(), 2);
        }
    }
    writes
}

/// Which of these living records have no row, or another than their content makes.
pub fn differing(conn: &mut Conn, collection: Collection, records: &[(Key, &Fields)]) -> Result<Vec<Key>, StoreError> {
    let found = load_rows!(conn, &rows(collection, records), &statements(collection).differing, (Integer, DbUuid) => (i32, Id))?;
    found.into_iter().map(|(bucket, id)| key_of(bucket, collection.number(), id)).collect()
}

/// Rows that are looked through at a time.
const PAGE: usize = 1000;

/// The records of one county and collection whose row is not what it should be: missing, different, or left behind.
pub fn wrong(conn: &mut Conn, bucket: Bucket, collection: Collection) -> Result<Vec<Key>, StoreError> {
    let mut wrong = left_behind(conn, bucket, collection)?;
    let mut after = Uuid::nil();
    loop {
        let living = living(conn, bucket, collection, after)?;
        let Some((last, _)) = living.last() else { return Ok(wrong) };
        after = last.id;
        let records: Vec<_> = living.iter().map(|(key, fields)| (*key, fields)).collect();
        wrong.extend(differing(conn, collection, &records)?);
    }
}

/// Makes a county's table anew from its records; gives the number of rows.
pub fn rebuild(tx: &mut Tx<'_>, bucket: Bucket, collection: Collection) -> Result<usize, StoreError> {
    let of = Rows::new().int("bucket", [bucket.code() as i32]);
    of.execute(tx, &format!("DELETE FROM {} WHERE bucket IN (SELECT bucket FROM v)", collection.name()))?;
    let (mut after, mut made) = (Uuid::nil(), 0);
    loop {
        let living = living(tx, bucket, collection, after)?;
        let Some((last, _)) = living.last() else { return Ok(made) };
        after = last.id;
        let records: Vec<_> = living.iter().map(|(key, fields)| (*key, fields)).collect();
        made += rows(collection, &records).insert(tx, collection.name())?;
    }
}

/// Makes every table anew, a transaction for each county; `conn` is in none.
pub fn rebuild_all(conn: &mut Conn) -> Result<(), StoreError> {
    for bucket in buckets::seqs(conn)?.into_keys() {
        transact(conn, &Arc::default(), |tx| {
            for collection in Collection::ALL {
                rebuild(tx, bucket, collection)?;
            }
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(())
}

/// The next page of living records, in the order of their ids. No record has the nil UUID's id twice: it comes by the first
/// page alone.
fn living(
    conn: &mut Conn,
    bucket: Bucket,
    collection: Collection,
    after: Uuid,
) -> Result<Vec<(Key, Fields)>, StoreError> {
    let from = Rows::new().int("bucket", [bucket.code() as i32]).uuid("after", [Id(after)]);
    let (number, than) = (collection.number(), if after.is_nil() { ">=" } else { ">" });
    let tail = format!(
        "SELECT r.id, r.fields FROM records r WHERE r.bucket = (SELECT bucket FROM v) AND r.collection = {number} \
         AND r.id {than} (SELECT after FROM v) AND NOT r.deleted ORDER BY r.id LIMIT {PAGE}"
    );
    let found = load_rows!(conn, &from, &tail, (DbUuid, DbJson) => (Id, JsonText))?;
    let read = |(id, json): (Id, JsonText)| {
        let fields = Fields::from_canonical(json.0).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok((Key { bucket, collection, id: id.0 }, fields))
    };
    found.into_iter().map(read).collect()
}

/// Rows whose record is not there or is deleted.
fn left_behind(conn: &mut Conn, bucket: Bucket, collection: Collection) -> Result<Vec<Key>, StoreError> {
    let of = Rows::new().int("bucket", [bucket.code() as i32]);
    let (table, number) = (collection.name(), collection.number());
    let tail = format!(
        "SELECT f.id FROM v CROSS JOIN {table} f LEFT JOIN records r ON r.bucket = f.bucket AND r.collection = {number} \
         AND r.id = f.id AND NOT r.deleted WHERE f.bucket = v.bucket AND r.id IS NULL"
    );
    let found = load_rows!(conn, &of, &tail, DbUuid => Id)?;
    Ok(found.into_iter().map(|id| Key { bucket, collection, id: id.0 }).collect())
}
