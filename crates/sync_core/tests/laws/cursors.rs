//! Section 5 and guarantees 3 and 6: whatever happens to the buckets, to the scope and to the answers between pulls, a
//! phone that does as it is told ends with the live records of its scope, and of nothing else.

use crate::phone::{CODES, Page, Phone, World, bucket};
use proptest::prelude::*;
use sync_core::Bucket;
use sync_core::cursor::Cursor;

#[derive(Debug, Clone)]
enum Event {
    Write {
        county: usize,
        id: u8,
        deleted: bool,
    },
    Grant {
        county: usize,
        granted: bool,
    },
    /// The user's role, region or team changed, and perhaps changed back.
    Move,
    Purge {
        county: usize,
        keep: u64,
    },
    Pull {
        limit: usize,
        restart: Option<usize>,
        lost: bool,
    },
    /// The phone repeats a pull that it made before, since it last asked for a bucket anew.
    Again {
        which: usize,
        limit: usize,
    },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let county = 0..CODES.len();
    let event = prop_oneof![
        8 => (county.clone(), 0..6_u8, prop::bool::weighted(0.4))
            .prop_map(|(county, id, deleted)| Event::Write { county, id, deleted }),
        3 => (county.clone(), prop::bool::weighted(0.7)).prop_map(|(county, granted)| Event::Grant { county, granted }),
        1 => Just(Event::Move),
        1 => (county.clone(), 0..4_u64).prop_map(|(county, keep)| Event::Purge { county, keep }),
        6 => (1..5_usize, prop::option::weighted(0.15, county), prop::bool::weighted(0.2))
            .prop_map(|(limit, restart, lost)| Event::Pull { limit, restart, lost }),
        1 => (0..20_usize, 1..5_usize).prop_map(|(which, limit)| Event::Again { which, limit }),
    ];
    prop::collection::vec(event, 1..60)
}

/// What every page keeps to.
fn proper(world: &World, asked: &Cursor, restart: &[Bucket], page: &Page, limit: usize) -> Result<(), TestCaseError> {
    prop_assert!(page.parts.iter().map(|part| part.changes.len()).sum::<usize>() <= limit);
    let visible = |bucket: &Bucket| world.counties[&bucket.code()].granted;
    for part in &page.parts {
        prop_assert!(visible(&part.bucket), "outside scope");
        prop_assert!(part.listed || !part.changes.is_empty(), "nothing to tell");
        prop_assert!(part.changes.is_sorted_by(|(_, a), (_, b)| a.seq < b.seq));
        // Anew is what the cursor lacks, and what has to be forgotten first; what it has goes on otherwise.
        let anew = !asked.has(part.bucket) || part.reset;
        prop_assert_eq!(part.listed, anew);
        prop_assert!(!restart.contains(&part.bucket) || anew);
    }
    for code in CODES {
        let bucket = bucket(code);
        prop_assert_eq!(page.revoked.contains(&bucket), asked.has(bucket) && !visible(&bucket));
        prop_assert!(!page.cursor.has(bucket) || visible(&bucket));
        let told = page.parts.iter().any(|part| part.bucket == bucket);
        prop_assert!(told || page.more || asked.has(bucket) || !visible(&bucket), "a new one is told of, even empty");
    }
    Ok(())
}

/// Plays the events.
fn play(events: Vec<Event>) -> Result<(World, Phone), TestCaseError> {
    let (mut world, mut phone) = (World::new(), Phone::new());
    let mut pulls: Vec<(Cursor, Vec<Bucket>)> = vec![];
    for event in events {
        match event {
            Event::Write { county, id, deleted } => world.write(CODES[county], id, deleted),
            // A cursor cannot tell of a bucket that it has not: one that goes before it has come again after a repeated pull.
            Event::Grant { county, granted: false }
                if phone.has(CODES[county]) && !phone.cursor.has(bucket(CODES[county])) => {}
            Event::Grant { county, granted } => world.grant(CODES[county], granted),
            Event::Move => world.place_no += 1,
            Event::Purge { county, keep } => world.purge(CODES[county], keep),
            Event::Pull { limit, restart, lost } => {
                let restart: Vec<Bucket> = restart.map(|county| bucket(CODES[county])).into_iter().collect();
                let page = world.pull(&phone.cursor, &restart, limit);
                proper(&world, &phone.cursor, &restart, &page, limit)?;
                // Before that, it would begin where it held what it has forgotten since.
                if !restart.is_empty() && !lost {
                    pulls.clear();
                }
                pulls.push((phone.cursor.clone(), restart));
                if !lost {
                    phone.store(page);
                }
            }
            Event::Again { which, limit } => {
                // It goes on from there: the pulls after that one are none that it could repeat.
                pulls.truncate(which % pulls.len().max(1) + 1);
                let Some((cursor, restart)) = pulls.last() else { continue };
                let begins_again = !restart.is_empty();
                // Nor of one that came and went since.
                let forgotten = |code| phone.has(code) && !cursor.has(bucket(code)) && !world.counties[&code].granted;
                if !CODES.into_iter().any(forgotten) {
                    phone.store(world.pull(cursor, restart, limit));
                    pulls.drain(..if begins_again { pulls.len() - 1 } else { 0 });
                }
            }
        }
    }
    Ok((world, phone))
}

/// Pulls until there is no more; the buckets whose sums differ are restarted if `mend`.
fn finish(world: &World, phone: &mut Phone, mend: bool) -> Result<(), TestCaseError> {
    let mut restart = vec![];
    for _ in 0..100 {
        let page = world.pull(&phone.cursor, &restart, 2);
        proper(world, &phone.cursor, &restart, &page, 2)?;
        let more = page.more;
        restart = phone.store(page);
        prop_assert!(mend || restart.is_empty(), "the sums differ");
        if !more && restart.is_empty() {
            return Ok(());
        }
    }
    Err(TestCaseError::fail("the pulls have no end"))
}

proptest! {
    #![proptest_config(crate::cases(1500))]

    #[test]
    fn every_copy_converges(events in events()) {
        let (world, mut phone) = play(events)?;
        finish(&world, &mut phone, false)?;
        prop_assert_eq!(phone.live(), world.live());
        let quiet = world.pull(&phone.cursor, &[], 9);
        prop_assert!(quiet.parts.is_empty() && quiet.revoked.is_empty() && !quiet.more);
        prop_assert_eq!(quiet.cursor, phone.cursor);
    }

    /// A copy that went wrong is seen by its sum at the next change, and comes right by a restart of that bucket.
    #[test]
    fn a_wrong_copy_is_mended_by_its_sum(
        events in events(),
        spoilt in prop::collection::vec((0..CODES.len(), 0..9_u8), 1..4),
    ) {
        let (mut world, mut phone) = play(events)?;
        for (county, id) in spoilt {
            phone.spoil(CODES[county], id);
        }
        for code in CODES {
            world.write(code, 0, false);
        }
        finish(&world, &mut phone, true)?;
        prop_assert_eq!(phone.live(), world.live());
    }

    /// What was taken away and given back in between is forgotten first, on its first page alone; what stayed is not.
    #[test]
    fn given_back_begins_again(written in 1..9_u8, moved in any::<bool>(), pulled in any::<bool>()) {
        let (mut world, mut phone) = (World::new(), Phone::new());
        for code in [CODES[0], CODES[1]] {
            world.grant(code, true);
            (0..written).for_each(|id| world.write(code, id, false));
        }
        finish(&world, &mut phone, false)?;
        world.grant(CODES[0], false);
        if pulled {
            finish(&world, &mut phone, false)?;
        }
        world.grant(CODES[0], true);
        world.place_no += u32::from(moved);
        let page = world.pull(&phone.cursor, &[], 99);
        let reset: Vec<u32> = page.parts.iter().filter(|part| part.reset).map(|part| part.bucket.code()).collect();
        prop_assert_eq!(&reset[..], if moved { &CODES[..2] } else { &CODES[..1] });
        phone.store(page);
        prop_assert_eq!(phone.live(), world.live());
        world.write(CODES[0], 0, true);
        let page = world.pull(&phone.cursor, &[], 99);
        prop_assert!(page.parts.iter().all(|part| !part.reset));
    }

    /// Tombstones may go once they are old: who is older than they begins again, who is not is not disturbed.
    #[test]
    fn a_place_below_the_floor_begins_again(given in 1..9_u64, more in 0..9_u64, keep in 0..9_u64) {
        let (mut world, mut phone) = (World::new(), Phone::new());
        world.grant(CODES[0], true);
        (0..given).for_each(|n| world.write(CODES[0], n as u8, false));
        finish(&world, &mut phone, false)?;
        (0..more).for_each(|n| world.write(CODES[0], n as u8, true));
        world.purge(CODES[0], keep);
        let page = world.pull(&phone.cursor, &[], 99);
        prop_assert_eq!(page.parts.iter().any(|part| part.reset), world.counties[&CODES[0]].floor > given);
        phone.store(page);
        prop_assert_eq!(phone.live(), world.live());
    }
}

/// A restart that has to wait for room on a page: until it comes the phone holds what it had, and is told to forget it
/// when the bucket leaves its scope meanwhile.
#[test]
fn a_restart_that_waits_is_held_until_it_comes() {
    let (mut world, mut phone) = (World::new(), Phone::new());
    for code in [CODES[0], CODES[1]] {
        world.grant(code, true);
        world.write(code, 0, false);
    }
    finish(&world, &mut phone, false).unwrap();
    world.write(CODES[0], 1, false);
    let restart = [bucket(CODES[1])];
    let page = world.pull(&phone.cursor, &restart, 1);
    assert!(page.more && page.parts.iter().all(|part| part.bucket.code() == CODES[0]));
    phone.store(page);
    let next = world.pull(&phone.cursor, &[], 9);
    assert!(next.parts.iter().any(|part| part.bucket == restart[0] && part.reset));
    world.grant(CODES[1], false);
    let next = world.pull(&phone.cursor, &[], 9);
    assert_eq!(next.revoked, restart);
    phone.store(next);
    assert_eq!(phone.live(), world.live());
}
