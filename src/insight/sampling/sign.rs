//! The signature under a published draw: who gave it out, and that nothing in it was changed since.

use super::document::Document;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

/// Stands before what is signed, so that nothing else that this key signs can pass for it.
const CONTEXT: &str = "ruhu draw\n";

/// Ed25519.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawSignature)]
pub struct Signature {
    /// The key's RFC 7638 thumbprint: its `kid` in `/.well-known/jwks.json`.
    pub kid: String,
    /// The public key, in base64url.
    pub key: String,
    /// In base64url.
    pub value: String,
}

/// What is signed: `document` is the JSON of one, with or without a signature.
fn message(document: &Value) -> Vec<u8> {
    let mut document = document.clone();
    if let Value::Object(members) = &mut document {
        members.remove("signature");
    }
    format!("{CONTEXT}{}", sync_core::canonical::to_string(&document)).into_bytes()
}

impl Document {
    /// Puts a signature under it. `sign` gives the public key and the signature of a message.
    #[must_use]
    pub fn signed(mut self, sign: impl FnOnce(&[u8]) -> ([u8; 32], [u8; 64])) -> Self {
        let (key, value) = sign(&message(&serde_json::to_value(&self).unwrap_or_default()));
        let key = BASE64.encode(key);
        self.signature = Some(Signature { kid: thumbprint(&key), key, value: BASE64.encode(value) });
        self
    }
}

impl Signature {
    /// Whether it is this key's under this document.
    pub fn is_of(&self, document: &Value) -> bool {
        let key: Option<[u8; 32]> = BASE64.decode(&self.key).ok().and_then(|bytes| bytes.try_into().ok());
        let value: Option<[u8; 64]> = BASE64.decode(&self.value).ok().and_then(|bytes| bytes.try_into().ok());
        let key = key.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        let good = key.zip(value).is_some_and(|(key, value)| {
            key.verify_strict(&message(document), &ed25519_dalek::Signature::from_bytes(&value)).is_ok()
        });
        good && self.kid == thumbprint(&self.key)
    }
}

/// RFC 7638 of an Ed25519 key.
fn thumbprint(key: &str) -> String {
    BASE64.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{key}"}}"#)))
}
