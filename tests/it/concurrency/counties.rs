//! Pushes over several counties: nobody waits in a circle, and no county waits for another.

use std::time::{Duration, Instant};

use super::second;
use crate::support::engine::Engine;
use crate::support::load::crowd;
use crate::support::outside::Outside;
use crate::support::*;

/// One new household in each of these.
fn across(phone: &Phone, counties: impl Iterator<Item = String>) {
    let pushed = phone.push(counties.map(|county| Rec::household(&county).create()));
    assert!(pushed.statuses().iter().all(|status| *status == "applied"), "{pushed:?}");
}

on_both_engines! {
    fn pushes_in_opposite_orders_all_go_through(w) {
        let other = second(w);
        let counties = cast::counties("5134");
        let phones = crowd(w, &["liangshan", "province"], 12);
        let phones: Vec<_> =
            (0..).zip(phones).map(|(n, phone)| if n % 3 == 0 { phone.at(&other.url()) } else { phone }).collect();
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for (n, phone) in phones.iter().enumerate() {
                let counties = &counties;
                scope.spawn(move || {
                    for round in 0..4 {
                        // A part of them, so that there are many different sets, and each in its own order.
                        let part = counties.iter().skip(n % 3).step_by(1 + (n + round) % 4).cloned();
                        if n % 2 == 0 { across(phone, part) } else { across(phone, part.rev()) }
                    }
                });
            }
        });
        assert!(begun.elapsed() < Duration::from_mins(1), "it took {:?}", begun.elapsed());
        let mut mirror = Mirror::of(w.province());
        mirror.sync();
        let sent: u64 = phones.iter().map(|phone| phone.next() - 1).sum();
        assert_eq!(mirror.live().values().map(std::collections::BTreeMap::len).sum::<usize>() as u64, sent);
        other.stop();
    }
}

#[test]
fn a_county_that_is_held_holds_no_other() {
    let w = &World::new(Engine::Postgres);
    let (mut holder, mut watcher) = (Outside::open(w), Outside::open(w));
    // Signed in before: it takes the cast's own rows.
    let (stuck, free) = (crowd(w, &["ali", "bo"], 10), [w.deng(), w.chen()]);
    holder.hold(&format!("SELECT * FROM buckets WHERE bucket = {JINYANG} FOR UPDATE"));
    std::thread::scope(|scope| {
        // More than there are connections.
        let waiting: Vec<_> =
            stuck.iter().map(|phone| scope.spawn(|| phone.push_one(Rec::household(JINYANG).create()))).collect();
        watcher.until_stuck(1);
        for _ in 0..5 {
            is(free[0].push_one(Rec::household(WUSHENG).create()), "applied");
            is(free[1].push_one(Rec::household(ZHAOJUE).create()), "applied");
            assert_eq!(w.guangan().pull(None)["more"], false);
        }
        assert!(waiting.iter().all(|push| !push.is_finished()), "somebody got past the lock");
        holder.release();
        for push in waiting {
            is(push.join().unwrap(), "applied");
        }
    });
}
