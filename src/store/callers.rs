//! Who stands behind a session now: one statement, for however many sessions, for everything that decides what a request
//! may do.

use super::buckets::{self, HeadRow, HeadSql, Heads};
use super::conn::{Conn, StoreError};
use super::dialect::Rows;
use super::role::Role;
use super::types::{DbUuid, Id};
use crate::load_rows;
use diesel::Queryable;
use diesel::sql_types::{Bool, Integer, Nullable, Text};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use sync_core::scope::Region;
use sync_core::{Bucket, Scope};
use uuid::Uuid;

type WhoSql = (DbUuid, DbUuid, Nullable<DbUuid>, Bool, Nullable<Text>, Text, Text, Nullable<DbUuid>, Integer);

#[derive(Queryable)]
struct Who {
    session: Id,
    user: Id,
    device: Option<Id>,
    ended: bool,
    revoked: Option<String>,
    role: String,
    region: String,
    team: Option<Id>,
    place_no: i32,
}

/// An open county of a team: how often it was given, and its head.
type CountySql = (DbUuid, Integer, HeadSql);
type CountyRow = (Id, i32, HeadRow);

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

/// Who stands behind these sessions; unknown ones are left out.
pub fn load(conn: &mut Conn, sessions: &BTreeSet<Uuid>) -> Result<HashMap<Uuid, Standing>, StoreError> {
    let found = load_with_heads(conn, sessions)?;
    Ok(found.into_iter().map(|(session, (standing, _))| (session, standing)).collect())
}

/// Who stands behind these sessions, and the heads of their teams' counties as they are at the same moment: what most pulls
/// ask, with one statement, in which each team is looked up once. Unknown ones are left out; offices have no heads.
pub fn load_with_heads(
    conn: &mut Conn,
    sessions: &BTreeSet<Uuid>,
) -> Result<HashMap<Uuid, (Standing, Heads)>, StoreError> {
    let rows = Rows::new().uuid("session", sessions.iter().map(|s| Id(*s)));
    let tail = format!(
        ", who AS MATERIALIZED (SELECT s.id AS session_id, u.id AS user_id, d.id AS device_id, \
         s.revoked_at IS NOT NULL OR u.disabled_at IS NOT NULL AS ended, d.revoked, u.role, u.region, u.team_id, u.place_no \
         FROM v JOIN sessions s ON s.id = v.session JOIN users u ON u.id = s.user_id LEFT JOIN devices d ON d.id = s.device_id) \
         SELECT who.*, {nothing} FROM who UNION ALL \
         SELECT {nothing}, t.team_id, t.grant_no, {head} \
         FROM (SELECT DISTINCT team_id FROM who WHERE team_id IS NOT NULL) teams \
         CROSS JOIN team_buckets t CROSS JOIN buckets b \
         WHERE t.team_id = teams.team_id AND t.open_assignments > 0 AND b.bucket = t.bucket",
        // Of a county as many columns as of who asks.
        nothing = ["NULL"; 9].join(", "),
        head = buckets::COLUMNS,
    );
    let (mut people, mut teams) = (Vec::new(), HashMap::<Uuid, Team>::new());
    for (who, county) in
        load_rows!(conn, &rows, &tail, (Nullable<WhoSql>, Nullable<CountySql>) => (Option<Who>, Option<CountyRow>))?
    {
        people.extend(who);
        if let Some((team, grant, head)) = county {
            let (bucket, head) = buckets::head(head)?;
            let team = teams.entry(team.0).or_default();
            team.counties.insert(bucket, grant as u32);
            team.heads.insert(bucket, head);
        }
    }
    let with_team = |who: Who| {
        let Team { counties, heads } = who.team.and_then(|team| teams.get(&team.0)).cloned().unwrap_or_default();
        Ok((who.session.0, (who.standing(counties)?, heads)))
    };
    people.into_iter().map(with_team).collect()
}

/// The open counties of a team.
#[derive(Clone, Default)]
struct Team {
    /// How often it was given each.
    counties: BTreeMap<Bucket, u32>,
    heads: Heads,
}

impl Who {
    fn standing(self, counties: BTreeMap<Bucket, u32>) -> Result<Standing, StoreError> {
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
            counties,
        })
    }
}
