//! Clock correction: what time an edit was made, whatever the device's wall clock says (protocol, section 3).
//! All times are milliseconds since 1970, UTC.

/// A wall clock that is off by at most this much is believed; a larger correction is marked for a person to weigh.
pub const TOLERANCE_MS: i64 = 60_000;

/// What a device's clocks showed, once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    pub wall: Option<i64>,
    /// A clock that never goes back and counts while the phone sleeps.
    pub mono: Option<i64>,
    /// Changes whenever `mono` starts anew.
    pub boot: Option<String>,
}

/// When an operation was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrected {
    pub at: i64,
    /// What the device's wall clock said.
    pub claimed: Option<i64>,
}

impl Corrected {
    /// Whether the correction is larger than what is believed.
    pub fn is_marked(self) -> bool {
        self.claimed.is_some_and(|claimed| self.at.abs_diff(claimed) > TOLERANCE_MS.unsigned_abs())
    }
}

/// The corrected time of an operation made at `at`, sent at `clock`, received at `server_now`: never later than that, and
/// never before 1970.
pub fn correct(server_now: i64, clock: &Reading, at: &Reading) -> Corrected {
    let now = match clock.wall {
        Some(wall) if wall.abs_diff(server_now) <= TOLERANCE_MS.unsigned_abs() => wall,
        _ => server_now,
    };
    let same_boot = at.boot.is_some() && at.boot == clock.boot;
    let time = match (at.mono, clock.mono, at.wall, clock.wall) {
        (Some(then), Some(sent), _, _) if same_boot => now.saturating_sub(sent.saturating_sub(then)),
        (_, _, Some(then), Some(sent)) => then.saturating_add(now.saturating_sub(sent)),
        _ => server_now,
    };
    // A stamp has no room for what was before 1970.
    Corrected { at: time.max(0).min(server_now), claimed: at.wall }
}

#[cfg(test)]
mod tests {
    use super::{Reading, correct};
    use proptest::prelude::*;

    fn wall(ms: i64) -> Reading {
        Reading { wall: Some(ms), ..Reading::default() }
    }

    fn full(ms: i64, mono: i64, boot: &str) -> Reading {
        Reading { wall: Some(ms), mono: Some(mono), boot: Some(boot.into()) }
    }

    proptest! {
        #[test]
        fn a_constant_skew_is_taken_out(now in 1_i64 << 36..1 << 47, skew in -1_i64 << 40..1 << 40, ago in 0_i64..1 << 35) {
            prop_assume!(skew.abs() > 60_000);
            prop_assert_eq!(correct(now, &wall(now + skew), &wall(now + skew - ago)).at, now - ago);
        }

        #[test]
        fn mono_is_exact_however_the_wall_clock_jumps(
            now in 1_i64 << 36..1 << 47, sent in 0_i64..1 << 47, made in 0_i64..1 << 47, mono in 0_i64..1 << 40, ago in 0_i64..1 << 35,
        ) {
            prop_assume!(sent.abs_diff(now) > 60_000);
            prop_assert_eq!(correct(now, &full(sent, mono + ago, "b"), &full(made, mono, "b")).at, now - ago);
        }

        #[test]
        fn never_in_the_future(now in any::<i64>(), clock in any::<(Option<i64>, Option<i64>, bool)>(), at in any::<(Option<i64>, Option<i64>, bool)>()) {
            let reading = |(wall, mono, boot): (Option<i64>, Option<i64>, bool)| Reading { wall, mono, boot: boot.then(|| "b".into()) };
            prop_assert!(correct(now, &reading(clock), &reading(at)).at <= now);
        }
    }

    #[test]
    fn the_cases_of_the_protocol() {
        let now = 1_000_000_000;
        // Within 60 s the device's own clock is its present.
        assert_eq!(correct(now, &wall(now - 60_000), &wall(now - 90_000)).at, now - 90_000);
        assert_eq!(correct(now, &wall(now - 60_001), &wall(now - 90_001)).at, now - 30_000);
        // Another boot: mono says nothing.
        assert_eq!(correct(now, &full(now, 900, "b"), &full(now - 7, 100, "a")).at, now - 7);
        // Without a reading the time is the server's.
        assert_eq!(correct(now, &Reading::default(), &wall(now - 7)).at, now);
        assert_eq!(correct(now, &wall(now), &Reading::default()).at, now);
        // mono and boot suffice without any wall clock.
        let bare = |mono| Reading { wall: None, mono: Some(mono), boot: Some("b".into()) };
        assert_eq!(correct(now, &bare(500), &bare(300)).at, now - 200);
        // Later than the server's now is not believed.
        assert_eq!(correct(now, &wall(now), &wall(now + 5)).at, now);
    }

    #[test]
    fn only_a_large_correction_is_marked() {
        let now = 1_000_000_000;
        assert!(!correct(now, &wall(now), &wall(now - 5)).is_marked());
        assert!(correct(now, &wall(now + 3_600_000), &wall(now + 3_600_000 - 5)).is_marked());
        // What claims to be later than now is taken to be of now: a correction of 60 s is not marked yet.
        for (ahead, marked) in [(60_000, false), (60_001, true)] {
            assert_eq!(correct(now, &wall(now), &wall(now + ahead)).is_marked(), marked);
        }
        assert!(!correct(now, &Reading::default(), &Reading::default()).is_marked());
    }
}
