//! Where a device stands in each bucket, and what a pull has to give it next (protocol, section 5).
//!
//! A cursor is one value over all buckets, bound to its holder. What goes over the wire is its bytes and a
//! message authentication code that the server adds.

use crate::Bucket;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The device; without one, the user.
    pub holder: Uuid,
    places: BTreeMap<u32, Place>,
}

/// How far a bucket has been given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Place {
    Given {
        /// Under which grant of scope; another one means that the bucket was taken away in between.
        grant: Grant,
        seq: u64,
        /// Tombstones at or below this were left out, because the device had forgotten what it held of the bucket when it stood
        /// here.
        baseline: u64,
    },
    /// Named as revoked already. If it comes back, the device has to forget what it may still hold.
    Revoked,
    /// Its holder asked for it anew and has yet to be given any of it; until then it holds what it had.
    Stale,
}

/// Names one unbroken time in which a caller has had a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Grant {
    /// Counts the changes of the user's place (role, region, team).
    pub user: u32,
    /// Counts how often the team was given the bucket.
    pub team: u32,
}

/// A bucket in scope as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub bucket: Bucket,
    pub grant: Grant,
    /// The sequence number of its latest operation.
    pub seq: u64,
    /// Tombstones at or below this exist no more.
    pub floor: u64,
}

/// A bucket of which a pull has something to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    pub bucket: Bucket,
    pub grant: Grant,
    /// Give what is above this.
    pub after: u64,
    /// Leave out tombstones at or below this.
    pub baseline: u64,
    /// The device has to forget what it holds of the bucket.
    pub reset: bool,
    /// The bucket is listed even if nothing changed.
    pub listed: bool,
}

/// What a pull has to give.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    pub wants: Vec<Want>,
    pub revoked: Vec<Bucket>,
}

impl Cursor {
    pub fn new(holder: Uuid) -> Self {
        Self { holder, places: BTreeMap::new() }
    }

    /// What the cursor's holder lacks of what it may see now. `restart` are buckets that it wants anew.
    pub fn plan(&self, standings: &[Standing], restart: &[Bucket]) -> Plan {
        let mut plan = Plan::default();
        for standing in standings {
            // Who has forgotten everything needs no tombstones. Who merely asks with a cursor that lacks the bucket does: it may
            // be an old one, whose holder has had the bucket since.
            let anew = |reset| {
                let Standing { bucket, grant, seq, .. } = *standing;
                Want { bucket, grant, after: 0, baseline: if reset { seq } else { 0 }, reset, listed: true }
            };
            match self.places.get(&standing.bucket.code()) {
                None => plan.wants.push(anew(standing.floor > 0)),
                Some(Place::Revoked | Place::Stale) => plan.wants.push(anew(true)),
                Some(Place::Given { grant, seq, baseline }) => {
                    // A place above the bucket's own was given by a database that has since been put back.
                    let lost =
                        *grant != standing.grant || *seq > standing.seq || (*seq).max(*baseline) < standing.floor;
                    if lost || restart.contains(&standing.bucket) {
                        plan.wants.push(anew(true));
                    } else if *seq < standing.seq {
                        let (bucket, grant) = (standing.bucket, *grant);
                        let want =
                            Want { bucket, grant, after: *seq, baseline: *baseline, reset: false, listed: false };
                        plan.wants.push(want);
                    }
                }
            }
        }
        let in_scope = |code: u32| standings.iter().any(|s| s.bucket.code() == code);
        let gone = self.places.iter().filter(|(code, place)| **place != Place::Revoked && !in_scope(**code));
        plan.revoked = gone.filter_map(|(code, _)| Bucket::new(*code)).collect();
        plan
    }

    /// Notes that a bucket was given up to `seq`.
    pub fn give(&mut self, want: &Want, seq: u64) {
        let place = Place::Given { grant: want.grant, seq, baseline: want.baseline };
        self.places.insert(want.bucket.code(), place);
    }

    /// Notes that buckets were named as revoked.
    pub fn revoke(&mut self, revoked: &[Bucket]) {
        for bucket in revoked {
            self.places.insert(bucket.code(), Place::Revoked);
        }
    }

    /// Notes that buckets were wanted anew for which there was no room: they come with `reset` on a later page.
    pub fn postpone(&mut self, restart: &[Bucket]) {
        for bucket in restart {
            if let Some(place @ Place::Given { .. }) = self.places.get_mut(&bucket.code()) {
                *place = Place::Stale;
            }
        }
    }

    /// Whether the holder has been given some of the bucket, and keeps it.
    pub fn has(&self, bucket: Bucket) -> bool {
        self.places.get(&bucket.code()).is_some_and(|place| *place != Place::Revoked)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Grant, Standing};
    use crate::Bucket;
    use uuid::Uuid;

    fn standing(code: u32, seq: u64, team: u32) -> Standing {
        Standing { bucket: Bucket::new(code).unwrap(), grant: Grant { user: 0, team }, seq, floor: 0 }
    }

    #[test]
    fn a_bucket_comes_from_its_beginning_then_what_is_new() {
        let mut cursor = Cursor::new(Uuid::nil());
        let plan = cursor.plan(&[standing(513_430, 7, 1)], &[]);
        assert_eq!((plan.wants[0].after, plan.wants[0].reset, plan.wants[0].baseline), (0, false, 0));
        cursor.give(&plan.wants[0], 7);
        assert_eq!(cursor.plan(&[standing(513_430, 7, 1)], &[]).wants, []);
        let plan = cursor.plan(&[standing(513_430, 9, 1)], &[]);
        assert_eq!((plan.wants[0].after, plan.wants[0].reset), (7, false));
    }

    #[test]
    fn tombstones_are_left_out_for_who_has_forgotten_everything() {
        let cursor = Cursor::new(Uuid::nil());
        // An old cursor may lack a bucket that its holder has: without all tombstones, it has to forget that first.
        let purged = cursor.plan(&[Standing { floor: 1, ..standing(513_430, 7, 1) }], &[]);
        assert_eq!((purged.wants[0].after, purged.wants[0].reset, purged.wants[0].baseline), (0, true, 7));
    }

    #[test]
    fn taken_away_and_given_back_is_forgotten_first() {
        let mut cursor = Cursor::new(Uuid::nil());
        let plan = cursor.plan(&[standing(513_430, 7, 1)], &[]);
        cursor.give(&plan.wants[0], 7);
        assert!(cursor.plan(&[standing(513_430, 7, 2)], &[]).wants[0].reset);
        let gone = cursor.plan(&[], &[]);
        assert_eq!(gone.revoked, [Bucket::new(513_430).unwrap()]);
        cursor.revoke(&gone.revoked);
        assert_eq!(cursor.plan(&[], &[]).revoked, []);
        assert!(cursor.plan(&[standing(513_430, 7, 2)], &[]).wants[0].reset);
    }

    #[test]
    fn too_old_or_too_new_a_place_starts_again() {
        let mut cursor = Cursor::new(Uuid::nil());
        let plan = cursor.plan(&[standing(513_430, 7, 1)], &[]);
        cursor.give(&plan.wants[0], 5);
        let old = Standing { floor: 8, ..standing(513_430, 9, 1) };
        assert!(cursor.plan(&[old], &[]).wants[0].reset);
        assert!(cursor.plan(&[standing(513_430, 4, 1)], &[]).wants[0].reset);
        assert!(cursor.plan(&[standing(513_430, 9, 1)], &[old.bucket]).wants[0].reset);
        assert_eq!(cursor.plan(&[], &[old.bucket]).wants, []);
    }
}
