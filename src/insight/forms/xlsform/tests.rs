//! Workbooks as a spreadsheet program writes them, read back; and what is not supported, refused by its cell.

use super::{Refused, Workbook, read};
use crate::fields::{Level, Topic};
use crate::insight::forms::definition::Kind;
use crate::insight::forms::{Definition, defaults::DEFAULTS};
use crate::lang::Lang;
use rust_xlsxwriter::Workbook as Writer;

type Rows<'a> = Vec<Vec<&'a str>>;

/// A workbook of these sheets.
fn write(sheets: &[(&str, Rows<'_>)]) -> Vec<u8> {
    let mut book = Writer::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(*name).unwrap();
        for (r, row) in rows.iter().enumerate() {
            for (c, text) in row.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
                match text.parse::<f64>() {
                    // As a person types them: numbers are numbers.
                    Ok(number) => sheet.write_number(r as u32, c as u16, number).unwrap(),
                    Err(_) => sheet.write_string(r as u32, c as u16, *text).unwrap(),
                };
            }
        }
    }
    book.save_to_buffer().unwrap()
}

fn settings() -> Rows<'static> {
    vec![vec!["form_id", "form_title", "level", "version"], vec!["survey1", "调查表", "village", "7"]]
}

fn choices() -> Rows<'static> {
    vec![
        vec!["list_name", "name", "label::中文 (zh)", "label::English (en)"],
        vec!["yn", "yes", "是", "Yes"],
        vec!["yn", "no", "否", "No"],
        vec!["grades", "1", "一级", "First"],
        vec!["grades", "2", "二级", "Second"],
    ]
}

const HEADER: [&str; 9] = [
    "type",
    "name",
    "label::zh",
    "label::en",
    "hint::zh",
    "required",
    "relevant",
    "constraint",
    "constraint_message::zh",
];

fn survey<'a>(rows: &[&[&'a str]]) -> Rows<'a> {
    std::iter::once(HEADER.to_vec()).chain(rows.iter().map(|row| row.to_vec())).collect()
}

fn with(rows: &[&[&str]]) -> Result<Workbook, Vec<Refused>> {
    read(&write(&[("survey", survey(rows)), ("choices", choices()), ("settings", settings())]), None)
}

fn told(outcome: Result<Workbook, Vec<Refused>>) -> Vec<String> {
    outcome.expect_err("it is refused").iter().map(|refused| refused.text(Lang::En)).collect()
}

#[test]
fn a_form_is_read_as_it_is_written() {
    let book = with(&[
        &["text", "who", "姓名", "Name"],
        &["begin_group", "decisions", "", "", "看政策是否到户"],
        &["select_one yn", "knows", "知道吗", "Known?", "", "yes"],
        &[
            "integer",
            "visits",
            "次数",
            "Visits",
            "看台账",
            "TRUE",
            "${knows} = 'yes'",
            ". >= 0 and . < 366",
            "次数不对",
        ],
        &[],
        &["begin group", "inner", "内层", "", "", "", "${visits} > 0"],
        &["select_multiple grades", "grade", "级别", ""],
        &["begin group", "deep", "更里", "", "", "", "${who} != ''"],
        &["date", "when", "日期", ""],
        &["end group"],
        &["end group"],
        &["decimal", "share", "占比", "Share", "", "no"],
        &["end_group"],
        &["boolean", "done", "完成", "Done"],
    ])
    .unwrap_or_else(|refused| panic!("{refused:?}"));
    assert_eq!(book.version, Some(7));
    let Definition { form, level, title, sections } = &book.definition;
    assert_eq!((form.as_str(), *level, title.zh.as_deref()), ("survey1", Level::Village, Some("调查表")));
    let outline: Vec<_> = sections
        .iter()
        .map(|s| {
            (
                s.topic,
                s.title.zh.as_deref().unwrap(),
                s.relevant.as_deref(),
                s.questions.iter().map(|q| q.name.as_str()).collect::<Vec<_>>(),
            )
        })
        .collect();
    let topic = Some(Topic::Decisions);
    assert_eq!(
        outline,
        [
            (None, "调查表", None, vec!["who"]),
            (topic, "决策部署贯彻落实", None, vec!["knows", "visits"]),
            (topic, "内层", Some("${visits} > 0"), vec!["grade"]),
            (topic, "更里", Some("(${visits} > 0) and (${who} != '')"), vec!["when"]),
            (topic, "决策部署贯彻落实", None, vec!["share"]),
            (None, "调查表", None, vec!["done"]),
        ]
    );
    assert_eq!(sections[1].emphasis.as_ref().unwrap().zh.as_deref(), Some("看政策是否到户"));
    let kinds: Vec<Kind> = book.definition.questions().map(|question| question.kind).collect();
    assert_eq!(
        kinds,
        [Kind::Text, Kind::SelectOne, Kind::Integer, Kind::SelectMultiple, Kind::Date, Kind::Decimal, Kind::Bool]
    );
    let visits = &sections[1].questions[1];
    assert!(visits.required && !sections[4].questions[0].required);
    assert_eq!(visits.label.en.as_deref(), Some("Visits"));
    assert_eq!(visits.hint.as_ref().unwrap().zh.as_deref(), Some("看台账"));
    assert_eq!(visits.constraint.as_deref(), Some(". >= 0 and . < 366"));
    assert_eq!(visits.constraint_message.as_ref().unwrap().zh.as_deref(), Some("次数不对"));
    let grades: Vec<_> = sections[2].questions[0].choices.iter().map(|choice| choice.value.as_str()).collect();
    assert_eq!(grades, ["1", "2"], "numbers as people see them");
}

#[test]
fn what_is_not_supported_is_refused_by_its_cell() {
    let good: &[&str] = &["text", "who", "姓名"];
    for (row, expected) in [
        (&["note", "n", "说明"][..], "survey!A3: the type note is not supported"),
        (&["begin_repeat", "r", "重复"], "survey!A3: the type begin_repeat is not supported"),
        (&["geopoint", "g", "位置"], "survey!A3: the type geopoint is not supported"),
        (&["select_one yn or_other", "s", "选"], "survey!A3: the type select_one yn or_other is not supported"),
        (&["select_one colours", "s", "选"], "survey!A3: there is no list \"colours\" in the sheet choices"),
        (&["", "n", "无"], "survey!A3: type is missing"),
        (&["text", "", "无"], "survey!B3: name is missing"),
        (&["text", "a b", "无"], "survey!B3: is not in the form"),
        (&["text", "who", "又"], "survey!B3: is taken"),
        (&["text", "n"], "survey!C3: the label is missing"),
        (&["text", "n", "题", "", "", "maybe"], "survey!F3: required is yes or no"),
        (
            &["text", "n", "题", "", "", "", "${nobody} = 1"],
            "survey!G3: at character 1: there is no question \"nobody\"",
        ),
        (
            &["text", "n", "题", "", "", "", "", "pulldata('a', 'b')"],
            "survey!H3: at character 1: the function pulldata",
        ),
        (&["text", "n", "题", "", "", "", "", ". > 1 )"], "survey!H3: at character 7: this is not expected"),
        (&["text", "n", "题", "", "", "", "", "", "无约束"], "survey!I3: does not apply here"),
        (&["end_group"], "survey!A3: no group is open here"),
        (&["begin_group", "g", "组"], "survey!A3: this group is not ended"),
        (&["text", "n", "题", "", "", "", "", "", "", "多"], "survey!J3: this column has no header"),
    ] {
        let faults = told(with(&[good, row]));
        assert!(faults.iter().any(|fault| fault.starts_with(expected)), "{expected}: {faults:#?}");
    }
    let faults = told(with(&[good, &["begin_group", "g", "组"], &["end_group"], &["calculate", "c"], &["image", "i"]]));
    assert_eq!(faults.len(), 3, "all at once: {faults:#?}");
}

#[test]
fn sheets_and_columns_are_refused_by_their_names() {
    let plain = || survey(&[&["text", "who", "姓名"]]);
    let book = |sheets: &[(&str, Rows<'_>)]| told(read(&write(sheets), None));
    let is = |faults: Vec<String>, expected: &str| {
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{expected}: {faults:#?}");
    };
    is(book(&[("choices", choices()), ("settings", settings())]), "there is no sheet survey");
    is(book(&[("survey", plain())]), "there is no sheet settings");
    is(
        book(&[("survey", plain()), ("settings", settings()), ("entities", vec![vec!["a"]])]),
        "\"entities\" is none of",
    );
    let mut rows = plain();
    rows[0].push("appearance");
    assert_eq!(read(&write(&[("survey", rows.clone()), ("settings", settings())]), None).err(), None);
    rows[1].resize(10, "");
    rows[1][9] = "minimal";
    is(book(&[("survey", rows), ("settings", settings())]), "survey!J2: the column appearance is not supported");
    let mut rows = plain();
    rows[0][3] = "label::french (fr)";
    is(
        book(&[("survey", rows), ("settings", settings())]),
        "survey!D1: \"french (fr)\" is neither Chinese nor English",
    );
    let mut rows = plain();
    rows[0][3] = "label::Chinese (zh)";
    is(book(&[("survey", rows), ("settings", settings())]), "survey!D1: this language is there twice");
    let mut rows = plain();
    rows[0][2] = "label";
    is(book(&[("survey", rows), ("settings", settings())]), "survey!C1: say label::zh or label::en");
    for (column, value, expected) in [
        (0, "Survey 1", "settings!A2: form_id is 1 to 64"),
        (2, "town", "settings!C2: the level is to be household, village, county"),
        (3, "1.5", "settings!D2: a version is a whole number"),
        (3, "draft", "settings!D2: a version is a whole number"),
    ] {
        let mut rows = settings();
        rows[1][column] = value;
        is(book(&[("survey", plain()), ("settings", rows)]), expected);
    }
    let mut rows = settings();
    rows[0][3] = "style";
    is(book(&[("survey", plain()), ("settings", rows)]), "settings!D2: the column style is not supported");
    let mut rows = choices();
    rows[2][1] = "yes";
    rows[3][1] = "a b";
    rows[4][2] = "";
    rows[4][3] = "";
    let faults = book(&[("survey", plain()), ("choices", rows), ("settings", settings())]);
    is(faults.clone(), "choices!B3: this choice is in the list twice");
    is(faults.clone(), "choices!B4: the name of a choice has no blanks");
    is(faults, "choices!C5: the label is missing");
    is(told(read(b"PK not a workbook", None)), "this is no .xlsx workbook");
    assert!(!read(b"", None).unwrap_err()[0].text(Lang::Zh).is_ascii());
}

#[test]
fn the_level_is_said_once() {
    let book = |level: &str, given| {
        let mut rows = settings();
        rows[1][2] = level;
        let sheets = [("survey", survey(&[&["text", "who", "姓名"]])), ("settings", rows)];
        read(&write(&sheets), given).map(|book| book.definition.level)
    };
    assert_eq!(book("county", None), Ok(Level::County));
    assert_eq!(book("county", Some(Level::County)), Ok(Level::County));
    assert_eq!(book("", Some(Level::County)), Ok(Level::County));
    assert!(book("", None).is_err() && book("county", Some(Level::Village)).is_err());
}

fn borrowed(rows: &[Vec<String>]) -> Rows<'_> {
    rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect()
}

/// Every form that came with the server, written as a workbook, reads as itself.
#[test]
fn the_default_forms_survive_a_workbook() {
    for definition in DEFAULTS.iter() {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut survey = vec![
            [
                "type",
                "name",
                "label::zh",
                "label::en",
                "hint::zh",
                "hint::en",
                "required",
                "relevant",
                "constraint",
                "constraint_message::zh",
                "constraint_message::en",
            ]
            .map(str::to_owned)
            .to_vec(),
        ];
        let mut choices = vec![["list_name", "name", "label::zh", "label::en"].map(str::to_owned).to_vec()];
        for section in &definition.sections {
            let (topic, emphasis) = (section.topic.unwrap(), section.emphasis.clone().unwrap());
            survey.push(vec![
                "begin_group".into(),
                topic.name().into(),
                text(&section.title.zh),
                text(&section.title.en),
                text(&emphasis.zh),
                text(&emphasis.en),
                String::new(),
                text(&section.relevant),
            ]);
            for question in &section.questions {
                let kind = serde_json::to_value(question.kind).unwrap().as_str().unwrap().to_owned();
                let kind = if question.kind.has_choices() { format!("{kind} {}", question.name) } else { kind };
                let hint = question.hint.clone().unwrap_or_default();
                let message = question.constraint_message.clone().unwrap_or_default();
                survey.push(vec![
                    kind,
                    question.name.clone(),
                    text(&question.label.zh),
                    text(&question.label.en),
                    text(&hint.zh),
                    text(&hint.en),
                    if question.required { "yes" } else { "" }.into(),
                    text(&question.relevant),
                    text(&question.constraint),
                    text(&message.zh),
                    text(&message.en),
                ]);
                for choice in &question.choices {
                    let label = &choice.label;
                    choices.push(vec![question.name.clone(), choice.value.clone(), text(&label.zh), text(&label.en)]);
                }
            }
            survey.push(vec!["end_group".into()]);
        }
        let title = [text(&definition.title.zh), text(&definition.title.en)];
        let settings = vec![
            ["form_id", "form_title::zh", "form_title::en", "level"].map(str::to_owned).to_vec(),
            vec![definition.form.clone(), title[0].clone(), title[1].clone(), definition.level.name().into()],
        ];
        let sheets =
            [("survey", borrowed(&survey)), ("choices", borrowed(&choices)), ("settings", borrowed(&settings))];
        let book = read(&write(&sheets), None).unwrap_or_else(|refused| panic!("{}: {refused:?}", definition.form));
        assert_eq!(book.definition, *definition);
    }
}
