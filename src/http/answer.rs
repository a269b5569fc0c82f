//! Single resources: their answers, their entity tags, and the preconditions on them (RFC 9110, section 13).

use super::{Code, Problem};
use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH, LOCATION};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::future::{Ready, ready};

/// A resource on its way out: `200` or `201`, with its entity tag; `304` to a reader who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    /// JSON.
    pub(super) body: String,
}

impl Answer {
    pub fn ok(resource: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { status: 200, location: None, body: text(resource)? })
    }

    /// `location` is the path of what was made: `/v1/users/…`.
    pub fn created(location: impl Into<String>, resource: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { status: 201, location: Some(location.into()), body: text(resource)? })
    }

    fn tag(&self) -> String {
        tag_of(&self.body)
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let tag = self.tag();
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let known = status == StatusCode::OK
            && (request.method().is_safe() && names(request.headers(), &IF_NONE_MATCH, &tag) == Some(true));
        let mut response = HttpResponse::build(if known { StatusCode::NOT_MODIFIED } else { status });
        response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, "private, no-cache"));
        if let Some(location) = self.location {
            response.insert_header((LOCATION, location));
        }
        if known { response.finish() } else { response.content_type("application/json").body(self.body) }
    }
}

/// The `If-Match` of a change; 428 where it is missing.
#[derive(Debug, Clone)]
pub struct IfMatch(HeaderMap);

impl IfMatch {
    /// 412 unless the caller has seen the resource as it is now: as it would go out by [`Answer::ok`].
    pub fn check(&self, current: &impl Serialize) -> Result<(), Problem> {
        if names(&self.0, &IF_MATCH, &tag_of(&text(current)?)) == Some(true) {
            return Ok(());
        }
        Err(Problem::new(Code::PreconditionFailed).detail(
            "It is not any more what you have seen. Read it again, then decide.",
            "数据已与您看到的不同，请重新读取后再决定。",
        ))
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(IF_MATCH) {
            return ready(Err(Problem::new(Code::PreconditionRequired).detail(
                "Send the resource's ETag as If-Match, so that nobody's change is overwritten unseen.",
                "请以 If-Match 提供该资源的 ETag，以免覆盖他人的修改。",
            )));
        }
        let given = request.headers().get_all(IF_MATCH).map(|value| (IF_MATCH, value.clone()));
        ready(Ok(Self(given.collect())))
    }
}

/// Whether a header lists this tag, or `*`; `None` without the header.
fn names(headers: &HeaderMap, header: &HeaderName, tag: &str) -> Option<bool> {
    let mut values = headers.get_all(header).peekable();
    values.peek()?;
    let mut listed = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    Some(listed.any(|one| [tag, "*"].contains(&one.trim().trim_start_matches("W/"))))
}

/// Made from the bytes: two answers have the same tag if and only if they are the same.
fn tag_of(body: &str) -> String {
    format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(body)[..16]))
}

fn text(resource: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(resource).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Problem::new(Code::Internal)
    })
}

#[cfg(test)]
mod tests {
    use super::{Answer, IfMatch};
    use crate::http::{Code, Problem};
    use actix_web::FromRequest as _;
    use actix_web::Responder as _;
    use actix_web::http::header::ETAG;
    use actix_web::test::TestRequest;
    use serde_json::json;

    fn tag(body: &serde_json::Value) -> String {
        let response = Answer::ok(body).unwrap().respond_to(&TestRequest::get().to_http_request());
        response.headers().get(ETAG).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn who_has_it_gets_no_body_again() {
        let body = json!({ "a": 1 });
        let tag = tag(&body);
        for (header, status) in [
            (tag.clone(), 304),
            (format!("\"x\", W/{tag}"), 304),
            ("*".to_owned(), 304),
            ("\"x\"".to_owned(), 200),
            (tag.trim_matches('"').to_owned(), 200),
        ] {
            let request = TestRequest::get().insert_header(("if-none-match", header)).to_http_request();
            assert_eq!(Answer::ok(&body).unwrap().respond_to(&request).status(), status);
        }
    }

    #[actix_web::test]
    async fn a_change_needs_the_tag_of_now() {
        let body = json!({ "a": 1 });
        let try_with = async |header: Option<&str>| -> Result<(), Problem> {
            let request = TestRequest::patch();
            let request = if let Some(tag) = header { request.insert_header(("if-match", tag)) } else { request };
            IfMatch::extract(&request.to_http_request()).await?.check(&body)
        };
        assert!(try_with(Some(&tag(&body))).await.is_ok());
        assert!(try_with(Some("*")).await.is_ok());
        let code = |outcome: Result<(), Problem>| outcome.unwrap_err().code;
        assert_eq!(code(try_with(Some("\"stale\"")).await), Code::PreconditionFailed);
        assert_eq!(code(try_with(None).await), Code::PreconditionRequired);
    }
}
