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
    let matches = PasswordHash::new(hash.unwrap_or(nobody)).is_ok_and(|parsed| {
        #[cfg(test)]
        tests::note(password, &parsed);
        Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()
    });
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
    let turn = tokio::time::timeout(PATIENCE, TURNS.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())?;
    let in_turn = actix_web::web::block(move || {
        // It ends with the work, also when nobody waits for that any more.
        let _turn = turn;
        work()
    });
    in_turn.await.map_err(|_| busy())
}

#[cfg(test)]
mod tests {
    use super::{PasswordHash, hash, verify};
    use crate::Config;
    use crate::setup::{add_user, disable_user};
    use std::sync::Mutex;

    /// The passwords that were tried, with the parameters of the hashes that were computed for them.
    static TRIED: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

    pub(super) fn note(password: &str, hash: &PasswordHash) {
        let parameters = format!("{} {:?} {}", hash.algorithm, hash.version, hash.params);
        TRIED.lock().unwrap().push((password.to_owned(), parameters));
    }

    fn tried(password: &str) -> Vec<String> {
        let tried = TRIED.lock().unwrap();
        tried.iter().filter(|(known, _)| known == password).map(|(_, parameters)| parameters.clone()).collect()
    }

    #[test]
    fn only_the_password_itself_matches_its_hash() {
        let kept = hash("Jinyang-by-the-river-7").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify("Jinyang-by-the-river-7", Some(&kept)));
        assert!(!verify("Jinyang-by-the-river-8", Some(&kept)));
        assert!(!verify("Jinyang-by-the-river-7", Some("no hash")));
        assert!(!verify("Jinyang-by-the-river-7", None));
    }

    /// Of the running server: whoever is named, a sign-in computes one hash, and the same one.
    #[test]
    fn a_failed_sign_in_costs_one_hash_whoever_it_names() {
        let dir = std::env::temp_dir().join(format!("ruhu-password-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&dir).unwrap();
        let config = Config::for_test(format!("sqlite:{}", dir.join("ruhu.db").display()), dir.join("data"));
        for name in ["ali", "retired"] {
            add_user(&config, name, "Jinyang-by-the-river-7", "provincial", "51", None).unwrap();
        }
        disable_user(&config, "retired").unwrap();
        let server = crate::start(config).unwrap();
        let long = "x".repeat(1000);
        for (n, name) in ["ali", "nobody", "retired", "", " ali", &long].into_iter().enumerate() {
            let password = format!("guess {n}");
            let body = serde_json::json!({ "username": name, "password": password });
            let config = ureq::Agent::config_builder().http_status_as_error(false).build();
            let answer = config.new_agent().post(format!("{}/v1/auth/login", server.url())).send_json(&body).unwrap();
            assert_eq!(answer.status(), 401, "{name}");
            let tried = tried(&password);
            assert_eq!(tried.len(), 1, "{name}: {tried:?}");
            assert!(tried[0].starts_with("argon2id") && tried[0].contains("m=19456,t=2,p=1"), "{name}: {tried:?}");
        }
        server.stop();
        std::fs::remove_dir_all(dir).unwrap();
    }
}
