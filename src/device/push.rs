//! Sending the outbox: batches in order, from the first operation without a result, until none is left.
//!
//! An operation leaves the outbox in the transaction that stores its result, and in no other way. So a batch
//! whose answer was lost is simply sent again, and the server answers with the same results.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use serde_json::value::RawValue;

use super::copy::{self, Row};
use super::edit::{self, Op};
use super::schema::{notices, outbox, phone};
use super::wire::{Action, OpBody, OpResult, PushBody, Pushed, Record, SCHEMA, Status};
use super::{Device, Error, digest};

/// The server's limits; a 413 halves the batch all the same.
const MAX_OPS: usize = 500;
const MAX_BYTES: usize = 4 * 1024 * 1024 - 4096;
/// What an operation's envelope takes beside its own texts, in bytes, rounded up.
const ENVELOPE: usize = 256;

impl Device {
    /// Sends everything; returns how many operations got their result. Harmless at any time.
    pub fn push(&mut self) -> Result<usize, Error> {
        let mut sent = 0;
        let mut limit = MAX_OPS;
        let mut renewed = false;
        let mut reborn = false;
        loop {
            if self.unsent()? == 0 {
                self.wipe_if_flushed()?;
                return Ok(sent);
            }
            self.ready()?;
            let batch = batch(self.store.conn(), limit)?;
            let body = self.body(&batch)?;
            let answer = self.ask("/v1/sync/push", &body)?;
            match answer.status {
                200 => {
                    let pushed: Pushed = serde_json::from_slice(&answer.body)
                        .map_err(|e| Error::Offline(format!("not an answer to a push: {e}")))?;
                    sent += self.store_results(&batch, pushed)?;
                    renewed = false;
                }
                401 if !renewed => {
                    renewed = true;
                    self.renew()?;
                }
                413 if batch.len() > 1 => limit = batch.len() / 2,
                // `device_cloned`: this phone was restored from a backup, or copied. `op_gap`: the server was.
                // Either way the numbers no longer agree, and a new device begins a count of its own.
                409 if !reborn => {
                    reborn = true;
                    self.register_anew()?;
                }
                _ => return Err(Device::refused(&answer)),
            }
        }
    }

    fn body(&self, batch: &[Op]) -> Result<Vec<u8>, Error> {
        let mut ops = Vec::with_capacity(batch.len());
        for op in batch {
            let at: &RawValue = serde_json::from_str(&op.at)?;
            let fields: Option<&RawValue> = op.fields.as_deref().map(serde_json::from_str).transpose()?;
            let Op { op_seq, kind, bucket, collection, id, base, .. } = op;
            ops.push(OpBody { op_seq: *op_seq, kind, bucket, collection, id, base: *base, at, fields });
        }
        Ok(serde_json::to_vec(&PushBody { schema: SCHEMA, clock: self.clock.read(), ops })?)
    }

    fn store_results(&mut self, batch: &[Op], pushed: Pushed) -> Result<usize, Error> {
        let numbers = |results: &[OpResult]| results.iter().map(|r| r.op_seq).eq(batch.iter().map(|op| op.op_seq));
        if !numbers(&pushed.results) {
            return Err(Error::Offline("the answer belongs to another push".into()));
        }
        let flush = pushed.action.is_some();
        let wipe = pushed.action == Some(Action::Wipe);
        let device = self.store.phone()?.device.unwrap_or_default();
        self.store.step(|conn| {
            for (op, result) in batch.iter().zip(&pushed.results) {
                settle(conn, &device, op, result)?;
            }
            copy::carry_out_waiting(conn)?;
            copy::forget_revoked(conn)?;
            if flush {
                diesel::update(phone::table).set(phone::revoked.eq(true)).execute(conn)?;
            }
            Ok(())
        })?;
        if let Some(tell) = &mut self.on_result {
            batch.iter().zip(&pushed.results).for_each(|(op, result)| tell(&device, op, result));
        }
        if wipe {
            self.store.wipe()?;
        }
        Ok(batch.len())
    }
}

/// The first operations of the outbox, as many as fit into one push.
pub(super) fn batch(conn: &mut SqliteConnection, limit: usize) -> Result<Vec<Op>, Error> {
    let mut ops: Vec<Op> = outbox::table.order(outbox::op_seq).limit(limit as i64).load(conn)?;
    let mut bytes = 0;
    let fitting = ops
        .iter()
        .take_while(|op| {
            bytes += ENVELOPE + op.at.len() + op.fields.as_ref().map_or(0, String::len);
            bytes <= MAX_BYTES
        })
        .count();
    ops.truncate(fitting.max(1));
    Ok(ops)
}

/// Stores one result and forgets its operation.
pub(super) fn settle(conn: &mut SqliteConnection, device: &str, op: &Op, result: &OpResult) -> Result<(), Error> {
    diesel::delete(outbox::table.find(op.op_seq)).execute(conn)?;
    // Of a bucket that the cursor lacks nothing is stored: it comes by pull, or it is not ours.
    if copy::in_cursor(conn, &op.bucket)? {
        match (result.status, &result.record, result.rev, result.seq) {
            (Status::Applied, _, Some(rev), Some(seq)) => store_applied(conn, op, rev, seq)?,
            (Status::Merged, Some(record), ..) => store_merged(conn, op, record)?,
            _ => {}
        }
    }
    if result.status.is_held() || !result.conflicts.is_empty() {
        notice(conn, device, op, result)?;
    }
    Ok(())
}

/// The record now holds what the phone thinks it holds: the copy with this operation on top. That is only so
/// when the copy is the very rev before; otherwise the pull brings it.
fn store_applied(conn: &mut SqliteConnection, op: &Op, rev: i64, seq: i64) -> Result<(), Error> {
    let key = op.key();
    let held = copy::record(conn, &key)?;
    if held.as_ref().map_or(0, |row| row.rev) != rev - 1 {
        return Ok(());
    }
    let fields = match (&op.fields, held) {
        (None, _) => serde_json::Map::new(),
        // What a restored record holds, the server knows.
        (Some(_), Some(row)) if row.deleted => return Ok(()),
        (Some(changes), held) => {
            let mut fields = held.map(|row| serde_json::from_str(&row.fields)).transpose()?.unwrap_or_default();
            edit::lay_over(&mut fields, changes)?;
            fields
        }
    };
    let fields = digest::canonical(fields);
    let Some(digest) = digest::of(&key, rev, &fields) else { return Ok(()) };
    let Op { bucket, collection, id, .. } = op.clone();
    let deleted = op.fields.is_none();
    Ok(copy::put(conn, &Row { bucket, collection, id, rev, seq, digest: digest.0.to_vec(), deleted, fields })?)
}

/// The record as the server merged it, unless a pull has already brought a later one.
fn store_merged(conn: &mut SqliteConnection, op: &Op, record: &Record) -> Result<(), Error> {
    let key = op.key();
    if copy::record(conn, &key)?.is_some_and(|held| held.rev > record.rev) {
        return Ok(());
    }
    if copy::waiting_rev(conn, &key)?.is_some_and(|waiting| waiting <= record.rev) {
        copy::drop_waiting(conn, &key)?;
    }
    let Op { bucket, collection, id, .. } = op.clone();
    let fields = record.fields.as_ref().map_or("{}", |f| f.get()).to_owned();
    let Record { rev, seq, deleted, .. } = *record;
    Ok(copy::put(conn, &Row { bucket, collection, id, rev, seq, digest: record.digest.0.to_vec(), deleted, fields })?)
}

/// Keeps what the person should hear of: conflicts, and operations that the server holds.
fn notice(conn: &mut SqliteConnection, device: &str, op: &Op, result: &OpResult) -> Result<(), Error> {
    let detail = serde_json::json!({
        "conflicts": result.conflicts, "reason": result.reason, "error": result.error,
    });
    diesel::insert_into(notices::table)
        .values((
            notices::device.eq(device),
            notices::op_seq.eq(op.op_seq),
            notices::bucket.eq(&op.bucket),
            notices::collection.eq(&op.collection),
            notices::id.eq(&op.id),
            notices::status.eq(result.status.name()),
            notices::detail.eq(detail.to_string()),
        ))
        .execute(conn)?;
    Ok(())
}
