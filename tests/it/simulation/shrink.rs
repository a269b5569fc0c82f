//! Makes a failing plan small: fewer steps by delta debugging, then fewer devices.

use std::time::{Duration, Instant};

use super::plan::Plan;

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
    steps(&best, &fails)
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

#[test]
fn only_what_makes_it_fail_is_left() {
    let plan = Plan::from_seed(1);
    assert!(plan.steps.len() >= 10);
    let fails = |plan: &Plan| {
        let has = |text: &str| plan.steps.iter().any(|step| step.to_string() == text);
        [2, 5, 9].iter().all(|n| has(&Plan::from_seed(1).steps[*n].to_string()))
    };
    let small = shrink(&plan, Duration::from_mins(1), &fails);
    assert_eq!(small.steps.len(), 3, "{small}");
}
