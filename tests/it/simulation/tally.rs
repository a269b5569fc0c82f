//! What happened in all plans together: a simulation in which something never happens proves nothing about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};

use serde_json::Value;

use super::log::{Deed, Event, Push};

/// What comes in every few plans.
const ALWAYS: [&str; 29] = [
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
    "assigned",
    "closed",
    "moved",
    "flush",
    "wipe",
    "device_revoked",
    "pull refused",
    "registered",
    "patched",
    "deleted online",
    THREE_WRITERS,
];

/// A field of one record that three devices have written.
const THREE_WRITERS: &str = "three writers on one field";

/// So many plans have all of it, but for one chance in many thousands.
pub(crate) const ENOUGH: u64 = 60;

/// So many are tried however slow the machine is.
pub(crate) const LEAST: u64 = 20;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) plans: u64,
    counts: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn add(&mut self, log: &[Event]) {
        self.plans += 1;
        let crowded = writers(log).into_values().filter(|devices| devices.len() >= 3).count();
        (0..crowded).for_each(|_| self.count(THREE_WRITERS));
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

    /// Fails when there were fewer plans, or there were enough and something that they are about never happened.
    pub(crate) fn check(&self, least: u64) {
        let missing: Vec<&&str> = ALWAYS.iter().filter(|what| !self.counts.contains_key(**what)).collect();
        assert!(self.plans >= least, "too few: {self}");
        assert!(self.plans < ENOUGH || missing.is_empty(), "{missing:?} never happened: {self}");
    }
}

/// By record and field, the devices whose operations on it were accepted.
fn writers(log: &[Event]) -> BTreeMap<(String, String), BTreeSet<&str>> {
    let mut writers: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    let pushes = log.iter().flat_map(|event| match &event.deed {
        Deed::Push(push) => std::slice::from_ref(push),
        Deed::Race(pushes) => pushes,
        _ => &[],
    });
    for push in pushes {
        let results = push.answers.iter().find_map(|answer| answer.body["results"].as_array());
        let ops = push.envelope["ops"].as_array().into_iter().flatten();
        for (op, result) in ops.zip(results.into_iter().flatten()) {
            if !["applied", "merged"].iter().any(|status| result["status"] == *status) {
                continue;
            }
            let fields = op["fields"].as_object().into_iter().flatten();
            let answers = op["fields"]["answers"].as_object().into_iter().flatten();
            let record = format!("{} {}", op["bucket"], op["id"]);
            let names = fields.map(|(name, _)| name.clone()).filter(|name| name != "answers");
            for name in names.chain(answers.map(|(name, _)| format!("answers.{name}"))) {
                writers.entry((record.clone(), name)).or_default().insert(&push.device);
            }
        }
    }
    writers
}

impl Display for Tally {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} plans", self.plans)?;
        self.counts.iter().try_for_each(|(what, count)| write!(f, ", {count} × {what}"))
    }
}
