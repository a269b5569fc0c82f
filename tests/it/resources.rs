//! `API.md`: who may do what with users, teams, assignments, campaigns, divisions and records.

use crate::support::cast::PASSWORD;
use crate::support::*;

fn user(name: &str, more: Value) -> Value {
    let mut body = json!({ "username": name, "password": PASSWORD });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn assignment(w: &World, team: &str, county: &str, kind: &str) -> Value {
    json!({ "campaign": w.cast().campaign, "team": w.cast().teams[team], "county": county, "kind": kind,
        "from": "2015-04-15", "to": "2015-05-05" })
}

fn names(items: &[Value], member: &str) -> Vec<String> {
    let mut names: Vec<_> = items.iter().map(|item| item[member].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

on_both_engines! {
    fn a_user_is_made_and_read(w) {
        let body = user("feng", json!({ "role": "prefecture", "region": "5134", "display_name": "冯" }));
        let reply = w.province().post("/v1/users", &body).send().status(&[201]);
        let made = reply.json();
        let location = reply.header("location").unwrap().to_owned();
        assert!(location.ends_with(&format!("/v1/users/{}", id_of(&made))), "{location}");
        assert_eq!((&made["username"], &made["role"]), (&json!("feng"), &json!("prefecture")));
        assert_eq!((&made["region"], &made["display_name"]), (&json!("5134"), &json!("冯")));
        assert_eq!((&made["team"], &made["disabled"]), (&Value::Null, &json!(false)));
        let read = w.province().get(&format!("/v1/users/{}", id_of(&made))).send().ok();
        assert_eq!(read, made);
        cast::login(&w.session, "feng", PASSWORD, None);
    }

    fn a_teams_user_takes_its_teams_region(w) {
        let body = user("feng", json!({ "role": "team", "team": w.cast().teams["three"] }));
        let made = w.province().post("/v1/users", &body).send().created();
        assert_eq!((&made["region"], &made["team"]), (&json!("5116"), &json!(w.cast().teams["three"])));
    }

    fn a_username_is_taken_once(w) {
        let body = user("ali", json!({ "role": "prefecture", "region": "5134" }));
        w.province().post("/v1/users", &body).send().refused(&[409, 422]);
    }

    fn an_invalid_user_is_refused(w) {
        for more in [
            json!({}),
            json!({ "role": "king", "region": "51" }),
            json!({ "role": "team" }),
            json!({ "role": "team", "team": new_id() }),
            json!({ "role": "prefecture", "region": "513430" }),
            json!({ "role": "prefecture", "region": "x" }),
            json!({ "role": "provincial", "region": "5134" }),
        ] {
            w.province().post("/v1/users", &user("feng", more.clone())).send().refused(&[400, 422]);
        }
        assert!(!names(&w.province().all("/v1/users"), "username").contains(&"feng".to_owned()));
    }

    fn a_prefecture_makes_users_of_its_region(w) {
        let office = user("feng", json!({ "role": "prefecture", "region": "5134" }));
        w.liangshan().post("/v1/users", &office).send().created();
        let team = user("geng", json!({ "role": "team", "team": w.cast().teams["four"] }));
        w.liangshan().post("/v1/users", &team).send().created();
    }

    fn a_prefecture_makes_no_others(w) {
        for more in [
            json!({ "role": "provincial", "region": "51" }),
            json!({ "role": "prefecture", "region": "5116" }),
            json!({ "role": "team", "team": w.cast().teams["three"] }),
            json!({ "role": "team", "team": w.cast().teams["one"] }),
        ] {
            w.liangshan().post("/v1/users", &user("feng", more)).send().refused(&[403, 404, 422]);
        }
        assert!(!names(&w.province().all("/v1/users"), "username").contains(&"feng".to_owned()));
    }

    fn a_team_makes_no_users(w) {
        let body = user("feng", json!({ "role": "team", "team": w.cast().teams["one"] }));
        w.ali().post("/v1/users", &body).send().refused(&[403]);
    }

    fn users_are_listed_to_their_office(w) {
        let all = ["ali", "bo", "chen", "deng", "er", "guangan", "liangshan", "province"];
        assert_eq!(names(&w.province().all("/v1/users"), "username"), all);
        assert_eq!(names(&w.liangshan().all("/v1/users"), "username"), ["chen", "er", "liangshan"]);
        assert_eq!(names(&w.guangan().all("/v1/users"), "username"), ["deng", "guangan"]);
    }

    fn a_user_of_another_region_looks_like_none(w) {
        let ask = |id: &str| w.liangshan().get(&format!("/v1/users/{id}")).send().refused(&[404]);
        let (real, unreal) = (ask(&w.cast().users["deng"]), ask(&new_id()));
        assert_eq!((&real["code"], &real["detail"]), (&unreal["code"], &unreal["detail"]));
    }

    fn a_team_sees_no_other_user(w) {
        w.ali().get(&format!("/v1/users/{}", w.cast().users["deng"])).send().refused(&[403, 404]);
        let list = w.ali().get("/v1/users").send();
        if list.status == 200 {
            let seen = names(list.json()["items"].as_array().unwrap(), "username");
            assert!(seen.iter().all(|name| name == "ali" || name == "bo"), "{seen:?}");
        }
    }

    fn a_team_of_no_region_belongs_to_its_maker(w) {
        let made = w.province().post("/v1/teams", &json!({ "name": "五队" })).send().created();
        assert_eq!((&made["name"], &made["region"]), (&json!("五队"), &json!("51")));
        let made = w.liangshan().post("/v1/teams", &json!({ "name": "六队" })).send().created();
        assert_eq!(made["region"], "5134");
        let leader = json!({ "name": "七队", "leader": { "name": "马", "rank": "county" } });
        assert_eq!(w.province().post("/v1/teams", &leader).send().created()["leader"]["name"], "马");
    }

    fn a_prefecture_makes_no_team_of_another_region(w) {
        for region in ["5116", "51"] {
            let body = json!({ "name": "x", "region": region });
            w.liangshan().post("/v1/teams", &body).send().refused(&[403, 404, 422]);
        }
        w.ali().post("/v1/teams", &json!({ "name": "x" })).send().refused(&[403]);
    }

    fn teams_are_listed_to_their_office(w) {
        assert_eq!(names(&w.province().all("/v1/teams"), "name"), ["team four", "team one", "team three", "team two"]);
        assert_eq!(names(&w.liangshan().all("/v1/teams"), "name"), ["team four", "team two"]);
    }

    fn an_assignment_is_made_and_closed(w) {
        let body = assignment(w, "four", XIDE, "spot_check");
        let reply = w.province().post("/v1/assignments", &body).send().status(&[201]);
        let made = reply.json();
        assert!(reply.header("location").unwrap().ends_with(&id_of(&made)));
        assert_eq!((&made["county"], &made["kind"]), (&json!(XIDE), &json!("spot_check")));
        assert_eq!(made["closed_at"], Value::Null);
        assert_near(&made["created_at"], now(), ms(5_000));
        let path = format!("/v1/assignments/{}/close", id_of(&made));
        let closed = w.province().post(&path, &json!({})).send().ok();
        assert_near(&closed["closed_at"], now(), ms(5_000));
        // Its history stays.
        let listed = w.province().all("/v1/assignments").into_iter().find(|a| a["id"] == made["id"]).unwrap();
        assert_eq!(listed["closed_at"], closed["closed_at"]);
    }

    fn only_the_province_gives_provincial_and_spot_check_assignments(w) {
        for kind in ["provincial", "spot_check"] {
            w.liangshan().post("/v1/assignments", &assignment(w, "four", XIDE, kind)).send().refused(&[403]);
        }
        w.liangshan().post("/v1/assignments", &assignment(w, "four", XIDE, "prefecture")).send().created();
        is(w.er().push_one(Rec::household(XIDE).create()), "applied");
    }

    fn a_prefecture_assigns_its_own_counties_only(w) {
        let body = assignment(w, "four", WUSHENG, "prefecture");
        w.liangshan().post("/v1/assignments", &body).send().refused(&[403, 404, 422]);
        is(w.er().push_one(Rec::household(WUSHENG).create()), "quarantined");
    }

    fn a_prefecture_closes_no_provincial_assignment_of_another(w) {
        let id = &w.cast().assignments[&format!("three {WUSHENG}")];
        w.liangshan().post(&format!("/v1/assignments/{id}/close"), &json!({})).send().refused(&[403, 404]);
        is(w.deng().push_one(Rec::household(WUSHENG).create()), "applied");
    }

    fn a_team_assigns_and_closes_nothing(w) {
        w.ali().post("/v1/assignments", &assignment(w, "one", ZHAOJUE, "prefecture")).send().refused(&[403]);
        let id = &w.cast().assignments[&format!("one {JINYANG}")];
        w.ali().post(&format!("/v1/assignments/{id}/close"), &json!({})).send().refused(&[403]);
    }

    fn an_invalid_assignment_is_refused(w) {
        let good = assignment(w, "four", XIDE, "provincial");
        let bad = [
            ("county", json!("999999")),
            ("county", json!("5134")),
            ("county", Value::Null),
            ("team", json!(new_id())),
            ("campaign", json!(new_id())),
            ("kind", json!("friendly")),
            ("from", json!("2015-02-30")),
            ("to", json!("soon")),
        ];
        for (name, value) in bad {
            let mut body = good.clone();
            body[name] = value;
            w.province().post("/v1/assignments", &body).send().refused(&[400, 404, 422]);
        }
        assert_eq!(w.province().all("/v1/assignments").len(), 4);
    }

    fn assignments_are_listed_by_scope(w) {
        assert_eq!(w.province().all("/v1/assignments").len(), 4);
        let counties = names(&w.guangan().all("/v1/assignments"), "county");
        assert_eq!(counties, [WUSHENG]);
        let own = w.ali().all("/v1/assignments");
        assert_eq!(own.iter().map(|a| &a["team"]).collect::<Vec<_>>(), [&w.cast().teams["one"]]);
        assert_eq!(w.er().all("/v1/assignments"), Vec::<Value>::new());
    }

    fn campaigns_are_made_by_the_province_and_read_by_all(w) {
        let body = json!({ "name": "2016年督查", "from": "2016-04-01", "to": "2016-05-01" });
        let reply = w.province().post("/v1/campaigns", &body).send().status(&[201]);
        let made = reply.json();
        assert!(reply.header("location").unwrap().ends_with(&format!("/v1/campaigns/{}", id_of(&made))));
        for member in ["name", "from", "to"] {
            assert_eq!(made[member], body[member]);
        }
        for session in [w.province(), w.liangshan(), &w.ali().session] {
            assert_eq!(session.get(&format!("/v1/campaigns/{}", id_of(&made))).send().ok(), made);
        }
        for session in [w.liangshan(), &w.ali().session] {
            session.post("/v1/campaigns", &body).send().refused(&[403]);
        }
        w.province().post("/v1/campaigns", &json!({ "name": "x" })).send().refused(&[400, 422]);
    }

    fn divisions_are_read_by_parent_and_by_code(w) {
        let page = w.ali().all("/v1/divisions?parent=5134");
        assert_eq!(names(&page, "code"), cast::counties("5134"));
        assert!(page.iter().all(|division| division["level"] == "county"));
        let one = w.ali().get(&format!("/v1/divisions/{JINYANG}")).send().ok();
        assert_eq!((&one["name"], &one["parent"]), (&json!("金阳县"), &json!("5134")));
        assert_eq!(w.ali().get("/v1/divisions/51").send().ok()["level"], "province");
        assert_eq!(w.ali().get("/v1/divisions/513430100201").send().ok()["level"], "village");
        w.ali().get("/v1/divisions/999999").send().refused(&[404]);
    }

    fn importing_the_divisions_again_changes_nothing(w) {
        let before = w.ali().all("/v1/divisions?parent=51");
        ruhu::setup::import_divisions(&w.store.config, cast::divisions().as_bytes(), &|_| {}).unwrap();
        assert_eq!(w.ali().all("/v1/divisions?parent=51"), before);
    }

    fn a_bad_line_is_named_and_nothing_is_imported(w) {
        let csv = "code,level,name,parent\n52,province,贵州省,\n5201,prefecture,贵阳市,52\nx,county,乱,5201\n";
        let error = ruhu::setup::import_divisions(&w.store.config, csv.as_bytes(), &|_| {}).unwrap_err();
        assert!(format!("{error:#}").contains('4'), "{error:#}");
        w.ali().get("/v1/divisions/52").send().refused(&[404]);
    }

    fn an_imported_county_becomes_a_bucket(w) {
        is(w.phone("province").push_one(Rec::household("519999").create()), "rejected");
        let csv = format!("{}519999,county,新县,5134\n", cast::divisions());
        // Not under its parent's code: refused, or taken; one under it is taken.
        let _ = ruhu::setup::import_divisions(&w.store.config, csv.as_bytes(), &|_| {});
        let csv = format!("{}513499,county,新县,5134\n", cast::divisions());
        ruhu::setup::import_divisions(&w.store.config, csv.as_bytes(), &|_| {}).unwrap();
        w.restart();
        is(w.phone("liangshan").push_one(Rec::household("513499").create()), "applied");
    }

    fn a_record_is_read_by_its_id(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create_with(json!({ "phone": "139" })));
        for path in [record.path(), format!("{}?bucket={JINYANG}", record.path())] {
            let reply = w.chen().get(&path).send();
            assert!(reply.header("etag").is_some());
            let text = reply.ok().to_string();
            assert!(text.contains(&record.id) && text.contains("\"139\"") && text.contains(JINYANG), "{text}");
        }
        w.chen().get(&Rec::household(JINYANG).path()).send().refused(&[404]);
        w.chen().get("/v1/households/not-an-id").send().refused(&[400, 404]);
        w.chen().get(&format!("/v1/cows/{}", record.id)).send().refused(&[404]);
    }

    fn a_deleted_record_is_gone(w) {
        let record = Rec::household(JINYANG);
        w.ali().push([record.create(), record.delete()]);
        w.ali().get(&record.path()).send().refused(&[404, 410]);
        assert_eq!(w.ali().all(&format!("/v1/households?bucket={JINYANG}")), Vec::<Value>::new());
    }

    fn records_are_listed_by_bucket_in_pages(w) {
        let records: Vec<_> = (0..7).map(|_| Rec::household(JINYANG)).collect();
        w.ali().push(records.iter().map(Rec::create));
        w.ali().push_one(Rec::new("members", JINYANG).create());
        let page = w.chen().get(&format!("/v1/households?bucket={JINYANG}&limit=3")).send().ok();
        assert_eq!(page["items"].as_array().unwrap().len(), 3);
        let all = w.chen().all(&format!("/v1/households?bucket={JINYANG}&limit=3"));
        let mut ids: Vec<_> = records.into_iter().map(|record| record.id).collect();
        ids.sort();
        assert_eq!(names(&all, "id"), ids);
    }

    fn the_dictionary_has_every_collection_in_both_languages(w) {
        let text = w.ali().get("/v1/dictionary").send().ok().to_string();
        for name in COLLECTIONS {
            assert!(text.contains(name), "{name}");
        }
        for word in ["head_name", "户主", "five_guarantees", "五保户", "random_check", "随机抽查", "illness", "因病"] {
            assert!(text.contains(word), "{word}");
        }
    }
}
