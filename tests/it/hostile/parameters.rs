//! Paths and query strings: what cannot be meant is refused by its name, and nothing of the inside shows.

use super::*;

on_both_engines! {
    fn strange_parameters_are_refused_as_problems(w) {
        for query in [
            "bucket=513430'--", "bucket=%00", "bucket=%ff", "bucket=", "bucket=513430&bucket=513431",
            "bucket=513430&limit=1%27", "bucket=513430&sort=id;drop", "bucket[x]=1", "%=1",
        ] {
            let reply = w.ali().get(&format!("/v1/households?{query}")).send();
            if reply.status != 200 {
                reply.refused(&[400, 404, 422]);
            }
        }
        for path in ["/v1/households/%00", "/v1/households/..%2f..", "/v1/users/'", "/v1/divisions/%ff%fe", "/v1/%00",
            "/v1//households", "/v1/households/%2e%2e/%2e%2e/etc/passwd", "/v1/divisions/%2500"] {
            w.province().get(path).send().refused(&[400, 404]);
        }
    }

    fn an_absurd_limit_is_refused_and_none_is_taken_for_another(w) {
        for limit in ["0", "-1", "1001", "18446744073709551615", "18446744073709551616", "99999999999999999999999999",
            "1e2", "1.0", " 1", "0x10", "%31%00", "", "NaN", "Infinity", "１０", "1,2"] {
            for path in ["/v1/households", "/v1/held-ops", "/v1/users", "/v1/divisions", "/v1/conflicts", "/v1/devices"] {
                w.province().get(&format!("{path}?limit={}", http::urlencode(limit))).send().problem(400, "malformed");
            }
        }
        for limit in ["0", "-1", "5001", "1e3", "1.5", "99999999999999999999999999", "\"10\"",  "[]", "{}", "true", "1e400"] {
            post(w.ali(), PULL, format!(r#"{{"schema":1,"limit":{limit}}}"#)).problem(400, "malformed");
        }
    }

    fn a_list_has_its_own_parameters_and_no_others(w) {
        for query in ["limit=1&limit=2", "x=1", "bucket[]=1", "bucket[in][in]=1", "[in]=1", "bucket[gte", "limit[in]=1",
            "sort=", "sort=-", "sort=--id", "sort=id,id", "sort=id%20desc", "sort=fields", "LIMIT=1", "__proto__=1"] {
            w.province().get(&format!("/v1/households?{query}")).send().problem(400, "unknown_parameter");
        }
        let many = vec!["513430"; 101].join(",");
        w.province().get(&format!("/v1/households?bucket[in]={many}")).send().problem(400, "malformed");
    }

    fn what_a_filter_cannot_mean_is_refused(w) {
        for query in ["rev=x", "rev=1e3", "rev=99999999999999999999", "id=1", "id=%27", "updated_at=yesterday", "updated_at[gte]=0",
            "updated_at[lt]=2015-13-01T00:00:00Z", "updated_at[gte]=2015-04-16", "id[in]=,"] {
            w.province().get(&format!("/v1/households?{query}")).send().refused(&[400]);
        }
        // The ends of time are no other time.
        for (query, found) in [("updated_at[gte]=0001-01-01T00:00:00Z", 1), ("updated_at[lt]=9999-12-31T23:59:59Z", 1),
            ("updated_at[gte]=9999-12-31T23:59:59Z", 0), ("updated_at[lt]=0001-01-01T00:00:00Z", 0)] {
            if w.ali().next() == 1 {
                w.ali().push([Rec::household(JINYANG).create()]);
            }
            let items = w.province().all(&format!("/v1/households?{query}"));
            assert_eq!(items.len(), found, "{query}");
        }
    }

    fn a_very_long_query_is_answered_or_refused(w) {
        for length in [1_000, 10_000, 60_000] {
            let reply = w.province().get(&format!("/v1/households?bucket={}", "5".repeat(length))).send();
            assert!([200, 400, 414].contains(&reply.status), "{}", reply.status);
            let reply = w.province().get(&format!("/v1/households?{}=1", "x".repeat(length))).send();
            reply.refused(&[400, 414]);
            let reply = w.province().get(&format!("/v1/households?{}", "bucket=1&".repeat(length / 9))).send();
            reply.refused(&[400, 414]);
        }
        w.province().get("/v1/me").send().ok();
    }

    fn a_problem_shows_nothing_of_the_inside(w) {
        let texts = [
            w.ali().get("/v1/households?bucket=513430'--").send().text(),
            w.ali().get("/v1/users/x").send().text(),
            w.ali().send(&json!({ "schema": 1, "ops": 5 })).text(),
            w.session.with_token("x.y.z").get("/v1/me").send().text(),
            post(w.province(), "/v1/teams", "{\"name\":\"\\ud800\"}").text(),
            post(w.province(), "/v1/teams", vec![0xff, 0xfe]).text(),
            w.province().get("/v1/divisions/%ff").send().text(),
        ];
        for text in texts {
            let lower = text.to_lowercase();
            for word in ["select ", "sqlite", "postgres", "diesel", "panicked", ".rs:", "/src/", "/tmp/", "serde", "struct "] {
                assert!(!lower.contains(word), "{word} in {text}");
            }
        }
    }
}
