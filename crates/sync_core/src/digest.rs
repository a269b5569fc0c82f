//! Digests of records and operations, and the sum by which a device and the server compare a whole bucket.

use crate::canonical::write_string;
use crate::{Bucket, Collection};
use sha2::{Digest as _, Sha256};
use std::fmt;
use uuid::Uuid;

/// The first 16 bytes of a SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 16]);

/// The sum of digests modulo 2^128: the same for the same set of records in whatever order they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum(pub u128);

impl Digest {
    /// Of any text.
    pub fn of(text: &[u8]) -> Self {
        Self::truncated(Sha256::digest(text).into())
    }

    /// Of a record: over the canonical form of `[bucket, collection, id, rev, fields]`. `fields` is canonical already;
    /// that of a deleted record is `{}`.
    pub fn of_record(bucket: Bucket, collection: Collection, id: Uuid, rev: u64, fields: &str) -> Self {
        let mut head = String::with_capacity(96);
        head.push('[');
        write_string(&bucket.to_string(), &mut head);
        head.push(',');
        write_string(collection.name(), &mut head);
        head.push_str(",\"");
        head.push_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        head.push_str("\",");
        head.push_str(&rev.to_string());
        head.push(',');
        let mut hash = Sha256::new();
        hash.update(head.as_bytes());
        hash.update(fields.as_bytes());
        hash.update(b"]");
        Self::truncated(hash.finalize().into())
    }

    fn truncated(full: [u8; 32]) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&full[..16]);
        Self(half)
    }

    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads 32 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|n| Self(n.to_be_bytes()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl Sum {
    #[must_use]
    pub fn plus(self, digest: Digest) -> Self {
        Self(self.0.wrapping_add(u128::from_be_bytes(digest.0)))
    }

    #[must_use]
    pub fn minus(self, digest: Digest) -> Self {
        Self(self.0.wrapping_sub(u128::from_be_bytes(digest.0)))
    }

    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|b| Self(u128::from_be_bytes(b)))
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, Sum};
    use crate::{Bucket, Collection};
    use proptest::prelude::*;
    use serde_json::json;
    use sha2::{Digest as _, Sha256};
    use uuid::Uuid;

    proptest! {
        #[test]
        fn a_record_digest_is_that_of_its_canonical_array(id in any::<u128>(), rev in 1_u64..1 << 53, text in any::<String>()) {
            let (id, fields) = (Uuid::from_u128(id), json!({"head_name": text}));
            let bucket = Bucket::new(513_430).unwrap();
            let array = json!(["513430", "households", id.to_string(), rev, fields]);
            let full: [u8; 32] = Sha256::digest(serde_json_canonicalizer::to_string(&array).unwrap()).into();
            let fields = serde_json_canonicalizer::to_string(&fields).unwrap();
            prop_assert_eq!(&Digest::of_record(bucket, Collection::Households, id, rev, &fields).0[..], &full[..16]);
        }

        #[test]
        fn a_sum_forgets_the_order(digests in prop::collection::vec(any::<[u8; 16]>(), 0..20)) {
            let up = digests.iter().fold(Sum::default(), |sum, d| sum.plus(Digest(*d)));
            let down = digests.iter().rev().fold(Sum::default(), |sum, d| sum.plus(Digest(*d)));
            prop_assert_eq!(up, down);
            prop_assert_eq!(digests.iter().fold(up, |sum, d| sum.minus(Digest(*d))), Sum::default());
        }

        #[test]
        fn hex_round_trips(bytes in any::<[u8; 16]>()) {
            prop_assert_eq!(Digest::from_hex(&Digest(bytes).to_string()), Some(Digest(bytes)));
            prop_assert_eq!(Digest::from_slice(&bytes), Some(Digest(bytes)));
            prop_assert_eq!((Digest::from_slice(&bytes[1..]), Sum::from_slice(&bytes[1..])), (None, None));
        }
    }

    #[test]
    fn what_is_no_digest() {
        for text in ["", "00", "+0000000000000000000000000000000", "0000000000000000000000000000000g"] {
            assert_eq!(Digest::from_hex(text), None, "{text}");
        }
    }
}
