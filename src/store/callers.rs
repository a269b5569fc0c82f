//! Who stands behind a session now: one statement, for however many sessions, for everything that decides what a request
//! may do.

use super::buckets::{self, HeadRow, HeadSql, Heads};
use super::conn::{Conn, StoreError};
use super::dialect::Rows;
use super::records::bucket_of;
use super::role::Role;
use super::types::{DbUuid, Id};
use crate::load_rows;
use diesel::Queryable;
use diesel::sql_types::{Bool, Integer, Nullable, Text};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use sync_core::scope::Region;
use sync_core::{Bucket, Scope};
use uuid::Uuid;

type RowSql = (
    DbUuid,
    DbUuid,
    Nullable<DbUuid>,
    Bool,
    Nullable<Text>,
    Text,
    Text,
    Nullable<DbUuid>,
    Integer,
    Nullable<Integer>,
    Nullable<Integer>,
);

#[derive(Queryable)]
struct Row {
    session: Id,
    user: Id,
    device: Option<Id>,
    ended: bool,
    revoked: Option<String>,
    role: String,
    region: String,
    team: Option<Id>,
    place_no: i32,
    bucket: Option<i32>,
    grant_no: Option<i32>,
}

/// The person and the device behind a session, as they stand in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub user: Uuid,
    pub device: Option<Uuid>,
    /// Signed out, or the user was disabled.
    pub ended: bool,
    /// `flush` or `wipe`.
    pub revoked: Option<String>,
    pub role: Role,
    pub region: Region,
    pub team: Option<Uuid>,
    /// Counts the changes of the user's role, region and team.
    pub place_no: u32,
    /// The team's open counties, and how often it was given each.
    pub counties: BTreeMap<Bucket, u32>,
}

impl Standing {
    /// The buckets that it sees now.
    pub fn scope(&self) -> Scope {
        match self.role {
            Role::Provincial | Role::Prefecture => Scope::Region(self.region),
            Role::Team => Scope::Counties(self.counties.keys().copied().collect()),
        }
    }
}

const COLUMNS: &str = "s.id, u.id, d.id, s.revoked_at IS NOT NULL OR u.disabled_at IS NOT NULL, d.revoked, u.role, \
     u.region, u.team_id, u.place_no, t.bucket, t.grant_no";

const TABLES: &str = "FROM v JOIN sessions s ON s.id = v.session JOIN users u ON u.id = s.user_id \
     LEFT JOIN devices d ON d.id = s.device_id \
     LEFT JOIN team_buckets t ON t.team_id = u.team_id AND t.open_assignments > 0";

/// Who stands behind these sessions; unknown ones are left out.
pub fn load(conn: &mut Conn, sessions: &BTreeSet<Uuid>) -> Result<HashMap<Uuid, Standing>, StoreError> {
    let rows = Rows::new().uuid("session", sessions.iter().map(|s| Id(*s)));
    let mut found = HashMap::new();
    for row in load_rows!(conn, &rows, &format!("SELECT {COLUMNS} {TABLES}"), RowSql => Row)? {
        row.join(&mut found)?;
    }
    Ok(found)
}

/// Who stands behind these sessions, and the heads of their teams' counties as they are at the same moment: what most pulls
/// ask, with one statement. Unknown ones are left out; offices have no heads.
pub fn load_with_heads(
    conn: &mut Conn,
    sessions: &BTreeSet<Uuid>,
) -> Result<HashMap<Uuid, (Standing, Heads)>, StoreError> {
    let rows = Rows::new().uuid("session", sessions.iter().map(|s| Id(*s)));
    let tail = format!("SELECT {COLUMNS}, {} {TABLES} LEFT JOIN buckets b ON b.bucket = t.bucket", buckets::COLUMNS);
    let (mut found, mut heads) = (HashMap::new(), HashMap::<Uuid, Heads>::new());
    for (row, head) in load_rows!(conn, &rows, &tail, (RowSql, Nullable<HeadSql>) => (Row, Option<HeadRow>))? {
        heads.entry(row.session.0).or_default().extend(head.map(buckets::head).transpose()?);
        row.join(&mut found)?;
    }
    let with_heads = |(session, standing)| (session, (standing, heads.remove(&session).unwrap_or_default()));
    Ok(found.into_iter().map(with_heads).collect())
}

impl Row {
    fn join(self, found: &mut HashMap<Uuid, Standing>) -> Result<(), StoreError> {
        let county = self.bucket.zip(self.grant_no);
        let standing = match found.entry(self.session.0) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(self.standing()?),
        };
        if let Some((bucket, grant)) = county {
            standing.counties.insert(bucket_of(bucket)?, grant as u32);
        }
        Ok(())
    }

    fn standing(self) -> Result<Standing, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("a user's {what}"));
        Ok(Standing {
            user: self.user.0,
            device: self.device.map(|d| d.0),
            ended: self.ended,
            revoked: self.revoked,
            role: Role::parse(&self.role).ok_or_else(|| corrupt("role"))?,
            region: Region::parse(&self.region).ok_or_else(|| corrupt("region"))?,
            team: self.team.map(|t| t.0),
            place_no: self.place_no as u32,
            counties: BTreeMap::new(),
        })
    }
}
