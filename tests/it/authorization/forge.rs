//! Tokens that nobody should be able to make, and some that only the holder of the server's key can: what is signed
//! here with the real key shows that the server believes nothing of it but who it is.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePublicKey};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::support::*;

/// The server's own key, and how its tokens look.
pub(super) struct Forge {
    key: SigningKey,
    header: Value,
}

/// Part `n` of a token: header (0), claims (1).
fn part(token: &str, n: usize) -> Value {
    let text = token.split('.').nth(n).expect("a token has three parts");
    serde_json::from_slice(&BASE64.decode(text).unwrap()).unwrap()
}

pub(super) fn claims(session: &Session) -> Value {
    part(session.token.as_ref().expect("it is signed in"), 1)
}

fn pack(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

/// `object` with these members in place of its own; null takes one out.
fn with(object: &Value, members: Value) -> Value {
    let mut object = object.clone();
    for (name, value) in members.as_object().expect("members are an object") {
        object[name] = value.clone();
    }
    object.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    object
}

fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let body = format!("{}.{}", pack(header), pack(claims));
    let signature = BASE64.encode(key.sign(body.as_bytes()).to_bytes());
    format!("{body}.{signature}")
}

fn hashed(secret: &[u8], header: &Value, claims: &Value) -> String {
    let body = format!("{}.{}", pack(header), pack(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(body.as_bytes());
    format!("{body}.{}", BASE64.encode(mac.finalize().into_bytes()))
}

impl Forge {
    /// Takes the key from where the operator keeps it.
    pub(super) fn of(w: &World) -> Self {
        let pem = std::fs::read_to_string(w.store.data_dir().join("signing-key.pem")).expect("the server has a key");
        let key = SigningKey::from_pkcs8_pem(&pem).expect("it is an Ed25519 key");
        Self { key, header: part(w.province().token.as_ref().unwrap(), 0) }
    }

    /// A token of this session, rightly signed, whose claims are changed.
    pub(super) fn believed(&self, session: &Session, changed: Value) -> Session {
        session.with_token(&signed(&self.key, &self.header, &with(&claims(session), changed)))
    }

    /// A token of this session as the server itself would have made it: what is wrong with the others is what they say.
    pub(super) fn genuine(&self, session: &Session) -> Session {
        self.believed(session, json!({}))
    }

    /// Everything that is almost a token of this session, by what is wrong with it.
    pub(super) fn refused(&self, session: &Session) -> Vec<(&'static str, Session)> {
        let good = session.token.clone().expect("it is signed in");
        let claims = claims(session);
        let now = claims["iat"].as_i64().expect("a time");
        let header = &self.header;
        let parts: Vec<&str> = good.split('.').collect();
        let (other, public) = (SigningKey::from_bytes(&[7; 32]), self.key.verifying_key());
        let spki = public.to_public_key_pem(LineEnding::LF).unwrap();
        let hs256 = with(header, json!({ "alg": "HS256" }));
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": BASE64.encode(other.verifying_key().as_bytes()) });
        let raised = with(&claims, json!({ "role": "provincial", "region": "52" }));
        let none = |name: &str| pack(&with(header, json!({ "alg": name })));
        let by_us = |header: Value, changed: Value| signed(&self.key, &header, &with(&claims, changed));
        let same = || header.clone();
        [
            ("garbage", "a.b.c".to_owned()),
            ("alg none", format!("{}.{}.", none("none"), parts[1])),
            ("alg None", format!("{}.{}.{}", none("None"), parts[1], parts[2])),
            ("no signature", format!("{}.{}.", parts[0], parts[1])),
            ("HS256 with the public key", hashed(public.as_bytes(), &hs256, &claims)),
            ("HS256 with the public key's PEM", hashed(spki.as_bytes(), &hs256, &claims)),
            ("another key", signed(&other, header, &claims)),
            ("another key, brought along", signed(&other, &with(header, json!({ "jwk": jwk })), &claims)),
            ("unknown kid", by_us(with(header, json!({ "kid": "another" })), json!({}))),
            ("no kid", by_us(with(header, json!({ "kid": null })), json!({}))),
            ("expired", by_us(same(), json!({ "iat": now - 901, "exp": now - 1 }))),
            ("without end", by_us(same(), json!({ "exp": null }))),
            ("wrong issuer", by_us(same(), json!({ "iss": "elsewhere" }))),
            ("no issuer", by_us(same(), json!({ "iss": null }))),
            ("wrong audience", by_us(same(), json!({ "aud": "elsewhere" }))),
            ("no session", by_us(same(), json!({ "sid": new_id() }))),
            ("claims raised under the old signature", format!("{}.{}.{}", parts[0], pack(&raised), parts[2])),
        ]
        .map(|(what, token)| (what, session.with_token(&token)))
        .into()
    }
}
