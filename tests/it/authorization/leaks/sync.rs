//! The protocol's own answers: pulls with every cursor that a caller could come by, and pushes about what is not theirs.

use std::collections::{BTreeMap, BTreeSet};

use super::marked::Marked;
use super::model::{Eyes, Home, Thing};
use super::scanner::Scanner;
use super::singles::Asker;
use crate::support::*;

/// Everything that a caller is given from nothing: exactly the counties and the living records that are theirs.
pub(crate) fn pull(m: &Marked<'_>, eyes: &Eyes, scanner: &Scanner) {
    let (mut cursor, mut counties) = (Value::Null, BTreeSet::new());
    let mut given: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    loop {
        let mut body = json!({ "schema": 1, "limit": 7, "restart": [WUSHENG, ZHAOJUE, "520102", "999999"] });
        if cursor.is_string() {
            body = json!({ "schema": 1, "limit": 7, "cursor": cursor });
        }
        let reply = eyes.session.pull_body(&body);
        scanner.scan("a pull", &reply);
        let page = reply.ok();
        assert_eq!(page["revoked"], json!([]), "{}", eyes.name);
        for part in page["buckets"].as_array().expect("buckets") {
            counties.insert(part["bucket"].as_str().expect("a code").to_owned());
            // The tombstones that come with a county are of its own records: the scanner looks at them.
            let changes = part["changes"].as_array().expect("changes");
            for change in changes.iter().filter(|change| change["deleted"] != true) {
                let text = |name: &str| change[name].as_str().expect("a text").to_owned();
                given.entry(text("collection")).or_default().insert(text("id"));
            }
        }
        cursor = page["cursor"].clone();
        if page["more"] != true {
            break;
        }
    }
    assert_eq!(counties.into_iter().collect::<Vec<_>>(), eyes.all_counties(), "{}: the counties of a pull", eyes.name);
    for collection in COLLECTIONS {
        let given = given.remove(collection).unwrap_or_default();
        assert_eq!(given, m.model.listed(collection, eyes), "{}: {collection} of a pull", eyes.name);
    }
    // With nothing new, nothing of others is wanted by asking for it.
    let body = json!({ "schema": 1, "cursor": cursor, "restart": [WUSHENG, "520102", "999999"] });
    let reply = eyes.session.pull_body(&body);
    scanner.scan("a restart", &reply);
    let foreign = |part: &Value| !eyes.has(part["bucket"].as_str().expect("a code"));
    assert!(!reply.ok()["buckets"].as_array().expect("buckets").iter().any(foreign));
}

/// Cursors that were issued to somebody else, of both kinds, count no more than such as nobody issued.
pub(crate) fn cursors(m: &Marked<'_>, eyes: &Eyes, scanner: &Scanner) {
    let asker = Asker::new(eyes, scanner);
    let others: Vec<Session> = m.posts.iter().map(|post| post.phones[1].session.clone()).collect();
    let pull = |cursor: &str| eyes.session.post("/v1/sync/pull", &json!({ "schema": 1, "cursor": cursor }));
    let offices = [m.w.province(), &m.guizhou.session];
    for other in others.iter().chain(offices).filter(|other| other.token != eyes.session.token) {
        let page = other.pull_body(&json!({ "schema": 1, "limit": 1 })).ok();
        let cursor = page["cursor"].as_str().expect("a cursor");
        asker.alike("a pull with a cursor", "another", pull(cursor), pull("AAAA"));
        // Cut to what could be an older form, and with a place put in by hand.
        for forged in [&cursor[..cursor.len() - 43], &cursor[4..], &format!("{cursor}AAAA")] {
            asker.alike("a pull with a cursor", "nobody", pull(forged), pull("AAAA"));
        }
        for list in ["households", "held-ops", "conflicts"] {
            let path = format!("/v1/{list}?limit=1");
            let page = other.get(&path).send().ok();
            let Some(next) = page["next"].as_str() else { continue };
            let ask = |cursor: &str| eyes.session.get(&format!("{path}&cursor={cursor}"));
            if page["items"][0]["bucket"].as_str().is_some_and(|county| !eyes.has(county)) {
                asker.alike(&format!("{list} with a cursor"), "another", ask(next), ask("AAAA"));
            }
        }
    }
}

/// Operations on a record that is not theirs, each beside the same on one that is nowhere.
fn attempts(record: &Rec, collection_text: &str) -> Vec<Op> {
    let edit = |value: Value| record.edit(json!({ collection_text: value }));
    vec![
        edit(json!("x")),
        edit(json!("x")).base(1),
        edit(json!("x")).base(9),
        edit(json!("x")).ago(60),
        record.delete(),
        record.delete().base(1),
        record.create(),
        // Wrong in itself.
        edit(json!(5)).base(1),
        record.edit(json!({ "colour": "red" })),
    ]
}

/// A phone pushes about what is not its own; the answers say no more than that it is not, the first time and again.
pub(crate) fn push(m: &mut Marked<'_>, eyes: &Eyes, phone: &Phone) {
    let scanner = Scanner::new(&m.model, eyes);
    let hidden = |thing: &&Thing| matches!(&thing.home, Home::County(_)) && !eyes.sees(&thing.home);
    let mut seen = BTreeSet::new();
    let records = m.model.things.iter().filter(hidden).filter(|thing| thing.kind == "households");
    let targets: Vec<Rec> = records
        .filter(|thing| seen.insert((format!("{:?}", thing.home), thing.listed)))
        .filter_map(|thing| match &thing.home {
            Home::County(bucket) => {
                Some(Rec { bucket: bucket.clone(), collection: "households", id: thing.id.clone() })
            }
            _ => None,
        })
        .collect();
    let before: Vec<_> = targets.iter().map(|target| m.tag(&target.path())).collect();
    for target in &targets {
        let nowhere = Rec::household(&target.bucket);
        let of_each: Vec<Value> = [target, &nowhere]
            .into_iter()
            .map(|record| {
                let envelope = phone.envelope(attempts(record, "remarks"));
                let reply = phone.send(&envelope);
                scanner.scan("a push", &reply);
                let results = phone.accept(&envelope).0["results"].clone();
                assert_eq!(results, reply.ok()["results"], "{}: a repeat says the same", eyes.name);
                results
            })
            .map(without_numbers)
            .collect();
        assert_eq!(of_each[0], of_each[1], "{}: pushes about {target:?} tell that it is there", eyes.name);
        for result in of_each[0].as_array().expect("results").iter().take(7) {
            assert_eq!(*result, json!({ "status": "quarantined" }), "{}: {target:?}", eyes.name);
        }
    }
    // What is refused as a whole says how far the device itself has come.
    let edit = |target: &Rec| target.edit(json!({ "remarks": "y" })).base(1);
    let gap = phone.envelope_from(phone.next() + 1, targets.iter().map(edit));
    let cloned = phone.envelope_from(phone.next() - 1, targets.iter().map(edit));
    for (envelope, code) in [(gap, "op_gap"), (cloned, "device_cloned")] {
        if !targets.is_empty() {
            let reply = phone.send(&envelope);
            scanner.scan("a push that is refused", &reply);
            assert_eq!(reply.problem(409, code)["acked"], phone.next() - 1, "{}", eyes.name);
        }
    }
    let after: Vec<_> = targets.iter().map(|target| m.tag(&target.path())).collect();
    assert_eq!(after, before, "{}: a push changed what is not theirs", eyes.name);
    m.learn_held();
}

fn without_numbers(mut results: Value) -> Value {
    for result in results.as_array_mut().expect("results") {
        result.as_object_mut().expect("a result").remove("op_seq");
    }
    results
}

/// A record of one's own under the id of somebody else's: a record like any other, without the other's past.
pub(crate) fn twins(m: &mut Marked<'_>, eyes: &Eyes, phone: &Phone, own: &str) {
    for post in 0..m.posts.len() {
        let (county, records) = (m.posts[post].county, m.posts[post].records.clone());
        if eyes.has(county) {
            continue;
        }
        // Deleted ones have operations that wait for them.
        let deleted = m
            .model
            .things
            .iter()
            .find(|thing| thing.kind == "households" && !thing.listed && thing.home == Home::County(county.into()));
        for id in [records[0].id.clone(), deleted.expect("one was deleted").id.clone()] {
            let twin = Rec { bucket: own.into(), collection: "households", id: id.clone() };
            m.model.add("households", &id, Home::County(own.into()), Vec::new());
            m.model.named(&[&phone.user, &phone.device], &Home::County(own.into()));
            let scanner = Scanner::new(&m.model, eyes);
            let pushed =
                phone.push([twin.edit(json!({ "phone": "1" })), twin.create(), twin.edit(json!({ "people": 9 }))]);
            scanner.scan_text("a push of a twin", &pushed.0.to_string());
            // The first had to wait for what it lacks, as where there is no other.
            assert_eq!(pushed.results()[0]["reason"], "incomplete", "{}", pushed.0);
            assert_eq!(pushed.results()[2]["rev"], 3, "{}", pushed.0);
            for path in [twin.path(), format!("{}?bucket={own}", twin.path()), format!("{}/history", twin.path())] {
                let reply = eyes.session.get(&path).send().status(&[200]);
                scanner.scan(&path, &reply);
            }
            assert_eq!(eyes.session.history(&twin).len(), 3, "its own past alone");
            eyes.session.get(&format!("{}?bucket={county}", twin.path())).send().problem(404, "not_found");
            assert_eq!(eyes.session.conflicts(&twin), Vec::<Value>::new());
        }
    }
    m.learn_held();
}
