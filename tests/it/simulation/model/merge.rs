//! Section 4: what an operation does to its record.

use serde_json::{Map, Value, json};

use super::record::{Conflict, Op, Standing};
use super::validity::required;
use super::{Check, Held, Model};
use crate::support::Rec;

impl Model<'_> {
    /// Whether a record with these fields may begin to live.
    fn is_whole(collection: &str, fields: &Map<String, Value>) -> bool {
        required(collection).iter().all(|name| fields.contains_key(*name))
    }

    /// The team of a visit is that of the device that makes it, if that leaves it out.
    fn with_team(&self, mut op: Op) -> Op {
        let record = &self.records[&op.record];
        let lacks = !record.lives() && !record.content().contains_key("team") && !op.fields.contains_key("team");
        if let (true, "visits", false, Some(team)) = (lacks, op.record.collection, op.delete, &op.team) {
            op.fields.insert("team".into(), team.as_str().into());
        }
        op
    }

    /// Whether the record would be whole with this upsert and what waits for it.
    pub(super) fn would_be_whole(&self, op: &Op) -> bool {
        let mut content = self.records[&op.record].content();
        for held in self.waiting(&op.record) {
            content.extend(self.held[held].op.fields.clone());
        }
        content.extend(self.with_team(op.clone()).fields);
        content.retain(|_, value| !value.is_null());
        Self::is_whole(op.record.collection, &content)
    }

    /// Why an operation that arrives cannot be merged now.
    pub(super) fn parked(&self, op: &Op) -> Option<&'static str> {
        let record = &self.records[&op.record];
        if op.delete || record.lives() {
            None
        } else if record.deleted && !record.saw_delete(op) {
            Some("deleted")
        } else {
            (!self.would_be_whole(op)).then_some("incomplete")
        }
    }

    pub(super) fn hold(&mut self, op: Op, status: &'static str, reason: Option<&'static str>) {
        self.held.push(Held { op, status, reason, state: "open", settled_by: None, was_rev: None });
    }

    /// What is parked of a record, the oldest first.
    pub(super) fn waiting(&self, record: &Rec) -> Vec<usize> {
        let waits = |held: &Held| held.op.record == *record && held.status == "parked" && held.state == "open";
        (0..self.held.len()).filter(|n| waits(&self.held[*n])).collect()
    }

    /// Merges an operation that nothing holds up: `applied` or `merged`, and the conflicts that come of it.
    pub(super) fn accept(&mut self, op: Op, settler: Option<&str>) -> Check<(&'static str, Vec<Conflict>)> {
        let rec = op.record.clone();
        let record = &self.records[&rec];
        let (begins, restores) = (!record.lives(), record.deleted);
        if op.delete {
            let unseen = record.unseen(&op);
            return Ok((self.delete(op, &unseen)?, Vec::new()));
        }
        let (mut more, mut conflicts) = (record.has_news(&op), Vec::new());
        let filled = self.with_team(op.clone());
        more |= filled.fields != op.fields;
        let op = filled;
        if begins {
            more |= self.bring_back(&rec, settler, &mut conflicts)?;
        }
        let own: Map<_, _> = op.fields.clone().into_iter().filter(|(_, value)| !value.is_null()).collect();
        conflicts.extend(self.add(op)?);
        more |= !conflicts.is_empty();
        more |= restores && json!(self.records[&rec].content()) != json!(own);
        Ok((if more { "merged" } else { "applied" }, conflicts))
    }

    /// One more rev, and the conflicts that it makes.
    pub(super) fn add(&mut self, op: Op) -> Check<Vec<Conflict>> {
        let seq = self.next_seq(&op.record)?;
        let record = self.records.get_mut(&op.record).expect("it is there");
        let conflicts = if op.delete { Vec::new() } else { record.conflicts(&op) };
        record.add(op, seq);
        self.conflicts.extend(conflicts.iter().cloned());
        Ok(conflicts)
    }

    /// The updates of others that the delete had not seen are parked.
    fn delete(&mut self, op: Op, unseen: &[u64]) -> Check<&'static str> {
        let record = self.records.get_mut(&op.record).expect("it is there");
        let mut parked = Vec::new();
        for n in unseen {
            let rev = &mut record.revs[*n as usize - 1];
            if !record.deleted && !rev.op.delete && rev.standing == Standing::Counts {
                rev.standing = Standing::Hidden;
                parked.push((*n, rev.op.clone()));
            }
        }
        self.add(op)?;
        let hides = !parked.is_empty();
        for (n, op) in parked {
            self.hold(op, "parked", Some("deleted"));
            self.held.last_mut().expect("one was added").was_rev = Some(n);
        }
        Ok(if hides { "merged" } else { "applied" })
    }

    /// Brings back what waited for the record to live: what a delete hid counts again, what made no rev makes one, with its
    /// stamp. Whether there was anything.
    fn bring_back(&mut self, rec: &Rec, settler: Option<&str>, conflicts: &mut Vec<Conflict>) -> Check<bool> {
        for rev in &mut self.records.get_mut(rec).expect("it is there").revs {
            if rev.standing == Standing::Hidden {
                rev.standing = Standing::Counts;
            }
        }
        let waiting = self.waiting(rec);
        for n in &waiting {
            self.held[*n].state = "released";
            self.held[*n].settled_by = settler.map(str::to_owned);
            if self.held[*n].was_rev.is_none() {
                conflicts.extend(self.add(self.held[*n].op.clone())?);
            }
        }
        Ok(!waiting.is_empty())
    }
}
