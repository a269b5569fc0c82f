//! What an operator can set: flags, else environment variables, else `ruhu.toml`, else the defaults here.

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file that is read when nobody names another.
const FILE: &str = "ruhu.toml";

/// Everything that is set, with nothing left open.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// `sqlite:PATH` or `postgres://…`
    pub database_url: String,
    /// Signing key, photos.
    pub data_dir: PathBuf,
    /// Connections to the database that may be open at once for reading; on PostgreSQL as many again for writing, and one for
    /// lookups.
    pub pool_size: u32,
    /// Threads that speak HTTP.
    pub workers: usize,
    /// Apply pending migrations at start.
    pub migrate: bool,
    /// Requests per second that one device or one address may make on average; 0 lifts the limit.
    pub rate_limit: u32,
    /// Take the caller's address from `Forwarded` or `X-Forwarded-For`: only behind a proxy that sets them.
    pub behind_proxy: bool,
}

impl Default for Config {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database_url: "sqlite:ruhu.db".into(),
            data_dir: "ruhu-data".into(),
            // A connection waits for its disk or its locks while others compute. Each takes memory of its own.
            pool_size: 4 * cores as u32,
            workers: cores,
            migrate: true,
            rate_limit: 50,
            behind_proxy: false,
        }
    }
}

impl Config {
    /// The defaults, for a database and a data directory, on a free loopback port, without rate limits.
    pub fn for_test(database_url: impl Into<String>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database_url: database_url.into(),
            data_dir: data_dir.into(),
            pool_size: 8,
            workers: 2,
            rate_limit: 0,
            ..Self::default()
        }
    }
}

/// Where the data is: what every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct DataSettings {
    /// Where the data is: sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE [default: sqlite:ruhu.db]
    #[arg(long, value_name = "URL", env = "RUHU_DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// Directory of the signing key and the photos [default: ruhu-data]
    #[arg(long, value_name = "DIR", env = "RUHU_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Connections to the database for reading, and on PostgreSQL as many for writing [default: four for each core]
    #[arg(long, value_name = "N", env = "RUHU_POOL_SIZE", global = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub pool_size: Option<u32>,
}

/// What the server takes beside.
#[derive(Debug, Clone, Default, Args)]
pub struct ServerSettings {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "RUHU_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Threads that speak HTTP [default: one for each core]
    #[arg(long, value_name = "N", env = "RUHU_WORKERS")]
    pub workers: Option<usize>,
    /// Requests per second that one device or address may make on average; 0 lifts the limit [default: 50]
    #[arg(long, value_name = "N", env = "RUHU_RATE_LIMIT")]
    pub rate_limit: Option<u32>,
    /// Take callers' addresses from `Forwarded` or `X-Forwarded-For`: only behind a proxy that sets them
    #[arg(long, value_name = "BOOL", env = "RUHU_BEHIND_PROXY", num_args = 0..=1, default_missing_value = "true")]
    pub behind_proxy: Option<bool>,
}

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct LogSettings {
    /// What to log: error, warn, info, debug, trace, or a filter such as info,ruhu::sync=debug [default: info]
    #[arg(long, value_name = "FILTER", env = "RUHU_LOG", global = true)]
    pub log: Option<String>,
    /// Log lines of JSON
    #[arg(long, value_name = "BOOL", env = "RUHU_LOG_JSON", global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub log_json: Option<bool>,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    pub filter: String,
    pub json: bool,
}

/// The file: all kinds of settings, by the names of their flags with `_` for `-`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    log: Option<String>,
    log_json: Option<bool>,
    database_url: Option<String>,
    data_dir: Option<PathBuf>,
    pool_size: Option<u32>,
    listen: Option<SocketAddr>,
    workers: Option<usize>,
    rate_limit: Option<u32>,
    behind_proxy: Option<bool>,
}

impl File {
    /// Reads `ruhu.toml` in the working directory, where there is one.
    fn read() -> anyhow::Result<Self> {
        match std::fs::read_to_string(FILE) {
            Ok(text) => Self::parse(&text).with_context(|| format!("cannot use {}", Path::new(FILE).display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {FILE}")),
        }
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        Ok(toml::from_str(text)?)
    }
}

/// What to log, by the same order; `usual` where nobody says.
pub fn logging(settings: LogSettings, usual: &str) -> anyhow::Result<Log> {
    let file = File::read()?;
    let filter = settings.log.or(file.log).unwrap_or_else(|| usual.into());
    Ok(Log { filter, json: settings.log_json.or(file.log_json).unwrap_or_default() })
}

/// Puts flags and environment over the file, and the file over the defaults.
pub fn resolve(data: DataSettings, server: ServerSettings) -> anyhow::Result<Config> {
    Ok(over(data, server, File::read()?))
}

fn over(data: DataSettings, server: ServerSettings, file: File) -> Config {
    let default = Config::default();
    Config {
        listen: server.listen.or(file.listen).unwrap_or(default.listen),
        database_url: data.database_url.or(file.database_url).unwrap_or(default.database_url),
        data_dir: data.data_dir.or(file.data_dir).unwrap_or(default.data_dir),
        pool_size: data.pool_size.or(file.pool_size).unwrap_or(default.pool_size),
        workers: server.workers.or(file.workers).unwrap_or(default.workers).max(1),
        migrate: default.migrate,
        rate_limit: server.rate_limit.or(file.rate_limit).unwrap_or(default.rate_limit),
        behind_proxy: server.behind_proxy.or(file.behind_proxy).unwrap_or(default.behind_proxy),
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, DataSettings, File, ServerSettings, over};

    #[test]
    fn flags_come_before_the_file_and_the_file_before_the_defaults() {
        let file = || File::parse("listen = '0.0.0.0:80'\npool_size = 3").unwrap();
        let data = DataSettings { pool_size: Some(4), ..DataSettings::default() };
        let config = over(data, ServerSettings::default(), file());
        assert_eq!((config.pool_size, config.listen.port()), (4, 80));
        assert_eq!(config.database_url, Config::default().database_url);
    }

    #[test]
    fn an_unknown_key_is_named() {
        let error = File::parse("listen = '0.0.0.0:80'\npoolsize = 3").unwrap_err();
        assert!(format!("{error:#}").contains("poolsize"), "{error:#}");
    }
}
