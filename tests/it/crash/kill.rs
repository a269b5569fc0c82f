//! `kill -9` of the server at random moments of a load: pushes of several phones over several counties, with conflicts,
//! deletes and operations to be held, and an office that settles. After each: all that was acknowledged is there, once,
//! and what was not is sent again.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::wait;
use crate::support::engine::Engine;
use crate::support::ledger::{self, Open};
use crate::support::load::{Commons, Sent, Told, Worker};
use crate::support::serving::{Serving, ruhu};
use crate::support::*;

/// An office that releases and discards, each decision under a key, so that it may be sent again.
struct Clerk<'a> {
    office: &'a Session,
    /// What it has decided, and was told so.
    settled: Vec<(String, &'static str)>,
    /// A decision that has no answer yet: the operation, and which way.
    pending: Option<(String, &'static str)>,
}

impl Clerk<'_> {
    /// Decides one thing; `false` when the server went away.
    fn work(&mut self, rng: &mut StdRng) -> bool {
        if self.pending.is_none() {
            let Some(list) = self.office.get("/v1/held-ops?state=open&status[in]=quarantined,parked").try_send() else {
                return false;
            };
            let list = list.ok();
            // One of a phone: a decision on what a delete parked is a rev that no phone was told of.
            let mut items = list["items"].as_array().unwrap().iter().filter(|item| item["op"]["op_seq"].is_u64());
            let how = if rng.random_bool(0.7) { "release" } else { "discard" };
            self.pending = items.next_back().map(|item| (id_of(item), how));
        }
        let Some((id, how)) = self.pending.clone() else { return true };
        let call = self.office.post(&format!("/v1/held-ops/{id}/{how}"), &json!({})).header("idempotency-key", &id);
        let Some(reply) = call.try_send() else { return false };
        self.pending = None;
        if reply.status == 200 {
            self.settled.push((id, how));
        } else {
            // A push has restored its record meanwhile, or it lacks what it needs.
            let problem = reply.refused(&[409]);
            assert!(["already_settled", "not_releasable"].contains(&problem["code"].as_str().unwrap()), "{problem}");
        }
        true
    }

    /// What it was told is so.
    fn check(&self) {
        let held = self.office.all("/v1/held-ops");
        for (id, how) in &self.settled {
            let row = held.iter().find(|row| row["id"] == **id).unwrap_or_else(|| panic!("{id} is not there"));
            assert_eq!(row["state"], if *how == "release" { "released" } else { "discarded" }, "{row}");
        }
    }
}

/// An access token counts for 15 minutes: whoever works for longer signs in again after so many.
const SHIFT: Duration = Duration::from_mins(5);

/// Lets them work until the server is killed, at some moment after `pushes` were taken.
fn work_until_killed(
    serving: &mut Serving,
    workers: &mut [Worker<'_>],
    clerk: &mut Clerk<'_>,
    rng: &mut StdRng,
    pushes: usize,
) {
    let (killed, taken) = (&AtomicBool::new(false), &AtomicUsize::new(0));
    let moment = Duration::from_micros(rng.random_range(0..20_000));
    let mut choices = StdRng::seed_from_u64(rng.random());
    std::thread::scope(|scope| {
        for worker in workers {
            scope.spawn(move || {
                loop {
                    match worker.send() {
                        Sent::Taken => taken.fetch_add(1, Ordering::SeqCst),
                        Sent::Refused(reply) => panic!("a push gave {}: {}", reply.status, reply.text()),
                        Sent::Unanswered if killed.load(Ordering::SeqCst) => return,
                        Sent::Unanswered => panic!("no answer, and nobody killed the server"),
                    };
                }
            });
        }
        scope.spawn(move || {
            while clerk.work(&mut choices) {}
            assert!(killed.load(Ordering::SeqCst), "no answer, and nobody killed the server");
        });
        eventually(60, "pushes are taken", || (taken.load(Ordering::SeqCst) >= pushes).then_some(()));
        wait(moment);
        killed.store(true, Ordering::SeqCst);
        serving.kill();
    });
}

fn kill_and_start_again(w: &World, times: usize) {
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let rng = &mut StdRng::seed_from_u64(seed);
    let office = w.province();
    let phones = [w.ali(), w.bo(), w.chen(), w.phone("liangshan"), w.phone("province")];
    let commons = Commons::default();
    let mut worker = |phone, counties: &[&str]| Worker::new(phone, counties, &commons, rng.random());
    let mut workers = [
        worker(phones[0], &[JINYANG]).elsewhere(WUSHENG),
        worker(phones[1], &[JINYANG]).elsewhere(WUSHENG),
        worker(phones[2], &[JINYANG, ZHAOJUE]).elsewhere(WUSHENG),
        worker(phones[3], &[JINYANG, ZHAOJUE, XIDE]).elsewhere(WUSHENG),
        worker(phones[4], &[XIDE, JINYANG]),
    ];
    let mut clerk = Clerk { office, settled: Vec::new(), pending: None };
    let mut told: Vec<Told> = Vec::new();
    w.stop();
    let mut serving = Serving::start(w);
    let mut signed_in = Instant::now();
    for _ in 0..times {
        let pushes = rng.random_range(1..40);
        work_until_killed(&mut serving, &mut workers, &mut clerk, rng, pushes);
        // It may also be killed while it starts.
        let mut beginning = Serving::begin(ruhu(w));
        wait(Duration::from_micros(rng.random_range(0..100_000)));
        beginning.kill();
        serving = Serving::start(w);
        if signed_in.elapsed() > SHIFT {
            office.sign_in_again("province", None);
            for phone in phones {
                phone.sign_in_again(&phone.name, Some(&phone.device));
            }
            signed_in = Instant::now();
        }
        let since = told.len();
        told.extend(workers.iter_mut().flat_map(|worker| worker.told.drain(..)));
        let open = workers.iter().filter_map(|worker| {
            let device = worker.phone.device.clone();
            Some(Open { device, envelope: worker.pending.clone()? })
        });
        ledger::check_since(office, &told, since, &open.collect::<Vec<_>>());
        clerk.check();
    }
    // What had no answer is sent again: once in effect, whether or not it had arrived.
    for worker in &mut workers {
        worker.push();
        told.append(&mut worker.told);
        assert_eq!(worker.phone.push([]).acked() + 1, worker.phone.next());
    }
    clerk.work(rng);
    ledger::check(office, &told);
    clerk.check();
}

on_both_engines! {
    fn nothing_acknowledged_is_lost_by_a_kill(w) {
        kill_and_start_again(w, 5);
    }
}

#[test]
#[ignore = "takes minutes"]
fn nothing_acknowledged_is_lost_by_fifty_kills_on_sqlite() {
    kill_and_start_again(&World::new(Engine::Sqlite), 50);
}

#[test]
#[ignore = "takes minutes"]
fn nothing_acknowledged_is_lost_by_fifty_kills_on_postgres() {
    kill_and_start_again(&World::new(Engine::Postgres), 50);
}
