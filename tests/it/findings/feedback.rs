use super::*;

fn feedback(session: &Session, w: &World, county: &str, query: &str) -> http::Reply {
    session.get(&format!("/v1/campaigns/{}/feedback/{county}{query}", w.cast().campaign)).send()
}

on_both_engines! {
    fn a_county_is_told_what_was_found_there(w) {
        let visit = Rec::new("visits", JINYANG);
        let elsewhere = Rec::new("visits", JINYANG);
        w.ali().push([
            visit.create_with(json!({ "campaign": w.cast().campaign, "method": "symposium", "state": "done" })),
            elsewhere.create(),
        ]);
        found(w, json!({ "visit": visit.id, "title": "饮水<b>不</b>安全", "due_on": "2015-05-01", "severity": "high" }));
        found(w, json!({ "title": "没有走访记录" }));
        found(w, json!({ "visit": elsewhere.id, "title": "别的督查" }));
        let other = Rec::new("findings", ZHAOJUE);
        w.chen().push([other.create_with(json!({ "title": "昭觉的问题" }))]);
        let page = feedback(w.liangshan(), w, JINYANG, "?lang=zh").status(&[200]);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("content-language"), Some("zh-CN"));
        let text = page.text();
        for part in ["关于金阳县督查情况的反馈意见", "饮水&lt;b&gt;不&lt;/b&gt;安全", "没有走访记录", "基层座谈", "已逾期", "共 2 个问题，其中逾期 1 个。"] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        for part in ["别的督查", "昭觉的问题", "<b>"] {
            assert!(!text.contains(part), "{part} is in {text}");
        }
        let english = w.ali().get(&format!("/v1/campaigns/{}/feedback/{JINYANG}", w.cast().campaign)).header("accept-language", "en").send();
        assert!(english.text().contains("2 findings, 1 of them overdue."));
        feedback(w.province(), w, JINYANG, "?lang=de").problem(400, "malformed");
        feedback(w.province(), w, JINYANG, "?language=zh").problem(400, "unknown_parameter");
    }

    fn another_county_has_no_document(w) {
        for (session, county) in [(w.guangan(), JINYANG), (&w.deng().session, JINYANG), (&w.er().session, JINYANG), (w.province(), "519999"), (w.province(), "51"), (w.province(), "x")] {
            feedback(session, w, county, "").problem(404, "not_found");
        }
        w.province().get(&format!("/v1/campaigns/{}/feedback/{JINYANG}", new_id())).send().problem(404, "not_found");
    }
}
