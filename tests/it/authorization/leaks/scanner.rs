//! Goes through whole answers, headers and cursors too, for what their reader must not be told.
//!
//! A mark is `mk…z`, an id a UUID, a county its six digits, alone or before those of a township or a village.
//! Not looked at is what tells nothing: the request's own path, which a problem repeats as `instance`, and the trace.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use uuid::Uuid;

use super::super::elsewhere;
use super::model::{Eyes, Home, Model, Thing};
use crate::support::http::Reply;
use crate::support::*;

/// What one caller must not see.
pub(crate) struct Scanner {
    eyes: Eyes,
    /// By mark or id: what it belongs to.
    secrets: BTreeMap<String, String>,
    /// Every county that there is.
    counties: BTreeSet<String>,
    /// Counties of assignments that they see, closed ones too: named there, and nowhere else.
    assigned: BTreeSet<String>,
}

/// Members of a problem that say nothing but what the request said, and a fresh number.
const OWN: [&str; 2] = ["instance", "trace_id"];

/// A problem without those.
pub(crate) fn plain(mut problem: Value) -> Value {
    problem.as_object_mut().expect("a problem is an object").retain(|name, _| !OWN.contains(&name.as_str()));
    problem
}

impl Scanner {
    pub(crate) fn new(model: &Model, eyes: &Eyes) -> Self {
        let mut secrets = BTreeMap::new();
        for thing in &model.things {
            let what = format!("{} of {:?}", thing.kind, thing.home);
            // Two counties may have records of one id.
            let known = || model.things.iter().any(|other| other.id == thing.id && eyes.may_know(other));
            if !eyes.may_know(thing) && !known() {
                secrets.insert(thing.id.clone(), what.clone());
            }
            if !eyes.sees(&thing.home) {
                secrets.extend(thing.marks.iter().map(|mark| (mark.to_ascii_lowercase(), what.clone())));
            }
        }
        let counties = cast::counties("").into_iter().chain(elsewhere::counties()).collect();
        let county = |thing: &Thing| match &thing.home {
            Home::Assignment { county, .. } if eyes.sees(&thing.home) => Some(county.clone()),
            _ => None,
        };
        let assigned = model.things.iter().filter_map(county).collect();
        Self { eyes: eyes.clone(), secrets, counties, assigned }
    }

    /// An answer as it came.
    #[track_caller]
    pub(crate) fn scan(&self, asked: &str, reply: &Reply) {
        let mut body = serde_json::from_slice::<Value>(&reply.bytes).unwrap_or_default();
        if let Some(members) = body.as_object_mut() {
            if reply.status >= 400 {
                members.retain(|name, _| !OWN.contains(&name.as_str()));
            }
            for member in ["next", "cursor"] {
                if let Some(Value::String(cursor)) = members.remove(member) {
                    self.scan_cursor(&format!("{asked}, {member}"), &cursor);
                }
            }
            self.scan_text(asked, &body.to_string());
        } else {
            self.scan_text(asked, &reply.text());
        }
        for (name, value) in &reply.headers {
            self.scan_text(&format!("{asked}, header {name}"), &String::from_utf8_lossy(value.as_bytes()));
        }
    }

    #[track_caller]
    pub(crate) fn scan_text(&self, asked: &str, text: &str) {
        let text = text.to_ascii_lowercase();
        for token in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
            match Uuid::try_parse(token) {
                Ok(id) => self.scan_token(asked, &id.to_string(), &text),
                Err(_) => token.split('-').for_each(|part| self.scan_token(asked, part, &text)),
            }
        }
        // A mark is found wherever it stands.
        for (start, _) in text.match_indices("mk") {
            let end = text[start..].find('z').map_or(text.len(), |end| start + end + 1);
            self.scan_token(asked, &text[start..end], &text);
        }
    }

    #[track_caller]
    fn scan_token(&self, asked: &str, token: &str, text: &str) {
        // The digests of all draws are everybody's.
        let is_digest = asked.contains("/commitments") && text.contains(&format!("\"plan_digest\":\"{token}\""));
        if let Some(secret) = self.secrets.get(token).filter(|_| !is_digest) {
            panic!("{}: {asked} tells {token}, {secret}: {text}", self.eyes.name);
        }
        let county =
            matches!(token.len(), 6 | 9 | 12).then(|| &token[..6]).filter(|code| self.counties.contains(*code));
        let named = |code: &str| asked.contains("/v1/assignments") && self.assigned.contains(code);
        let known = county.is_none_or(|code| self.eyes.has(code) || named(code));
        assert!(known, "{}: {asked} tells {token}: {text}", self.eyes.name);
    }

    /// What stands in a cursor before its code: anybody can read it.
    #[track_caller]
    fn scan_cursor(&self, asked: &str, cursor: &str) {
        let bytes = BASE64.decode(cursor).unwrap_or_else(|e| panic!("{asked} is not base64: {e}"));
        let told = &bytes[..bytes.len() - 32];
        self.scan_text(asked, &String::from_utf8_lossy(told));
        for id in told.windows(16).filter_map(|window| Uuid::from_slice(window).ok()) {
            self.scan_token(asked, &id.to_string(), "its bytes");
        }
    }
}
