//! Problems (RFC 9457): the one error type of every handler. A handler returns `Result<_, Problem>`; the store's errors
//! become `unavailable` or `internal` on the way, with the cause in the log and never in the answer.

use crate::fields::FieldError;
use crate::lang::Lang;
use crate::store::StoreError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};
use std::fmt;

/// The one table of error codes: code, status, title in English and Chinese.
macro_rules! codes {
    ($($variant:ident = $code:literal, $status:ident, $en:literal, $zh:literal;)+) => {
        /// A stable, machine-readable name of what went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $(#[doc = $en] $variant,)+ }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)+ }
            }

            pub fn title(self, lang: Lang) -> &'static str {
                match self { $(Self::$variant => lang.pick($en, $zh),)+ }
            }
        }
    };
}

codes! {
    Malformed = "malformed", BAD_REQUEST, "The request cannot be read", "请求无法读取";
    UnknownParameter = "unknown_parameter", BAD_REQUEST, "Unknown parameter", "未知的参数";
    BadCursor = "bad_cursor", BAD_REQUEST, "The cursor was not issued to this caller", "游标不是发给当前调用者的";
    Unauthorized = "unauthorized", UNAUTHORIZED, "Not signed in", "未登录";
    BadCredentials = "bad_credentials", UNAUTHORIZED, "User name or password is wrong", "用户名或密码错误";
    Forbidden = "forbidden", FORBIDDEN, "Not allowed", "没有权限";
    DeviceRevoked = "device_revoked", FORBIDDEN, "This device was revoked", "该设备已被撤销";
    NotADevice = "not_a_device", FORBIDDEN, "Only a registered device may do this", "仅限已登记的设备";
    NotFound = "not_found", NOT_FOUND, "Not found", "未找到";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed", "不支持的请求方法";
    Conflict = "conflict", CONFLICT, "In conflict with what is there", "与现有数据冲突";
    DeviceCloned = "device_cloned", CONFLICT, "The device was copied or restored", "设备数据被复制或还原过";
    OpGap = "op_gap", CONFLICT, "An operation is missing", "缺少操作记录";
    AlreadySettled = "already_settled", CONFLICT, "Already settled", "已经处理过";
    NotReleasable = "not_releasable", CONFLICT, "It cannot be released", "无法放行";
    RecordDeleted = "record_deleted", CONFLICT, "The record is deleted", "记录已被删除";
    WrongStep = "wrong_step", CONFLICT, "The finding's state does not lead there", "该问题的当前状态不能进入此环节";
    Gone = "gone", GONE, "It is gone", "已不存在";
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "It has changed meanwhile", "数据已被更改";
    TooLarge = "too_large", PAYLOAD_TOO_LARGE, "The request is too large", "请求过大";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "Unsupported content type or encoding", "不支持的内容类型或编码";
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "The content is invalid", "内容无效";
    IdempotencyMismatch = "idempotency_mismatch", UNPROCESSABLE_ENTITY, "The idempotency key was used for another request", "幂等键已用于其他请求";
    SchemaTooOld = "schema_too_old", UPGRADE_REQUIRED, "The app is too old: update it", "应用版本过旧，请更新";
    PreconditionRequired = "precondition_required", PRECONDITION_REQUIRED, "If-Match is required", "必须提供 If-Match";
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests", "请求过于频繁";
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong here", "服务器内部错误";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "Not available for the moment", "服务暂不可用";
}

/// What a request is answered with when it fails.
#[derive(Debug, Clone)]
pub struct Problem {
    pub code: Code,
    detail: Option<(String, String)>,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    /// Seconds after which the request may be repeated.
    retry_after: Option<u64>,
}

impl Problem {
    pub fn new(code: Code) -> Self {
        let retry_after = matches!(code, Code::Unavailable | Code::RateLimited).then_some(1);
        Self { code, detail: None, errors: Vec::new(), members: Map::new(), retry_after }
    }

    /// What happened and what to do, in both languages.
    #[must_use]
    pub fn detail(mut self, en: impl Into<String>, zh: impl Into<String>) -> Self {
        self.detail = Some((en.into(), zh.into()));
        self
    }

    #[must_use]
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// A further member of the problem object.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The problem object. `instance` and `trace_id` belong to a request, and are absent in results of a push.
    pub fn body(&self, lang: Lang, instance: Option<&str>, trace_id: Option<&str>) -> Value {
        let title = self.code.title(lang);
        let detail = self.detail.as_ref().map_or(title, |(en, zh)| lang.pick(en, zh));
        let mut body = json!({
            "type": format!("urn:ruhu:problem:{}", self.code.name()),
            "title": title,
            "status": self.code.status().as_u16(),
            "detail": detail,
            "code": self.code.name(),
        });
        if let Value::Object(body) = &mut body {
            body.extend(self.members.clone());
            let texts = [("instance", instance), ("trace_id", trace_id)];
            body.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))));
            if !self.errors.is_empty() {
                body.insert("errors".into(), errors_body(&self.errors, lang));
            }
        }
        body
    }

    /// The whole answer.
    pub fn response(&self, lang: Lang, instance: Option<&str>, trace_id: Option<&str>) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        response.insert_header((
            HeaderName::from_static("content-language"),
            HeaderValue::from_static(lang.pick("en", "zh-CN")),
        ));
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            response.insert_header(("www-authenticate", "Bearer"));
        }
        response.body(self.body(lang, instance, trace_id).to_string())
    }
}

/// `[{pointer, code, detail}]`
pub fn errors_body(errors: &[FieldError], lang: Lang) -> Value {
    let one = |e: &FieldError| json!({"pointer": e.pointer, "code": e.fault.code(), "detail": e.fault.detail(lang)});
    errors.iter().map(one).collect()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())?;
        match &self.detail {
            Some((en, _)) => write!(f, ": {en}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// A middleware words it anew in the caller's language, with the request's path and trace.
    fn error_response(&self) -> HttpResponse {
        let mut response = self.response(Lang::En, None, None);
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(error = format!("{cause:#}"), "the database is not available");
                Self::new(Code::Unavailable).detail(
                    "The database cannot be reached or has no room now. Try again in a moment; nothing was changed.",
                    "数据库暂时无法连接或空间不足，请稍后重试；数据未作任何更改。",
                )
            }
            StoreError::Undecided(cause) => {
                tracing::warn!(error = format!("{cause:#}"), "the database went away at a commit");
                Self::new(Code::Unavailable).detail(
                    "The database went away before it said whether this is stored. Send it again: a push counts once, \
                     and so does what has an Idempotency-Key. Else look first.",
                    "数据库在确认保存之前中断。请重新发送：推送及带 Idempotency-Key 的请求只会生效一次；其他请求请先核对数据。",
                )
            }
            StoreError::Query(_) | StoreError::Corrupt(_) => {
                tracing::error!(error = ?error, "a request failed in the database");
                Self::new(Code::Internal)
            }
        }
    }
}

impl From<diesel::result::Error> for Problem {
    fn from(error: diesel::result::Error) -> Self {
        StoreError::from(error).into()
    }
}
