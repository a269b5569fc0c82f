//! A dashboard user: signs in without a device and speaks to the API in JSON.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use uuid::Uuid;

const ATTEMPTS: usize = 5;

/// Somebody who works at a desk.
pub(super) struct Office {
    agent: ureq::Agent,
    base: String,
    pub username: String,
    pub password: String,
    token: Mutex<Option<String>>,
}

/// An answer: its status and its JSON.
struct Answer {
    status: u16,
    retry_after: Option<u64>,
    body: Value,
    bytes: Vec<u8>,
}

impl Office {
    pub(super) fn new(base: &str, username: &str, password: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(2)))
            .max_idle_age(Duration::from_secs(3))
            .build()
            .into();
        let (username, password) = (username.to_owned(), password.to_owned());
        Self { agent, base: base.to_owned(), username, password, token: Mutex::new(None) }
    }

    pub(super) fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.expect(path, &self.call(path, None)?)
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.expect(path, &self.call(path, Some(body))?)
    }

    /// Creates something; its id.
    pub(super) fn create(&self, path: &str, body: &Value) -> anyhow::Result<Uuid> {
        let made = self.post(path, body)?;
        made["id"].as_str().and_then(|id| id.parse().ok()).with_context(|| format!("POST {path}: no id in the answer"))
    }

    /// Like `post`, but `None` when the present state forbids it (409).
    pub(super) fn try_post(&self, path: &str, body: &Value) -> anyhow::Result<Option<Value>> {
        let answer = self.call(path, Some(body))?;
        if answer.status == 409 { Ok(None) } else { self.expect(path, &answer).map(Some) }
    }

    /// A document.
    pub(super) fn download(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let answer = self.call(path, None)?;
        self.expect(path, &answer)?;
        Ok(answer.bytes)
    }

    /// A whole list, page by page.
    pub(super) fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let path = format!("{path}{}limit=1000", if path.contains('?') { '&' } else { '?' });
        let mut items = Vec::new();
        let mut page = self.get(&path)?;
        loop {
            if let Value::Array(more) = page["items"].take() {
                items.extend(more);
            }
            let Some(next) = page["next"].as_str() else { return Ok(items) };
            page = self.get(&format!("{path}&cursor={next}"))?;
        }
    }

    fn expect(&self, path: &str, answer: &Answer) -> anyhow::Result<Value> {
        match answer.status {
            200..300 => Ok(answer.body.clone()),
            status => bail!("{}: {path} answered {status}: {}", self.username, answer.body),
        }
    }

    /// Asks until there is an answer. The key makes repeating a `POST` harmless.
    fn call(&self, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        let key = Uuid::new_v4().to_string();
        let mut fresh = false;
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let token = if let Some(token) = self.held_token() {
                token
            } else {
                fresh = true;
                self.log_in()?
            };
            match self.once(path, Some(&token), &key, body) {
                Ok(answer) if answer.status == 401 && !fresh => self.keep_token(None),
                Ok(Answer { status: 429 | 503, retry_after, .. }) => {
                    std::thread::sleep(Duration::from_secs(retry_after.unwrap_or(1)));
                }
                Ok(answer) => return Ok(answer),
                Err(e) => last = Some(e),
            }
        }
        Err(last.map_or_else(|| anyhow::anyhow!("no answer"), anyhow::Error::from)).context(path.to_owned())
    }

    fn held_token(&self) -> Option<String> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep_token(&self, token: Option<String>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    fn log_in(&self) -> anyhow::Result<String> {
        let body = json!({"username": self.username, "password": self.password});
        let answer = self.once("/v1/auth/login", None, &Uuid::new_v4().to_string(), Some(&body))?;
        let body = self.expect("/v1/auth/login", &answer)?;
        let token = body["access_token"].as_str().context("no token in the answer to a sign-in")?.to_owned();
        self.keep_token(Some(token.clone()));
        Ok(token)
    }

    fn once(&self, path: &str, token: Option<&str>, key: &str, body: Option<&Value>) -> Result<Answer, ureq::Error> {
        let url = format!("{}{path}", self.base);
        let bearer = token.map(|token| format!("Bearer {token}"));
        let bearer = bearer.as_deref().unwrap_or_default();
        let mut response = if let Some(body) = body {
            let mut request = self.agent.post(url);
            if token.is_some() {
                request = request.header("Authorization", bearer).header("Idempotency-Key", key);
            }
            request.send_json(body)?
        } else {
            self.agent.get(url).header("Authorization", bearer).call()?
        };
        let header = response.headers().get("Retry-After");
        let retry_after = header.and_then(|value| value.to_str().ok()?.parse().ok());
        let status = response.status().as_u16();
        let bytes = response.body_mut().with_config().limit(u64::MAX).read_to_vec()?;
        Ok(Answer { status, retry_after, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), bytes })
    }
}
