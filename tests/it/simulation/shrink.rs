//! Makes a failing plan small: fewer steps by delta debugging, fewer devices, then simpler steps.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::plan::{Made, Plan, PullFate, PushFate, Step, Told};

/// The smallest plan that was found, within `limit`, of those that `fails` says yes to; it says yes to `plan`.
pub(crate) fn shrink(plan: &Plan, limit: Duration, fails: &dyn Fn(&Plan) -> bool) -> Plan {
    let deadline = Instant::now() + limit;
    let fails = |plan: &Plan| Instant::now() < deadline && fails(plan);
    let mut best = steps(plan, &fails);
    for device in (0..best.devices.len()).rev() {
        if let Some(without) = best.without_device(device)
            && fails(&without)
        {
            best = without;
        }
    }
    steps(&simpler(&best, &fails), &fails)
}

/// Takes out pieces of the steps, ever smaller ones, as long as it fails without them.
fn steps(plan: &Plan, fails: &dyn Fn(&Plan) -> bool) -> Plan {
    let mut best = plan.clone();
    let mut size = best.steps.len().div_ceil(2);
    while size > 0 {
        let (mut from, mut removed) = (0, false);
        while from < best.steps.len() {
            let mut less = best.clone();
            less.steps.drain(from..(from + size).min(best.steps.len()));
            if fails(&less) {
                (best, removed) = (less, true);
            } else {
                from += size;
            }
        }
        if size > 1 || !removed {
            size /= 2;
        }
    }
    best
}

/// Puts simpler steps in the place of those that are left.
fn simpler(plan: &Plan, fails: &dyn Fn(&Plan) -> bool) -> Plan {
    let mut best = plan.clone();
    for n in 0..best.steps.len() {
        while let Some(next) = variants(&best.steps[n]).into_iter().find_map(|step| {
            let mut next = best.clone();
            next.steps[n] = step;
            fails(&next).then_some(next)
        }) {
            best = next;
        }
    }
    best
}

/// The same step with less that is out of the ordinary.
fn variants(step: &Step) -> Vec<Step> {
    let plain = Made { ago: 0, told: Told::Rightly };
    let is_plain = |made: &Made| made.ago == 0 && made.told == Told::Rightly;
    match step {
        Step::Edit { device, record, fields, partial, made } => {
            let edit =
                |fields: Value, made| Step::Edit { device: *device, record: *record, fields, partial: *partial, made };
            let names = fields.as_object().into_iter().flatten().map(|(name, _)| name);
            let without = names.map(|name| {
                let mut less = fields.clone();
                less.as_object_mut().expect("an object").remove(name);
                edit(less, *made)
            });
            without.chain((!is_plain(made)).then(|| edit(fields.clone(), plain))).collect()
        }
        Step::Delete { device, record, made } if !is_plain(made) => {
            vec![Step::Delete { device: *device, record: *record, made: plain }]
        }
        Step::Push { device, most, fate } if *most < 500 || *fate != PushFate::Answered => {
            vec![Step::Push { device: *device, most: 500, fate: PushFate::Answered }]
        }
        Step::Pull { device, limit, fate, .. } if *limit < 1000 || *fate != PullFate::Stored => {
            vec![Step::Pull { device: *device, limit: 1000, pages: 9, fate: PullFate::Stored }]
        }
        Step::Race { devices } if devices.len() > 1 => {
            let without = |n: usize| {
                let mut devices = devices.clone();
                devices.remove(n);
                Step::Race { devices }
            };
            (0..devices.len()).map(without).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn only_what_makes_it_fail_is_left() {
    let plan = Plan::from_seed(1);
    let wanted: Vec<String> = [2, 5, 9].map(|n| plan.steps[n].to_string()).into();
    let fails = |plan: &Plan| wanted.iter().all(|text| plan.steps.iter().any(|step| step.to_string() == *text));
    assert!(plan.steps.len() >= 10 && fails(&plan));
    let small = shrink(&plan, Duration::from_mins(1), &fails);
    assert_eq!(small.steps.iter().map(Step::to_string).collect::<Vec<_>>(), wanted, "{small}");
}

#[test]
fn what_is_left_is_simple() {
    let race =
        |plan: &Plan| plan.steps.iter().any(|step| matches!(step, Step::Race { devices } if !devices.is_empty()));
    let edit = |plan: &Plan| plan.steps.iter().any(|step| matches!(step, Step::Edit { .. }));
    let plan = (1..1_000).map(Plan::from_seed).find(|plan| race(plan) && edit(plan)).expect("there is one");
    let small = shrink(&plan, Duration::from_mins(1), &|plan| race(plan) && edit(plan));
    let edit = small.steps.iter().find(|step| matches!(step, Step::Edit { .. })).expect("it is left");
    assert_eq!((small.steps.len(), small.devices.len()), (2, 1), "{small}");
    assert!(edit.to_string().ends_with("0 ms ago: {}"), "{small}");
}
