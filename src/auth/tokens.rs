//! Access tokens: JWTs (RFC 7519) signed with Ed25519, valid for 15 minutes. They say who signed in; what that person
//! may do is read from the database at each request, see [`crate::caller`].

use super::keys::Keys;
use crate::app::App;
use crate::http::{Code, Problem};
use crate::store::Role;
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use jsonwebtoken::{Algorithm, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::future::{Ready, ready};
use uuid::Uuid;

/// How long an access token counts.
pub const SECONDS: i64 = 900;

/// The `iss` and `aud` of every token.
const NAME: &str = "ruhu";

/// What an access token says. Role, region and team are as they were at its issue: for clients, never for a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    /// The user.
    pub sub: Uuid,
    pub role: Role,
    pub region: String,
    pub team: Option<Uuid>,
    pub device: Option<Uuid>,
    /// The session.
    pub sid: Uuid,
    pub jti: Uuid,
    /// Seconds since 1970.
    pub iat: i64,
    pub exp: i64,
}

/// Whom a token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub user: Uuid,
    pub role: Role,
    pub region: String,
    pub team: Option<Uuid>,
    pub device: Option<Uuid>,
    pub session: Uuid,
}

impl Claims {
    /// `now` in seconds since 1970.
    pub fn new(subject: Subject, now: i64) -> Self {
        let Subject { user, role, region, team, device, session } = subject;
        Self {
            iss: NAME.to_owned(),
            aud: NAME.to_owned(),
            sub: user,
            role,
            region,
            team,
            device,
            sid: session,
            jti: Uuid::new_v4(),
            iat: now,
            exp: now + SECONDS,
        }
    }
}

impl Keys {
    pub fn sign(&self, claims: &Claims) -> Result<String, Problem> {
        let header = Header { kid: Some(self.kid().to_owned()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, claims, self.signing()).map_err(|error| {
            tracing::error!(%error, "a token could not be signed");
            Problem::new(Code::Internal)
        })
    }

    /// The claims of a token that this server signed and that still counts. A phone shows the same token for a quarter of
    /// an hour: its signature, by far the dearest part of a small request, is checked once.
    pub fn verify(&self, token: &str) -> Option<Claims> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(claims) = self.verified().get(&digest) {
            return (claims.exp >= chrono::Utc::now().timestamp()).then_some(claims);
        }
        let claims = self.decode(token)?;
        self.verified().insert(digest, claims.clone());
        Some(claims)
    }

    /// The algorithm is ours to say, never the token's.
    fn decode(&self, token: &str) -> Option<Claims> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = 0;
        validation.set_issuer(&[NAME]);
        validation.set_audience(&[NAME]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let token = decode::<Claims>(token, self.verifying(), &validation).ok()?;
        (token.header.kid.as_deref() == Some(self.kid())).then_some(token.claims)
    }
}

/// The verified token of a request; asks no database, so the session may have ended since. For what must know, there
/// is [`crate::caller`].
#[derive(Debug, Clone)]
pub struct Bearer(pub Claims);

impl FromRequest for Bearer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    /// A signature is checked once in a request, however often it is asked for.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if let Some(known) = request.extensions().get::<Self>() {
            return ready(Ok(known.clone()));
        }
        let claims = request.app_data::<web::Data<App>>().zip(token(request)).and_then(|(app, t)| app.keys.verify(t));
        let bearer = claims.map(Self).ok_or_else(unauthorized);
        if let Ok(bearer) = &bearer {
            request.extensions_mut().insert(bearer.clone());
        }
        ready(bearer)
    }
}

/// What follows `Bearer` in the one `Authorization` header (RFC 6750, section 2.1).
fn token(request: &HttpRequest) -> Option<&str> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let (Some(only), None) = (headers.next(), headers.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// No token, one that does not count, or one whose session has ended: they look alike.
pub fn unauthorized() -> Problem {
    Problem::new(Code::Unauthorized).detail(
        "The access token is missing, expired or no longer valid. Refresh it, or sign in.",
        "访问令牌缺失、已过期或已失效，请刷新令牌或重新登录。",
    )
}

#[cfg(test)]
mod tests {
    use super::{Claims, SECONDS, Subject};
    use crate::auth::keys::Keys;
    use crate::store::Role;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use uuid::Uuid;

    fn keys() -> Keys {
        let dir = std::env::temp_dir().join(format!("ruhu-tokens-{}", Uuid::new_v4()));
        let keys = Keys::open(&dir).unwrap();
        std::fs::remove_dir_all(dir).unwrap();
        keys
    }

    fn claims(issued: i64) -> Claims {
        let subject = Subject {
            user: Uuid::new_v4(),
            role: Role::Team,
            region: "51".into(),
            team: Some(Uuid::new_v4()),
            device: None,
            session: Uuid::new_v4(),
        };
        Claims::new(subject, issued)
    }

    fn now() -> i64 {
        chrono::Utc::now().timestamp()
    }

    #[test]
    fn a_token_counts_for_its_time() {
        let keys = keys();
        let fresh = claims(now());
        let token = keys.sign(&fresh).unwrap();
        assert_eq!(keys.verify(&token), Some(fresh.clone()));
        assert_eq!(keys.verify(&token), Some(fresh), "also when it is known");
        assert_eq!(keys.verify(&keys.sign(&claims(now() - SECONDS - 1)).unwrap()), None);
    }

    #[test]
    fn a_known_token_ends_too() {
        let keys = keys();
        let ending = claims(now() - SECONDS + 1);
        let token = keys.sign(&ending).unwrap();
        while keys.verify(&token).is_some() {
            assert!(now() <= ending.exp + 1, "it has ended");
        }
        assert_eq!(keys.verify(&token), None);
    }

    #[test]
    fn a_token_of_another_key_issuer_audience_or_algorithm_does_not_count() {
        let (ours, other) = (keys(), keys());
        assert_eq!(ours.verify(&other.sign(&claims(now())).unwrap()), None);
        assert_eq!(ours.verify(&ours.sign(&Claims { iss: "x".into(), ..claims(now()) }).unwrap()), None);
        assert_eq!(ours.verify(&ours.sign(&Claims { aud: "x".into(), ..claims(now()) }).unwrap()), None);
        // The public key as an HMAC secret: the classic confusion.
        let secret = EncodingKey::from_secret(ours.verifying().try_get_as_bytes().unwrap());
        let confused = encode(&Header::new(Algorithm::HS256), &claims(now()), &secret).unwrap();
        assert_eq!(ours.verify(&confused), None);
        // Our own signature under another key's name, or under none.
        for kid in [Some("x".to_owned()), None] {
            let header = Header { kid, ..Header::new(Algorithm::EdDSA) };
            assert_eq!(ours.verify(&encode(&header, &claims(now()), ours.signing()).unwrap()), None);
        }
    }
}
