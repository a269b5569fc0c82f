//! Lists of records: filters of every kind, orders, places, texts.

use std::collections::BTreeSet;

use crate::support::http::urlencode;
use crate::support::*;

/// A household of JINYANG with these fields; its name.
fn household(w: &World, name: &str, fields: Value) -> Rec {
    let record = Rec::household(JINYANG);
    accepted(w.ali().push_one(record.create_with(fields).field("remarks", name)));
    record
}

fn names(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["fields"]["remarks"].as_str().unwrap_or("-").to_owned()).collect()
}

/// What the list gives, sorted, by the names of the records.
#[track_caller]
fn asked(session: &Session, query: &str) -> Vec<String> {
    let mut names = names(&session.all(&format!("/v1/households?{query}")));
    names.sort();
    names
}

#[track_caller]
fn refused(w: &World, path: &str, query: &str, code: &str) -> Value {
    let problem = w.province().get(&format!("/v1/{path}?{query}")).send().problem(400, "malformed");
    let name = query.split(['=', '%']).next().unwrap();
    let error = &problem["errors"][0];
    assert!(error["pointer"].as_str().unwrap().starts_with(&format!("/{name}")), "{problem}");
    assert_eq!(error["code"], code, "{problem}");
    problem
}

on_both_engines! {
    fn fields_of_every_kind_are_filtered_by(w) {
        let visit = new_id();
        household(w, "a", json!({ "status": "lifted", "people": 3, "income_per_capita": 2800.5, "water_safe": false, "causes_other": ["illness", "water"] }));
        household(w, "b", json!({ "status": "poor", "people": 6, "income_per_capita": 1900, "registry_no": "N-7", "causes_other": ["land", "illness"] }));
        household(w, "c", json!({ "status": "returned", "people": 6, "water_safe": true, "causes_other": [] }));
        let province = w.province();
        for (query, expected) in [
            ("status=lifted", vec!["a"]),
            ("status[in]=lifted,returned", vec!["a", "c"]),
            ("people=6", vec!["b", "c"]),
            ("people[gte]=4&people[lt]=7&status=poor", vec!["b"]),
            ("income_per_capita=2800.5", vec!["a"]),
            ("income_per_capita[lt]=2800.5", vec!["b"]),
            ("water_safe=true", vec!["c"]),
            ("water_safe=false", vec!["a"]),
            ("water_safe[in]=true,false", vec!["a", "c"]),
            ("registry_no=N-7", vec!["b"]),
            ("causes_other=illness", vec!["a", "b"]),
            ("causes_other=land", vec!["b"]),
            ("causes_other[in]=water,land", vec!["a", "b"]),
            ("causes_other=disaster", vec![]),
            ("causes_other=illness&status=poor", vec!["b"]),
            ("village=513430100201", vec!["a", "b", "c"]),
            ("village=513430100202", vec![]),
            ("bucket=513430", vec!["a", "b", "c"]),
            ("bucket=513431", vec![]),
            ("updated_at[gte]=2015-01-01T00:00:00%2B08:00&people=3", vec!["a"]),
            ("seq[gte]=2&people=6", vec!["b", "c"]),
        ] {
            let query = query.replace('[', "%5B").replace(']', "%5D");
            assert_eq!(asked(province, &query), expected, "{query}");
            let counted = province.get(&format!("/v1/households?{query}&count=true")).send().ok();
            assert_eq!(counted["total"], expected.len(), "{query}");
        }
        let interview = Rec::interview(JINYANG);
        accepted(w.ali().push_one(interview.create_with(json!({ "visit": visit, "started_at": "2015-04-16T08:00:00+08:00" }))));
        accepted(w.ali().push_one(Rec::interview(JINYANG).create()));
        for query in [format!("visit={visit}"), "started_at=2015-04-16T00:00:00Z".into(), "started_at%5Blt%5D=2016-01-01T00:00:00Z".into()] {
            let found = w.chen().all(&format!("/v1/interviews?{query}"));
            assert_eq!(found.iter().map(id_of).collect::<Vec<_>>(), std::slice::from_ref(&interview.id), "{query}");
        }
        let finding = Rec::new("findings", JINYANG);
        accepted(w.ali().push_one(finding.create_with(json!({ "state": "open", "due_on": "2015-05-20", "severity": "high" }))));
        for (query, found) in [
            ("state=open&topic=difficulties", 1),
            ("due_on%5Blt%5D=2015-05-21", 1),
            ("due_on%5Blt%5D=2015-05-20", 0),
            ("severity%5Bin%5D=low,medium", 0),
        ] {
            assert_eq!(w.chen().all(&format!("/v1/findings?{query}")).len(), found, "{query}");
        }
        let photo = Rec::new("photos", JINYANG);
        let subject = json!({ "collection": "visits", "id": visit });
        accepted(w.ali().push_one(photo.create_with(json!({ "subject": subject }))));
        assert_eq!(w.chen().all(&format!("/v1/photos?subject_id={visit}&subject_collection=visits")).len(), 1);
        assert_eq!(w.chen().all("/v1/photos?subject_collection=findings").len(), 0);
    }

    fn a_filter_follows_the_record(w) {
        let record = household(w, "a", json!({ "status": "poor" }));
        let count = |query: &str| w.chen().all(&format!("/v1/households?{query}")).len();
        w.bo().push_one(record.edit(json!({ "status": "lifted" })).base(1));
        assert_eq!((count("status=poor"), count("status=lifted")), (0, 1));
        // A value that loses changes nothing.
        w.ali().push_one(record.edit(json!({ "status": "removed" })).base(1).ago(600));
        assert_eq!((count("status=removed"), count("status=lifted")), (0, 1));
        w.bo().push_one(record.edit(json!({ "status": null })).base(3));
        assert_eq!(count("status%5Bin%5D=poor,lifted,returned,removed"), 0);
        w.bo().push_one(record.delete().base(4));
        assert_eq!(count("people=5"), 0);
        w.bo().push_one(record.edit(json!({ "status": "returned" })).base(5));
        assert_eq!((count("people=5"), count("status=returned")), (1, 1));
    }

    fn what_no_row_can_have_is_pointed_at(w) {
        refused(w, "households", "status=rich", "not_in_list");
        refused(w, "households", "status%5Bin%5D=poor,rich", "not_in_list");
        refused(w, "households", "causes_other=weather", "not_in_list");
        refused(w, "households", "people=many", "wrong_type");
        refused(w, "households", "water_safe=yes", "wrong_type");
        refused(w, "households", "village=12", "invalid_village");
        refused(w, "visits", "day=2015-02-30", "invalid_date");
        refused(w, "visits", "team=x", "invalid_uuid");
        refused(w, "visits", "started_at=now", "invalid_time");
        refused(w, "held-ops", "state=openx", "not_in_list");
        refused(w, "held-ops", "status=x", "not_in_list");
        refused(w, "conflicts", "state=released", "not_in_list");
        refused(w, "assignments", "kind=x", "not_in_list");
        refused(w, "users", "role=king", "not_in_list");
        refused(w, "divisions", "level=x", "not_in_list");
        refused(w, "households", "limit=0", "out_of_range");
        refused(w, "households", "near=1,2", "invalid_form");
        refused(w, "households", "near=91,2,3", "out_of_range");
        refused(w, "households", "bbox=1,2,3", "invalid_form");
        refused(w, "households", "bbox=3,2,1,4", "invalid_form");
        refused(w, "households", "q=%20", "too_short");
        refused(w, "households", &format!("q={}", "x".repeat(101)), "too_long");
        for (path, query) in [
            ("households", "topic=difficulties"),
            ("findings", "near=1,2,3"),
            ("visits", "status=poor"),
            ("households", "answers=1"),
            ("households", "phone=1"),
            ("households", "status%5Bgte%5D=poor"),
            ("households", "sort=status"),
            ("users", "q=x"),
        ] {
            w.province().get(&format!("/v1/{path}?{query}")).send().problem(400, "unknown_parameter");
        }
    }

    fn orders_put_what_is_missing_last_and_pages_hold_every_row_once(w) {
        let incomes = [Some(300.5), None, Some(-20.0), Some(300.5), None, Some(7.0), Some(300.5)];
        for (n, income) in incomes.into_iter().enumerate() {
            household(w, &format!("{n}"), json!({ "income_per_capita": income, "people": n % 2 + 1 }));
        }
        let pages = |query: &str, limit: usize| {
            let (mut items, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = w.province().get(&format!("/v1/households?{query}&limit={limit}{cursor}")).send().ok();
                items.extend(page["items"].as_array().unwrap().clone());
                assert!(items.len() <= incomes.len(), "no row twice");
                let Some(next) = page["next"].as_str() else { return items };
                cursor = format!("&cursor={}", urlencode(next));
            }
        };
        for sort in ["income_per_capita", "-income_per_capita", "people,-income_per_capita", "-people,income_per_capita",
            "-income_per_capita,people", "-updated_at", "seq", "-id", "village,-people"]
        {
            let whole = pages(&format!("sort={sort}"), 100);
            assert_eq!(names(&whole).into_iter().collect::<BTreeSet<_>>().len(), incomes.len(), "{sort}");
            for limit in [1, 2, 3] {
                assert_eq!(pages(&format!("sort={sort}"), limit), whole, "{sort} by {limit}");
            }
        }
        let order = |sort: &str, name: &str| -> Vec<Value> {
            pages(&format!("sort={sort}"), 2).iter().map(|item| item["fields"].get(name).cloned().unwrap_or_default()).collect()
        };
        let none = Value::Null;
        assert_eq!(order("income_per_capita", "income_per_capita"), [json!(-20), json!(7), json!(300.5), json!(300.5), json!(300.5), none.clone(), none.clone()]);
        assert_eq!(order("-income_per_capita", "income_per_capita"), [json!(300.5), json!(300.5), json!(300.5), json!(7), json!(-20), none.clone(), none]);
    }

    fn texts_are_found_by_a_part(w) {
        household(w, "a", json!({ "head_name": "吉克阿力", "group_name": "三组" }));
        household(w, "b", json!({ "head_name": "吉克木呷", "helpers": [{ "name": "Wang Fang", "unit": "县水务局", "phone": "13800000000" }] }));
        household(w, "c", json!({ "head_name": "𠮷-田", "registry_no": "AB0071", "phone": "13912345678" }));
        for (q, expected) in [
            ("吉克", vec!["a", "b"]),
            ("克阿", vec!["a"]),
            ("阿力", vec!["a"]),
            ("力", vec!["a"]),
            ("吉克 三组", vec!["a"]),
            ("吉 克", vec!["a", "b"]),
            ("吉力", vec![]),
            ("水务", vec!["b"]),
            ("wang f", vec!["b"]),
            ("WANG", vec!["b"]),
            ("ang", vec!["b"]),
            ("𠮷-田", vec!["c"]),
            ("𠮷田", vec![]),
            ("𠮷", vec!["c"]),
            ("-", vec!["c"]),
            ("%", vec![]),
            ("_", vec![]),
            // A number of a person is looked for by nobody.
            ("13800000000", vec![]),
            ("13912345678", vec![]),
        ] {
            assert_eq!(asked(w.province(), &format!("q={}", urlencode(q))), expected, "{q}");
        }
        let finding = Rec::new("findings", JINYANG);
        accepted(w.ali().push_one(finding.create_with(json!({ "title": "饮水不安全", "detail": "水源离厕所太近" }))));
        for (q, found) in [("饮水", 1), ("厕所", 1), ("饮水 厕所", 1), ("道路", 0)] {
            assert_eq!(w.chen().all(&format!("/v1/findings?q={}", urlencode(q))).len(), found, "{q}");
        }
        // What is written over is found no more.
        accepted(w.ali().push_one(finding.edit(json!({ "title": "道路不通" })).base(1)));
        assert_eq!(w.chen().all(&format!("/v1/findings?q={}", urlencode("饮水"))).len(), 0);
        let record = Rec::household(JINYANG);
        accepted(w.ali().push_one(record.create_with(json!({ "head_name": "沙马" }))));
        accepted(w.ali().push_one(record.edit(json!({ "head_name": "日黑" })).base(1)));
        assert_eq!(asked(w.province(), &format!("q={}", urlencode("沙马"))).len(), 0);
        assert_eq!(asked(w.province(), &format!("q={}", urlencode("日黑"))).len(), 1);
        accepted(w.ali().push_one(record.delete().base(2)));
        assert_eq!(asked(w.province(), &format!("q={}", urlencode("日黑"))).len(), 0);
    }

    fn places_are_found_in_wgs84(w) {
        let at = |lat: f64, lon: f64, datum: &str| json!({ "location": { "lat": lat, "lon": lon, "datum": datum } });
        // 金阳县 on three maps: the same house.
        household(w, "a", at(27.697, 103.249, "wgs84"));
        household(w, "b", at(27.693_600_997_4, 103.250_908_916_9, "gcj02"));
        household(w, "far", at(27.797, 103.249, "wgs84"));
        household(w, "none", json!({}));
        let near = |metres: f64| asked(w.province(), &format!("near=27.697,103.249,{metres}"));
        assert_eq!(near(0.1), ["a", "b"]);
        // A tenth of a degree is 11.1 km.
        assert_eq!(near(11_100.0), ["a", "b"]);
        assert_eq!(near(11_130.0), ["a", "b", "far"]);
        for (bbox, expected) in [
            ("103.2,27.6,103.3,27.75", vec!["a", "b"]),
            ("103.2,27.6,103.3,27.8", vec!["a", "b", "far"]),
            ("103.25,27.6,103.3,27.8", vec![]),
            ("-180,-90,180,90", vec!["a", "b", "far"]),
        ] {
            assert_eq!(asked(w.province(), &format!("bbox={bbox}")), expected, "{bbox}");
        }
    }

    fn totals_and_places_follow_what_is_written(w) {
        // Every time all is asked, so that whatever was found before may be kept; some of it moves in between.
        let check = |moved: &str| {
            for session in [w.province(), w.chen(), w.ali(), w.deng()] {
                for query in ["", "status=poor", "people=5", "near=27.7,103.2,1000", "near=30.3,106.3,1000&status=poor",
                    "bbox=103,27,107,31&people=5", "q=%E5%90%89%E5%85%8B&status=poor"]
                {
                    let path = format!("/v1/households?{query}");
                    let page = session.get(&format!("{path}&count=true")).send().ok();
                    assert_eq!(page["total"], session.all(&path).len(), "{moved}: {query}");
                }
            }
        };
        let found = |query: &str| w.province().all(&format!("/v1/households?{query}")).len();
        check("nothing");
        let here = json!({ "lat": 27.7, "lon": 103.2 });
        let there = json!({ "lat": 30.3, "lon": 106.3 });
        let one = household(w, "one", json!({ "status": "poor", "head_name": "吉克阿力", "location": here }));
        check("a county");
        let other = Rec::household(WUSHENG);
        accepted(w.deng().push_one(other.create_with(json!({ "status": "poor", "location": there }))));
        check("another county");
        assert_eq!((found("status=poor"), found("near=27.7,103.2,1000"), found("near=30.3,106.3,1000")), (2, 1, 1));
        w.ali().push_one(one.edit(json!({ "location": there })).base(1));
        check("a place far out of what the county had");
        assert_eq!((found("near=27.7,103.2,1000"), found("near=30.3,106.3,1000")), (0, 2));
        w.deng().push_one(other.edit(json!({ "status": "lifted" })).base(1));
        check("a status");
        w.ali().push_one(one.delete().base(2));
        check("a record less");
        assert_eq!((found("status=poor"), found("near=30.3,106.3,1000")), (0, 1));
    }

    fn a_list_is_of_ones_own_counties(w) {
        household(w, "a", json!({ "status": "lifted", "head_name": "吉克阿力" }));
        let foreign = Rec::household(WUSHENG);
        accepted(w.deng().push_one(foreign.create_with(json!({ "status": "lifted", "head_name": "吉克阿力", "remarks": "x" }))));
        for query in ["status=lifted", "q=%E5%90%89%E5%85%8B", "sort=-income_per_capita", "sort=updated_at", "people=5",
            "village=511622100201", "bucket=511622", "bucket%5Bin%5D=511622,513430"]
        {
            let page = w.ali().get(&format!("/v1/households?{query}&count=true")).send().ok();
            let given = names(page["items"].as_array().unwrap());
            assert!(given.iter().all(|name| name == "a"), "{query}: {page}");
            assert_eq!(page["total"], given.len(), "{query}");
        }
    }
}
