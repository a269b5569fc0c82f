//! What those who listen for events may hear now, for all of them at once.

use super::conn::{Conn, StoreError};
use super::dialect::Rows;
use super::records::bucket_of;
use super::types::{DbUuid, Id};
use crate::load_rows;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use sync_core::scope::Region;
use sync_core::{Bucket, Scope};
use uuid::Uuid;

/// The latest sequence number of every bucket.
pub fn seqs(conn: &mut Conn) -> Result<BTreeMap<Bucket, u64>, StoreError> {
    let rows = Rows::new().int("low", [0]);
    let tail = "SELECT b.bucket, b.seq FROM v CROSS JOIN buckets b WHERE b.bucket > v.low";
    let found = load_rows!(conn, &rows, tail, (Integer, BigInt) => (i32, i64))?;
    found.into_iter().map(|(bucket, seq)| Ok((bucket_of(bucket)?, seq as u64))).collect()
}

type ListenerSql = (DbUuid, Text, Text, Nullable<DbUuid>, Bool);
type ListenerRow = (Id, String, String, Option<Id>, bool);

/// The scopes of these sessions; those that may hear nothing any more (signed out, disabled, revoked) are left out.
pub fn scopes(conn: &mut Conn, sessions: &BTreeSet<Uuid>) -> Result<HashMap<Uuid, Scope>, StoreError> {
    let rows = Rows::new().uuid("session", sessions.iter().map(|s| Id(*s)));
    let tail = "SELECT s.id, u.role, u.region, u.team_id, s.revoked_at IS NOT NULL OR u.disabled_at IS NOT NULL \
         OR d.revoked IS NOT NULL FROM v CROSS JOIN sessions s JOIN users u ON u.id = s.user_id \
         LEFT JOIN devices d ON d.id = s.device_id WHERE s.id = v.session";
    let callers = load_rows!(conn, &rows, tail, ListenerSql => ListenerRow)?;
    let teams: BTreeSet<Uuid> = callers.iter().filter_map(|(_, _, _, team, _)| team.map(|t| t.0)).collect();
    let counties = super::pushers::team_counties(conn, &teams)?;
    let scope = |(session, role, region, team, ended): ListenerRow| {
        let scope = match (role.as_str(), team) {
            ("team", Some(team)) => Scope::Counties(counties.get(&team.0).cloned().unwrap_or_default()),
            ("team", None) => Scope::Counties(BTreeSet::new()),
            _ => Scope::Region(Region::parse(&region)?),
        };
        (!ended).then_some((session.0, scope))
    };
    Ok(callers.into_iter().filter_map(scope).collect())
}
