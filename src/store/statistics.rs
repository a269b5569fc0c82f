//! What statistics are reckoned from: answers, fields of the register, and the places of draws.

use super::conn::{Conn, Engine, StoreError};
use super::dialect::engine;
use super::draws::Sight;
use super::listing::{self, Sql, Value};
use super::records::bucket_of;
use super::types::{DbUuid, Id};
use crate::insight::statistics::Place;
use diesel::sql_types::{Double, Integer, Nullable, Text};
use sync_core::canonical::write_string;
use sync_core::{Bucket, Collection, Scope};
use uuid::Uuid;

/// Characters of an answer that are looked at: longer ones are free texts.
const LONGEST: usize = 400;

/// What was said in one interview, or stands of one household.
#[derive(Debug, Clone)]
pub struct Said {
    pub county: Bucket,
    /// The place of a draw.
    pub slot: Option<Uuid>,
    /// The household, the village's code, or the interview.
    pub unit: String,
    /// JSON, perhaps cut off; of a household's field, as the database writes it.
    pub value: Option<String>,
    /// A field of the household, as the database writes it.
    pub register: Option<String>,
}

type SaidSql = (Integer, Nullable<DbUuid>, Text, Nullable<Text>, Nullable<Text>);
type SaidRow = (i32, Option<Id>, String, Option<String>, Option<String>);

/// Which answers are meant.
#[derive(Debug, Clone)]
pub struct Question {
    pub key: String,
    /// Of the interviews.
    pub level: &'static str,
    pub form: Option<String>,
    /// A column of the households to set beside it.
    pub register: Option<String>,
}

fn uuid_text(conn: &Conn, column: &str) -> String {
    match engine(conn) {
        Engine::Postgres => format!("CAST({column} AS TEXT)"),
        Engine::Sqlite => format!("hex({column})"),
    }
}

/// The answers to a question in the interviews of a campaign's done visits, the earliest first.
pub fn answers(conn: &mut Conn, campaign: Uuid, scope: &Scope, question: &Question) -> Result<Vec<Said>, StoreError> {
    let mut name = String::new();
    write_string(&format!("answers.{}", question.key), &mut name);
    name.push(':');
    let (fields, find) = match engine(conn) {
        Engine::Postgres => ("CAST(r.fields AS TEXT)", "strpos"),
        Engine::Sqlite => ("r.fields", "instr"),
    };
    let household = "COALESCE(i.household, x.household)";
    let unit = match question.level {
        "household" => uuid_text(conn, &format!("COALESCE({household}, i.id)")),
        "village" => format!("COALESCE(i.village, x.village, {})", uuid_text(conn, "i.id")),
        _ => uuid_text(conn, "i.id"),
    };
    let register =
        question.register.as_ref().map_or_else(|| "NULL".to_owned(), |column| format!("CAST(h.{column} AS TEXT)"));
    // A name in quotes with a colon behind it stands in the text of a record once: inside a text the quotes are escaped.
    let sql = Sql::new(format!("SELECT i.bucket, x.sample_slot, {unit}, CASE WHEN {find}({fields}, "))
        .bind(Value::Text(name.clone()))
        .sql(format!(") > 0 THEN substr({fields}, {find}({fields}, "))
        .bind(Value::Text(name.clone()))
        .sql(format!(") + {}, {LONGEST}) END, {register} FROM visits x ", name.chars().count()))
        .sql("JOIN interviews i ON i.bucket = x.bucket AND i.visit = x.id ")
        .sql(format!(
            "JOIN records r ON r.bucket = i.bucket AND r.collection = {} AND r.id = i.id ",
            Collection::Interviews.number()
        ));
    let sql = if question.register.is_some() {
        sql.sql(format!("LEFT JOIN households h ON h.bucket = i.bucket AND h.id = {household} "))
    } else {
        sql
    };
    let sql = sql.sql("WHERE (x.state IS NULL OR x.state = 'done') AND x.campaign = ").bind(Value::Uuid(campaign));
    let sql = sql.sql(" AND i.level = ").bind(Value::Text(question.level.into())).sql(" AND ");
    let sql = sql.in_scope("x.bucket", scope);
    let sql = match &question.form {
        Some(form) => sql.sql(" AND i.form = ").bind(Value::Text(form.clone())),
        None => sql,
    };
    said(conn, sql.sql(" ORDER BY x.day, x.id, i.id"))
}

fn said(conn: &mut Conn, sql: Sql) -> Result<Vec<Said>, StoreError> {
    let said = |(bucket, slot, unit, value, register): SaidRow| {
        Ok(Said { county: bucket_of(bucket)?, slot: slot.map(|id| id.0), unit, value, register })
    };
    listing::rows::<SaidSql, SaidRow>(conn, sql)?.into_iter().map(said).collect()
}

/// A column of all registered households.
pub fn register(conn: &mut Conn, scope: &Scope, column: &str) -> Result<Vec<Said>, StoreError> {
    let unit = uuid_text(conn, "h.id");
    let select = format!("SELECT h.bucket, NULL, {unit}, CAST(h.{column} AS TEXT), NULL FROM households h WHERE ");
    let sql = Sql::new(select).in_scope("h.bucket", scope);
    said(conn, sql.sql(" AND (h.status IS NULL OR h.status <> 'removed')"))
}

type PlaceSql = (Integer, DbUuid, Nullable<DbUuid>, DbUuid, Text, Text, Double, Double);
type PlaceRow = (i32, Id, Option<Id>, Id, String, String, f64, f64);

/// The units that hold places of a campaign's draws of this level in sight, in the order of draws, strata and places.
pub fn places(conn: &mut Conn, campaign: Uuid, level: &str, sight: &Sight) -> Result<Vec<Place>, StoreError> {
    let select = "SELECT u.bucket, u.draw_id, d.first_stage_id, u.id, u.unit, u.stratum, u.probability, u.overall ";
    let of = "FROM draw_units u JOIN draws d ON d.bucket = u.bucket AND d.id = u.draw_id";
    let sql = Sql::new(select).join(sight.of(of, campaign)).sql(" AND u.state = 'active' AND d.level = ");
    let sql = sql.bind(Value::Text(level.into())).sql(" ORDER BY u.bucket, u.draw_id, u.stratum, u.place");
    let place = |(bucket, draw, first_stage, id, unit, stratum, probability, overall): PlaceRow| {
        let (county, first_stage) = (bucket_of(bucket)?.code(), first_stage.map(|id| id.0));
        Ok(Place { county, draw: draw.0, first_stage, id: id.0, unit, stratum, probability, overall })
    };
    listing::rows::<PlaceSql, PlaceRow>(conn, sql)?.into_iter().map(place).collect()
}
