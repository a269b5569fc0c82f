//! What can never be applied: judged from the operation alone. Only of the fields that plans write.

use serde_json::Value;

use super::record::flat;

/// Whether something is wrong with the operation, given the counties that there are.
pub(super) fn is_faulty(op: &Value, counties: &[String]) -> bool {
    let known = counties.iter().any(|county| op["bucket"] == county.as_str());
    let bad = |(name, value): (String, Value)| !fits(op["collection"].as_str().unwrap_or_default(), &name, &value);
    !known || op["collection"] == "hamlets" || (op["kind"] == "upsert" && flat(&op["fields"]).into_iter().any(bad))
}

fn fits(collection: &str, name: &str, value: &Value) -> bool {
    if required(collection).contains(&name) && value.is_null() {
        return false;
    }
    match (collection, name) {
        ("households", "village" | "head_name" | "phone" | "remarks")
        | ("visits", "campaign" | "team" | "method" | "level" | "day" | "summary" | "state")
        | ("interviews", "visit" | "level" | "form" | "respondent" | "respondent_relation") => {
            value.is_string() || value.is_null()
        }
        ("households", "people" | "income_wage") | ("interviews", "form_version") => {
            value.is_number() || value.is_null()
        }
        ("households", "cooperative") | ("visits", "mock_location") => value.is_boolean() || value.is_null(),
        ("households", "causes_other") => value.is_array() || value.is_null(),
        ("interviews", _) => name.starts_with("answers."),
        _ => false,
    }
}

pub(super) fn required(collection: &str) -> &'static [&'static str] {
    match collection {
        "households" => &["village", "head_name"],
        "visits" => &["campaign", "team", "method", "level", "day"],
        "interviews" => &["visit", "level", "form", "form_version"],
        other => panic!("the model knows nothing of {other}"),
    }
}
