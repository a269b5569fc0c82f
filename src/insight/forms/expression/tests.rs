//! Expressions as XLSForms have them, against values worked out by hand from XPath 1.0 and the OpenRosa functions.

use super::{Answers, Expr, Refused, Value, parse};
use chrono::NaiveDate;
use proptest::prelude::*;

const NAMES: [&str; 6] = ["age", "name", "wishes", "born", "poor", "none"];

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn read(text: &str) -> Result<Expr, Refused> {
    parse(text, &|name| NAMES.iter().position(|known| *known == name))
}

/// Evaluates as a text; `.` is 7.
fn give(text: &str) -> String {
    let wishes = ["road", "water"].map(str::to_owned);
    let given = [
        Value::Number(41.0),
        Value::Text("阿力".into()),
        Value::List(&wishes),
        Value::Date(day("1974-05-01")),
        Value::Bool(true),
        Value::Empty,
    ];
    let answers = Answers { given: &given, here: &Value::Number(7.0), today: day("2015-04-16") };
    let expression = read(text).unwrap_or_else(|refused| panic!("{text}: {refused:?}"));
    expression.evaluate(answers).to_text().into_owned()
}

#[test]
fn what_expressions_give() {
    for (text, expected) in [
        // Precedence and signs.
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 4 - 3", "3"),
        ("--5", "5"),
        ("-5 + 2", "-3"),
        ("7 mod 4", "3"),
        ("-7 mod 4", "-3"),
        ("7 div 2", "3.5"),
        ("1 div 0", "Infinity"),
        ("1 < 2 and 3 > 2 or false()", "true"),
        ("true() or false() and false()", "true"),
        ("1 + 1 = 2", "true"),
        ("1 = 1 = true()", "true"),
        (".5 + 1.", "1.5"),
        // Answers.
        ("${age}", "41"),
        ("${ age } >= 18 and ${age}<60", "true"),
        (". > 5", "true"),
        (". * 2", "14"),
        ("${name} = '阿力'", "true"),
        ("${name} = \"阿木\"", "false"),
        ("${wishes}", "road water"),
        ("selected(${wishes}, 'water')", "true"),
        ("selected(${wishes}, 'wat')", "false"),
        ("selected('a b', 'b')", "true"),
        ("count-selected(${wishes})", "2"),
        ("count-selected(${none})", "0"),
        ("not(selected(${none}, 'road'))", "true"),
        // What is not answered.
        ("${none} = ''", "true"),
        ("${none} > 1", "false"),
        ("${none} <= 1", "false"),
        ("${none} = 0", "false"),
        ("${none} != 0", "true"),
        ("${none} + 1", "NaN"),
        ("coalesce(${none}, ${age})", "41"),
        ("coalesce(${age}, 1)", "41"),
        ("string-length(${none})", "0"),
        // Booleans.
        ("${poor}", "true"),
        ("${poor} = true()", "true"),
        ("${poor} = 'no'", "true"),
        ("boolean('false')", "true"),
        ("boolean(0)", "false"),
        ("true() + 1", "2"),
        // Numbers and texts.
        ("'3' = 3", "true"),
        ("'x' = 3", "false"),
        ("'x' != 3", "true"),
        ("number(' 12 ')", "12"),
        ("number('1e3')", "NaN"),
        ("int(-3.7)", "-3"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-2"),
        ("round(3.14159, 2)", "3.14"),
        ("concat('a', 1, true())", "a1true"),
        ("string-length('金阳县')", "3"),
        ("contains('金阳县', '阳')", "true"),
        ("starts-with('513430100201', '513430')", "true"),
        ("ends-with('ab', 'a')", "false"),
        ("min(3, 1, 2)", "1"),
        ("max(3, 'x')", "NaN"),
        ("if(. > 10, 'many', 'few')", "few"),
        ("if(. > 5, 'many', 'few')", "many"),
        ("regex('13800000000', '1[0-9]{10}')", "true"),
        ("regex('x13800000000', '1[0-9]{10}')", "false"),
        ("regex('13800000000', '1[0-9]')", "false"),
        // Days.
        ("${born} < today()", "true"),
        ("${born} = '1974-05-01'", "true"),
        ("${born} > date('1980-01-01')", "false"),
        ("'2015-04-17' <= today()", "false"),
        ("today() - ${born}", "14960"),
        ("today()", "2015-04-16"),
        ("date('soon') = ''", "true"),
        ("date(0)", "1970-01-01"),
        ("date(-1.5)", "1969-12-30"),
    ] {
        assert_eq!(give(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_supported_is_refused_by_its_place() {
    for (text, at, told) in [
        ("", 1, "missing at the end"),
        ("1 +", 4, "missing at the end"),
        ("1 2", 3, "not expected"),
        ("(1", 3, "missing"),
        ("1)", 2, "not expected"),
        ("${height} > 1", 1, "no question \"height\""),
        ("1 = ${age", 5, "not closed"),
        ("'abc", 1, "not closed"),
        ("/data/age > 1", 1, "paths"),
        ("../age > 1", 1, "paths"),
        ("${age}[1]", 7, "paths"),
        ("* = 1", 1, "paths"),
        ("age > 1", 1, "no question and no function"),
        ("1 + jr:choice-name(1, 2)", 5, "function jr:choice-name is not supported"),
        ("position(..)", 10, "paths"),
        ("now()", 1, "function now is not supported"),
        ("not()", 1, "not takes 1 arguments"),
        ("round(1, 2, 3)", 1, "1 to 2 arguments"),
        ("concat()", 1, "1 or more arguments"),
        ("if(1, 2)", 1, "3 arguments"),
        ("selected(${age}, )", 18, "not expected"),
        ("regex(., ${name})", 1, "a text in quotes"),
        ("regex(., '[')", 1, "pattern"),
        ("regex(., '(a{99}){99}{99}')", 1, "pattern"),
        ("1 # 2", 3, "no meaning"),
        ("! 1", 1, "no meaning"),
        ("or = 1", 1, "no question and no function"),
    ] {
        let refused = read(text).expect_err(text);
        assert_eq!(refused.at, at, "{text}: {refused:?}");
        assert!(refused.en.contains(told), "{text}: {refused:?}");
        assert!(!refused.zh.is_ascii(), "{text}: {refused:?}");
    }
    let nested = |depth: usize| read(&format!("{}1{}", "(".repeat(depth), ")".repeat(depth)));
    assert!(nested(40).is_ok() && nested(41).is_err());
    assert!(read(&"1".repeat(2_000)).is_ok() && read(&"1".repeat(2_001)).is_err());
    assert!(read(&format!("1{}", " + 1".repeat(400))).is_ok());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_within_it(text in "\\PC{0,60}") {
        if let Err(refused) = read(&text) {
            prop_assert!((1..=text.chars().count() + 1).contains(&refused.at), "{refused:?}");
        }
    }

    #[test]
    fn any_words_are_read_or_refused_and_evaluate(words in prop::collection::vec(
        prop::sample::select(vec!["1", "2.5", "'x'", "${age}", "${none}", "${wishes}", "${born}", ".", "(", ")", ",", "+",
            "-", "*", " div ", " mod ", " and ", " or ", "=", "!=", "<", ">=", "not(", "if(", "selected(", "round(",
            "today()"]), 1..20)) {
        let text = words.concat();
        if read(&text).is_ok() {
            give(&text);
        }
    }

    #[test]
    fn whole_numbers_reckon_as_in_rust(a in -1000_i32..1000, b in -1000_i32..1000, c in 1_i32..1000) {
        prop_assert_eq!(give(&format!("{a} + {b} * {c}")), (a + b * c).to_string());
        prop_assert_eq!(give(&format!("({a} - {b}) mod {c}")), ((a - b) % c).to_string());
        prop_assert_eq!(give(&format!("{a} <= {b}")), (a <= b).to_string());
        prop_assert_eq!(give(&format!("{a} != {b} or {b} > {c}")), (a != b || b > c).to_string());
    }
}
