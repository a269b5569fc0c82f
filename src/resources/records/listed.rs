//! A page of records, with what is known of counties that have not moved since it was asked last: of a province of a million
//! households, only those that have are counted and looked through.

mod passing;

use crate::insight::extent::Extent;
use crate::insight::kept::{Total, Versions, Worked};
use crate::store::listing::{Filter, Found, Listing};
use crate::store::records::RecordRow;
use crate::store::{Conn, StoreError, buckets, record_lists, snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use sync_core::{Bucket, Collection, Scope};

/// A page of a collection's living records in scope.
pub(super) fn page(
    conn: &mut Conn,
    worked: &Worked,
    scope: &Scope,
    collection: Collection,
    listing: &Listing<RecordRow>,
) -> Result<Found<RecordRow>, StoreError> {
    let place = listing.filters.iter().find_map(|filter| match filter {
        Filter::Place(place) => Some(place.extent()),
        _ => None,
    });
    if place.is_none() && !listing.count && !passing::may_be_kept(collection, listing) {
        return record_lists::page(conn, scope, collection, listing);
    }
    // The page, its total and the counties' versions are of one moment: what comes meanwhile moves its county.
    snapshot(conn, |conn| {
        let mut versions = versions(conn, scope)?;
        let mut narrowed = None;
        if let Some(place) = place {
            let extents = extents(conn, worked, scope, collection, &versions)?;
            versions.retain(|county, _| extents.get(county).is_some_and(|extent| extent.meets(&place)));
            narrowed = Some(Scope::Counties(versions.keys().copied().collect()));
        }
        let scope = narrowed.as_ref().unwrap_or(scope);
        let mut found = passing::page(conn, worked, scope, &versions, collection, listing)?;
        if listing.count {
            found.total = Some(total(conn, worked, scope, collection, listing, &versions)?);
        }
        Ok(found)
    })
}

fn versions(conn: &mut Conn, scope: &Scope) -> Result<Versions, StoreError> {
    Ok(buckets::in_scope(conn, scope)?.into_iter().map(|(county, head)| (county, (head.seq, (0, 0, 0)))).collect())
}

/// What is asked of each county; `None` where the answer does not depend on its records alone: what is overdue changes with
/// the day.
fn question(collection: Collection, listing: &Listing<RecordRow>) -> Option<Arc<str>> {
    let changes = listing.filters.iter().any(|filter| matches!(filter, Filter::Overdue(_)));
    (!changes).then(|| format!("{} {:?}", collection.name(), listing.filters).into())
}

/// Those that have moved, as a scope: all of them are sooner asked for as they were named.
fn moved(scope: &Scope, versions: &Versions, missing: &BTreeSet<Bucket>) -> Scope {
    if missing.len() == versions.len() { scope.clone() } else { Scope::Counties(missing.clone()) }
}

fn extents(
    conn: &mut Conn,
    worked: &Worked,
    scope: &Scope,
    collection: Collection,
    versions: &Versions,
) -> Result<BTreeMap<Bucket, Extent>, StoreError> {
    let kept = worked.extents.get(
        versions,
        |county| (collection, county),
        |missing, each| {
            let found = record_lists::extents(conn, &moved(scope, versions, missing), collection)?;
            for county in missing {
                each(*county, found.get(county).copied());
            }
            Ok::<_, StoreError>(())
        },
    )?;
    Ok(kept.into_iter().filter_map(|(county, extent)| Some((county, (*extent)?))).collect())
}

fn total(
    conn: &mut Conn,
    worked: &Worked,
    scope: &Scope,
    collection: Collection,
    listing: &Listing<RecordRow>,
    versions: &Versions,
) -> Result<u64, StoreError> {
    let Some(question) = question(collection, listing) else {
        return Ok(record_lists::totals(conn, scope, collection, listing)?.into_values().sum());
    };
    let kept = worked.totals.get(
        versions,
        |county| (question.clone(), county),
        |missing, each| {
            let found = record_lists::totals(conn, &moved(scope, versions, missing), collection, listing)?;
            for county in missing {
                each(*county, Total(found.get(county).copied().unwrap_or_default()));
            }
            Ok::<_, StoreError>(())
        },
    )?;
    Ok(kept.into_values().map(|total| total.0).sum())
}
