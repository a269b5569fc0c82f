//! The guard: a handler reaches data only through a [`Caller`], whose role its type demands and whose scope the store
//! asks for. It is made from the database at each request, never from what a token says.

use crate::app::App;
use crate::auth::tokens::{Bearer, Claims, unauthorized};
use crate::http::{Code, Problem};
use crate::store::buckets::Heads;
use crate::store::callers::{self, Standing};
use crate::store::circle::Circle;
use crate::store::{Conn, Role};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use sync_core::cursor::Grant;
use sync_core::scope::Region;
use sync_core::{Bucket, Scope};
use uuid::Uuid;

/// Who calls, and what they see now. As an argument of a handler it costs one statement; a handler that writes takes a
/// [`Bearer`] instead and calls [`Caller::check`] inside its transaction, so that nothing changes in between.
#[derive(Debug, Clone)]
pub struct Caller<R = Anyone> {
    pub user: Uuid,
    pub session: Uuid,
    pub device: Option<Uuid>,
    pub role: Role,
    pub region: Region,
    pub team: Option<Uuid>,
    place_no: u32,
    counties: BTreeMap<Bucket, u32>,
    scope: Scope,
    required: PhantomData<fn() -> R>,
}

/// A role that a handler demands.
pub trait Required: 'static {
    fn admits(role: Role) -> bool;
}

/// Whoever is signed in.
#[derive(Debug, Clone, Copy)]
pub enum Anyone {}

/// The province or a prefecture.
#[derive(Debug, Clone, Copy)]
pub enum Office {}

/// The province alone.
#[derive(Debug, Clone, Copy)]
pub enum Provincial {}

impl Required for Anyone {
    fn admits(_: Role) -> bool {
        true
    }
}

impl Required for Office {
    fn admits(role: Role) -> bool {
        role.is_office()
    }
}

impl Required for Provincial {
    fn admits(role: Role) -> bool {
        role == Role::Provincial
    }
}

/// The caller behind verified claims, whatever its role.
pub fn check(conn: &mut Conn, claims: &Claims) -> Result<Caller, Problem> {
    Caller::check(conn, claims)
}

impl<R: Required> Caller<R> {
    /// The caller behind verified claims: 401 when the session has ended or the user is disabled, 403 when the device
    /// was revoked or the role does not suffice.
    pub fn check(conn: &mut Conn, claims: &Claims) -> Result<Self, Problem> {
        Self::admit(callers::load(conn, &BTreeSet::from([claims.sid]))?.remove(&claims.sid), claims)
    }

    /// The caller behind verified claims, and the heads of its team's counties, which an office has not got: with one
    /// statement. Fails as [`Caller::check`] does.
    pub fn check_with_heads(conn: &mut Conn, claims: &Claims) -> Result<(Self, Heads), Problem> {
        Self::admit_with_heads(
            callers::load_with_heads(conn, &BTreeSet::from([claims.sid]))?.remove(&claims.sid),
            claims,
        )
    }

    /// The caller behind verified claims, and the heads that were found with it. Fails as [`Caller::check`] does.
    pub fn admit_with_heads(found: Option<(Standing, Heads)>, claims: &Claims) -> Result<(Self, Heads), Problem> {
        let (standing, heads) = found.unzip();
        Ok((Self::admit(standing, claims)?, heads.unwrap_or_default()))
    }

    fn admit(standing: Option<Standing>, claims: &Claims) -> Result<Self, Problem> {
        let standing = standing.filter(|s| !s.ended && s.user == claims.sub).ok_or_else(unauthorized)?;
        match standing.revoked.as_deref() {
            None => {}
            Some("flush") => return Err(device_revoked("flush_then_wipe")),
            Some(_) => return Err(device_revoked("wipe")),
        }
        if !R::admits(standing.role) {
            return Err(forbidden());
        }
        Ok(Self::new(standing, claims.sid))
    }

    fn new(standing: Standing, session: Uuid) -> Self {
        let scope = standing.scope();
        let Standing { user, device, role, region, team, place_no, counties, .. } = standing;
        Self { user, session, device, role, region, team, place_no, counties, scope, required: PhantomData }
    }
}

impl<R> Caller<R> {
    /// The counties that the caller sees now.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The users, teams and devices that the caller sees.
    pub fn circle(&self) -> Circle {
        match self.role {
            Role::Provincial | Role::Prefecture => Circle::Region(self.region),
            Role::Team => Circle::Member { user: self.user, team: self.team },
        }
    }

    /// Names the unbroken time in which the caller has had a bucket, for a cursor.
    pub fn grant(&self, bucket: Bucket) -> Grant {
        let team = self.counties.get(&bucket).copied().unwrap_or_default();
        Grant { user: self.place_no, team }
    }
}

impl<R: Required> FromRequest for Caller<R> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // Known at the first poll: who is not signed in learns nothing of what else is wrong with the request.
        let bearer = Bearer::from_request(request, payload).into_inner();
        let app = request.app_data::<web::Data<App>>().cloned();
        Box::pin(async move {
            let Bearer(claims) = bearer?;
            let app = app.ok_or_else(|| Problem::new(Code::Internal))?;
            app.store.read(move |conn| Self::check(conn, &claims)).await
        })
    }
}

/// 403: the caller's role or region does not allow this.
pub fn forbidden() -> Problem {
    Problem::new(Code::Forbidden)
        .detail("Your role or region does not allow this.", "您的角色或所属地区无权执行此操作。")
}

/// 404: it is not there, or not for the caller to see; the two look alike.
pub fn not_found() -> Problem {
    Problem::new(Code::NotFound)
        .detail("There is nothing here, or nothing that you may see.", "此处没有内容，或您无权查看。")
}

/// 403 with what the device has to do: `flush_then_wipe` or `wipe`.
pub fn device_revoked(action: &str) -> Problem {
    Problem::new(Code::DeviceRevoked)
        .detail("This device was revoked. It must do what `action` says.", "该设备已被撤销，请按 action 的要求处理。")
        .with("action", action)
}
