//! Why a step of the client ended early. Whatever it says, nothing that was recorded is lost: what has no
//! result yet is still in the outbox, and the step can be repeated.

use std::time::Duration;

/// The kinds call for different acts, so there is one for each act.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No network, a cut request, a lost answer, or something else than the server that answered.
    #[error("the server could not be reached: {0}")]
    Offline(String),
    /// The server asks for patience (429, 503), or failed (other 5xx).
    #[error("the server asks to come back in {} s", .0.as_secs())]
    Later(Duration),
    /// The person has to give the password again.
    #[error("signing in is needed")]
    SignInNeeded,
    /// The person's name and password were refused.
    #[error("name or password are wrong, or the account is disabled")]
    SignInRefused,
    /// This store belongs to someone else: two people on one phone have a store each.
    #[error("this store belongs to {0}")]
    OtherUser(String),
    /// The server no longer speaks this client's schema (426).
    #[error("a newer app is needed")]
    UpgradeNeeded,
    /// The device was revoked and everything on it is gone.
    #[error("this device was revoked and wiped")]
    Wiped,
    /// The device was revoked, and has not sent everything yet.
    #[error("this device was revoked: it sends what it holds and is then wiped")]
    Revoked,
    /// A bucket differs from the server's even after it was pulled again from nothing.
    #[error("bucket {0} still differs after it was pulled again")]
    Differs(String),
    /// The edit itself is impossible; nothing was stored.
    #[error("{0}")]
    BadEdit(&'static str),
    /// An answer that a right client never gets: for a programmer to look at.
    #[error("the server refused with {status} {code}: {detail}")]
    Refused { status: u16, code: String, detail: String },
    /// The phone's own store failed.
    #[error("the local store failed: {0}")]
    Store(#[from] diesel::result::Error),
    /// The phone's own store could not be opened.
    #[error("the local store could not be opened: {0}")]
    Open(#[from] diesel::ConnectionError),
    /// The phone's own store holds something unreadable.
    #[error("the local store holds unreadable text: {0}")]
    Json(#[from] serde_json::Error),
}

impl Error {
    /// Whether it is worth trying again later without anybody's doing.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Offline(_) | Self::Later(_))
    }
}
