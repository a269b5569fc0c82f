//! `/v1/auth/*` and the public key.

use super::account::password_faults;
use super::session::{self, Issued, bad_credentials};
use super::tokens::{self, Bearer};
use super::wire::{DeviceRef, Login, PasswordChange, RefreshToken, Tokens};
use super::{password, wire};
use crate::app::App;
use crate::caller::Caller;
use crate::http::address::address;
use crate::http::body;
use crate::http::checks::invalid;
use crate::http::documented::{BodyProblems, Conflicts, Problems};
use crate::http::{Code, Problem};
use crate::store::{Instant, sessions, users};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use utoipa_actix_web::service_config::ServiceConfig;

/// What anybody may send needs little room.
type Json<T> = body::Json<T, { 16 * 1024 }>;

/// Under `/v1`.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(login).service(refresh).service(logout).service(change_password);
}

/// At the root.
pub fn well_known(cfg: &mut ServiceConfig<'_>) {
    cfg.service(jwks);
}

/// Signs in.
///
/// With `device`, a new installation is registered and the tokens are bound to it: only such tokens may push. With
/// `device_id`, a known device of the same user signs in again.
#[utoipa::path(
    operation_id = "login",
    tag = "auth",
    request_body = Login,
    responses((status = 200, description = "Signed in", body = Tokens), BodyProblems, Problems)
)]
#[post("/auth/login")]
async fn login(app: Data<App>, request: HttpRequest, body: Json<Login>) -> Result<HttpResponse, Problem> {
    let mut body = body.value;
    let installation = body.installation()?;
    let attempt = app.attempts.begin(&body.username, address(&request, app.config.behind_proxy))?;
    let username = body.username;
    // No user has a name that could not be stored.
    let known = super::account::username_faults(&username).is_empty();
    let user = if known { app.store.read(move |conn| users::by_name(conn, &username)).await? } else { None };
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let verified = match password::verified(body.password, hash).await {
        Ok(verified) => verified,
        Err(problem) => {
            // No verdict, no failure.
            attempt.forgive();
            return Err(problem);
        }
    };
    let user = user.filter(|user| verified && user.disabled_at.is_none()).ok_or_else(bad_credentials)?;
    attempt.forgive();
    let now = Instant::now();
    let issued =
        app.store.write(move |tx| session::open(tx, user.id.0, &user.password_hash, &installation, now)).await?;
    answer(&app, issued)
}

/// Gives new tokens for a refresh token.
///
/// A refresh token counts once. If one is used again, every token of its sign-in stops counting.
#[utoipa::path(
    operation_id = "refresh",
    tag = "auth",
    request_body = RefreshToken,
    responses((status = 200, description = "New tokens", body = Tokens), BodyProblems, Problems)
)]
#[post("/auth/refresh")]
async fn refresh(app: Data<App>, body: Json<RefreshToken>) -> Result<HttpResponse, Problem> {
    let token = body.value.refresh_token;
    let issued = app.store.write(move |tx| session::renew(tx, &token, Instant::now())).await??;
    answer(&app, issued)
}

/// Ends the sign-in that a refresh token belongs to.
#[utoipa::path(
    operation_id = "logout",
    tag = "auth",
    request_body = RefreshToken,
    responses((status = 204, description = "Signed out, or never signed in"), BodyProblems, Problems)
)]
#[post("/auth/logout")]
async fn logout(app: Data<App>, body: Json<RefreshToken>) -> Result<HttpResponse, Problem> {
    let token = body.value.refresh_token;
    app.store.write(move |tx| session::end(tx, &token, Instant::now()).map_err(Problem::from)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Changes the caller's password.
///
/// Every other sign-in of the same user ends; this one stays.
#[utoipa::path(
    operation_id = "changePassword",
    tag = "auth",
    request_body = PasswordChange,
    responses((status = 204, description = "Changed"), BodyProblems, Conflicts, Problems),
    security(("bearer" = []))
)]
#[post("/auth/password")]
async fn change_password(
    caller: Caller,
    Bearer(claims): Bearer,
    app: Data<App>,
    request: HttpRequest,
    body: Json<PasswordChange>,
) -> Result<HttpResponse, Problem> {
    let PasswordChange { current_password, new_password } = body.value;
    let user = app.store.read(move |conn| users::find(conn, caller.user)).await?.ok_or_else(tokens::unauthorized)?;
    let faults = password_faults("/new_password", &new_password);
    if !faults.is_empty() {
        return Err(invalid(faults));
    }
    let attempt = app.attempts.begin(&user.username, address(&request, app.config.behind_proxy))?;
    let old = user.password_hash;
    if !password::verified(current_password, Some(old.clone())).await? {
        return Err(Problem::new(Code::Forbidden).detail("The current password is wrong.", "当前密码错误。"));
    }
    attempt.forgive();
    let new = password::hashed(new_password).await?;
    app.store
        .write(move |tx| {
            let caller: Caller = Caller::check(tx, &claims)?;
            if users::set_password(tx, caller.user, &old, &new)? {
                Ok(sessions::end_others(tx, caller.user, Some(caller.session), Instant::now())?)
            } else {
                Err(Problem::new(Code::Conflict).detail("The password has just been changed.", "密码刚刚已被修改。"))
            }
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The public key that access tokens are verified with, as a JWK set (RFC 7517).
#[utoipa::path(
    operation_id = "jwks",
    tag = "auth",
    responses((status = 200, description = "The keys", body = wire::KeySet))
)]
#[get("/.well-known/jwks.json")]
async fn jwks(app: Data<App>) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=300")).json(app.keys.jwks())
}

fn answer(app: &App, issued: Issued) -> Result<HttpResponse, Problem> {
    let Issued { claims, refresh_token, user } = issued;
    let tokens = Tokens {
        access_token: app.keys.sign(&claims)?,
        token_type: "Bearer",
        expires_in: tokens::SECONDS,
        refresh_token,
        user,
        device: claims.device.map(|id| DeviceRef { id }),
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(tokens))
}
