//! Section 5: what a page must hold.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::record::{Record, equal};
use super::{Check, Model, ensure, millis};
use crate::simulation::log::Answer;
use crate::support::{Rec, jcs};

/// What a cursor stands for: how far each county was given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor {
    buckets: BTreeMap<String, Place>,
}

#[derive(Clone, Debug)]
struct Place {
    /// Everything up to this was given.
    upto: u64,
    /// It was given from its beginning and has not come to its end: it may leave out tombstones.
    fresh: bool,
    /// How often the county had come into scope then.
    grants: u64,
    /// It is to be given from its beginning, which has not come on a page yet.
    restart: bool,
}

impl Model<'_> {
    pub(super) fn pull(&mut self, device: &str, asked: &Value, answer: &Answer) -> Check {
        if let Some(mode) = self.revoked(device) {
            let action = if mode == "flush" { "flush_then_wipe" } else { "wipe" };
            let refused = answer.status == 403 && answer.body["code"] == "device_revoked";
            ensure!(refused && answer.body["action"] == action, "a revoked device may not pull: {answer}");
            return Ok(());
        }
        ensure!(answer.status == 200, "a pull must be answered: {answer}");
        let page = &answer.body;
        let mut cursor = match asked["cursor"].as_str() {
            None => Cursor::default(),
            Some(text) => self.cursors[&(device.to_owned(), text.to_owned())].clone(),
        };
        for bucket in asked["restart"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if let Some(place) = cursor.buckets.get_mut(bucket) {
                place.restart = true;
            }
        }
        let next = self.page(device, &cursor, asked["limit"].as_u64().expect("a limit"), page)?;
        let text = page["cursor"].as_str().ok_or_else(|| format!("no cursor in {page}"))?;
        self.cursors.insert((device.to_owned(), text.to_owned()), next);
        Ok(())
    }

    fn page(&self, device: &str, cursor: &Cursor, limit: u64, page: &Value) -> Check<Cursor> {
        let scope = self.scope(device);
        let revoked: Vec<&String> = cursor.buckets.keys().filter(|bucket| !scope.contains(*bucket)).collect();
        ensure!(page["revoked"] == json!(revoked), "revoked must be {revoked:?}: {page}");
        let mut next = cursor.clone();
        next.buckets.retain(|bucket, _| scope.contains(bucket));
        let mut given = 0;
        let mut listed = Vec::new();
        for part in page["buckets"].as_array().ok_or_else(|| format!("no buckets in {page}"))? {
            let bucket = part["bucket"].as_str().ok_or_else(|| format!("a part without a bucket: {part}"))?;
            ensure!(scope.contains(bucket), "{bucket} is out of scope: {page}");
            ensure!(!listed.contains(&bucket), "{bucket} is given twice: {page}");
            listed.push(bucket);
            let before = next.buckets.get(bucket).cloned();
            let place = self.part(bucket, before.as_ref(), self.grants(device, bucket), part)?;
            next.buckets.insert(bucket.to_owned(), place);
            given += part["changes"].as_array().map_or(0, Vec::len) as u64;
        }
        ensure!(given <= limit, "{given} records, and the limit is {limit}: {page}");
        let more = |bucket: &&String| self.has_more(bucket, next.buckets.get(*bucket), self.grants(device, bucket));
        let missing: Vec<&String> = scope.iter().filter(more).collect();
        if page["more"] == false {
            ensure!(missing.is_empty(), "there is more of {missing:?}: {page}");
        } else {
            ensure!(page["more"] == true, "more is a bool: {page}");
            ensure!(given == limit || !missing.is_empty(), "a page that is not full, and nothing is missing: {page}");
        }
        Ok(next)
    }

    /// What has changed in a county, in the order of its sequence.
    fn changes(&self, bucket: &str, after: u64) -> Vec<(&Rec, &Record, u64)> {
        let changed = self.records.iter().filter(|(rec, record)| rec.bucket == bucket && record.rev() > 0);
        let mut changed: Vec<_> =
            changed.map(|(rec, record)| (rec, record, record.last().expect("it has revs").seq)).collect();
        changed.retain(|(_, _, seq)| *seq > after);
        changed.sort_by_key(|(_, _, seq)| *seq);
        changed
    }

    fn has_more(&self, bucket: &str, place: Option<&Place>, grants: u64) -> bool {
        let Some(place) = place.filter(|place| place.grants == grants && !place.restart) else { return true };
        self.changes(bucket, place.upto).iter().any(|(_, record, _)| !(place.fresh && record.deleted))
    }

    /// One county of a page: the next changes after `before`, none left out.
    fn part(&self, bucket: &str, before: Option<&Place>, grants: u64, part: &Value) -> Check<Place> {
        let changes = part["changes"].as_array().ok_or_else(|| format!("no changes in {part}"))?;
        let reset = part["reset"] == true;
        if let Some(place) = before {
            let due = place.grants != grants || place.restart;
            ensure!(reset == due, "reset must be {due}: {place:?}, {part}");
        }
        let before = before.filter(|_| !reset);
        let start = before.map_or(0, |place| place.upto);
        let fresh = before.is_none_or(|place| place.fresh);
        let mut due = self.changes(bucket, start).into_iter();
        let mut upto = start;
        for change in changes {
            let (rec, record, seq) = due
                .by_ref()
                .find(|(_, record, seq)| change["seq"] == *seq || !(fresh && record.deleted))
                .ok_or_else(|| format!("nothing more has changed: {change}"))?;
            let mut expected = json!({ "collection": rec.collection, "id": rec.id, "rev": record.rev(), "seq": seq,
                "digest": record.digest(rec), "updated_at": change["updated_at"] });
            if record.deleted {
                expected["deleted"] = true.into();
            } else {
                expected["fields"] = record.fields();
            }
            ensure!(equal(change, &expected), "the next change must be {expected}, not {change}");
            let last = record.last().expect("it has revs");
            ensure!(millis(&change["updated_at"])? == last.op.at, "updated_at is that of {last:?}: {change}");
            upto = seq;
        }
        let told = part["seq"].as_u64().ok_or_else(|| format!("no seq in {part}"))?;
        let complete = part["complete"] == true;
        if complete {
            let left: Vec<_> = due.filter(|(_, record, _)| !(fresh && record.deleted)).collect();
            ensure!(left.is_empty(), "it is said to be complete, without {left:?}: {part}");
            let digests: Vec<String> = self.live(bucket).map(|(rec, record)| record.digest(rec)).collect();
            let sum = jcs::sum(digests.iter().map(String::as_str));
            ensure!(
                part["count"] == digests.len() && part["sum"] == sum,
                "{} records with the sum {sum} live in {bucket}: {part}",
                digests.len()
            );
        }
        let head = self.heads.get(bucket).copied().unwrap_or(0);
        ensure!(!complete || told >= head, "{bucket} stands at {head}: {part}");
        ensure!(told >= upto, "its seq lies below its changes: {part}");
        ensure!(complete || !changes.is_empty(), "a county that is neither complete nor given: {part}");
        Ok(Place { upto: if complete { told } else { upto }, fresh: fresh && !complete, grants, restart: false })
    }
}
