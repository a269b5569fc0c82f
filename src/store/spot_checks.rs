//! Visits that look again, those they look over, and the answers of both.

use super::conn::{Conn, StoreError};
use super::dialect::Rows;
use super::listing::{self, Sql, Value};
use super::records::bucket_of;
use super::types::{DbJson, DbUuid, Id, JsonText};
use crate::insight::agreement::{Answers, Seen};
use crate::load_rows;
use diesel::sql_types::{Integer, Text};
use std::collections::BTreeSet;
use sync_core::{Bucket, Collection, Fields, Scope};
use uuid::Uuid;

/// The teams in scope that have nothing but `spot_check` assignments of a campaign in a county.
pub fn teams(conn: &mut Conn, campaign: Uuid, scope: &Scope) -> Result<Vec<(Bucket, Uuid)>, StoreError> {
    let sql = Sql::new("SELECT a.bucket, a.team_id FROM assignments a WHERE a.campaign_id = ");
    let sql = sql.bind(Value::Uuid(campaign)).sql(" AND ").in_scope("a.bucket", scope);
    let sql =
        sql.sql(" GROUP BY a.bucket, a.team_id HAVING sum(CASE WHEN a.kind = 'spot_check' THEN 0 ELSE 1 END) = 0");
    let found = listing::rows::<(Integer, DbUuid), (i32, Id)>(conn, sql)?;
    found.into_iter().map(|(bucket, team)| Ok((bucket_of(bucket)?, team.0))).collect()
}

type VisitSql = (Integer, DbUuid, DbUuid, DbUuid, Text);
type VisitRow = (i32, Id, Id, Id, String);

/// The done visits of a campaign to households of these counties.
pub fn visits(conn: &mut Conn, campaign: Uuid, counties: &BTreeSet<Bucket>) -> Result<Vec<Seen>, StoreError> {
    let sql = Sql::new(
        "SELECT f.bucket, f.id, f.team, f.household, f.day FROM visits f \
         WHERE f.household IS NOT NULL AND COALESCE(f.state, 'done') = 'done' AND f.campaign = ",
    );
    let sql = sql.bind(Value::Uuid(campaign)).sql(" AND ").in_scope("f.bucket", &Scope::Counties(counties.clone()));
    let seen = |(bucket, id, team, household, day): VisitRow| {
        Ok(Seen { county: bucket_of(bucket)?, id: id.0, team: team.0, household: household.0, day })
    };
    listing::rows::<VisitSql, VisitRow>(conn, sql)?.into_iter().map(seen).collect()
}

/// The answers of these visits' interviews of households; of two interviews of one visit by one form, the later one's.
pub fn answers(conn: &mut Conn, visits: &BTreeSet<(Bucket, Uuid)>) -> Result<Answers, StoreError> {
    let asked = Rows::new()
        .int("bucket", visits.iter().map(|(county, _)| county.code() as i32))
        .uuid("visit", visits.iter().map(|(_, id)| Id(*id)));
    let tail = format!(
        "SELECT i.visit, i.form, r.fields FROM v CROSS JOIN interviews i \
         CROSS JOIN records r WHERE i.bucket = v.bucket AND i.visit = v.visit AND r.bucket = i.bucket \
         AND r.collection = {} AND r.id = i.id AND i.level = 'household' ORDER BY i.id",
        Collection::Interviews.number()
    );
    let mut answers = Answers::new();
    for (visit, form, json) in load_rows!(conn, &asked, &tail, (DbUuid, Text, DbJson) => (Id, String, JsonText))? {
        let fields = Fields::from_canonical(json.0).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let given = answers.entry(visit.0).or_default();
        for (name, value) in fields.iter() {
            if let Some(question) = name.strip_prefix("answers.") {
                given.insert((form.clone(), question.to_owned()), value.to_owned());
            }
        }
    }
    Ok(answers)
}
