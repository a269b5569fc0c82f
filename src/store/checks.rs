//! Whether a database says the same twice: what its records add up to against what is kept of each county, each record
//! against its digest and its past, the collections' own tables against the records.

use super::buckets::{self, Head};
use super::conn::{Conn, StoreError};
use super::listing::{self, Sql, Value};
use super::promoted;
use super::records::{Key, RECORD_COLUMNS, RecordRow, RecordSql, digest, digest_of};
use super::types::Id;
use diesel::sql_types::BigInt;
use std::fmt;
use sync_core::{Bucket, Collection, Scope, Sum, canonical};

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// What is kept of the county differs from what its records give.
    Head { what: &'static str, kept: String, found: String },
    /// A record's content cannot be read, or its digest is not that of its content.
    Record { key: Key, what: &'static str },
    /// A row of a collection's own table is missing, left over, or not what its record says.
    Row(Key),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head { what, kept, found } => write!(f, "{what}: kept {kept}, found {found}"),
            Self::Record { key, what } => write!(f, "{}/{}: {what}", key.collection.name(), key.id),
            Self::Row(key) => {
                write!(f, "{}/{}: its row in `{0}` is not what the record says", key.collection.name(), key.id)
            }
        }
    }
}

/// What was looked through of a county, and what is wrong there.
#[derive(Debug, Default)]
pub struct County {
    pub records: u64,
    pub wrong: Vec<Wrong>,
}

/// Every county, by its code.
pub fn counties(conn: &mut Conn) -> Result<Vec<Bucket>, StoreError> {
    Ok(buckets::seqs(conn)?.into_keys().collect())
}

/// Records that are read at a time.
const PAGE: usize = 1000;

/// Looks through a county; `conn` shows one moment.
pub fn county(conn: &mut Conn, bucket: Bucket) -> Result<County, StoreError> {
    let scope = Scope::Counties([bucket].into());
    let kept = buckets::in_scope(conn, &scope)?.remove(&bucket).unwrap_or_default();
    let mut county = County::default();
    let mut found = Head { tombstone_floor: kept.tombstone_floor, largest: kept.largest, ..Head::default() };
    let (mut overtaken, mut largest) = (0, 0);
    let mut after: Option<(i16, Id)> = None;
    loop {
        let page = page(conn, bucket, after)?;
        let Some(last) = page.last() else { break };
        after = Some((last.collection, last.id));
        for row in page {
            county.records += 1;
            found.seq = found.seq.max(row.seq as u64);
            overtaken += row.rev as u64 - 1;
            largest = largest.max(row.fields.0.len() as u64);
            judge(row, &mut found, &mut county.wrong)?;
        }
    }
    found.parked = number(conn, "held_ops h WHERE h.status = 'parked' AND h.state = 'open' AND h.bucket = ", bucket)?;
    if largest > kept.largest {
        found.largest = largest;
    }
    county.wrong.extend(differences(&kept, &found));
    let past = number(conn, "history h WHERE h.bucket = ", bucket)?;
    if past != overtaken {
        let what = "operations in the history, against the revs of the records";
        county.wrong.push(Wrong::Head { what, kept: past.to_string(), found: overtaken.to_string() });
    }
    for collection in Collection::ALL {
        county.wrong.extend(promoted::wrong(conn, bucket, collection)?.into_iter().map(Wrong::Row));
    }
    Ok(county)
}

/// One record against its own digest; adds it to what the county has.
fn judge(row: RecordRow, found: &mut Head, wrong: &mut Vec<Wrong>) -> Result<(), StoreError> {
    let key = row.key()?;
    let kept = digest_of(&row.digest)?;
    if !row.deleted {
        found.live += 1;
        found.sum = found.sum.plus(kept);
    }
    match serde_json::from_str(&row.fields.0).map(|content| canonical::to_string(&content)) {
        Err(_) => wrong.push(Wrong::Record { key, what: "its content cannot be read" }),
        Ok(written) if written != row.fields.0 => {
            wrong.push(Wrong::Record { key, what: "its content is not in canonical form" });
        }
        Ok(_) => {
            let json = row.fields.0.clone();
            match row.into_record() {
                Ok(record) if digest(&key, &record, &json) != kept => {
                    wrong.push(Wrong::Record { key, what: "its digest is not that of its content" });
                }
                Ok(_) => {}
                Err(_) => wrong.push(Wrong::Record { key, what: "what is kept of its writers cannot be read" }),
            }
        }
    }
    Ok(())
}

fn differences(kept: &Head, found: &Head) -> Vec<Wrong> {
    let sum = |sum: Sum| sum.to_string();
    [
        ("live records", kept.live.to_string(), found.live.to_string()),
        ("sum of digests", sum(kept.sum), sum(found.sum)),
        ("parked operations", kept.parked.to_string(), found.parked.to_string()),
        ("bytes of the largest record", kept.largest.to_string(), found.largest.to_string()),
        // Sequence numbers may jump, but never lie behind.
        ("last sequence number", kept.seq.to_string(), found.seq.max(kept.seq).to_string()),
    ]
    .into_iter()
    .filter(|(_, kept, found)| kept != found)
    .map(|(what, kept, found)| Wrong::Head { what, kept, found })
    .collect()
}

fn page(conn: &mut Conn, bucket: Bucket, after: Option<(i16, Id)>) -> Result<Vec<RecordRow>, StoreError> {
    let code = Value::Int(i64::from(bucket.code()));
    let mut sql = Sql::new(format!("SELECT {RECORD_COLUMNS} FROM records r WHERE r.bucket = ")).bind(code);
    if let Some((collection, Id(id))) = after {
        sql = sql.sql(" AND (r.collection, r.id) > ").list([Value::Int(collection.into()), Value::Uuid(id)]);
    }
    listing::rows::<RecordSql, _>(conn, sql.sql(format!(" ORDER BY r.collection, r.id LIMIT {PAGE}")))
}

fn number(conn: &mut Conn, of: &'static str, bucket: Bucket) -> Result<u64, StoreError> {
    let code = Value::Int(i64::from(bucket.code()));
    let counted: Vec<i64> = listing::rows::<BigInt, _>(conn, Sql::new("SELECT count(*) FROM ").sql(of).bind(code))?;
    Ok(counted.first().copied().unwrap_or_default() as u64)
}
