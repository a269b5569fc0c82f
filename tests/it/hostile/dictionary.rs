//! Every field of the dictionary × every hostile value. What the dictionary allows is applied and comes back as it was
//! sent; everything else is rejected with a pointer into that field, and held to the letter.

use std::collections::HashMap;

use uuid::Uuid;

use super::values::{has_twins, hostile};
use super::*;

/// Whether the dictionary's entry of a field allows a value, by a team's phone in JINYANG.
fn allowed(field: &Value, value: &Value) -> bool {
    let bound = |name: &str| field[name].as_f64();
    let within = |n: f64| bound("min").is_none_or(|min| n >= min) && bound("max").is_none_or(|max| n <= max);
    let text = |value: &Value| {
        let most = field["max_length"].as_u64().unwrap_or(u64::MAX);
        value.as_str().is_some_and(|text| !text.contains('\0') && text.chars().count() as u64 <= most)
    };
    let listed = |value: &Value| field["values"].as_array().unwrap().iter().any(|choice| choice["value"] == *value);
    let few = |items: &Vec<Value>| field["max_items"].as_u64().is_none_or(|most| items.len() as u64 <= most);
    let object = |value: &Value| {
        let (Some(members), Some(fields)) = (value.as_object(), field["fields"].as_array()) else { return false };
        let find = |name: &str| fields.iter().find(|field| field["name"] == name);
        let needed = fields.iter().filter(|field| field["required"] == true);
        needed.into_iter().all(|field| members.contains_key(field["name"].as_str().unwrap()))
            && members.iter().all(|(name, value)| find(name).is_some_and(|field| allowed(field, value)))
    };
    let answer = |value: &Value| match value {
        Value::Null | Value::Bool(_) => true,
        // A whole number that no double holds exactly would not come back.
        Value::Number(n) => {
            n.as_i64().map(i128::from).or(n.as_u64().map(i128::from)).is_none_or(|n| n as f64 as i128 == n)
        }
        Value::String(_) => text(value),
        Value::Array(items) => items.iter().all(text),
        Value::Object(_) => false,
    };
    if field["read_only"] == true {
        return false;
    }
    if value.is_null() {
        return field["required"] == false && field["type"] != "answers";
    }
    match field["type"].as_str().unwrap() {
        "text" => text(value),
        "texts" => value.as_array().is_some_and(|items| items.iter().all(text)),
        "choice" => listed(value),
        "choices" => value.as_array().is_some_and(|items| few(items) && items.iter().all(listed)),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0 && within(n)),
        "number" => value.as_f64().is_some_and(within),
        "date" => value.as_str().is_some_and(|day| {
            day.len() == 10 && !day.starts_with("0000") && chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok()
        }),
        "date_time" => value.as_str().is_some_and(|time| chrono::DateTime::parse_from_rfc3339(time).is_ok()),
        "uuid" => value.as_str().is_some_and(|id| id.len() == 36 && Uuid::try_parse(id).is_ok()),
        "village_code" => value.as_str().is_some_and(|code| {
            code.len() == 12 && code.bytes().all(|b| b.is_ascii_digit()) && code.starts_with(JINYANG)
        }),
        "id_number" => value == "11010519491231002x",
        "sha256" => false,
        "object" => object(value),
        "list" => value.as_array().is_some_and(|items| items.iter().all(object)),
        "answers" => value.as_object().is_some_and(|answers| {
            let key = |key: &str| !key.is_empty() && !key.contains(char::is_control);
            answers.iter().all(|(name, value)| key(name) && answer(value))
        }),
        other => panic!("the dictionary has a new type: {other}"),
    }
}

struct Case {
    collection: &'static str,
    field: Value,
    record: Rec,
    /// The field's value as a text.
    raw: String,
}

impl Case {
    fn new(collection: &'static str, field: &Value, raw: String, number: usize) -> Self {
        let mut record = Rec::new(collection, JINYANG);
        if collection == "villages" {
            let namespace = uuid::uuid!("6ba7b814-9dad-11d1-80b4-00c04fd430c8");
            record.id = Uuid::new_v5(&namespace, Self::village(number).as_bytes()).to_string();
        }
        Self { collection, field: field.clone(), record, raw }
    }

    /// Each sheet is of a village of its own.
    fn village(number: usize) -> String {
        format!("{JINYANG}{number:06}")
    }

    fn name(&self) -> &str {
        self.field["name"].as_str().unwrap()
    }

    fn text(&self, op_seq: u64, number: usize) -> String {
        let mut op = self.record.create().with("op_seq", op_seq).0;
        if self.collection == "villages" {
            op["fields"]["village"] = json!(Self::village(number));
        }
        op["fields"][self.name()] = json!("@HOSTILE@");
        op.to_string().replace("\"@HOSTILE@\"", &self.raw)
    }

    /// The value, if the text as a whole is JSON without doubt.
    fn value(&self) -> Option<Value> {
        if has_twins(&self.raw) { None } else { serde_json::from_str(&self.raw).ok() }
    }

    /// A team may not name another, and a sheet's village is in its id.
    fn applies(&self) -> bool {
        let rule = (self.collection == "visits" && self.name() == "team")
            || self.collection == "villages" && self.name() == "village";
        self.value().is_some_and(|value| allowed(&self.field, &value) && !(rule && value.is_string()))
    }

    #[track_caller]
    fn came_back(&self, fields: &Value) {
        let sent = self.value().unwrap();
        let same = |sent: &Value, kept: &Value| {
            let (sent_text, kept_text) = (sent.as_str().unwrap_or_default(), kept.as_str().unwrap_or_default());
            let normal = ["uuid", "id_number"].contains(&self.field["type"].as_str().unwrap());
            sent == kept
                || sent.is_number() && sent.as_f64() == kept.as_f64()
                || normal && sent_text.eq_ignore_ascii_case(kept_text)
        };
        if let (Some(answers), "answers") = (sent.as_object(), self.name()) {
            for (name, value) in answers {
                assert!(same(value, &fields[format!("answers.{name}")]), "{name} in {fields}");
            }
            return;
        }
        // A visit's team is filled in where it is cleared.
        if !(sent.is_null() && self.name() == "team") {
            assert!(same(&sent, &fields[self.name()]), "{:.200} came back as {}", self.raw, fields[self.name()]);
        }
    }
}

/// The values of one field: the hostile ones, those at and beyond its bounds, and the hostile ones inside of its objects.
fn values_of(field: &Value) -> Vec<String> {
    let mut all = hostile();
    for bound in [&field["min"], &field["max"]].into_iter().filter_map(Value::as_f64) {
        all.extend([bound - 1.0, bound, bound + 1.0, bound + 0.5].map(|n| Value::from(n).to_string()));
    }
    for choice in field["values"].as_array().into_iter().flatten() {
        let text = choice["value"].as_str().unwrap();
        all.extend(
            [text.to_uppercase() + " ", format!(" {text}"), format!("{text}\u{0}")].map(|text| json!(text).to_string()),
        );
        all.push(json!([text, text, text]).to_string());
    }
    for part in field["fields"].as_array().into_iter().flatten() {
        let object = format!("{{{}:@}}", part["name"]);
        let object = if field["type"] == "list" { format!("[{object}]") } else { object };
        all.extend(hostile().into_iter().step_by(3).map(|raw| object.replace('@', &raw)));
    }
    if field["type"] == "answers" {
        all.extend(hostile().into_iter().map(|raw| format!("{{\"q\":{raw}}}")));
    }
    all
}

fn cases(w: &World) -> Vec<Case> {
    let dictionary = w.ali().get("/v1/dictionary").send().ok();
    let mut cases = Vec::new();
    for collection in dictionary["collections"].as_array().unwrap() {
        let name = COLLECTIONS.into_iter().find(|name| collection["name"] == *name).expect("a collection");
        for field in collection["fields"].as_array().unwrap() {
            for raw in values_of(field) {
                cases.push(Case::new(name, field, raw, cases.len()));
            }
        }
    }
    cases
}

on_both_engines! {
    fn every_field_meets_every_hostile_value(w) {
        let cases = cases(w);
        assert!(cases.len() > 10_000, "{} cases", cases.len());
        let (mut applied, mut rejected) = (Vec::new(), HashMap::new());
        for (part, first) in cases.chunks(500).zip((0..).step_by(500)) {
            let ops: Vec<_> = (first..).zip(part).map(|(n, case)| case.text(n as u64 + 1, n)).collect();
            let answer = post(w.ali(), PUSH, envelope(&ops)).ok();
            for ((case, result), op) in part.iter().zip(answer["results"].as_array().unwrap()).zip(ops) {
                let told = format!("{}.{} = {:.200}: {result}", case.collection, case.name(), case.raw);
                if case.applies() {
                    assert!(["applied", "merged"].contains(&result["status"].as_str().unwrap()), "{told}");
                    applied.push(case);
                } else {
                    assert_eq!(result["status"], "rejected", "{told}");
                    assert_eq!(result["error"]["status"], 422, "{told}");
                    let errors = result["error"]["errors"].as_array().unwrap();
                    let here = format!("/fields/{}", case.name());
                    let inside = |error: &Value| error["pointer"].as_str().is_some_and(|pointer| pointer.starts_with(&here));
                    assert!(!errors.is_empty() && (case.value().is_none() || errors.iter().all(inside)), "{told}");
                    rejected.insert(case.record.id.clone(), op);
                }
            }
        }
        assert!(applied.len() > 1000 && rejected.len() > 5000, "{} and {}", applied.len(), rejected.len());
        // What is applied is there, every digest and sum of it right; what is not has left no trace among the records.
        let mut mirror = Mirror::of(w.liangshan());
        mirror.sync();
        assert_eq!(mirror.live()[JINYANG].len(), applied.len());
        for case in applied {
            case.came_back(mirror.fields(&case.record));
        }
        // And what is not is kept to the letter; a long one as the beginning of its text.
        let held = w.liangshan().all("/v1/held-ops?limit=500&reveal=true");
        assert_eq!(held.len(), rejected.len());
        for held in held {
            let sent = &rejected[held["record_id"].as_str().unwrap()];
            match held["op"].as_str() {
                Some(text) => assert!(sent.starts_with(text.trim_end_matches('…')), "{text:.300} of {sent:.300}"),
                None => assert_eq!(held["op"], serde_json::from_str::<Value>(sent).unwrap()),
            }
        }
    }
}
