//! Whose eyes see which counties (protocol, section 6).

use crate::Bucket;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// The buckets that a caller sees now. Worked out from the database at every request, never from a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every county whose code begins with these digits: two for a province, four for a prefecture.
    Region(Region),
    /// The counties of a team's open assignments.
    Counties(BTreeSet<Bucket>),
}

/// The code of a province or a prefecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region {
    code: u32,
    digits: u32,
}

impl Region {
    /// Reads two or four digits, the first not 0.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = match text.len() {
            2 => 2,
            4 => 4,
            _ => return None,
        };
        if !text.bytes().all(|b| b.is_ascii_digit()) || text.starts_with('0') {
            return None;
        }
        text.parse().ok().map(|code| Self { code, digits })
    }

    /// The smallest and the largest bucket under it.
    pub fn buckets(self) -> RangeInclusive<u32> {
        let span = 10_u32.pow(6 - self.digits);
        self.code * span..=self.code * span + (span - 1)
    }

    pub fn contains(self, bucket: Bucket) -> bool {
        self.buckets().contains(&bucket.code())
    }

    /// Whether `other` is this region or lies in it.
    pub fn covers(self, other: Self) -> bool {
        let (outer, inner) = (self.buckets(), other.buckets());
        outer.start() <= inner.start() && inner.end() <= outer.end()
    }

    /// The province that it belongs to.
    #[must_use]
    pub fn province(self) -> Self {
        Self { code: self.code / 10_u32.pow(self.digits - 2), digits: 2 }
    }

    pub fn is_province(self) -> bool {
        self.digits == 2
    }
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.code)
    }
}

impl Scope {
    pub fn contains(&self, bucket: Bucket) -> bool {
        match self {
            Self::Region(region) => region.contains(bucket),
            Self::Counties(counties) => counties.contains(&bucket),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Region, Scope};
    use crate::Bucket;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_region_sees_the_codes_that_begin_with_its_own(code in 100_000_u32..=999_999, region in "[1-9][0-9]([0-9]{2})?") {
            let scope = Scope::Region(Region::parse(&region).unwrap());
            prop_assert_eq!(scope.contains(Bucket::new(code).unwrap()), code.to_string().starts_with(&region));
        }

        #[test]
        fn covering_is_a_prefix(a in "[1-9][0-9]([0-9]{2})?", b in "[1-9][0-9]([0-9]{2})?") {
            prop_assert_eq!(Region::parse(&a).unwrap().covers(Region::parse(&b).unwrap()), b.starts_with(&a));
            prop_assert_eq!(Region::parse(&b).unwrap().province().to_string(), &b[..2]);
            prop_assert_eq!(Region::parse(&b).unwrap().is_province(), b.len() == 2);
        }

        #[test]
        fn a_team_sees_its_counties_alone(counties in prop::collection::btree_set(100_000_u32..=999_999, 0..6), other in 100_000_u32..=999_999) {
            let scope = Scope::Counties(counties.iter().filter_map(|c| Bucket::new(*c)).collect());
            prop_assert_eq!(scope.contains(Bucket::new(other).unwrap()), counties.contains(&other));
        }
    }

    #[test]
    fn a_region_covers_itself_and_what_lies_in_it() {
        let covers = |a: &str, b: &str| Region::parse(a).unwrap().covers(Region::parse(b).unwrap());
        assert!(covers("51", "51") && covers("51", "5134") && covers("5134", "5134"));
        assert!(!covers("5134", "51") && !covers("5134", "5133") && !covers("51", "5334") && !covers("53", "51"));
    }

    #[test]
    fn what_is_no_region() {
        for text in ["", "5", "513", "51343", "513430", "05", "5x", "+1"] {
            assert_eq!(Region::parse(text), None, "{text}");
        }
    }
}
