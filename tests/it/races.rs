//! Section 2, repeats: pushes that meet, phones that were copied, people who sign in again.

use std::sync::Barrier;

use crate::support::*;

fn households(n: usize) -> Vec<Op> {
    (0..n).map(|_| Rec::household(JINYANG).create()).collect()
}

on_both_engines! {
    fn equal_pushes_at_the_same_moment_count_once(w) {
        let record = Rec::household(JINYANG);
        let envelope = w.ali().envelope([record.create(), record.edit(json!({ "people": 6 }))]);
        let barrier = Barrier::new(6);
        let answers: Vec<Value> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..6)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        w.ali().send(&envelope).ok()
                    })
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        for answer in &answers {
            assert_eq!(answer["results"], answers[0]["results"]);
            assert_eq!(answer["acked"], 2);
        }
        assert_eq!(w.ali().see(&record).unwrap()["rev"], 2);
        assert_eq!(w.ali().history(&record).len(), 2);
    }

    fn different_pushes_of_one_number_at_the_same_moment_leave_one_winner(w) {
        let records: Vec<_> = (0..4).map(|_| Rec::household(JINYANG)).collect();
        let barrier = Barrier::new(4);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let racers: Vec<_> = records
                .iter()
                .map(|record| {
                    let (barrier, envelope) = (&barrier, w.ali().envelope_from(1, [record.create()]));
                    scope.spawn(move || {
                        barrier.wait();
                        w.ali().send(&envelope).status
                    })
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|s| **s == 409).count(), 3, "{statuses:?}");
        assert_eq!(records.iter().filter(|record| w.ali().see(record).is_some()).count(), 1);
    }

    fn pushes_of_many_devices_at_the_same_moment_all_arrive(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        let phones = [w.ali(), w.bo(), w.chen(), w.phone("liangshan"), w.phone("province")];
        let before: Vec<_> = phones.iter().map(|phone| phone.push([]).acked()).collect();
        std::thread::scope(|scope| {
            for phone in phones {
                let record = &record;
                scope.spawn(move || {
                    for n in 0..5 {
                        phone.push([record.edit(json!({ "people": n })), Rec::household(JINYANG).create()]);
                    }
                });
            }
        });
        for (phone, before) in phones.iter().zip(before) {
            assert_eq!(phone.push([]).acked(), before + 10);
        }
        let revs: Vec<_> = w.ali().history(&record).iter().map(rev).collect();
        assert_eq!(revs, (1..=26).collect::<Vec<_>>());
        let mut mirror = Mirror::of(w.ali());
        mirror.sync();
        assert_eq!(mirror.live()[JINYANG].len(), 26);
    }

    fn a_cloned_phone_registers_anew_and_sends_again(w) {
        let arrived = Rec::household(JINYANG);
        let lost = Rec::household(JINYANG);
        let (first, second) = (arrived.create().ago(60), lost.create().ago(50));
        w.ali().push([first.clone()]);
        let new = w.new_phone("ali");
        let pushed = new.push([first, second]);
        for result in pushed.results() {
            accepted(result.clone());
            assert_eq!(conflict_ids(result), Vec::<String>::new());
        }
        // One that had arrived merges again: equal values make a rev and no conflict.
        assert_eq!(rev(&pushed.results()[0]), 2);
        assert_eq!(w.ali().fields(&arrived), good("households", JINYANG));
        assert!(w.ali().see(&lost).is_some());
        assert_eq!(w.ali().conflicts(&arrived), Vec::<Value>::new());
    }

    fn numbering_goes_on_over_sign_ins(w) {
        w.ali().push(households(2));
        let body = json!({ "username": "ali", "password": cast::PASSWORD, "device_id": w.ali().device });
        let tokens = w.session.post("/v1/auth/login", &body).send().ok();
        let again = Phone::new(&w.session, &tokens, "ali", &w.ali().user, &w.ali().device);
        let problem = again.send(&again.envelope(households(1))).problem(409, "device_cloned");
        assert_eq!(problem["acked"], 2);
        assert_eq!(again.send(&again.envelope_from(3, households(1))).ok()["acked"], 3);
    }
}
