//! ruhu 入户: the server of a field campaign.
#![forbid(unsafe_code)]

pub mod app;
pub mod auth;
pub mod caller;
pub mod config;
pub mod device;
pub mod fields;
pub mod http;
pub mod lang;
pub mod resources;
pub mod setup;
pub mod store;
pub mod sync;

pub use config::Config;

/// Builds the app once, for `serve`, for the demo and for the tests: migrates (unless told not to), binds,
/// and serves on threads of its own until stopped.
pub fn start(_config: Config) -> anyhow::Result<Running> {
    anyhow::bail!("under construction")
}

/// A server that runs in this process.
pub struct Running {
    pub address: std::net::SocketAddr,
}

impl Running {
    /// `http://127.0.0.1:8080`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Finishes the requests under way and stops.
    pub fn stop(self) {}
}
