//! `/v1/sync/*`: the handlers of push, pull, events and limits.

use super::batch::Job;
use super::envelope::{PULL_DEFAULT, PULL_MOST, Pull, Push};
use super::events::Moved;
use super::pull::{Page, Puller, page, quiet};
use super::sealed;
use super::wire::{Limits, PullAnswer, PullLimits, PullRequest, PushAnswer, PushLimits, PushRequest};
use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::{Anyone, Caller};
use crate::http::body::Raw;
use crate::http::documented::{EnvelopeProblems, ProblemBody, Problems};
use crate::http::{Arrival, Code, Problem};
use crate::lang::Lang;
use crate::store::{Role, buckets, snapshot_in_order};
use actix_web::body::{MessageBody, SizedStream};
use actix_web::rt::task::spawn_blocking;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get, post, web};
use futures_util::stream;
use std::convert::Infallible;
use std::time::Duration;
use sync_core::cursor::Cursor;
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use utoipa_actix_web::service_config::ServiceConfig;

/// Operations in one push at most.
pub const PUSH_OPS: usize = 500;
/// Bytes of a push after decompression at most.
pub const PUSH_BYTES: usize = 4 * 1024 * 1024;
/// A pull is a few lines, but its cursor grows with the number of buckets.
const PULL_BYTES: usize = 256 * 1024;
/// Keeps idle connections open through proxies, and tells a phone that it is still heard.
const COMMENT_EVERY: Duration = Duration::from_secs(20);

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(push).service(pull).service(events).service(limits);
}

/// Sends what a device recorded.
///
/// The answer has a terminal result for each operation; a push may be repeated any number of times.
#[utoipa::path(
    operation_id = "syncPush",
    tag = "sync",
    request_body = PushRequest,
    responses(
        (status = 200, description = "One result per operation, in the order sent", body = PushAnswer),
        (status = 409, description = "`device_cloned`, or `op_gap` with `expected`; both with `acked`", body = ProblemBody, content_type = "application/problem+json"),
        EnvelopeProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/sync/push")]
async fn push(
    arrival: Arrival,
    Bearer(claims): Bearer,
    lang: Lang,
    app: Data<App>,
    body: Raw<PUSH_BYTES>,
) -> Result<HttpResponse, Problem> {
    if claims.device.is_none() {
        return Err(Problem::new(Code::NotADevice).detail(
            "Sign in with `device` or `device_id`: only a registered device may push.",
            "请在登录时提供 device 或 device_id：只有已登记的设备可以推送。",
        ));
    }
    let received = arrival.ms();
    let lanes = app.lanes.clone();
    let (sender, receiver) = oneshot::channel();
    // Not awaited: whoever works in a lane goes on with the pushes of others when its own is answered.
    drop(spawn_blocking(move || match Push::read(&body, claims.team, PUSH_OPS) {
        Ok(Push { clock, ops }) => {
            lanes.push(Job { session: claims.sid, team: claims.team, received, clock, ops }, sender);
        }
        Err(problem) => drop(sender.send(Err(problem))),
    }));
    let answer = receiver.await.map_err(|_| Problem::new(Code::Unavailable))??;
    app.moves.poke();
    Ok(json(answer.body(lang, Arrival::now().ms())))
}

/// Gives what changed in the caller's scope since the cursor.
#[utoipa::path(
    operation_id = "syncPull",
    tag = "sync",
    request_body = PullRequest,
    responses((status = 200, description = "The next page", body = PullAnswer), EnvelopeProblems, Problems),
    security(("bearer" = []))
)]
#[post("/sync/pull")]
async fn pull(Bearer(claims): Bearer, app: Data<App>, body: Raw<PULL_BYTES>) -> Result<HttpResponse, Problem> {
    // Who it is comes before what it wants: a wiped phone learns that it is wiped.
    let (caller, heads) = Caller::<Anyone>::admit_with_heads(app.polls.ask(claims.sid).await?, &claims)?;
    let Pull { cursor, limit, restart } = Pull::read(&body)?;
    let holder = caller.device.unwrap_or(caller.user);
    let cursor = match cursor {
        Some(text) => sealed::open(&app.keys, &text, holder)?,
        None => Cursor::new(holder),
    };
    let restart: Vec<_> = restart.iter().filter_map(|code| code.parse().ok()).collect();
    let keys = app.keys.clone();
    let body = move |page: Page| {
        let cursor = sealed::seal(&keys, &page.cursor);
        page.body(&cursor, Arrival::now().ms())
    };
    if caller.role == Role::Team {
        let puller = Puller { scope: caller.scope(), grant: &|bucket| caller.grant(bucket) };
        if let Some(page) = quiet(&puller, &heads, cursor.clone(), &restart) {
            return Ok(json_in_pieces(body(page)));
        }
    }
    // There is something to give: now everything as it stands at one moment, the caller too.
    let given = app.store.read(move |conn| {
        snapshot_in_order(conn, |conn| {
            let (caller, mut heads) = Caller::<Anyone>::check_with_heads(conn, &claims)?;
            if caller.role != Role::Team {
                heads = buckets::in_scope(conn, caller.scope())?;
            }
            let puller = Puller { scope: caller.scope(), grant: &|bucket| caller.grant(bucket) };
            Ok::<_, Problem>(body(page(conn, &puller, &heads, cursor, &restart, limit as usize)?))
        })
    });
    Ok(json_in_pieces(given.await?))
}

/// Nudges to pull.
///
/// A stream of server-sent events: `{"bucket", "seq"}` whenever a bucket in scope moves, and a comment every 20 seconds.
/// Begin to listen, then pull: nothing is told of what moved before.
#[utoipa::path(
    operation_id = "syncEvents",
    tag = "sync",
    responses((status = 200, description = "Events without end", body = String, content_type = "text/event-stream"), Problems),
    security(("bearer" = []))
)]
#[get("/sync/events")]
async fn events(Bearer(claims): Bearer, app: Data<App>) -> Result<HttpResponse, Problem> {
    let session = claims.sid;
    let known = app.store.snapshot(move |conn| {
        let caller: Caller = Caller::check(conn, &claims)?;
        let mut seqs = buckets::seqs(conn)?;
        seqs.retain(|bucket, _| caller.scope().contains(*bucket));
        Ok::<_, Problem>(seqs)
    });
    let heard = app.moves.listen(session, known.await?);
    let mut ticks = tokio::time::interval(COMMENT_EVERY);
    ticks.reset();
    let begin = Bytes::from_static(b"retry: 5000\n\n");
    let first = stream::once(async move { Ok::<_, actix_web::Error>(begin) });
    let rest = stream::unfold((heard, ticks), |(mut heard, mut ticks)| async move {
        let bytes = next(&mut heard, &mut ticks).await?;
        Some((Ok(bytes), (heard, ticks)))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        // Proxies that collect an answer before they pass it on would hold every event back.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream::StreamExt::chain(first, rest)))
}

async fn next(heard: &mut Receiver<Moved>, ticks: &mut tokio::time::Interval) -> Option<Bytes> {
    tokio::select! {
        moved = heard.recv() => {
            let Moved { bucket, seq } = moved?;
            Some(Bytes::from(format!("data: {{\"bucket\":\"{bucket}\",\"seq\":{seq}}}\n\n")))
        }
        _ = ticks.tick() => Some(Bytes::from_static(b": still here\n\n")),
    }
}

/// Tells how much one request may hold.
#[utoipa::path(
    operation_id = "syncLimits",
    tag = "sync",
    responses((status = 200, description = "The limits", body = Limits), Problems),
    security(("bearer" = []))
)]
#[get("/sync/limits")]
async fn limits(_: Caller) -> web::Json<Limits> {
    web::Json(Limits {
        push: PushLimits { max_ops: PUSH_OPS, max_bytes: PUSH_BYTES },
        pull: PullLimits { default_limit: PULL_DEFAULT, max_limit: PULL_MOST },
    })
}

fn json<B: MessageBody + 'static>(body: B) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").insert_header(("cache-control", "no-store")).body(body)
}

/// A body whose pieces are sent as they are, one after the other.
fn json_in_pieces(mut pieces: Vec<String>) -> HttpResponse {
    if pieces.len() <= 1 {
        return json(pieces.pop().unwrap_or_default());
    }
    let length = pieces.iter().map(|piece| piece.len() as u64).sum();
    json(SizedStream::new(
        length,
        stream::iter(pieces.into_iter().map(|piece| Ok::<_, Infallible>(Bytes::from(piece)))),
    ))
}
