//! A field device: it numbers its operations and reads its results. It keeps no records (see `mirror`).

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::http::{Reply, Session};
use super::op::Op;
use super::time;

pub(crate) struct Phone {
    pub(crate) session: Session,
    pub(crate) name: String,
    pub(crate) user: String,
    pub(crate) device: String,
    pub(crate) refresh_token: String,
    next: AtomicU64,
}

impl Deref for Phone {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

const STATUSES: [&str; 5] = ["applied", "merged", "parked", "quarantined", "rejected"];

/// The answer to a push that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Pushed(pub(crate) Value);

impl Phone {
    /// From the answer to a sign-in.
    pub(crate) fn new(session: &Session, tokens: &Value, name: &str, user: &str, device: &str) -> Self {
        Self {
            session: session.with_token(tokens["access_token"].as_str().expect("an access token")),
            name: name.into(),
            user: user.into(),
            device: device.into(),
            refresh_token: tokens["refresh_token"].as_str().expect("a refresh token").into(),
            next: AtomicU64::new(1),
        }
    }

    /// The same installation, talking to another server.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self {
            session: self.session.at(url),
            name: self.name.clone(),
            user: self.user.clone(),
            device: self.device.clone(),
            refresh_token: self.refresh_token.clone(),
            next: AtomicU64::new(self.next()),
        }
    }

    /// The number of the next new operation.
    pub(crate) fn next(&self) -> u64 {
        self.next.load(Ordering::SeqCst)
    }

    /// A push of these operations, numbered from the next one, by a phone with a right clock.
    pub(crate) fn envelope(&self, ops: impl IntoIterator<Item = Op>) -> Value {
        self.envelope_from(self.next(), ops)
    }

    #[expect(clippy::unused_self, reason = "it reads as what this phone sends")]
    pub(crate) fn envelope_from(&self, first: u64, ops: impl IntoIterator<Item = Op>) -> Value {
        let ops: Vec<Value> = (first..).zip(ops).map(|(op_seq, op)| op.with("op_seq", op_seq).0).collect();
        json!({ "schema": 1, "clock": time::wall(time::now()), "ops": ops })
    }

    /// Posts a push as it is.
    pub(crate) fn send(&self, envelope: &Value) -> Reply {
        self.session.post("/v1/sync/push", envelope).send()
    }

    /// Posts a push that must be taken, and counts on from it.
    #[track_caller]
    pub(crate) fn accept(&self, envelope: &Value) -> Pushed {
        let answer = self.send(envelope).ok();
        let pushed = Pushed(answer);
        pushed.check(envelope);
        self.next.fetch_max(pushed.acked() + 1, Ordering::SeqCst);
        pushed
    }

    /// Posts a push to a server that may be gone: `None` without an answer. What it refuses is not counted on from.
    #[track_caller]
    pub(crate) fn try_push(&self, envelope: &Value) -> Option<Result<Pushed, Reply>> {
        let reply = self.session.post("/v1/sync/push", envelope).try_send()?;
        if reply.status != 200 {
            return Some(Err(reply));
        }
        let pushed = Pushed(reply.json());
        pushed.check(envelope);
        self.next.fetch_max(pushed.acked() + 1, Ordering::SeqCst);
        Some(Ok(pushed))
    }

    #[track_caller]
    pub(crate) fn push(&self, ops: impl IntoIterator<Item = Op>) -> Pushed {
        self.accept(&self.envelope(ops))
    }

    /// Pushes one operation; gives its result.
    #[track_caller]
    pub(crate) fn push_one(&self, op: Op) -> Value {
        self.push([op]).0["results"][0].take()
    }

    /// Pushes one operation under a clock of its own; gives its result.
    #[track_caller]
    pub(crate) fn push_clock(&self, clock: Value, op: Op) -> Value {
        let mut envelope = self.envelope([op]);
        envelope["clock"] = clock;
        self.accept(&envelope).0["results"][0].take()
    }

    #[track_caller]
    pub(crate) fn pull(&self, cursor: Option<&str>) -> Value {
        self.session.pull(cursor)
    }
}

impl Session {
    /// One page, from `cursor` or from nothing.
    #[track_caller]
    pub(crate) fn pull(&self, cursor: Option<&str>) -> Value {
        let mut body = json!({ "schema": 1, "limit": 1000 });
        if let Some(cursor) = cursor {
            body["cursor"] = cursor.into();
        }
        self.pull_body(&body).ok()
    }

    pub(crate) fn pull_body(&self, body: &Value) -> Reply {
        self.post("/v1/sync/pull", body).send()
    }
}

impl Pushed {
    /// What holds of every answer: one result for each operation, in the order sent, each of a known status.
    #[track_caller]
    fn check(&self, envelope: &Value) {
        let sent: Vec<_> = envelope["ops"].as_array().expect("ops").iter().map(|op| op["op_seq"].as_u64()).collect();
        let got: Vec<_> = self.results().iter().map(|result| result["op_seq"].as_u64()).collect();
        assert_eq!(sent, got, "one result for each operation, in the order sent: {}", self.0);
        for result in self.results() {
            let status = result["status"].as_str().unwrap_or_default();
            assert!(STATUSES.contains(&status), "status {status} in {result}");
        }
        if let Some(Some(last)) = sent.last() {
            assert!(self.acked() >= *last, "every result advances acked: {}", self.0);
        }
        time::read(&self.0["server_time"]);
    }

    #[track_caller]
    pub(crate) fn acked(&self) -> u64 {
        self.0["acked"].as_u64().unwrap_or_else(|| panic!("no acked in {}", self.0))
    }

    #[track_caller]
    pub(crate) fn results(&self) -> &[Value] {
        self.0["results"].as_array().unwrap_or_else(|| panic!("no results in {}", self.0))
    }

    pub(crate) fn statuses(&self) -> Vec<&str> {
        self.results().iter().map(|result| result["status"].as_str().unwrap_or_default()).collect()
    }
}

/// A result's `conflicts`, none if it has none.
pub(crate) fn conflict_ids(result: &Value) -> Vec<String> {
    let ids = result.get("conflicts").and_then(Value::as_array).cloned().unwrap_or_default();
    ids.iter().map(|id| id.as_str().expect("an id").to_owned()).collect()
}

/// The result's status is `status`; gives the result back.
#[track_caller]
pub(crate) fn is(result: Value, status: &str) -> Value {
    assert_eq!(result["status"], status, "{result}");
    result
}

/// Accepted: it made a rev.
#[track_caller]
pub(crate) fn accepted(result: Value) -> Value {
    assert!(["applied", "merged"].contains(&result["status"].as_str().unwrap_or_default()), "not accepted: {result}");
    result
}

#[track_caller]
pub(crate) fn rev(result: &Value) -> u64 {
    result["rev"].as_u64().unwrap_or_else(|| panic!("no rev in {result}"))
}

#[track_caller]
pub(crate) fn seq(result: &Value) -> u64 {
    result["seq"].as_u64().unwrap_or_else(|| panic!("no seq in {result}"))
}
