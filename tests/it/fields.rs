//! `FIELDS.md`: what each collection takes and what it refuses, with a pointer to the fault.

use crate::support::*;

/// Pushes new records with one field each replaced: every one is taken.
#[track_caller]
fn takes(w: &World, collection: &'static str, fields: &[(&str, Value)]) {
    let record = |_: &_| Rec::new(collection, JINYANG);
    let records: Vec<_> = fields.iter().map(record).collect();
    let ops = records.iter().zip(fields).map(|(record, (name, value))| record.create_with(json!({ *name: value })));
    for ((name, value), result) in fields.iter().zip(w.ali().push(ops).results()) {
        let status = result["status"].as_str().unwrap();
        assert!(["applied", "merged"].contains(&status), "{collection}.{name} = {value}: {result}");
    }
    let mut mirror = Mirror::of(w.chen());
    mirror.sync();
    for (record, (name, value)) in records.iter().zip(fields) {
        if collection != "villages" {
            assert_eq!(mirror.fields(record)[*name], *value, "{collection}.{name}");
        }
    }
}

/// Every one is rejected, with a pointer to the field.
#[track_caller]
fn refuses(w: &World, collection: &'static str, fields: &[(&str, Value)]) {
    let ops = fields.iter().map(|(name, value)| Rec::new(collection, JINYANG).create_with(json!({ *name: value })));
    for ((name, value), result) in fields.iter().zip(w.ali().push(ops).results()) {
        assert_eq!(result["status"], "rejected", "{collection}.{name} = {value}: {result}");
        let errors = result["error"]["errors"].as_array().expect("errors");
        let pointed = errors.iter().any(|e| e["pointer"].as_str().unwrap().contains(&format!("/fields/{name}")));
        assert!(pointed, "{collection}.{name} = {value}: {result}");
    }
    assert_eq!(Mirror::of(w.chen()).sync()[0]["buckets"][0]["count"], 0);
}

/// Without any one of these, a new record is incomplete; with null for one, it is rejected.
fn requires(w: &World, collection: &'static str, names: &[&str]) {
    for name in names {
        let record = Rec::new(collection, JINYANG);
        let result = is(w.ali().push_one(record.create().without_field(name)), "parked");
        assert_eq!(result["reason"], "incomplete", "{collection} without {name}");
        is(w.ali().push_one(record.create().field(name, Value::Null)), "rejected");
    }
    let whole: Vec<_> = good(collection, JINYANG).as_object().unwrap().keys().cloned().collect();
    let optional: Vec<_> = whole.iter().filter(|name| !names.contains(&name.as_str())).collect();
    let mut op = Rec::new(collection, JINYANG).create();
    for name in optional {
        op = op.without_field(name);
    }
    accepted(w.ali().push_one(op));
}

fn long(n: usize) -> Value {
    "长".repeat(n).into()
}

on_both_engines! {
    fn households_take_what_the_list_says(w) {
        takes(w, "households", &[
            ("village", json!("513430999999")),
            ("registry_no", json!("5134-0001/甲")),
            ("group_name", json!("三组")),
            ("standard", json!("national")),
            ("standard", json!("municipal")),
            ("attribute", json!("allowance_poor")),
            ("status", json!("returned")),
            ("status_year", json!(2014)),
            ("cause_main", json!("motivation")),
            ("causes_other", json!([])),
            ("causes_other", json!(["illness", "water"])),
            ("labourers", json!(0)),
            ("income_per_capita", json!(2736.5)),
            ("production_cost", json!(120)),
            ("arable_mu", json!(3.25)),
            ("returned_forest_mu", json!(1)),
            ("cooperative", json!(true)),
            ("broadcast_tv", json!(false)),
            ("road_km", json!(0.5)),
            ("road_kind", json!("asphalt")),
            ("housing_grade", json!("D")),
            ("fuel", json!("柴")),
            ("relocation", json!(true)),
            ("helpers", json!([])),
            ("helpers", json!([{ "name": "李", "unit": "水务局", "affiliation": "prefecture", "phone": "139",
                "from": "2014-01-01", "to": "2015-12-31" }])),
            ("remarks", long(4_000)),
        ]);
    }

    fn households_refuse_the_rest(w) {
        refuses(w, "households", &[
            ("village", json!("513431100201")),
            ("village", json!("51343010020")),
            ("village", json!(513_430_100_201_i64)),
            ("village", json!("51343010020x")),
            ("head_name", json!(5)),
            ("phone", json!(139)),
            ("standard", json!("global")),
            ("attribute", json!("rich")),
            ("status", json!("")),
            ("status", json!("Poor")),
            ("cause_main", json!("laziness")),
            ("causes_other", json!(["illness", "water", "land"])),
            ("causes_other", json!(["laziness"])),
            ("causes_other", json!("illness")),
            ("people", json!("5")),
            ("people", json!(true)),
            ("income_wage", json!("12")),
            ("cooperative", json!(1)),
            ("cooperative", json!("true")),
            ("road_kind", json!("gold")),
            ("housing_grade", json!("E")),
            ("helpers", json!({ "name": "李" })),
            ("helpers", json!([{ "name": "李", "affiliation": "world" }])),
            ("remarks", long(4_001)),
            ("colour", json!("red")),
            ("answers", json!({ "a": 1 })),
            ("answers.a", json!(1)),
            ("id", json!(new_id())),
        ]);
    }

    fn households_require_village_and_head(w) {
        requires(w, "households", &["village", "head_name"]);
    }

    fn members_take_what_the_list_says(w) {
        takes(w, "members", &[
            ("id_number", json!("11010519491231002X")),
            ("relation", json!("户主")),
            ("ethnicity", json!("彝族")),
            ("education", json!("illiterate")),
            ("student", json!("dropout")),
            ("health", json!("disabled")),
            ("labour", json!("none")),
            ("months_away", json!(0)),
            ("months_away", json!(12)),
            ("medical_insurance", json!(true)),
        ]);
    }

    fn members_refuse_the_rest(w) {
        refuses(w, "members", &[
            ("household", json!("not-a-uuid")),
            ("household", json!(5)),
            ("sex", json!("other")),
            ("id_number", json!("110105194912310021")),
            ("id_number", json!("12345")),
            ("education", json!("doctor")),
            ("health", json!("fine")),
            ("months_away", json!(13)),
            ("months_away", json!(-1)),
            ("pension", json!("yes")),
        ]);
    }

    fn members_require_household_and_name(w) {
        requires(w, "members", &["household", "name"]);
    }

    fn a_villages_id_follows_from_its_code(w) {
        let record = Rec::new("villages", JINYANG);
        is(w.ali().push_one(record.create()), "applied");
        let other = Rec { id: new_id(), ..record };
        is(w.ali().push_one(other.create()), "rejected");
    }

    fn villages_take_what_the_list_says(w) {
        takes(w, "villages", &[
            ("people", json!(812)),
            ("unpaved_km", json!(2.5)),
            ("clinic", json!(true)),
            ("collective_income", json!(30_000)),
            ("first_secretary", json!("王")),
        ]);
    }

    fn visits_take_what_the_list_says(w) {
        takes(w, "visits", &[
            ("method", json!("feedback")),
            ("level", json!("county")),
            ("day", json!("2016-02-29")),
            ("participants", json!([{ "name": "马", "rank": "department" }])),
            ("state", json!("void")),
            ("mock_location", json!(true)),
            ("summary", json!("好")),
            ("household", json!(new_id())),
        ]);
    }

    fn visits_refuse_the_rest(w) {
        refuses(w, "visits", &[
            ("campaign", json!("x")),
            ("method", json!("guessing")),
            ("level", json!("province")),
            ("day", json!("2015-02-29")),
            ("day", json!("16.4.2015")),
            ("day", json!("2015-04-16T00:00:00Z")),
            ("started_at", json!("this morning")),
            ("participants", json!([{ "name": "马", "rank": "king" }])),
            ("state", json!("undone")),
            ("household", json!("x")),
        ]);
    }

    fn visits_require_campaign_method_level_and_day(w) {
        requires(w, "visits", &["campaign", "method", "level", "day"]);
    }

    fn interviews_take_what_the_list_says(w) {
        takes(w, "interviews", &[
            ("form_version", json!(7)),
            ("level", json!("village")),
            ("respondent_relation", json!("配偶")),
            ("answers.a", json!("text")),
            ("answers.a", json!(12.5)),
            ("answers.a", json!(false)),
            ("answers.a", json!(["x", "y"])),
            ("answers.a", json!([])),
        ]);
    }

    fn interviews_refuse_the_rest(w) {
        refuses(w, "interviews", &[
            ("visit", json!("x")),
            ("form", json!(7)),
            ("form_version", json!("1")),
            ("form_version", json!(1.5)),
            ("answers.a", json!({ "b": 1 })),
            ("answers.a", json!([1, 2])),
            ("answers.a", json!([["x"]])),
            ("answers.a", long(4_001)),
            ("answers", json!([1])),
            ("answers", json!("x")),
            ("answers", json!({ "a": { "b": 1 } })),
        ]);
    }

    fn interviews_require_visit_level_and_form(w) {
        requires(w, "interviews", &["visit", "level", "form", "form_version"]);
    }

    fn findings_take_what_the_list_says(w) {
        takes(w, "findings", &[
            ("topic", json!("plan_tasks")),
            ("kind", json!("good_practice")),
            ("severity", json!("high")),
            ("due_on", json!("2015-06-30")),
            ("state", json!("open")),
            ("state", json!("rectified")),
            ("detail", json!("…")),
        ]);
    }

    fn findings_refuse_the_rest(w) {
        refuses(w, "findings", &[
            ("topic", json!("weather")),
            ("kind", json!("joke")),
            ("severity", json!(3)),
            ("due_on", json!("2015-06-31")),
            ("state", json!("forgotten")),
        ]);
    }

    fn findings_require_level_topic_and_title(w) {
        requires(w, "findings", &["level", "topic", "title"]);
    }

    fn a_team_may_not_verify_or_close_a_finding(w) {
        for state in ["verified", "closed"] {
            let record = Rec::new("findings", JINYANG);
            w.ali().push_one(record.create_with(json!({ "state": "rectified" })));
            w.ali().push_one(record.edit(json!({ "state": state })));
            assert_eq!(w.ali().fields(&record)["state"], "rectified");
        }
    }

    fn an_office_may_verify_and_close_a_finding(w) {
        for (phone, state) in [("liangshan", "verified"), ("province", "closed")] {
            let record = Rec::new("findings", JINYANG);
            w.ali().push_one(record.create_with(json!({ "state": "rectified" })));
            accepted(w.phone(phone).push_one(record.edit(json!({ "state": state })).base(1)));
            assert_eq!(w.ali().fields(&record)["state"], state);
        }
    }

    fn photos_take_what_the_list_says(w) {
        takes(w, "photos", &[
            ("mime", json!("image/heic")),
            ("width", json!(4_032)),
            ("source", json!("gallery")),
            ("caption", json!("水池")),
        ]);
    }

    fn photos_refuse_the_rest(w) {
        refuses(w, "photos", &[
            ("subject", json!("households")),
            ("subject", json!({ "collection": "cows", "id": new_id() })),
            ("subject", json!({ "collection": "households", "id": "x" })),
            ("sha256", json!("abc")),
            ("bytes", json!("many")),
            ("mime", json!("text/html")),
            ("source", json!("dream")),
            ("content", json!("stored")),
            ("flags", json!([])),
        ]);
    }

    fn photos_require_subject_digest_bytes_and_mime(w) {
        requires(w, "photos", &["subject", "sha256", "bytes", "mime"]);
    }

    fn a_location_is_kept_as_given(w) {
        for datum in ["wgs84", "gcj02", "bd09"] {
            let record = Rec::household(JINYANG);
            let location = json!({ "lat": 27.697, "lon": 103.245, "accuracy_m": 8, "datum": datum });
            accepted(w.ali().push_one(record.create_with(json!({ "location": location.clone() }))));
            let kept = w.ali().fields(&record)["location"].clone();
            for (member, value) in location.as_object().unwrap() {
                assert_eq!(kept[member].as_f64(), value.as_f64(), "{member} of {kept}");
                assert_eq!(kept[member].as_str(), value.as_str(), "{member} of {kept}");
            }
        }
    }

    fn a_location_must_be_on_earth(w) {
        let place = |lat: f64, lon: f64, datum: &str| json!({ "lat": lat, "lon": lon, "datum": datum });
        refuses(w, "households", &[
            ("location", place(91.0, 103.0, "wgs84")),
            ("location", place(27.0, 181.0, "wgs84")),
            ("location", place(27.0, 103.0, "mars")),
            ("location", json!("here")),
            ("location", json!({ "lat": "27", "lon": 103 })),
            ("location", json!([27.0, 103.0])),
        ]);
    }

    fn every_fault_of_an_operation_is_named(w) {
        let fields = json!({ "people": "five", "status": "rich", "colour": "red" });
        let result = is(w.ali().push_one(Rec::household(JINYANG).create_with(fields)), "rejected");
        let errors = result["error"]["errors"].as_array().unwrap();
        for name in ["people", "status", "colour"] {
            let found = errors.iter().any(|e| e["pointer"].as_str().unwrap().ends_with(&format!("/fields/{name}")));
            assert!(found, "{name} in {result}");
        }
    }
}
