//! Every operation of the OpenAPI document × hostile paths, queries, headers and bodies. Whatever comes, the answer is one
//! that the document has: its status, its content type, and a problem with a code where it refuses. A new operation is
//! in the document, and so it is tried here too. Of the long lists each engine takes every other entry, and the other the rest;
//! `RUHU_TEST_LONG=1` gives all to both.

use std::collections::BTreeMap;

use super::*;
use crate::support::engine::Engine;
use values::hostile;

struct Operation {
    id: String,
    method: &'static str,
    path: String,
    /// By status.
    responses: BTreeMap<String, Value>,
    parameters: Vec<(String, String)>,
    /// The members of its JSON body.
    members: Option<Vec<String>>,
}

/// The members of a schema, its references followed.
fn members(document: &Value, schema: &Value) -> Vec<String> {
    let referred = schema["$ref"].as_str().and_then(|r| document.pointer(r.trim_start_matches('#')));
    let schema = referred.unwrap_or(schema);
    let mut names: Vec<String> =
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    for of in ["oneOf", "anyOf", "allOf"] {
        names.extend(schema[of].as_array().into_iter().flatten().flat_map(|part| members(document, part)));
    }
    names
}

/// All but the stream of events, which does not end.
fn operations(w: &World) -> Vec<Operation> {
    let document = w.session.get("/openapi.json").send().ok();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|m| m.eq_ignore_ascii_case(method));
            let parameter = |p: &Value| Some((p["in"].as_str()?.to_owned(), p["name"].as_str()?.to_owned()));
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            all.push(Operation {
                id: operation["operationId"].as_str().unwrap().into(),
                method: method.expect("a method"),
                path: path.clone(),
                responses: operation["responses"].as_object().unwrap().clone().into_iter().collect(),
                parameters: operation["parameters"].as_array().into_iter().flatten().filter_map(parameter).collect(),
                members: schema.is_object().then(|| members(&document, schema)),
            });
        }
    }
    all.retain(|operation| operation.id != "syncEvents");
    assert!(all.len() > 35, "{} operations", all.len());
    all
}

impl Operation {
    #[track_caller]
    fn check(&self, reply: Reply, told: &str) {
        let told = format!("{} {told:.300}: {} {}", self.id, reply.status, reply.text());
        let documented = self.responses.get(&reply.status.to_string());
        let documented = documented.unwrap_or_else(|| panic!("an undocumented status: {told}"));
        assert!(reply.status < 500, "{told}");
        let kind = reply.header("content-type").map(|kind| kind.split(';').next().unwrap_or_default().to_owned());
        match &documented["content"] {
            Value::Object(kinds) => {
                assert!(kind.as_ref().is_some_and(|kind| kinds.contains_key(kind)), "content type {kind:?}: {told}");
            }
            _ => assert!(reply.bytes.is_empty(), "an undocumented body: {told}"),
        }
        if reply.status >= 400 {
            let status = reply.status;
            reply.refused(&[status]);
        }
    }

    fn send(&self, session: &Session, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Reply {
        let call = session.call(self.method, path);
        let call = headers.iter().fold(call, |call, (name, value)| call.header(name, value));
        match body {
            Some(body) => call.bytes(body).header("content-type", JSON).send(),
            None if self.members.is_some() => call.bytes("{}").header("content-type", JSON).send(),
            None => call.send(),
        }
    }

    /// The path with these segments for its parameters, from the first on.
    fn at(&self, segments: &[&str]) -> String {
        let mut path = self.path.clone();
        for segment in segments {
            if let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
                path.replace_range(from..=to, segment);
            }
        }
        path
    }

    fn has_path_parameters(&self) -> bool {
        self.path.contains('{')
    }
}

/// For each resource the ids that lead to a thing that is there, and its tag.
type Things = BTreeMap<&'static str, (Vec<String>, String)>;

fn things(w: &World) -> Things {
    let record = Rec::household(JINYANG);
    w.ali().push([record.create()]);
    w.ali().push_one(record.edit(json!({ "people": 1 })));
    w.bo().push_one(record.edit(json!({ "people": 2 })));
    w.bo().push_one(Rec::household(JINYANG).edit(json!({ "people": 2 })));
    let first = |path: &'static str| {
        let id = id_of(&w.province().get(path).send().ok()["items"][0]);
        let tag = w.province().get(&format!("{path}/{id}")).send().header("etag").unwrap_or_default().to_owned();
        (path, (vec![id], tag))
    };
    let all =
        ["/v1/assignments", "/v1/campaigns", "/v1/conflicts", "/v1/devices", "/v1/held-ops", "/v1/teams", "/v1/users"];
    let mut all: Things = all.into_iter().map(first).collect();
    let finding = Rec::new("findings", JINYANG);
    w.ali().push_one(finding.create());
    all.insert("/v1/findings/{id}", (vec![finding.id.clone()], "*".into()));
    let form = id_of(&w.province().get("/v1/forms").send().ok()["items"][0]);
    all.insert("/v1/forms", (vec![form], String::new()));
    // A draw that waits for its reveal, and one that is drawn, with a unit of it.
    let draws = format!("/v1/campaigns/{}/draws", w.cast().campaign);
    let body = new_draw();
    let [waiting, drawn] = [0; 2].map(|_| id_of(&w.province().post(&draws, &body).send().created()));
    let sample = w.province().post(&format!("{draws}/{drawn}/reveal"), &json!({ "public_value": "1" })).send().ok();
    let unit = id_of(&sample["sample"][0]);
    all.insert("/v1/campaigns/{id}/draws/{draw}/reveal", (vec![w.cast().campaign.clone(), waiting], "*".into()));
    all.insert("/v1/campaigns/{id}/draws/{draw}", (vec![w.cast().campaign.clone(), drawn, unit], "*".into()));
    all
}

fn new_draw() -> Value {
    json!({ "level": "village", "county": JINYANG, "method": "srs", "places": { "total": 2 }, "public_source": "x" })
}

/// The operation's path, leading to something that is there, and its tag.
fn at_a_thing(operation: &Operation, things: &Things) -> (String, String) {
    // The longest path that leads there.
    let leads = |path: &str| operation.path == path || operation.path.starts_with(&format!("{path}/"));
    let found = things.iter().filter(|(path, _)| leads(path)).max_by_key(|(path, _)| path.len());
    match found {
        Some((_, (ids, tag))) => {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            (operation.at(&ids), tag.clone())
        }
        None if operation.path.contains("{collection}") => (operation.at(&["households", &new_id()]), String::new()),
        None => (operation.at(&["51"]), String::new()),
    }
}

/// A body that is right but for the member under test.
fn good_body(w: &World, operation: &Operation) -> Value {
    let cast = w.cast();
    match operation.id.as_str() {
        "createTeam" => json!({ "name": "new" }),
        "createCampaign" => json!({ "name": "new", "from": "2015-04-15", "to": "2015-05-05" }),
        "createAssignment" => json!({ "campaign": cast.campaign, "team": cast.teams["one"], "county": ZHAOJUE,
            "kind": "provincial", "from": "2015-04-15", "to": "2015-05-05" }),
        "createUser" => {
            json!({ "username": "ali", "password": cast::PASSWORD, "role": "prefecture", "region": "5134" })
        }
        "createForm" => json!({ "definition": { "form": "x", "level": "household", "title": { "en": "x" },
            "sections": [{ "title": { "en": "x" }, "questions": [{ "name": "q", "type": "text", "label": { "en": "x" } }] }] } }),
        "createDraw" => new_draw(),
        "replaceDrawUnit" => json!({ "reason": "x" }),
        "takeFindingStep" => json!({ "to": "accepted" }),
        "login" => json!({ "username": "nobody", "password": "x" }),
        "syncPull" => json!({ "schema": 1 }),
        "syncPush" => json!({ "schema": 1, "ops": [] }),
        _ => json!({}),
    }
}

/// Tells of each entry of a long list, one after the other, whether it is this engine's.
fn share(w: &World) -> impl FnMut() -> bool {
    let all = is_long();
    let mut mine = w.engine() == Engine::Sqlite;
    move || {
        mine = !mine;
        all || mine
    }
}

const SEGMENTS: [&str; 16] = [
    "x",
    "0",
    "-1",
    "1e400",
    "%00",
    "%ff",
    "%2e%2e%2f%2e%2e",
    "'",
    "%27%20OR%201=1",
    "%E2%80%AE",
    "%0d%0aX:%20y",
    "null",
    "*",
    "00000000-0000-0000-0000-000000000000",
    "{id}",
    "%F0%9F%98%80",
];

on_both_engines! {
    fn every_path_meets_hostile_segments(w) {
        let long = "a".repeat(3000);
        for operation in operations(w).iter().filter(|operation| operation.has_path_parameters()) {
            for segment in SEGMENTS.into_iter().chain([long.as_str()]) {
                for segments in [[segment, segment], ["households", segment]] {
                    let path = operation.at(&segments);
                    operation.check(operation.send(w.province(), &path, &[], None), &path);
                }
            }
        }
    }

    fn every_query_parameter_meets_hostile_values(w) {
        let things = things(w);
        let long = "9".repeat(5000);
        let values = ["", "%00", "%ff", "'", "%27%20OR%201=1--", "%25", "_", "1e400", "-1", "null", "[]", "a,b,,c", "%F0%9F%98%80",
            "1&x", "0", "true", "2015-04-16", "51", &long, "%E2%80%AE", "00000000-0000-0000-0000-000000000000"];
        let mut mine = share(w);
        for operation in operations(w) {
            let (path, _) = at_a_thing(&operation, &things);
            let queries = operation.parameters.iter().filter(|(place, _)| place == "query");
            for (_, name) in queries.chain([&(String::new(), "unheard_of".to_owned())]) {
                for compare in ["", "[in]", "[gte]", "[lt]", "[", "[x]"] {
                    for value in values.into_iter().filter(|_| mine()) {
                        let path = format!("{path}?{name}{compare}={value}");
                        operation.check(operation.send(w.province(), &path, &[], None), &path);
                    }
                }
            }
        }
    }

    fn every_header_meets_hostile_values(w) {
        let things = things(w);
        let long = "a".repeat(4000);
        let values = ["", "\"", "\"\"", "*", "W/\"x\"", "x, y", "'; --", "%00", ";;;,,,", "zh;q=x", "gzip;q=9, zstd;q=-1", "bytes=0-",
            "0", &long];
        let mut mine = share(w);
        for operation in operations(w) {
            let (path, _) = at_a_thing(&operation, &things);
            for name in ["If-Match", "If-None-Match", "Idempotency-Key", "Accept", "Accept-Language", "Accept-Encoding", "Range",
                "Forwarded", "X-Forwarded-For", "Cookie", "Authorization"] {
                for value in values.into_iter().filter(|_| mine()) {
                    let reply = operation.send(w.province(), &path, &[(name, value)], None);
                    operation.check(reply, &format!("{name}: {value}"));
                }
            }
        }
    }

    fn every_body_meets_hostile_values(w) {
        let things = things(w);
        let mut mine = share(w);
        for operation in operations(w) {
            let Some(members) = &operation.members else { continue };
            let (path, tag) = at_a_thing(&operation, &things);
            let session = if operation.id.starts_with("sync") { w.chen() } else { w.province() };
            let good = good_body(w, &operation);
            for raw in hostile() {
                let reply = operation.send(session, &path, &[("If-Match", &tag)], Some(raw.clone()));
                operation.check(reply, &raw);
                for member in members.iter().map(String::as_str).chain(["unheard_of"]).filter(|_| mine()) {
                    let mut body = good.clone();
                    body[member] = json!("@HOSTILE@");
                    let body = body.to_string().replace("\"@HOSTILE@\"", &raw);
                    let reply = operation.send(session, &path, &[("If-Match", &tag)], Some(body.clone()));
                    operation.check(reply, &body);
                }
            }
        }
        w.province().get("/v1/me").send().ok();
        goes_on(w);
    }

    fn every_body_meets_other_types_and_codings(w) {
        let things = things(w);
        for operation in operations(w) {
            if operation.members.is_none() {
                continue;
            }
            let (path, tag) = at_a_thing(&operation, &things);
            let session = if operation.id.starts_with("sync") { w.chen() } else { w.province() };
            let send = |body: &[u8], kind: &str, coding: &str| {
                let call = session.call(operation.method, &path).bytes(body).header("if-match", &tag);
                let call = if kind.is_empty() { call } else { call.header("content-type", kind) };
                let reply = if coding.is_empty() { call.send() } else { call.header("content-encoding", coding).send() };
                let status = reply.status;
                operation.check(reply, &format!("{kind} {coding}"));
                status
            };
            for kind in ["", "text/plain", "application/xml", "application/json; charset=gbk", "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x", "application/jsonx", "application/json, text/plain", "*/*", "x"] {
                assert_eq!(send(b"{}", kind, ""), 415, "{} took {kind:?}", operation.id);
            }
            for coding in ["br", "deflate", "gzip, gzip", "gzip,zstd", "chunked", "x", "zstd;q=1", "aes128gcm"] {
                assert_eq!(send(b"{}", JSON, coding), 415, "{} took {coding:?}", operation.id);
            }
            for coding in ["gzip", "zstd"] {
                assert_eq!(send(b"{}", JSON, coding), 400, "{} unpacked {coding}", operation.id);
                assert_eq!(send(b"", JSON, coding), 400, "{} unpacked nothing", operation.id);
            }
            for body in [&b"\xff\xfe{\0}\0"[..], b"\xef\xbb\xbf{}", b"\0", b"", b" ", b"{}\0", b"{\"\xc0\xaf\":1}", b"{\"\xed\xa0\x80\":1}"] {
                assert_eq!(send(body, JSON, ""), 400, "{} took {body:?}", operation.id);
            }
        }
    }
}
