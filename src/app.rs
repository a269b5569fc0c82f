//! What every request shares.

use crate::auth::attempts::Attempts;
use crate::auth::keys::Keys;
use crate::config::Config;
use crate::insight::kept::Worked;
use crate::limits::Limits;
use crate::resources::exports::Room;
use crate::store::Store;
use crate::sync::events::Moves;
use crate::sync::lanes::Lanes;
use crate::sync::polls::Polls;

/// The application's state; cheap to clone, handed to handlers as `web::Data`.
#[derive(Clone)]
pub struct App {
    pub config: Config,
    pub store: Store,
    pub keys: Keys,
    /// Pushes that wait.
    pub lanes: Lanes,
    /// Polls that ask together.
    pub polls: Polls,
    /// Who listens for news.
    pub moves: Moves,
    /// Who asks too often.
    pub limits: Limits,
    /// Failed sign-ins.
    pub attempts: Attempts,
    /// What was worked out of counties that have not moved since.
    pub worked: Worked,
    /// Room for exports at a time.
    pub exports: Room,
}
