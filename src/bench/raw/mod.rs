//! The raw engine: the same bytes into the same tables with the same indexes and the same durability, by the plainest
//! program that there is, without anything that a sync server is for. What it reaches here is what the server is measured
//! against. It shares nothing with the store but the migrations and the column types.

mod pg_statement;
mod postgres;
mod sqlite;

use super::data::{Interview, Load, change, changed};
use super::drive::Timed;
use crate::store::JsonText;
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::collections::HashMap;
use std::time::Duration;
use uuid::Uuid;

pub(super) use postgres::Postgres;
pub(super) use sqlite::Sqlite;

/// The number of `interviews` among the collections.
const COLLECTION: i16 = sync_core::Collection::Interviews.number();
/// Rows that a reader fetches at once.
pub(super) const PAGE: usize = 1000;

/// What both engines are asked to do, for counties that were opened before.
pub(super) trait Engine {
    /// Empty counties.
    fn open_counties(&mut self, buckets: &[u32]) -> anyhow::Result<()>;
    /// New rows, each batch and its county's counter in one transaction, over as many connections as the load has; stops
    /// after `most`.
    fn insert(&mut self, load: Vec<Vec<Rows>>, most: Duration) -> anyhow::Result<Timed>;
    /// Overwrites rows and keeps what stood there before, each batch and its county's counter in one transaction.
    fn update(&mut self, load: Vec<Vec<Rows>>) -> anyhow::Result<Timed>;
    /// Reads these counties' rows in pages, over so many connections, each all of them.
    fn read(&mut self, buckets: &[u32], readers: usize) -> anyhow::Result<Timed>;
    /// Looks up who asks and how the counties stand, and reads what lies beyond the number of those that have one.
    fn poll(
        &mut self,
        counties: &[(u32, Option<i64>)],
        readers: usize,
        each: usize,
        most: Duration,
    ) -> anyhow::Result<Timed>;
}

/// Rows of one county as columns, made before the clock starts. What is the same in all of them is not repeated.
pub(super) struct Rows {
    pub bucket: u32,
    pub rev: i64,
    pub device: Uuid,
    pub ids: Vec<Uuid>,
    pub seqs: Vec<i64>,
    pub digests: Vec<Vec<u8>>,
    pub stamps: Vec<i64>,
    pub fields: Vec<JsonText>,
    /// Of new rows: what stands in the interviews' own table.
    pub own: Own,
    /// Of a change: what it said and found, and which operation wrote which field, as the server keeps them.
    pub touches: Vec<JsonText>,
    pub registers: Vec<Vec<u8>>,
    /// The county's sum, after these.
    pub sum: Vec<u8>,
}

/// The columns of `interviews` that are not the same in all rows.
#[derive(Default)]
pub(super) struct Own {
    pub visits: Vec<Uuid>,
    pub households: Vec<Uuid>,
    /// Milliseconds since 1970.
    pub started: Vec<i64>,
    pub search: Vec<String>,
}

impl Own {
    fn push(&mut self, interview: &Interview) {
        self.visits.push(interview.visit);
        self.households.push(interview.household);
        self.started.push(interview.started);
        self.search.push(interview.respondent.clone());
    }
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    fn last_seq(&self) -> i64 {
        self.seqs.last().copied().unwrap_or_default()
    }
}

/// Hands out sequence numbers, county by county.
#[derive(Default)]
pub(super) struct Counters(HashMap<u32, i64>);

impl Counters {
    /// New rows of a load. The connections' batches take turns in the counties' sequences.
    pub(super) fn new_rows(&mut self, rng: &mut StdRng, load: &Load) -> Vec<Vec<Rows>> {
        self.rows(rng, load, false)
    }

    /// The load's rows with one answer changed in each.
    pub(super) fn changed_rows(&mut self, rng: &mut StdRng, load: &Load) -> Vec<Vec<Rows>> {
        self.rows(rng, load, true)
    }

    pub(super) fn last(&self, bucket: u32) -> i64 {
        self.0.get(&bucket).copied().unwrap_or_default()
    }

    fn rows(&mut self, rng: &mut StdRng, load: &Load, changes: bool) -> Vec<Vec<Rows>> {
        let devices: Vec<Uuid> = load.iter().map(|_| Uuid::from_u128(rng.random())).collect();
        let mut out: Vec<Vec<Rows>> = load.iter().map(|_| Vec::new()).collect();
        for turn in 0..load.iter().map(Vec::len).max().unwrap_or_default() {
            for (connection, batches) in load.iter().enumerate() {
                let Some(batch) = batches.get(turn) else { continue };
                let counter = self.0.entry(batch.bucket).or_default();
                let mut rows = Rows {
                    bucket: batch.bucket,
                    rev: if changes { 2 } else { 1 },
                    device: devices[connection],
                    ids: batch.interviews.iter().map(|interview| interview.id).collect(),
                    seqs: Vec::new(),
                    digests: Vec::new(),
                    stamps: Vec::new(),
                    fields: Vec::new(),
                    own: Own::default(),
                    touches: Vec::new(),
                    registers: Vec::new(),
                    sum: rng.random::<[u8; 16]>().to_vec(),
                };
                for interview in &batch.interviews {
                    *counter += 1;
                    rows.seqs.push(*counter);
                    rows.digests.push(rng.random::<[u8; 16]>().to_vec());
                    rows.stamps.push((1_428_883_200_000 + *counter) << 16);
                    if changes {
                        let (name, value) = change(rng);
                        rows.fields.push(JsonText(changed(&interview.fields, name, &value)));
                        rows.touches.push(JsonText(format!(r#"[["{name}",{value},1234]]"#)));
                        // As large as what the server keeps of one changed field.
                        rows.registers.push((0..REGISTERS).map(|_| rng.random()).collect());
                    } else {
                        rows.fields.push(JsonText(interview.fields.clone()));
                        rows.own.push(interview);
                    }
                }
                out[connection].push(rows);
            }
        }
        out
    }
}

/// Bytes of `records.registers` after one change of one field.
const REGISTERS: usize = 80;
