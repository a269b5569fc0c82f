//! After a change of who has what: nothing that was given out before, an answer, a cursor, a key, a stream, gives more
//! than what is one's own now.

use super::marked::Marked;
use super::model::Eyes;
use super::scanner::Scanner;
use super::{glance, sweep};
use crate::support::raw::Events;
use crate::support::*;

/// What a caller carries over a change.
struct Luggage {
    cursor: Value,
    /// The path of the second page of a list.
    page: String,
    /// Of one push: what was sent.
    pushed: Value,
}

impl Luggage {
    /// `phone` makes a record twice over, so that there is one to page to, and merges with what it has not seen.
    fn pack(m: &mut Marked<'_>, phone: &Phone, seen: &Rec) -> Self {
        let second = Rec::household(&seen.bucket);
        m.model.add("households", &second.id, super::model::Home::County(seen.bucket.clone()), Vec::new());
        let pushed = phone.envelope([second.create(), seen.edit(json!({ "phone": "1" })).base(1)]);
        assert_eq!(phone.accept(&pushed).statuses(), ["applied", "merged"]);
        let mut page = phone.pull(None);
        while page["more"] == true {
            page = phone.pull(page["cursor"].as_str());
        }
        let list = phone.get("/v1/households?limit=1").send().ok();
        let next = list["next"].as_str().expect("there are two");
        Self { cursor: page["cursor"].clone(), page: format!("/v1/households?limit=1&cursor={next}"), pushed }
    }

    /// All of it is good for nothing more of the county that was lost.
    fn unpack(&self, eyes: &Eyes, phone: &Phone, lost: &str, scanner: &Scanner) {
        let reply = phone.send(&self.pushed);
        scanner.scan("a repeated push", &reply);
        let results = reply.ok()["results"].clone();
        let bare = [("applied", 0), ("merged", 1)].map(|(status, n)| {
            let op_seq = self.pushed["ops"][n]["op_seq"].clone();
            json!({ "op_seq": op_seq, "status": status })
        });
        assert_eq!(results, json!(bare), "{}: a repeated push", eyes.name);

        let body = json!({ "schema": 1, "cursor": self.cursor });
        let mut page = eyes.session.pull_body(&body).ok();
        // That it is lost has to be told.
        assert_eq!(page["revoked"], json!([lost]), "{}", eyes.name);
        page["revoked"] = json!([]);
        let next = page["cursor"].take();
        scanner.scan_text("a pull with the cursor from before", &page.to_string());
        let reply = eyes.session.pull_body(&json!({ "schema": 1, "cursor": next, "restart": [lost] }));
        scanner.scan_text("a restart of what was lost", &reply.json()["buckets"].to_string());
        assert_eq!(reply.ok()["revoked"], json!([]), "{}: it is told once", eyes.name);

        let reply = eyes.session.get(&self.page).send().status(&[200, 400]);
        scanner.scan("a second page from before", &reply);
    }
}

/// A team whose only county is taken away, then another given; whose member is then moved to another team.
pub(crate) fn of_a_team(m: &mut Marked<'_>, mut eyes: Eyes) {
    let w = m.w;
    let phone = m.new_phone(JINYANG);
    eyes.session = phone.session.clone();
    let (assignment, record) = (m.post(JINYANG).assignment.clone(), m.post(JINYANG).records[0].clone());
    let luggage = Luggage::pack(m, &phone, &record);
    let events = Events::open(&phone);
    let then = now();
    glance(m, &eyes);

    w.province().post(&format!("/v1/assignments/{assignment}/close"), &json!({})).send().ok();
    eyes.counties.clear();
    luggage.unpack(&eyes, &phone, JINYANG, &Scanner::new(&m.model, &eyes));
    sweep(m, &eyes);
    w.ali().push_one(record.edit(json!({ "remarks": "unheard" })));
    // Written while the county was theirs, sent too late: taken, and nothing said.
    let late = phone.envelope([record.edit(json!({ "phone": "2" })).base(1).at(then)]);
    let said = |result: &Value| result.as_object().map(serde_json::Map::len);
    for _ in 0..2 {
        let result = phone.accept(&late).results()[0].clone();
        assert_eq!((&result["status"], said(&result)), (&json!("merged"), Some(2)), "{result}");
    }
    // Written since, or before it was theirs: held, and nothing said.
    for at in [now(), ago(60)] {
        let op = record.edit(json!({ "phone": "2" })).base(1).at(at);
        assert_eq!(said(&is(phone.push_one(op), "quarantined")), Some(2));
    }
    m.learn_held();

    let given = json!({ "campaign": w.cast().campaign, "team": eyes.team, "county": ZHAOJUE, "kind": "provincial",
        "from": "2015-04-15", "to": "2015-05-05" });
    let given = w.province().post("/v1/assignments", &given).send().created();
    m.learn("assignments", &given, "51");
    eyes.counties.insert(ZHAOJUE.into());
    let new = Rec::household(ZHAOJUE);
    accepted(m.post(ZHAOJUE).phones[0].push_one(new.create()));
    m.model.add("households", &new.id, super::model::Home::County(ZHAOJUE.into()), Vec::new());
    // The county that came is told, and nothing of the one that had gone.
    for event in events.until(ZHAOJUE) {
        assert_eq!(event["bucket"], ZHAOJUE, "{event}");
    }
    glance(m, &eyes);

    let path = format!("/v1/users/{}", phone.user);
    let team = m.post(XIDE).team.clone();
    w.province().patch(&path, &json!({ "team": team })).header("if-match", "*").send().ok();
    m.model.moved(&phone.user, "5134");
    (eyes.team, eyes.region, eyes.counties) = (Some(team), "5134".into(), [XIDE.to_owned()].into());
    glance(m, &eyes);
    // What the other team had is not this one's.
    is(phone.push_one(record.edit(json!({ "phone": "3" })).base(1).at(then)), "quarantined");
    m.learn_held();
}

/// An office that is given another prefecture.
pub(crate) fn of_an_office(m: &mut Marked<'_>, mut eyes: Eyes) {
    let w = m.w;
    let phone = w.phone("liangshan");
    eyes.session = phone.session.clone();
    let body = json!({ "name": "mk5134x1z", "region": "5134" });
    let make = || phone.post("/v1/teams", &body).header("idempotency-key", "k").send();
    let made = make().created();
    m.learn("teams", &made, "51");
    let page = phone.pull(None);
    let path = format!("/v1/users/{}", eyes.user);
    w.province().patch(&path, &json!({ "region": "5116" })).header("if-match", "*").send().ok();
    m.model.moved(&eyes.user, "5116");
    eyes.region = "5116".into();
    let scanner = Scanner::new(&m.model, &eyes);
    let again = make();
    scanner.scan("a repeat of what was made there", &again);
    again.problem(403, "forbidden");
    let mut after = phone.pull(page["cursor"].as_str());
    let lost = after["revoked"].take();
    assert!(lost.as_array().is_some_and(|lost| !lost.is_empty()), "{lost}");
    after["cursor"].take();
    scanner.scan_text("a pull from the new place", &after.to_string());
    glance(m, &eyes);
}

/// A phone that was lost: with `flush` it may still push, and learns no more from it.
pub(crate) fn of_a_device(m: &mut Marked<'_>) {
    let w = m.w;
    let phone = m.new_phone(WUSHENG);
    let record = m.post(WUSHENG).records[0].clone();
    let luggage = Luggage::pack(m, &phone, &record);
    // Nothing is its own any more, but the knowledge of itself.
    let blind = Eyes::team("a revoked phone", &phone, "none", "none", &[]);
    let scanner = Scanner::new(&m.model, &blind);
    for mode in ["flush", "wipe"] {
        w.revoke(&phone, mode);
        for (path, item) in m.document["paths"].as_object().expect("paths") {
            if item["get"].get("security").is_none() {
                continue;
            }
            let thing = path.replace("{collection}", "households").replace("{code}", "51");
            let thing = thing.replace("{id}", &record.id).replace("{draw}", &record.id).replace("{format}", "csv");
            let reply = phone.get(&thing).send();
            scanner.scan(&format!("GET {thing}"), &reply);
            reply.problem(403, "device_revoked");
        }
        for cursor in [luggage.cursor.clone(), Value::Null] {
            let reply = phone.pull_body(&json!({ "schema": 1, "cursor": cursor }));
            scanner.scan("a pull of a revoked phone", &reply);
            reply.problem(403, "device_revoked");
        }
        let pushes = [luggage.pushed.clone(), phone.envelope([record.edit(json!({ "phone": "4" })).base(1)])];
        for push in pushes {
            let reply = phone.send(&push);
            scanner.scan("a push of a revoked phone", &reply);
            if mode == "wipe" {
                reply.problem(403, "device_revoked");
                continue;
            }
            let answer = reply.ok();
            for result in answer["results"].as_array().expect("results") {
                assert_eq!(result.as_object().map(serde_json::Map::len), Some(2), "{answer}");
            }
        }
    }
}

/// Everybody listens while something happens everywhere.
pub(crate) fn in_streams(m: &Marked<'_>, listeners: &[Eyes]) {
    let w = m.w;
    let streams: Vec<_> = listeners.iter().map(|eyes| (eyes, Events::open(&eyes.session))).collect();
    let mut last = Vec::new();
    for post in m.posts.iter().rev() {
        let result = post.phones[0].push_one(Rec::household(post.county).create());
        last.push((post.county, seq(&accepted(result))));
    }
    // Who has no county yet hears of one at last, and so has heard whatever else it would.
    w.assign("four", JINYANG);
    let result = accepted(w.phone("province").push_one(Rec::household(JINYANG).create()));
    last.push((JINYANG, seq(&result)));
    for (eyes, stream) in &streams {
        let counties = if eyes.counties.is_empty() && eyes.team.is_some() { vec![JINYANG] } else { Vec::new() };
        let has = |county: &str| eyes.has(county) || counties.contains(&county);
        let (county, seq) = last.iter().rfind(|(county, _)| has(county)).expect("something is theirs");
        loop {
            let event = stream.event(10).unwrap_or_else(|| panic!("{}: nothing of {county} at {seq}", eyes.name));
            assert!(has(event["bucket"].as_str().expect("a code")), "{}: {event}", eyes.name);
            if event["bucket"] == *county && event["seq"] == *seq {
                break;
            }
        }
    }
}
