//! What statistics are worked out from: answers, fields of the register, and the places of draws.

use super::conn::{Conn, StoreError};
use super::listing::{self, Sql, Value};
use super::records::bucket_of;
use super::types::{DbJson, DbUuid, Id, JsonText};
use crate::insight::interviews::{Interview, Interviews, Unit};
use crate::insight::statistics::{Place, Places};
use diesel::sql_types::{BigInt, Double, Integer, Nullable, Text};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use sync_core::{Bucket, Collection, Fields, Scope};
use uuid::Uuid;

/// Counties that are taken out at a time: as many as memory has room for.
const AT_ONCE: usize = 16;

/// Texts of which there are few: each is kept once.
#[derive(Default)]
struct Few(HashSet<Arc<str>>);

impl Few {
    fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.0.insert(new.clone());
        new
    }
}

type InterviewSql = (
    (Integer, DbUuid, DbUuid, Text, Nullable<Text>, DbUuid, Nullable<DbUuid>, Nullable<DbUuid>, Nullable<Text>),
    (Nullable<DbUuid>, Nullable<Text>, Text, Text, DbJson),
);
type InterviewRow = (
    (i32, Id, Id, String, Option<String>, Id, Option<Id>, Option<Id>, Option<String>),
    (Option<Id>, Option<String>, String, String, JsonText),
);

/// The interviews of a campaign's done visits in these counties, each county's given to `each`.
pub fn interviews(
    conn: &mut Conn,
    campaign: Uuid,
    counties: &BTreeSet<Bucket>,
    each: &mut dyn FnMut(Bucket, Interviews),
) -> Result<(), StoreError> {
    let counties: Vec<Bucket> = counties.iter().copied().collect();
    for some in counties.chunks(AT_ONCE) {
        let sql = Sql::new(format!(
            "SELECT i.bucket, i.id, x.campaign, x.day, x.state, x.id, x.sample_slot, \
             x.household, x.village, i.household, i.village, i.level, i.form, r.fields \
             FROM interviews i JOIN visits x ON x.bucket = i.bucket AND x.id = i.visit \
             JOIN records r ON r.bucket = i.bucket AND r.collection = {} AND r.id = i.id WHERE ",
            Collection::Interviews.number()
        ));
        let sql = sql.in_scope("i.bucket", &Scope::Counties(some.iter().copied().collect()));
        let mut few = Few::default();
        let mut found: BTreeMap<Bucket, Vec<(Interview, Fields)>> = BTreeMap::new();
        for row in listing::rows::<InterviewSql, InterviewRow>(conn, sql)? {
            let ((bucket, id, of, day, state, visit, slot, visited, there), (household, village, level, form, json)) =
                row;
            // Here, and not in the statement: its index would lead through the whole province.
            if of.0 != campaign || state.is_some_and(|state| state != "done") {
                continue;
            }
            let (household, village) = (household.or(visited), village.or_else(|| there.clone()));
            let (unit, is_visited) = match (&*level, household, village) {
                ("household", Some(household), _) => (Unit::Household(household.0), visited == Some(household)),
                ("village", _, Some(village)) => (Unit::Village(few.get(&village)), there.as_ref() == Some(&village)),
                _ => (Unit::Interview(id.0), false),
            };
            let interview = Interview {
                id: id.0,
                day: few.get(&day),
                visit: visit.0,
                level: few.get(&level),
                form: few.get(&form),
                slot: slot.filter(|_| is_visited).map(|id| id.0),
                unit,
            };
            let fields = Fields::from_canonical(json.0).map_err(|error| StoreError::Corrupt(error.to_string()))?;
            found.entry(bucket_of(bucket)?).or_default().push((interview, fields));
        }
        for county in some {
            let all = found.remove(county).unwrap_or_default();
            let answers = |fields: &Fields| -> Vec<(String, String)> {
                let named = fields.iter().filter_map(|(name, json)| Some((name.strip_prefix("answers.")?, json)));
                named.map(|(name, json)| (name.to_owned(), json.to_owned())).collect()
            };
            each(
                *county,
                Interviews::new(all.into_iter().map(|(interview, fields)| (interview, answers(&fields))).collect()),
            );
        }
    }
    Ok(())
}

/// How often each value stands in a column of the households that are not removed from the register, by county: as the
/// database writes it.
pub fn register(
    conn: &mut Conn,
    counties: &BTreeSet<Bucket>,
    column: &str,
) -> Result<Vec<(Bucket, Option<String>, u64)>, StoreError> {
    let value = format!("CAST(h.{column} AS TEXT)");
    let select = format!("SELECT h.bucket, {value}, count(*) FROM households h WHERE ");
    let sql = Sql::new(select).in_scope("h.bucket", &Scope::Counties(counties.clone()));
    let sql = sql.sql(" AND (h.status IS NULL OR h.status <> 'removed')").sql(format!(" GROUP BY h.bucket, {value}"));
    let found = listing::rows::<(Integer, Nullable<Text>, BigInt), (i32, Option<String>, i64)>(conn, sql)?;
    found.into_iter().map(|(bucket, text, count)| Ok((bucket_of(bucket)?, text, count as u64))).collect()
}

/// What stands in a column of the households of these counties' interviews, by interview.
pub fn beside(
    conn: &mut Conn,
    counties: &BTreeSet<Bucket>,
    column: &str,
) -> Result<HashMap<(Bucket, Uuid), String>, StoreError> {
    let select = format!(
        "SELECT i.bucket, i.id, CAST(h.{column} AS TEXT) FROM interviews i \
         JOIN visits x ON x.bucket = i.bucket AND x.id = i.visit \
         JOIN households h ON h.bucket = i.bucket AND h.id = COALESCE(i.household, x.household) \
         WHERE h.{column} IS NOT NULL AND "
    );
    let sql = Sql::new(select).in_scope("i.bucket", &Scope::Counties(counties.clone()));
    let found = listing::rows::<(Integer, DbUuid, Text), (i32, Id, String)>(conn, sql)?;
    found.into_iter().map(|(bucket, id, text)| Ok(((bucket_of(bucket)?, id.0), text))).collect()
}

type PlaceSql = (Integer, Text, DbUuid, Nullable<DbUuid>, DbUuid, Text, Text, Double, Double);
type PlaceRow = (i32, String, Id, Option<Id>, Id, String, String, f64, f64);

/// The units that hold places of a campaign's draws in these counties, each county's given to `each`.
pub fn places(
    conn: &mut Conn,
    campaign: Uuid,
    counties: &BTreeSet<Bucket>,
    each: &mut dyn FnMut(Bucket, Places),
) -> Result<(), StoreError> {
    let sql = Sql::new(
        "SELECT u.bucket, d.level, u.draw_id, d.first_stage_id, u.id, u.unit, u.stratum, u.probability, u.overall \
         FROM draw_units u JOIN draws d ON d.bucket = u.bucket AND d.id = u.draw_id WHERE u.state = 'active' \
         AND d.campaign_id = ",
    );
    let sql = sql.bind(Value::Uuid(campaign)).sql(" AND ").in_scope("u.bucket", &Scope::Counties(counties.clone()));
    let sql = sql.sql(" ORDER BY u.bucket, u.draw_id, u.stratum, u.place");
    let mut few = Few::default();
    let mut found: BTreeMap<Bucket, Places> = counties.iter().map(|county| (*county, Places::default())).collect();
    for row in listing::rows::<PlaceSql, PlaceRow>(conn, sql)? {
        let (bucket, level, draw, first_stage, id, unit, stratum, probability, overall) = row;
        let county = bucket_of(bucket)?;
        let unit = unit.into();
        let (level, stratum, first_stage) = (few.get(&level), few.get(&stratum), first_stage.map(|id| id.0));
        let (draw, id, code) = (draw.0, id.0, county.code());
        let place = Place { county: code, level, draw, first_stage, id, unit, stratum, probability, overall };
        found.entry(county).or_default().0.push(place);
    }
    for (county, places) in found {
        each(county, places);
    }
    Ok(())
}
