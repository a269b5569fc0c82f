//! The three roles.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The province's office.
    Provincial,
    /// The office of a prefecture.
    Prefecture,
    /// A member of a field team.
    Team,
}

impl Role {
    /// As the database keeps it and the wire shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Provincial => "provincial",
            Self::Prefecture => "prefecture",
            Self::Team => "team",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::Provincial, Self::Prefecture, Self::Team].into_iter().find(|role| role.name() == name)
    }

    pub const fn is_office(self) -> bool {
        matches!(self, Self::Provincial | Self::Prefecture)
    }
}
