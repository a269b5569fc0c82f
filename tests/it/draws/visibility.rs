//! Unannounced visits: until its moment a draw is the province's alone.

use super::*;

/// Tells another moment.
fn show(w: &World, draw: &Value, when: Value) -> Value {
    let tag = w.province().get(&path(w, draw)).send().header("etag").unwrap().to_owned();
    let change = w.province().patch(&path(w, draw), &json!({ "visible_from": when }));
    change.header("if-match", &tag).send().ok()
}

/// The draw is nothing to these callers: not in lists, not in counts, not by its id.
#[track_caller]
fn hidden(w: &World, draw: &Value) {
    for caller in [w.liangshan(), &w.ali().session, &w.chen().session] {
        for query in
            ["count=true".to_owned(), format!("count=true&id={}", id_of(draw)), "count=true&sort=-county".into()]
        {
            let page = caller.get(&format!("{}?{query}", draws(w))).send().ok();
            assert_eq!(
                (&page["items"], &page["total"], &page["next"]),
                (&json!([]), &json!(0), &Value::Null),
                "{query}"
            );
        }
        for end in ["", "/units", "/units?count=true"] {
            let ask = |id: &str| caller.get(&format!("{}/{id}{end}", draws(w))).header("if-none-match", "*").send();
            let (real, unreal) =
                (ask(&id_of(draw)).problem(404, "not_found"), ask(&new_id()).problem(404, "not_found"));
            assert_eq!(real["detail"], unreal["detail"]);
        }
    }
}

#[track_caller]
fn seen(w: &World, draw: &Value) {
    let whole = w.province().get(&path(w, draw)).send().ok();
    for caller in [w.liangshan(), &w.ali().session, &w.chen().session] {
        assert_eq!(caller.get(&path(w, draw)).send().ok(), whole);
        assert_eq!(texts(&json!(caller.all(&format!("{}?id={}", draws(w), id_of(draw)))), "id"), [id_of(draw)]);
        assert_eq!(
            caller.all(&format!("{}/units", path(w, draw))),
            w.province().all(&format!("{}/units", path(w, draw)))
        );
    }
}

on_both_engines! {
    fn nobody_else_sees_it_before(w) {
        let later = wire(ago(-60));
        let draw = commit(w, &with(villages(), json!({ "visible_from": later })));
        assert_eq!(draw["visible_from"], later);
        hidden(w, &draw);
        let draw = reveal(w, &draw);
        hidden(w, &draw);
        assert_eq!(w.province().all(&draws(w)).len(), 1);
        show(w, &draw, json!(wire(ago(-120))));
        hidden(w, &draw);
        let shown = show(w, &draw, json!(wire(ago(1))));
        assert_eq!(shown["sample"], draw["sample"]);
        seen(w, &draw);
    }

    /// Or whoever draws until a sample pleases could hide the others.
    fn what_was_seen_cannot_be_hidden_and_nothing_is_hidden_for_ever(w) {
        let hide = |draw: &Value, when: Value| {
            w.province().patch(&path(w, draw), &json!({ "visible_from": when })).header("if-match", "*").send()
        };
        for never in [json!({}), json!({ "visible_from": wire(ago(1)) })] {
            let draw = drawn(w, &with(villages(), never));
            hide(&draw, json!(wire(ago(-60)))).problem(409, "conflict");
            seen(w, &draw);
        }
        let (half_a_year, more) = (wire(ago(-179 * 24 * 60)), wire(ago(-181 * 24 * 60)));
        let long = with(villages(), json!({ "visible_from": more }));
        w.province().post(&draws(w), &long).send().problem(409, "conflict");
        let draw = commit(w, &with(villages(), json!({ "visible_from": half_a_year })));
        hide(&draw, json!(more)).problem(409, "conflict");
        w.liangshan().get(&path(w, &draw)).send().problem(404, "not_found");
    }

    /// What is hidden can be held to what was published of it before.
    fn every_commitment_is_told_before(w) {
        let later = with(villages(), json!({ "visible_from": wire(ago(-60)) }));
        let known = [commit(w, &later), commit(w, &villages())];
        let told = |session: &Session| session.get(&format!("/v1/campaigns/{}/commitments", w.cast().campaign)).send().ok();
        let expected: Vec<Value> = known
            .iter()
            .map(|draw| json!({ "committed_at": draw["plan"]["committed_at"], "commitment": draw["plan"]["commitment"],
                "plan_digest": draw["plan_digest"] }))
            .collect();
        for session in [w.province(), w.liangshan(), w.guangan(), &w.ali().session, &w.deng().session] {
            assert_eq!(told(session)["items"], Value::from(expected.clone()));
        }
        let draw = reveal(w, &known[0]);
        assert_eq!(told(w.guangan())["items"], Value::from(expected));
        show(w, &draw, Value::Null);
        let seen = w.liangshan().get(&path(w, &draw)).send().ok();
        assert_eq!((&seen["plan"], &seen["plan_digest"]), (&known[0]["plan"], &known[0]["plan_digest"]));
    }

    fn a_moment_that_has_passed_hides_nothing(w) {
        seen(w, &drawn(w, &with(villages(), json!({ "visible_from": wire(ago(1)) }))));
    }

    fn a_second_stage_is_not_seen_before_the_first(w) {
        for village in texts(&commit(w, &villages())["frame"], "id") {
            register(w, &village, 1, &json!({}));
        }
        let first = drawn(w, &with(villages(), json!({ "visible_from": wire(ago(-60)) })));
        let second = drawn(w, &json!({ "level": "household", "first_stage": first["id"], "method": "srs",
            "places": { "per_stratum": 1 } }));
        for caller in [w.liangshan(), &w.ali().session] {
            caller.get(&path(w, &second)).send().problem(404, "not_found");
            caller.get(&format!("{}/units", path(w, &second))).send().problem(404, "not_found");
        }
        let page = w.ali().get(&format!("{}?count=true&level=household", draws(w))).send().ok();
        assert_eq!((&page["items"], &page["total"]), (&json!([]), &json!(0)));
        show(w, &first, json!(wire(ago(60))));
        seen(w, &second);
    }

    fn the_moment_is_all_that_changes_and_needs_what_was_seen(w) {
        let draw = drawn(w, &villages());
        let change = |body: Value| w.province().patch(&path(w, &draw), &body);
        change(json!({ "visible_from": null })).send().problem(428, "precondition_required");
        change(json!({ "visible_from": null })).header("if-match", "\"x\"").send().problem(412, "precondition_failed");
        let bad = change(json!({ "visible_from": "2015-04-16" })).header("if-match", "*").send().problem(422, "invalid");
        assert_eq!(texts(&bad["errors"], "pointer"), ["/visible_from"]);
        for body in [json!({ "plan": {} }), json!({ "state": "committed" }), json!({ "sample": [] })] {
            change(body).header("if-match", "*").send().problem(422, "invalid");
        }
        assert_eq!(change(json!({})).header("if-match", "*").send().ok(), draw);
        let shown = show(w, &draw, json!("2015-04-16T06:00:00+08:00"));
        assert_eq!(shown["visible_from"], "2015-04-16T06:00:00.000+08:00");
        for member in ["plan", "frame", "drawn", "sample", "substitutes"] {
            assert_eq!(shown[member], draw[member], "{member}");
        }
    }
}
