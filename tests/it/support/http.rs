//! One caller's view of the server: requests with a token, and answers that fail the test with all they hold.

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

use super::cast::PASSWORD;

/// A caller: an address, and perhaps an access token. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Session {
    agent: Agent,
    base: Arc<Mutex<String>>,
    pub(crate) token: Option<String>,
    /// In the place of `token`, since it was signed in again; shared by clones.
    renewed: Arc<Mutex<Option<String>>>,
}

pub(crate) struct Call {
    agent: Agent,
    method: &'static str,
    path: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// `POST /v1/sync/push`
    asked: String,
}

impl Session {
    /// `base` is shared, so that a restarted server's new address reaches every caller.
    pub(crate) fn new(base: Arc<Mutex<String>>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .max_redirects(3)
            // Less than the 75 s for which the server keeps them: no request is sent into one being closed, and none twice.
            .max_idle_age(Duration::from_secs(15))
            .build();
        Self { agent: config.new_agent(), base, token: None, renewed: Arc::default() }
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), renewed: Arc::default(), ..self.clone() }
    }

    pub(crate) fn anonymous(&self) -> Self {
        Self { token: None, renewed: Arc::default(), ..self.clone() }
    }

    /// The token that it shows now.
    pub(crate) fn access_token(&self) -> Option<String> {
        self.renewed.lock().unwrap().clone().or_else(|| self.token.clone())
    }

    /// Signs in again, as the same device if it is one: an access token counts for 15 minutes.
    #[track_caller]
    pub(crate) fn sign_in_again(&self, username: &str, device: Option<&str>) {
        let mut body = json!({ "username": username, "password": PASSWORD });
        if let Some(device) = device {
            body["device_id"] = device.into();
        }
        let tokens = self.anonymous().post("/v1/auth/login", &body).send().ok();
        let token = tokens["access_token"].as_str().expect("an access token").to_owned();
        *self.renewed.lock().unwrap() = Some(token);
    }

    /// The same caller, at another server; with connections of its own.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self {
            token: self.token.clone(),
            renewed: self.renewed.clone(),
            ..Self::new(Arc::new(Mutex::new(url.to_owned())))
        }
    }

    /// `http://127.0.0.1:40123`
    pub(crate) fn url(&self) -> String {
        self.base.lock().unwrap().clone()
    }

    pub(crate) fn call(&self, method: &'static str, path: &str) -> Call {
        let mut headers = Vec::new();
        if let Some(token) = self.access_token() {
            headers.push(("authorization".into(), format!("Bearer {token}")));
        }
        let url = format!("{}{path}", self.url());
        Call { agent: self.agent.clone(), method, path: path.to_owned(), url, headers, body: None }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Call {
        self.call("POST", path).json(body)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Call {
        self.call("PATCH", path).json(body)
    }

    /// Every item of a list, all its pages.
    #[track_caller]
    pub(crate) fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{cursor}")).send().ok();
            items
                .extend(page["items"].as_array().unwrap_or_else(|| panic!("{path}: no items: {page}")).iter().cloned());
            assert!(page.get("next").is_some(), "{path}: a list says `next`, or null: {page}");
            let Some(next) = page["next"].as_str() else { return items };
            let join = if path.contains('?') { '&' } else { '?' };
            cursor = format!("{join}cursor={}", urlencode(next));
        }
    }
}

impl Call {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.bytes(body.to_string()).header("content-type", "application/json")
    }

    pub(crate) fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    fn request<B>(&self, body: B) -> Request<B> {
        let mut request = Request::builder().method(self.method).uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(body).expect("a request of the tests is well formed")
    }

    #[track_caller]
    pub(crate) fn send(self) -> Reply {
        let asked = format!("{} {}", self.method, self.path);
        self.exchange().unwrap_or_else(|e| panic!("{asked}: no answer: {e}"))
    }

    /// `None` when the server went away before its answer was whole.
    pub(crate) fn try_send(self) -> Option<Reply> {
        self.exchange().ok()
    }

    fn exchange(self) -> Result<Reply, ureq::Error> {
        let asked = format!("{} {}", self.method, self.path);
        let bodiless = self.body.is_none() && matches!(self.method, "GET" | "HEAD" | "DELETE");
        let mut answer = if bodiless {
            self.agent.run(self.request(()))?
        } else {
            self.agent.run(self.request(self.body.clone().unwrap_or_default()))?
        };
        let bytes = answer.body_mut().with_config().read_to_vec()?;
        Ok(Reply { status: answer.status().as_u16(), headers: answer.headers().clone(), bytes, asked })
    }
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|e| panic!("{} gave {} and no JSON ({e}): {}", self.asked, self.status, self.text()))
    }

    #[track_caller]
    pub(crate) fn status(self, expected: &[u16]) -> Self {
        assert!(
            expected.contains(&self.status),
            "{} gave {}, not {expected:?}: {}",
            self.asked,
            self.status,
            self.text()
        );
        self
    }

    /// The body of a 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        self.status(&[200]).json()
    }

    /// The body of a 201.
    #[track_caller]
    pub(crate) fn created(self) -> Value {
        self.status(&[201]).json()
    }

    /// A problem object (RFC 9457) with this status and this code.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        let problem = self.refused(&[status]);
        assert_eq!(problem["code"], code, "{problem}");
        problem
    }

    /// A problem object with one of these statuses, whatever its code.
    #[track_caller]
    pub(crate) fn refused(self, statuses: &[u16]) -> Value {
        let reply = self.status(statuses);
        let kind = reply.header("content-type").unwrap_or_default().to_owned();
        assert!(kind.starts_with("application/problem+json"), "{}: content type {kind}: {}", reply.asked, reply.text());
        let problem = reply.json();
        assert_eq!(problem["status"], reply.status, "{problem}");
        assert!(problem["title"].is_string() && problem["code"].is_string(), "{problem}");
        problem
    }
}

/// Percent-encodes all but unreserved characters.
pub(crate) fn urlencode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
