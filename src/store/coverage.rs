//! What coverage is worked out from: the records of a campaign's counties, as they stand now or stood at a moment.

use super::buckets;
use super::conn::{Conn, StoreError};
use super::draws::Sight;
use super::listing::{self, Sql, Value};
use super::records::{Key, RECORD_COLUMNS, RecordRow, RecordSql, bucket_of, load_past};
use super::types::{DbInstant, DbUuid, Id, Instant};
use crate::insight::coverage::{Facts, Slot, State, Visit};
use crate::insight::kept::Versions;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Nullable, Text};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use sync_core::record::{Kind, sayings};
use sync_core::{Bucket, Collection, Fields, Scope};
use uuid::Uuid;

/// A moment of the past, in milliseconds since 1970: what the server had received by then.
pub type Moment = Option<i64>;

type All = BTreeMap<Bucket, Facts>;

/// Counties that are taken out at a time: as many as memory has room for.
const AT_ONCE: usize = 16;

/// What was recorded for a campaign in these counties, each given to `each`.
pub fn facts(
    conn: &mut Conn,
    campaign: Uuid,
    counties: &BTreeSet<Bucket>,
    moment: Moment,
    mut each: impl FnMut(Bucket, &Facts),
) -> Result<(), StoreError> {
    let counties: Vec<Bucket> = counties.iter().copied().collect();
    for some in counties.chunks(AT_ONCE) {
        let mut all: All = some.iter().map(|county| (*county, Facts::default())).collect();
        let of = Of { campaign, scope: Scope::Counties(some.iter().copied().collect()), moment };
        let mut found = Found::default();
        visits(conn, &of, &mut all)?;
        interviews(conn, &of, &mut all, &mut found)?;
        photos(conn, &of, &mut found)?;
        villages(conn, &of, &mut all)?;
        registered(conn, &of, &mut all)?;
        on_register(conn, &of, &mut all)?;
        if let Some(moment) = moment {
            rebuilt(conn, &of, moment, &mut all, &mut found)?;
        }
        found.photos(&mut all);
        slots(conn, &of, &mut all)?;
        for (county, facts) in &all {
            each(*county, facts);
        }
    }
    Ok(())
}

struct Of {
    campaign: Uuid,
    scope: Scope,
    moment: Moment,
}

/// What is put together when all records are there.
#[derive(Default)]
struct Found {
    /// The visit of each interview.
    visits: HashMap<(Bucket, Uuid), Uuid>,
    /// The county, the collection and the record that each photo shows.
    photos: Vec<(Bucket, String, Uuid)>,
}

impl Found {
    fn photos(self, all: &mut All) {
        for (county, collection, subject) in self.photos {
            let visit = match collection.as_str() {
                "visits" => Some(subject),
                "interviews" => self.visits.get(&(county, subject)).copied(),
                _ => None,
            };
            if let (Some(facts), Some(visit)) = (all.get_mut(&county), visit) {
                facts.photos.push(visit);
            }
        }
    }
}

/// The rows of a collection's table in the campaign's counties; those of a past moment have not changed since.
fn rows_of(select: &str, collection: Collection, of: &Of) -> Sql {
    rows(select, collection, of, of.moment.is_some())
}

/// The same, perhaps beside their records `r`.
fn rows(select: &str, collection: Collection, of: &Of, records: bool) -> Sql {
    let mut sql = Sql::new(format!("SELECT {select} FROM {} f", collection.name()));
    if records {
        let number = collection.number();
        let same = format!(" JOIN records r ON r.bucket = f.bucket AND r.collection = {number} AND r.id = f.id");
        sql = sql.sql(same);
    }
    sql = sql.sql(" WHERE ").in_scope("f.bucket", &of.scope);
    match of.moment {
        Some(moment) => sql.sql(" AND r.received_ms <= ").bind(Value::Int(moment)),
        None => sql,
    }
}

type VisitSql = (
    (Integer, DbUuid, DbUuid, DbUuid, Text, Nullable<DbUuid>, Nullable<Text>, Text),
    (Nullable<Double>, Nullable<Double>, Nullable<Bool>, Nullable<DbUuid>, Nullable<Text>, Nullable<Text>),
);
type VisitRow = (
    (i32, Id, Id, Id, String, Option<Id>, Option<String>, String),
    (Option<f64>, Option<f64>, Option<bool>, Option<Id>, Option<String>, Option<String>),
);

fn visits(conn: &mut Conn, of: &Of, all: &mut All) -> Result<(), StoreError> {
    let select = "f.bucket, f.id, f.campaign, f.team, f.method, f.household, f.village, f.day, f.lat, f.lon, \
                  f.mock_location, f.sample_slot, f.state, r.fields->>'participants'";
    // Lists have no columns.
    let sql = rows(select, Collection::Visits, of, true);
    for ((bucket, id, campaign, team, method, household, village, day), (lat, lon, mock, slot, state, participants)) in
        listing::rows::<VisitSql, VisitRow>(conn, sql)?
    {
        // Here, and not in the statement: its index would lead through the whole province.
        if campaign.0 != of.campaign {
            continue;
        }
        if let Some(facts) = all.get_mut(&bucket_of(bucket)?) {
            facts.visits.push(Visit {
                id: id.0,
                team: team.0,
                method,
                household: household.map(|id| id.0),
                village,
                day,
                place: lat.zip(lon).filter(|_| mock != Some(true)),
                slot: slot.map(|id| id.0),
                participants: participants.as_deref().map(names).unwrap_or_default(),
                state: State::parse(state.as_deref()),
            });
        }
    }
    Ok(())
}

/// The names in a list of participants.
fn names(json: &str) -> Vec<String> {
    let list: Vec<serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
    list.iter().map(|one| one["name"].as_str().unwrap_or_default().to_owned()).collect()
}

fn interviews(conn: &mut Conn, of: &Of, all: &mut All, found: &mut Found) -> Result<(), StoreError> {
    let sql = rows_of("f.bucket, f.id, f.visit, f.level", Collection::Interviews, of);
    for (bucket, id, visit, level) in
        listing::rows::<(Integer, DbUuid, DbUuid, Text), (i32, Id, Id, String)>(conn, sql)?
    {
        let county = bucket_of(bucket)?;
        if let Some(facts) = all.get_mut(&county) {
            found.visits.insert((county, id.0), visit.0);
            facts.interviews.push((visit.0, level));
        }
    }
    Ok(())
}

fn photos(conn: &mut Conn, of: &Of, found: &mut Found) -> Result<(), StoreError> {
    let sql = rows_of("f.bucket, f.subject_collection, f.subject_id", Collection::Photos, of);
    for (bucket, collection, subject) in listing::rows::<(Integer, Text, DbUuid), (i32, String, Id)>(conn, sql)? {
        found.photos.push((bucket_of(bucket)?, collection, subject.0));
    }
    Ok(())
}

fn villages(conn: &mut Conn, of: &Of, all: &mut All) -> Result<(), StoreError> {
    let sql = rows_of("f.bucket, f.lat, f.lon", Collection::Villages, of);
    let sql = sql.sql(" AND f.lat IS NOT NULL AND f.lon IS NOT NULL");
    for (bucket, lat, lon) in listing::rows::<(Integer, Double, Double), (i32, f64, f64)>(conn, sql)? {
        if let Some(facts) = all.get_mut(&bucket_of(bucket)?) {
            facts.villages.push((lat, lon));
        }
    }
    Ok(())
}

/// All households less those removed: each count is read from an index alone.
fn registered(conn: &mut Conn, of: &Of, all: &mut All) -> Result<(), StoreError> {
    let rows = || rows_of("f.bucket, count(*)", Collection::Households, of);
    let mut counts = |sql: Sql| listing::rows::<(Integer, BigInt), (i32, i64)>(conn, sql.sql(" GROUP BY f.bucket"));
    let (everyone, removed) = (counts(rows())?, counts(rows().sql(" AND f.status = 'removed'"))?);
    let removed: HashMap<i32, i64> = removed.into_iter().collect();
    for (bucket, count) in everyone {
        if let Some(facts) = all.get_mut(&bucket_of(bucket)?) {
            facts.registered += u64::try_from(count - removed.get(&bucket).unwrap_or(&0)).unwrap_or_default();
        }
    }
    Ok(())
}

const REGISTERED: &str = "(f.status IS NULL OR f.status <> 'removed')";

/// Which households are among those: of the present only those that visits name.
fn on_register(conn: &mut Conn, of: &Of, all: &mut All) -> Result<(), StoreError> {
    let sql = if of.moment.is_some() {
        rows_of("f.bucket, f.id", Collection::Households, of).sql(" AND ").sql(REGISTERED)
    } else {
        let sql = Sql::new(
            "SELECT DISTINCT x.bucket, x.household FROM visits x CROSS JOIN households f \
             WHERE f.bucket = x.bucket AND f.id = x.household AND ",
        );
        sql.in_scope("x.bucket", &of.scope).sql(" AND ").sql(REGISTERED)
    };
    for (bucket, id) in listing::rows::<(Integer, DbUuid), (i32, Id)>(conn, sql)? {
        if let Some(facts) = all.get_mut(&bucket_of(bucket)?) {
            facts.on_register.insert(id.0);
        }
    }
    Ok(())
}

fn numbers(collections: &[Collection]) -> String {
    collections.iter().map(|collection| collection.number().to_string()).collect::<Vec<_>>().join(", ")
}

/// The collections that coverage is worked out from.
const LOOKED_INTO: [Collection; 5] =
    [Collection::Villages, Collection::Visits, Collection::Interviews, Collection::Photos, Collection::Households];

type SlotSql = (Integer, DbUuid, DbUuid, Text, Text, Nullable<DbInstant>, Nullable<DbInstant>);
type SlotRow = (i32, Id, Id, String, String, Option<Instant>, Option<Instant>);

fn slots(conn: &mut Conn, of: &Of, all: &mut All) -> Result<(), StoreError> {
    // The second time is that of the replacement by which a substitute got its place.
    let sql = Sql::new(
        "SELECT u.bucket, u.draw_id, u.id, u.unit, u.state, u.replaced_at, p.replaced_at FROM draw_units u \
         JOIN draws d ON d.bucket = u.bucket AND d.id = u.draw_id \
         LEFT JOIN draw_units p ON p.bucket = u.bucket AND p.id = u.replaces WHERE u.state <> 'waiting' AND d.campaign_id = ",
    );
    let mut sql = sql.bind(Value::Uuid(of.campaign)).sql(" AND ").in_scope("u.bucket", &of.scope);
    if let Some(moment) = of.moment {
        sql = sql.sql(" AND d.drawn_at <= ").bind(Value::Instant(moment));
    }
    let then = |at: Option<Instant>| at.is_some_and(|at| of.moment.is_none_or(|moment| at.ms() <= moment));
    for (bucket, draw, id, unit, state, replaced_at, came_at) in listing::rows::<SlotSql, SlotRow>(conn, sql)? {
        let replaced = state == "replaced" && then(replaced_at);
        // A substitute has no place before its time.
        if came_at.is_some() && !then(came_at) {
            continue;
        }
        if let Some(facts) = all.get_mut(&bucket_of(bucket)?) {
            facts.slots.push(Slot { draw: draw.0, id: id.0, unit, replaced });
        }
    }
    Ok(())
}

/// Adds the records that have changed since the moment, as they stood then.
fn rebuilt(conn: &mut Conn, of: &Of, moment: i64, all: &mut All, found: &mut Found) -> Result<(), StoreError> {
    let sql = Sql::new(format!(
        "SELECT {RECORD_COLUMNS} FROM records r WHERE r.collection IN ({}) AND r.received_ms > ",
        numbers(&LOOKED_INTO)
    ));
    let sql = sql.bind(Value::Int(moment)).sql(" AND ").in_scope("r.bucket", &of.scope);
    // What came later altogether is not looked at any further.
    let sql = sql.sql(
        " AND EXISTS (SELECT 1 FROM history h WHERE h.bucket = r.bucket AND h.collection = r.collection \
         AND h.id = r.id AND h.received_ms <= ",
    );
    let rows = listing::rows::<RecordSql, RecordRow>(conn, sql.bind(Value::Int(moment)).sql(")"))?;
    let keys = rows.iter().map(RecordRow::key).collect::<Result<Vec<_>, _>>()?;
    let mut past = load_past(conn, &keys)?;
    for (key, row) in keys.into_iter().zip(rows) {
        let past = past.remove(&key).unwrap_or_default();
        let mut said = sayings(&row.into_record()?, &past);
        said.retain(|(op, _)| op.written.received <= moment && !op.discarded);
        let last = said.iter().max_by_key(|(op, _)| op.written.rev);
        if last.is_none_or(|(op, _)| op.kind == Kind::Delete) {
            continue;
        }
        said.sort_by_key(|(op, _)| (op.written.stamp, op.written.author.device, op.written.rev));
        let mut fields = Fields::default();
        for (_, edits) in &said {
            fields.apply(edits.iter());
        }
        add(&key, &fields, of.campaign, all, found);
    }
    Ok(())
}

fn value(fields: &Fields, name: &str) -> Option<serde_json::Value> {
    serde_json::from_str(fields.get(name)?).ok()
}

fn text(fields: &Fields, name: &str) -> Option<String> {
    value(fields, name)?.as_str().map(str::to_owned)
}

fn uuid(fields: &Fields, name: &str) -> Option<Uuid> {
    Uuid::try_parse(&text(fields, name)?).ok()
}

fn place(fields: &Fields) -> Option<(f64, f64)> {
    crate::fields::place(fields.get("location")?)
}

fn add(key: &Key, fields: &Fields, campaign: Uuid, all: &mut All, found: &mut Found) {
    let Some(facts) = all.get_mut(&key.bucket) else { return };
    match key.collection {
        Collection::Households => {
            if text(fields, "status").as_deref() != Some("removed") {
                facts.registered += 1;
                facts.on_register.insert(key.id);
            }
        }
        Collection::Villages => facts.villages.extend(place(fields)),
        Collection::Interviews => {
            if let (Some(visit), Some(level)) = (uuid(fields, "visit"), text(fields, "level")) {
                found.visits.insert((key.bucket, key.id), visit);
                facts.interviews.push((visit, level));
            }
        }
        Collection::Photos => {
            let subject = value(fields, "subject").unwrap_or_default();
            let member = |name: &str| subject.get(name).and_then(serde_json::Value::as_str);
            if let (Some(collection), Some(Ok(id))) = (member("collection"), member("id").map(Uuid::try_parse)) {
                found.photos.push((key.bucket, collection.to_owned(), id));
            }
        }
        Collection::Visits if uuid(fields, "campaign") == Some(campaign) => {
            let mock = fields.get("mock_location") == Some("true");
            let required = uuid(fields, "team").zip(text(fields, "method")).zip(text(fields, "day"));
            facts.visits.extend(required.map(|((team, method), day)| Visit {
                id: key.id,
                team,
                method,
                household: uuid(fields, "household"),
                village: text(fields, "village"),
                day,
                place: place(fields).filter(|_| !mock),
                slot: uuid(fields, "sample_slot"),
                participants: fields.get("participants").map(names).unwrap_or_default(),
                state: State::parse(text(fields, "state").as_deref()),
            }));
        }
        Collection::Visits | Collection::Members | Collection::Findings => {}
    }
}

/// What moves with everything that is worked out of a campaign in these counties: the sequence number of each, and of its
/// draws how many there are, how many are drawn, how many units gave up their place.
pub fn versions(conn: &mut Conn, campaign: Uuid, counties: &BTreeSet<Bucket>) -> Result<Versions, StoreError> {
    let scope = Scope::Counties(counties.clone());
    let heads = buckets::in_scope(conn, &scope)?;
    let sql = Sql::new(
        "SELECT d.bucket, count(*), count(d.drawn_at), CAST(COALESCE(sum((SELECT count(*) FROM draw_units u \
         WHERE u.bucket = d.bucket AND u.draw_id = d.id AND u.replaced_at IS NOT NULL)), 0) AS BIGINT) \
         FROM draws d WHERE d.campaign_id = ",
    );
    let sql = sql.bind(Value::Uuid(campaign)).sql(" AND ").in_scope("d.bucket", &scope).sql(" GROUP BY d.bucket");
    let found = listing::rows::<(Integer, BigInt, BigInt, BigInt), (i32, i64, i64, i64)>(conn, sql)?;
    let draws: HashMap<i32, _> =
        found.into_iter().map(|(bucket, all, drawn, replaced)| (bucket, (all, drawn, replaced))).collect();
    let version = |county: &Bucket| {
        let seq = heads.get(county).map_or(0, |head| head.seq);
        (seq, draws.get(&(county.code() as i32)).copied().unwrap_or_default())
    };
    Ok(counties.iter().map(|county| (*county, version(county))).collect())
}

/// The draws of a campaign that a caller sees.
pub fn draws_in_sight(conn: &mut Conn, campaign: Uuid, sight: &Sight) -> Result<BTreeSet<Uuid>, StoreError> {
    let sql = Sql::new("SELECT d.id ").join(sight.of("FROM draws d", campaign));
    Ok(listing::rows::<DbUuid, Id>(conn, sql)?.into_iter().map(|id| id.0).collect())
}

/// A team that was sent into a county.
#[derive(Debug, Clone)]
pub struct Sent {
    pub county: Bucket,
    pub team: Uuid,
    /// The office that it belongs to.
    pub region: String,
    pub name: String,
    /// JSON: name and rank.
    pub leader: Option<String>,
    /// Only to look over others' work.
    pub spot_check: bool,
    /// It still has an assignment there that is no spot check.
    pub open: bool,
    /// The latest push of one of its devices.
    pub last_sync: Option<Instant>,
}

type SentSql = (Integer, DbUuid, Text, Text, Nullable<Text>, BigInt, BigInt, Nullable<DbInstant>);
type SentRow = (i32, Id, String, String, Option<String>, i64, i64, Option<Instant>);

/// The teams with assignments of a campaign in scope, closed ones too, by county and team: of a past moment those that had
/// been given by then. Names, leaders and the latest push are of now.
pub fn sent(conn: &mut Conn, campaign: Uuid, scope: &Scope, moment: Moment) -> Result<Vec<Sent>, StoreError> {
    let mut sql = Sql::new(
        "SELECT a.bucket, t.id, t.region, t.name, CAST(t.leader AS TEXT), a.others, a.open, (SELECT max(d.last_push_at) \
         FROM users u JOIN devices d ON d.user_id = u.id WHERE u.team_id = t.id) \
         FROM (SELECT a.bucket AS bucket, a.team_id AS team_id, \
         sum(CASE WHEN a.kind = 'spot_check' THEN 0 ELSE 1 END) AS others, \
         sum(CASE WHEN a.kind <> 'spot_check' AND (a.closed_at IS NULL",
    );
    if let Some(moment) = moment {
        sql = sql.sql(" OR a.closed_at > ").bind(Value::Instant(moment));
    }
    let sql = sql.sql(") THEN 1 ELSE 0 END) AS open FROM assignments a WHERE a.campaign_id = ");
    let mut sql = sql.bind(Value::Uuid(campaign)).sql(" AND ").in_scope("a.bucket", scope);
    if let Some(moment) = moment {
        sql = sql.sql(" AND a.created_at <= ").bind(Value::Instant(moment));
    }
    let sql = sql.sql(" GROUP BY a.bucket, a.team_id) a JOIN teams t ON t.id = a.team_id ORDER BY a.bucket, t.id");
    let sent = |(bucket, team, region, name, leader, others, open, last_sync): SentRow| {
        let county = bucket_of(bucket)?;
        let (spot_check, open) = (others == 0, open > 0);
        Ok(Sent { county, team: team.0, region, name, leader, spot_check, open, last_sync })
    };
    listing::rows::<SentSql, SentRow>(conn, sql)?.into_iter().map(sent).collect()
}
