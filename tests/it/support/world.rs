//! A running server over a copy of the template, and the cast that talks to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use ruhu::Running;
use serde_json::{Value, json};

use super::cast::{self, Cast, PASSWORD};
use super::engine::{Engine, Store};
use super::http::Session;
use super::phone::Phone;

pub(crate) struct World {
    pub(crate) session: Session,
    base: Arc<Mutex<String>>,
    offices: BTreeMap<String, OnceLock<Session>>,
    phones: BTreeMap<String, OnceLock<Phone>>,
    running: Mutex<Option<Running>>,
    // The last field, so that it goes last: it removes the database.
    pub(crate) store: Store,
}

impl World {
    pub(crate) fn new(engine: Engine) -> Self {
        Self::over(Store::copy(engine))
    }

    pub(crate) fn over(store: Store) -> Self {
        let running = ruhu::start(store.config.clone()).expect("the server starts");
        let base = Arc::new(Mutex::new(running.url()));
        Self {
            session: Session::new(base.clone()),
            base,
            offices: store.cast.offices.keys().map(|name| (name.clone(), OnceLock::new())).collect(),
            phones: store.cast.phones.keys().map(|name| (name.clone(), OnceLock::new())).collect(),
            running: Mutex::new(Some(running)),
            store,
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        if self.store.database_url().starts_with("sqlite:") { Engine::Sqlite } else { Engine::Postgres }
    }

    pub(crate) fn cast(&self) -> &Cast {
        &self.store.cast
    }

    /// A new server on the same database and data directory.
    pub(crate) fn restart(&self) {
        let mut running = self.running.lock().unwrap();
        if let Some(running) = running.take() {
            running.stop();
        }
        let next = ruhu::start(self.store.config.clone()).expect("the server starts again");
        *self.base.lock().unwrap() = next.url();
        *running = Some(next);
    }

    /// Stops the server for good; the database stays until the end of the test.
    pub(crate) fn stop(&self) {
        if let Some(running) = self.running.lock().unwrap().take() {
            running.stop();
        }
    }

    /// Lets callers talk to another server over the same database.
    pub(crate) fn redirect(&self, url: &str) {
        url.clone_into(&mut self.base.lock().unwrap());
    }

    /// Spends a refresh token of the template; gives the answer.
    pub(crate) fn refresh(&self, token: &str) -> Value {
        self.session.post("/v1/auth/refresh", &json!({ "refresh_token": token })).send().ok()
    }

    /// An office's session, without a device.
    pub(crate) fn office(&self, name: &str) -> &Session {
        self.offices[name].get_or_init(|| {
            let tokens = self.refresh(&self.cast().offices[name]);
            self.session.with_token(tokens["access_token"].as_str().expect("an access token"))
        })
    }

    pub(crate) fn province(&self) -> &Session {
        self.office("province")
    }

    /// The office of 5134.
    pub(crate) fn liangshan(&self) -> &Session {
        self.office("liangshan")
    }

    /// The office of 5116.
    pub(crate) fn guangan(&self) -> &Session {
        self.office("guangan")
    }

    pub(crate) fn phone(&self, name: &str) -> &Phone {
        self.phones[name].get_or_init(|| {
            let (refresh, device) = &self.cast().phones[name];
            let tokens = self.refresh(refresh);
            Phone::new(&self.session, &tokens, name, &self.cast().users[name], device)
        })
    }

    /// Team one, JINYANG.
    pub(crate) fn ali(&self) -> &Phone {
        self.phone("ali")
    }

    /// Team one, JINYANG.
    pub(crate) fn bo(&self) -> &Phone {
        self.phone("bo")
    }

    /// Team two, JINYANG and ZHAOJUE.
    pub(crate) fn chen(&self) -> &Phone {
        self.phone("chen")
    }

    /// Team three, WUSHENG.
    pub(crate) fn deng(&self) -> &Phone {
        self.phone("deng")
    }

    /// Team four, no county.
    pub(crate) fn er(&self) -> &Phone {
        self.phone("er")
    }

    /// A new installation of one of the cast (costs a password hash).
    pub(crate) fn new_phone(&self, name: &str) -> Phone {
        let tokens = cast::login(&self.session, name, PASSWORD, Some("another phone"));
        let device = tokens["device"]["id"].as_str().expect("a device").to_owned();
        Phone::new(&self.session, &tokens, name, &self.cast().users[name], &device)
    }

    pub(crate) fn close(&self, team: &str, county: &str) -> Value {
        let id = &self.cast().assignments[&format!("{team} {county}")];
        self.province().post(&format!("/v1/assignments/{id}/close"), &json!({})).send().ok()
    }

    /// Gives `county` to a team; the new assignment's id.
    pub(crate) fn assign(&self, team: &str, county: &str) -> String {
        let body = json!({ "campaign": self.cast().campaign, "team": self.cast().teams[team], "county": county,
            "kind": "provincial", "from": "2015-04-15", "to": "2015-05-05" });
        let made = self.province().post("/v1/assignments", &body).send().created();
        made["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn revoke(&self, phone: &Phone, mode: &str) {
        self.province().post(&format!("/v1/devices/{}/revoke", phone.device), &json!({ "mode": mode })).send().ok();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Ok(mut running) = self.running.lock()
            && let Some(running) = running.take()
        {
            running.stop();
        }
    }
}
