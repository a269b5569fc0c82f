//! What a row of the table asks for: a request that is valid in every respect but, perhaps, who sends it.

use std::fmt::Write as _;

use super::ground::{Caller, Ground};
use crate::support::raw;
use crate::support::*;

pub(super) struct Target {
    pub(super) method: &'static str,
    pub(super) path: String,
    body: Body,
    /// The entity tag of what is changed.
    tag: Option<String>,
    /// Where the effect is seen.
    pub(super) watch: Option<String>,
}

enum Body {
    None,
    Json(Value),
    /// A new household in ZHAOJUE.
    Push,
    /// The refresh token that counts next.
    Refresh,
}

/// An answer.
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) body: Value,
}

pub(super) fn get(path: impl Into<String>) -> Target {
    Target { method: "GET", path: path.into(), body: Body::None, tag: None, watch: None }
}

pub(super) fn post(path: impl Into<String>, body: Value) -> Target {
    Target { method: "POST", body: Body::Json(body), ..get(path) }
}

pub(super) fn push() -> Target {
    Target { method: "POST", body: Body::Push, ..get("/v1/sync/push") }
}

pub(super) fn refresh() -> Target {
    Target { method: "POST", body: Body::Refresh, ..get("/v1/auth/refresh") }
}

/// A change of what stands at `path`, by someone who knows it as it is now.
pub(super) fn patch(g: &Ground<'_>, path: &str, body: Value) -> Target {
    let tag = g.w.province().get(path).send().header("etag").expect("a tag").to_owned();
    Target { method: "PATCH", body: Body::Json(body), tag: Some(tag), watch: Some(path.into()), ..get(path) }
}

/// A deletion of the record at `path`, by someone who knows it as it is now; its history shows it.
pub(super) fn delete(g: &Ground<'_>, path: &str) -> Target {
    let watch = Some(format!("{path}/history"));
    Target { method: "DELETE", body: Body::None, watch, ..patch(g, path, json!({})) }
}

impl Target {
    pub(super) fn watched(self, path: impl Into<String>) -> Self {
        Self { watch: Some(path.into()), ..self }
    }

    pub(super) fn send(&self, g: &Ground<'_>, caller: &Caller) -> Outcome {
        if self.path == "/v1/sync/events" {
            let reply = raw::begin(&caller.session, &self.path);
            return Outcome { status: reply.status, body: serde_json::from_slice(&reply.body).unwrap_or_default() };
        }
        let mut call = caller.session.call(self.method, &self.path);
        if let Some(tag) = &self.tag {
            call = call.header("if-match", tag);
        }
        let reply = match &self.body {
            Body::None => call,
            Body::Json(body) => call.json(body),
            Body::Push => call.json(&envelope(caller)),
            Body::Refresh => call.json(&json!({ "refresh_token": *g.refresh.borrow() })),
        }
        .send();
        let outcome = Outcome { status: reply.status, body: serde_json::from_slice(&reply.bytes).unwrap_or_default() };
        if let (Body::Refresh, Some(next)) = (&self.body, outcome.body["refresh_token"].as_str()) {
            next.clone_into(&mut g.refresh.borrow_mut());
        }
        outcome
    }

    /// Whether this is a request for the operation at `template` of the document.
    pub(super) fn is_for(&self, method: &str, template: &str) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        let (given, wanted): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
        let fits = |(given, wanted): (&&str, &&str)| given == wanted || wanted.starts_with('{') && !given.is_empty();
        self.method.eq_ignore_ascii_case(method) && given.len() == wanted.len() && given.iter().zip(&wanted).all(fits)
    }

    pub(super) fn name(&self) -> String {
        let mut name = format!("{} {}", self.method, self.path);
        if let Body::Json(body) = &self.body {
            let _ = write!(name, " {body}");
        }
        name
    }
}

/// A push of one new household, by the device's own count.
fn envelope(caller: &Caller) -> Value {
    let me = caller.session.get("/v1/me").send();
    let acked = if me.status == 200 { me.json()["device"]["acked"].as_u64().unwrap_or(0) } else { 0 };
    let op = Rec::household(ZHAOJUE).create().with("op_seq", acked + 1).0;
    json!({ "schema": 1, "clock": wall(now()), "ops": [op] })
}
