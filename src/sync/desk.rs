//! The desk at which records are merged: it takes out what a batch of writes needs in a handful of statements, lets
//! [`sync_core`] merge in memory, and puts everything back in as few. Every write of a record goes over it.

use super::warnings::Cases;
use crate::fields::{self, FieldError};
use crate::http::time::format_ms;
use crate::store::buckets::{self, Head};
use crate::store::conflicts::{self, ConflictRow};
use crate::store::dialect::Writes;
use crate::store::held::{self, HeldRow};
use crate::store::records::{self, Changed, Key, Warnings, digest_of};
use crate::store::types::{Id, Instant, JsonText};
use crate::store::{StoreError, Tx};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use sync_core::canonical::write_string;
use sync_core::clock::Corrected;
use sync_core::merge::{Change, Conflict, Op, Outcome, Reason, Side, Subject, Waiting};
use sync_core::record::{Author, Written};
use sync_core::{Bucket, Collection, Digest, Stamp};
use uuid::Uuid;

/// What a write wants of a record.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub key: Key,
    pub base: Option<u64>,
    pub device: Uuid,
}

/// What became of an accepted write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub rev: u64,
    pub seq: u64,
    pub merged: bool,
    pub conflicts: Vec<Uuid>,
}

/// A record as it is shown, in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub rev: u64,
    pub seq: u64,
    pub deleted: bool,
    pub digest: Digest,
    /// Canonical; of a deleted record, nothing.
    pub fields: Option<String>,
}

pub struct Desk {
    now: i64,
    /// Of the locked buckets, which alone may be written.
    heads: BTreeMap<Bucket, Head>,
    subjects: HashMap<Key, Subject>,
    /// What each record was worth in its bucket's sum when it was taken out.
    worth: HashMap<Key, Digest>,
    conflicts: Vec<ConflictRow>,
    held: Vec<HeldRow>,
    released: Vec<(i32, Uuid)>,
    /// What is wrong with records: as it was stored, and from [`Desk::close`] on as they are now.
    warnings: Warnings,
    /// Buckets whose heads have to be put back.
    moved: BTreeSet<Bucket>,
    /// The person by whose decision waiting operations become part of their records.
    pub settler: Option<Uuid>,
}

impl Desk {
    /// Locks `buckets` and takes out what is wanted, also of other buckets (to be looked at only). `now` is in
    /// milliseconds since 1970.
    pub fn open(tx: &mut Tx<'_>, now: i64, buckets: &BTreeSet<Bucket>, wanted: &[Wanted]) -> Result<Self, StoreError> {
        let heads = buckets::lock(tx, buckets)?;
        let mut keys: Vec<Key> = wanted.iter().map(|w| w.key).collect();
        keys.sort_unstable();
        keys.dedup();
        let rows = records::load(tx, &keys)?;
        let mut worth = HashMap::new();
        let mut found = HashMap::with_capacity(rows.len());
        let mut warnings = Warnings::new();
        for (key, row) in rows {
            if !row.deleted {
                worth.insert(key, digest_of(&row.digest)?);
            }
            let told = row.warnings()?;
            if !told.is_empty() {
                warnings.insert(key, told);
            }
            found.insert(key, row.into_record()?);
        }
        let may_wait = |key: &Key| {
            heads.get(&key.bucket).is_some_and(|head| head.parked > 0) && found.get(key).is_none_or(|r| r.deleted)
        };
        let waiting_keys: Vec<Key> = keys.iter().filter(|key| may_wait(key)).copied().collect();
        let mut waiting: HashMap<Key, Vec<(Uuid, Waiting)>> = HashMap::new();
        for (key, row) in held::waiting(tx, &waiting_keys)? {
            if let Some(entry) = waiting_of(&row) {
                waiting.entry(key).or_default().push((row.id.0, entry));
            }
        }
        let shared = written_by_several(wanted);
        let mut past_keys: BTreeSet<Key> = waiting.keys().copied().collect();
        for w in wanted {
            let Some(record) = found.get(&w.key) else { continue };
            let base = w.base.filter(|base| *base <= record.last.rev).unwrap_or(0);
            // The shortcut of `needs_past` holds for one writer at a time, and a finding's steps follow from all of it.
            let is_finding = w.key.collection == Collection::Findings;
            if is_finding || record.needs_past(base, w.device) || (base < record.last.rev && shared.contains(&w.key)) {
                past_keys.insert(w.key);
            }
        }
        let mut past = records::load_past(tx, &past_keys.into_iter().collect::<Vec<_>>())?;
        let subject = |key: Key| {
            let (past, waiting) = (past.remove(&key).unwrap_or_default(), waiting.remove(&key).unwrap_or_default());
            (key, Subject::new(found.remove(&key), past, waiting))
        };
        let subjects = keys.into_iter().map(subject).collect();
        let (conflicts, held, released, moved) = (Vec::new(), Vec::new(), Vec::new(), BTreeSet::new());
        Ok(Self { now, heads, subjects, worth, conflicts, held, released, warnings, moved, settler: None })
    }

    /// The record that was taken out under this key.
    pub fn subject(&self, key: &Key) -> Option<&Subject> {
        self.subjects.get(key)
    }

    pub fn subject_mut(&mut self, key: &Key) -> Option<&mut Subject> {
        self.subjects.get_mut(key)
    }

    /// The stamp of an operation, and its base as it counts (protocol, section 3).
    pub fn stamp(&self, key: &Key, base: Option<u64>, at: i64, previous: Option<Stamp>) -> (Stamp, u64) {
        let Some(subject) = self.subjects.get(key) else { return (Stamp::issue(at, previous, None), 0) };
        let base = subject.effective_base(base);
        (Stamp::issue(at, previous, subject.seen(base)), base)
    }

    /// Whether the bucket is locked by this desk.
    pub fn has(&self, bucket: Bucket) -> bool {
        self.heads.contains_key(&bucket)
    }

    /// Merges an operation into its record. `Err` says why it has to be held instead.
    pub fn accept(&mut self, key: &Key, op: &Op) -> Result<Done, Reason> {
        let (Some(head), Some(subject)) = (self.heads.get_mut(&key.bucket), self.subjects.get_mut(key)) else {
            // Nothing is accepted that was not taken out under a lock.
            return Err(Reason::Incomplete);
        };
        let accepted = match subject.accept(op, fields::required(key.collection), &mut head.seq) {
            Outcome::Parked(reason) => return Err(reason),
            Outcome::Accepted(accepted) => accepted,
        };
        head.parked = head.parked.saturating_sub(accepted.released.len() as u64) + accepted.hidden.len() as u64;
        self.released.extend(accepted.released.iter().map(|id| (key.bucket.code() as i32, *id)));
        for (rev, hidden) in subject.operations_of(&accepted.hidden) {
            let id = Uuid::now_v7();
            self.held.push(hidden_row(id, key, rev, &hidden, self.now));
            subject.park(id, Waiting::Hidden { rev });
        }
        let rows: Vec<ConflictRow> = accepted.conflicts.iter().map(|c| conflict_row(key, c, self.now)).collect();
        let ids = rows.iter().map(|row| row.id.0).collect();
        self.conflicts.extend(rows);
        Ok(Done { rev: accepted.rev, seq: accepted.seq, merged: accepted.merged, conflicts: ids })
    }

    /// Keeps an operation that cannot be applied. A parked one waits for its record from now on.
    pub fn hold(&mut self, row: HeldRow, waits: Option<Op>) {
        if let (Some(op), Some(key)) = (waits, row.key()) {
            if let Some(head) = self.heads.get_mut(&key.bucket) {
                head.parked += 1;
            }
            if let Some(subject) = self.subjects.get_mut(&key) {
                subject.park(row.id.0, Waiting::Arrived(op));
            }
        }
        self.held.push(row);
    }

    /// One operation less waits in this bucket: a person settled it.
    pub fn unpark(&mut self, bucket: Bucket) {
        if let Some(head) = self.heads.get_mut(&bucket) {
            head.parked = head.parked.saturating_sub(1);
            self.moved.insert(bucket);
        }
    }

    /// A record as it stands on the desk.
    pub fn show(&self, key: &Key) -> Option<Shown> {
        let record = self.subjects.get(key)?.record()?;
        let fields = (!record.deleted).then(|| record.fields.canonical().to_owned());
        let digest = records::digest(key, record, fields.as_deref().unwrap_or("{}"));
        Some(Shown { rev: record.last.rev, seq: record.last.seq, deleted: record.deleted, digest, fields })
    }

    /// What is wrong with a record, relative to its fields.
    pub fn warnings(&self, key: &Key) -> &[FieldError] {
        self.warnings.get(key).map_or(&[], Vec::as_slice)
    }

    /// Puts everything back that has changed, with what is wrong with it now. The desk may be looked at afterwards.
    pub fn close(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.close_with(tx, Writes::default())
    }

    /// [`Self::close`], with what else is to be written, in as few statements.
    pub fn close_with(&mut self, tx: &mut Tx<'_>, mut writes: Writes) -> Result<(), StoreError> {
        let now = Instant::from_ms(self.now);
        let mut changed = Vec::new();
        for (key, subject) in self.subjects.iter().filter(|(_, subject)| subject.is_changed()) {
            let Some(record) = subject.record() else { continue };
            changed.push(Changed { key: *key, lived: self.worth.contains_key(key), subject, record });
        }
        // In the order of their sequence numbers: neighbours in the table are then neighbours in a pull.
        changed.sort_unstable_by_key(|c| (c.key.bucket, c.record.last.seq));
        let cases = Cases::gather(tx, now, changed.iter().map(|c| (c.key, c.subject)))?;
        let stored = records::store(tx, &changed, || cases.judge(), &mut writes)?;
        for (Changed { key, record, .. }, digest) in changed.iter().zip(stored.digests) {
            if let Some(head) = self.heads.get_mut(&key.bucket) {
                if let Some(before) = self.worth.get(key) {
                    head.sum = head.sum.minus(*before);
                    head.live -= 1;
                }
                if !record.deleted {
                    head.sum = head.sum.plus(digest);
                    head.live += 1;
                }
                head.largest = head.largest.max(record.fields.canonical().len() as u64);
            }
            self.moved.insert(key.bucket);
            self.warnings.remove(key);
        }
        self.warnings.extend(stored.warnings);
        conflicts::insert(tx, &self.conflicts)?;
        held::insert(tx, &self.held)?;
        held::settle(tx, &self.released, "released", self.settler, now)?;
        self.moved.extend(self.held.iter().filter_map(HeldRow::bucket));
        self.heads.retain(|bucket, _| self.moved.contains(bucket));
        buckets::store(&mut writes, &self.heads);
        Ok(writes.run(tx)?)
    }
}

/// The records that more than one device wants to write.
fn written_by_several(wanted: &[Wanted]) -> HashSet<Key> {
    let mut first = HashMap::with_capacity(wanted.len());
    let several = |w: &&Wanted| *first.entry(w.key).or_insert(w.device) != w.device;
    wanted.iter().filter(several).map(|w| w.key).collect()
}

/// What a stored parked operation waits as.
pub fn waiting_of(row: &HeldRow) -> Option<Waiting> {
    match row.hidden_rev {
        Some(rev) => Some(Waiting::Hidden { rev: rev as u64 }),
        None => operation_of(row).map(Waiting::Arrived),
    }
}

/// A held operation as it is merged: with its original stamp. `None` where it is not valid.
pub fn operation_of(row: &HeldRow) -> Option<Op> {
    let author = row.author();
    let valid = super::operation::judge_stored(&row.op, author.team).ok()?;
    Some(Op {
        fill: fill(&valid.key, &valid.change, author.team),
        change: valid.change,
        base: row.base as u64,
        stamp: row.stamp(),
        author,
        at: row.at_ms,
        claimed: row.claimed_ms,
        received: row.received_ms,
        released: false,
    })
}

/// What the server gives a new visit when a team's device leaves it out.
pub fn fill(key: &Key, change: &Change, team: Option<Uuid>) -> Option<(String, String)> {
    let team = team.filter(|_| key.collection == sync_core::Collection::Visits && *change != Change::Delete)?;
    Some(("team".to_owned(), format!("\"{}\"", team.hyphenated())))
}

fn hidden_row(id: Uuid, key: &Key, rev: u64, op: &Op, now: i64) -> HeldRow {
    let fields: Value = match &op.change {
        Change::Upsert(edits) => serde_json::from_str(edits.to_json()).unwrap_or_default(),
        Change::Delete => json!({}),
    };
    let mut body = json!({
        "kind": "upsert", "bucket": key.bucket.to_string(), "collection": key.collection.name(),
        "id": key.id, "fields": fields,
    });
    if let Some(claimed) = op.claimed {
        body["at"] = json!({"wall": format_ms(claimed)});
    }
    HeldRow {
        bucket: key.bucket.code() as i32,
        id: Id(id),
        province: key.bucket.to_string()[..2].to_owned(),
        status: "parked".into(),
        reason: Some("deleted".into()),
        errors: None,
        collection: Some(key.collection.name().into()),
        record_id: Some(Id(key.id)),
        op: body.to_string(),
        op_seq: None,
        hidden_rev: Some(rev as i64),
        base: op.base as i64,
        stamp: op.stamp.0 as i64,
        at_ms: op.at,
        claimed_ms: op.claimed,
        received_ms: now,
        device_id: Id(op.author.device),
        user_id: Id(op.author.user),
        team_id: op.author.team.map(Id),
        state: "open".into(),
        settled_by: None,
        settled_at: None,
    }
}

fn conflict_row(key: &Key, conflict: &Conflict, now: i64) -> ConflictRow {
    ConflictRow {
        bucket: key.bucket.code() as i32,
        id: Id(Uuid::now_v7()),
        collection: key.collection.number(),
        record_id: Id(key.id),
        field: conflict.field.clone(),
        base: conflict.base.clone().map(JsonText),
        current: side(&conflict.current),
        other: side(&conflict.other),
        state: "open".into(),
        created_at: Instant::from_ms(now),
        settled_by: None,
        settled_at: None,
    }
}

fn side(side: &Side) -> JsonText {
    let mut out = String::with_capacity(256);
    out.push_str("{\"value\":");
    out.push_str(side.value.as_deref().unwrap_or("null"));
    write_written(&side.written, &mut out);
    out.push_str(",\"rev\":");
    out.push_str(&side.written.rev.to_string());
    out.push('}');
    JsonText(out)
}

/// `,"user":…,"device":…,"team":…,"at":…,"claimed_at":…,"clock_corrected":…`
pub fn write_written(written: &Written, out: &mut String) {
    let Author { device, user, team } = written.author;
    let marked = Corrected { at: written.at, claimed: written.claimed }.is_marked();
    let texts = [
        ("user", Some(user.to_string())),
        ("device", Some(device.to_string())),
        ("team", team.map(|t| t.to_string())),
        ("at", Some(format_ms(written.at))),
        ("claimed_at", written.claimed.map(format_ms)),
    ];
    for (name, text) in texts {
        out.push(',');
        write_string(name, out);
        out.push(':');
        match text {
            Some(text) => write_string(&text, out),
            None => out.push_str("null"),
        }
    }
    out.push_str(",\"clock_corrected\":");
    out.push_str(if marked { "true" } else { "false" });
}
