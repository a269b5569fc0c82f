//! A write that fails leaves nothing behind, and takes nothing of others with it, whether it was alone or shared a commit.

use super::Scratch;
use crate::store::buckets;
use crate::store::dialect::Rows;
use crate::store::{Engine, Store, StoreError};
use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};

const FIRST: i32 = 513_401;

/// Opens a county, and then fails or not.
fn open(store: &Store, n: i32, fails: bool, first: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    store.write_now(move |tx| {
        first();
        Rows::new().int("bucket", [FIRST + n]).insert(tx, "buckets")?;
        if fails { Err(StoreError::Corrupt("as it was told".into())) } else { Ok(()) }
    })
}

fn opened(store: &Store) -> BTreeSet<i32> {
    let seqs = store.read_now(buckets::seqs).unwrap();
    seqs.keys().map(|bucket| bucket.code() as i32 - FIRST).collect()
}

#[test]
fn one_after_the_other() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let scratch = Scratch::new(engine);
        for n in 0..6 {
            let fails = n % 3 == 1;
            assert_eq!(open(&scratch.store, n, fails, || ()).is_err(), fails);
            // A county that is there already: the database's own failure.
            assert!(open(&scratch.store, n, false, || ()).is_err() != fails);
        }
        assert_eq!(opened(&scratch.store), (0..6).collect());
    }
}

#[test]
fn many_behind_one() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let scratch = Scratch::new(engine);
        let barrier = Arc::new(Barrier::new(24));
        std::thread::scope(|scope| {
            for n in 0..24 {
                let (store, barrier) = (&scratch.store, barrier.clone());
                scope.spawn(move || {
                    // The first is at work until all others stand behind it.
                    if n == 0 {
                        let wait = move || {
                            barrier.wait();
                        };
                        open(store, n, true, wait).unwrap_err();
                    } else {
                        barrier.wait();
                        assert_eq!(open(store, n, n % 3 == 0, || ()).is_err(), n % 3 == 0);
                    }
                });
            }
        });
        assert_eq!(opened(&scratch.store), (0..24).filter(|n| n % 3 != 0).collect());
    }
}
