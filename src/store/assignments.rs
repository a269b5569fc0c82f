//! Assignments: which teams go into which counties. They keep `team_buckets`, which says what a team has now, in the
//! same transaction.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::Rows;
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::records::bucket_of;
use super::schema::assignments;
use super::types::{DbInstant, DbUuid, Id, Instant};
use crate::load_rows;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Date, Integer, Nullable, Text};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use sync_core::{Bucket, Scope};
use uuid::Uuid;

type AssignmentSql =
    (DbUuid, DbUuid, DbUuid, Integer, Text, Date, Date, DbInstant, DbUuid, Nullable<DbInstant>, Nullable<DbUuid>);

/// A row of `assignments`.
#[derive(Debug, Clone, Queryable)]
pub struct Assignment {
    pub id: Id,
    pub campaign: Id,
    pub team: Id,
    pub bucket: i32,
    /// `provincial`, `prefecture` or `spot_check`.
    pub kind: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub created_at: Instant,
    pub created_by: Id,
    pub closed_at: Option<Instant>,
    pub closed_by: Option<Id>,
}

impl Assignment {
    pub fn county(&self) -> Result<Bucket, StoreError> {
        bucket_of(self.bucket)
    }
}

/// Which assignments a caller sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// An office: those of the counties in scope, whoever gave them.
    Counties(Scope),
    /// A team: its own, closed ones too.
    Team(Uuid),
}

type Of = Column<Assignment>;

pub static LIST: LazyLock<List<Assignment>> = LazyLock::new(|| {
    let id = Of::new("id", Kind::Uuid, "a.id").sorted(|a| Value::Uuid(a.id.0));
    List::new("assignments", [id]).with([
        Of::new("county", Kind::Int, "a.bucket").sorted(|a| Value::Int(a.bucket.into())),
        Of::new("kind", Kind::Choice(&["provincial", "prefecture", "spot_check"]), "a.kind")
            .sorted(|a| Value::Text(a.kind.clone())),
        Of::new("from", Kind::Day, "CAST(a.from_day AS TEXT)").sorted(|a| Value::Text(a.from.to_string())),
        Of::new("to", Kind::Day, "CAST(a.to_day AS TEXT)").sorted(|a| Value::Text(a.to.to_string())),
        Of::new("created_at", Kind::Instant, "a.created_at").sorted(|a| Value::Instant(a.created_at.ms())),
        Of::new("campaign", Kind::Uuid, "a.campaign_id"),
        Of::new("team", Kind::Uuid, "a.team_id"),
        Of::new("open", Kind::Bool, "(a.closed_at IS NULL)"),
        Of::new("closed_at", Kind::Instant, "a.closed_at"),
    ])
});

impl Listed for Assignment {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

pub fn list(conn: &mut Conn, listing: &Listing<Assignment>, sight: &Sight) -> Result<Found<Assignment>, StoreError> {
    let columns = "a.id, a.campaign_id, a.team_id, a.bucket, a.kind, a.from_day, a.to_day, a.created_at, \
         a.created_by, a.closed_at, a.closed_by";
    let from = Sql::new("FROM assignments a WHERE ");
    let from = match sight {
        Sight::Counties(scope) => from.in_scope("a.bucket", scope),
        Sight::Team(team) => from.sql("a.team_id = ").bind(Value::Uuid(*team)),
    };
    listing::page::<AssignmentSql, _>(conn, listing, columns, from)
}

/// An assignment; `None` when there is none of this id in sight.
pub fn find(conn: &mut Conn, id: Uuid, sight: &Sight) -> Result<Option<Assignment>, StoreError> {
    let Some(found) = assignments::table.find(Id(id)).first::<Assignment>(conn).optional()? else { return Ok(None) };
    let seen = match sight {
        Sight::Counties(scope) => scope.contains(found.county()?),
        Sight::Team(team) => found.team.0 == *team,
    };
    Ok(seen.then_some(found))
}

/// Gives a county to a team. It counts from now on, whatever its plan dates.
pub fn open(tx: &mut Tx<'_>, new: &Assignment) -> Result<(), StoreError> {
    Rows::new()
        .uuid("id", [new.id])
        .uuid("campaign_id", [new.campaign])
        .uuid("team_id", [new.team])
        .int("bucket", [new.bucket])
        .text("kind", [new.kind.clone()])
        .date("from_day", [new.from])
        .date("to_day", [new.to])
        .instant("created_at", [new.created_at])
        .uuid("created_by", [new.created_by])
        .insert(tx, "assignments")?;
    // A county that comes back is granted anew: cursors tell the two times apart.
    Rows::new().uuid("team_id", [new.team]).int("bucket", [new.bucket]).execute(
        tx,
        "INSERT INTO team_buckets (team_id, bucket, open_assignments, grant_no) \
         SELECT team_id, bucket, 1, 1 FROM v WHERE true ON CONFLICT (team_id, bucket) DO UPDATE SET \
         grant_no = team_buckets.grant_no + CASE WHEN team_buckets.open_assignments = 0 THEN 1 ELSE 0 END, \
         open_assignments = team_buckets.open_assignments + 1",
    )?;
    Ok(())
}

/// Closes an assignment; `false` when it is closed already.
pub fn close(tx: &mut Tx<'_>, open: &Assignment, by: Uuid, now: Instant) -> Result<bool, StoreError> {
    let closed = Rows::new().uuid("id", [open.id]).uuid("closed_by", [Id(by)]).instant("closed_at", [now]).execute(
        tx,
        "UPDATE assignments SET closed_at = v.closed_at, closed_by = v.closed_by FROM v \
         WHERE assignments.id = v.id AND assignments.closed_at IS NULL",
    )?;
    if closed == 0 {
        return Ok(false);
    }
    Rows::new().uuid("team_id", [open.team]).int("bucket", [open.bucket]).execute(
        tx,
        "UPDATE team_buckets SET open_assignments = open_assignments - 1 FROM v \
         WHERE team_buckets.team_id = v.team_id AND team_buckets.bucket = v.bucket",
    )?;
    Ok(true)
}

/// Closes all that are open of a locked campaign.
pub fn close_all(tx: &mut Tx<'_>, campaign: Uuid, by: Uuid, now: Instant) -> Result<(), StoreError> {
    let rows = Rows::new().uuid("campaign_id", [Id(campaign)]).uuid("closed_by", [Id(by)]).instant("closed_at", [now]);
    let tail = "UPDATE assignments SET closed_at = v.closed_at, closed_by = v.closed_by FROM v \
         WHERE assignments.campaign_id = v.campaign_id AND assignments.closed_at IS NULL \
         RETURNING assignments.team_id, assignments.bucket";
    let mut closed: BTreeMap<(Id, i32), i32> = BTreeMap::new();
    for place in load_rows!(&mut **tx, &rows, tail, (DbUuid, Integer) => (Id, i32))? {
        *closed.entry(place).or_default() += 1;
    }
    Rows::new()
        .uuid("team_id", closed.keys().map(|(team, _)| *team))
        .int("bucket", closed.keys().map(|(_, bucket)| *bucket))
        .int("closed", closed.values().copied())
        .execute(
            tx,
            "UPDATE team_buckets SET open_assignments = open_assignments - v.closed FROM v \
             WHERE team_buckets.team_id = v.team_id AND team_buckets.bucket = v.bucket",
        )?;
    Ok(())
}
