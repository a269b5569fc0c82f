//! Section 5, server-sent events: a nudge to pull, never data, never of another county.

use std::time::{Duration, Instant};

use crate::support::engine::Engine;
use crate::support::raw::{Events, Heard};
use crate::support::*;

on_both_engines! {
    fn a_push_is_told_to_those_in_scope(w) {
        let events = Events::open(w.ali());
        let result = w.chen().push_one(Rec::household(JINYANG).create());
        let event = events.until(JINYANG).pop().unwrap();
        assert_eq!(event, json!({ "bucket": JINYANG, "seq": result["seq"] }));
    }

    fn an_office_hears_of_its_counties(w) {
        let events = Events::open(w.liangshan());
        w.chen().push_one(Rec::household(ZHAOJUE).create());
        events.until(ZHAOJUE);
    }

    fn nothing_is_told_of_another_county(w) {
        let events = Events::open(w.ali());
        w.chen().push_one(Rec::household(ZHAOJUE).create());
        w.deng().push_one(Rec::household(WUSHENG).create());
        w.chen().push_one(Rec::household(JINYANG).create());
        assert_eq!(events.until(JINYANG).len(), 1);
    }

    fn a_pull_after_the_event_has_the_change(w) {
        let events = Events::open(w.ali());
        let record = Rec::household(JINYANG);
        w.chen().push_one(record.create());
        events.until(JINYANG);
        assert!(w.ali().see(&record).is_some());
    }

    fn a_settling_moves_the_bucket_too(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "1" })));
        w.chen().push_one(record.edit(json!({ "phone": "2" })));
        let conflict = w.liangshan().conflict(&record);
        let events = Events::open(w.bo());
        let path = format!("/v1/conflicts/{}/resolve", id_of(&conflict));
        w.liangshan().post(&path, &json!({ "keep": "other" })).send().ok();
        events.until(JINYANG);
    }

    fn a_county_granted_is_told_from_then_on(w) {
        let events = Events::open(w.ali());
        w.assign("one", ZHAOJUE);
        w.chen().push_one(Rec::household(ZHAOJUE).create());
        events.until(ZHAOJUE);
    }

    fn a_county_granted_is_told_even_when_empty(w) {
        // It is new to the phone: there is something to pull.
        let events = Events::open(w.er());
        w.assign("four", XIDE);
        assert_eq!(events.until(XIDE), [json!({ "bucket": XIDE, "seq": 0 })]);
        assert_eq!(w.er().pull(None)["buckets"][0]["bucket"], XIDE);
    }

    fn a_county_taken_away_is_no_longer_told(w) {
        let events = Events::open(w.chen());
        w.phone("liangshan").push_one(Rec::household(ZHAOJUE).create());
        events.until(ZHAOJUE);
        w.close("two", ZHAOJUE);
        w.phone("liangshan").push_one(Rec::household(ZHAOJUE).create());
        w.phone("liangshan").push_one(Rec::household(JINYANG).create());
        assert_eq!(events.until(JINYANG).len(), 1, "nothing of ZHAOJUE before it");
    }

    fn a_wiped_device_hears_nothing_more(w) {
        let events = Events::open(w.ali());
        let witness = Events::open(w.bo());
        w.revoke(w.ali(), "wipe");
        w.chen().push_one(Rec::household(JINYANG).create());
        witness.until(JINYANG);
        match events.next_within(Duration::from_millis(200)) {
            None | Some(Heard::Closed | Heard::Comment) => {}
            Some(event) => panic!("a wiped device heard {event:?}"),
        }
    }

    fn many_listeners_all_hear(w) {
        let listeners: Vec<_> = (0..10).map(|_| Events::open(w.ali())).collect();
        w.chen().push_one(Rec::household(JINYANG).create());
        for listener in &listeners {
            listener.until(JINYANG);
        }
    }

    fn the_server_stops_with_listeners_open(w) {
        let _events = Events::open(w.ali());
        let begun = Instant::now();
        w.stop();
        assert!(begun.elapsed() < Duration::from_secs(10), "stopping took {:?}", begun.elapsed());
    }
}

/// On one engine only: it waits for most of half a minute, and no database takes part.
#[test]
fn a_comment_comes_every_twenty_seconds() {
    let w = &World::new(Engine::Sqlite);
    let events = Events::open(w.ali());
    let opened = Instant::now();
    loop {
        let heard = events.next_within(Duration::from_secs(25).saturating_sub(opened.elapsed()));
        assert_eq!(heard, Some(Heard::Comment), "after {:?}", opened.elapsed());
        // A greeting at the beginning does not count.
        if opened.elapsed() > Duration::from_secs(10) {
            return;
        }
    }
}
