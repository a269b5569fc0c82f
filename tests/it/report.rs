//! The general report: each number is what its query gives, and what was recorded.

mod recomputed;

use crate::support::*;
use std::collections::{BTreeMap, BTreeSet};

fn path(w: &World, query: &str) -> String {
    format!("/v1/campaigns/{}/report{query}", w.cast().campaign)
}

fn report(session: &Session, w: &World, query: &str) -> Value {
    session.get(&path(w, query)).send().ok()
}

/// Everything in a report that names a query.
fn figures<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) if members.contains_key("query") => found.push(value),
        Value::Object(members) => members.values().for_each(|inner| figures(inner, found)),
        Value::Array(items) => items.iter().for_each(|inner| figures(inner, found)),
        _ => {}
    }
}

fn all_figures(report: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    figures(report, &mut found);
    assert!(found.len() > 50, "only {} numbers", found.len());
    found
}

/// Asks each query once, and compares.
fn compare(session: &Session, report: &Value) {
    let mut answers: BTreeMap<String, Value> = BTreeMap::new();
    for figure in all_figures(report) {
        let query = figure["query"].as_str().unwrap();
        let answer = answers.entry(query.to_owned()).or_insert_with(|| session.get(query).send().ok());
        let at = |member: &str| figure[member].as_str().map(|pointer| answer.pointer(pointer).and_then(Value::as_f64));
        let dividend = at("pointer").unwrap().unwrap_or_default();
        let expected = at("divided_by").map_or(dividend, |divisor| dividend / divisor.unwrap());
        let told = figure["value"].as_f64().unwrap();
        assert!((told - expected).abs() < 1e-9, "{figure} is {expected}");
    }
}

fn section<'a>(report: &'a Value, id: &str) -> &'a Value {
    fn find<'a>(sections: &'a Value, id: &str) -> Option<&'a Value> {
        sections.as_array()?.iter().find_map(|one| if one["id"] == id { Some(one) } else { find(&one["sections"], id) })
    }
    find(&report["sections"], id).unwrap_or_else(|| panic!("no section {id}"))
}

/// What a figure of the whole is, by the end of its pointer.
fn told(report: &Value, query: &str, pointer: &str) -> Value {
    let known = |figure: &&&Value| figure["query"].as_str().unwrap().contains(query) && figure["pointer"] == *pointer;
    let found = all_figures(report);
    found.iter().find(known).unwrap_or_else(|| panic!("no number {pointer}"))["value"].clone()
}

/// The figures of all bars of charts, in their order.
fn charts<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) if members.get("type").is_some_and(|kind| kind == "chart") => {
            found.extend(members["bars"].as_array().unwrap().iter().map(|bar| &bar["figure"]));
        }
        // Sections after the blocks before them.
        Value::Object(members) => {
            ["blocks", "sections"].iter().filter_map(|name| members.get(*name)).for_each(|inner| charts(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| charts(inner, found)),
        _ => {}
    }
}

/// Two counties with visits, interviews, a sample and findings.
fn campaign(w: &World) {
    let homes: Vec<Rec> = (0..4).map(|_| Rec::household(JINYANG)).collect();
    let other = Rec::household(ZHAOJUE);
    w.chen().push(homes.iter().chain([&other]).map(Rec::create));
    let draws = format!("/v1/campaigns/{}/draws", w.cast().campaign);
    let body = json!({ "level": "household", "county": JINYANG, "method": "srs", "places": { "total": 3 } });
    let draw = id_of(&w.province().post(&draws, &body).send().created());
    let drawn = w.province().post(&format!("{draws}/{draw}/reveal"), &json!({})).send().ok();
    let mut ops = Vec::new();
    for (n, unit) in drawn["sample"].as_array().unwrap().iter().enumerate() {
        let visit = Rec::new("visits", JINYANG);
        ops.push(visit.create_with(json!({ "campaign": w.cast().campaign, "level": "household", "state": "done",
            "method": "random_check", "household": unit["unit"], "sample_slot": unit["id"] })));
        ops.push(Rec::interview(JINYANG).create_with(json!({ "visit": visit.id, "household": unit["unit"],
            "level": "household", "answers": { "plan_known": n > 0, "knows_registered": true } })));
    }
    let hearing = Rec::new("visits", JINYANG);
    ops.push(hearing.create_with(json!({ "campaign": w.cast().campaign, "level": "county", "method": "hearing" })));
    let elsewhere = Rec::new("visits", JINYANG);
    ops.push(elsewhere.create());
    let finding = |county: &str, fields: Value| Rec::new("findings", county).create_with(fields);
    ops.extend([
        finding(JINYANG, json!({ "title": "饮水<b>不安全", "topic": "targeted_practice", "severity": "high", "due_on": "2015-05-01" })),
        finding(JINYANG, json!({ "title": "饮水<b>不安全", "topic": "targeted_practice", "kind": "problem" })),
        finding(JINYANG, json!({ "title": "道路未硬化", "topic": "plan_tasks", "kind": "difficulty", "severity": "medium", "visit": hearing.id })),
        finding(JINYANG, json!({ "title": "别的督查", "topic": "plan_tasks", "visit": elsewhere.id })),
        finding(JINYANG, json!({ "title": "互助资金办得好", "topic": "institutional_innovation", "kind": "good_practice" })),
        finding(JINYANG, json!({ "title": "加强培训", "topic": "difficulties", "kind": "suggestion" })),
    ]);
    w.ali().push(ops);
    w.chen().push([finding(ZHAOJUE, json!({ "title": "昭觉的问题", "topic": "decisions" }))]);
    let rejected = json!({ "title": "不属实", "topic": "decisions", "state": "rejected", "verified_note": "查无此事" });
    w.phone("province").push_one(finding(JINYANG, rejected));
}

on_both_engines! {
    fn every_number_is_what_its_query_gives(w) {
        campaign(w);
        for (session, query) in [
            (w.province(), "?lang=zh"), (w.province(), "?prefecture=5134&lang=en"), (w.liangshan(), ""),
            (w.guangan(), ""), (w.ali(), ""), (w.chen(), ""), (&w.deng().session, ""),
        ] {
            compare(session, &report(session, w, query));
        }
    }

    fn a_chart_or_a_document_says_where_its_numbers_come_from(w) {
        campaign(w);
        let told = report(w.province(), w, "?lang=zh");
        let mut bars = Vec::new();
        charts(&told, &mut bars);
        assert!(bars.len() > 10, "{} bars", bars.len());
        let page = w.province().get(&path(w, "?format=html&lang=zh")).send().status(&[200]).text();
        let drawn: Vec<&str> = page.split("<svg").skip(1).map(|part| part.split("</svg>").next().unwrap()).collect();
        let links: Vec<&str> = drawn.iter().flat_map(|svg| svg.split("<a href=\"").skip(1)).collect();
        assert_eq!(links.len(), bars.len());
        for (link, figure) in links.iter().zip(&bars) {
            let escaped = |text: &str| text.replace('&', "&amp;");
            let (query, pointer) = (figure["query"].as_str().unwrap(), figure["pointer"].as_str().unwrap());
            assert!(link.starts_with(&format!("{}\"", escaped(query))), "{link} is not {figure}");
            let inside = link.split("</a>").next().unwrap();
            assert!(inside.contains(&escaped(&format!("{query} {pointer}"))) && inside.contains(figure["text"].as_str().unwrap()), "{inside}");
        }
        let file = w.province().get(&path(w, "?format=docx&lang=zh")).send().status(&[200]);
        let read = docx_rs::read_docx(&file.bytes).unwrap().json();
        let coverage = format!("[1] /v1/campaigns/{}/coverage?level=province", w.cast().campaign);
        for part in [
            "数据来源：[1] /items/0/{counties/all,counties/reached,households/visited,households/registered}",
            "数据来源：[1] /min_days_on_site, /items/0/{leaders/all,leaders/enough,team_days}", &coverage,
        ] {
            assert!(read.contains(part), "{part} is not in the document");
        }
        // Every query is listed once.
        let queries: BTreeSet<&str> = all_figures(&told).iter().map(|figure| figure["query"].as_str().unwrap()).collect();
        for (query, number) in queries.iter().map(|query| (query, read.matches(&format!("] {query}\"")).count())) {
            assert_eq!(number, 1, "{query}");
        }
    }

    fn only_what_the_campaign_looks_at_is_told(w) {
        campaign(w);
        let own = json!({ "topics": ["decisions", "targeted_practice"], "methods": ["random_check", "hearing"] });
        w.province().patch(&format!("/v1/campaigns/{}", w.cast().campaign), &own).header("if-match", "*").send().ok();
        let told = report(w.province(), w, "?lang=en");
        let topics = |id: &str| section(&told, id)["sections"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(topics("situation"), ["situation.decisions", "situation.targeted_practice"]);
        let methods = &section(&told, "methods")["blocks"];
        assert_eq!((methods[0]["rows"].as_array().unwrap().len(), methods[1]["bars"].as_array().unwrap().len()), (2, 2));
        assert_eq!(section(&told, "problems")["blocks"][1]["rows"].as_array().unwrap().len(), 2);
        let mut bars = Vec::new();
        charts(section(&told, "annex"), &mut bars);
        assert!(!bars.is_empty() && bars.iter().all(|figure| {
            let pointer = figure["pointer"].as_str().unwrap();
            pointer.contains("/decisions/") || pointer.contains("/targeted_practice/")
        }));
        // What else was done and found is in the sums all the same.
        assert!(all_figures(&told).iter().all(|figure| !figure["pointer"].as_str().unwrap().contains("symposium")));
        assert_eq!(section(&told, "problems")["blocks"][0]["parts"][0]["value"], 4.0);
    }

    fn it_is_in_both_languages_and_all_forms(w) {
        campaign(w);
        let (zh, en) = (report(w.province(), w, "?lang=zh"), report(w.province(), w, "?lang=en"));
        assert_eq!((&zh["title"], &zh["lang"]), (&json!("督查调研总报告"), &json!("zh-CN")));
        assert_eq!(section(&zh, "methods")["title"], "三、督查方式");
        assert_eq!(section(&en, "methods")["title"], "3. Methods");
        let numbers = |report: &Value| all_figures(report).iter().map(|figure| (*figure).clone()).collect::<Vec<_>>();
        assert_eq!(numbers(&zh), numbers(&en));
        let accept = |format: &str| w.province().get(&path(w, "")).header("accept", format).header("accept-language", "zh-CN").send().status(&[200]);
        let page = accept("text/html,application/xhtml+xml;q=0.9");
        assert_eq!((page.header("content-type"), page.header("content-language")), (Some("text/html; charset=utf-8"), Some("zh-CN")));
        let text = page.text();
        for part in ["<h1>督查调研总报告</h1>", "饮水&lt;b&gt;不安全", "<svg", "互助资金办得好（金阳县）", "加强培训", "coverage?level=province\"", "金阳县"] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(!text.contains("<b>"));
        let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        for file in [accept(docx), w.province().get(&path(w, "?format=docx&lang=zh")).send().status(&[200])] {
            assert_eq!(file.header("content-type"), Some(docx));
            let read = docx_rs::read_docx(&file.bytes).unwrap().json();
            for part in ["督查调研总报告", "三、督查方式", "饮水<b>不安全", "数据来源："] {
                assert!(read.contains(part), "{part} is not in the document");
            }
        }
        assert_eq!(accept("image/png").header("content-type"), Some("application/json"));
        w.province().get(&path(w, "?format=pdf")).send().problem(400, "malformed");
        w.province().get(&path(w, "?lang=de")).send().problem(400, "malformed");
        w.province().get(&path(w, "?county=513430")).send().problem(400, "unknown_parameter");
    }

    fn everybody_gets_their_own_part(w) {
        campaign(w);
        let counties = |session: &Session| told(&report(session, w, ""), "coverage?level=province", "/items/0/counties/all");
        assert_eq!(counties(w.province()), cast::counties("51").len() as f64);
        assert_eq!(counties(w.liangshan()), cast::counties("5134").len() as f64);
        let counties = [JINYANG, ZHAOJUE].map(|county| json!({ "county": county, "area": "liangshan_yi" }));
        let area = json!({ "counties": [counties[0], counties[1], { "county": WUSHENG }] });
        w.province().patch(&format!("/v1/campaigns/{}", w.cast().campaign), &area).header("if-match", "*").send().ok();
        let areas = |lang: &str| {
            let told = report(w.province(), w, lang);
            let rows = section(&told, "coverage")["blocks"][0]["rows"].as_array().unwrap().clone();
            rows.iter().map(|row| (row[0].as_str().unwrap().to_owned(), row[1]["value"].as_f64().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(areas("?lang=zh"), [("大小凉山彝区".into(), 2.0), ("片区外".into(), 1.0)]);
        assert_eq!(areas("?lang=en")[1], ("Outside these areas".into(), 1.0));
        for session in [w.guangan(), &w.deng().session, &w.er().session] {
            let text = report(session, w, "").to_string();
            assert!(!text.contains("饮水") && !text.contains("金阳"), "{text}");
        }
        let own = report(w.liangshan(), w, "?lang=zh");
        assert_eq!(own["sections"][9]["sections"].as_array().unwrap().len(), 1);
        assert!(own["subtitle"].as_str().unwrap().ends_with("凉山彝族自治州"), "{own}");
        w.guangan().get(&path(w, "?prefecture=5134")).send().problem(404, "not_found");
        w.province().get(&path(w, "?prefecture=9999")).send().problem(404, "not_found");
        w.province().get(&path(w, "?prefecture=x")).send().problem(400, "malformed");
        w.province().get(&format!("/v1/campaigns/{}/report", new_id())).send().problem(404, "not_found");
    }

    fn findings_are_summed_up_where_they_are(w) {
        campaign(w);
        let of = |session: &Session, query: &str| session.get(&format!("/v1/campaigns/{}/findings{query}", w.cast().campaign)).send().ok();
        let by_county = of(w.liangshan(), "?level=county");
        let item = |code: &str| by_county["items"].as_array().unwrap().iter().find(|item| item["code"] == code).unwrap().clone();
        assert_eq!((&item(JINYANG)["problems"], &item(ZHAOJUE)["problems"]), (&json!(3), &json!(1)));
        assert_eq!(item(JINYANG)["topics"]["targeted_practice"], json!({ "all": 2, "high": 1, "medium": 0, "low": 1 }));
        assert_eq!(item(JINYANG)["states"], json!({ "open": 5, "rejected": 1 }));
        assert_eq!(by_county["frequent"][0], json!({ "topic": "targeted_practice", "title": "饮水<b>不安全", "count": 2 }));
        assert_eq!(of(w.guangan(), "")["frequent"], json!([]));
        assert_eq!(of(w.ali(), "?county=513430")["items"][0]["code"], "51");
    }
}
