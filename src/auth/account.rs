//! What an account may look like, and where a user stands: the same for the API and the command line.

use crate::fields::{Fault, FieldError};
use crate::store::{Conn, Role, StoreError, teams};
use sync_core::scope::Region;
use uuid::Uuid;

const NAME_MAX: usize = 64;
/// NIST SP 800-63B: length is what counts; no rules about characters.
const PASSWORD_MIN: usize = 8;
const PASSWORD_MAX: usize = 256;

/// What is wrong with a name to sign in with.
pub fn username_faults(name: &str) -> Vec<FieldError> {
    let fault = if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Some(Fault::InvalidName)
    } else {
        (name.chars().count() > NAME_MAX).then_some(Fault::TooLong { max: NAME_MAX })
    };
    fault.map(|fault| FieldError::new("/username", fault)).into_iter().collect()
}

/// What is wrong with a new password.
pub fn password_faults(pointer: &str, password: &str) -> Vec<FieldError> {
    let fault = match password.chars().count() {
        ..PASSWORD_MIN => Some(Fault::TooShort { min: PASSWORD_MIN }),
        PASSWORD_MIN..=PASSWORD_MAX => None,
        _ => Some(Fault::TooLong { max: PASSWORD_MAX }),
    };
    fault.map(|fault| FieldError::new(pointer, fault)).into_iter().collect()
}

/// Where a user stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub role: Role,
    pub region: Region,
    pub team: Option<Uuid>,
}

impl Place {
    /// The place that these values name: a provincial user has a province, a prefecture's a prefecture, and a team's
    /// takes its team's region. A team outside `within` is not there.
    pub fn find(
        conn: &mut Conn,
        role: Role,
        region: Option<&str>,
        team: Option<Uuid>,
        within: Option<Region>,
    ) -> Result<Result<Self, Vec<FieldError>>, StoreError> {
        let wrong = |pointer: &str, fault| Ok(Err(vec![FieldError::new(pointer, fault)]));
        if role != Role::Team {
            if team.is_some() {
                return wrong("/team", Fault::NotApplicable);
            }
            return match region
                .map(|text| Region::parse(text).filter(|r| r.is_province() == (role == Role::Provincial)))
            {
                Some(Some(region)) => Ok(Ok(Self { role, region, team })),
                Some(None) => wrong("/region", Fault::InvalidRegion),
                None => wrong("/region", Fault::Required),
            };
        }
        let Some(id) = team else { return wrong("/team", Fault::Required) };
        let found = teams::region(conn, id)?.filter(|region| within.is_none_or(|within| within.covers(*region)));
        match found {
            None => wrong("/team", Fault::NotThere),
            Some(own) if region.is_some_and(|region| region != own.to_string()) => {
                wrong("/region", Fault::NotApplicable)
            }
            Some(region) => Ok(Ok(Self { role, region, team })),
        }
    }
}
