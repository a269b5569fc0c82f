//! The reveal: the seed is the one that was committed to, and everything drawn follows from it.

use super::*;
use crate::support::engine::Engine;

/// Everything that stands in the database about draws and kept answers.
fn dump(w: &World) -> Vec<u8> {
    let url = w.store.database_url();
    let Some(file) = url.strip_prefix("sqlite:") else {
        #[derive(diesel::QueryableByName)]
        struct Text {
            #[diesel(sql_type = diesel::sql_types::Text)]
            text: String,
        }
        let mut conn = PgConnection::establish(&url).unwrap();
        let tables = ["draws", "draw_units", "idempotency_keys"];
        let text = |table: &str| {
            let query = format!("SELECT coalesce(string_agg(t::text, ' '), '') AS text FROM {table} t");
            diesel::sql_query(query).get_result::<Text>(&mut conn).unwrap().text
        };
        return tables.map(text).concat().into_bytes();
    };
    let files = ["", "-wal"].map(|end| std::fs::read(format!("{file}{end}")).unwrap_or_default());
    files.concat()
}

fn holds(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

on_both_engines! {
    fn what_is_drawn_follows_from_the_seed(w) {
        let committed = commit(w, &villages());
        let draw = reveal(w, &committed);
        assert_eq!(draw["state"], "drawn");
        assert_eq!((&draw["plan"], &draw["frame"], &draw["plan_digest"]),
            (&committed["plan"], &committed["frame"], &committed["plan_digest"]));
        assert_eq!((&draw["drawn"]["by"], &draw["drawn"]["public_value"]), (&json!(w.cast().users["province"]), &Value::Null));
        assert_near(&draw["drawn"]["at"], now(), ms(5_000));
        let seed = bytes(draw["drawn"]["seed"].as_str().unwrap());
        assert_eq!(hex(&Sha256::digest(seed)), committed["plan"]["commitment"]);
        // By hand.
        let order = in_order(&seed, texts(&draw["frame"], "id"));
        assert_eq!(texts(&draw["sample"], "unit"), order[..3]);
        assert_eq!(texts(&draw["substitutes"], "unit"), order[3..5]);
        let all: Vec<_> = ["sample", "substitutes"].iter().flat_map(|list| draw[list].as_array().unwrap()).collect();
        for (place, unit) in (1..).zip(&all) {
            let code = unit["unit"].as_str().unwrap();
            assert_eq!(unit["number"], format!("{:016x}", number(&seed, code)));
            assert_eq!((&unit["place"], &unit["stratum"]), (&json!(place), &json!(JINYANG)));
            assert_eq!((&unit["probability"], &unit["overall"]), (&json!(0.3), &json!(0.3)));
            let namespace = id_of(&draw).parse().unwrap();
            assert_eq!(id_of(unit), uuid::Uuid::new_v5(&namespace, code.as_bytes()).to_string());
        }
        assert_eq!(w.province().get(&path(w, &draw)).send().ok(), draw);
        let listed = &w.province().all(&draws(w))[0];
        assert_eq!((&listed["drawn"], &listed["state"]), (&draw["drawn"], &json!("drawn")));
    }

    fn larger_villages_come_first_for_their_numbers(w) {
        for (village, count) in [("513430100201", 1), ("513430100202", 20), ("513430100203", 3), ("513430100204", 2)] {
            register(w, village, count, &json!({}));
        }
        let body = with(villages(), json!({ "method": "pps", "sizes": "registered", "places": { "total": 2 }, "substitutes": 9 }));
        let draw = drawn(w, &body);
        let all: Vec<_> = ["sample", "substitutes"].iter().flat_map(|list| draw[list].as_array().unwrap()).collect();
        // Of the ten villages of the list four have households; 2·20 ≥ 26, so that one is certain.
        assert_eq!(all.len(), 4);
        assert_eq!((&all[0]["unit"], &all[0]["probability"]), (&json!("513430100202"), &json!(1.0)));
        let seed = bytes(draw["drawn"]["seed"].as_str().unwrap());
        let mut rest = [("513430100201", 1.0), ("513430100203", 3.0), ("513430100204", 2.0)];
        rest.sort_by(|a, b| {
            let key = |(code, size): (&str, f64)| number(&seed, code) as f64 / size;
            key(*a).total_cmp(&key(*b))
        });
        assert_eq!(all[1..].iter().map(|unit| unit["unit"].clone()).collect::<Vec<_>>(), rest.map(|(code, _)| json!(code)));
        let sum: f64 = all.iter().map(|unit| unit["probability"].as_f64().unwrap()).sum();
        assert!((sum - 2.0).abs() < 1e-9, "{sum}");
        // One of three by size: 1/6·∫(1−t/3)(1−t/2)dt from 0 to 2, and so on.
        for (code, expected) in [("513430100201", 7.0 / 54.0), ("513430100204", 16.0 / 54.0), ("513430100203", 31.0 / 54.0)] {
            let unit = all.iter().find(|unit| unit["unit"] == code).unwrap();
            assert!((unit["probability"].as_f64().unwrap() - expected).abs() < 1e-9, "{code}: {unit}");
        }
    }

    fn a_seed_is_revealed_once(w) {
        let committed = commit(w, &villages());
        let call = || w.province().post(&format!("{}/reveal", path(w, &committed)), &json!({}));
        let first = call().header("idempotency-key", "once").send().ok();
        assert_eq!(call().header("idempotency-key", "once").send().ok(), first);
        call().send().problem(409, "already_settled");
        assert_eq!(w.province().get(&path(w, &committed)).send().ok(), first);
    }

    fn of_two_at_once_one_reveals(w) {
        let committed = commit(w, &villages());
        let path = format!("{}/reveal", path(w, &committed));
        let mut statuses: Vec<u16> = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..4).map(|_| scope.spawn(|| w.province().post(&path, &json!({})).send().status)).collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409]);
    }

    fn the_seed_is_nowhere_before_it_is_revealed(w) {
        let committed = w.province().post(&draws(w), &villages()).header("idempotency-key", "k").send().created();
        let mut before = dump(w);
        for path in [path(w, &committed), draws(w), format!("{}/units", path(w, &committed))] {
            before.extend(w.province().get(&path).send().status(&[200]).bytes);
        }
        before.extend(committed.to_string().into_bytes());
        // Also a refused reveal says nothing of it.
        let body = json!({ "public_value": "x" });
        before.extend(w.province().post(&format!("{}/reveal", path(w, &committed)), &body).send().status(&[422]).bytes);
        let seed = reveal(w, &committed)["drawn"]["seed"].as_str().unwrap().to_owned();
        assert!(holds(&before, committed["plan"]["commitment"].as_str().unwrap().as_bytes()), "the dump is one");
        assert!(!holds(&before, seed.as_bytes()) && !holds(&before, &bytes(&seed)));
        assert!(holds(&dump(w), seed.as_bytes()), "the search would find it");
    }

    fn a_restart_forgets_no_seed(w) {
        let committed = commit(w, &villages());
        w.restart();
        assert_eq!(reveal(w, &committed)["plan"]["commitment"], committed["plan"]["commitment"]);
    }

    fn what_was_changed_in_the_database_is_not_drawn_from(w) {
        let json = if w.store.database_url().starts_with("sqlite:") { "" } else { "::json" };
        let zero = if json.is_empty() { "zeroblob(32)" } else { r"'\x0000000000000000000000000000000000000000000000000000000000000000'" };
        for change in [
            format!("frame = replace(CAST(frame AS TEXT), '513430100201', '513430100209'){json}"),
            format!("plan = replace(CAST(plan AS TEXT), '\"total\":3', '\"total\":4'){json}"),
            format!("sealed_seed = {zero}"),
        ] {
            let committed = commit(w, &villages());
            sql(w, &format!("UPDATE draws SET {change} WHERE state = 'committed' AND plan_digest = '{}'", committed["plan_digest"].as_str().unwrap()));
            let call = w.province().post(&format!("{}/reveal", path(w, &committed)), &json!({}));
            let problem = call.send().problem(409, "conflict");
            assert!(problem["detail"].as_str().unwrap().contains("committed to"), "{problem}");
            let after = w.province().get(&path(w, &committed)).send().ok();
            assert_eq!((&after["state"], &after["drawn"]), (&json!("committed"), &Value::Null));
            sql(w, &format!("DELETE FROM draws WHERE plan_digest = '{}'", committed["plan_digest"].as_str().unwrap()));
        }
    }

    fn a_public_value_enters_the_draw(w) {
        let committed = commit(w, &with(villages(), json!({ "public_source": "上证指数 2015年4月15日收盘" })));
        let call = |body: Value| w.province().post(&format!("{}/reveal", path(w, &committed)), &body).send();
        for body in [json!({}), json!({ "public_value": null }), json!({ "public_value": "" })] {
            assert_eq!(texts(&call(body).problem(422, "invalid")["errors"], "pointer"), ["/public_value"]);
        }
        let draw = call(json!({ "public_value": "4084.16" })).ok();
        assert_eq!(draw["drawn"]["public_value"], "4084.16");
        let seed = bytes(draw["drawn"]["seed"].as_str().unwrap());
        let key: [u8; 32] = Sha256::digest([&seed[..], b"4084.16"].concat()).into();
        let order = in_order(&key, texts(&draw["frame"], "id"));
        assert_eq!(texts(&draw["sample"], "unit"), order[..3]);
        // None without a source.
        let plain = commit(w, &villages());
        let body = json!({ "public_value": "1" });
        let problem = w.province().post(&format!("{}/reveal", path(w, &plain)), &body).send().problem(422, "invalid");
        assert_eq!(texts(&problem["errors"], "pointer"), ["/public_value"]);
    }
}

/// A frame of a whole county comes back as it was frozen, on both engines alike.
#[test]
fn both_engines_freeze_alike() {
    let frames = [Engine::Sqlite, Engine::Postgres].map(|engine| {
        let w = World::new(engine);
        let body = with(villages(), json!({ "county": WUSHENG, "strata": "township", "places": { "per_stratum": 2 } }));
        let draw = drawn(&w, &body);
        (draw["frame"].clone(), draw["strata"].clone(), draw["plan"]["frame_digest"].clone())
    });
    assert_eq!(frames[0], frames[1]);
}
