//! How the client reaches the server: one call that carries a request and brings back an answer, or nothing.
//!
//! The client treats every failure of a transport alike, because it cannot tell them apart: the request may
//! or may not have arrived. A transport never retries by itself.

use std::io::Write as _;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};

use super::wire::Problem;

/// Bodies below this many bytes go uncompressed.
const WORTH_COMPRESSING: usize = 1024;
/// The largest answer that is read, in bytes after decompression.
const MAX_ANSWER: u64 = 256 * 1024 * 1024;
/// Shorter than a server keeps an idle connection, so that no request is sent into one being closed.
const MAX_IDLE: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_mins(1);
/// How long to wait when a server asks for patience without saying how long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// From `Retry-After`, in whole seconds.
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as a problem document; an empty one when it is not.
    pub(super) fn problem(&self) -> Problem {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn patience(&self) -> Duration {
        self.retry_after.unwrap_or(PATIENCE)
    }
}

/// No answer: it is unknown whether the request arrived.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

/// Carries requests; every request of a device is a `POST` of JSON.
pub trait Transport: Send + Sync {
    /// `path` begins with a slash; `token` is the access token.
    fn post(&self, path: &str, token: Option<&str>, body: &[u8]) -> Result<Answer, Unreachable>;
}

/// HTTP with gzip both ways. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Http {
    agent: ureq::Agent,
    base: String,
}

impl Http {
    /// `base` is the server's address without a slash at the end, `http://127.0.0.1:8080`.
    pub fn new(base: impl Into<String>) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A redirect is a captive portal at work, not this server.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT))
            .max_idle_age(MAX_IDLE)
            .max_idle_connections_per_host(16)
            .user_agent(concat!("ruhu-device/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self { agent, base: base.into() }
    }
}

impl Transport for Http {
    fn post(&self, path: &str, token: Option<&str>, body: &[u8]) -> Result<Answer, Unreachable> {
        let lost = |e: &dyn std::fmt::Display| Unreachable(e.to_string());
        let mut request = self.agent.post(format!("{}{path}", self.base)).content_type("application/json");
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let sent = if body.len() < WORTH_COMPRESSING {
            request.send(body)
        } else {
            let compressed = gzip(body).map_err(|e| lost(&e))?;
            request.header("Content-Encoding", "gzip").send(&compressed)
        };
        let mut response = sent.map_err(|e| lost(&e))?;
        let retry_after = response
            .headers()
            .get("Retry-After")
            .and_then(|v| v.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(|e| lost(&e))?;
        Ok(Answer { status, retry_after, body })
    }
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}
