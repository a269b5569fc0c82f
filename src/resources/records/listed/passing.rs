//! Pages of lists in the order of the keys that filters let a walk to: past records that do not pass, through whole counties
//! where few do. Which records pass is kept for each county, as far as somebody looked: who asks again looks into counties that
//! have moved, and behind what is known.

use super::{moved, question};
use crate::insight::kept::{Passing, Versions, Worked};
use crate::store::listing::{Found, Listing, Order, Value};
use crate::store::record_lists::{self, FEW};
use crate::store::records::RecordRow;
use crate::store::{Conn, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use sync_core::{Bucket, Collection, Scope};
use uuid::Uuid;

type RowKey = (Bucket, Uuid);

/// The order of the keys: county, then id.
const BY_KEY: [Order; 2] = [Order { column: 0, down: false }, Order { column: 1, down: false }];

/// Whether a walk along the keys looks for the page, and what passes does not depend on the day.
pub(super) fn may_be_kept(collection: Collection, listing: &Listing<RecordRow>) -> bool {
    let walks = listing.order == BY_KEY && !record_lists::passes_over_none(collection, listing);
    walks && question(collection, listing).is_some()
}

/// A page of a collection's living records in scope, without the total; `versions` are of all its counties, as the
/// connection's snapshot has them.
pub(super) fn page(
    conn: &mut Conn,
    worked: &Worked,
    scope: &Scope,
    versions: &Versions,
    collection: Collection,
    listing: &Listing<RecordRow>,
) -> Result<Found<RecordRow>, StoreError> {
    page_where(conn, worked, scope, versions, collection, listing, FEW)
}

/// [`page`], with what counts as few.
fn page_where(
    conn: &mut Conn,
    worked: &Worked,
    scope: &Scope,
    versions: &Versions,
    collection: Collection,
    listing: &Listing<RecordRow>,
    few: usize,
) -> Result<Found<RecordRow>, StoreError> {
    let question = question(collection, listing).filter(|_| may_be_kept(collection, listing));
    let Some(question) = question else { return record_lists::page(conn, scope, collection, listing) };
    let wanted = listing.limit + 1;
    let after = listing.after.as_deref().and_then(row_key);
    let mut known = Known::find(worked, &question, versions, after, wanted);
    if known.sure < wanted && !known.unknown.is_empty() {
        let unknown = moved(scope, versions, &known.unknown);
        let most = wanted - known.sure;
        let found = record_lists::keys(conn, &unknown, collection, listing, known.from, most, few)?;
        known.keys.extend(&found);
        known.keys.sort_unstable();
        for (county, passing) in known.learned(&found, most) {
            worked.passing.keep((question.clone(), county), versions[&county], Arc::new(passing));
        }
    }
    known.keys.truncate(wanted);
    record_lists::page_of_keys(conn, collection, &known.keys, listing.limit)
}

/// What is known of a page before the table is looked into.
#[derive(Default)]
struct Known {
    /// Keys of rows that pass, behind the page before.
    keys: Vec<RowKey>,
    /// So many of them come first, whatever else there is.
    sure: usize,
    /// Where there may be others.
    unknown: BTreeSet<Bucket>,
    /// Up to here there are none in them.
    from: Option<RowKey>,
    /// The records that pass of the first of these counties, up to `from`; `None` where what stands before is not known.
    begun: Option<Vec<Uuid>>,
}

impl Known {
    fn find(worked: &Worked, question: &Arc<str>, versions: &Versions, after: Option<RowKey>, wanted: usize) -> Self {
        let mut known = Self { from: after, ..Self::default() };
        let first = after.map_or(Bound::Unbounded, |(county, _)| Bound::Included(county));
        for (county, version) in versions.range((first, Bound::Unbounded)) {
            let passing = worked.passing.peek(&(question.clone(), *county), version);
            let is_certain = known.unknown.is_empty();
            match passing.as_deref() {
                Some(Passing { ids, all: true }) => known.add(*county, ids, after, wanted),
                passing => {
                    known.unknown.insert(*county);
                    if is_certain {
                        let ids = passing.map_or(&[][..], |passing| &passing.ids);
                        known.begin(*county, ids, after, wanted);
                    }
                }
            }
            if is_certain {
                known.sure = known.keys.len();
            }
            if known.sure >= wanted {
                break;
            }
        }
        known
    }

    fn add(&mut self, county: Bucket, ids: &[Uuid], after: Option<RowKey>, wanted: usize) {
        let keys = ids.iter().map(|id| (county, *id));
        self.keys.extend(keys.filter(|key| after.is_none_or(|after| *key > after)).take(wanted));
    }

    /// `ids` are the first that pass of the first county that is not known as a whole.
    fn begin(&mut self, county: Bucket, ids: &[Uuid], after: Option<RowKey>, wanted: usize) {
        let last = ids.last().map(|last| (county, *last));
        let is_joined = after.is_none_or(|after| county > after.0 || last >= Some(after));
        if is_joined {
            self.add(county, ids, after, wanted);
            self.from = last.or(self.from);
            self.begun = Some(ids.to_vec());
        }
    }

    /// What is known of each county after the first `most` keys behind `from` were `found` in those that were unknown.
    fn learned(&mut self, found: &[RowKey], most: usize) -> BTreeMap<Bucket, Passing> {
        // Behind the last one there may be more.
        let end = found.last().filter(|_| found.len() == most).map(|(county, _)| *county);
        let mut learned = BTreeMap::new();
        let first = self.unknown.first().copied();
        for county in self.unknown.iter().filter(|county| end.is_none_or(|end| **county <= end)) {
            let begun = if Some(*county) == first { self.begun.take() } else { Some(Vec::new()) };
            if let Some(ids) = begun {
                learned.insert(*county, Passing { ids, all: end != Some(*county) });
            }
        }
        for (county, id) in found {
            if let Some(passing) = learned.get_mut(county) {
                passing.ids.push(*id);
            }
        }
        learned
    }
}

/// The keys of the last row of the page before.
fn row_key(values: &[Value]) -> Option<RowKey> {
    match values {
        [Value::Int(code), Value::Uuid(id)] => Some((Bucket::new(u32::try_from(*code).ok()?)?, *id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::versions;
    use super::page_where;
    use crate::insight::kept::Worked;
    use crate::store::tests::record_lists::{FILTERS, Register};
    use crate::store::{Engine, snapshot};
    use diesel::Connection as _;
    use diesel::connection::InstrumentationEvent;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Every list again and again, in pages of different lengths, while records of some counties change; what was kept of one
    /// page may be another's than what was kept of the page before, so that some begin where nothing is known.
    fn what_is_kept_is_what_is_there(engine: Engine) {
        let register = Register::new(engine);
        let kept = [Worked::default(), Worked::default()];
        let asked = AtomicUsize::new(0);
        for (turn, limits) in (0..).zip([[3, 1000, 7], [1, 3, 1000], [7, 1, 3], [1000, 7, 1]]) {
            for filter in FILTERS {
                let (expected, _) = register.ids(filter, 1000, 10_000);
                for limit in limits {
                    let (found, _) = register.pages(filter, limit, |conn, scope, collection, listing| {
                        let asked = asked.fetch_add(1, Ordering::Relaxed);
                        snapshot(conn, |conn| {
                            let versions = versions(conn, scope)?;
                            page_where(conn, &kept[asked % 5 % 2], scope, &versions, collection, listing, 0)
                        })
                    });
                    assert_eq!(found, expected, "{filter} by {limit}, turn {turn}");
                }
            }
            // Households 1, 4 and so on are of one county, 2 and 5 of another; the third stays as it is.
            for n in [1, 4, 31] {
                register.change(n, n + 12 + 3 * turn);
            }
            register.change(2, 5 + 3 * turn);
        }
    }

    #[test]
    fn what_is_kept_is_what_is_there_on_sqlite() {
        what_is_kept_is_what_is_there(Engine::Sqlite);
    }

    #[test]
    fn what_is_kept_is_what_is_there_on_postgres() {
        what_is_kept_is_what_is_there(Engine::Postgres);
    }

    #[test]
    fn who_asks_again_looks_into_counties_that_have_moved() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let register = Register::new(engine);
            let worked = Worked::default();
            // How many statements look into the table of the households.
            let looks = || {
                let count = Arc::new(AtomicUsize::new(0));
                register.pages("people[gte]=3&housing_grade=A", 1000, |conn, scope, collection, listing| {
                    let counted = count.clone();
                    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                        if let InstrumentationEvent::StartQuery { query, .. } = event {
                            counted
                                .fetch_add(usize::from(query.to_string().contains("households f")), Ordering::Relaxed);
                        }
                    });
                    let versions = versions(conn, scope)?;
                    page_where(conn, &worked, scope, &versions, collection, listing, 0)
                });
                count.load(Ordering::Relaxed)
            };
            let first = looks();
            assert!(first > 0, "{engine:?}");
            assert_eq!(looks(), 0, "{engine:?}");
            register.change(1, 4);
            assert_eq!(looks(), first, "{engine:?}: one county has moved");
            assert_eq!(looks(), 0, "{engine:?}");
        }
    }
}
