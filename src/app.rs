//! What every request shares.

use crate::auth::keys::Keys;
use crate::config::Config;
use crate::store::Store;

/// The application's state; cheap to clone, handed to handlers as `web::Data`.
#[derive(Clone)]
pub struct App {
    pub config: Config,
    pub store: Store,
    pub keys: Keys,
}
