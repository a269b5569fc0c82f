//! Pages of lists in the order of the keys whose filters few pass: whole counties are walked through to fill one. Which records
//! pass is kept for each county, so that who asks again looks into those that have moved, and for the rest of a page.

use super::{question, versions};
use crate::insight::kept::{Passing, Worked};
use crate::store::listing::{Found, Listing, Order, Value};
use crate::store::record_lists::{self, FEW};
use crate::store::records::RecordRow;
use crate::store::{Conn, StoreError, snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use sync_core::{Bucket, Collection, Scope};
use uuid::Uuid;

type Place = (Bucket, Uuid);

/// The order of the keys: county, then id.
const BY_KEY: [Order; 2] = [Order { column: 0, down: false }, Order { column: 1, down: false }];

/// A page of a collection's living records in scope, without the total.
pub(super) fn page(
    conn: &mut Conn,
    worked: &Worked,
    scope: &Scope,
    collection: Collection,
    listing: &Listing<RecordRow>,
) -> Result<Found<RecordRow>, StoreError> {
    page_where(conn, worked, scope, collection, listing, FEW)
}

/// [`page`], with what counts as few.
fn page_where(
    conn: &mut Conn,
    worked: &Worked,
    scope: &Scope,
    collection: Collection,
    listing: &Listing<RecordRow>,
    few: usize,
) -> Result<Found<RecordRow>, StoreError> {
    let question = question(collection, listing).filter(|_| listing.order == BY_KEY);
    let Some(question) = question else { return record_lists::page(conn, scope, collection, listing) };
    if worked.sought.has(&question) {
        return snapshot(conn, |conn| again(conn, worked, scope, collection, listing, &question, few));
    }
    let (found, sought) = record_lists::page_where(conn, scope, collection, listing, few)?;
    if sought {
        worked.sought.note(question);
    }
    Ok(found)
}

/// A page that was sought before, or one behind it; all of it as it stands at one moment.
fn again(
    conn: &mut Conn,
    worked: &Worked,
    scope: &Scope,
    collection: Collection,
    listing: &Listing<RecordRow>,
    question: &Arc<str>,
    few: usize,
) -> Result<Found<RecordRow>, StoreError> {
    let after = listing.after.as_deref().and_then(place);
    let wanted = listing.limit + 1;
    let versions = versions(conn, scope)?;
    let (mut keys, mut unknown, mut before_unknown) = (Vec::new(), BTreeSet::new(), 0);
    for (county, version) in versions.iter().filter(|(county, _)| after.is_none_or(|(of, _)| **county >= of)) {
        match worked.passing.peek(&(question.clone(), *county), version) {
            Some(passing) => {
                let behind =
                    passing.0.iter().map(|id| (*county, *id)).filter(|key| after.is_none_or(|after| *key > after));
                keys.extend(behind);
            }
            None => drop(unknown.insert(*county)),
        }
        if unknown.is_empty() {
            before_unknown = keys.len();
            if before_unknown >= wanted {
                break;
            }
        }
    }
    if !unknown.is_empty() {
        let most = wanted - before_unknown;
        let found = record_lists::keys(conn, &Scope::Counties(unknown.clone()), collection, listing, after, most, few)?;
        // Of the last county, and of that in which the page begins, there may be more.
        let end = found.last().filter(|_| found.len() == most).map(|(county, _)| *county);
        let is_whole =
            |county: &Bucket| end.is_none_or(|end| *county < end) && after.is_none_or(|(of, _)| *county != of);
        let mut whole: BTreeMap<Bucket, Vec<Uuid>> =
            unknown.into_iter().filter(is_whole).map(|county| (county, Vec::new())).collect();
        for (county, id) in &found {
            if let Some(ids) = whole.get_mut(county) {
                ids.push(*id);
            }
        }
        for (county, ids) in whole {
            if let Some(version) = versions.get(&county) {
                worked.passing.keep((question.clone(), county), *version, Arc::new(Passing(ids)));
            }
        }
        keys.extend(found);
        keys.sort_unstable();
    }
    keys.truncate(wanted);
    record_lists::page_of_keys(conn, collection, &keys, listing.limit)
}

/// The keys of the last row of the page before.
fn place(values: &[Value]) -> Option<Place> {
    match values {
        [Value::Int(code), Value::Uuid(id)] => Some((Bucket::new(u32::try_from(*code).ok()?)?, *id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::page_where;
    use crate::insight::kept::Worked;
    use crate::store::Engine;
    use crate::store::tests::record_lists::{FILTERS, Register};
    use diesel::Connection as _;
    use diesel::connection::InstrumentationEvent;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Every list again and again, in pages of different lengths, while records of some counties change.
    fn what_is_kept_is_what_is_there(engine: Engine) {
        let register = Register::new(engine);
        let worked = Worked::default();
        for turn in 0..4 {
            for filter in FILTERS {
                let (expected, _) = register.ids(filter, 1000, 10_000);
                for limit in [1000, 3, 1, 7, 1000] {
                    let (found, _) = register.pages(filter, limit, |conn, scope, collection, listing| {
                        page_where(conn, &worked, scope, collection, listing, 0)
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
                    page_where(conn, &worked, scope, collection, listing, 0)
                });
                count.load(Ordering::Relaxed)
            };
            let first = looks();
            assert!(first > 0 && looks() == first, "{engine:?}: the second time it is found worth keeping");
            assert_eq!(looks(), 0, "{engine:?}");
            register.change(1, 4);
            assert_eq!(looks(), first, "{engine:?}: one county has moved");
            assert_eq!(looks(), 0, "{engine:?}");
        }
    }
}
