//! What happened in all plans together: a simulation in which something never happens proves nothing about it.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};

use serde_json::Value;

use super::log::{Deed, Event, Push};

/// What comes in every few plans.
const ALWAYS: [&str; 18] = [
    "applied",
    "merged",
    "parked deleted",
    "parked incomplete",
    "quarantined",
    "rejected",
    "conflict",
    "repeated",
    "device_cloned",
    "page with more",
    "page with reset",
    "page with revoked",
    "deleted in a page",
    "released",
    "discarded",
    "settled",
    "not_releasable",
    "already_settled",
];

/// So many plans have all of it, but for one chance in many thousands.
const ENOUGH: u64 = 60;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    plans: u64,
    counts: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn add(&mut self, log: &[Event]) {
        self.plans += 1;
        for event in log {
            match &event.deed {
                Deed::Push(push) => self.push(push),
                Deed::Race(pushes) => pushes.iter().for_each(|push| self.push(push)),
                Deed::Pull { answer, .. } => self.page(&answer.body),
                Deed::Settle { answer, .. } | Deed::Resolve { answer, .. } => self.settling(&answer.body),
                Deed::Assign { .. } => self.count("assigned"),
                Deed::Close { .. } => self.count("closed"),
                Deed::Revoke { mode, .. } => self.count(mode),
                Deed::Register { .. } => self.count("registered"),
                Deed::Move { .. } => self.count("moved"),
                Deed::Online { fields, .. } => self.count(if fields.is_some() { "patched" } else { "deleted online" }),
            }
        }
    }

    fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    fn push(&mut self, push: &Push) {
        for answer in &push.answers {
            if let Some(code) = answer.body["code"].as_str() {
                self.count(code);
            }
            let results = answer.body["results"].as_array().map(Vec::as_slice).unwrap_or_default();
            let acked = answer.body["acked"].as_u64().unwrap_or(0);
            if results.last().is_some_and(|last| last["op_seq"].as_u64() < Some(acked)) || push.answers.len() > 1 {
                self.count("repeated");
            }
            for result in results {
                let words = [&result["status"], &result["reason"]].map(|word| word.as_str().unwrap_or_default());
                self.count(words.join(" ").trim_end());
                result["conflicts"].as_array().into_iter().flatten().for_each(|_| self.count("conflict"));
            }
        }
    }

    fn page(&mut self, page: &Value) {
        let parts = page["buckets"].as_array().map(Vec::as_slice).unwrap_or_default();
        let deleted =
            |part: &Value| part["changes"].as_array().is_some_and(|all| all.iter().any(|c| c["deleted"] == true));
        for (what, is) in [
            ("page with more", page["more"] == true),
            ("page with reset", parts.iter().any(|part| part["reset"] == true)),
            ("page with revoked", page["revoked"].as_array().is_some_and(|list| !list.is_empty())),
            ("deleted in a page", parts.iter().any(deleted)),
            ("pull refused", page["code"].is_string()),
        ] {
            if is {
                self.count(what);
            }
        }
    }

    fn settling(&mut self, body: &Value) {
        self.count(body["code"].as_str().or(body["state"].as_str()).unwrap_or("nothing"));
    }

    /// Fails when there were many plans, and something that they are about never happened.
    pub(crate) fn check(&self) {
        let missing: Vec<&&str> = ALWAYS.iter().filter(|what| !self.counts.contains_key(**what)).collect();
        assert!(self.plans < ENOUGH || missing.is_empty(), "{missing:?} never happened: {self}");
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} plans", self.plans)?;
        self.counts.iter().try_for_each(|(what, count)| write!(f, ", {count} × {what}"))
    }
}
