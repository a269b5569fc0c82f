//! Where a run takes place: a directory, and databases that nobody else uses. All of it is gone when the run ends, also
//! when it is interrupted: the server's process first.

use super::raw;
use crate::store::Engine;
use anyhow::{Context as _, bail, ensure};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{Integer, Text};
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, sql_query};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Where the databases are made.
#[derive(Debug, Clone)]
enum Place {
    /// Files in the run's directory.
    Files,
    /// Databases of a PostgreSQL to which this URL leads.
    Server(String),
}

/// What has to be cleared away.
#[derive(Default)]
struct Litter {
    dir: Option<PathBuf>,
    databases: Vec<String>,
    server: Option<Child>,
    /// A signal came: the process ends as soon as all is cleared up.
    interrupted: bool,
}

/// The directory and the databases.
#[derive(Clone)]
pub(super) struct Site {
    place: Place,
    dir: PathBuf,
    kept: bool,
    litter: Arc<Mutex<Litter>>,
    name: String,
}

/// The databases of one round.
pub(super) struct Pair {
    /// The server's.
    pub url: String,
    pub raw: Box<dyn raw::Engine>,
    /// A directory for the server's other files.
    pub dir: PathBuf,
}

/// How a database is set up, for the head of the table.
#[derive(QueryableByName)]
struct Settings {
    #[diesel(sql_type = Text)]
    settings: String,
    #[diesel(sql_type = Integer)]
    pid: i32,
}

impl Site {
    /// `url` leads to a PostgreSQL whose user may create databases; without one, the databases are SQLite files. `keep`
    /// must not exist, or be empty.
    pub(super) fn prepare(url: Option<String>, keep: Option<PathBuf>) -> anyhow::Result<Self> {
        let place = match url {
            None => Place::Files,
            Some(url) if url.starts_with("postgres") => Place::Server(url),
            Some(_) => bail!(
                "--database-url is for PostgreSQL: SQLite files are made in the directory for temporary files, or in that of --keep"
            ),
        };
        let kept = keep.is_some();
        let name = format!("ruhu_bench_{}", Uuid::now_v7().simple());
        let dir = keep.unwrap_or_else(|| std::env::temp_dir().join(&name));
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        ensure!(std::fs::read_dir(&dir)?.next().is_none(), "{} is not empty", dir.display());
        let litter = Litter { dir: (!kept).then(|| dir.clone()), ..Litter::default() };
        let site = Self { place, dir, kept, litter: Arc::new(Mutex::new(litter)), name };
        site.clear_up_when_interrupted()?;
        Ok(site)
    }

    pub(super) fn engine(&self) -> Engine {
        match self.place {
            Place::Files => Engine::Sqlite,
            Place::Server(_) => Engine::Postgres,
        }
    }

    /// Where files are kept, when they are.
    pub(super) fn kept(&self) -> Option<&Path> {
        self.kept.then_some(self.dir.as_path())
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Two empty databases.
    pub(super) fn fresh(&self, round: usize) -> anyhow::Result<Pair> {
        let dir = self.dir.join(format!("round-{}", round + 1));
        std::fs::create_dir_all(&dir)?;
        match &self.place {
            Place::Files => {
                let url = format!("sqlite:{}", dir.join("server.db").display());
                Ok(Pair { url, raw: Box::new(raw::Sqlite::open(dir.join("raw.db"))?), dir })
            }
            Place::Server(url) => {
                let [server, raw] = ["server", "raw"].map(|whose| format!("{}_{}_{whose}", self.name, round + 1));
                let mut admin = admin(url)?;
                for name in [&server, &raw] {
                    self.create(&mut admin, name)?;
                }
                let raw = raw::Postgres::open(with_database(url, &raw)?)?;
                Ok(Pair { url: with_database(url, &server)?, raw: Box::new(raw), dir })
            }
        }
    }

    /// One empty database: its URL, and a directory for what else there is.
    pub(super) fn empty(&self, name: &str) -> anyhow::Result<(String, PathBuf)> {
        let dir = self.dir.join(name);
        std::fs::create_dir_all(&dir)?;
        match &self.place {
            Place::Files => Ok((format!("sqlite:{}", dir.join("server.db").display()), dir)),
            Place::Server(url) => {
                let database = format!("{}_{name}", self.name);
                self.create(&mut admin(url)?, &database)?;
                Ok((with_database(url, &database)?, dir))
            }
        }
    }

    /// A database that goes with the run.
    fn create(&self, admin: &mut PgConnection, name: &str) -> anyhow::Result<()> {
        admin
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
            .context("the user must be allowed to create databases")?;
        if !self.kept {
            self.litter().databases.push(name.to_owned());
        }
        Ok(())
    }

    /// Takes charge of the server's process.
    pub(super) fn watch(&self, server: Child) {
        self.litter().server = Some(server);
    }

    /// Ends the server and gives the round's databases back.
    pub(super) fn end_round(&self, pair: Pair) {
        let mut litter = self.litter();
        end_server(&mut litter);
        drop_databases(&mut litter, &self.place);
        let Pair { raw, dir, .. } = pair;
        drop(raw);
        if !self.kept {
            // What is left goes with the directory above.
            let _ = std::fs::remove_dir_all(dir);
        }
    }

    /// What the database says of itself, and the process id of one of its backends.
    pub(super) fn settings(&self) -> anyhow::Result<(String, Option<u32>)> {
        let Place::Server(url) = &self.place else {
            return Ok((format!("SQLite {}, WAL, synchronous=FULL", rusqlite::version()), None));
        };
        let text = "SELECT concat('PostgreSQL ', current_setting('server_version'), ', fsync=', current_setting('fsync'), \
             ', synchronous_commit=', current_setting('synchronous_commit'), ', full_page_writes=', \
             current_setting('full_page_writes'), ', shared_buffers=', current_setting('shared_buffers')) AS settings, \
             pg_backend_pid() AS pid";
        let mut admin = admin(url)?;
        let found: Settings = sql_query(text).get_result(&mut admin)?;
        Ok((found.settings, super::meter::postmaster(found.pid as u32)))
    }

    fn litter(&self) -> MutexGuard<'_, Litter> {
        self.litter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clear_up(&self) {
        let mut litter = self.litter();
        end_server(&mut litter);
        drop_databases(&mut litter, &self.place);
        if let Some(dir) = litter.dir.take() {
            // What cannot be removed from the directory for temporary files is left to whoever cleans that up.
            let _ = std::fs::remove_dir_all(dir);
        }
    }

    fn clear_up_when_interrupted(&self) -> anyhow::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let site = self.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            let heard = runtime.block_on(async {
                let (mut interrupt, mut terminate) =
                    (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
                tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                Ok::<_, std::io::Error>(())
            });
            if heard.is_ok() {
                site.litter().interrupted = true;
                site.clear_up();
                eprintln!("\ninterrupted");
                std::process::exit(130);
            }
        })?;
        Ok(())
    }
}

/// Clears up when the run is over, however it ends.
pub(super) struct Clearing(pub Site);

impl Drop for Clearing {
    fn drop(&mut self) {
        self.0.clear_up();
        // The run has come to nothing because its server was ended: whoever ended it ends the process too, and says why.
        while self.0.litter().interrupted {
            std::thread::park();
        }
    }
}

/// Its databases go with it: there is nothing to finish.
fn end_server(litter: &mut Litter) {
    if let Some(mut server) = litter.server.take() {
        let _ = server.kill();
        let _ = server.wait();
    }
}

fn drop_databases(litter: &mut Litter, place: &Place) {
    let Place::Server(url) = place else { return };
    let names = std::mem::take(&mut litter.databases);
    if names.is_empty() {
        return;
    }
    let Ok(mut admin) = admin(url) else { return };
    for name in names {
        if let Err(error) = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")) {
            eprintln!("the database {name} is left behind: {error}");
        }
    }
}

fn admin(url: &str) -> anyhow::Result<PgConnection> {
    PgConnection::establish(url).context("cannot reach the PostgreSQL of --database-url")
}

/// The URL with another database.
fn with_database(url: &str, name: &str) -> anyhow::Result<String> {
    let (address, parameters) = url.split_once('?').map_or((url, String::new()), |(a, p)| (a, format!("?{p}")));
    let (server, _) = address.rsplit_once('/').context("--database-url names no database")?;
    Ok(format!("{server}/{name}{parameters}"))
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn a_database_is_named_in_a_url() {
        let named = |url| with_database(url, "other").unwrap();
        assert_eq!(named("postgres://u:p@h:1/one?sslmode=disable"), "postgres://u:p@h:1/other?sslmode=disable");
        assert_eq!(named("postgres://h/one"), "postgres://h/other");
    }
}
