//! The end is not believed but checked: every phone against a desk that pulls everything from nothing, and
//! every acknowledged operation against the record, its history, or the held operations.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};
use sync_core::{Sum, canonical};

use super::ledger::{Entry, Ledger};
use super::office::Office;
use super::phones::{Ground, Group, opened_device};
use super::progress::Stage;
use super::threads::side_by_side;
use super::world::World;
use crate::device::clock::SystemClock;
use crate::device::{Account, Device, Durability, Holding, Http, Key};

/// One phone against the server.
pub(super) struct Row {
    pub name: String,
    pub clock: &'static str,
    pub recorded: usize,
    pub wiped: bool,
    /// Live records that it holds.
    pub records: i64,
    /// Over all its counties, modulo 2^128.
    pub sum: Sum,
    pub server: Sum,
    /// What differs; empty when nothing does.
    pub differs: Vec<String>,
}

pub(super) struct Proof {
    pub rows: Vec<Row>,
    /// Live records on the server, and the sum of them all.
    pub records: i64,
    pub sum: Sum,
    pub operations: usize,
    /// Of these, held.
    pub held: usize,
    /// Operations that were not found again, or found twice.
    pub missing: Vec<String>,
}

impl Proof {
    pub(super) fn holds(&self) -> bool {
        self.missing.is_empty() && self.rows.iter().all(|row| row.differs.is_empty())
    }
}

pub(super) fn prove(
    world: &World,
    ground: &Ground,
    groups: &mut [Group],
    ledger: &Ledger,
    province: &Office,
) -> anyhow::Result<Proof> {
    let entries = ledger.take();
    let stage = Stage::begin("the proof", entries.len() as u64);
    let http = Arc::new(Http::new(ground.url.as_str()));
    let path = ground.phones.join("reference.db");
    let clock = Box::new(SystemClock);
    let mut desk = opened_device(&path, Durability::Crash, http, clock, "对账", &Ledger::default())?;
    desk.sign_in(Account { username: province.username.clone(), password: province.password.clone() })?;
    desk.sync()?;
    let server: BTreeMap<String, Holding> = desk.holdings()?.into_iter().map(|h| (h.bucket.clone(), h)).collect();
    let mut rows = Vec::new();
    for group in groups {
        for phone in &mut group.phones {
            let expected: BTreeSet<String> = (world.counties_of(phone.team, true).into_iter())
                .map(|county| world.counties[county].bucket.to_string())
                .collect();
            let mut row = Row {
                name: phone.name.clone(),
                clock: phone.clock.kind().name(),
                recorded: phone.recorded,
                wiped: phone.wiped,
                records: 0,
                sum: Sum::default(),
                server: Sum::default(),
                differs: phone.failure.iter().cloned().collect(),
            };
            let unsent = phone.unsent();
            if unsent > 0 {
                row.differs.push(format!("{unsent} operations are still unsent"));
            }
            let held = phone.device()?.holdings()?;
            if phone.wiped {
                row.differs.extend(held.iter().map(|h| format!("{} was not wiped", h.bucket)));
            } else {
                compare(&mut row, &expected, &held, &server);
            }
            rows.push((phone.index, row));
        }
    }
    rows.sort_by_key(|(index, _)| *index);
    let held = entries.iter().filter(|entry| entry.status.is_held()).count();
    let missing = find_again(&entries, &mut desk, province, &stage)?;
    let proof = Proof {
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        records: server.values().map(|h| h.count).sum(),
        sum: server.values().fold(Sum::default(), |sum, h| plus(sum, h.sum)),
        operations: entries.len(),
        held,
        missing,
    };
    stage.done(if proof.holds() { "everything agrees" } else { "SOMETHING DIFFERS" });
    Ok(proof)
}

fn compare(row: &mut Row, expected: &BTreeSet<String>, held: &[Holding], server: &BTreeMap<String, Holding>) {
    let holds: BTreeSet<String> = held.iter().map(|h| h.bucket.clone()).collect();
    row.differs.extend(expected.difference(&holds).map(|bucket| format!("{bucket} is missing")));
    row.differs.extend(holds.difference(expected).map(|bucket| format!("{bucket} is not the team's")));
    for mine in held {
        let Some(theirs) = server.get(&mine.bucket) else { continue };
        row.records += mine.count;
        row.sum = plus(row.sum, mine.sum);
        row.server = plus(row.server, theirs.sum);
        if mine != theirs {
            let (bucket, count, of) = (&mine.bucket, mine.count, theirs.count);
            row.differs.push(format!(
                "{bucket}: {count} records with sum {}, on the server {of} with {}",
                mine.sum, theirs.sum
            ));
        }
    }
}

fn plus(one: Sum, other: Sum) -> Sum {
    Sum(one.0.wrapping_add(other.0))
}

/// Names every operation that is not found again, or found twice.
fn find_again(entries: &[Entry], desk: &mut Device, province: &Office, stage: &Stage) -> anyhow::Result<Vec<String>> {
    // As they were sent: a list masks numbers of persons.
    let held = province.list("/v1/held-ops?reveal=true")?;
    let again = merged_again(&held);
    let held: HashMap<(String, i64), Value> = (held.into_iter())
        .filter_map(|op| Some(((op["device"].as_str()?.to_owned(), op["op"]["op_seq"].as_i64()?), op)))
        .collect();
    let mut missing = Vec::new();
    let mut by_record: BTreeMap<&Key, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        if entry.status.is_held() {
            let found = held.get(&(entry.device.to_string(), entry.op_seq));
            if !found.is_some_and(|op| op["status"] == entry.status.name() && same(entry, &op["op"])) {
                missing.push(format!("{}: not among the held operations", describe(entry)));
            }
            stage.advance(1);
        }
        by_record.entry(&entry.key).or_default().push(entry);
    }
    let mut with_history = Vec::new();
    for (key, entries) in by_record {
        let accepted = entries.iter().filter(|entry| !entry.status.is_held()).count() as u64;
        if accepted == 0 {
            continue;
        }
        // A record that was only ever made is its own history.
        let single = match entries.as_slice() {
            [only] if desk.rev(key)? == Some(1) => desk.record(key)?.is_some_and(|record| contains(&record, only)),
            _ => false,
        };
        if single { stage.advance(accepted) } else { with_history.push((key, entries)) }
    }
    let found = side_by_side(with_history.len(), |index| {
        let (key, entries) = &with_history[index];
        let Key { bucket, collection, id } = key;
        let history = province.list(&format!("/v1/{collection}/{id}/history?bucket={bucket}"))?;
        stage.advance(entries.iter().filter(|entry| !entry.status.is_held()).count() as u64);
        Ok(in_history(entries, &history, &again))
    })?;
    missing.extend(found.into_iter().flatten());
    Ok(missing)
}

/// Device, record and claimed time of an operation.
type Claim = (String, String, i64);

/// How often operations were released after a delete had hidden them: each time makes one more rev of them.
fn merged_again(held: &[Value]) -> HashMap<Claim, usize> {
    let mut again = HashMap::new();
    // One that was a rev already has no number of its device's any more.
    let released = held.iter().filter(|op| op["state"] == "released" && op["op"]["op_seq"].is_null());
    for op in released {
        let claim = || {
            let [device, record] = ["device", "record_id"].map(|name| op[name].as_str().map(str::to_owned));
            Some((device?, record?, millis(&op["op"]["at"]["wall"])?))
        };
        if let Some(claim) = claim() {
            *again.entry(claim).or_default() += 1;
        }
    }
    again
}

fn in_history(entries: &[&Entry], history: &[Value], again: &HashMap<Claim, usize>) -> Vec<String> {
    let mut problems = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.status.is_held()) {
        let found = history.iter().filter(|rev| is_rev_of(rev, entry)).any(|rev| {
            let fields: Map<String, Value> = (rev["fields"].as_array().into_iter().flatten())
                .filter_map(|field| Some((field["name"].as_str()?.to_owned(), field["value"].clone())))
                .collect();
            contains(&fields, entry)
        });
        if !found {
            problems.push(format!("{}: not in the history", describe(entry)));
        }
        let made = history.iter().filter(|rev| claims(rev, entry)).count();
        let sent = entries.iter().filter(|e| e.device == entry.device && e.claimed == entry.claimed).count();
        let again = again.get(&(entry.device.to_string(), entry.key.id.clone(), entry.claimed)).copied().unwrap_or(0);
        if made > sent + again {
            problems.push(format!("{}: {made} revs came of {sent} operations", describe(entry)));
        }
    }
    problems
}

fn claims(rev: &Value, entry: &Entry) -> bool {
    rev["device"].as_str() == Some(&*entry.device) && millis(&rev["claimed_at"]) == Some(entry.claimed)
}

fn is_rev_of(rev: &Value, entry: &Entry) -> bool {
    let kind = if entry.fields.is_some() { "upsert" } else { "delete" };
    claims(rev, entry) && rev["kind"] == kind && entry.rev.is_none_or(|number| rev["rev"].as_i64() == Some(number))
}

fn millis(time: &Value) -> Option<i64> {
    chrono::DateTime::parse_from_rfc3339(time.as_str()?).ok().map(|time| time.timestamp_millis())
}

/// Whether a record, or what a rev wrote, holds all that the operation wrote; null equals absent.
fn contains(record: &Map<String, Value>, entry: &Entry) -> bool {
    let Some(fields) = &entry.fields else { return true };
    let Ok(fields) = serde_json::from_str::<Map<String, Value>>(fields) else { return false };
    fields.iter().all(|(name, value)| equal(record.get(name).unwrap_or(&Value::Null), value))
}

/// Whether a held operation is the one that was sent.
fn same(entry: &Entry, op: &Value) -> bool {
    let sent = entry.fields.as_deref().map(serde_json::from_str::<Value>);
    let fields = match sent {
        Some(Ok(fields)) => fields,
        _ => Value::Null,
    };
    let Key { bucket, collection, id } = &entry.key;
    op["bucket"] == **bucket && op["collection"] == **collection && op["id"] == **id && equal(&op["fields"], &fields)
}

/// The same to JSON: 12 and 12.0 are.
fn equal(one: &Value, other: &Value) -> bool {
    one == other || canonical::to_string(one) == canonical::to_string(other)
}

fn describe(entry: &Entry) -> String {
    let Entry { device, op_seq, key, status, .. } = entry;
    format!("operation {op_seq} of device {device} ({} {}/{}/{})", status.name(), key.bucket, key.collection, key.id)
}
