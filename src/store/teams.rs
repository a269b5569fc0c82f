//! Field teams.

use super::conn::{Conn, StoreError};
use super::schema::teams;
use super::types::Id;
use diesel::prelude::*;
use sync_core::scope::Region;
use uuid::Uuid;

/// The region that a team belongs to.
pub fn region(conn: &mut Conn, id: Uuid) -> Result<Option<Region>, StoreError> {
    let found: Option<String> = teams::table.find(Id(id)).select(teams::region).first(conn).optional()?;
    found.map(|text| Region::parse(&text).ok_or_else(|| StoreError::Corrupt("a team's region".into()))).transpose()
}
