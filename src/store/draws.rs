//! Draws: random samples, frozen when they are committed to, drawn when their seed is revealed. Their units are in
//! `draw_units`.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::Rows;
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::records::bucket_of;
use super::schema::draws;
use super::types::{DbInstant, DbJson, DbUuid, Id, Instant, JsonText};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text};
use std::sync::LazyLock;
use sync_core::{Bucket, Scope};
use uuid::Uuid;

type DrawSql = (
    DbUuid,
    DbUuid,
    Integer,
    Text,
    Text,
    Nullable<DbInstant>,
    Nullable<DbUuid>,
    DbJson,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    DbInstant,
    DbUuid,
    Nullable<DbInstant>,
    Nullable<DbUuid>,
);

/// A row of `draws`, without what is large or secret.
#[derive(Debug, Clone, Queryable)]
pub struct Draw {
    pub id: Id,
    pub campaign: Id,
    pub bucket: i32,
    /// `village` or `household`.
    pub level: String,
    /// `committed` or `drawn`.
    pub state: String,
    pub visible_from: Option<Instant>,
    pub first_stage: Option<Id>,
    pub plan: JsonText,
    pub plan_digest: String,
    /// In hex, once it is revealed.
    pub seed: Option<String>,
    pub public_value: Option<String>,
    pub committed_at: Instant,
    pub committed_by: Id,
    pub drawn_at: Option<Instant>,
    pub drawn_by: Option<Id>,
}

const COLUMNS: &str = "d.id, d.campaign_id, d.bucket, d.level, d.state, d.visible_from, d.first_stage_id, d.plan, \
     d.plan_digest, d.seed, d.public_value, d.committed_at, d.committed_by, d.drawn_at, d.drawn_by";

impl Draw {
    pub fn county(&self) -> Result<Bucket, StoreError> {
        bucket_of(self.bucket)
    }
}

/// What a draw is frozen with.
#[derive(Debug, Clone)]
pub struct Frozen {
    pub frame: JsonText,
    pub first_stage: Option<JsonText>,
    pub sealed_seed: Vec<u8>,
}

/// Which draws a caller sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    scope: Scope,
    /// Only what is visible at this moment.
    at: Option<Instant>,
}

impl Sight {
    /// Those of the counties in scope, hidden ones too.
    pub fn whole(scope: &Scope) -> Self {
        Self { scope: scope.clone(), at: None }
    }

    /// Those of the counties in scope whose time has come, and that of their first stage.
    pub fn at(scope: &Scope, now: Instant) -> Self {
        Self { scope: scope.clone(), at: Some(now) }
    }

    /// `from` with the condition that the draw `d` is of this campaign and is seen.
    pub(super) fn of(&self, from: &'static str, campaign: Uuid) -> Sql {
        let sql = Sql::new(from)
            .sql(" LEFT JOIN draws p ON p.bucket = d.bucket AND p.id = d.first_stage_id WHERE d.campaign_id = ")
            .bind(Value::Uuid(campaign))
            .sql(" AND ")
            .in_scope("d.bucket", &self.scope);
        let Some(now) = self.at else { return sql };
        ["d", "p"].into_iter().fold(sql, |sql, draw| {
            let sql = sql.sql(format!(" AND ({draw}.visible_from IS NULL OR {draw}.visible_from <= "));
            sql.bind(Value::Instant(now.ms())).sql(")")
        })
    }
}

type Of = Column<Draw>;

pub static LIST: LazyLock<List<Draw>> = LazyLock::new(|| {
    let id = Of::new("id", Kind::Uuid, "d.id").sorted(|d| Value::Uuid(d.id.0));
    List::new("draws", [id]).with([
        Of::new("county", Kind::Int, "d.bucket").sorted(|d| Value::Int(d.bucket.into())),
        Of::new("level", Kind::Text, "d.level").sorted(|d| Value::Text(d.level.clone())),
        Of::new("state", Kind::Text, "d.state").sorted(|d| Value::Text(d.state.clone())),
        Of::new("committed_at", Kind::Instant, "d.committed_at").sorted(|d| Value::Instant(d.committed_at.ms())),
        Of::new("drawn_at", Kind::Instant, "d.drawn_at"),
        Of::new("visible_from", Kind::Instant, "d.visible_from"),
        Of::new("first_stage", Kind::Uuid, "d.first_stage_id"),
    ])
});

impl Listed for Draw {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

pub fn list(
    conn: &mut Conn,
    listing: &Listing<Draw>,
    campaign: Uuid,
    sight: &Sight,
) -> Result<Found<Draw>, StoreError> {
    listing::page::<DrawSql, _>(conn, listing, COLUMNS, sight.of("FROM draws d", campaign))
}

/// Of every draw of a campaign in scope, by the moment of its commitment: the plan, its digest, and that moment.
pub fn commitments(
    conn: &mut Conn,
    campaign: Uuid,
    scope: &Scope,
) -> Result<Vec<(JsonText, String, Instant)>, StoreError> {
    let sql = Sql::new("SELECT d.plan, d.plan_digest, d.committed_at FROM draws d WHERE d.campaign_id = ");
    let sql = sql.bind(Value::Uuid(campaign)).sql(" AND ").in_scope("d.bucket", scope);
    listing::rows::<(DbJson, Text, DbInstant), _>(conn, sql.sql(" ORDER BY d.committed_at, d.id"))
}

/// A draw of a campaign; `None` when there is none of this id in sight.
pub fn find(conn: &mut Conn, campaign: Uuid, id: Uuid, sight: &Sight) -> Result<Option<Draw>, StoreError> {
    let sql = Sql::new(format!("SELECT {COLUMNS} ")).join(sight.of("FROM draws d", campaign));
    let found = listing::rows::<DrawSql, _>(conn, sql.sql(" AND d.id = ").bind(Value::Uuid(id)))?;
    Ok(found.into_iter().next())
}

/// [`find`], locked until the commit.
pub fn lock(tx: &mut Tx<'_>, campaign: Uuid, id: Uuid, sight: &Sight) -> Result<Option<Draw>, StoreError> {
    let Some(found) = find(tx, campaign, id, sight)? else { return Ok(None) };
    if let Conn::Pg(c) = &mut **tx {
        let row = draws::table.find((found.bucket, found.id)).select(draws::id);
        row.for_no_key_update().first::<Id>(c).optional()?;
    }
    find(tx, campaign, id, sight)
}

/// What a draw that was found is frozen with.
pub fn frozen(conn: &mut Conn, draw: &Draw) -> Result<Frozen, StoreError> {
    let columns = (draws::frame, draws::first_stage, draws::sealed_seed);
    let (frame, first_stage, sealed_seed) = draws::table.find((draw.bucket, draw.id)).select(columns).first(conn)?;
    Ok(Frozen { frame, first_stage, sealed_seed })
}

pub fn insert(tx: &mut Tx<'_>, draw: &Draw, frozen: &Frozen) -> Result<(), StoreError> {
    Rows::new()
        .int("bucket", [draw.bucket])
        .uuid("id", [draw.id])
        .uuid("campaign_id", [draw.campaign])
        .text("level", [draw.level.clone()])
        .text("state", [draw.state.clone()])
        .opt_instant("visible_from", [draw.visible_from])
        .opt_uuid("first_stage_id", [draw.first_stage])
        .json("plan", [draw.plan.clone()])
        .text("plan_digest", [draw.plan_digest.clone()])
        .json("frame", [frozen.frame.clone()])
        .opt_json("first_stage", [frozen.first_stage.clone()])
        .bytes("sealed_seed", [frozen.sealed_seed.clone()])
        .instant("committed_at", [draw.committed_at])
        .uuid("committed_by", [draw.committed_by])
        .insert(tx, "draws")?;
    Ok(())
}

/// Stores what a reveal, or a change of the time, made of a locked draw.
pub fn update(tx: &mut Tx<'_>, draw: &Draw) -> Result<(), StoreError> {
    Rows::new()
        .int("bucket", [draw.bucket])
        .uuid("id", [draw.id])
        .text("state", [draw.state.clone()])
        .opt_instant("visible_from", [draw.visible_from])
        .opt_text("seed", [draw.seed.clone()])
        .opt_text("public_value", [draw.public_value.clone()])
        .opt_instant("drawn_at", [draw.drawn_at])
        .opt_uuid("drawn_by", [draw.drawn_by])
        .update(tx, "draws", 2)?;
    Ok(())
}
