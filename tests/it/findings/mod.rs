//! The life of a finding: who may take which step, what is refused online, and what is kept and flagged by sync.

mod feedback;
mod steps;
mod sync;

use crate::support::*;

/// A finding that ali recorded in JINYANG.
fn found(w: &World, more: Value) -> Rec {
    let record = Rec::new("findings", JINYANG);
    accepted(w.ali().push_one(record.create_with(more)));
    record
}

fn steps(session: &Session, record: &Rec) -> Value {
    session.get(&format!("{}/steps", record.path())).send().ok()
}

/// Asks for a step.
fn step(session: &Session, record: &Rec, body: Value) -> http::Reply {
    session.post(&format!("{}/steps", record.path()), &body).send()
}

/// `open→accepted` and the codes of its warnings, of each step.
fn told(steps: &Value) -> Vec<(String, Vec<String>)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let one = |step: &Value| {
        let codes = step["warnings"].as_array().expect("warnings").iter().map(|warning| text(&warning["code"]));
        (format!("{}→{}", text(&step["from"]), text(&step["to"])), codes.collect())
    };
    steps["steps"].as_array().expect("steps").iter().map(one).collect()
}

/// As [`told`], without warnings.
fn plain(ways: &[&str]) -> Vec<(String, Vec<String>)> {
    ways.iter().map(|way| ((*way).to_owned(), Vec::new())).collect()
}
