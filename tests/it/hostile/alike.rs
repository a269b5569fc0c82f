//! What the texts leave free must still be the same on both engines.

use super::*;
use crate::support::engine::Engine;

/// Pushes each text as a remark, and as an answer and its name: statuses and what is read back.
fn ends(engine: Engine) -> Vec<(String, Value)> {
    let w = &World::new(engine);
    let mut ends = Vec::new();
    for text in ["\u{0}", "a\u{0}b", "\u{fffd}", "\u{fffe}", "\u{10ffff}", "", " ", "\u{85}", "e\u{301}", "é"] {
        let (remark, answer) = (Rec::household(JINYANG), Rec::interview(JINYANG));
        let pushed = w.ali().push([
            remark.create_with(json!({ "remarks": text })),
            answer.create_with(json!({ "answers": { "a": text, text: 1 } })),
        ]);
        for (record, result) in [remark, answer].iter().zip(pushed.results()) {
            let fields = w.ali().see(record).map(|seen| seen["fields"].clone()).unwrap_or_default();
            if result["status"] == "applied" && record.collection == "households" {
                assert_eq!(fields["remarks"], text, "what is applied comes back");
            }
            let fields = fields
                .as_object()
                .map(|f| f.iter().filter(|(n, _)| *n != "visit").map(|(n, v)| (n.clone(), v.clone())).collect());
            ends.push((result["status"].as_str().unwrap().to_owned(), Value::Object(fields.unwrap_or_default())));
        }
    }
    for number in [json!(-0.0), json!(1e-320), json!(1.7e308), json!(9_007_199_254_740_993_i64), json!(0.1)] {
        let record = Rec::interview(JINYANG);
        let result = w.ali().push_one(record.create_with(json!({ "answers": { "n": number } })));
        let value = w.ali().see(&record).map(|seen| seen["fields"]["answers.n"].clone()).unwrap_or_default();
        ends.push((result["status"].as_str().unwrap().to_owned(), value));
    }
    ends
}

#[test]
fn strange_texts_and_numbers_end_alike_on_both_engines() {
    assert_eq!(ends(Engine::Sqlite), ends(Engine::Postgres));
}
