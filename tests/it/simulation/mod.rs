//! Many devices, everything that can go wrong with them, and a model.
//!
//! A seed decides on a plan (`plan`, `generate`): who edits what, when, by which clock, who pushes and pulls, what gets lost,
//! who loses a county, what a person decides. The plan is done against a running server over HTTP (`run`, with `client` as a
//! phone), and every request is logged (`log`) with its answer. Then everybody sends what is left and pulls everything, and
//! it is asked what the server tells of it all (`truth`). The model (`model`), written from the protocol and sharing no code
//! with the server, goes through the log: each answer on the way, and everything at the end (`compare`), must be what the
//! model says. A plan that fails is made small (`shrink`) and printed with the log of its requests.
//!
//! `RUHU_TEST_SEED=7` tries one seed; `RUHU_TEST_LONG=1` tries many more.

mod client;
mod compare;
mod generate;
mod log;
mod model;
mod plan;
mod run;
mod shrink;
mod tally;
mod truth;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::cast::counties;
use crate::support::engine::Engine;
use crate::support::{World, is_long};
use log::Event;
use model::{Assignment, Facts, Model, Staff};
use plan::Plan;
use run::Run;
use tally::{ENOUGH, LEAST, Tally};
use truth::Truth;

/// What differs, after the requests up to there.
struct Failure(String);

/// What is there before the plan begins.
fn facts(w: &World, plan: &Plan) -> Facts {
    let cast = w.cast();
    let staff = |(name, user): (&String, &String)| {
        let team = match name.as_str() {
            "ali" | "bo" => Some("one"),
            "chen" => Some("two"),
            "deng" => Some("three"),
            "er" => Some("four"),
            _ => None,
        };
        let region = match name.as_str() {
            "province" => Some("51"),
            "liangshan" => Some("5134"),
            "guangan" => Some("5116"),
            _ => None,
        };
        (name.clone(), Staff { user: user.clone(), team: team.map(|team| cast.teams[team].clone()), region })
    };
    let assignments = w.province().all("/v1/assignments?limit=1000");
    Facts {
        staff: cast.users.iter().map(staff).collect(),
        teams: cast.teams.clone(),
        devices: plan.devices.iter().map(|name| (cast.phones[*name].1.clone(), (*name).to_owned())).collect(),
        assignments: assignments.iter().map(|told| Assignment::of(told).expect("an assignment")).collect(),
        counties: counties("51"),
    }
}

/// Does a plan in a world of its own, and judges it.
fn attempt(engine: Engine, plan: &Plan) -> Result<Vec<Event>, Failure> {
    let whole = || {
        let w = World::new(engine);
        let facts = facts(&w, plan);
        let mut run = Run::new(&w, plan);
        let done = catch_unwind(AssertUnwindSafe(|| run.all(plan)));
        let fail = |what: &str, events: usize| {
            let trace: Vec<String> = run.log[..events].iter().map(|event| format!("  {event}\n")).collect();
            Failure(run.readable(&format!("{}\n{what}", trace.concat())))
        };
        done.map_err(|panic| fail(&text(&*panic), run.log.len()))?;
        let truth = Truth::of(w.province(), plan, &run.clients);
        let models = Model::new(&truth, &facts).follow(&run.log).map_err(|(n, what)| fail(&what, n + 1))?;
        let ends = models.iter().map(|model| compare::all(model, &truth, &run.clients));
        let best = ends.reduce(|one, other| if one.is_ok() { one } else { other }).expect("a model is left");
        best.map_err(|what| fail(&format!("after healing: {what}"), run.log.len()))?;
        Ok(run.log)
    };
    catch_unwind(whole).unwrap_or_else(|panic| Err(Failure(text(&*panic))))
}

fn text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_else(|| "a panic".into())
}

/// Plans that are tried side by side: each waits most of its time for a disk.
const SIDE_BY_SIDE: u64 = 4;

/// Tries seeds until the time is over, and enough of them in any case; the first that fails is made small and told.
fn simulate(engine: Engine) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number("RUHU_TEST_SEED") {
        let plan = Plan::from_seed(seed);
        if let Err(failure) = attempt(engine, &plan) {
            tell(engine, &plan, failure);
        }
        return;
    }
    let long = is_long();
    let least = if long { ENOUGH } else { LEAST };
    let deadline = Instant::now() + Duration::from_secs(if long { 1_200 } else { 15 });
    // The long one tries others each time; a short one the same from the first on, so that its verdict is the commit's.
    let first = if long { u64::from(rand::random::<u32>()) } else { 1 };
    let (next, failed, tally) = (&AtomicU64::new(first), &Mutex::new(None), &Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                let enough = || tally.lock().unwrap().plans >= least;
                while (Instant::now() < deadline || !enough()) && failed.lock().unwrap().is_none() {
                    let plan = Plan::from_seed(next.fetch_add(1, Ordering::SeqCst));
                    match attempt(engine, &plan) {
                        Ok(log) => tally.lock().unwrap().add(&log),
                        Err(failure) => drop(failed.lock().unwrap().get_or_insert((plan, failure))),
                    }
                }
            });
        }
    });
    if let Some((plan, failure)) = failed.lock().unwrap().take() {
        tell(engine, &plan, failure);
    }
    let tally = tally.lock().unwrap();
    eprintln!("{engine:?}: {tally}");
    tally.check(least);
}

fn tell(engine: Engine, plan: &Plan, Failure(first): Failure) -> ! {
    let small = shrink::shrink(plan, Duration::from_mins(1), &|plan| attempt(engine, plan).is_err());
    let (small, what) = match attempt(engine, &small) {
        Err(Failure(what)) => (small, what),
        Ok(_) => (plan.clone(), format!("it fails at times only. The first time:\n{first}")),
    };
    panic!("RUHU_TEST_SEED={} fails on {engine:?}. The smallest plan:\n{small}\n{what}", plan.seed);
}

mod devices_and_server_agree_with_the_model {
    use super::{Engine, simulate};

    #[test]
    fn sqlite() {
        simulate(Engine::Sqlite);
    }

    #[test]
    fn postgres() {
        simulate(Engine::Postgres);
    }
}
