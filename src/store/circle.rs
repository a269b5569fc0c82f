//! Whose people a caller sees.

use super::listing::{Sql, Value};
use sync_core::scope::Region;
use uuid::Uuid;

/// The users, teams and devices that a caller sees: an office those of its region, a member of a team their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circle {
    Region(Region),
    Member { user: Uuid, team: Option<Uuid> },
}

impl Circle {
    /// Whether it holds something of this region that belongs to this user or team.
    pub fn holds(&self, region: Region, user: Option<Uuid>, team: Option<Uuid>) -> bool {
        match self {
            Self::Region(own) => own.covers(region),
            Self::Member { user: own, team: own_team } => user == Some(*own) || (team.is_some() && team == *own_team),
        }
    }
}

impl Sql {
    /// The condition that a row is of a user in `circle`.
    #[must_use]
    pub fn user_in(self, circle: &Circle, region: &'static str, user: &'static str) -> Self {
        match circle {
            Circle::Region(own) => self.under(*own, region),
            Circle::Member { user: own, .. } => self.sql(user).sql(" = ").bind(Value::Uuid(*own)),
        }
    }

    /// The condition that a row is of a team in `circle`.
    #[must_use]
    pub fn team_in(self, circle: &Circle, region: &'static str, team: &'static str) -> Self {
        match circle {
            Circle::Region(own) => self.under(*own, region),
            Circle::Member { team: None, .. } => self.sql("1 = 0"),
            Circle::Member { team: Some(own), .. } => self.sql(team).sql(" = ").bind(Value::Uuid(*own)),
        }
    }

    /// The codes are digits, so none of them is a pattern.
    fn under(self, own: Region, region: &'static str) -> Self {
        self.sql(region).sql(" LIKE ").bind(Value::Text(format!("{own}%")))
    }
}
