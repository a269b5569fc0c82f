//! The migrations: up, down and up again on a database that is in use, and the same schema on both engines.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::Text;
use ruhu::store::migrations::{is_pending, migrate, revert};

use crate::support::engine::{Engine, Store};
use crate::support::serving::ruhu;
use crate::support::*;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Columns, primary keys, other indexes and foreign keys, each as a line that reads alike on both engines.
fn schema(store: &Store, engine: Engine) -> BTreeSet<String> {
    let url = store.database_url();
    let lines: Vec<Line> = match engine {
        Engine::Sqlite => {
            let mut conn = SqliteConnection::establish(url.strip_prefix("sqlite:").unwrap()).unwrap();
            diesel::sql_query(include_str!("migrations/sqlite.sql")).load(&mut conn).unwrap()
        }
        Engine::Postgres => {
            let mut conn = PgConnection::establish(&url).unwrap();
            diesel::sql_query(include_str!("migrations/postgres.sql")).load(&mut conn).unwrap()
        }
    };
    lines.into_iter().map(|line| line.line).filter(|line| !line.contains("__diesel_schema_migrations")).collect()
}

#[test]
fn up_down_up_ends_where_it_began() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let world = World::new(engine);
        world.stop();
        let url = world.store.database_url();
        let before = schema(&world.store, engine);
        assert!(before.len() > 60, "{before:#?}");
        revert(&url, 0).unwrap();
        assert_eq!(schema(&world.store, engine), BTreeSet::new(), "everything is gone");
        assert!(is_pending(&url).unwrap());
        assert!(!migrate(&url).unwrap().is_empty());
        assert_eq!(schema(&world.store, engine), before);
        assert!(!is_pending(&url).unwrap());
        assert_eq!(migrate(&url).unwrap(), Vec::<String>::new());
    }
}

/// An older database has records, and none of the tables by which lists are filtered.
#[test]
fn a_database_of_before_is_filtered_by_too() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let world = World::new(engine);
        let record = Rec::household(JINYANG);
        let fields = json!({ "status": "lifted", "causes_other": ["illness", "water"] });
        accepted(world.ali().push_one(record.create_with(fields)));
        for causes in [json!([]), json!(["land"])] {
            accepted(world.ali().push_one(Rec::household(JINYANG).create_with(json!({ "causes_other": causes }))));
        }
        let gone = Rec::household(JINYANG);
        world.ali().push([gone.create(), gone.delete()]);
        world.stop();
        revert(&world.store.database_url(), 2).unwrap();
        // It migrates as it starts.
        world.restart();
        for filter in ["status=lifted", "causes_other=illness", "causes_other=water"] {
            let found = world.ali().all(&format!("/v1/households?{filter}"));
            assert_eq!(found.iter().map(id_of).collect::<Vec<_>>(), [&*record.id], "{filter}");
        }
        assert_eq!(world.ali().all("/v1/households").len(), 3);
        let checked = ruhu(&world).arg("check").output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    }
}

#[test]
fn both_engines_have_the_same_schema() {
    let [sqlite, postgres] = [Engine::Sqlite, Engine::Postgres].map(|engine| schema(&Store::copy(engine), engine));
    let only_sqlite: Vec<_> = sqlite.difference(&postgres).collect();
    let only_postgres: Vec<_> = postgres.difference(&sqlite).collect();
    assert!(only_sqlite.is_empty() && only_postgres.is_empty(), "{only_sqlite:#?}\n{only_postgres:#?}");
}
