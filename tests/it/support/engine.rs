//! A database for each test, copied from a template that holds the standard cast (see `cast`).
//!
//! The template is made once for each build of the tests and each engine, under a lock, and is used again by every
//! process after that (nextest runs each test in one of its own).

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use diesel::sql_types::{Nullable, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use ruhu::Config;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::cast::Cast;
use super::jcs::hex;
use super::time::eventually;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A test's own copy: database, data directory and who is in it. Removed when dropped.
pub(crate) struct Store {
    pub(crate) config: Config,
    pub(crate) cast: Cast,
    dir: PathBuf,
    database: Option<String>,
}

impl Store {
    pub(crate) fn copy(engine: Engine) -> Self {
        let template = template(engine);
        let name = format!("ruhu_it_{}", Uuid::now_v7().simple());
        let dir = std::env::temp_dir().join(&name);
        copy_dir(&template, &dir);
        let database = (engine == Engine::Postgres).then(|| name.clone());
        let url = match &database {
            None => format!("sqlite:{}", dir.join("ruhu.db").display()),
            Some(name) => {
                sql(&mut admin(), &format!("CREATE DATABASE {name} TEMPLATE {}", template_database()));
                database_url(name)
            }
        };
        let config = Config::for_test(url, dir.join("data"));
        Self { config, cast: Cast::read(&template), dir, database }
    }

    /// A database on a cluster of the test's own, which goes with the cluster. Its cast is made for it alone.
    pub(crate) fn on(cluster: &str) -> Self {
        let name = format!("ruhu_it_{}", Uuid::now_v7().simple());
        let dir = std::env::temp_dir().join(&name);
        fs::create_dir_all(dir.join("data")).unwrap();
        let mut admin = PgConnection::establish(cluster).expect("the cluster runs");
        sql(&mut admin, &format!("CREATE DATABASE {name}"));
        let config = Config::for_test(in_cluster(cluster, &name), dir.join("data"));
        let cast = Cast::make(&config);
        Self { config, cast, dir, database: None }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.dir.join("data")
    }

    pub(crate) fn database_url(&self) -> String {
        self.config.database_url.clone()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(name) = &self.database {
            sql(&mut admin(), &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// The directory that holds the template's data directory, cast and (SQLite) database.
fn template(engine: Engine) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(root).unwrap();
    let kind = if engine == Engine::Sqlite { "sqlite" } else { "postgres" };
    let dir = root.join(format!("{}_{kind}", template_database()));
    if stands(engine, &dir) {
        return dir;
    }
    let lock = File::create(root.join(format!("{kind}.lock"))).unwrap();
    lock.lock().unwrap();
    let mut guard = (engine == Engine::Postgres).then(admin);
    if let Some(conn) = &mut guard {
        sql(conn, "SELECT pg_advisory_lock(7284, 1)");
    }
    if !stands(engine, &dir) {
        forget_old(root, engine);
        make(engine, &dir);
    }
    dir
}

fn stands(engine: Engine, dir: &Path) -> bool {
    if !dir.join("cast.json").exists() {
        return false;
    }
    // Another cluster, or a template made by someone else, has another mark.
    engine == Engine::Sqlite || mark_of(&template_database()) == Some(Cast::read(dir).mark)
}

fn make(engine: Engine, dir: &Path) {
    let _ = fs::remove_dir_all(dir);
    fs::create_dir_all(dir.join("data")).unwrap();
    let name = template_database();
    let url = match engine {
        Engine::Sqlite => format!("sqlite:{}", dir.join("ruhu.db").display()),
        Engine::Postgres => {
            sql(&mut admin(), &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            sql(&mut admin(), &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"));
            database_url(&name)
        }
    };
    let cast = Cast::make(&Config::for_test(url, dir.join("data")));
    if engine == Engine::Postgres {
        let conn = &mut admin();
        sql(conn, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
        sql(conn, &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
        sql(conn, &format!("COMMENT ON DATABASE {name} IS '{}'", cast.mark));
    }
    // SQLite removes its log when the last connection is closed, and nobody may be copying it then.
    let log = dir.join("ruhu.db-wal");
    eventually(30, "the template's database is closed", || (!log.exists()).then_some(()));
    cast.write(dir);
}

/// Templates of builds before yesterday.
fn forget_old(root: &Path, engine: Engine) {
    let current = today();
    let old = |name: &str| {
        let day = name.strip_prefix("ruhu_it_tpl_").and_then(|rest| rest.split('_').next()).map(str::parse::<u64>);
        matches!(day, Some(Ok(day)) if day + 1 < current)
    };
    for entry in fs::read_dir(root).unwrap().flatten() {
        if old(&entry.file_name().to_string_lossy()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    if engine == Engine::Postgres {
        for name in names("SELECT datname AS name FROM pg_database WHERE datname LIKE 'ruhu\\_it\\_tpl\\_%'") {
            if old(&name) {
                sql(&mut admin(), &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            }
        }
    }
}

fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 86_400
}

/// The template's name: the day and a hash of this build and of the migrations.
fn template_database() -> String {
    static NAME: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    NAME.get_or_init(|| {
        let exe = fs::metadata(std::env::current_exe().unwrap()).unwrap();
        let built = exe.modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
        let mut hash = Sha256::new();
        hash.update(format!("{} {}", built.as_nanos(), exe.len()));
        hash_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations"), &mut hash);
        format!("ruhu_it_tpl_{}_{}", built.as_secs() / 86_400, &hex(&hash.finalize())[..16])
    })
    .clone()
}

fn hash_dir(dir: &Path, hash: &mut Sha256) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            hash_dir(&path, hash);
        } else {
            hash.update(path.to_string_lossy().as_bytes());
            hash.update(fs::read(&path).unwrap());
        }
    }
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &target);
        } else if !entry.file_name().to_string_lossy().ends_with("-shm") {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) fn admin_url() -> String {
    std::env::var("RUHU_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!("RUHU_TEST_POSTGRES is not set, so there is no PostgreSQL to test on: run bin/test, which starts one")
    })
}

/// The admin's URL with another database.
pub(crate) fn database_url(name: &str) -> String {
    in_cluster(&admin_url(), name)
}

fn in_cluster(admin: &str, name: &str) -> String {
    let (address, parameters) = admin.split_once('?').unwrap_or((admin, ""));
    let server = address.rsplit_once('/').expect("the URL names a database").0;
    let question = if parameters.is_empty() { "" } else { "?" };
    format!("{server}/{name}{question}{parameters}")
}

pub(crate) fn admin() -> PgConnection {
    PgConnection::establish(&admin_url()).expect("RUHU_TEST_POSTGRES leads to a PostgreSQL: run bin/test")
}

fn sql(conn: &mut PgConnection, statement: &str) {
    diesel::sql_query(statement).execute(conn).unwrap_or_else(|e| panic!("{statement}: {e}"));
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
}

pub(crate) fn sql_as_admin(statement: &str) {
    sql(&mut admin(), statement);
}

pub(crate) fn names(query: &str) -> Vec<String> {
    let rows: Vec<Name> = diesel::sql_query(query).load(&mut admin()).unwrap();
    rows.into_iter().filter_map(|row| row.name).collect()
}

/// The comment on a database, if it stands.
fn mark_of(database: &str) -> Option<String> {
    names(&format!(
        "SELECT shobj_description(oid, 'pg_database') AS name FROM pg_database WHERE datname = '{database}'"
    ))
    .pop()
}
