//! Definitions are taken or refused by their places; interviews are told what they violate.

use super::definition::{Choice, Definition, Kind, Question, Section, Wording};
use super::{Form, Interview};
use crate::fields::{FieldError, Level, Topic};
use proptest::prelude::*;
use serde_json::{Value, json};
use sync_core::Fields;

pub(super) fn wording(text: &str) -> Wording {
    Wording { zh: Some(text.into()), en: None }
}

fn question(name: &str, kind: Kind) -> Question {
    let choice = |value: &str| Choice { value: value.into(), label: wording(value) };
    Question {
        name: name.into(),
        kind,
        label: wording(name),
        hint: None,
        required: false,
        relevant: None,
        constraint: None,
        constraint_message: None,
        choices: if kind.has_choices() { ["a", "b", "c"].map(choice).into() } else { Vec::new() },
    }
}

fn definition(questions: Vec<Question>) -> Definition {
    let section =
        Section { topic: Some(Topic::Decisions), title: wording("一"), emphasis: None, relevant: None, questions };
    Definition { form: "test".into(), level: Level::Household, title: wording("表"), sections: vec![section] }
}

fn compile(questions: Vec<Question>) -> Form {
    Form::compile(&definition(questions)).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// Pointers and codes of what an interview with these fields violates.
fn check(form: &Form, fields: &Value) -> Vec<(String, &'static str)> {
    let mut texts = vec![("level".to_owned(), "\"household\"".to_owned())];
    texts.retain(|(name, _)| fields.get(name).is_none());
    texts.extend(fields.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.to_string())));
    let fields = Fields::from_edits(&texts.into_iter().map(|(name, text)| (name, Some(text))).collect());
    let told = |error: FieldError| (error.pointer, error.fault.code());
    let interview = Interview { fields: &fields, today: "2015-04-16".parse().unwrap() };
    form.check(interview).into_iter().map(told).collect()
}

#[test]
fn a_definition_is_refused_by_its_places() {
    let faults = |change: &dyn Fn(&mut Definition)| -> Vec<(String, &'static str)> {
        let mut definition = definition(vec![question("one", Kind::Text), question("two", Kind::SelectOne)]);
        change(&mut definition);
        let faults = Form::compile(&definition).err().unwrap_or_default();
        faults.into_iter().map(|error| (error.pointer, error.fault.code())).collect()
    };
    assert_eq!(faults(&|_| {}), []);
    let first = "/sections/0/questions/0";
    let second = "/sections/0/questions/1";
    let expect = |change: &dyn Fn(&mut Definition), pointer: &str, code: &str| {
        assert_eq!(faults(change), [(pointer.to_owned(), code)].map(|(p, c)| (p, code_of(c))), "{pointer}");
    };
    expect(&|d| d.form = "Hoch".into(), "/form", "invalid_form");
    expect(&|d| d.form = "1a".into(), "/form", "invalid_form");
    expect(&|d| d.form = "a".repeat(65), "/form", "invalid_form");
    expect(&|d| d.title = Wording::default(), "/title", "required");
    expect(&|d| d.title.en = Some("x".repeat(1_001)), "/title/en", "too_long");
    expect(&|d| d.sections.clear(), "/sections", "required");
    expect(&|d| d.sections[0].questions.clear(), "/sections/0/questions", "required");
    expect(&|d| d.sections[0].relevant = Some("${nothing}".into()), "/sections/0/relevant", "invalid_expression");
    let of = |change: fn(&mut Question)| move |d: &mut Definition| change(&mut d.sections[0].questions[0]);
    expect(&of(|q| q.name = "two".into()), &format!("{second}/name"), "taken");
    expect(&of(|q| q.name = "a b".into()), &format!("{first}/name"), "invalid_form");
    expect(&of(|q| q.name = "名".into()), &format!("{first}/name"), "invalid_form");
    expect(&of(|q| q.label = wording(" ")), &format!("{first}/label"), "required");
    expect(&of(|q| q.relevant = Some("1 +".into())), &format!("{first}/relevant"), "invalid_expression");
    expect(&of(|q| q.constraint = Some("now()".into())), &format!("{first}/constraint"), "invalid_expression");
    expect(
        &of(|q| q.constraint_message = Some(wording("x"))),
        &format!("{first}/constraint_message"),
        "not_applicable",
    );
    expect(&of(|q| q.kind = Kind::SelectOne), &format!("{first}/choices"), "required");
    let of = |change: fn(&mut Question)| move |d: &mut Definition| change(&mut d.sections[0].questions[1]);
    expect(&of(|q| q.kind = Kind::Bool), &format!("{second}/choices"), "not_applicable");
    expect(&of(|q| q.choices[2].value = "a".into()), &format!("{second}/choices/2/value"), "taken");
    expect(&of(|q| q.choices[0].value = "a b".into()), &format!("{second}/choices/0/value"), "invalid_form");
    expect(&of(|q| q.choices[1].label = Wording::default()), &format!("{second}/choices/1/label"), "required");
    let many = |d: &mut Definition| d.sections[0].questions = vec![question("q", Kind::Text); 501];
    expect(&many, "/sections", "too_many");
}

/// A text that lives as long as the codes do.
fn code_of(code: &str) -> &'static str {
    let known = ["invalid_form", "required", "too_long", "invalid_expression", "taken", "not_applicable", "too_many"];
    known.into_iter().find(|known| *known == code).expect("a known code")
}

#[test]
fn answers_have_their_types() {
    for (kind, good, bad) in [
        (Kind::Text, vec![json!("x"), json!("")], vec![json!(1), json!(true), json!(["a"])]),
        (Kind::Integer, vec![json!(0), json!(-3), json!(2.0)], vec![json!(1.5), json!("1"), json!(true)]),
        (Kind::Decimal, vec![json!(1.5), json!(2)], vec![json!("1.5"), json!(false)]),
        (Kind::Date, vec![json!("2015-04-16")], vec![json!("2015-02-30"), json!("16.4.2015"), json!(20_150_416)]),
        (Kind::Bool, vec![json!(true), json!(false)], vec![json!("yes"), json!(1)]),
        (Kind::SelectOne, vec![json!("a")], vec![json!("d"), json!(["a"]), json!(true)]),
        (
            Kind::SelectMultiple,
            vec![json!(["a"]), json!(["c", "a"]), json!([])],
            vec![json!("a"), json!(["d"]), json!(["a", "a"])],
        ),
    ] {
        let form = compile(vec![question("q", kind)]);
        for value in good {
            assert_eq!(check(&form, &json!({ "answers.q": value })), [], "{kind:?} {value}");
        }
        for value in bad {
            let told = check(&form, &json!({ "answers.q": value }));
            assert_eq!(told.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>(), ["/answers.q"], "{kind:?} {value}");
        }
    }
}

#[test]
fn rules_are_told_where_they_are_broken() {
    let mut debt = question("debt", Kind::Integer);
    debt.relevant = Some("${has_debt} = true()".into());
    debt.constraint = Some(". > 0 and . <= 10000".into());
    debt.constraint_message = Some(wording("应大于 0"));
    debt.required = true;
    let form = compile(vec![question("has_debt", Kind::Bool), debt]);
    let told = |fields: Value| check(&form, &fields);
    let at = |code| [("/answers.debt".to_owned(), code)];
    assert_eq!(told(json!({})), []);
    assert_eq!(told(json!({ "answers.has_debt": true, "answers.debt": 50 })), []);
    assert_eq!(told(json!({ "answers.has_debt": true, "answers.debt": 0 })), at("constraint"));
    assert_eq!(told(json!({ "answers.has_debt": true, "answers.debt": "many" })), at("wrong_type"));
    assert_eq!(told(json!({ "answers.has_debt": false, "answers.debt": 50 })), at("not_relevant"));
    assert_eq!(told(json!({ "answers.debt": 50 })), at("not_relevant"));
    // What is required is missed at the end, and only where it is asked.
    let end = "2015-04-16T09:00:00+08:00";
    assert_eq!(told(json!({ "answers.has_debt": true })), []);
    assert_eq!(told(json!({ "answers.has_debt": true, "ended_at": end })), at("required"));
    assert_eq!(told(json!({ "answers.has_debt": false, "ended_at": end })), []);
    assert_eq!(told(json!({ "answers.weather": "x" })), [("/answers.weather".to_owned(), "unknown_question")]);
    assert_eq!(told(json!({ "level": "village" })), [("/level".to_owned(), "not_in_list")]);
    let text = r#"{"answers.debt":-1,"answers.has_debt":true,"level":"household"}"#;
    let fields = Fields::from_canonical(text).unwrap();
    let interview = Interview { fields: &fields, today: "2015-04-16".parse().unwrap() };
    let fault = form.check(interview).remove(0).fault;
    assert_eq!(fault.detail(crate::lang::Lang::Zh), "应大于 0");
    assert_eq!(fault.detail(crate::lang::Lang::En), "应大于 0", "there is no other");
}

#[test]
fn a_sections_relevance_is_that_of_its_questions() {
    let mut definition = definition(vec![question("asks", Kind::Bool)]);
    let mut inner = definition.sections[0].clone();
    inner.relevant = Some("${asks}".into());
    inner.questions = vec![question("inside", Kind::Text)];
    definition.sections.push(inner);
    let form = Form::compile(&definition).unwrap();
    assert_eq!(check(&form, &json!({ "answers.asks": true, "answers.inside": "x" })), []);
    let told = check(&form, &json!({ "answers.asks": false, "answers.inside": "x" }));
    assert_eq!(told, [("/answers.inside".to_owned(), "not_relevant")]);
}

#[test]
fn no_interview_is_told_more_than_a_hundred_things() {
    let form = compile(vec![question("q", Kind::SelectMultiple)]);
    let mut fields = json!({ "answers.q": vec!["a"; 100_000] });
    for n in 0..5_000 {
        fields[format!("answers.x{n}")] = json!(n);
    }
    assert_eq!(check(&form, &fields).len(), 100);
}

proptest! {
    /// Whatever is answered, it is told of the question that it answers, and twice the same.
    #[test]
    fn any_answer_is_taken(name in "(q|other|a/b~c)", text in "\\PC{0,12}", number in any::<f64>(), which in 0_usize..5) {
        let mut asked = question("q", Kind::Integer);
        asked.constraint = Some(". > 3 and ${q} != 7".into());
        let form = compile(vec![asked]);
        let values = [json!(text), json!(number), json!(true), json!([text]), json!(number.trunc())];
        let value = &values[which];
        let fields = json!({ format!("answers.{name}"): value });
        let told = check(&form, &fields);
        prop_assert!(told.iter().all(|(at, _)| at.starts_with("/answers.")));
        prop_assert_eq!(check(&form, &fields), told);
    }
}
