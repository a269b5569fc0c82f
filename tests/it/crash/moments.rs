//! `kill -9` at moments that count: while a push waits, while it commits, and when it has committed and nobody was told.

use super::assert_unavailable;
use crate::support::engine::Engine;
use crate::support::outside::Outside;
use crate::support::serving::Serving;
use crate::support::*;

/// Makes every commit that writes records of a county wait for whoever holds the gate. The server knows nothing of it.
pub(super) fn gate(county: &str) -> String {
    format!(
        "CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER gate AFTER INSERT OR UPDATE ON records DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW WHEN (NEW.bucket = {county}) EXECUTE FUNCTION wait_at_gate()"
    )
}
pub(super) const SHUT: &str = "SELECT pg_advisory_lock(1)";
const OPEN: &str = "SELECT pg_advisory_unlock(1)";

fn records(outside: &mut Outside) -> i64 {
    outside.number("SELECT count(*) AS n FROM records")
}

/// Phones' pushes, of two new households each, that have no answer when `moment` has killed the server.
fn unanswered<'a>(w: &'a World, phones: &[&str], moment: impl FnOnce()) -> Vec<(&'a Phone, Vec<Rec>, Value)> {
    let push = |phone: &str| {
        let records = vec![Rec::household(JINYANG), Rec::household(JINYANG)];
        let envelope = w.phone(phone).envelope(records.iter().map(Rec::create));
        (w.phone(phone), records, envelope)
    };
    let pushes: Vec<_> = phones.iter().copied().map(push).collect();
    std::thread::scope(|scope| {
        let sent: Vec<_> =
            pushes.iter().map(|(phone, _, envelope)| scope.spawn(|| phone.try_push(envelope).is_none())).collect();
        moment();
        assert!(sent.into_iter().all(|sent| sent.join().unwrap()), "a push was answered before its moment");
    });
    pushes
}

/// Sends them again, twice: each counts once.
fn send_again(w: &World, pushes: &[(&Phone, Vec<Rec>, Value)]) {
    for (phone, records, envelope) in pushes {
        let first = phone.accept(envelope);
        assert_eq!(first.statuses(), ["applied", "applied"]);
        assert_eq!(phone.accept(envelope).results(), first.results());
        for (record, result) in records.iter().zip(first.results()) {
            let history = w.province().history(record);
            assert_eq!(history.iter().map(rev).collect::<Vec<_>>(), [1]);
            assert_eq!((&history[0]["seq"], &result["rev"]), (&result["seq"], &json!(1)));
        }
    }
    let mut mirror = Mirror::of(w.province());
    mirror.sync();
    let sent: usize = pushes.iter().map(|(_, records, _)| records.len()).sum();
    assert_eq!(mirror.live()[JINYANG].len(), sent);
}

/// Signs in who takes part, then gives the database to a server that can be killed.
fn serve(w: &World) -> Serving {
    w.province();
    w.ali();
    w.chen();
    w.stop();
    Serving::start(w)
}

on_both_engines! {
    fn killed_while_it_waits_it_has_done_nothing(w) {
        let (mut holder, mut watcher) = (Outside::open(w), Outside::open(w));
        let mut serving = serve(w);
        match w.engine() {
            Engine::Sqlite => holder.run("BEGIN IMMEDIATE"),
            Engine::Postgres => holder.hold("SELECT * FROM buckets WHERE bucket = 513430 FOR UPDATE"),
        }
        let pushes = unanswered(w, &["ali", "chen"], || {
            match w.engine() {
                // As long as the other one writes, there is no later moment to wait for.
                Engine::Sqlite => (0..10).for_each(|_| drop(w.province().pull(None))),
                Engine::Postgres => watcher.until_stuck(1),
            }
            serving.kill();
        });
        holder.release();
        let _again = Serving::start(w);
        assert_eq!(records(&mut watcher), 0);
        send_again(w, &pushes);
    }
}

#[test]
fn killed_while_it_commits_its_pushes_count_once() {
    let w = &World::new(Engine::Postgres);
    let (mut holder, mut watcher) = (Outside::open(w), Outside::open(w));
    holder.run(&gate(JINYANG));
    holder.run(SHUT);
    let mut serving = serve(w);
    let pushes = unanswered(w, &["ali", "chen"], || {
        watcher.until_stuck(1);
        let committing = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
             AND query = 'COMMIT' AND wait_event = 'advisory'";
        assert_eq!(watcher.number(committing), 1);
        serving.kill();
    });
    // The database finishes what it was told, and only then looks for the one who told it.
    holder.run(OPEN);
    eventually(20, "it is committed", || (records(&mut watcher) > 0).then_some(()));
    let _again = Serving::start(w);
    send_again(w, &pushes);
}

#[test]
fn what_is_sent_again_while_a_dead_servers_commit_goes_on_counts_once() {
    let w = &World::new(Engine::Postgres);
    let (mut holder, mut watcher) = (Outside::open(w), Outside::open(w));
    holder.run(&gate(JINYANG));
    holder.run(SHUT);
    let mut serving = serve(w);
    let pushes = unanswered(w, &["ali"], || {
        watcher.until_stuck(1);
        serving.kill();
    });
    let _again = Serving::start(w);
    std::thread::scope(|scope| {
        let again = scope.spawn(|| w.ali().accept(&pushes[0].2));
        // The dead one's transaction, and the one that waits for its end.
        watcher.until_stuck(2);
        holder.run(OPEN);
        assert_eq!(again.join().unwrap().statuses(), ["applied", "applied"]);
    });
    send_again(w, &pushes);
}

#[test]
fn killed_when_it_has_committed_and_told_nobody_its_pushes_count_once() {
    let w = &World::new(Engine::Postgres);
    let (mut holder, mut watcher) = (Outside::open(w), Outside::open(w));
    holder.run(&gate(JINYANG));
    holder.run(SHUT);
    let mut serving = serve(w);
    let pushes = unanswered(w, &["ali", "chen"], || {
        watcher.until_stuck(1);
        // Frozen, it cannot hear that its commit is done.
        serving.signal("STOP");
        holder.run(OPEN);
        eventually(20, "it is committed", || (records(&mut watcher) > 0).then_some(()));
        serving.kill();
    });
    let _again = Serving::start(w);
    send_again(w, &pushes);
}

#[test]
fn killed_as_soon_as_its_push_can_be_read_it_counts_once() {
    let w = &World::new(Engine::Sqlite);
    let mut watcher = Outside::open(w);
    let mut serving = serve(w);
    let record = Rec::household(JINYANG);
    let envelope = w.ali().envelope([record.create(), Rec::household(JINYANG).create()]);
    std::thread::scope(|scope| {
        // It may have its answer, or not.
        scope.spawn(|| w.ali().try_push(&envelope).is_some());
        while records(&mut watcher) == 0 {}
        serving.kill();
    });
    let _again = Serving::start(w);
    assert!(w.province().see(&record).is_some());
    assert_eq!(w.ali().accept(&envelope).statuses(), ["applied", "applied"]);
    assert_eq!(w.province().history(&record).len(), 1);
    assert_eq!(records(&mut watcher), 2);
}

#[test]
fn a_connection_that_is_lost_at_the_commit_leaves_a_push_to_be_sent_again() {
    let w = &World::new(Engine::Postgres);
    let (mut holder, mut watcher) = (Outside::open(w), Outside::open(w));
    holder.run(&gate(JINYANG));
    holder.run(SHUT);
    let record = Rec::household(JINYANG);
    let envelope = w.ali().envelope([record.create()]);
    let refused = std::thread::scope(|scope| {
        let sent = scope.spawn(|| w.ali().send(&envelope));
        watcher.until_stuck(1);
        let ended = watcher.number(
            "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity \
             WHERE datname = current_database() AND query = 'COMMIT' AND wait_event = 'advisory'",
        );
        assert_eq!(ended, 1);
        sent.join().unwrap()
    });
    // Whether it was stored, the server cannot know, and does not claim to.
    assert!(!refused.text().contains("nothing was changed"), "{}", refused.text());
    assert_unavailable(refused);
    holder.run(OPEN);
    assert_eq!(w.ali().accept(&envelope).statuses(), ["applied"]);
    assert_eq!(w.ali().history(&record).len(), 1);
}
