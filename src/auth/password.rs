//! Passwords: Argon2id with the parameters that OWASP asks for. A hash takes some 20 ms and 19 MiB, so they are made on
//! threads for blocking work, a few at a time.

use crate::http::{Code, Problem};
use anyhow::anyhow;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use std::sync::LazyLock;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a sign-in waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

static TURNS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get)));

/// What is verified for a user who is not there: it must take as long as for one who is.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash(&uuid::Uuid::new_v4().to_string()).unwrap_or_default());

/// Hashes a new password. Blocks: see [`hashed`].
pub fn hash(password: &str) -> anyhow::Result<String> {
    Ok(Argon2::default().hash_password(password.as_bytes()).map_err(|e| anyhow!("{e}"))?.to_string())
}

/// Whether `password` is the one behind `hash`; without a hash it is not, after the same time. Blocks: see [`verified`].
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    // Read before anything differs, also the first time.
    let nobody = NOBODY.as_str();
    let matches = PasswordHash::new(hash.unwrap_or(nobody))
        .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
    matches && hash.is_some()
}

/// [`hash`] in its turn.
pub async fn hashed(password: String) -> Result<String, Problem> {
    in_turn(move || hash(&password)).await?.map_err(|error| {
        tracing::error!(%error, "a password could not be hashed");
        Problem::new(Code::Internal)
    })
}

/// [`verify`] in its turn.
pub async fn verified(password: String, hash: Option<String>) -> Result<bool, Problem> {
    in_turn(move || verify(&password, hash.as_deref())).await
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let busy = || {
        Problem::new(Code::Unavailable)
            .detail("Too many people are signing in. Try again in a moment.", "登录人数过多，请稍后重试。")
            .retry_after(PATIENCE.as_secs())
    };
    let _turn = tokio::time::timeout(PATIENCE, TURNS.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())?;
    actix_web::web::block(work).await.map_err(|_| busy())
}

#[cfg(test)]
mod tests {
    use super::{hash, verify};

    #[test]
    fn only_the_password_itself_matches_its_hash() {
        let kept = hash("Jinyang-by-the-river-7").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify("Jinyang-by-the-river-7", Some(&kept)));
        assert!(!verify("Jinyang-by-the-river-8", Some(&kept)));
        assert!(!verify("Jinyang-by-the-river-7", Some("no hash")));
        assert!(!verify("Jinyang-by-the-river-7", None));
    }
}
