//! Sign-ins as transactions: opened, renewed, ended. The refresh tokens of one form a family: each counts once, and a
//! second use, which tells of a thief or of a copied phone, ends it for all.

use super::tokens::{Claims, Subject};
use super::wire::{Installation, Person};
use crate::caller::device_revoked;
use crate::http::{Code, Problem};
use crate::store::sessions::{self, TokenHash};
use crate::store::users::{self, User};
use crate::store::{Instant, StoreError, Tx, devices};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// How long a refresh token counts: a phone that was in a drawer for longer signs in again.
const REFRESH_DAYS: i64 = 60;

/// What a sign-in or its renewal hands out.
pub(super) struct Issued {
    pub claims: Claims,
    pub refresh_token: String,
    pub user: Person,
}

/// 401 that does not tell which of the two is wrong.
pub(super) fn bad_credentials() -> Problem {
    Problem::new(Code::BadCredentials).detail(
        "The user name or the password is wrong, or the account is disabled.",
        "用户名或密码错误，或账号已停用。",
    )
}

fn sign_in_again() -> Problem {
    Problem::new(Code::Unauthorized).detail(
        "This refresh token is not valid, or not any more. Sign in again.",
        "刷新令牌无效或已失效，请重新登录。",
    )
}

/// Opens a session for a user whose password was verified against `hash`; they may have been disabled since, or the
/// password changed.
pub(super) fn open(
    tx: &mut Tx<'_>,
    user: Uuid,
    hash: &str,
    installation: &Installation,
    now: Instant,
) -> Result<Issued, Problem> {
    let user = users::lock(tx, user)?.filter(|user| user.disabled_at.is_none() && user.password_hash == hash);
    let user = user.ok_or_else(bad_credentials)?;
    let device = match installation {
        Installation::None => None,
        Installation::New(about) => Some(devices::register(tx, user.id.0, about, now)?),
        Installation::Known(id) => {
            let revoked = devices::revoked(tx, *id, user.id.0)?.ok_or_else(|| {
                Problem::new(Code::NotFound).detail(
                    "This user has no such device. Sign in with `device` to register a new one.",
                    "该用户没有此设备，请以 device 登记新设备。",
                )
            })?;
            if revoked.as_deref() == Some("wipe") {
                return Err(device_revoked("wipe"));
            }
            devices::seen(tx, *id, now)?;
            Some(*id)
        }
    };
    let session = sessions::open(tx, user.id.0, device, now)?;
    Ok(issue(tx, user, session, device, now)?)
}

/// Renews a session. The inner error is an answer whose transaction counts: a token that is used again ends its family.
pub(super) fn renew(tx: &mut Tx<'_>, token: &str, now: Instant) -> Result<Result<Issued, Problem>, Problem> {
    let hash = hash(token);
    let Some(refresh) = sessions::find(tx, hash)? else { return Ok(Err(sign_in_again())) };
    if refresh.revoked.as_deref() == Some("wipe") {
        return Ok(Err(device_revoked("wipe")));
    }
    if refresh.used {
        sessions::end(tx, refresh.session, now)?;
        tracing::warn!(session = %refresh.session, user = %refresh.user, "a refresh token was used twice");
        return Ok(Err(sign_in_again()));
    }
    if refresh.ended || refresh.expires_at <= now {
        return Ok(Err(sign_in_again()));
    }
    let user = users::find(tx, refresh.user)?.ok_or_else(sign_in_again)?;
    sessions::spend(tx, hash, now)?;
    if let Some(device) = refresh.device {
        devices::seen(tx, device, now)?;
    }
    Ok(Ok(issue(tx, user, refresh.session, refresh.device, now)?))
}

/// Ends the session of a refresh token, used or not; an unknown one has none.
pub(super) fn end(tx: &mut Tx<'_>, token: &str, now: Instant) -> Result<(), StoreError> {
    match sessions::find(tx, hash(token))? {
        Some(refresh) => sessions::end(tx, refresh.session, now),
        None => Ok(()),
    }
}

fn issue(tx: &mut Tx<'_>, user: User, session: Uuid, device: Option<Uuid>, now: Instant) -> Result<Issued, StoreError> {
    let refresh_token = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let expires_at = Instant(now.0 + TimeDelta::days(REFRESH_DAYS));
    sessions::hand_out(tx, session, hash(&refresh_token), now, expires_at)?;
    let user = Person::try_from(user)?;
    let subject =
        Subject { user: user.id, role: user.role, region: user.region.clone(), team: user.team, device, session };
    Ok(Issued { claims: Claims::new(subject, now.0.timestamp()), refresh_token, user })
}

/// A token is 256 random bits: a plain digest keeps it as well as a slow one would.
fn hash(token: &str) -> TokenHash {
    Sha256::digest(token).into()
}
