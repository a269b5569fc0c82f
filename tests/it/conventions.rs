//! `API.md`, conventions: problems, lists, entity tags, idempotency, and what stands outside `/v1`.

use crate::support::http::{Reply, urlencode};
use crate::support::*;

fn campaign(name: &str) -> Value {
    json!({ "name": name, "from": "2016-04-01", "to": "2016-05-01" })
}

/// Campaigns `a`, `b`, … beside the one of the cast.
fn campaigns(w: &World, names: &[&str]) {
    for name in names {
        w.province().post("/v1/campaigns", &campaign(name)).send().created();
    }
}

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

fn keyed(session: &Session, key: &str, body: &Value) -> Reply {
    session.post("/v1/campaigns", body).header("idempotency-key", key).send()
}

fn is_han(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// A path with something in the place of each parameter: the first of what it may be, or an id.
fn filled(path: &str, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let value = |name: &str| {
        let parameter = parameters.iter().find(|parameter| parameter["name"] == name);
        let first = parameter.and_then(|parameter| parameter["schema"]["enum"][0].as_str());
        first.unwrap_or("0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e").to_owned()
    };
    // Between braces stands a parameter's name.
    path.split(['{', '}']).enumerate().map(|(i, part)| if i % 2 == 1 { value(part) } else { part.into() }).collect()
}

on_both_engines! {
    fn a_problem_has_every_member(w) {
        let problem = w.province().get(&format!("/v1/campaigns/{}", new_id())).send().refused(&[404]);
        for member in ["type", "title", "detail", "instance", "code", "trace_id"] {
            assert!(problem[member].is_string(), "{member} in {problem}");
        }
        assert_eq!(problem["status"], 404);
    }

    fn each_problem_has_its_own_trace(w) {
        let trace = || w.session.get("/v1/me").send().refused(&[401])["trace_id"].as_str().unwrap().to_owned();
        assert_ne!(trace(), trace());
    }

    fn a_problem_speaks_the_language_asked_for(w) {
        let ask = |language: &str| {
            let call = w.province().get(&format!("/v1/campaigns/{}", new_id())).header("accept-language", language);
            call.send().refused(&[404])
        };
        let (english, chinese) = (ask("en-GB,en;q=0.8"), ask("zh-CN"));
        assert_eq!(english["code"], chinese["code"]);
        for member in ["title", "detail"] {
            assert!(!is_han(english[member].as_str().unwrap()), "{english}");
            assert!(is_han(chinese[member].as_str().unwrap()), "{chinese}");
        }
        ask("tlh");
        ask(";;q=x,");
    }

    fn fields_at_fault_are_pointed_at(w) {
        let mut body = campaign("x");
        body["from"] = "2016-13-01".into();
        let problem = w.province().post("/v1/campaigns", &body).send().refused(&[400, 422]);
        let errors = problem["errors"].as_array().expect("errors");
        assert!(errors.iter().any(|error| error["pointer"].as_str().unwrap().ends_with("/from")), "{problem}");
    }

    fn an_unknown_path_is_a_problem_too(w) {
        for path in ["/v1/nothing", "/nothing", "/v1", "/v1/households/x/y/z"] {
            w.province().get(path).send().refused(&[404]);
        }
    }

    fn a_wrong_method_is_refused(w) {
        w.province().call("PUT", "/v1/campaigns").json(&campaign("x")).send().refused(&[404, 405]);
        w.province().get("/v1/sync/push").send().refused(&[404, 405]);
    }

    fn a_list_comes_in_pages(w) {
        campaigns(w, &["a", "b", "c", "d"]);
        let first = w.province().get("/v1/campaigns?limit=2").send().ok();
        assert_eq!(names(&first).len(), 2);
        let next = urlencode(first["next"].as_str().unwrap());
        let second = w.province().get(&format!("/v1/campaigns?limit=2&cursor={next}")).send().ok();
        let next = urlencode(second["next"].as_str().unwrap());
        let third = w.province().get(&format!("/v1/campaigns?limit=2&cursor={next}")).send().ok();
        assert_eq!(third["next"], Value::Null);
        let mut all: Vec<_> = [&first, &second, &third].into_iter().flat_map(names).collect();
        all.sort_unstable();
        assert_eq!(all, ["2015年4月督查", "a", "b", "c", "d"]);
    }

    fn a_list_is_stable_while_rows_are_inserted(w) {
        campaigns(w, &["b", "d", "f"]);
        let first = w.province().get("/v1/campaigns?limit=2&sort=name").send().ok();
        campaigns(w, &["a", "e"]);
        let next = urlencode(first["next"].as_str().unwrap());
        let second = w.province().get(&format!("/v1/campaigns?limit=10&sort=name&cursor={next}")).send().ok();
        let mut seen = names(&first);
        seen.extend(names(&second));
        let once: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!(once.len(), seen.len(), "no row twice: {seen:?}");
        assert!(["b", "d", "f"].iter().all(|name| seen.contains(name)), "no row lost: {seen:?}");
    }

    fn a_list_counts_on_request(w) {
        campaigns(w, &["a", "b"]);
        let page = w.province().get("/v1/campaigns?limit=1&count=true").send().ok();
        assert_eq!(page["total"], 3);
        let plain = w.province().get("/v1/campaigns").send().ok();
        assert_eq!(plain.get("total").cloned().unwrap_or_default(), Value::Null);
    }

    fn a_list_is_sorted_both_ways(w) {
        campaigns(w, &["b", "a", "c"]);
        let up = w.province().get("/v1/campaigns?sort=name").send().ok();
        let down = w.province().get("/v1/campaigns?sort=-name").send().ok();
        let mut reversed = names(&down);
        reversed.reverse();
        assert_eq!(names(&up), reversed);
        let plain: Vec<_> = names(&up).into_iter().filter(|name| name.len() == 1).collect();
        assert_eq!(plain, ["a", "b", "c"]);
    }

    fn a_list_is_filtered(w) {
        let count = |filter: &str| w.province().all(&format!("/v1/assignments?{filter}")).len();
        assert_eq!(count(&format!("county={JINYANG}")), 2);
        assert_eq!(count(&format!("county={JINYANG}&team={}", w.cast().teams["two"])), 1);
        assert_eq!(count(&format!("county[in]={ZHAOJUE},{WUSHENG}")), 2);
        assert_eq!(count("kind=spot_check"), 0);
    }

    fn a_limit_out_of_range_is_refused(w) {
        for limit in ["0", "-1", "1001", "x", "", "1.5", "99999999999999999999"] {
            w.province().get(&format!("/v1/campaigns?limit={limit}")).send().refused(&[400, 422]);
        }
        w.province().get("/v1/campaigns?limit=1").send().ok();
        w.province().get("/v1/campaigns?limit=1000").send().ok();
    }

    fn an_unknown_parameter_is_refused(w) {
        for query in ["colour=red", "limit=1&colour=red", "colour[in]=a,b", "sort=colour", "sort=-colour"] {
            w.province().get(&format!("/v1/campaigns?{query}")).send().problem(400, "unknown_parameter");
        }
        w.ali().get(&format!("/v1/households?bucket={JINYANG}&colour=red")).send().problem(400, "unknown_parameter");
    }

    fn a_forged_list_cursor_is_refused(w) {
        for cursor in ["x", "AAAA", "%00", "1"] {
            w.province().get(&format!("/v1/campaigns?cursor={cursor}")).send().refused(&[400]);
        }
    }

    fn a_single_resource_has_an_entity_tag(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        let paths = [
            format!("/v1/campaigns/{}", w.cast().campaign),
            format!("/v1/users/{}", w.cast().users["ali"]),
            record.path(),
        ];
        for path in paths {
            let reply = w.province().get(&path).send().status(&[200]);
            let tag = reply.header("etag").unwrap_or_else(|| panic!("no ETag on {path}")).to_owned();
            let same = w.province().get(&path).header("if-none-match", &tag).send().status(&[304]);
            assert!(same.bytes.is_empty());
            w.province().get(&path).header("if-none-match", "\"other\"").send().ok();
        }
    }

    fn an_entity_tag_changes_with_its_resource(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        let tag = || w.ali().get(&record.path()).send().header("etag").unwrap().to_owned();
        let first = tag();
        assert_eq!(first, tag());
        w.ali().push_one(record.edit(json!({ "phone": "1" })));
        assert_ne!(first, tag());
    }

    fn a_change_needs_the_entity_tag(w) {
        let path = format!("/v1/users/{}", w.cast().users["er"]);
        let patch = json!({ "display_name": "二" });
        w.province().patch(&path, &patch).send().refused(&[428]);
        w.province().patch(&path, &patch).header("if-match", "\"stale\"").send().refused(&[412]);
        let before = w.province().get(&path).send();
        let tag = before.header("etag").unwrap().to_owned();
        let changed = w.province().patch(&path, &patch).header("if-match", &tag).send().ok();
        assert_eq!(changed["display_name"], "二");
        // The tag is spent.
        w.province().patch(&path, &patch).header("if-match", &tag).send().refused(&[412]);
    }

    fn a_post_with_a_key_counts_once(w) {
        let first = keyed(w.province(), "k-1", &campaign("a")).created();
        let again = keyed(w.province(), "k-1", &campaign("a")).created();
        assert_eq!(first, again);
        assert_eq!(w.province().all("/v1/campaigns").len(), 2);
    }

    fn a_key_with_another_body_is_refused(w) {
        keyed(w.province(), "k-1", &campaign("a")).created();
        keyed(w.province(), "k-1", &campaign("b")).refused(&[422]);
        assert_eq!(w.province().all("/v1/campaigns").len(), 2);
    }

    fn another_key_is_another_post(w) {
        let one = keyed(w.province(), "k-1", &campaign("a")).created();
        let two = keyed(w.province(), "k-2", &campaign("a")).created();
        assert_ne!(one["id"], two["id"]);
    }

    fn a_key_belongs_to_its_caller(w) {
        let made = |session: &Session| {
            session.post("/v1/teams", &json!({ "name": "x" })).header("idempotency-key", "k").send().created()
        };
        let (one, two) = (made(w.province()), made(w.liangshan()));
        assert_ne!(one["id"], two["id"]);
    }

    fn a_key_survives_a_restart(w) {
        let first = keyed(w.province(), "k-1", &campaign("a")).created();
        w.restart();
        assert_eq!(keyed(w.province(), "k-1", &campaign("a")).created(), first);
    }

    fn posts_with_one_key_at_the_same_moment_count_once(w) {
        w.province();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    // One that comes while the first is under way may be told to wait.
                    keyed(w.province(), "k-1", &campaign("a")).status(&[201, 409, 503]);
                });
            }
        });
        assert_eq!(w.province().all("/v1/campaigns").len(), 2);
    }

    fn a_body_that_is_no_json_is_malformed(w) {
        let call = w.province().call("POST", "/v1/campaigns").bytes("{").header("content-type", "application/json");
        call.send().refused(&[400]);
        let call = w.province().call("POST", "/v1/campaigns").bytes("name=x").header("content-type", "text/plain");
        call.send().refused(&[415]);
    }

    fn times_have_milliseconds_and_the_local_offset(w) {
        let user = w.province().get(&format!("/v1/users/{}", w.cast().users["ali"])).send().ok();
        read(&user["created_at"]);
        assert!(user["created_at"].as_str().unwrap().ends_with("+08:00"), "{user}");
    }

    fn health_needs_no_sign_in(w) {
        for path in ["/healthz", "/readyz"] {
            w.session.get(path).send().status(&[200]);
        }
    }

    fn the_openapi_document_is_served(w) {
        let document = w.session.get("/openapi.json").send().ok();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        for path in ["/v1/sync/push", "/v1/sync/pull", "/v1/auth/login", "/v1/conflicts", "/v1/held-ops"] {
            assert!(document["paths"][path].is_object(), "{path}");
        }
    }

    fn the_docs_are_shown_without_an_outside_download(w) {
        let reply = w.session.get("/docs").send().status(&[200]);
        assert!(reply.header("content-type").unwrap().starts_with("text/html"));
        let text = reply.text();
        for marker in ["src=\"http", "href=\"http", "src=\"//", "href=\"//", "@import"] {
            assert!(!text.contains(marker), "{marker}");
        }
    }

    fn every_operation_of_the_document_but_a_few_needs_a_sign_in(w) {
        let document = w.session.get("/openapi.json").send().ok();
        let open = [
            "/v1/auth/login", "/v1/auth/refresh", "/v1/auth/logout", "/.well-known/jwks.json",
            "/healthz", "/readyz", "/openapi.json", "/docs",
        ];
        let mut asked = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            if open.contains(&path.as_str()) {
                continue;
            }
            for method in ["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD"] {
                if item.get(method.to_lowercase()).is_none() {
                    continue;
                }
                let call = w.session.call(method, &filled(path, &item[method.to_lowercase()]));
                let call = if method == "GET" { call } else { call.json(&json!({})) };
                let status = call.send().status;
                assert_eq!(status, 401, "{method} {path} without a token");
                asked += 1;
            }
        }
        assert!(asked > 20, "only {asked} operations");
    }
}
