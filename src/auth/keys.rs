//! The server's one secret: an Ed25519 key, made at the first start and kept in the data directory. It signs access
//! tokens, and a key derived from it authenticates what is handed out and taken back, such as cursors; so both
//! outlive a restart, and all processes that share the directory agree.

use super::tokens::Claims;
use anyhow::{Context as _, anyhow};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use quick_cache::sync::Cache;
use sha2::Sha256;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

const FILE: &str = "signing-key.pem";

/// Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    signer: SigningKey,
    signing: EncodingKey,
    verifying: DecodingKey,
    kid: String,
    jwks: JwkSet,
    /// Keyed with a secret of its own, derived from the signing key.
    mac: Hmac<Sha256>,
    /// What access tokens say whose signatures were found good, by their SHA-256.
    verified: Cache<[u8; 32], Claims>,
}

/// Of so many access tokens the signatures are remembered: about 400 bytes each.
const VERIFIED: usize = 16_384;

impl Keys {
    /// Reads the key in `data_dir`, or makes one. Of several processes that make one at the same moment, one wins, and
    /// all use what it made.
    pub fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let path = data_dir.join(FILE);
        if !path.try_exists().with_context(|| format!("cannot look for the signing key {}", path.display()))? {
            make(data_dir, &path).with_context(|| format!("cannot make the signing key {}", path.display()))?;
        }
        read(&path).with_context(|| format!("cannot use the signing key {}", path.display()))
    }

    fn new(key: &SigningKey) -> anyhow::Result<Self> {
        let signing = EncodingKey::from_ed_der(key.to_pkcs8_der()?.as_bytes());
        let verifying = DecodingKey::from_ed_der(key.verifying_key().as_bytes());
        let mut jwk = Jwk::from_decoding_key(&verifying, Some(Algorithm::EdDSA))?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let mut root = keyed(key.as_bytes())?;
        root.update(b"ruhu message authentication 1");
        let mac = keyed(&root.finalize().into_bytes())?;
        Ok(Self(Arc::new(Inner {
            signer: key.clone(),
            signing,
            verifying,
            kid,
            jwks: JwkSet { keys: vec![jwk] },
            mac,
            verified: Cache::new(VERIFIED),
        })))
    }

    /// Authenticates `data`. What is made for one purpose counts for no other.
    pub fn mac(&self, purpose: &str, data: &[u8]) -> [u8; 32] {
        self.authenticator(purpose, data).finalize().into_bytes().into()
    }

    /// Whether `tag` is what [`Keys::mac`] gave; takes the same time whatever differs.
    pub fn mac_is(&self, purpose: &str, data: &[u8], tag: &[u8]) -> bool {
        self.authenticator(purpose, data).verify_slice(tag).is_ok()
    }

    fn authenticator(&self, purpose: &str, data: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.mac.clone();
        // The length keeps a purpose and its data from being read as another purpose and other data.
        mac.update(&(purpose.len() as u64).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(data);
        mac
    }

    /// Signs a document that is published: gives the public key and the signature. `message` begins with what it is, so
    /// that no signature of one kind passes for another.
    pub fn sign_published(&self, message: &[u8]) -> ([u8; 32], [u8; 64]) {
        (self.0.signer.verifying_key().to_bytes(), self.0.signer.sign(message).to_bytes())
    }

    /// The public key, as `GET /.well-known/jwks.json` shows it.
    pub fn jwks(&self) -> &JwkSet {
        &self.0.jwks
    }

    pub(super) fn kid(&self) -> &str {
        &self.0.kid
    }

    pub(super) fn signing(&self) -> &EncodingKey {
        &self.0.signing
    }

    pub(super) fn verified(&self) -> &Cache<[u8; 32], Claims> {
        &self.0.verified
    }

    pub(super) fn verifying(&self) -> &DecodingKey {
        &self.0.verifying
    }
}

fn keyed(secret: &[u8]) -> anyhow::Result<Hmac<Sha256>> {
    Hmac::new_from_slice(secret).map_err(|e| anyhow!("{e}"))
}

fn read(path: &Path) -> anyhow::Result<Keys> {
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), mode = format!("{mode:o}"), "others may read the signing key: chmod 600");
    }
    let pem = fs::read_to_string(path)?;
    Keys::new(&SigningKey::from_pkcs8_pem(&pem).map_err(|e| anyhow!("{e}"))?)
}

/// Writes a new key aside, on disk, then links it to its name, which fails if there is one already: nobody ever reads
/// half a key, and none is overwritten.
fn make(data_dir: &Path, path: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir)?;
    let key = SigningKey::from_bytes(&rand::random());
    let draft = data_dir.join(format!("{FILE}.{}", Uuid::new_v4()));
    let linked = write(&draft, key.to_pkcs8_pem(LineEnding::LF).map_err(|e| anyhow!("{e}"))?.as_bytes())
        .and_then(|()| fs::hard_link(&draft, path));
    // A draft that stays is harmless.
    let _ = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
        _ => fs::File::open(data_dir)?.sync_all()?,
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{FILE, Keys};
    use std::collections::BTreeSet;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    struct Dir(PathBuf);

    impl Dir {
        fn new() -> Self {
            Self(std::env::temp_dir().join(format!("ruhu-keys-{}", uuid::Uuid::new_v4())).join("data"))
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
        }
    }

    #[test]
    fn those_who_race_for_a_key_agree_and_leave_one_file() {
        let dir = Dir::new();
        let kids: BTreeSet<String> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..8).map(|_| scope.spawn(|| Keys::open(&dir.0).unwrap().kid().to_owned())).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert_eq!(kids.len(), 1);
        let files: Vec<_> = std::fs::read_dir(&dir.0).unwrap().map(|f| f.unwrap().file_name()).collect();
        assert_eq!(files, [FILE]);
        assert_eq!(std::fs::metadata(dir.0.join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn codes_outlive_a_restart_and_serve_one_purpose() {
        let dir = Dir::new();
        let tag = Keys::open(&dir.0).unwrap().mac("cursor", b"data");
        let keys = Keys::open(&dir.0).unwrap();
        assert!(keys.mac_is("cursor", b"data", &tag));
        assert!(!keys.mac_is("list", b"data", &tag));
        assert!(!keys.mac_is("curso", b"rdata", &tag));
        assert!(!keys.mac_is("cursor", b"data", &tag[..16]));
    }

    #[test]
    fn a_spoilt_key_is_told_not_replaced() {
        let dir = Dir::new();
        std::fs::create_dir_all(&dir.0).unwrap();
        std::fs::write(dir.0.join(FILE), "no key").unwrap();
        assert!(Keys::open(&dir.0).is_err());
        assert_eq!(std::fs::read_to_string(dir.0.join(FILE)).unwrap(), "no key");
    }
}
