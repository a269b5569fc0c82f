//! What every answer passes on its way out: failures worded for their caller, with the request's path and trace; headers
//! that keep browsers careful; event streams kept out of compression; one line in the log.

use super::{Code, Problem};
use crate::lang::Lang;
use actix_web::Error;
use actix_web::HttpMessage as _;
use actix_web::HttpRequest;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use std::collections::HashMap;
use std::time::Instant;
use tracing::field::Empty;
use tracing_actix_web::{RequestId, RootSpanBuilder};
use utoipa::openapi::{OpenApi, PathItem};

/// What load balancers ask, again and again.
pub const HEALTH: [&str; 2] = ["/healthz", "/readyz"];

/// The span of a request: what every line of its log carries.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> tracing::Span {
        let id = request.extensions().get::<RequestId>().map(ToString::to_string);
        tracing::info_span!("request", id, method = %request.method(), path = request.path(), status = Empty)
    }

    fn on_request_end<B: MessageBody>(span: tracing::Span, outcome: &Result<ServiceResponse<B>, Error>) {
        if let Ok(answer) = outcome {
            span.record("status", answer.status().as_u16());
        }
    }
}

/// Words failures and dresses all answers. It stands outside of the compression.
pub async fn dress<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let begun = Instant::now();
    let answer = next.call(request).await?;
    let mut answer = match failure(&answer) {
        None => answer.map_into_left_body(),
        Some(problem) => worded(answer, &problem).map_into_right_body(),
    };
    let docs = answer.request().path().starts_with("/docs");
    careful(answer.headers_mut(), docs);
    let (status, ms) = (answer.status().as_u16(), begun.elapsed().as_millis() as u64);
    if status < 400 && HEALTH.contains(&answer.request().path()) {
        tracing::debug!(status, ms, "answered");
    } else {
        tracing::info!(status, ms, "answered");
    }
    Ok(answer)
}

/// Stands inside of the compression and keeps it from event streams, which it would hold back.
pub async fn spare_streams<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut answer = next.call(request).await?;
    let kind = answer.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    if kind.is_some_and(|kind| kind.starts_with(b"text/event-stream")) {
        answer.headers_mut().insert(CONTENT_ENCODING, IDENTITY);
    }
    Ok(answer)
}

const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

/// What went wrong, if something did: also where it was actix that refused.
fn failure<B>(answer: &ServiceResponse<B>) -> Option<Problem> {
    let status = answer.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let error = answer.response().error();
    if let Some(problem) = error.and_then(|error| error.as_error::<Problem>()) {
        return Some(problem.clone());
    }
    Some(match status {
        StatusCode::NOT_FOUND if error.is_none() && allowed(answer.request()).is_some() => {
            Problem::new(Code::MethodNotAllowed)
        }
        StatusCode::NOT_FOUND => {
            Problem::new(Code::NotFound).detail("There is nothing at this address.", "此地址下没有内容。")
        }
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(Code::MethodNotAllowed),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::TooLarge),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(Code::UnsupportedMediaType),
        status if status.is_client_error() => Problem::new(Code::Malformed),
        _ => {
            tracing::error!(error = error.map(tracing::field::display), "a request failed");
            Problem::new(Code::Internal)
        }
    })
}

/// The answer with the problem as its body, for who asked.
fn worded<B>(answer: ServiceResponse<B>, problem: &Problem) -> ServiceResponse {
    let request = answer.request();
    let trace = request.extensions().get::<RequestId>().map(ToString::to_string);
    let mut response = problem.response(Lang::of(request), Some(request.path()), trace.as_deref());
    if let Some(methods) = allowed(request).filter(|_| problem.code == Code::MethodNotAllowed) {
        response.headers_mut().insert(ALLOW, methods);
    }
    // What inner layers said of the request as a whole, such as how much of its rate is left.
    for (name, value) in answer.headers() {
        if !name.as_str().starts_with("content-") && !response.headers().contains_key(name) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    answer.into_response(response)
}

fn careful(headers: &mut HeaderMap, docs: bool) {
    if headers.get(CONTENT_ENCODING) == Some(&IDENTITY) {
        headers.remove(CONTENT_ENCODING);
    }
    let mut default = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    default(X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(REFERRER_POLICY, "no-referrer");
    default(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    default(CACHE_CONTROL, if docs { "no-cache" } else { "no-store" });
    let page = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";
    default(CONTENT_SECURITY_POLICY, if docs { page } else { "default-src 'none'; frame-ancestors 'none'" });
}

/// The methods of each path, from the document: actix alone cannot tell a wrong method from a wrong path.
pub struct Methods(HashMap<String, HeaderValue>);

impl Methods {
    pub fn of(document: &OpenApi) -> Self {
        let paths = document.paths.paths.iter();
        Self(paths.filter_map(|(path, item)| Some((path.clone(), methods(item)?))).collect())
    }
}

fn methods(item: &PathItem) -> Option<HeaderValue> {
    let given = [
        (&item.get, Method::GET),
        (&item.head, Method::HEAD),
        (&item.post, Method::POST),
        (&item.put, Method::PUT),
        (&item.patch, Method::PATCH),
        (&item.delete, Method::DELETE),
    ];
    let names: Vec<_> = given.iter().filter(|(there, _)| there.is_some()).map(|(_, method)| method.as_str()).collect();
    HeaderValue::from_str(&names.join(", ")).ok()
}

/// The methods of the request's path, if it is one.
fn allowed(request: &HttpRequest) -> Option<HeaderValue> {
    request.app_data::<Methods>()?.0.get(&documented(&request.match_pattern()?)).cloned()
}

/// A path as the document has it: `{name}` where actix has `{name:expression}`.
fn documented(pattern: &str) -> String {
    let mut parts = pattern.split('}').map(|part| part.split_once(':').map_or(part, |(before, _)| before));
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| path + "}" + part)
}

#[cfg(test)]
mod tests {
    use super::{Methods, RequestSpan, documented, dress, spare_streams};
    use crate::http::{Code, Problem};
    use actix_web::http::header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, ALLOW, CONTENT_ENCODING, CONTENT_TYPE};
    use actix_web::middleware::{Compress, from_fn};
    use actix_web::test::{TestRequest, call_service, init_service, read_body, read_body_json};
    use actix_web::{App, HttpResponse, get, web};
    use serde_json::Value;
    use tracing_actix_web::TracingLogger;
    use utoipa_actix_web::AppExt as _;

    #[utoipa::path(responses((status = 200, description = "never")))]
    #[get("/v1/things/{id}")]
    async fn thing(id: web::Path<u8>) -> Result<HttpResponse, Problem> {
        match *id {
            0 => Err(Problem::new(Code::Gone).detail("a", "甲").retry_after(7)),
            1 => Ok(HttpResponse::Ok().content_type("text/event-stream").body("data: x\n\n".repeat(99))),
            _ => Ok(HttpResponse::Ok().content_type("application/json").body("1".repeat(999))),
        }
    }

    macro_rules! service {
        () => {{
            let (app, document) = App::new().into_utoipa_app().service(thing).split_for_parts();
            let app = app.app_data(Methods::of(&document));
            let app = app.wrap(from_fn(spare_streams)).wrap(Compress::default()).wrap(from_fn(dress));
            init_service(app.wrap(TracingLogger::<RequestSpan>::new())).await
        }};
    }

    #[actix_web::test]
    async fn every_failure_is_a_problem() {
        let service = service!();
        for (request, status, code) in [
            (TestRequest::get().uri("/v1/things/0?x=y"), 410, "gone"),
            (TestRequest::get().uri("/v1/things/x"), 404, "not_found"),
            (TestRequest::get().uri("/v1/nothing"), 404, "not_found"),
            (TestRequest::put().uri("/v1/things/0"), 405, "method_not_allowed"),
        ] {
            let answer = call_service(&service, request.to_request()).await;
            assert_eq!(answer.status(), status);
            assert_eq!(answer.headers().get(ALLOW).is_some_and(|allow| allow == "GET"), status == 405);
            assert_eq!(answer.headers().get("retry-after").is_some_and(|seconds| seconds == "7"), status == 410);
            assert_eq!(answer.headers().get(CONTENT_TYPE).unwrap(), "application/problem+json");
            let problem: Value = read_body_json(answer).await;
            assert_eq!((&problem["code"], &problem["status"]), (&code.into(), &status.into()));
            assert!(problem["instance"].as_str().unwrap().starts_with("/v1/") && problem["trace_id"].is_string());
            assert!(!problem["instance"].as_str().unwrap().contains('?'));
        }
    }

    #[test]
    fn an_expression_is_no_part_of_a_documented_path() {
        assert_eq!(documented("/v1/{collection:households|visits}/{id}"), "/v1/{collection}/{id}");
        assert_eq!(documented("/healthz"), "/healthz");
    }

    #[actix_web::test]
    async fn a_failure_speaks_the_callers_language() {
        let request = TestRequest::get().uri("/v1/things/0").insert_header((ACCEPT_LANGUAGE, "zh-CN"));
        let problem: Value = read_body_json(call_service(&service!(), request.to_request()).await).await;
        assert_eq!((&problem["detail"], &problem["title"]), (&"甲".into(), &"已不存在".into()));
    }

    #[actix_web::test]
    async fn answers_are_packed_and_streams_are_not() {
        let service = service!();
        for (path, coding) in [("/v1/things/1", None), ("/v1/things/2", Some("zstd"))] {
            let request = TestRequest::get().uri(path).insert_header((ACCEPT_ENCODING, "zstd"));
            let answer = call_service(&service, request.to_request()).await;
            assert_eq!(answer.headers().get(CONTENT_ENCODING).map(|name| name.to_str().unwrap()), coding);
            assert_eq!(answer.headers().get("x-content-type-options").unwrap(), "nosniff");
            assert_eq!(read_body(answer).await.len() < 99, coding.is_some());
        }
    }
}
