//! The findings of a campaign.

use super::conn::{Conn, StoreError};
use super::listing::{self, Sql, Value};
use super::types::{DbJson, DbUuid, Id, JsonText};
use diesel::sql_types::Text;
use std::collections::HashMap;
use sync_core::{Bucket, Collection, Fields};
use uuid::Uuid;

/// The living findings of a county (which the caller has in scope), but those whose visits belong to other campaigns.
pub fn of_county(conn: &mut Conn, campaign: Uuid, county: Bucket) -> Result<Vec<Fields>, StoreError> {
    let of = |select: &str, collection: Collection| {
        let number = collection.number();
        let sql = Sql::new(format!("SELECT {select} FROM records r WHERE r.collection = {number} AND NOT r.deleted"));
        sql.sql(" AND r.bucket = ").bind(Value::Int(county.code().into())).sql(" ORDER BY r.id")
    };
    let visits = of("r.id, r.fields->>'campaign'", Collection::Visits);
    let visits = listing::rows::<(DbUuid, Text), (Id, String)>(conn, visits)?;
    let visits: HashMap<String, String> =
        visits.into_iter().map(|(id, campaign)| (id.0.to_string(), campaign)).collect();
    let campaign = campaign.to_string();
    let findings = listing::rows::<DbJson, JsonText>(conn, of("r.fields", Collection::Findings))?;
    let read = |json: JsonText| Fields::from_canonical(&json.0).map_err(|error| StoreError::Corrupt(error.to_string()));
    let findings = findings.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let belongs = |fields: &Fields| {
        let visit = fields.get("visit").and_then(|text| serde_json::from_str::<String>(text).ok());
        // One without a visit, or whose visit has not arrived, is told in any case.
        visit.and_then(|visit| visits.get(&visit)).is_none_or(|of| *of == campaign)
    };
    Ok(findings.into_iter().filter(belongs).collect())
}
