//! What is reckoned: every figure of a scoped caller stays as it is, to the byte, whatever happens in others' counties.

use std::collections::BTreeMap;

use super::marked::{Marked, Post};
use super::model::Eyes;
use super::scanner::{Scanner, plain};
use crate::support::http::urlencode;
use crate::support::*;

/// Every reckoning of a campaign, with what it can be asked by.
fn asks(m: &Marked<'_>, eyes: &Eyes, then: &str) -> Vec<String> {
    let mut asks: Vec<String> = ["", "&as_of="]
        .iter()
        .flat_map(|as_of| {
            let as_of = if as_of.is_empty() { String::new() } else { format!("{as_of}{}", urlencode(then)) };
            let coverage = ["province", "prefecture", "county"].map(|level| format!("coverage?level={level}{as_of}"));
            coverage.into_iter().chain([format!("days?{}", as_of.trim_start_matches('&'))])
        })
        .collect();
    let plain = [
        "coverage",
        "spot-checks",
        "findings",
        "findings?level=prefecture",
        "findings?level=county",
        "statistics?question=rooms",
        "statistics?question=rooms&level=village",
        "statistics?question=rooms&level=county",
        "statistics?question=rooms&register=people",
        "statistics?question=rooms&by=county",
        "statistics?question=rooms&by=prefecture",
        "statistics?question=rooms&by=area",
        "statistics?field=people",
        "statistics?field=people&by=county",
        "statistics?field=status&by=prefecture",
        "statistics?by=topic",
        "report?format=json&lang=zh",
        "report?format=html&lang=en",
    ];
    asks.extend(plain.map(str::to_owned));
    for post in &m.posts {
        let county = post.county;
        asks.push(format!("feedback/{county}?lang=zh"));
        asks.extend(["coverage", "days", "spot-checks", "findings"].map(|what| format!("{what}?county={county}")));
        asks.push(format!("statistics?field=people&county={county}"));
    }
    let campaign = m.own_campaign(eyes);
    asks.into_iter().map(|ask| format!("/v1/campaigns/{campaign}/{ask}")).collect()
}

/// Each path with its status and body.
fn told(eyes: &Eyes, scanner: &Scanner, asks: &[String]) -> BTreeMap<String, (u16, String)> {
    let told = asks.iter().map(|path| {
        let reply = eyes.session.get(path).send();
        scanner.scan(&format!("GET {path}"), &reply);
        let text = if reply.status < 400 { reply.text() } else { plain(reply.json()).to_string() };
        (path.clone(), (reply.status, text))
    });
    told.collect()
}

/// One new record of each collection, all of which count.
fn push(m: &Marked<'_>, post: &Post) {
    let place = post.county;
    let campaign = m.campaign_of(place);
    let [household, member, visit, interview, finding, photo] =
        ["households", "members", "visits", "interviews", "findings", "photos"].map(|kind| Rec::new(kind, place));
    let village = post.records.iter().find(|record| record.collection == "villages").expect("it has one");
    let level = json!({ "level": "household", "household": household.id });
    let with = |mut fields: Value| {
        fields.as_object_mut().expect("fields").extend(level.as_object().expect("fields").clone());
        fields
    };
    let ops = [
        household.create_with(json!({ "people": 7, "status": "poor" })),
        member.create_with(json!({ "household": household.id })),
        village.edit(json!({ "households": 321 })),
        visit.create_with(with(json!({ "campaign": campaign, "state": "done" }))),
        interview.create_with(with(json!({ "visit": visit.id, "answers": { "rooms": 3 } }))),
        finding.create_with(json!({ "visit": visit.id, "level": "household" })),
        photo.create_with(json!({ "subject": { "collection": "visits", "id": visit.id } })),
    ];
    let pushed = post.phones[0].push(ops);
    assert!(pushed.statuses().iter().all(|status| ["applied", "merged"].contains(status)), "{}", pushed.0);
}

pub(crate) fn stand_still(m: &Marked<'_>, eyes: &Eyes, scanner: &Scanner) {
    let asks = asks(m, eyes, &wire(now()));
    let before = told(eyes, scanner, &asks);
    let (own, foreign): (Vec<_>, Vec<_>) = m.posts.iter().partition(|post| eyes.has(post.county));
    for post in foreign {
        push(m, post);
    }
    let after = told(eyes, scanner, &asks);
    for (path, told) in &before {
        assert_eq!(told, &after[path], "{}: GET {path} tells of what is not theirs", eyes.name);
    }
    // What is theirs moves.
    for post in own.iter().take(1) {
        push(m, post);
        let moved = told(eyes, scanner, &asks);
        for what in ["coverage", "findings", "statistics?field=people", "report?format=json&lang=zh"] {
            let path = format!("/v1/campaigns/{}/{what}", m.own_campaign(eyes));
            assert!(moved[&path].0 == 200 && moved[&path] != after[&path], "{}: {path}: {:?}", eyes.name, moved[&path]);
        }
    }
}
