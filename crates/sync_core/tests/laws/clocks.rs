//! Section 3: the corrected time, against the text worked out in wide integers, and against simulated clocks of which
//! the true time is known.

use proptest::prelude::*;
use sync_core::clock::{Reading, correct};

/// A reading; the boot is one of two, so that equal ones are common.
type Raw = (Option<i64>, Option<i64>, Option<bool>);

fn reading((wall, mono, boot): Raw) -> Reading {
    Reading { wall, mono, boot: boot.map(|boot| if boot { "b1" } else { "b2" }.to_owned()) }
}

fn raw() -> impl Strategy<Value = Raw> {
    let near = prop_oneof![4 => -200_000..200_000_i64, 1 => any::<i64>()];
    (
        prop::option::weighted(0.8, near.clone()),
        prop::option::weighted(0.8, near),
        prop::option::weighted(0.8, any::<bool>()),
    )
}

/// Rules 1 and 2, in integers that do not overflow.
fn by_the_text(server_now: i64, (clock_wall, clock_mono, clock_boot): Raw, (wall, mono, boot): Raw) -> i128 {
    let server_now = i128::from(server_now);
    let [clock_wall, clock_mono, wall, mono] = [clock_wall, clock_mono, wall, mono].map(|t| t.map(i128::from));
    let now = clock_wall.filter(|wall| (wall - server_now).abs() <= 60_000).unwrap_or(server_now);
    let exact = if boot.is_some() && boot == clock_boot { mono.zip(clock_mono) } else { None };
    let time = match (exact, wall.zip(clock_wall)) {
        (Some((then, sent)), _) => now - (sent - then),
        (None, Some((then, sent))) => then + (now - sent),
        (None, None) => server_now,
    };
    time.max(0).min(server_now)
}

proptest! {
    #![proptest_config(crate::cases(2000))]

    #[test]
    fn the_corrected_time_is_that_of_the_text(now in -200_000..200_000_i64, clock in raw(), at in raw()) {
        let expected = by_the_text(now, clock, at);
        let corrected = correct(now, &reading(clock), &reading(at));
        // Beyond all calendars it stops at the ends of the scale.
        let scale = i128::from(i64::MIN / 2)..i128::from(i64::MAX / 2);
        let wild = [clock.0, clock.1, at.0, at.1].iter().flatten().any(|t| !scale.contains(&i128::from(*t)));
        prop_assert!(wild || i128::from(corrected.at) == expected, "{} is not {}", corrected.at, expected);
        prop_assert!(corrected.at <= now);
        prop_assert_eq!(corrected.claimed, at.0);
    }

    /// With `mono` and `boot` the true time is found, and so the true order, however the wall clock was turned about.
    #[test]
    fn mono_and_boot_find_the_true_time(
        now in 1_i64 << 40..1 << 41,
        ages in prop::collection::vec((0..1_i64 << 33, -1_i64 << 40..1 << 40), 1..8),
        turned in prop_oneof![-1_i64 << 40..-60_000, 60_001..1_i64 << 40],
        started in 0..1_i64 << 20,
    ) {
        let at = |age: i64, turned| reading((Some(now - age + turned), Some(started + (1 << 33) - age), Some(true)));
        for (age, then) in ages {
            prop_assert_eq!(correct(now, &at(0, turned), &at(age, then)).at, now - age);
        }
    }

    /// A clock that is only a little off, or off by the same all the time, keeps the order of a device's edits.
    #[test]
    fn a_steady_clock_keeps_the_order(
        now in 1_i64 << 40..1 << 41, off in -1_i64 << 40..1 << 40, mut ages in prop::collection::vec(0..1_i64 << 33, 2..8),
    ) {
        ages.sort_unstable_by(|a, b| b.cmp(a));
        let at = |age: i64| reading((Some(now - age + off), None, None));
        let times: Vec<i64> = ages.iter().map(|age| correct(now, &at(0), &at(*age)).at).collect();
        prop_assert!(times.is_sorted());
        for (time, age) in times.iter().zip(&ages) {
            prop_assert!((time - (now - age)).abs() <= 60_000);
        }
    }

    /// What could not be read is no different from what was not sent; without it the time is the server's.
    #[test]
    fn without_a_reading_the_time_is_the_servers(now in any::<i64>(), other in raw()) {
        prop_assert_eq!(correct(now, &Reading::default(), &reading(other)).at, now);
        prop_assert_eq!(correct(now, &reading(other), &Reading::default()).at, now);
        // A mono without a boot, or a boot without a mono, says nothing.
        let (wall, mono, boot) = other;
        let bare = correct(now, &reading((wall, None, None)), &reading((wall, None, None)));
        prop_assert_eq!(correct(now, &reading((wall, mono, None)), &reading((wall, mono, None))), bare);
        prop_assert_eq!(correct(now, &reading((wall, None, boot)), &reading((wall, None, boot))), bare);
    }

    /// A correction of more than a minute is marked, in either direction.
    #[test]
    fn a_large_correction_is_marked(now in 1_i64 << 40..1 << 41, off in -130_000..130_000_i64) {
        let at = |age| reading((Some(now + off - age), None, None));
        let corrected = correct(now, &at(0), &at(200_000));
        prop_assert_eq!(corrected.is_marked(), off.abs() > 60_000);
    }
}
