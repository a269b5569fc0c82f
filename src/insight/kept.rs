//! What was worked out county by county, kept in memory with the version that it was worked out from: it counts as long as
//! the county has not moved. Nothing ever has to be told that something changed.

use super::coverage::County;
use super::extent::Extent;
use super::interviews::Interviews;
use super::statistics::{Counts, Places};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::sync::Arc;
use sync_core::{Bucket, Collection};
use uuid::Uuid;

/// Moves with everything that is worked out of a county: its sequence number, and what changes of its draws.
pub type Version = (u64, (i64, i64, i64));

pub type Versions = BTreeMap<Bucket, Version>;

/// What can be kept.
pub trait Weigh {
    /// Bytes of memory, about.
    fn weight(&self) -> usize;
}

/// Bytes of each kind of thing; what was asked for least goes first.
const MOST: u64 = 96 << 20;

#[derive(Debug, Clone)]
struct ByWeight;

impl<K, T: Weigh> Weighter<K, (Version, Arc<T>)> for ByWeight {
    fn weight(&self, _: &K, (_, found): &(Version, Arc<T>)) -> u64 {
        64 + found.weight() as u64
    }
}

/// Cheap to clone; shared by all requests.
#[derive(Debug)]
pub struct Kept<K, T>(Arc<Cache<K, (Version, Arc<T>), ByWeight>>);

impl<K, T> Clone for Kept<K, T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Eq + Hash, T: Weigh> Default for Kept<K, T> {
    fn default() -> Self {
        Self(Arc::new(Cache::with_weighter(1000, MOST, ByWeight)))
    }
}

impl<K: Eq + Hash, T: Weigh> Kept<K, T> {
    /// What is kept of this version.
    pub fn peek(&self, key: &K, version: &Version) -> Option<Arc<T>> {
        self.0.get(key).filter(|(of, _)| of == version).map(|(_, found)| found)
    }

    pub fn keep(&self, key: K, version: Version, found: Arc<T>) {
        self.0.insert(key, (version, found));
    }

    /// Of each county, what is kept of its present version; `work_out` is asked for the others, all at once, and gives
    /// each to its second argument as soon as it has it.
    pub fn get<E>(
        &self,
        versions: &Versions,
        key: impl Fn(Bucket) -> K,
        work_out: impl FnOnce(&BTreeSet<Bucket>, &mut dyn FnMut(Bucket, T)) -> Result<(), E>,
    ) -> Result<BTreeMap<Bucket, Arc<T>>, E> {
        let mut all = BTreeMap::new();
        let mut missing = BTreeSet::new();
        for (county, version) in versions {
            match self.peek(&key(*county), version) {
                Some(found) => {
                    all.insert(*county, found);
                }
                None => {
                    missing.insert(*county);
                }
            }
        }
        if !missing.is_empty() {
            work_out(&missing, &mut |county, found| {
                let found = Arc::new(found);
                if let Some(version) = versions.get(&county) {
                    self.keep(key(county), *version, found.clone());
                }
                all.insert(county, found);
            })?;
        }
        Ok(all)
    }
}

impl Weigh for Option<Extent> {
    fn weight(&self) -> usize {
        size_of::<Self>()
    }
}

/// How many rows a list has in a county.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total(pub u64);

impl Weigh for Total {
    fn weight(&self) -> usize {
        // With the key, whose text is shared by all counties.
        64
    }
}

/// The first records of a county that pass the filters of a list, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passing {
    pub ids: Vec<Uuid>,
    /// There are no others.
    pub all: bool,
}

impl Weigh for Passing {
    fn weight(&self) -> usize {
        64 + self.ids.len() * size_of::<Uuid>()
    }
}

/// All that is kept.
#[derive(Debug, Clone, Default)]
pub struct Worked {
    /// By campaign and moment of the past, in milliseconds since 1970.
    pub coverage: Kept<(Uuid, Option<i64>, Bucket), County>,
    /// By campaign.
    pub interviews: Kept<(Uuid, Bucket), Interviews>,
    /// By campaign.
    pub places: Kept<(Uuid, Bucket), Places>,
    /// By field of the households.
    pub register: Kept<(&'static str, Bucket), Counts>,
    /// By collection and filters.
    pub totals: Kept<(Arc<str>, Bucket), Total>,
    /// By collection and filters.
    pub passing: Kept<(Arc<str>, Bucket), Passing>,
    /// Of the places of a collection.
    pub extents: Kept<(Collection, Bucket), Option<Extent>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    impl Weigh for u32 {
        fn weight(&self) -> usize {
            4
        }
    }

    fn county(code: u32) -> Bucket {
        code.to_string().parse().unwrap()
    }

    /// What is told of the counties when each not kept is worked out as `now`.
    fn ask(kept: &Kept<Bucket, u32>, versions: &[(u32, u64)], now: u32) -> Vec<u32> {
        let versions = versions.iter().map(|(code, seq)| (county(*code), (*seq, (0, 0, 0)))).collect();
        let told = kept.get(
            &versions,
            |county| county,
            |missing, each| {
                for county in missing {
                    each(*county, now);
                }
                Ok::<_, Infallible>(())
            },
        );
        told.unwrap().into_values().map(|found| *found).collect()
    }

    #[test]
    fn only_what_has_moved_is_worked_out_again() {
        let kept = Kept::default();
        assert_eq!(ask(&kept, &[(513_430, 1), (513_431, 5)], 1), [1, 1]);
        assert_eq!(ask(&kept, &[(513_430, 2), (513_431, 5)], 2), [2, 1]);
        assert_eq!(ask(&kept, &[(513_430, 2), (513_431, 5), (513_432, 0)], 3), [2, 1, 3]);
        // A snapshot that began earlier does not get what is newer.
        assert_eq!(ask(&kept, &[(513_430, 1)], 4), [4]);
    }
}
