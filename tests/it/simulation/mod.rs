//! Many devices, everything that can go wrong with them, and a model.
//!
//! A seed decides on a plan (`plan`): who edits what, when, by which clock, who pushes and pulls, what gets lost. The plan
//! is done against a running server over HTTP (`run`, with `client` as a phone), and every request is logged (`log`) with
//! its answer. Then everybody sends what is left and pulls everything, and it is asked what the server tells of it all
//! (`truth`). The model (`model`), written from the protocol and sharing no code with the server, goes through the log: each
//! answer on the way, and everything at the end (`compare`), must be what the model says. A plan that fails is made small
//! (`shrink`) and printed with the log of its requests.
//!
//! `RUHU_TEST_SEED=7` tries one seed; `RUHU_TEST_LONG=1` tries many more.

mod client;
mod compare;
mod log;
mod model;
mod plan;
mod run;
mod shrink;
mod truth;

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::support::World;
use crate::support::engine::Engine;
use model::{Author, Model};
use plan::Plan;
use run::Run;
use truth::Truth;

/// What differs, after the requests up to there.
struct Failure(String);

fn world_authors(w: &World, plan: &Plan) -> HashMap<String, Author> {
    let author = |name: &&str| {
        let phone = w.phone(name);
        let team = match *name {
            "ali" | "bo" => Some("one"),
            "chen" => Some("two"),
            _ => None,
        };
        let scope: BTreeSet<String> = match *name {
            "ali" | "bo" => [crate::support::JINYANG.to_owned()].into(),
            "chen" => [crate::support::JINYANG.to_owned(), crate::support::ZHAOJUE.to_owned()].into(),
            _ => crate::support::cast::counties("5134").into_iter().collect(),
        };
        let team = team.map(|team| w.cast().teams[team].clone());
        (phone.device.clone(), Author { user: phone.user.clone(), team, scope })
    };
    plan.devices.iter().map(author).collect()
}

fn attempt(engine: Engine, plan: &Plan) -> Result<(), Failure> {
    let w = World::new(engine);
    let mut run = Run::new(&w, plan);
    let fail = |run: &Run<'_>, what: &str, events: usize| {
        let trace: Vec<String> = run.log[..events].iter().map(|event| format!("  {event}\n")).collect();
        let mut text = format!("{}\n{what}", trace.concat());
        for (n, client) in run.clients.iter().enumerate() {
            text = text.replace(&client.device, &format!("device {n}"));
        }
        Failure(text)
    };
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run.all(plan))) {
        return Err(fail(&run, &text(&*panic), run.log.len()));
    }
    let judged = catch_unwind(AssertUnwindSafe(|| {
        let truth = Truth::of(run.office(), plan);
        let mut model = Model::new(&truth, world_authors(&w, plan));
        for (n, event) in run.log.iter().enumerate() {
            model.happen(event).map_err(|what| fail(&run, &what, n + 1))?;
        }
        let copies: Vec<_> = run.clients.iter().map(|client| (client.device.clone(), &client.mirror)).collect();
        let all = compare::all(&model, &truth, &copies);
        all.map_err(|what| fail(&run, &format!("after healing: {what}"), run.log.len()))
    }));
    judged.unwrap_or_else(|panic| Err(fail(&run, &text(&*panic), run.log.len())))
}

fn text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_else(|| "a panic".into())
}

/// Tries seeds until the time is over; the first that fails is made small and told.
fn simulate(engine: Engine) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let long = number("RUHU_TEST_LONG").is_some_and(|long| long > 0);
    let (mut seeds, limit): (Box<dyn Iterator<Item = u64>>, _) = match number("RUHU_TEST_SEED") {
        Some(seed) => (Box::new(std::iter::once(seed)), Duration::MAX),
        None => (Box::new(1..), Duration::from_secs(if long { 1_200 } else { 15 })),
    };
    let (begun, mut tried) = (Instant::now(), 0);
    while begun.elapsed() < limit
        && let Some(seed) = seeds.next()
    {
        let plan = Plan::from_seed(seed);
        if attempt(engine, &plan).is_err() {
            tell(engine, &plan);
        }
        tried += 1;
    }
    eprintln!("{tried} plans on {engine:?}, in {:?}", begun.elapsed());
}

fn tell(engine: Engine, plan: &Plan) -> ! {
    let small = shrink::shrink(plan, Duration::from_mins(1), &|plan| attempt(engine, plan).is_err());
    let (small, what) = match attempt(engine, &small) {
        Err(Failure(what)) => (small, what),
        Ok(()) => (plan.clone(), "it fails at times only".into()),
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
