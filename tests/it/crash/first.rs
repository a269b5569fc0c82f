//! `kill -9` at the first start, while the tables and the signing key are made: the next start makes the rest.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::wait;
use crate::support::engine::Engine;
use crate::support::outside::Outside;
use crate::support::serving::{Serving, ruhu};
use crate::support::*;

on_both_engines! {
    fn killed_while_it_makes_its_tables_it_makes_them_at_the_next_start(w) {
        w.stop();
        let mut outside = Outside::open(w);
        let rng = &mut StdRng::seed_from_u64(rand::random());
        let mut longest = Duration::from_millis(50);
        for n in 0..4 {
            // A new database beside the world's, and a data directory without a key.
            let (url, name) = (w.store.database_url(), format!("first_{n}"));
            let url = match w.engine() {
                Engine::Sqlite => format!("{url}.{name}"),
                Engine::Postgres => format!("{url}_{name}"),
            };
            if w.engine() == Engine::Postgres {
                outside.run(&format!("CREATE DATABASE {}", url.rsplit('/').next().unwrap()));
            }
            let command = || {
                let mut command = ruhu(w);
                command.env("RUHU_DATABASE_URL", &url).env("RUHU_DATA_DIR", w.store.data_dir().join(&name));
                command
            };
            for _ in 0..3 {
                let mut beginning = Serving::begin(command());
                wait(rng.random_range(Duration::ZERO..longest));
                beginning.kill();
            }
            let begun = Instant::now();
            let mut serving = Serving::started(w, command());
            longest = longest.max(begun.elapsed());
            w.session.get("/readyz").send().ok();
            serving.kill();
            if w.engine() == Engine::Postgres {
                outside.run(&format!("DROP DATABASE {} WITH (FORCE)", url.rsplit('/').next().unwrap()));
            }
        }
    }
}
