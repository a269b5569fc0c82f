//! A disk that is full: what needs room is refused for the moment, what is there can be read, nothing acknowledged is
//! lost, and when there is room again it goes on by itself.

use std::fs;
use std::path::PathBuf;

use super::assert_unavailable;
use crate::support::engine::Engine;
use crate::support::load::{Commons, Sent, Worker};
use crate::support::outside::Outside;
use crate::support::serving::Serving;
use crate::support::*;

/// More than a database of tests needs, and less than what makes SQLite empty its log by itself (4 MB).
const ROOM: u64 = 1 << 20;

#[test]
fn with_a_full_disk_pushes_are_refused_and_with_room_they_go_on() {
    let w = &World::new(Engine::Sqlite);
    let (ali, chen, office) = (w.ali(), w.chen(), w.province());
    w.stop();
    let database = PathBuf::from(w.store.database_url().strip_prefix("sqlite:").unwrap());
    let log = database.with_extension("db-wal");
    let size = |path: &PathBuf| fs::metadata(path).map_or(0, |file| file.len());
    let serving = Serving::limited(w, (size(&database) + ROOM) / 512);
    let commons = Commons::default();
    let mut workers = [ali, chen].map(|phone| Worker::new(phone, &[JINYANG], &commons, rand::random()));
    for _ in 0..2 {
        let refused = |worker: &mut Worker<'_>| match worker.send() {
            Sent::Taken => false,
            Sent::Refused(reply) => {
                assert_unavailable(reply);
                true
            }
            Sent::Unanswered => panic!("a push had no answer"),
        };
        eventually(60, "the disk is full", || workers.iter_mut().all(refused).then_some(()));
        // Again and again. Other writes too; the smallest go on for a while. What is there can be read.
        for worker in &mut workers {
            assert!((0..3).all(|_| refused(worker)));
        }
        eventually(60, "there is no room for a team", || {
            let reply = office.post("/v1/teams", &json!({ "name": "one too many" })).send();
            (reply.status != 201).then(|| assert_unavailable(reply))
        });
        Mirror::of(office).sync();
        // Somebody makes room: the log goes into the database.
        let emptied = || {
            Outside::open(w).run("PRAGMA wal_checkpoint(TRUNCATE)");
            (size(&log) == 0).then_some(())
        };
        eventually(20, "there is room", emptied);
        for worker in &mut workers {
            (0..3).for_each(|_| worker.push());
        }
        let told: Vec<_> = workers.iter().flat_map(|worker| worker.told.clone()).collect();
        ledger::check(office, &told);
    }
    drop(serving);
}

/// PostgreSQL's disk cannot be filled here without filling it for others: its own words are put into its mouth.
#[test]
fn what_postgres_says_of_a_full_disk_is_understood() {
    let w = &World::new(Engine::Postgres);
    let mut outside = Outside::open(w);
    outside.run(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION \
         'could not extend file \"base/16384/16397\": No space left on device' USING ERRCODE = 'disk_full'; END $$; \
         CREATE TRIGGER full_disk BEFORE INSERT ON records EXECUTE FUNCTION fail()",
    );
    let record = Rec::household(JINYANG);
    let envelope = w.ali().envelope([record.create()]);
    assert_unavailable(w.ali().send(&envelope));
    assert_eq!(w.ali().see(&record), None);
    outside.run("DROP TRIGGER full_disk ON records");
    assert_eq!(w.ali().accept(&envelope).statuses(), ["applied"]);
}
