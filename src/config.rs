//! What an operator can set: flags, else environment, else `ruhu.toml`.

use std::path::PathBuf;

#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: std::net::SocketAddr,
    /// `sqlite:PATH` or `postgres://…`
    pub database_url: String,
    /// Signing key, photos.
    pub data_dir: PathBuf,
    /// Connections to the database that may be open at once.
    pub pool_size: u32,
    /// Apply pending migrations at start.
    pub migrate: bool,
    /// Requests per second that one device or one address may make; 0 lifts the limit.
    pub rate_limit: u32,
}

impl Config {
    /// The defaults, for a database and a data directory, on a free loopback port, without rate limits.
    pub fn for_test(database_url: impl Into<String>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            listen: std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
            database_url: database_url.into(),
            data_dir: data_dir.into(),
            pool_size: 8,
            migrate: true,
            rate_limit: 0,
        }
    }
}
