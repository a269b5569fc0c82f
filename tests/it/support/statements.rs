//! The statements that a world's server asks its database, counted.

use std::collections::BTreeMap;
use std::sync::Mutex;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

use super::world::World;

/// By database, so that tests beside this one in a process do not count: the statements without their values.
static ASKED: Mutex<BTreeMap<String, Vec<String>>> = Mutex::new(BTreeMap::new());

/// A database as all URLs name it.
fn database(url: &str) -> String {
    let address = url.strip_prefix("sqlite:").unwrap_or(url);
    address.split('?').next().unwrap_or_default().to_owned()
}

#[expect(clippy::unnecessary_wraps, reason = "diesel wants it so")]
fn note() -> Option<Box<dyn Instrumentation>> {
    let mut of = String::new();
    Some(Box::new(move |event: InstrumentationEvent<'_>| match event {
        InstrumentationEvent::StartEstablishConnection { url, .. } => of = database(url),
        InstrumentationEvent::StartQuery { query, .. } => {
            let text = query.to_string();
            let text = text.split("-- binds").next().unwrap_or_default().trim().to_owned();
            // A pool opens connections when it likes, and has their plans made anew after so many transactions.
            if !["PRAGMA", "SET", "DISCARD PLANS"].iter().any(|word| text.starts_with(word))
                && let Some(asked) = ASKED.lock().unwrap().get_mut(&of)
            {
                asked.push(text);
            }
        }
        _ => {}
    }))
}

/// Listens to one world's server.
pub(crate) struct Meter(String);

impl Meter {
    /// Starts the server anew: only connections that are opened from now on are listened to.
    pub(crate) fn of(w: &World) -> Self {
        let name = database(&w.store.database_url());
        ASKED.lock().unwrap().insert(name.clone(), Vec::new());
        set_default_instrumentation(note).expect("it can be set");
        w.restart();
        Self(name)
    }

    /// What `ask` gives, and what it costs: `BEGIN` and `COMMIT` count too.
    pub(crate) fn cost<T>(&self, ask: impl FnOnce() -> T) -> (T, Vec<String>) {
        let take = || std::mem::take(ASKED.lock().unwrap().get_mut(&self.0).expect("it is listened to"));
        take();
        let given = ask();
        (given, take())
    }
}
