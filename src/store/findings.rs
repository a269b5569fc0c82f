//! The findings of a campaign.

use super::conn::{Conn, StoreError};
use super::dialect::{self, engine};
use super::listing::{self, Sql, Value};
use super::records::bucket_of;
use super::types::{DbJson, DbUuid, Id, JsonText};
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use sync_core::{Bucket, Collection, Fields, Scope};
use uuid::Uuid;

/// The findings of a campaign in one county (which the caller has in scope).
pub fn of_county(conn: &mut Conn, campaign: Uuid, county: Bucket) -> Result<Vec<Fields>, StoreError> {
    let sql = of_campaign(Sql::new("SELECT r.fields"), campaign, &Scope::Counties([county].into()));
    let found = listing::rows::<DbJson, JsonText>(conn, sql.sql(" ORDER BY f.id"))?;
    let read = |json: JsonText| Fields::from_canonical(json.0).map_err(|error| StoreError::Corrupt(error.to_string()));
    found.into_iter().map(read).collect()
}

/// So many findings of a county are alike.
#[derive(Debug, Clone)]
pub struct Alike {
    pub county: Bucket,
    pub topic: String,
    pub kind: Option<String>,
    pub severity: Option<String>,
    pub state: Option<String>,
    pub count: u64,
    pub overdue: u64,
}

type AlikeSql = (Integer, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, BigInt, BigInt);
type AlikeRow = (i32, String, Option<String>, Option<String>, Option<String>, i64, i64);

/// `FROM … WHERE …`: the findings in scope, but those whose visits belong to other campaigns. One without a visit, or whose
/// visit has not arrived, is told in any case.
fn of_campaign(sql: Sql, campaign: Uuid, scope: &Scope) -> Sql {
    let sql = sql.sql(" FROM findings f LEFT JOIN visits x ON x.bucket = f.bucket AND x.id = f.visit");
    let number = Collection::Findings.number();
    let sql =
        sql.sql(format!(" JOIN records r ON r.bucket = f.bucket AND r.collection = {number} AND r.id = f.id WHERE "));
    sql.in_scope("f.bucket", scope).sql(" AND (x.id IS NULL OR x.campaign = ").bind(Value::Uuid(campaign)).sql(")")
}

/// How many findings there are of each sort, county by county.
pub fn counts(conn: &mut Conn, campaign: Uuid, scope: &Scope) -> Result<Vec<Alike>, StoreError> {
    let today = dialect::today(engine(conn));
    let sql = Sql::new(format!(
        "SELECT f.bucket, f.topic, f.kind, f.severity, f.state, COUNT(*), \
         COUNT(CASE WHEN f.due_on < {today} AND (f.state IS NULL OR f.state NOT IN ('closed', 'rejected')) THEN 1 END)"
    ));
    let sql = of_campaign(sql, campaign, scope);
    let sql = sql.sql(" GROUP BY f.bucket, f.topic, f.kind, f.severity, f.state ORDER BY 1, 2, 3, 4, 5");
    let alike = |(bucket, topic, kind, severity, state, count, overdue): AlikeRow| {
        let county = bucket_of(bucket)?;
        Ok(Alike { county, topic, kind, severity, state, count: count as u64, overdue: overdue as u64 })
    };
    listing::rows::<AlikeSql, AlikeRow>(conn, sql)?.into_iter().map(alike).collect()
}

/// Problems and difficulties, those that were rejected left out.
const PROBLEMS: &str = " AND (f.kind IS NULL OR f.kind IN ('problem', 'difficulty')) \
     AND (f.state IS NULL OR f.state <> 'rejected')";

/// The most frequent titles of problems: topic, title, and how often.
pub fn frequent(
    conn: &mut Conn,
    campaign: Uuid,
    scope: &Scope,
    most: i64,
) -> Result<Vec<(String, String, u64)>, StoreError> {
    let sql = of_campaign(Sql::new("SELECT f.topic, r.fields->>'title', COUNT(*)"), campaign, scope).sql(PROBLEMS);
    let sql = sql.sql(" GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ").bind(Value::Int(most));
    let rows = listing::rows::<(Text, Text, BigInt), (String, String, i64)>(conn, sql)?;
    Ok(rows.into_iter().map(|(topic, title, count)| (topic, title, count as u64)).collect())
}

/// A finding that is told by itself.
#[derive(Debug, Clone)]
pub struct Told {
    pub county: Bucket,
    pub id: Uuid,
    pub topic: String,
    pub title: String,
}

/// The latest findings of a kind, those that were rejected left out.
pub fn latest(
    conn: &mut Conn,
    campaign: Uuid,
    scope: &Scope,
    kind: &'static str,
    most: i64,
) -> Result<Vec<Told>, StoreError> {
    let sql = of_campaign(Sql::new("SELECT f.bucket, f.id, f.topic, r.fields->>'title'"), campaign, scope);
    let sql = sql.sql(" AND (f.state IS NULL OR f.state <> 'rejected') AND f.kind = ").bind(Value::Text(kind.into()));
    let sql = sql.sql(" ORDER BY r.at_ms DESC, f.bucket, f.id LIMIT ").bind(Value::Int(most));
    let told = |(bucket, id, topic, title): (i32, Id, String, String)| {
        Ok(Told { county: bucket_of(bucket)?, id: id.0, topic, title })
    };
    listing::rows::<(Integer, DbUuid, Text, Text), _>(conn, sql)?.into_iter().map(told).collect()
}
