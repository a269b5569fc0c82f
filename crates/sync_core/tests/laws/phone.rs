//! A few buckets as the server has them, pulls from them as the server answers them, and the copy that a phone keeps,
//! exactly as section 5 tells it to.

use std::collections::BTreeMap;
use sync_core::cursor::{Cursor, Grant, Standing, Want};
use sync_core::{Bucket, Collection, Digest, Sum};
use uuid::Uuid;

pub(crate) const CODES: [u32; 3] = [511_622, 513_430, 513_431];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) rev: u64,
    pub(crate) seq: u64,
    pub(crate) deleted: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct County {
    pub(crate) rows: BTreeMap<u8, Row>,
    pub(crate) seq: u64,
    pub(crate) floor: u64,
    pub(crate) granted: bool,
    pub(crate) grant_no: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) counties: BTreeMap<u32, County>,
    pub(crate) place_no: u32,
}

pub(crate) struct Part {
    pub(crate) bucket: Bucket,
    pub(crate) reset: bool,
    pub(crate) listed: bool,
    pub(crate) changes: Vec<(u8, Row)>,
    /// Count and sum, once it has been given to its end.
    pub(crate) complete: Option<(usize, Sum)>,
}

pub(crate) struct Page {
    pub(crate) cursor: Cursor,
    pub(crate) more: bool,
    pub(crate) revoked: Vec<Bucket>,
    pub(crate) parts: Vec<Part>,
}

pub(crate) fn bucket(code: u32) -> Bucket {
    Bucket::new(code).expect("a county's code")
}

fn worth(code: u32, id: u8, row: &Row) -> Digest {
    Digest::of_record(bucket(code), Collection::Visits, Uuid::from_u128(id.into()), row.rev, "{}")
}

fn sum<'a>(code: u32, rows: impl Iterator<Item = (&'a u8, &'a Row)>) -> (usize, Sum) {
    let live = rows.filter(|(_, row)| !row.deleted);
    live.fold((0, Sum::default()), |(count, sum), (id, row)| (count + 1, sum.plus(worth(code, *id, row))))
}

impl World {
    pub(crate) fn new() -> Self {
        Self { counties: CODES.into_iter().map(|code| (code, County::default())).collect(), place_no: 0 }
    }

    fn county(&mut self, code: u32) -> &mut County {
        self.counties.get_mut(&code).expect("one of the counties")
    }

    /// A write or a delete of a record, new or old.
    pub(crate) fn write(&mut self, code: u32, id: u8, deleted: bool) {
        let county = self.county(code);
        county.seq += 1;
        let rev = county.rows.get(&id).map_or(0, |row| row.rev) + 1;
        county.rows.insert(id, Row { rev, seq: county.seq, deleted });
    }

    pub(crate) fn grant(&mut self, code: u32, granted: bool) {
        let county = self.county(code);
        county.grant_no += u32::from(granted && !county.granted);
        county.granted = granted;
    }

    /// Drops the older tombstones, up to so many before the newest operation. A record's revs go on all the same.
    pub(crate) fn purge(&mut self, code: u32, keep: u64) {
        let county = self.county(code);
        county.floor = county.floor.max(county.seq.saturating_sub(keep));
    }

    fn standings(&self) -> Vec<Standing> {
        let granted = self.counties.iter().filter(|(_, county)| county.granted);
        let standing = |(code, county): (&u32, &County)| Standing {
            bucket: bucket(*code),
            grant: Grant { user: self.place_no, team: county.grant_no },
            seq: county.seq,
            floor: county.floor,
        };
        granted.map(standing).collect()
    }

    pub(crate) fn pull(&self, cursor: &Cursor, restart: &[Bucket], limit: usize) -> Page {
        let plan = cursor.plan(&self.standings(), restart);
        let mut page = Page { cursor: cursor.clone(), more: false, revoked: plan.revoked, parts: vec![] };
        let mut room = limit;
        for want in &plan.wants {
            if room == 0 {
                page.more = true;
                if restart.contains(&want.bucket) {
                    // To be forgotten when it comes.
                    page.cursor.postpone(&[want.bucket]);
                }
                continue;
            }
            let (part, seq) = self.part(want, room);
            room -= part.changes.len();
            page.more |= part.complete.is_none();
            page.cursor.give(want, seq);
            page.parts.push(part);
        }
        page.cursor.revoke(&page.revoked);
        page
    }

    fn part(&self, want: &Want, room: usize) -> (Part, u64) {
        let code = want.bucket.code();
        let county = &self.counties[&code];
        // The tombstones that are gone, and those that the phone never needs.
        let left_out = |row: &Row| row.deleted && row.seq <= want.baseline.max(county.floor);
        let wanted = county.rows.iter().filter(|(_, row)| row.seq > want.after && !left_out(row));
        let mut changes: Vec<(u8, Row)> = wanted.map(|(id, row)| (*id, *row)).collect();
        changes.sort_by_key(|(_, row)| row.seq);
        let complete = (changes.len() <= room).then(|| sum(code, county.rows.iter()));
        changes.truncate(room);
        let last = changes.last().map_or(want.after, |(_, row)| row.seq);
        let seq = if complete.is_some() { county.seq } else { last };
        (Part { bucket: want.bucket, reset: want.reset, listed: want.listed, changes, complete }, seq)
    }

    /// What a phone has to hold in the end: the live records of what it may see.
    pub(crate) fn live(&self) -> BTreeMap<(u32, u8), u64> {
        let granted = self.counties.iter().filter(|(_, county)| county.granted);
        let rows = granted.flat_map(|(code, county)| county.rows.iter().map(|(id, row)| ((*code, *id), *row)));
        rows.filter(|(_, row)| !row.deleted).map(|(key, row)| (key, row.rev)).collect()
    }
}

/// The phone's copy, tombstones included.
#[derive(Debug, Clone)]
pub(crate) struct Phone {
    pub(crate) cursor: Cursor,
    rows: BTreeMap<u32, BTreeMap<u8, Row>>,
}

impl Phone {
    pub(crate) fn new() -> Self {
        Self { cursor: Cursor::new(Uuid::nil()), rows: BTreeMap::new() }
    }

    /// Stores a page and its cursor; gives the buckets whose sums do not agree.
    pub(crate) fn store(&mut self, page: Page) -> Vec<Bucket> {
        for gone in &page.revoked {
            self.rows.remove(&gone.code());
        }
        let mut wrong = vec![];
        for part in page.parts {
            let code = part.bucket.code();
            if part.reset {
                self.rows.remove(&code);
            }
            let rows = self.rows.entry(code).or_default();
            for (id, row) in part.changes {
                if rows.get(&id).is_none_or(|held| held.rev <= row.rev) {
                    rows.insert(id, row);
                }
            }
            if part.complete.is_some_and(|complete| complete != sum(code, rows.iter())) {
                wrong.push(part.bucket);
            }
        }
        self.cursor = page.cursor;
        wrong
    }

    /// Something goes wrong in a bucket that the phone holds: a record is lost, or one is there that should not be.
    pub(crate) fn spoil(&mut self, code: u32, id: u8) {
        if let Some(rows) = self.rows.get_mut(&code)
            && rows.remove(&id).is_none()
        {
            rows.insert(id, Row { rev: 1, seq: 0, deleted: false });
        }
    }

    pub(crate) fn has(&self, code: u32) -> bool {
        self.rows.contains_key(&code)
    }

    pub(crate) fn live(&self) -> BTreeMap<(u32, u8), u64> {
        let rows = self.rows.iter().flat_map(|(code, rows)| rows.iter().map(|(id, row)| ((*code, *id), *row)));
        rows.filter(|(_, row)| !row.deleted).map(|(key, row)| (key, row.rev)).collect()
    }
}
