//! The names that every record carries: its bucket (county) and its collection.

use std::fmt;
use std::str::FromStr;

/// A county's 6-digit code: the unit of scope, of ordering and of distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u32);

impl Bucket {
    /// `None` unless `code` has exactly six digits, the first not 0.
    pub const fn new(code: u32) -> Option<Self> {
        if code >= 100_000 && code <= 999_999 { Some(Self(code)) } else { None }
    }

    pub const fn code(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The text is not a 6-digit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotABucket;

impl FromStr for Bucket {
    type Err = NotABucket;

    fn from_str(text: &str) -> Result<Self, NotABucket> {
        text.parse().ok().and_then(Self::new).filter(|_| text.len() == 6).ok_or(NotABucket)
    }
}

/// The seven synced collections. The numbers are what the database keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i16)]
pub enum Collection {
    Households = 1,
    Members = 2,
    Villages = 3,
    Visits = 4,
    Interviews = 5,
    Findings = 6,
    Photos = 7,
}

impl Collection {
    pub const ALL: [Self; 7] =
        [Self::Households, Self::Members, Self::Villages, Self::Visits, Self::Interviews, Self::Findings, Self::Photos];

    /// The name in paths and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Households => "households",
            Self::Members => "members",
            Self::Villages => "villages",
            Self::Visits => "visits",
            Self::Interviews => "interviews",
            Self::Findings => "findings",
            Self::Photos => "photos",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }

    pub const fn number(self) -> i16 {
        self as i16
    }

    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.number() == number)
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Collection};

    #[test]
    fn a_bucket_is_six_digits_and_nothing_else() {
        for code in ["100000", "513430", "999999"] {
            assert_eq!(code.parse::<Bucket>().unwrap().to_string(), code);
        }
        for text in ["", "099999", "51343", "0513430", "5134300", "+51343", "+513430", "51343a", "五一三四三零"] {
            assert!(text.parse::<Bucket>().is_err(), "{text}");
        }
        assert_eq!([99_999, 1_000_000].map(Bucket::new), [None; 2]);
    }

    /// The names go over the wire and into digests, the numbers into the database: neither ever changes.
    #[test]
    fn the_seven_collections() {
        let known = ["households", "members", "villages", "visits", "interviews", "findings", "photos"];
        assert_eq!(Collection::ALL.map(|collection| collection.to_string()), known);
        for (number, name) in (1..).zip(known) {
            let collection = Collection::from_name(name).unwrap();
            assert_eq!((collection.name(), collection.number()), (name, number));
            assert_eq!(Collection::from_number(number), Some(collection));
        }
        assert_eq!([0, 8].map(Collection::from_number), [None; 2]);
        assert_eq!(["", "household", "Households"].map(Collection::from_name), [None; 3]);
    }
}
