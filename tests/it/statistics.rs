//! Statistics of answers and of the register, against what was answered.

use crate::support::*;

fn ask(session: &Session, w: &World, query: &str) -> Value {
    session.get(&format!("/v1/campaigns/{}/statistics{query}", w.cast().campaign)).send().ok()
}

fn near(value: &Value, expected: f64) {
    let found = value.as_f64().unwrap_or_else(|| panic!("no number: {value}"));
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} is not {expected}");
}

/// A visit to a household, and its interview with these answers.
fn interview(w: &World, home: &Rec, slot: Option<&str>, answers: Value) -> [Op; 2] {
    let visit = Rec::new("visits", &home.bucket);
    let mut fields =
        json!({ "campaign": w.cast().campaign, "level": "household", "household": home.id, "state": "done" });
    if let Some(slot) = slot {
        fields["sample_slot"] = slot.into();
    }
    let interview = Rec::interview(&home.bucket);
    let fields_of = json!({ "visit": visit.id, "household": home.id, "level": "household", "answers": answers });
    [visit.create_with(fields), interview.create_with(fields_of)]
}

/// Six households of JINYANG, and the units of a draw of three of them.
fn sample(w: &World) -> (Vec<Rec>, Vec<(String, String)>) {
    let homes: Vec<Rec> = (0..6).map(|_| Rec::household(JINYANG)).collect();
    w.chen().push(
        homes
            .iter()
            .enumerate()
            .map(|(n, home)| home.create_with(json!({ "people": n + 1, "housing_grade": (["A", "B"][n % 2]) }))),
    );
    let draws = format!("/v1/campaigns/{}/draws", w.cast().campaign);
    let body = json!({ "level": "household", "county": JINYANG, "method": "srs", "places": { "total": 3 } });
    let draw = id_of(&w.province().post(&draws, &body).send().created());
    let drawn = w.province().post(&format!("{draws}/{draw}/reveal"), &json!({})).send().ok();
    let unit = |unit: &Value| (unit["unit"].as_str().unwrap().to_owned(), id_of(unit));
    (homes, drawn["sample"].as_array().unwrap().iter().map(unit).collect())
}

on_both_engines! {
    fn a_sample_tells_of_everybody(w) {
        let (homes, units) = sample(w);
        let home = |unit: &str| homes.iter().find(|home| home.id == unit).unwrap();
        let mut ops = Vec::new();
        for ((unit, slot), (rooms, water, crops)) in
            units.iter().zip([(2, true, json!(["maize"])), (3, false, json!(["maize", "potato"])), (7, true, json!([]))])
        {
            ops.extend(interview(w, home(unit), Some(slot), json!({ "rooms": rooms, "water": water, "crops": crops })));
        }
        // Somebody beside the sample counts where nothing is estimated.
        let other = homes.iter().find(|home| units.iter().all(|(unit, _)| *unit != home.id)).unwrap();
        ops.extend(interview(w, other, None, json!({ "rooms": 8, "water": true })));
        w.ali().push(ops);

        let told = ask(w.province(), w, "?question=rooms");
        assert_eq!((&told["places"], &told["reached"]), (&json!(3), &json!(3)));
        let whole = &told["whole"];
        assert_eq!((&whole["observed"], &whole["sampled"], &whole["missing"]), (&json!(4), &json!(3), &json!(0)));
        near(&whole["numbers"]["plain_mean"], 5.0);
        // 3 of 6: mean 4, s² = 7, V = (1 − 1/2) · 7/3; t with two degrees of freedom is 4.302652729911275.
        let mean = &whole["numbers"]["mean"];
        let se = (7.0_f64 / 6.0).sqrt();
        near(&mean["value"], 4.0);
        near(&mean["se"], se);
        near(&mean["low"], 4.0 - 4.302_652_729_911_275 * se);
        near(&mean["high"], 4.0 + 4.302_652_729_911_275 * se);
        near(&whole["numbers"]["total"]["value"], 24.0);
        near(&whole["population"]["value"], 6.0);
        let median = whole["numbers"]["quantiles"].as_array().unwrap().iter().find(|q| q["part"] == 0.5).unwrap();
        assert_eq!((&median["plain"], &median["estimate"]["value"]), (&json!(3.0), &json!(3.0)));

        let water = ask(w.province(), w, "?question=water");
        let yes = water["whole"]["values"].as_array().unwrap().iter().find(|value| value["value"] == true).unwrap();
        assert_eq!(yes["count"], 3);
        near(&yes["plain_share"], 0.75);
        near(&yes["share"]["value"], 2.0 / 3.0);
        near(&yes["total"]["value"], 4.0);
        // Of several choices each is counted; who chose none has answered.
        let crops = ask(w.province(), w, "?question=crops");
        assert_eq!((&crops["whole"]["observed"], &crops["whole"]["missing"]), (&json!(3), &json!(1)));
        let maize = &crops["whole"]["values"][0];
        assert_eq!((&maize["value"], &maize["count"]), (&json!("maize"), &json!(2)));
        near(&maize["share"]["value"], 2.0 / 3.0);
    }

    fn a_hidden_sample_tells_nothing_yet(w) {
        let home = Rec::household(JINYANG);
        w.chen().push([home.create()]);
        let draws = format!("/v1/campaigns/{}/draws", w.cast().campaign);
        let body = json!({ "level": "household", "county": JINYANG, "method": "srs", "places": { "total": 1 }, "visible_from": time::wire(time::ago(-3600)) });
        let draw = id_of(&w.province().post(&draws, &body).send().created());
        let drawn = w.province().post(&format!("{draws}/{draw}/reveal"), &json!({})).send().ok();
        w.ali().push(interview(w, &home, Some(&id_of(&drawn["sample"][0])), json!({ "rooms": 2 })));
        for (session, places) in [(w.province(), 1), (w.liangshan(), 0), (&w.ali().session, 0)] {
            let told = ask(session, w, "?question=rooms");
            assert_eq!((&told["places"], &told["reached"], &told["whole"]["sampled"]), (&json!(places), &json!(places), &json!(places)));
            assert_eq!((&told["whole"]["observed"], told["whole"]["population"].is_null()), (&json!(1), places == 0));
        }
    }

    fn answers_are_held_against_the_register(w) {
        let (homes, units) = sample(w);
        let mut ops = Vec::new();
        for (unit, slot) in &units {
            let n = homes.iter().position(|home| home.id == *unit).unwrap();
            // Everybody has one more than the register says, but for one.
            let people = n + 1 + usize::from(unit != &units[0].0);
            ops.extend(interview(w, &homes[n], Some(slot), json!({ "people": people })));
        }
        w.ali().push(ops);
        let told = ask(w.province(), w, "?question=people&register=people");
        let register = &told["whole"]["register"];
        assert_eq!((&register["compared"], &register["agreed"]), (&json!(3), &json!(1)));
        near(&register["difference"]["numbers"]["mean"]["value"], 2.0 / 3.0);
        let all: f64 = units.iter().map(|(unit, _)| homes.iter().position(|home| home.id == *unit).unwrap() as f64 + 1.0).sum();
        near(&register["register"]["numbers"]["mean"]["value"], all / 3.0);
    }

    fn the_register_is_known_of_everybody(w) {
        let (homes, _) = sample(w);
        w.chen().push([homes[5].edit(json!({ "status": "removed" })).base(1)]);
        let told = ask(w.province(), w, "?field=people&by=county");
        near(&told["whole"]["numbers"]["plain_mean"], 3.0);
        assert_eq!((&told["whole"]["observed"], &told["whole"]["population"]), (&json!(5), &Value::Null));
        assert_eq!((&told["groups"][0]["code"], &told["groups"][0]["observed"]), (&json!(JINYANG), &json!(5)));
        let told = ask(w.province(), w, "?field=housing_grade&by=prefecture");
        assert_eq!(told["groups"][0]["code"], "5134");
        assert_eq!(told["whole"]["values"][0], json!({ "value": "A", "count": 3, "plain_share": 0.6, "share": null, "total": null }));
    }

    fn a_list_of_choices_is_each_of_them(w) {
        for causes in [Some(json!(["land", "water"])), Some(json!(["water"])), Some(json!([])), None] {
            let fields = causes.map_or(json!({}), |causes| json!({ "causes_other": causes }));
            accepted(w.chen().push_one(Rec::household(JINYANG).create_with(fields)));
        }
        accepted(w.chen().push_one(Rec::household(ZHAOJUE).create_with(json!({ "causes_other": ["water", "land"] }))));
        let gone = Rec::household(JINYANG);
        w.chen().push([gone.create_with(json!({ "causes_other": ["illness"], "status": "removed" }))]);
        let told = ask(w.province(), w, "?field=causes_other&by=county");
        let whole = &told["whole"];
        assert_eq!((&whole["observed"], &whole["missing"]), (&json!(4), &json!(1)), "{whole}");
        let counts: Vec<_> = whole["values"].as_array().unwrap().iter().map(|one| (one["value"].clone(), one["count"].clone(), one["plain_share"].clone())).collect();
        assert_eq!(counts, [(json!("water"), json!(3), json!(0.75)), (json!("land"), json!(2), json!(0.5))]);
        assert_eq!(told["groups"].as_array().unwrap().len(), 2);
    }

    fn the_first_of_two_interviews_counts(w) {
        let home = Rec::household(JINYANG);
        w.chen().push([home.create()]);
        let [visit, first] = interview(w, &home, None, json!({ "rooms": 2 }));
        let [again, second] = interview(w, &home, None, json!({ "rooms": 9 }));
        let dated = |op: Op, day: &str| { let mut op = op; op.0["fields"]["day"] = day.into(); op };
        w.ali().push([dated(again, "2015-04-20"), second, dated(visit, "2015-04-16"), first]);
        let told = ask(w.province(), w, "?question=rooms");
        assert_eq!(told["whole"]["observed"], 1);
        near(&told["whole"]["numbers"]["plain_mean"], 2.0);
    }

    fn an_interview_for_the_sample_goes_before_others(w) {
        let (homes, units) = sample(w);
        let home = homes.iter().find(|home| home.id == units[0].0).unwrap();
        let dated = |[mut visit, interview]: [Op; 2], day: &str| { visit.0["fields"]["day"] = day.into(); [visit, interview] };
        let mut ops = Vec::from(dated(interview(w, home, None, json!({ "rooms": 2 })), "2015-04-16"));
        ops.extend(dated(interview(w, home, Some(&units[0].1), json!({ "rooms": 3 })), "2015-04-17"));
        ops.extend(dated(interview(w, home, Some(&units[0].1), json!({ "rooms": 4 })), "2015-04-18"));
        w.ali().push(ops);
        let told = ask(w.province(), w, "?question=rooms");
        assert_eq!((&told["reached"], &told["whole"]["observed"], &told["whole"]["sampled"]), (&json!(1), &json!(1), &json!(1)));
        near(&told["whole"]["numbers"]["plain_mean"], 3.0);
    }

    fn a_place_is_weighed_once_and_for_its_own_unit(w) {
        let (homes, units) = sample(w);
        let home = |unit: &str| homes.iter().find(|home| home.id == unit).unwrap();
        let other = homes.iter().find(|home| units.iter().all(|(unit, _)| *unit != home.id)).unwrap();
        let slot = Some(units[0].1.as_str());
        let dated = |[mut visit, interview]: [Op; 2], day: &str| { visit.0["fields"]["day"] = day.into(); [visit, interview] };
        let mut ops = Vec::new();
        // Somebody else in its name, on the day before; the unit itself, twice.
        ops.extend(dated(interview(w, other, slot, json!({ "rooms": 9 })), "2015-04-15"));
        ops.extend(dated(interview(w, home(&units[0].0), slot, json!({ "rooms": 3 })), "2015-04-16"));
        ops.extend(dated(interview(w, home(&units[0].0), slot, json!({ "rooms": 4 })), "2015-04-17"));
        // A visit to one drawn household at which another one was asked.
        let [visit, mut asked] = interview(w, home(&units[1].0), Some(&units[1].1), json!({ "rooms": 7 }));
        asked.0["fields"]["household"] = home(&units[2].0).id.clone().into();
        ops.extend([visit, asked]);
        // A visit to somebody else, in the name of a drawn household, which was asked there.
        let [visit, mut asked] = interview(w, other, Some(&units[2].1), json!({ "rooms": 8 }));
        asked.0["fields"]["household"] = home(&units[2].0).id.clone().into();
        ops.extend(dated([visit, asked], "2015-04-18"));
        w.ali().push(ops);
        let told = ask(w.province(), w, "?question=rooms");
        assert_eq!((&told["reached"], &told["whole"]["observed"], &told["whole"]["sampled"]), (&json!(1), &json!(3), &json!(1)));
        near(&told["whole"]["population"]["value"], 6.0);
        near(&told["whole"]["numbers"]["total"]["value"], 18.0);
        near(&told["whole"]["numbers"]["mean"]["value"], 3.0);
    }

    fn an_answer_is_found_whatever_form_was_first(w) {
        let text = json!({ "en": "x" });
        let form = json!({ "form": "dwelling", "level": "household", "title": text, "sections": [
            { "title": text, "questions": [{ "name": "roof", "type": "integer", "label": text }] }] });
        w.province().post("/v1/forms", &json!({ "definition": form })).send().created();
        let homes: Vec<Rec> = (0..4).map(|_| Rec::household(JINYANG)).collect();
        w.chen().push(homes.iter().map(Rec::create));
        let by = |home: &Rec, form: &str, day: &str, answers: Value| {
            let [mut visit, mut asked] = interview(w, home, None, answers);
            visit.0["fields"]["day"] = day.into();
            asked.0["fields"]["form"] = form.into();
            [visit, asked]
        };
        w.ali().push([
            by(&homes[0], "household", "2015-04-16", json!({ "debt": 5 })),
            by(&homes[0], "dwelling", "2015-04-17", json!({ "roof": 2 })),
            // Its form does not ask that: flagged, and no answer.
            by(&homes[1], "household", "2015-04-16", json!({ "debt": 7, "roof": 8 })),
            by(&homes[2], "dwelling", "2015-04-16", json!({})),
            // Of a form that was not published yet nobody knows what it asks.
            by(&homes[3], "survey", "2015-04-16", json!({ "roof": 4, "beds": 1 })),
        ].concat());
        for (query, observed, missing, mean) in [
            ("?question=roof", 2, 1, 3.0), ("?question=roof&form=dwelling", 1, 1, 2.0), ("?question=debt", 2, 0, 6.0),
            ("?question=beds", 1, 0, 1.0),
        ] {
            let whole = ask(w.province(), w, query)["whole"].take();
            assert_eq!((&whole["observed"], &whole["missing"]), (&json!(observed), &json!(missing)), "{query}");
            near(&whole["numbers"]["plain_mean"], mean);
        }
        let nothing = ask(w.province(), w, "?question=nothing");
        assert_eq!((&nothing["whole"]["observed"], &nothing["whole"]["missing"]), (&json!(0), &json!(0)));
    }

    fn answers_are_grouped_by_where_they_were_given(w) {
        let counties = json!([
            { "county": JINYANG, "area": "liangshan_yi" }, { "county": ZHAOJUE, "area": "liangshan_yi" }, { "county": WUSHENG },
        ]);
        w.province().patch(&format!("/v1/campaigns/{}", w.cast().campaign), &json!({ "counties": counties })).header("if-match", "*").send().ok();
        for (county, phone, rooms) in [(JINYANG, w.ali(), 2), (JINYANG, w.ali(), 4), (ZHAOJUE, w.chen(), 9), (WUSHENG, w.deng(), 6)] {
            let home = Rec::household(county);
            phone.push(std::iter::once(home.create()).chain(interview(w, &home, None, json!({ "rooms": rooms }))));
        }
        let groups = |session: &Session, by: &str| {
            let told = ask(session, w, &format!("?question=rooms&by={by}"));
            let group = |group: &Value| {
                let text = |member: &str| group[member].as_str().unwrap().to_owned();
                (text("code"), text("name"), group["observed"].as_u64().unwrap(), group["numbers"]["plain_mean"].as_f64().unwrap())
            };
            told["groups"].as_array().unwrap().iter().map(group).collect::<Vec<_>>()
        };
        let one = |code: &str, name: &str, observed: u64, mean: f64| (code.to_owned(), name.to_owned(), observed, mean);
        let (liangshan, guangan) = (one("5134", "凉山彝族自治州", 3, 5.0), one("5116", "广安市", 1, 6.0));
        assert_eq!(groups(w.province(), "prefecture"), [guangan.clone(), liangshan.clone()]);
        let (area, outside) = (one("liangshan_yi", "大小凉山彝区", 3, 5.0), one("outside", "片区外", 1, 6.0));
        assert_eq!(groups(w.province(), "area"), [area.clone(), outside.clone()]);
        assert_eq!(groups(w.province(), "county"), [one(WUSHENG, "武胜县", 1, 6.0), one(JINYANG, "金阳县", 2, 3.0), one(ZHAOJUE, "昭觉县", 1, 9.0)]);
        assert_eq!((groups(w.liangshan(), "prefecture"), groups(w.liangshan(), "area")), (vec![liangshan], vec![area]));
        assert_eq!((groups(w.guangan(), "prefecture"), groups(w.guangan(), "area")), (vec![guangan], vec![outside]));
        assert_eq!(groups(&w.ali().session, "area"), [one("liangshan_yi", "大小凉山彝区", 2, 3.0)]);
    }

    fn what_is_kept_is_what_a_new_start_works_out(w) {
        let (homes, units) = sample(w);
        let queries = ["?question=rooms&by=county", "?field=people&by=county", "?by=topic", "?question=rooms&register=people"];
        let told = || queries.map(|query| ask(w.province(), w, query));
        let mut before = told();
        let home = homes.iter().find(|home| home.id == units[0].0).unwrap();
        let [visit, interview] = interview(w, home, Some(&units[0].1), json!({ "rooms": 2 }));
        let again = Rec { collection: "interviews", bucket: JINYANG.into(), id: interview.0["id"].as_str().unwrap().to_owned() };
        for op in [visit, interview, again.edit(json!({ "answers.rooms": 5 })).base(1), home.edit(json!({ "people": 9 })).base(1), again.delete().base(2)] {
            let collection = op.0["collection"].as_str().unwrap().to_owned();
            if collection == "households" { w.chen().push([op]) } else { w.ali().push([op]) };
            let after = told();
            assert!(collection == "visits" || after != before, "a push changed nothing");
            w.restart();
            assert_eq!(told(), after);
            before = after;
        }
    }

    fn questions_stand_by_their_topics(w) {
        let home = Rec::household(JINYANG);
        w.chen().push([home.create()]);
        w.ali().push(interview(w, &home, None, json!({ "knows_registered": true, "helper_visits": 3, "debt": 2000 })));
        let told = ask(w.province(), w, "?by=topic");
        assert_eq!((&told["whole"], &told["question"], &told["groups"]), (&Value::Null, &Value::Null, &json!([])));
        let topics = told["topics"].as_array().unwrap();
        let names: Vec<_> = topics.iter().map(|topic| topic["topic"].as_str().unwrap()).collect();
        assert_eq!(names, ["decisions", "plan_tasks", "targeted_practice", "institutional_innovation", "difficulties"]);
        for (topic, question) in [(0, "knows_registered"), (2, "helper_visits"), (4, "debt")] {
            let all = topics[topic]["questions"].as_array().unwrap();
            let mut one = all.iter().find(|one| one["question"] == question).unwrap().clone();
            assert!(one["label"]["zh-CN"].is_string());
            // The same as when it is asked about alone.
            let alone = &ask(w.province(), w, &format!("?question={question}&form=household"))["whole"];
            for (member, value) in one.as_object_mut().unwrap() {
                assert!(["form", "question", "label"].contains(&member.as_str()) || alone[member] == *value, "{question}: {member}");
            }
            assert_eq!(one["observed"], 1);
        }
        let villages = ask(w.province(), w, "?by=topic&level=village");
        assert!(villages["topics"].as_array().unwrap().iter().all(|topic| topic["questions"][0]["observed"] == 0));
    }

    fn everybody_counts_their_own_counties(w) {
        let here = Rec::household(JINYANG);
        w.chen().push([here.create()]);
        w.ali().push(interview(w, &here, None, json!({ "rooms": 2 })));
        for (session, observed) in [(w.province(), 1), (w.liangshan(), 1), (&w.ali().session, 1), (w.guangan(), 0), (&w.er().session, 0)] {
            for query in ["?question=rooms", "?field=people"] {
                assert_eq!(ask(session, w, query)["whole"]["observed"], observed, "{query}");
            }
            let topics = ask(session, w, "?by=topic");
            let asked = topics["topics"][0]["questions"][0]["observed"].as_u64().unwrap() + topics["topics"][0]["questions"][0]["missing"].as_u64().unwrap();
            assert_eq!(asked, u64::from(observed > 0));
            let groups = ask(session, w, "?question=rooms&by=county")["groups"].as_array().unwrap().len();
            assert_eq!(groups, observed);
        }
        let path = format!("/v1/campaigns/{}/statistics", w.cast().campaign);
        for bad in ["", "?question=a&field=people", "?field=head_name", "?field=nothing", "?question=a&by=topic", "?field=people&by=topic", "?by=county", "?question=a&by=colour", "?field=people&register=people", "?question=a&a=1"] {
            w.province().get(&format!("{path}{bad}")).send().refused(&[400]);
        }
        w.province().get(&format!("/v1/campaigns/{}/statistics?field=people", new_id())).send().problem(404, "not_found");
    }
}
