//! What goes over the wire at `/v1/auth/*`.

use crate::http::{Problem, checks::Checks};
use crate::store::devices::About;
use crate::store::users::User;
use crate::store::{Role, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

const TEXT_MAX: usize = 100;

#[derive(Deserialize, ToSchema)]
pub struct Login {
    #[schema(example = "ali")]
    pub username: String,
    #[schema(format = Password)]
    pub password: String,
    /// Registers this installation as a new device; the tokens are bound to it.
    pub device: Option<NewDevice>,
    /// Signs a known device of the same user in again.
    pub device_id: Option<Uuid>,
}

/// An installation as its app describes it.
#[derive(Deserialize, ToSchema)]
pub struct NewDevice {
    #[schema(example = "阿力的手机")]
    pub name: String,
    #[schema(example = "android")]
    pub platform: Option<String>,
    #[schema(example = "1.0.0")]
    pub app_version: Option<String>,
}

/// Which device a sign-in is for.
pub(super) enum Installation {
    None,
    New(About),
    Known(Uuid),
}

impl Login {
    /// The device that it names; 422 when it names one wrongly, or two.
    pub(super) fn installation(&mut self) -> Result<Installation, Problem> {
        let mut checks = Checks::new();
        let installation = match (self.device.take(), self.device_id) {
            (None, None) => Installation::None,
            (None, Some(id)) => Installation::Known(id),
            (Some(NewDevice { name, platform, app_version }), known) => {
                if known.is_some() {
                    checks.fault("/device_id", crate::fields::Fault::NotApplicable);
                }
                checks.name("/device/name", &name, TEXT_MAX);
                checks.optional_name("/device/platform", platform.as_deref(), TEXT_MAX);
                checks.optional_name("/device/app_version", app_version.as_deref(), TEXT_MAX);
                Installation::New(About { name, platform, app_version })
            }
        };
        checks.done().map(|()| installation)
    }
}

/// A refresh token, for `refresh` and `logout`.
#[derive(Deserialize, ToSchema)]
pub struct RefreshToken {
    pub refresh_token: String,
}

#[derive(Deserialize, ToSchema)]
pub struct PasswordChange {
    #[schema(format = Password)]
    pub current_password: String,
    /// 8 to 256 characters.
    #[schema(format = Password)]
    pub new_password: String,
}

/// What a sign-in gives.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// A JWT, for `Authorization: Bearer`.
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds for which the access token counts.
    #[schema(example = 900)]
    pub expires_in: i64,
    /// Counts once: each refresh gives a new one.
    pub refresh_token: String,
    pub user: Person,
    /// The device that the tokens are bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceRef>,
}

#[derive(Serialize, ToSchema)]
pub struct DeviceRef {
    pub id: Uuid,
}

/// A user as they see themselves.
#[derive(Debug, Serialize, ToSchema)]
pub struct Person {
    pub id: Uuid,
    #[schema(example = "ali")]
    pub username: String,
    #[schema(example = "阿力")]
    pub display_name: Option<String>,
    pub role: Role,
    /// The code of the province or the prefecture.
    #[schema(example = "51")]
    pub region: String,
    pub team: Option<Uuid>,
}

impl TryFrom<User> for Person {
    type Error = StoreError;

    fn try_from(user: User) -> Result<Self, StoreError> {
        Ok(Self {
            id: user.id.0,
            role: user.role()?,
            username: user.username,
            display_name: user.display_name,
            region: user.region,
            team: user.team.map(|team| team.0),
        })
    }
}

/// A JWK set, for the OpenAPI document.
#[derive(Serialize, ToSchema)]
pub struct KeySet {
    pub keys: Vec<PublicKey>,
}

#[derive(Serialize, ToSchema)]
pub struct PublicKey {
    #[schema(example = "OKP")]
    pub kty: String,
    #[schema(example = "Ed25519")]
    pub crv: String,
    /// The key, base64url.
    pub x: String,
    /// RFC 7638: the `kid` of the access tokens.
    pub kid: String,
    #[schema(example = "EdDSA")]
    pub alg: String,
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub purpose: String,
}
