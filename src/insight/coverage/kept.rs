//! Counties as they were last worked out, each with what it was worked out from: it counts as long as that has not moved.

use super::County;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use sync_core::Bucket;
use uuid::Uuid;

/// Moves with everything that a county's coverage depends on: its sequence number, and what changes of its draws.
pub type Version = (u64, (i64, i64, i64));

/// More are forgotten, all at once: they are worked out again.
const MOST: usize = 20_000;

type Counties = HashMap<(Uuid, Bucket), (Version, Arc<County>)>;

/// Cheap to clone; shared by all requests.
#[derive(Debug, Clone, Default)]
pub struct Kept(Arc<Mutex<Counties>>);

impl Kept {
    pub fn get(&self, campaign: Uuid, county: Bucket, version: Version) -> Option<Arc<County>> {
        let counties = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counties.get(&(campaign, county)).filter(|(of, _)| *of == version).map(|(_, county)| county.clone())
    }

    pub fn put(&self, campaign: Uuid, county: Bucket, version: Version, found: &Arc<County>) {
        let mut counties = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counties.len() >= MOST {
            counties.clear();
        }
        counties.insert((campaign, county), (version, found.clone()));
    }
}
