//! Who may do what with draws (`API.md`, "Who"): the province makes them, its prefectures and teams read.

use super::*;

on_both_engines! {
    fn only_the_province_makes_and_changes_draws(w) {
        let draw = drawn(w, &villages());
        let committed = commit(w, &villages());
        let unit = id_of(&draw["sample"][0]);
        for caller in [w.liangshan(), &w.ali().session, &w.deng().session] {
            caller.post(&draws(w), &villages()).send().problem(403, "forbidden");
            caller.post(&format!("{}/reveal", path(w, &committed)), &json!({})).send().problem(403, "forbidden");
            let body = json!({ "reason": "x" });
            caller.post(&format!("{}/units/{unit}/replace", path(w, &draw)), &body).send().problem(403, "forbidden");
            let change = caller.patch(&path(w, &draw), &json!({ "visible_from": null })).header("if-match", "*");
            change.send().problem(403, "forbidden");
        }
        assert_eq!(w.province().all(&draws(w)).len(), 2);
        assert_eq!(w.province().get(&path(w, &draw)).send().ok(), draw);
    }

    fn draws_are_read_in_ones_own_counties(w) {
        let draw = drawn(w, &villages());
        for caller in [w.liangshan(), &w.ali().session, &w.chen().session] {
            assert_eq!(caller.get(&path(w, &draw)).send().ok(), draw);
            assert_eq!(caller.all(&draws(w)).len(), 1);
            assert_eq!(caller.all(&format!("{}/units", path(w, &draw))).len(), 5);
        }
        for caller in [w.guangan(), &w.deng().session, &w.er().session] {
            assert_eq!(caller.all(&draws(w)), Vec::<Value>::new());
            let count = caller.get(&format!("{}?count=true", draws(w))).send().ok();
            assert_eq!(count["total"], 0);
            for end in ["", "/units", "/units?count=true"] {
                let ask = |id: &str| caller.get(&format!("{}/{id}{end}", draws(w))).send().problem(404, "not_found");
                let (real, unreal) = (ask(&id_of(&draw)), ask(&new_id()));
                assert_eq!(real["detail"], unreal["detail"]);
            }
        }
        // Closing an assignment takes effect at the next request.
        w.close("one", JINYANG);
        w.ali().get(&path(w, &draw)).send().problem(404, "not_found");
        assert_eq!(w.ali().all(&draws(w)), Vec::<Value>::new());
    }

    fn a_draw_is_of_its_campaign_alone(w) {
        let draw = drawn(w, &villages());
        let campaign = json!({ "name": "其他督查", "from": "2015-06-01", "to": "2015-06-30" });
        let other = id_of(&w.province().post("/v1/campaigns", &campaign).send().created());
        for campaign in [other, new_id()] {
            w.province().get(&format!("/v1/campaigns/{campaign}/draws/{}", id_of(&draw))).send().problem(404, "not_found");
        }
        w.province().get(&format!("/v1/campaigns/{}/draws", new_id())).send().problem(404, "not_found");
        w.province().post(&format!("/v1/campaigns/{}/draws", new_id()), &villages()).send().problem(404, "not_found");
    }

    fn a_county_of_another_province_is_not_drawn_from(w) {
        let csv = "code,level,name,parent\n52,province,贵州省,\n5201,prefecture,贵阳市,52\n520102,county,南明区,5201\n\
            520102001,township,新华路街道,520102\n520102001001,village,新华社区,520102001\n";
        ruhu::setup::import_divisions(&w.store.config, csv.as_bytes(), &|_| {}).unwrap();
        let body = with(villages(), json!({ "county": "520102", "places": { "total": 1 } }));
        w.province().post(&draws(w), &body).send().problem(403, "forbidden");
    }
}
