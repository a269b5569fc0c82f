//! Guarantee 6 in the middle of a pull: a county is taken away and given back between two pages, and while they are made.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::second;
use crate::support::engine::Engine;
use crate::support::outside::Outside;
use crate::support::*;

/// So many households in each county of team two.
fn fill(w: &World, count: usize) {
    for county in [JINYANG, ZHAOJUE] {
        w.chen().push((0..count).map(|_| Rec::household(county).create()));
    }
}

/// Whether a page gives or names anything of a county, but that it is gone.
fn shows(page: &Value, county: &str) -> bool {
    page["buckets"].as_array().unwrap().iter().any(|part| part["bucket"] == county)
}

fn revokes(page: &Value, county: &str) -> bool {
    page["revoked"].as_array().unwrap().iter().any(|bucket| bucket == county)
}

/// The mirror holds what somebody new gets.
fn assert_right(mut mirror: Mirror) {
    mirror.sync();
    let mut new = Mirror::of(mirror.session());
    new.sync();
    assert_eq!(mirror.live(), new.live());
}

on_both_engines! {
    fn a_county_taken_away_between_two_pages_comes_no_further(w) {
        fill(w, 5);
        let mut mirror = Mirror::of(w.chen()).with_limit(3);
        // In the middle of the first county, or of the second.
        for (before, county) in [(1, JINYANG), (3, ZHAOJUE)] {
            (0..before).for_each(|_| drop(mirror.page()));
            assert!(!mirror.buckets[county].is_empty());
            w.close("two", county);
            let page = mirror.page();
            assert!(revokes(&page, county) && !shows(&page, county), "{page}");
            mirror.sync();
            assert!(!mirror.names().contains(&county));
        }
        assert_right(mirror);
    }

    fn a_county_taken_away_and_given_back_between_two_pages_begins_again(w) {
        fill(w, 5);
        let mut mirror = Mirror::of(w.chen()).with_limit(3);
        mirror.page();
        w.close("two", JINYANG);
        // What happens meanwhile is known to those who begin again, and to nobody else.
        w.ali().push([Rec::household(JINYANG).create()]);
        w.assign("two", JINYANG);
        let mut pages = mirror.sync();
        pages.retain(|page| shows(page, JINYANG));
        let part = |page: &Value| page["buckets"].as_array().unwrap().iter().find(|p| p["bucket"] == JINYANG).cloned();
        assert_eq!(part(&pages[0]).unwrap()["reset"], true);
        assert!(pages[1..].iter().all(|page| part(page).unwrap()["reset"] == false));
        assert_eq!(mirror.live()[JINYANG].len(), 6);
        assert_right(mirror);
    }

    fn a_wiped_phone_gets_no_further_page(w) {
        fill(w, 5);
        for mode in ["flush", "wipe"] {
            let phone = w.new_phone("chen");
            let mut mirror = Mirror::of(&phone).with_limit(3);
            let page = mirror.page();
            assert_eq!(page["more"], true);
            w.revoke(&phone, mode);
            let next = json!({ "schema": 1, "limit": 3, "cursor": mirror.cursor });
            let problem = phone.pull_body(&next).problem(403, "device_revoked");
            assert_eq!(problem["action"], if mode == "wipe" { "wipe" } else { "flush_then_wipe" });
        }
    }

    fn no_page_shows_a_county_while_it_is_out_of_scope(w) {
        fill(w, 6);
        let other = second(w);
        // Even: it has the county. Odd: it is being changed, or it is gone; which of them, `gone` says.
        let (changes, gone, over) = (&AtomicU64::new(0), &AtomicBool::new(false), &AtomicBool::new(false));
        let (seen_gone, seen_there) = (&AtomicU64::new(0), &AtomicU64::new(0));
        let sessions = [w.chen().session.clone(), w.chen().session.at(&other.url())];
        let mirrors: Vec<Mirror> = std::thread::scope(|scope| {
            let pullers: Vec<_> = sessions
                .iter()
                .map(|session| {
                    scope.spawn(move || {
                        let mut mirror = Mirror::of(session).with_limit(2);
                        while !over.load(Ordering::SeqCst) {
                            let (before, was_gone) = (changes.load(Ordering::SeqCst), gone.load(Ordering::SeqCst));
                            let page = mirror.page();
                            // Whatever it met on its way, it is of one moment.
                            assert!(!(shows(&page, ZHAOJUE) && revokes(&page, ZHAOJUE)), "{page}");
                            let is_gone = gone.load(Ordering::SeqCst);
                            if changes.load(Ordering::SeqCst) != before || was_gone != is_gone {
                                continue;
                            }
                            let kept = mirror.buckets.contains_key(ZHAOJUE);
                            if is_gone {
                                assert!(!shows(&page, ZHAOJUE) && !kept, "{page}");
                                seen_gone.fetch_add(1, Ordering::SeqCst);
                            } else if before.is_multiple_of(2) {
                                assert!(!revokes(&page, ZHAOJUE), "{page}");
                                seen_there.fetch_add(u64::from(shows(&page, ZHAOJUE)), Ordering::SeqCst);
                            }
                        }
                        mirror
                    })
                })
                .collect();
            let writing = scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    w.phone("liangshan").push_one(Rec::household(ZHAOJUE).create());
                    w.ali().push_one(Rec::household(JINYANG).create());
                }
            });
            let at_least = |count: &AtomicU64, upto: u64| {
                eventually(20, "pages", || (count.load(Ordering::SeqCst) >= upto).then_some(()));
            };
            let mut assignment = w.cast().assignments[&format!("two {ZHAOJUE}")].clone();
            for round in 1..=4 {
                at_least(seen_there, round);
                changes.fetch_add(1, Ordering::SeqCst);
                w.province().post(&format!("/v1/assignments/{assignment}/close"), &json!({})).send().ok();
                gone.store(true, Ordering::SeqCst);
                at_least(seen_gone, 4 * round);
                gone.store(false, Ordering::SeqCst);
                assignment = w.assign("two", ZHAOJUE);
                changes.fetch_add(1, Ordering::SeqCst);
            }
            over.store(true, Ordering::SeqCst);
            writing.join().unwrap();
            pullers.into_iter().map(|puller| puller.join().unwrap()).collect()
        });
        mirrors.into_iter().for_each(assert_right);
        other.stop();
    }
}

#[test]
fn a_county_taken_away_while_a_page_is_read_is_told_by_the_next() {
    let w = &World::new(Engine::Postgres);
    fill(w, 5);
    w.province();
    let (mut holder, mut watcher) = (Outside::open(w), Outside::open(w));
    for county in [JINYANG, ZHAOJUE] {
        // In the middle of the first county that there is.
        let mut mirror = Mirror::of(w.chen()).with_limit(3);
        mirror.page();
        holder.hold("LOCK TABLE records IN ACCESS EXCLUSIVE MODE");
        let page = std::thread::scope(|scope| {
            let pulling = scope.spawn(|| mirror.page());
            watcher.until_stuck(1);
            w.close("two", county);
            assert!(!pulling.is_finished(), "it did not wait");
            holder.release();
            pulling.join().unwrap()
        });
        // It is of the moment at which it began.
        assert!(shows(&page, county) && !revokes(&page, county), "{page}");
        let next = mirror.page();
        assert!(revokes(&next, county) && !shows(&next, county), "{next}");
        mirror.sync();
        assert!(!mirror.names().contains(&county));
        assert_right(mirror);
    }
}
