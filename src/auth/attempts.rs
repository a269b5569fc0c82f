//! Slows down those who guess passwords: each user and each address may fail a few times in a row, and then once in a
//! while. An attempt counts as failed until it succeeds, so that many at once get no further than one by one.
//! Kept in memory: a restart forgives.

use crate::http::{Code, Problem};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many failures in a row, and how long until one of them is forgotten.
struct Allowance {
    burst: u32,
    each: Duration,
}

const USER: Allowance = Allowance { burst: 10, each: Duration::from_secs(30) };
/// A whole team may sit behind one address.
const ADDRESS: Allowance = Allowance { burst: 50, each: Duration::from_secs(5) };

/// Longer names are no user's.
const NAME_MAX: usize = 64;

/// From how many entries on the forgiven ones are looked for.
const CROWD: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    User(String),
    Address(IpAddr),
}

impl Key {
    fn allowance(&self) -> &'static Allowance {
        match self {
            Self::User(_) => &USER,
            Self::Address(_) => &ADDRESS,
        }
    }
}

/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Attempts(Arc<Mutex<HashMap<Key, Instant>>>);

/// An attempt that counts as failed until [`Attempt::forgive`].
#[must_use]
pub struct Attempt {
    attempts: Attempts,
    keys: [Key; 2],
}

impl Attempts {
    /// Begins to try a password; 429 when this user or address has failed too often.
    pub fn begin(&self, username: &str, address: IpAddr) -> Result<Attempt, Problem> {
        self.begin_at(username, address, Instant::now()).map_err(|wait| {
            Problem::new(Code::RateLimited)
                .detail(
                    "Too many failed attempts to sign in. Wait before you try again.",
                    "登录失败次数过多，请稍后再试。",
                )
                .retry_after(wait.as_secs() + 1)
        })
    }

    fn begin_at(&self, username: &str, address: IpAddr, now: Instant) -> Result<Attempt, Duration> {
        let keys = [Key::User(username.chars().take(NAME_MAX).collect()), Key::Address(network(address))];
        let mut forgiven = self.lock();
        if forgiven.len() >= CROWD {
            forgiven.retain(|_, at| *at > now);
        }
        // When all failures of a key would be forgiven, were this one to fail too.
        let next = keys.each_ref().map(|key| {
            let at = forgiven.get(key).copied().unwrap_or(now).max(now);
            (at + key.allowance().each, key.allowance())
        });
        for (at, Allowance { burst, each }) in &next {
            let wait = at.duration_since(now).saturating_sub(*each * *burst);
            if !wait.is_zero() {
                return Err(wait);
            }
        }
        for (key, (at, _)) in keys.iter().zip(next) {
            forgiven.insert(key.clone(), at);
        }
        Ok(Attempt { attempts: self.clone(), keys })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// It succeeded, or nobody could say: it counts no more.
    pub fn forgive(self) {
        let mut forgiven = self.attempts.lock();
        for key in &self.keys {
            if let Some(at) = forgiven.get_mut(key)
                && let Some(before) = at.checked_sub(key.allowance().each)
            {
                *at = before;
            }
        }
    }
}

/// An IPv6 site has 2^64 addresses of its own.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::{ADDRESS, Attempts, USER};
    use std::net::IpAddr;
    use std::time::{Duration, Instant};

    fn address(n: u32) -> IpAddr {
        IpAddr::V4((0x0a00_0000 + n).into())
    }

    #[test]
    fn a_user_may_fail_some_times_then_once_in_a_while_from_wherever() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let fail = |n, now| attempts.begin_at("ali", address(n), now).map(drop);
        for n in 0..USER.burst {
            assert_eq!(fail(n, now), Ok(()));
        }
        assert_eq!(fail(99, now), Err(USER.each));
        assert_eq!(fail(99, now + Duration::from_secs(10)), Err(Duration::from_secs(20)));
        assert_eq!(fail(99, now + USER.each), Ok(()));
        assert!(fail(99, now + USER.each).is_err());
        assert!(attempts.begin_at("bo", address(1), now).is_ok());
    }

    #[test]
    fn an_address_may_fail_with_few_names() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for n in 0..ADDRESS.burst {
            assert!(attempts.begin_at(&format!("user{n}"), address(1), now).is_ok());
        }
        assert!(attempts.begin_at("another", address(1), now).is_err());
        assert!(attempts.begin_at("another", address(2), now).is_ok());
    }

    #[test]
    fn who_succeeds_is_never_slowed_down() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..1000 {
            attempts.begin_at("ali", address(1), now).map(super::Attempt::forgive).unwrap();
        }
    }
}
