//! What a person decides: held operations and conflicts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::record::{Op, Standing, equal, flat};
use super::time::stamp;
use super::{Check, Held, Model, ensure, millis};
use crate::simulation::compare;
use crate::simulation::log::Answer;
use crate::support::Rec;

impl Model<'_> {
    /// The held operation that was told as this, `twin` others before it being told alike.
    fn held_as(&self, told: &Value, twin: usize) -> Check<usize> {
        let told = compare::told_held(told);
        let alike = |(_, held): &(usize, &Held)| equal(&compare::expected_held(held), &told);
        let found = self.held.iter().enumerate().filter(alike).nth(twin).map(|(n, _)| n);
        found.ok_or_else(|| format!("no operation is held that reads {told}"))
    }

    pub(super) fn settle(&mut self, (held, twin): (&Value, usize), how: &str, user: &str, answer: &Answer) -> Check {
        let n = self.held_as(held, twin)?;
        let refused = if self.held[n].state != "open" {
            Some("already_settled")
        } else if how == "release" {
            self.release(n, user)?
        } else {
            self.discard(n, user);
            None
        };
        if let Some(code) = refused {
            ensure!(answer.status == 409 && answer.body["code"] == code, "it must be refused as {code}: {answer}");
        } else {
            ensure!(answer.status == 200, "it must be done: {answer}");
            let (told, expected) = (compare::told_held(&answer.body), compare::expected_held(&self.held[n]));
            ensure!(equal(&told, &expected), "it must be {expected} then: {answer}");
        }
        Ok(())
    }

    /// The code with which it is refused.
    fn release(&mut self, n: usize, user: &str) -> Check<Option<&'static str>> {
        let Held { mut op, status, was_rev, .. } = self.held[n].clone();
        // What was there before it, it met when it first came.
        op.base = was_rev.map_or(op.base, |rev| rev - 1);
        if status == "rejected" {
            return Ok(Some("not_releasable"));
        }
        self.records.entry(op.record.clone()).or_default();
        let record = &self.records[&op.record];
        if status == "quarantined" {
            // Only now it is put behind what its author had seen.
            op.stamp = op.stamp.max(record.floor(op.base).map_or(0, |floor| floor + 1));
        }
        if !op.delete && !record.lives() && !self.would_be_whole(&op) {
            return Ok(Some("not_releasable"));
        }
        self.held[n].state = "released";
        self.held[n].settled_by = Some(user.to_owned());
        let rec = op.record.clone();
        self.accept(op, Some(user))?;
        self.records.get_mut(&rec).and_then(|record| record.revs.last_mut()).expect("it has revs").released = true;
        Ok(None)
    }

    fn discard(&mut self, n: usize, user: &str) {
        self.held[n].state = "discarded";
        self.held[n].settled_by = Some(user.to_owned());
        if let Some(rev) = self.held[n].was_rev {
            let record = self.records.get_mut(&self.held[n].op.record).expect("it is there");
            let since = record.rev();
            record.revs[rev as usize - 1].standing = Standing::SetAside(since);
        }
    }

    pub(super) fn resolve(
        &mut self,
        told: &Value,
        body: &Value,
        user: &str,
        answer: &Answer,
        (sent, answered): (i64, i64),
    ) -> Check {
        let n = self.conflicts.iter().position(|conflict| conflict.is_told_by(told));
        let n = n.ok_or_else(|| format!("nothing conflicts as in {told}"))?;
        let conflict = self.conflicts[n].clone();
        let (rec, record) = (conflict.record.clone(), &self.records[&conflict.record]);
        let refused = match () {
            () if conflict.settled_by.is_some() => Some("already_settled"),
            () if record.deleted && body["keep"] != "current" => Some("record_deleted"),
            () => None,
        };
        if let Some(code) = refused {
            ensure!(answer.status == 409 && answer.body["code"] == code, "it must be refused as {code}: {answer}");
            return Ok(());
        }
        ensure!(answer.status == 200 && answer.body["state"] == "settled", "it must be settled: {answer}");
        self.conflicts[n].settled_by = Some(user.to_owned());
        if record.deleted {
            return Ok(());
        }
        let value = match body["keep"].as_str() {
            Some("current") => record.value(&conflict.field, record.rev()),
            Some(_) => conflict.other.value,
            None => body["value"].clone(),
        };
        self.write(&rec, user, Some(BTreeMap::from([(conflict.field, value)])), (sent, answered))
    }

    /// A change over REST of a record as it was shown.
    pub(super) fn online(
        &mut self,
        rec: &Rec,
        fields: Option<&Value>,
        user: &str,
        answer: &Answer,
        window: (i64, i64),
    ) -> Check {
        ensure!(self.records[rec].lives(), "it does not live, and was shown: {answer}");
        self.write(rec, user, fields.map(flat), window)?;
        let record = &self.records[rec];
        let shows =
            fields.is_none() || (answer.body["rev"] == record.rev() && equal(&answer.body["fields"], &record.fields()));
        let status = if fields.is_some() { 200 } else { 204 };
        ensure!(answer.status == status && shows, "it must be {} then: {answer}", record.fields());
        Ok(())
    }

    /// A write on the server by somebody who has seen everything; without fields, a delete.
    fn write(&mut self, rec: &Rec, user: &str, fields: Option<BTreeMap<String, Value>>, window: (i64, i64)) -> Check {
        let record = &self.records[rec];
        let rev = record.rev();
        let shown =
            self.truth.rev(rec, rev + 1).ok_or_else(|| format!("there must be a rev {} of {rec:?}", rev + 1))?;
        let at = millis(&shown["at"])?;
        ensure!((window.0..=window.1).contains(&at), "it was written when it was asked for: {shown}");
        let device = shown["device"].as_str().unwrap_or_default().to_owned();
        let fresh = !self.devices.contains_key(&device)
            && !self.records.values().any(|record| record.revs.iter().any(|rev| rev.op.device == device));
        ensure!(fresh, "a write on the server is one by a device of its own: {shown}");
        let op = Op {
            raw: Value::Null,
            record: rec.clone(),
            device,
            user: user.to_owned(),
            team: None,
            delete: fields.is_none(),
            fields: fields.unwrap_or_default(),
            base: rev,
            stamp: stamp(at, None, record.floor(rev)),
            at,
            claimed: None,
            corrected: false,
        };
        self.add(op)?;
        Ok(())
    }
}
