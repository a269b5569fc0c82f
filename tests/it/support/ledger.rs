//! Whether all that phones were told is still there: each operation once, in its record, its history, its conflicts or
//! among the held ones; revs and sequence numbers without a gap or a double; every county's count and sum as they come
//! from its records.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::http::Session;
use super::load::{Told, mark, marked};
use super::mirror::Mirror;
use super::op::{Rec, WUSHENG};
use super::phone::{conflict_ids, rev, seq};
use super::view::field_of;

/// By device and number, the held operations that came from a phone.
type Held = HashMap<(String, u64), Vec<Value>>;

/// A push that had no answer, so that nobody knows whether it counts.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) device: String,
    pub(crate) envelope: Value,
}

impl Open {
    fn is_about(&self, record: &Rec) -> bool {
        let ops = self.envelope["ops"].as_array().expect("ops");
        ops.iter().any(|op| op["id"] == record.id && op["bucket"] == record.bucket)
    }
}

/// Checks everything that `told` tells of, by someone who sees it all; nobody but these phones may have written.
#[track_caller]
pub(crate) fn check(office: &Session, told: &[Told]) {
    check_since(office, told, 0, &[]);
}

/// Checks what came after the first `since`, and all about the records that it is about; `open` may count or not.
#[track_caller]
pub(crate) fn check_since(office: &Session, told: &[Told], since: usize, open: &[Open]) {
    let mut mirror = Mirror::of(office);
    mirror.sync();
    let mut held = Held::new();
    for row in office.all("/v1/held-ops?limit=1000") {
        if let Some(op_seq) = row["op"]["op_seq"].as_u64() {
            let device = row["device"].as_str().expect("a device").to_owned();
            held.entry((device, op_seq)).or_default().push(row);
        }
    }
    let conflicts: BTreeSet<String> = office.all("/v1/conflicts?limit=1000").iter().map(super::view::id_of).collect();
    for one in &told[since..] {
        check_held(one, &held);
        for id in conflict_ids(&one.result) {
            assert!(conflicts.contains(&id), "conflict {id} of {one:?} is not there");
        }
    }
    let mut records: BTreeMap<(String, &str, String), Vec<&Told>> = BTreeMap::new();
    for (n, one) in told.iter().enumerate().rev().filter(|(_, one)| one.is_accepted()) {
        let Rec { bucket, collection, id } = one.record();
        match records.entry((bucket, collection, id)) {
            Entry::Vacant(_) if n < since => {}
            entry => entry.or_default().push(one),
        }
    }
    let mut seqs: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for ((bucket, collection, id), accepted) in records {
        let record = Rec { bucket, collection, id };
        for number in check_record(office, &record, &accepted, &held, open, &mirror) {
            let fresh = seqs.entry(record.bucket.clone()).or_default().insert(number);
            assert!(fresh, "sequence number {number} of {} is given twice", record.bucket);
        }
    }
    for open in open {
        check_whole(office, open);
    }
}

/// Of a push, all counts or nothing.
#[track_caller]
fn check_whole(office: &Session, open: &Open) {
    let ops = open.envelope["ops"].as_array().expect("ops").iter();
    let created = ops.filter(|op| is_creation(op));
    let there: Vec<bool> = created
        .map(|op| {
            let path = format!(
                "/v1/{}/{}/history",
                op["collection"].as_str().expect("a name"),
                op["id"].as_str().expect("an id")
            );
            office.get(&path).send().status(&[200, 404]).status == 200
        })
        .collect();
    assert!(there.iter().all(|found| *found == there[0]), "a part of {open:?} counts: {there:?}");
}

/// Of a new record, in the phone's own county.
fn is_creation(op: &Value) -> bool {
    let fields = &op["fields"];
    (fields["village"].is_string() || fields["visit"].is_string())
        && !fields["people"].is_string()
        && op["bucket"] != WUSHENG
}

/// What was to be held is held, once; what was not, is not.
#[track_caller]
fn check_held(one: &Told, held: &Held) {
    let key = (one.device.clone(), one.op["op_seq"].as_u64().expect("a number"));
    let rows = held.get(&key).map(Vec::as_slice).unwrap_or_default();
    if one.is_accepted() {
        assert!(rows.is_empty(), "{one:?} was accepted, and is held: {rows:?}");
    } else {
        assert_eq!(rows.len(), 1, "{one:?} is held once");
        assert_eq!((&rows[0]["op"], &rows[0]["status"]), (&one.op, &one.result["status"]));
    }
}

/// A record has exactly the revs that were told, and those of held operations that came in since. Their sequence numbers.
#[track_caller]
fn check_record(
    office: &Session,
    record: &Rec,
    accepted: &[&Told],
    held: &Held,
    open: &[Open],
    mirror: &Mirror,
) -> Vec<u64> {
    let history = office.history(record);
    let revs: Vec<u64> = history.iter().map(rev).collect();
    assert_eq!(revs, (1..=history.len() as u64).collect::<Vec<_>>(), "the revs of {record:?}");
    let mut rest: BTreeMap<u64, &Value> = revs.iter().copied().zip(&history).collect();
    for one in accepted {
        let kept = rest.remove(&rev(&one.result)).unwrap_or_else(|| panic!("no rev, or told twice: {one:?}"));
        assert_eq!((&kept["seq"], &kept["device"]), (&one.result["seq"], &one.device.as_str().into()), "{one:?}");
        assert_eq!(kept["kind"], one.op["kind"], "{one:?}");
        if one.op["kind"] == "upsert" {
            let op_seq = one.op["op_seq"].as_u64().expect("a number");
            let text = field_of(kept, marked(record.collection))["value"].as_str();
            assert_eq!(text, Some(mark(&one.device, op_seq).as_str()), "{one:?} is kept as {kept}");
        }
    }
    let is_of = |row: &&Value| row["record_id"] == record.id && row["bucket"] == record.bucket;
    let released = held.values().flatten().filter(is_of).filter(|row| row["state"] == "released").count();
    let of_open = |kept: &&&Value| open.iter().any(|open| kept["device"] == open.device && open.is_about(record));
    let unknown = rest.values().filter(|kept| !of_open(kept)).count();
    // One that was released may be of a phone with an open push.
    assert!(unknown <= released && released <= rest.len(), "{record:?} has revs that nobody was told of: {rest:?}");
    let last = history.last().expect("a rev");
    match mirror.record(record).filter(|held| held.fields.is_some()) {
        Some(held) => {
            assert_eq!((held.rev, held.seq), (rev(last), seq(last)), "{record:?}");
            assert_eq!(last["kind"], "upsert", "{record:?} is alive after {last}");
        }
        None => assert_eq!(last["kind"], "delete", "{record:?} is gone after {last}"),
    }
    history.iter().map(seq).collect()
}
