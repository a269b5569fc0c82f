//! Hybrid logical timestamps (Kulkarni et al., "Logical Physical Clocks", 2014): 48 bits of milliseconds, 16 of counter.

use serde::{Deserialize, Serialize};

/// The order of writes, with the device id as tie-break. Fits a signed 64-bit column until the year 6429.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp(pub u64);

impl Stamp {
    const COUNTER_BITS: u32 = 16;

    /// The first stamp of a millisecond since 1970; earlier times count as 1970.
    pub fn at(unix_ms: i64) -> Self {
        Self(u64::try_from(unix_ms).unwrap_or(0).min((1 << 47) - 1) << Self::COUNTER_BITS)
    }

    /// The next stamp: the counter goes up, its overflow carries into the milliseconds.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Section 3, rule 3, of the protocol: not before the corrected time, after the device's previous operation, and
    /// after everything on the record that the person had seen.
    pub fn issue(corrected_ms: i64, previous: Option<Self>, seen: Option<Self>) -> Self {
        let after = |stamp: Option<Self>| stamp.map_or(Self(0), Self::next);
        Self::at(corrected_ms).max(after(previous)).max(after(seen))
    }
}

#[cfg(test)]
mod tests {
    use super::Stamp;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn issued_after_all_that_was_known(t in -1_i64 << 50..1 << 47, previous in prop::option::of(0_u64..1 << 62), seen in prop::option::of(0_u64..1 << 62)) {
            let stamp = Stamp::issue(t, previous.map(Stamp), seen.map(Stamp));
            prop_assert!(stamp >= Stamp::at(t));
            prop_assert!(previous.is_none_or(|p| stamp.0 > p));
            prop_assert!(seen.is_none_or(|s| stamp.0 > s));
        }
    }

    #[test]
    fn the_counter_carries_into_the_milliseconds() {
        assert_eq!(Stamp((5 << 16) | 0xffff).next(), Stamp::at(6));
        assert_eq!(Stamp::at(-7), Stamp(0));
        assert_eq!(Stamp::at(i64::MAX), Stamp(((1 << 47) - 1) << 16), "no time is too late for a column");
        assert_eq!(Stamp::issue(5, Some(Stamp::at(5)), None), Stamp((5 << 16) | 1));
        assert_eq!(Stamp::issue(5, None, None), Stamp::at(5));
    }
}
