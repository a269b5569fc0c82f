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
    buckets: Vec<Part>,
}

/// What a page has of one bucket.
#[derive(Debug)]
struct Part {
    bucket: Bucket,
    reset: bool,
    /// Given up to here.
    seq: u64,
    /// How the bucket stands, when it has been given to its end.
    complete: Option<Head>,
    changes: Changes,
}

/// Changes of one bucket, each in JSON, with a comma in between: a page of the largest size is not kept in any other form.
#[derive(Debug, Default)]
struct Changes {
    text: String,
    /// The sequence number of each, and where it ends in the text.
    ends: Vec<(u64, usize)>,
    /// Of their fields.
    bytes: usize,
    /// How many there will be at most.
    most: usize,
}

/// So many tell how long the others will be.
const SAMPLE: usize = 64;

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
            if want.listed || part.changes.count() > 0 {
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

    fn take(&mut self, changes: &Changes) {
        self.records -= changes.count();
        self.bytes = self.bytes.saturating_sub(changes.bytes);
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
        let (mut given, mut whole) = (Changes { most: records, ..Changes::default() }, true);
        changes::first(conn, scope, *want, records + 1, |change| {
            whole = given.count() < records;
            if whole {
                given.push(&change);
            }
        })?;
        return Ok(vec![(want, part(want, given, whole.then(|| head(want))))]);
    }
    let wants = &wants[..fitting];
    let mut given: BTreeMap<Bucket, Changes> = BTreeMap::new();
    if most > 0 {
        let begin =
            |want: &Want| (want.bucket, Changes { most: at_most(want, &head(want)) as usize, ..Changes::default() });
        given.extend(wants.iter().map(begin));
        changes::all(conn, scope, wants, |change| given.entry(change.key.bucket).or_default().push(&change))?;
    }
    let whole = |want: &'w Want| {
        let changes = given.remove(&want.bucket).unwrap_or_default();
        (want, part(want, changes.in_order(), Some(head(want))))
    };
    Ok(wants.iter().map(whole).collect())
}

/// How many changes a bucket can have to give: each has a sequence number of its own, and of what is new to a device the
/// deleted part is left out.
fn at_most(want: &Want, head: &Head) -> u64 {
    let since = head.seq.saturating_sub(want.after);
    if want.after == 0 && want.baseline == head.seq { since.min(head.live) } else { since }
}

fn part(want: &Want, changes: Changes, complete: Option<Head>) -> Part {
    let last = changes.ends.last().map_or(want.after, |(seq, _)| *seq);
    let seq = complete.map_or(last, |head| head.seq);
    Part { bucket: want.bucket, reset: want.reset, seq, complete, changes }
}

impl Page {
    /// The body, in JSON, in pieces: the large ones are given as they were written. `cursor` is the sealed one.
    pub fn body(self, cursor: &str, now: i64) -> Vec<String> {
        let mut out = String::with_capacity(256 + 160 * self.buckets.len());
        // Writing to a string cannot fail.
        let _ = write!(out, r#"{{"server_time":"{}","cursor":"{cursor}","more":{}"#, format_ms(now), self.more);
        out.push_str(r#","revoked":["#);
        for (i, bucket) in self.revoked.iter().enumerate() {
            let _ = write!(out, r#"{}"{bucket}""#, if i > 0 { "," } else { "" });
        }
        out.push_str(r#"],"buckets":["#);
        let mut pieces = Vec::new();
        for (i, part) in self.buckets.into_iter().enumerate() {
            out.push_str(if i > 0 { "," } else { "" });
            part.begin(&mut out);
            if part.changes.text.len() < PIECE {
                out.push_str(&part.changes.text);
            } else {
                pieces.extend([std::mem::take(&mut out), part.changes.text]);
            }
            out.push_str("]}");
        }
        out.push_str("]}");
        pieces.push(out);
        pieces
    }
}

/// Bytes of what is worth not being copied.
const PIECE: usize = 64 << 10;

impl Part {
    /// Up to its changes.
    fn begin(&self, out: &mut String) {
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
    }
}

impl Changes {
    fn count(&self) -> usize {
        self.ends.len()
    }

    fn push(&mut self, change: &Changed) {
        if !self.text.is_empty() {
            self.text.push(',');
        }
        change.write(&mut self.text);
        self.ends.push((change.seq, self.text.len()));
        self.bytes += change.fields.len();
        if self.count() == SAMPLE && self.most > SAMPLE {
            // Once, and a little more: a text that grows leaves several times its size behind.
            let rest = self.text.len() / SAMPLE * (self.most - SAMPLE);
            self.text.reserve_exact(rest.min(PAGE_BYTES) * 9 / 8);
        }
    }

    /// By their sequence numbers, as they come from an index.
    fn in_order(self) -> Self {
        if self.ends.is_sorted() {
            return self;
        }
        let begins = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| end + 1));
        let mut places: Vec<_> = self.ends.iter().zip(begins).map(|((seq, end), begin)| (*seq, begin..*end)).collect();
        places.sort_unstable_by_key(|(seq, _)| *seq);
        let text = String::with_capacity(self.text.len());
        let mut sorted = Self { text, ends: Vec::new(), bytes: self.bytes, most: self.most };
        for (seq, place) in places {
            if !sorted.text.is_empty() {
                sorted.text.push(',');
            }
            sorted.text.push_str(&self.text[place]);
            sorted.ends.push((seq, sorted.text.len()));
        }
        sorted
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

#[cfg(test)]
mod tests {
    use super::{Changed, Changes, Page, Part};
    use crate::store::records::Key;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use sync_core::cursor::Cursor;
    use sync_core::{Bucket, Collection, Digest};
    use uuid::Uuid;

    fn change(seq: u64, text: &str) -> Changed {
        let bucket = Bucket::new(513_401).expect("a county");
        let key = Key { bucket, collection: Collection::Findings, id: Uuid::from_u128(u128::from(seq)) };
        let fields = json!({ "title": text }).to_string();
        Changed { key, rev: 1, seq, deleted: seq.is_multiple_of(5), digest: Digest::of(b""), at: 0, fields }
    }

    proptest! {
        /// In whatever order the database gives them, and however large they are.
        #[test]
        fn a_body_is_json_with_the_changes_in_order(
            seqs in Just((1..=40_u64).collect::<Vec<_>>()).prop_shuffle(),
            count in 0..=40_usize,
            size in prop_oneof![Just(1_usize), Just(5_000)],
        ) {
            let seqs = &seqs[..count];
            let mut changes = Changes::default();
            for seq in seqs {
                changes.push(&change(*seq, &"户".repeat(size)));
            }
            let changes = changes.in_order();
            prop_assert_eq!(changes.count(), count);
            let bucket = Bucket::new(513_401).expect("a county");
            let part = || Part { bucket, reset: false, seq: 40, complete: None, changes: Changes::default() };
            let buckets = vec![part(), Part { changes, ..part() }, part()];
            let page = Page { cursor: Cursor::new(Uuid::nil()), more: true, revoked: vec![bucket, bucket], buckets };
            let body: Value = serde_json::from_str(&page.body("c", 0).concat()).expect("JSON");
            prop_assert_eq!(&body["revoked"], &json!(["513401", "513401"]));
            let told: Vec<_> = body["buckets"][1]["changes"].as_array().expect("a list").iter().map(|c| c["seq"].as_u64()).collect();
            let mut sorted: Vec<_> = seqs.iter().map(|seq| Some(*seq)).collect();
            sorted.sort_unstable();
            prop_assert_eq!(told, sorted);
        }
    }
}
