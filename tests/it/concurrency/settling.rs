//! Decisions on one held operation, or on one conflict, at the same moment, and beside pushes about its record: exactly
//! one counts, and the record shows it. At two servers, so that only the database decides.

use super::{second, together};
use crate::support::http::Reply;
use crate::support::*;

type Deed<'a> = super::Deed<'a, Reply>;

const COUNTY: &str = "SELECT * FROM buckets WHERE bucket = 513430 FOR UPDATE";

/// Does them at once, all of which need what `hold` locks; how many were taken. The others were told that it was settled.
fn taken(w: &World, hold: &str, deeds: Vec<Deed<'_>>) -> usize {
    let replies = together(w, hold, deeds);
    let (taken, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    for reply in refused {
        reply.problem(409, "already_settled");
    }
    taken.len()
}

fn settle<'a>(session: &'a Session, held: &Value, how: &str) -> Deed<'a> {
    let path = format!("/v1/held-ops/{}/{how}", id_of(held));
    Box::new(move || session.post(&path, &json!({})).send())
}

/// The offices, at both servers.
fn offices(w: &World, other: &str) -> [Session; 4] {
    let here = w.province().url();
    [w.liangshan().at(&here), w.province().at(other), w.liangshan().at(other), w.province().at(&here)]
}

/// How often a text stands in a record's history.
fn times(w: &World, record: &Rec, field: &str, text: &str) -> usize {
    let says = |entry: &Value| {
        entry["fields"].as_array().unwrap().iter().any(|one| one["name"] == field && one["value"] == text)
    };
    w.province().history(record).iter().filter(|entry| says(entry)).count()
}

on_both_engines! {
    fn of_many_decisions_on_a_quarantined_operation_one_counts(w) {
        let other = second(w);
        let offices = offices(w, &other.url());
        for round in 0..4 {
            let record = Rec::household(JINYANG);
            w.ali().push_one(record.create());
            is(w.deng().push_one(record.edit(json!({ "remarks": "deng" })).base(1)), "quarantined");
            let held = w.liangshan().held_one(&record);
            // Beside pushes of others about the record.
            let pushes = [w.ali().envelope([record.edit(json!({ "people": round })).base(1)]),
                w.chen().envelope([record.edit(json!({ "phone": "1" })).base(1)])];
            let taken = std::thread::scope(|scope| {
                scope.spawn(|| w.ali().accept(&pushes[0]));
                scope.spawn(|| w.chen().at(&other.url()).accept(&pushes[1]));
                let how = |n: usize| if (n + round).is_multiple_of(2) { "release" } else { "discard" };
                taken(w, COUNTY, offices.iter().enumerate().map(|(n, office)| settle(office, &held, how(n))).collect())
            });
            assert_eq!(taken, 1);
            w.chen().push([]);
            let released = w.liangshan().held_one(&record)["state"] == "released";
            assert_eq!(times(w, &record, "remarks", "deng"), usize::from(released));
            let revs: Vec<_> = w.province().history(&record).iter().map(rev).collect();
            assert_eq!(revs, (1..=3 + u64::from(released)).collect::<Vec<_>>());
            assert_eq!(w.ali().fields(&record)["remarks"] == "deng", released);
        }
        other.stop();
    }

    fn of_many_who_discard_a_rejected_operation_one_counts(w) {
        let other = second(w);
        let offices = offices(w, &other.url());
        for _ in 0..4 {
            let record = Rec::household(JINYANG);
            is(w.ali().push_one(record.create_with(json!({ "people": "five" }))), "rejected");
            let held = w.liangshan().held_one(&record);
            let deeds = offices.iter().map(|office| settle(office, &held, "discard")).collect();
            assert_eq!(taken(w, "SELECT * FROM held_ops FOR UPDATE", deeds), 1);
        }
        other.stop();
    }

    fn of_a_decision_and_a_restore_one_takes_a_parked_operation(w) {
        let other = second(w);
        let offices = offices(w, &other.url());
        for round in 0..4 {
            let record = Rec::household(JINYANG);
            w.ali().push_one(record.create().ago(60));
            w.chen().push_one(record.delete().base(1).ago(50));
            is(w.ali().push_one(record.edit(json!({ "remarks": "waits" })).base(1).ago(40)), "parked");
            let held = w.liangshan().held_one(&record);
            // Who has seen the delete restores the record, with what the delete parked.
            let restore = w.chen().envelope([record.edit(json!({ "phone": "back" })).base(2)]);
            let how = ["release", "discard"][round % 2];
            let mut deeds: Vec<Deed<'_>> = offices[..2].iter().map(|office| settle(office, &held, how)).collect();
            let taken = std::thread::scope(|scope| {
                let restoring = scope.spawn(|| accepted(w.chen().accept(&restore).0["results"][0].take()));
                // A decision that comes too late is told so.
                let taken = taken(w, COUNTY, std::mem::take(&mut deeds));
                restoring.join().unwrap();
                taken
            });
            assert!(taken <= 1);
            let state = w.liangshan().held_one(&record)["state"].take();
            let expected = if how == "discard" && taken == 1 { "discarded" } else { "released" };
            assert_eq!(state, expected);
            assert_eq!(times(w, &record, "remarks", "waits"), usize::from(state == "released"));
            let fields = w.ali().fields(&record);
            assert_eq!(fields["phone"], "back");
            assert_eq!(fields["remarks"] == "waits", state == "released", "{fields}");
        }
        other.stop();
    }

    fn of_many_decisions_on_a_conflict_one_counts(w) {
        let other = second(w);
        let offices = offices(w, &other.url());
        for _ in 0..4 {
            let record = Rec::household(JINYANG);
            w.ali().push_one(record.create_with(json!({ "phone": "one" })).ago(60));
            w.chen().push_one(record.edit(json!({ "phone": "two" })).ago(50));
            let path = format!("/v1/conflicts/{}/resolve", id_of(&w.liangshan().conflict(&record)));
            let before = w.province().history(&record).len();
            let choices = [json!({ "keep": "other" }), json!({ "value": "three" }), json!({ "keep": "current" }),
                json!({ "keep": "other" })];
            let deeds = offices.iter().zip(&choices).map(|(office, choice)| {
                let path = path.clone();
                Box::new(move || office.post(&path, choice).send()) as Deed<'_>
            });
            assert_eq!(taken(w, COUNTY, deeds.collect()), 1);
            assert_eq!(w.liangshan().conflict(&record)["state"], "settled");
            assert_eq!(w.province().history(&record).len(), before + 1);
            assert!(["one", "two", "three"].contains(&w.ali().fields(&record)["phone"].as_str().unwrap()));
        }
        other.stop();
    }
}
