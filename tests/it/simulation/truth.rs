//! What the server tells of everything once all is done: to the province, and to every phone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::client::Client;
use super::plan::Plan;
use crate::support::http::Session;
use crate::support::{Mirror, Rec};

pub(crate) struct Truth {
    histories: BTreeMap<Rec, Vec<Value>>,
    pub(crate) held: Vec<Value>,
    pub(crate) conflicts: Vec<Value>,
    pub(crate) pulled: Mirror,
    /// By device.
    pub(crate) seen: BTreeMap<String, Seen>,
}

/// The lists that a caller gets.
pub(crate) struct Seen {
    pub(crate) records: Vec<Value>,
    pub(crate) held: Vec<Value>,
    pub(crate) conflicts: Vec<Value>,
}

impl Seen {
    fn by(session: &Session) -> Self {
        let of = |collection| session.all(&format!("/v1/{collection}?limit=1000&reveal=true"));
        Self {
            records: ["households", "interviews", "visits"].into_iter().flat_map(of).collect(),
            held: session.all("/v1/held-ops?limit=1000&reveal=true"),
            conflicts: session.all("/v1/conflicts?limit=1000&reveal=true"),
        }
    }
}

impl Truth {
    pub(crate) fn of(office: &Session, plan: &Plan, clients: &[Client]) -> Self {
        let history = |record: &Rec| {
            let path = format!("{}/history?limit=1000", record.path());
            if office.get(&path).send().status(&[200, 404]).status == 404 {
                return Vec::new();
            }
            let mut revs = office.all(&path);
            revs.sort_by_key(|entry| entry["rev"].as_u64());
            revs
        };
        let mut pulled = Mirror::of(office);
        pulled.sync();
        let Seen { held, conflicts, .. } = Seen::by(office);
        let others = clients.iter().filter(|client| client.revoked.is_none());
        Self {
            histories: plan.records.iter().map(|record| (record.clone(), history(record))).collect(),
            held,
            conflicts,
            pulled,
            seen: others.map(|client| (client.device.clone(), Seen::by(&client.session))).collect(),
        }
    }

    pub(crate) fn history(&self, record: &Rec) -> &[Value] {
        self.histories.get(record).map_or(&[], Vec::as_slice)
    }

    /// What is told of one rev.
    pub(crate) fn rev(&self, record: &Rec, rev: u64) -> Option<&Value> {
        self.history(record).get(rev as usize - 1)
    }

    /// What is held of an operation that a phone sent.
    pub(crate) fn held_of(&self, device: &str, op_seq: u64) -> Option<&Value> {
        self.held.iter().find(|held| held["device"] == device && held["op"]["op_seq"] == op_seq)
    }
}
