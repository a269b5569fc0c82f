//! One number for each unit, from the seed and the unit's id alone: a permanent random number in the sense of Ohlsson.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use sha2::{Digest as _, Sha256};

pub const SEED_BYTES: usize = 32;

/// The source of the numbers.
pub struct Lots {
    key: [u8; 32],
}

impl Lots {
    /// The key is the seed itself, or SHA-256 of the seed and the public value behind it, where there is one.
    pub fn new(seed: &[u8; SEED_BYTES], public_value: Option<&str>) -> Self {
        let key = match public_value {
            None => *seed,
            Some(value) => Sha256::new_with_prefix(seed).chain_update(value).finalize().into(),
        };
        Self { key }
    }

    /// The first 8 bytes of the ChaCha20 key stream (RFC 8439, block 0) whose nonce is the first 12 bytes of SHA-256 of
    /// the id, as a big-endian number: evenly spread over 0 to 2^64 - 1.
    pub fn number(&self, unit: &str) -> u64 {
        let digest = Sha256::digest(unit);
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&digest[..12]);
        let mut stream = [0; 8];
        ChaCha20::new(&self.key.into(), &nonce.into()).apply_keystream(&mut stream);
        u64::from_be_bytes(stream)
    }
}
