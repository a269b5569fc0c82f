//! Problems as the OpenAPI document shows them.

use super::Code;
use super::answer::IfMatch;
use super::idempotency::{self, Idempotency};
use crate::lang::Lang;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::{self, RefOr, Required, Schema};
use utoipa::{IntoParams, IntoResponses, PartialSchema as _, ToSchema};

/// One fault of a body.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldFault {
    /// RFC 6901: where in the body.
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

/// The shape of every problem, for the OpenAPI document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "urn:ruhu:problem:not_found", "title": "Not found", "status": 404,
    "detail": "There is nothing here, or nothing that you may see.", "code": "not_found",
    "instance": "/v1/households/0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e", "trace_id": "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5f"
}))]
pub struct ProblemBody {
    #[serde(rename = "type")]
    pub kind: String,
    /// In English or Chinese, by `Accept-Language`.
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// Stable: what a program decides by.
    pub code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Names the request in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The fields at fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldFault>,
}

/// The problems that any signed-in call may be answered with, for the OpenAPI document.
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let codes = [
            Code::Malformed,
            Code::Unauthorized,
            Code::Forbidden,
            Code::RateLimited,
            Code::Internal,
            Code::Unavailable,
        ];
        codes.into_iter().map(|code| (code.status().as_str().to_owned(), code.documented())).collect()
    }
}

/// What is not there, or not for the caller to see.
pub struct NotFound;

impl IntoResponses for NotFound {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        [(Code::NotFound.status().as_str().to_owned(), Code::NotFound.documented())].into()
    }
}

/// What may be wrong with a body.
pub struct BodyProblems;

impl IntoResponses for BodyProblems {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let codes = [Code::TooLarge, Code::UnsupportedMediaType, Code::Invalid];
        codes.into_iter().map(|code| (code.status().as_str().to_owned(), code.documented())).collect()
    }
}

/// What may be wrong with a push or a pull as a whole.
pub struct EnvelopeProblems;

impl IntoResponses for EnvelopeProblems {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let codes = [Code::TooLarge, Code::UnsupportedMediaType, Code::SchemaTooOld];
        codes.into_iter().map(|code| (code.status().as_str().to_owned(), code.documented())).collect()
    }
}

/// What an `Idempotency-Key` may meet where there is no body to be wrong.
pub struct KeyProblems;

impl IntoResponses for KeyProblems {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let code = Code::IdempotencyMismatch;
        [(code.status().as_str().to_owned(), code.documented())].into()
    }
}

/// What `If-None-Match` may save.
pub struct NotModified;

impl IntoResponses for NotModified {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let response = openapi::ResponseBuilder::new().description("It is still as `If-None-Match` names it");
        [("304".to_owned(), response.build().into())].into()
    }
}

/// What `If-Match` may meet.
pub struct Preconditions;

impl IntoResponses for Preconditions {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let codes = [Code::PreconditionFailed, Code::PreconditionRequired];
        codes.into_iter().map(|code| (code.status().as_str().to_owned(), code.documented())).collect()
    }
}

/// What the present state may forbid.
pub struct Conflicts;

impl IntoResponses for Conflicts {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        [(Code::Conflict.status().as_str().to_owned(), Code::Conflict.documented())].into()
    }
}

impl IntoParams for Idempotency {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = "The same key and body within 7 days give the same answer, and count once";
        let key =
            Object::builder().schema_type(Type::String).min_length(Some(1)).max_length(Some(idempotency::LONGEST));
        // Without blanks at its ends.
        let key = key.pattern(Some("^[!-~]([ -~]*[!-~])?$"));
        vec![header("Idempotency-Key", text, key.into(), Required::False)]
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header("If-Match", "The `ETag` of what you have seen", String::schema(), Required::True)]
    }
}

fn header(name: &str, description: &str, schema: RefOr<Schema>, required: Required) -> Parameter {
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).required(required);
    parameter.description(Some(description)).schema(Some(schema)).build()
}

impl Code {
    /// How the OpenAPI document tells it.
    pub fn documented(self) -> RefOr<openapi::Response> {
        let schema = openapi::Ref::from_schema_name("Problem");
        let content = openapi::ContentBuilder::new().schema(Some(schema)).build();
        let response = openapi::ResponseBuilder::new().description(self.title(Lang::En));
        response.content("application/problem+json", content).build().into()
    }
}
