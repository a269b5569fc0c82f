//! Guarantees 1, 3 and 5: 32 phones push into one county, and some pull.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Follower, second};
use crate::support::load::{Commons, Told, Worker, crowd};
use crate::support::*;

const PHONES: usize = 32;
const PUSHES: usize = 4;

/// Everything that these phones were told of so many pushes each, all at once. While they push, `beside` is told to go on.
fn push_all(phones: &[Phone], beside: impl FnOnce(&AtomicBool) + Send) -> Vec<Told> {
    let (commons, over) = (Commons::default(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| beside(&over));
        let pushing: Vec<_> = (0..)
            .zip(phones)
            .map(|(seed, phone)| {
                let commons = &commons;
                scope.spawn(move || {
                    let mut worker = Worker::new(phone, &[JINYANG], commons, seed).elsewhere(WUSHENG);
                    for _ in 0..PUSHES {
                        worker.push();
                    }
                    worker.told
                })
            })
            .collect();
        let told = pushing.into_iter().flat_map(|pushing| pushing.join().unwrap()).collect();
        over.store(true, Ordering::SeqCst);
        beside.join().unwrap();
        told
    })
}

on_both_engines! {
    fn what_32_phones_push_into_one_county_is_all_there(w) {
        let phones = crowd(w, &["ali", "bo", "chen", "liangshan"], PHONES);
        let told = push_all(&phones, |_| {});
        assert!(told.iter().filter(|one| one.is_accepted()).count() > PHONES * PUSHES);
        ledger::check(w.province(), &told);
        for phone in &phones {
            assert_eq!(phone.push([]).acked() + 1, phone.next());
        }
    }

    fn pullers_beside_them_skip_nothing(w) {
        let other = second(w);
        let phones = crowd(w, &["ali", "bo", "chen", "liangshan"], PHONES);
        // Half of them push to another server.
        let phones: Vec<_> =
            (0..).zip(phones).map(|(n, phone)| if n % 2 == 0 { phone } else { phone.at(&other.url()) }).collect();
        let sessions = [w.bo().session.clone(), w.chen().session.at(&other.url()), w.liangshan().clone()];
        push_all(&phones, |over| {
            std::thread::scope(|scope| {
                for (limit, session) in [2, 3, 7].into_iter().zip(&sessions) {
                    scope.spawn(move || {
                        let mut follower = Follower::of(session, limit);
                        while !over.load(Ordering::SeqCst) {
                            follower.page();
                        }
                        follower.finish();
                    });
                }
            });
        });
        other.stop();
    }
}
