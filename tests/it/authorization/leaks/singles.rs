//! Every operation of the document that names one thing, asked about what is somebody else's: the answer is the same to
//! the byte as about what is nowhere. And whatever else can be read.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::marked::Marked;
use super::model::{Eyes, Home, Thing};
use super::scanner::{Scanner, plain};
use crate::support::http::{Call, Reply};
use crate::support::*;

/// A method and the path of one thing, `{id}` in it.
struct Single {
    method: &'static str,
    path: String,
    kind: String,
    body: Option<Value>,
}

/// What is sent to an operation that takes a body.
fn body(operation: &str) -> Value {
    match operation {
        "resolveConflict" => json!({ "keep": "current" }),
        "revokeDevice" => json!({ "mode": "wipe" }),
        "changeUser" => json!({ "display_name": "x" }),
        "changeTeam" | "changeCampaign" => json!({ "name": "x" }),
        "createDraw" => json!({ "level": "village", "county": JINYANG, "method": "srs", "places": { "total": 1 } }),
        "revealDraw" | "changeRecord" => json!({}),
        "changeDraw" => json!({ "visible_from": null }),
        "takeFindingStep" => json!({ "to": "accepted" }),
        "replaceDrawUnit" => json!({ "reason": "x" }),
        other => panic!("{other} takes a body: say which"),
    }
}

/// What belongs to a campaign is asked about in `campaign`.
fn singles(document: &Value, campaign: &str) -> Vec<Single> {
    let mut singles = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths").iter().filter(|(path, _)| path.contains("{id}")) {
        for (method, operation) in item.as_object().expect("methods") {
            let method = match method.as_str() {
                "get" => "GET",
                "post" => "POST",
                "patch" => "PATCH",
                "delete" => "DELETE",
                other => panic!("{path} has a {other}: say how it is asked"),
            };
            let id = operation["operationId"].as_str().expect("an id");
            let body = operation.get("requestBody").map(|_| body(id));
            let kinds = match path.split('/').nth(2).expect("a path") {
                "{collection}" => COLLECTIONS.map(Into::into).into(),
                _ if path.contains("{draw}") => vec!["draws".into()],
                kind => vec![kind.to_owned()],
            };
            for kind in kinds {
                let path = path.replace("{collection}", &kind).replace("{county}", JINYANG);
                let path = match kind.as_str() {
                    "draws" => path.replace("{id}", campaign).replace("{draw}", "{id}").replace("{unit}", campaign),
                    _ => path,
                };
                let path = path.replace("/statistics", "/statistics?field=people");
                singles.push(Single { method, path, kind, body: body.clone() });
            }
        }
    }
    assert!(singles.len() > 25, "two for each collection, and more");
    singles
}

/// One of a kind for each place.
fn one_each<'a>(things: impl Iterator<Item = &'a Thing>) -> Vec<&'a Thing> {
    let place = |thing: &Thing| match &thing.home {
        Home::People { region: place, .. }
        | Home::Assignment { county: place, .. }
        | Home::County(place)
        | Home::Hidden(place)
        | Home::Province(place)
        | Home::Nowhere(place) => place.clone(),
    };
    let mut places = BTreeSet::new();
    things.filter(|thing| places.insert((thing.kind, place(thing), thing.listed))).collect()
}

/// All that tells two answers apart, but the time and the fate of the connection.
type Told = (u16, Vec<(String, String)>, Value);

fn told(reply: &Reply) -> Told {
    let headers = reply.headers.iter().filter(|(name, _)| *name != "date" && *name != "connection");
    let headers = headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()));
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    (reply.status, headers, plain(reply.json()))
}

pub(crate) struct Asker<'a> {
    eyes: &'a Eyes,
    scanner: &'a Scanner,
    /// What is said of nothing, by what was asked.
    nothing: RefCell<BTreeMap<String, Told>>,
}

impl<'a> Asker<'a> {
    pub(crate) fn new(eyes: &'a Eyes, scanner: &'a Scanner) -> Self {
        Self { eyes, scanner, nothing: RefCell::default() }
    }

    /// Two calls that only differ in that one is about what is not theirs, the other about nothing: refused alike. The
    /// second is sent once for all that ask the `same`.
    #[track_caller]
    pub(crate) fn alike(&self, same: &str, whose: &str, foreign: Call, nothing: Call) {
        let asked = format!("{same}, of {whose}");
        let foreign = foreign.send();
        self.scanner.scan(&asked, &foreign);
        assert!(foreign.status >= 400, "{}: {asked} gave {}: {}", self.eyes.name, foreign.status, foreign.text());
        let mut known = self.nothing.borrow_mut();
        let nothing = known.entry(same.to_owned()).or_insert_with(|| told(&nothing.send()));
        assert_eq!(told(&foreign), *nothing, "{}: {asked} tells that it is there", self.eyes.name);
    }

    fn call(&self, single: &Single, id: &str, tag: &str, query: &str) -> Call {
        let call = self.eyes.session.call(single.method, &format!("{}{query}", single.path.replace("{id}", id)));
        let call = match (&single.body, single.method) {
            (Some(body), _) => call.json(body),
            (None, "POST") => call.json(&json!({})),
            _ => call,
        };
        match single.method {
            "GET" => call.header("if-none-match", tag),
            "PATCH" | "DELETE" => call.header("if-match", tag),
            // Under a key of its own each, so that none is a repeat.
            _ => call.header("idempotency-key", &new_id()),
        }
    }

    fn foreign(&self, m: &Marked<'_>, single: &Single, thing: &Thing) {
        let (asked, whose) = (format!("{} {}", single.method, single.path), format!("{:?}", thing.home));
        let nowhere = new_id();
        // As it stands now: known from before, or from somebody else.
        let tag = m.tag(&m.path(thing)).unwrap_or_else(|| "*".into());
        let ask = |id: &str| self.call(single, id, &tag, "");
        self.alike(&asked, &whose, ask(&thing.id), ask(&nowhere));
        if let (Home::County(county), true) = (&thing.home, thing.listed && COLLECTIONS.contains(&thing.kind)) {
            let ask = |id: &str| self.call(single, id, "*", &format!("?bucket={county}"));
            self.alike(&format!("{asked}?bucket={county}"), &whose, ask(&thing.id), ask(&nowhere));
        }
        if single.method != "GET" {
            // What is wrong with the request is not told more of either.
            let bare = |id: &str| self.eyes.session.call(single.method, &single.path.replace("{id}", id));
            let broken = |id: &str| bare(id).json(&json!([]));
            self.alike(&format!("{asked}, broken"), &whose, broken(&thing.id), broken(&nowhere));
            self.alike(&format!("{asked}, empty"), &whose, bare(&thing.id), bare(&nowhere));
        }
    }

    /// A history is a list too: page after page, and each counts the record's own revs alone.
    fn history(&self, path: &str, revs: usize) {
        let (mut cursor, mut seen) = (String::new(), 0);
        loop {
            let reply = self.eyes.session.get(&format!("{path}?sort=-rev&limit=2&count=true{cursor}")).send();
            self.scanner.scan(path, &reply);
            let page = reply.ok();
            assert_eq!(page["total"], revs, "{}: {path}", self.eyes.name);
            seen += page["items"].as_array().expect("items").len();
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, revs, "{}: {path}", self.eyes.name);
        let none = self.eyes.session.get(&format!("{path}?rev%5Bgte%5D={}&count=true", revs + 1)).send().ok();
        assert_eq!((&none["items"], &none["total"]), (&json!([]), &json!(0)), "{}: {path}", self.eyes.name);
    }

    fn own(&self, single: &Single, thing: &Thing) {
        let path = single.path.replace("{id}", &thing.id);
        let reply = self.eyes.session.get(&path).send();
        self.scanner.scan(&format!("GET {path}"), &reply);
        // A campaign has a document for each county, also for those that are not theirs.
        if path.contains("/feedback/") {
            reply.status(&[200, 404]);
            return;
        }
        // There may be no record behind a mark that is in a history alone.
        let expected: &[u16] = if thing.listed { &[200] } else { &[200, 404, 410] };
        let reply = reply.status(expected);
        if path.ends_with("/history") && thing.listed {
            self.history(&path, reply.json()["items"].as_array().expect("items").len());
        }
        let Some(tag) = reply.header("etag") else { return };
        let again = self.eyes.session.get(&path).header("if-none-match", tag).send().status(&[304]);
        self.scanner.scan(&format!("GET {path} again"), &again);
    }
}

pub(crate) fn scan(m: &Marked<'_>, eyes: &Eyes, scanner: &Scanner) {
    let asker = Asker::new(eyes, scanner);
    for single in singles(&m.document, &m.own_campaign(eyes)) {
        let of_kind = || m.model.things.iter().filter(|thing| thing.kind == single.kind);
        for thing in one_each(of_kind().filter(|thing| !eyes.sees(&thing.home))) {
            asker.foreign(m, &single, thing);
        }
        if single.method == "GET" {
            for thing in one_each(of_kind().filter(|thing| eyes.sees(&thing.home))) {
                asker.own(&single, thing);
            }
        }
    }
    plain_reads(m, eyes, scanner);
}

/// Whatever else can be read and names nothing.
fn plain_reads(m: &Marked<'_>, eyes: &Eyes, scanner: &Scanner) {
    // A stream, looked at elsewhere; a list that is no secret.
    let others = ["/v1/sync/events", "/v1/divisions"];
    for (path, item) in m.document["paths"].as_object().expect("paths") {
        if item.get("get").is_some() && !path.contains('{') && !others.contains(&path.as_str()) {
            let reply = eyes.session.get(path).send().status(&[200]);
            scanner.scan(&format!("GET {path}"), &reply);
        }
    }
    let me = eyes.session.get("/v1/me").send().ok();
    assert_eq!(me["buckets"], json!(eyes.all_counties()), "{}", eyes.name);
}
