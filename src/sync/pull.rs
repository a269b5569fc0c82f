//! A pull: what a caller lacks of what it may see now, read in one snapshot, bucket after bucket.

use crate::http::time::format_ms;
use crate::store::buckets::{Head, Heads};
use crate::store::changes::{self, Changed};
use crate::store::{Conn, StoreError};
use std::collections::BTreeMap;
use std::fmt::Write;
use sync_core::cursor::{Cursor, Grant, Plan, Standing, Want};
use sync_core::{Bucket, Scope};

/// Who pulls: what it may see, and under which grants.
pub struct Puller<'a> {
    pub scope: &'a Scope,
    pub grant: &'a dyn Fn(Bucket) -> Grant,
}

/// What a pull is answered with.
#[derive(Debug)]
pub struct Page {
    /// Where its holder stands when it has stored the page.
    pub cursor: Cursor,
    pub more: bool,
    pub revoked: Vec<Bucket>,
    pub buckets: Vec<Part>,
}

/// What a page has of one bucket.
#[derive(Debug)]
pub struct Part {
    pub bucket: Bucket,
    pub reset: bool,
    /// Given up to here.
    pub seq: u64,
    /// How the bucket stands, when it has been given to its end.
    pub complete: Option<Head>,
    pub changes: Vec<Changed>,
}

impl Puller<'_> {
    fn plan(&self, heads: &Heads, cursor: &Cursor, restart: &[Bucket]) -> Plan {
        let standing = |(bucket, head): (&Bucket, &Head)| Standing {
            bucket: *bucket,
            grant: (self.grant)(*bucket),
            seq: head.seq,
            floor: head.tombstone_floor,
        };
        cursor.plan(&heads.iter().map(standing).collect::<Vec<_>>(), restart)
    }
}

/// The page of a caller to whom there is nothing to give; `None` when there is something. `heads` are those of all
/// buckets in scope, read together with `puller`.
pub fn quiet(puller: &Puller<'_>, heads: &Heads, mut cursor: Cursor, restart: &[Bucket]) -> Option<Page> {
    let Plan { wants, revoked } = puller.plan(heads, &cursor, restart);
    if !wants.is_empty() {
        return None;
    }
    cursor.revoke(&revoked);
    Some(Page { cursor, more: false, revoked, buckets: Vec::new() })
}

/// Reads the next page. `conn` must be a snapshot, from which `puller` and the heads of all buckets in scope were read too.
pub fn page(
    conn: &mut Conn,
    puller: &Puller<'_>,
    heads: &Heads,
    mut cursor: Cursor,
    restart: &[Bucket],
    limit: usize,
) -> Result<Page, StoreError> {
    let plan = puller.plan(heads, &cursor, restart);
    let mut parts = Vec::new();
    let (mut wants, mut room) = (plan.wants.as_slice(), Room { records: limit, bytes: PAGE_BYTES });
    let mut cut = false;
    while !cut && room.records > 0 && room.bytes > 0 && !wants.is_empty() {
        let given = give(conn, puller.scope, heads, wants, room)?;
        // One that is not complete goes on on the next page.
        cut = given.last().is_some_and(|(_, part)| part.complete.is_none());
        wants = &wants[given.len() - usize::from(cut)..];
        for (want, part) in given {
            room.take(&part.changes);
            cursor.give(want, part.seq);
            if want.listed || !part.changes.is_empty() {
                parts.push(part);
            }
        }
    }
    // What had to wait and is wanted anew is to be forgotten when it comes.
    let begun = |bucket: &Bucket| parts.iter().any(|part: &Part| part.bucket == *bucket);
    let waiting = wants.iter().map(|want| want.bucket).filter(|b| restart.contains(b) && !begun(b));
    cursor.postpone(&waiting.collect::<Vec<_>>());
    cursor.revoke(&plan.revoked);
    Ok(Page { cursor, more: !wants.is_empty(), revoked: plan.revoked, buckets: parts })
}

/// A page's records have together no more bytes of fields than this, unless the first alone has more: a page of the
/// largest records is bounded as one of small ones is.
const PAGE_BYTES: usize = 4 << 20;

/// What a page still has room for.
#[derive(Debug, Clone, Copy)]
struct Room {
    records: usize,
    bytes: usize,
}

impl Room {
    /// Whether so many records surely fit, none of which is larger than `largest`.
    fn fits(self, records: u64, largest: u64) -> bool {
        records <= self.records as u64 && records.saturating_mul(largest) <= self.bytes as u64
    }

    fn take(&mut self, changes: &[Changed]) {
        self.records -= changes.len();
        self.bytes = self.bytes.saturating_sub(changes.iter().map(|change| change.fields.len()).sum());
    }
}

/// Gives as many of the first buckets as surely fit into `room` with one statement; where not even the first surely
/// fits, as much of it as there is room for.
fn give<'w>(
    conn: &mut Conn,
    scope: &Scope,
    heads: &Heads,
    wants: &'w [Want],
    room: Room,
) -> Result<Vec<(&'w Want, Part)>, StoreError> {
    let head = |want: &Want| heads.get(&want.bucket).copied().unwrap_or_default();
    let (mut most, mut largest) = (0_u64, 0);
    let fitting = wants
        .iter()
        .take_while(|want| {
            most = most.saturating_add(at_most(want, &head(want)));
            largest = head(want).largest.max(largest);
            room.fits(most, largest)
        })
        .count();
    if fitting == 0 {
        let want = &wants[0];
        let records = if room.fits(room.records as u64, head(want).largest) {
            room.records
        } else {
            changes::fitting(conn, scope, *want, room.records, room.bytes)?.max(1)
        };
        let mut changes = changes::first(conn, scope, *want, records + 1)?;
        let whole = changes.len() <= records;
        changes.truncate(records);
        return Ok(vec![(want, part(want, changes, whole.then(|| head(want))))]);
    }
    let wants = &wants[..fitting];
    let mut changes: BTreeMap<Bucket, Vec<Changed>> = BTreeMap::new();
    if most > 0 {
        for change in changes::all(conn, scope, wants)? {
            changes.entry(change.key.bucket).or_default().push(change);
        }
    }
    let whole = |want: &'w Want| {
        let changes = changes.remove(&want.bucket).unwrap_or_default();
        (want, part(want, changes, Some(head(want))))
    };
    Ok(wants.iter().map(whole).collect())
}

/// How many changes a bucket can have to give: each has a sequence number of its own, and of what is new to a device the
/// deleted part is left out.
fn at_most(want: &Want, head: &Head) -> u64 {
    let since = head.seq.saturating_sub(want.after);
    if want.after == 0 && want.baseline == head.seq { since.min(head.live) } else { since }
}

fn part(want: &Want, changes: Vec<Changed>, complete: Option<Head>) -> Part {
    let last = changes.last().map_or(want.after, |change| change.seq);
    let seq = complete.map_or(last, |head| head.seq);
    Part { bucket: want.bucket, reset: want.reset, seq, complete, changes }
}

impl Page {
    /// The body, in JSON. `cursor` is the sealed one.
    pub fn body(&self, cursor: &str, now: i64) -> String {
        let size: usize = self.buckets.iter().flat_map(|part| &part.changes).map(|c| c.fields.len() + 240).sum();
        let mut out = String::with_capacity(size + 256 + 160 * self.buckets.len());
        // Writing to a string cannot fail.
        let _ = write!(out, r#"{{"server_time":"{}","cursor":"{cursor}","more":{}"#, format_ms(now), self.more);
        out.push_str(r#","revoked":["#);
        separated(&mut out, &self.revoked, |out, bucket| {
            let _ = write!(out, r#""{bucket}""#);
        });
        out.push_str(r#"],"buckets":["#);
        separated(&mut out, &self.buckets, |out, part| part.write(out));
        out.push_str("]}");
        out
    }
}

impl Part {
    fn write(&self, out: &mut String) {
        let complete = self.complete.is_some();
        let _ = write!(
            out,
            r#"{{"bucket":"{}","reset":{},"seq":{},"complete":{complete}"#,
            self.bucket, self.reset, self.seq
        );
        if let Some(head) = &self.complete {
            let _ = write!(out, r#","count":{},"sum":"{}""#, head.live, head.sum);
        }
        out.push_str(r#","changes":["#);
        separated(out, &self.changes, |out, change| change.write(out));
        out.push_str("]}");
    }
}

impl Changed {
    fn write(&self, out: &mut String) {
        let _ = write!(
            out,
            r#"{{"collection":"{}","id":"{}","rev":{},"seq":{},"digest":"{}","updated_at":"{}""#,
            self.key.collection.name(),
            self.key.id,
            self.rev,
            self.seq,
            self.digest,
            format_ms(self.at)
        );
        if self.deleted {
            out.push_str(r#","deleted":true}"#);
        } else {
            out.push_str(r#","fields":"#);
            out.push_str(&self.fields);
            out.push('}');
        }
    }
}

fn separated<T>(out: &mut String, items: &[T], mut write: impl FnMut(&mut String, &T)) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(out, item);
    }
}
