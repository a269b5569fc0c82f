//! Fetching what changed: page by page until the server has no more.
//!
//! A page and its cursor are stored in one transaction. Unsent edits are never touched by a pull: they lie in
//! the outbox, on top of whatever comes.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::copy::{self, Row};
use super::edit::Key;
use super::schema::{outbox, phone};
use super::wire::{BucketPage, Change, Page, PullBody, SCHEMA};
use super::{Device, Error};

/// Records a page; the server gives up to 5,000.
pub(super) const LIMIT: u32 = 1000;

impl Device {
    /// Pulls until the server has no more; returns how many changes came. A bucket that does not add up to the
    /// server's sum is pulled again from nothing, once.
    pub fn pull(&mut self) -> Result<usize, Error> {
        let mut changes = 0;
        let mut renewed = false;
        let mut restarted = HashSet::new();
        // What is to come again is asked for at the start of a round only: its pages may be the last of it.
        let mut restart = copy::in_state(self.store.conn(), copy::SUSPECT)?;
        loop {
            self.ready()?;
            let cursor = self.store.phone()?.cursor;
            let request = PullBody {
                schema: SCHEMA,
                cursor: cursor.as_deref(),
                limit: self.page_limit,
                restart: cursor.as_ref().map_or(&[], |_| restart.as_slice()),
            };
            let answer = self.ask("/v1/sync/pull", &serde_json::to_vec(&request)?)?;
            match answer.status {
                200 => {
                    let page: Page = serde_json::from_slice(&answer.body)
                        .map_err(|e| Error::Offline(format!("not an answer to a pull: {e}")))?;
                    changes += page.buckets.iter().map(|b| b.changes.len()).sum::<usize>();
                    self.store.step(|conn| store_page(conn, &page))?;
                    restarted.extend(restart.drain(..));
                    renewed = false;
                    if !page.more {
                        restart = copy::in_state(self.store.conn(), copy::SUSPECT)?;
                        if let Some(again) = restart.iter().find(|bucket| restarted.contains(*bucket)) {
                            return Err(Error::Differs(again.clone()));
                        }
                        if restart.is_empty() {
                            return Ok(changes);
                        }
                    }
                }
                401 if !renewed => {
                    renewed = true;
                    self.renew()?;
                }
                // The cursor is from another life of this phone: begin again.
                400 if answer.problem().code == "bad_cursor" && cursor.is_some() => {
                    self.store.step(|conn| Ok(forget_cursor(conn)?))?;
                }
                _ => return Err(Device::refused(&answer)),
            }
        }
    }
}

/// After this the next pull begins from nothing. What is held stays readable until its first page comes.
pub(super) fn forget_cursor(conn: &mut SqliteConnection) -> QueryResult<()> {
    diesel::update(phone::table).set(phone::cursor.eq(None::<String>)).execute(conn)?;
    copy::move_all(conn, &[copy::HELD, copy::SUSPECT], copy::STALE)
}

pub(super) fn store_page(conn: &mut SqliteConnection, page: &Page) -> Result<(), Error> {
    for bucket in &page.buckets {
        store_bucket(conn, bucket)?;
    }
    for bucket in &page.revoked {
        if copy::state(conn, bucket)?.is_some() {
            copy::set_state(conn, bucket, copy::REVOKED, 0)?;
        }
    }
    if !page.more {
        // Whatever is still stale after the last page is not in scope any more.
        copy::move_all(conn, &[copy::STALE], copy::REVOKED)?;
    }
    copy::forget_revoked(conn)?;
    diesel::update(phone::table).set(phone::cursor.eq(&page.cursor)).execute(conn)?;
    Ok(())
}

fn store_bucket(conn: &mut SqliteConnection, page: &BucketPage) -> Result<(), Error> {
    // A bucket that the cursor did not have comes from its beginning, perhaps without tombstones: nothing that
    // is still held of it may survive.
    if page.reset || !copy::in_cursor(conn, &page.bucket)? {
        copy::forget(conn, &page.bucket)?;
        copy::set_state(conn, &page.bucket, copy::HELD, page.seq)?;
    }
    let unsent: HashSet<(String, String)> = outbox::table
        .filter(outbox::bucket.eq(&page.bucket))
        .select((outbox::collection, outbox::id))
        .load(conn)?
        .into_iter()
        .collect();
    for change in &page.changes {
        let edited = unsent.contains(&(change.collection.clone(), change.id.clone()));
        store_change(conn, &page.bucket, change, edited)?;
    }
    let state = match (page.complete, page.count, page.sum) {
        (true, Some(count), Some(sum)) if copy::tally(conn, &page.bucket)? != (count, sum) => copy::SUSPECT,
        // Until it is complete, a bucket that is under suspicion stays so.
        (false, ..) => return Ok(()),
        _ => copy::HELD,
    };
    Ok(copy::set_state(conn, &page.bucket, state, page.seq)?)
}

fn store_change(conn: &mut SqliteConnection, bucket: &str, change: &Change, edited: bool) -> Result<(), Error> {
    let key = Key { bucket: bucket.to_owned(), collection: change.collection.clone(), id: change.id.clone() };
    let held = copy::record(conn, &key)?.map_or(0, |row| row.rev);
    let waiting = copy::waiting_rev(conn, &key)?;
    // An answer that overtook this page was newer.
    if change.rev < held || waiting.is_some_and(|rev| change.rev < rev) {
        return Ok(());
    }
    let Key { bucket, collection, id } = key.clone();
    let Change { rev, seq, deleted, .. } = *change;
    let fields = change.fields.as_ref().filter(|_| !deleted).map_or("{}", |f| f.get()).to_owned();
    let row = Row { bucket, collection, id, rev, seq, digest: change.digest.0.to_vec(), deleted, fields };
    if deleted && edited {
        // The person has not seen it: it is carried out once the edits are pushed and answered.
        return Ok(copy::let_wait(conn, &row)?);
    }
    if waiting.is_some() {
        copy::drop_waiting(conn, &key)?;
    }
    Ok(copy::put(conn, &row)?)
}
