//! Every commit is nudged, also under load, and also one of another server.

use super::second;
use crate::support::load::crowd;
use crate::support::raw::Events;
use crate::support::*;

/// One listener's ears for one county. No event goes back.
struct Ears {
    events: Events,
    county: &'static str,
    heard: u64,
}

impl Ears {
    fn of(session: &Session, county: &'static str) -> Self {
        Self { events: Events::open(session), county, heard: 0 }
    }

    /// Listens until the county has come to `seq`.
    fn hear(&mut self, seq: u64) {
        while self.heard < seq {
            let (county, heard) = (self.county, self.heard);
            let event = self.events.event(10).unwrap_or_else(|| panic!("{county} came to {seq}, told was {heard}"));
            if event["bucket"] == county {
                let told = event["seq"].as_u64().expect("a seq");
                assert!(told > heard, "from {heard} back to {told}");
                self.heard = told;
            }
        }
    }
}

on_both_engines! {
    fn every_commit_is_told_under_load(w) {
        let other = second(w);
        let phones = crowd(w, &["chen", "liangshan"], 8);
        let mut idle = [JINYANG, ZHAOJUE].map(|county| Ears::of(w.chen(), county));
        let last = std::thread::scope(|scope| {
            let push = |(n, phone): (usize, Phone)| {
                let (elsewhere, county) = (n < 2, [JINYANG, ZHAOJUE][n % 2]);
                let mut ears = Ears::of(&phone, county);
                let phone = if elsewhere { phone.at(&other.url()) } else { phone };
                scope.spawn(move || {
                    let mut last = 0;
                    // What another server wrote is noticed a little later.
                    for _ in 0..if elsewhere { 2 } else { 8 } {
                        last = seq(&phone.push_one(Rec::household(county).create()));
                        // The next one is sent when this one was told.
                        ears.hear(last);
                    }
                    last
                })
            };
            let pushing: Vec<_> = phones.into_iter().enumerate().map(push).collect();
            pushing.into_iter().map(|pushing| pushing.join().unwrap()).collect::<Vec<_>>()
        });
        // One that nobody waited for is told of the newest too.
        for (n, ears) in idle.iter_mut().enumerate() {
            ears.hear(*last.iter().skip(n).step_by(2).max().unwrap());
        }
        other.stop();
    }
}
