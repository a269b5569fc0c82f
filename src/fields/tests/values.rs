//! The edges of each kind of a single value, one line a case.

use serde_json::{Value, json};
use sync_core::Collection::{Households, Interviews, Members, Photos, Visits};

use super::{ID, faults, field, judge, told};

#[test]
fn texts() {
    let longest = "户".repeat(4_000);
    field(Households, "head_name", json!(longest), Ok(&format!("\"{longest}\"")));
    field(Households, "head_name", json!(format!("{longest}主")), Err(&["too_long"]));
    field(Households, "head_name", json!(""), Ok("\"\""));
    field(Households, "head_name", json!("阿\t力\u{1f}\"\\"), Ok(r#""阿\t力\u001f\"\\""#));
    field(Households, "head_name", json!("a\0b"), Err(&["invalid_text"]));
    field(Households, "head_name", json!(7), Err(&["wrong_type"]));
    field(Households, "head_name", Value::Null, Err(&["required"]));
    field(Households, "phone", Value::Null, Ok("null"));
}

#[test]
fn lists_of_values() {
    field(Households, "status", json!("lifted"), Ok("\"lifted\""));
    field(Households, "status", json!("Lifted"), Err(&["not_in_list"]));
    field(Households, "status", json!(true), Err(&["wrong_type"]));
    field(Households, "causes_other", json!(["illness", "water"]), Ok(r#"["illness","water"]"#));
    field(Households, "causes_other", json!([]), Ok("[]"));
    field(Households, "causes_other", json!(["illness", "water", "bad luck"]), Err(&["too_many", "not_in_list"]));
    field(Households, "causes_other", json!("illness"), Err(&["wrong_type"]));
    field(Households, "causes_other", json!([null]), Err(&["wrong_type"]));
    told(faults(Households, json!({"causes_other": ["water", "x"]})), [("/causes_other/1", "not_in_list")]);
}

#[test]
fn numbers() {
    for (text, expected) in [
        ("3.0", Ok("3")),
        ("3e1", Ok("30")),
        ("-0.0", Ok("0")),
        ("0", Ok("0")),
        ("1000", Ok("1000")),
        ("1001", Err("out_of_range")),
        ("-1", Err("out_of_range")),
        ("3.5", Err("wrong_type")),
        ("\"3\"", Err("wrong_type")),
        ("9007199254740993", Err("out_of_range")),
        ("18446744073709551615", Err("out_of_range")),
        ("1e300", Err("out_of_range")),
    ] {
        let value = serde_json::from_str(text).unwrap();
        field(Households, "people", value, expected.as_ref().copied().map_err(std::slice::from_ref));
    }
    // serde_json reads this one wrong without its feature float_roundtrip.
    let exact = "-23.969161593165662";
    field(Households, "income_business", serde_json::from_str(exact).unwrap(), Ok(exact));
    field(Households, "income_wage", json!(1200.5), Ok("1200.5"));
    field(Households, "income_wage", json!(-1), Err(&["out_of_range"]));
    field(Households, "income_business", json!(-350.0), Ok("-350"));
    field(Households, "income_per_capita", json!(-1e-7), Ok("-1e-7"));
    field(Households, "income_wage", json!(1e10), Err(&["out_of_range"]));
    field(Members, "months_away", json!(12), Ok("12"));
    field(Members, "months_away", json!(13), Err(&["out_of_range"]));
    field(Photos, "bytes", json!(-1), Err(&["out_of_range"]));
    field(Households, "cooperative", json!(false), Ok("false"));
    field(Households, "cooperative", json!(0), Err(&["wrong_type"]));
}

#[test]
fn dates_and_times() {
    for good in ["2015-04-16", "2016-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
        field(Visits, "day", json!(good), Ok(&format!("\"{good}\"")));
    }
    for bad in [
        "2015-02-29",
        "1900-02-29",
        "2015-13-01",
        "2015-04-31",
        "2015-04-00",
        "0000-01-01",
        "2015-4-6",
        "",
        "2015-04-16 ",
    ] {
        field(Visits, "day", json!(bad), Err(&["invalid_date"]));
    }
    field(Visits, "day", json!(20_150_416), Err(&["wrong_type"]));
    for good in [
        "2015-04-16T08:40:02.000+08:00",
        "2015-04-16T08:40:02Z",
        "2015-04-16t08:40:02.123456789z",
        "1970-01-01T00:00:00-00:00",
        "2015-06-30T23:59:60Z",
    ] {
        field(Interviews, "started_at", json!(good), Ok(&format!("\"{good}\"")));
    }
    for bad in [
        "2015-04-16T08:40:02",
        "2015-04-16 08:40:02Z",
        "2015-04-16T24:00:00Z",
        "2015-04-16T08:60:00Z",
        "2015-04-16T08:40:61Z",
        "2015-04-16T08:40:02.Z",
        "2015-04-16T08:40:02.1234567890Z",
        "2015-04-16T08:40:02+8:00",
        "2015-04-16T08:40:02+0800",
        "2015-04-16T08:40:02+24:00",
        "2015-02-30T08:40:02Z",
        "2015-04-16T08:40:02Z ",
        "２015-04-16T08:40:02Z",
        "",
    ] {
        field(Interviews, "started_at", json!(bad), Err(&["invalid_time"]));
    }
}

#[test]
fn uuids() {
    let lower = ID.to_string();
    field(Members, "household", json!(lower), Ok(&format!("\"{lower}\"")));
    field(Members, "household", json!(lower.to_uppercase()), Ok(&format!("\"{lower}\"")));
    for bad in [ID.simple().to_string(), ID.urn().to_string(), format!("{{{lower}}}"), lower.replace('0', "g")] {
        field(Members, "household", json!(bad), Err(&["invalid_uuid"]));
    }
    let named = |id: String| judge(Members, json!({"household": id})).unwrap();
    assert!(!named(lower.clone()).normalised);
    assert!(named(lower.to_uppercase()).normalised);

    let digest = "0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCD";
    field(Photos, "sha256", json!(digest), Ok(&format!("\"{}\"", digest.to_lowercase())));
    field(Photos, "sha256", json!(digest[1..]), Err(&["invalid_sha256"]));
    field(Photos, "sha256", json!(format!("g{}", &digest[1..])), Err(&["invalid_sha256"]));
}

#[test]
fn identity_numbers() {
    for (number, expected) in [
        ("11010519491231002X", Ok("\"11010519491231002X\"")),
        ("11010519491231002x", Ok("\"11010519491231002X\"")),
        ("440524188001010014", Ok("\"440524188001010014\"")),
        ("11010519491231002X43", Ok("\"11010519491231002X43\"")),
        ("11010519491231002x74b1", Ok("\"11010519491231002X74B1\"")),
        ("110105194912310021", Err("invalid_check_digit")),
        ("11010519491231002X80", Err("invalid_id_number")),
        ("11010519491231002X15", Err("invalid_id_number")),
        ("11010519491231002X4", Err("invalid_id_number")),
        ("11010519491231002X43B", Err("invalid_id_number")),
        ("11010519491231002X43B0", Err("invalid_id_number")),
        ("010105194912310026", Err("invalid_id_number")),
        ("1101051949123100X2", Err("invalid_id_number")),
        ("11010519491231002Y", Err("invalid_id_number")),
        ("110105491231002", Err("invalid_id_number")),
        ("身份证号码十八位", Err("invalid_id_number")),
        ("", Err("invalid_id_number")),
        // Right check digits over dates that never were.
        ("110105194913310021", Err("invalid_birth_date")),
        ("110105194902300020", Err("invalid_birth_date")),
    ] {
        field(Members, "id_number", json!(number), expected.as_ref().copied().map_err(std::slice::from_ref));
    }
}
