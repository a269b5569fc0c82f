//! The sheet `survey`: questions in groups. Each outermost group is a section; a group inside another is a section of its
//! own with the same topic, asked where both are relevant.

use super::Refused;
use super::choices::Lists;
use super::language::{Columns, refuse_others};
use super::settings::Settings;
use super::sheet::{Row, Sheet};
use crate::fields::{FieldError, Topic};
use crate::insight::forms::definition::{Choice, Kind, Question, Section, Wording};
use crate::insight::forms::expression::parse;
use crate::lang::Lang;
use std::collections::HashMap;

const COLUMNS: [&str; 10] =
    ["type", "name", "label", "hint", "required", "relevant", "relevance", "constraint", "constraint_message", "topic"];
const RELEVANT: [&str; 2] = ["relevant", "relevance"];

/// What a survey asks, and where it stands in the sheet.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) sections: Vec<Section>,
    pub(super) rows: Rows,
}

/// For each section the rows of its questions, by their places in [`Sheet::rows`].
#[derive(Debug, Default)]
pub(super) struct Rows(Vec<Vec<usize>>);

impl Rows {
    /// The cell behind a fault of the definition: of the question that it is about, or of the section's first.
    pub(super) fn locate(&self, sheet: &Sheet, error: &FieldError) -> Refused {
        let parts: Vec<&str> = error.pointer.split('/').skip(1).collect();
        let number = |at: usize| parts.get(at).and_then(|part| part.parse::<usize>().ok());
        let rows = number(1).and_then(|section| self.0.get(section));
        let row = rows.and_then(|rows| rows.get(number(3).unwrap_or_default())).and_then(|at| sheet.rows.get(*at));
        let (en, zh) = (error.fault.detail(Lang::En), error.fault.detail(Lang::Zh));
        let column = parts.get(4).copied().filter(|part| COLUMNS.contains(part)).unwrap_or("name");
        match row {
            Some(row) => row.cell(&[column, "name"]).refused(en, zh),
            None => Refused::whole(format!("{}: {en}", error.pointer), format!("{}：{zh}", error.pointer)),
        }
    }
}

/// A group that is open.
struct Group {
    row: usize,
    topic: Option<Topic>,
    title: Wording,
    emphasis: Option<Wording>,
    /// With those of the groups around it.
    relevant: Option<String>,
    asks: bool,
}

struct Reader<'a> {
    sheet: &'a Sheet,
    lists: &'a Lists,
    title: &'a Wording,
    labels: Columns,
    hints: Columns,
    messages: Columns,
    /// By name: the place among the questions.
    places: HashMap<String, usize>,
    groups: Vec<Group>,
    outline: Outline,
    /// The next question begins a section.
    begins: bool,
}

pub(super) fn read(sheet: &Sheet, lists: &Lists, settings: &Settings, faults: &mut Vec<Refused>) -> Outline {
    refuse_others(sheet, &COLUMNS, faults);
    let mut columns = |name| Columns::find(sheet, name, settings.language, faults);
    let (labels, hints, messages) = (columns("label"), columns("hint"), columns("constraint_message"));
    let names = sheet.rows.iter().filter(|row| !is_group(row)).filter_map(|row| row.text(&["name"]));
    let places = names.enumerate().map(|(place, name)| (name.to_owned(), place)).collect();
    let mut reader = Reader {
        sheet,
        lists,
        title: &settings.title,
        labels,
        hints,
        messages,
        places,
        groups: Vec::new(),
        outline: Outline::default(),
        begins: true,
    };
    for at in 0..sheet.rows.len() {
        reader.row(at, faults);
    }
    for group in &reader.groups {
        let cell = sheet.rows[group.row].cell(&["type"]);
        faults.push(cell.refused("this group is not ended", "该组没有 end_group"));
    }
    if reader.outline.sections.is_empty() && faults.is_empty() {
        faults.push(Refused::whole("the sheet survey asks nothing", "工作表 survey 没有题目"));
    }
    reader.outline
}

fn type_of(row: &Row) -> String {
    row.cell(&["type"]).text.to_lowercase()
}

fn is_group(row: &Row) -> bool {
    ["begin", "end"].iter().any(|word| type_of(row).starts_with(word))
}

/// Refuses what has no meaning in such a row.
fn refuse_text(row: &Row, name: &str, faults: &mut Vec<Refused>) {
    let cell = row.cell(&[name]);
    if !cell.text.is_empty() {
        faults.push(cell.refused(format!("{name} does not apply here"), format!("此行不能填写 {name}")));
    }
}

impl Reader<'_> {
    fn row(&mut self, at: usize, faults: &mut Vec<Refused>) {
        let row = &self.sheet.rows[at];
        match type_of(row).as_str() {
            "begin_group" | "begin group" => self.begin(at, faults),
            "end_group" | "end group" => self.end(row, faults),
            _ => {
                if let Some(question) = self.question(row, faults) {
                    self.add(at, question);
                }
            }
        }
    }

    fn begin(&mut self, at: usize, faults: &mut Vec<Refused>) {
        let row = &self.sheet.rows[at];
        refuse_text(row, "required", faults);
        refuse_text(row, "constraint", faults);
        let around = self.groups.last();
        let topic = match row.text(&["topic"]) {
            None => row.text(&["name"]).and_then(Topic::parse),
            Some(text) => Topic::parse(text).or_else(|| {
                let allowed: Vec<_> = Topic::ALL.iter().map(|topic| topic.name()).collect();
                let en = format!("a topic is one of: {}", allowed.join(", "));
                faults.push(row.cell(&["topic"]).refused(en, format!("topic 应为以下之一：{}", allowed.join("、"))));
                None
            }),
        };
        let topic = topic.or(around.and_then(|group| group.topic));
        let relevant = match (around.and_then(|group| group.relevant.clone()), self.expression(row, &RELEVANT, faults))
        {
            (Some(outer), Some(own)) => Some(format!("({outer}) and ({own})")),
            (outer, own) => outer.or(own),
        };
        // A topic has a name of its own.
        let named = topic.map(|topic| {
            let label = topic.label();
            Wording { zh: Some(label.zh.to_owned()), en: Some(label.en.to_owned()) }
        });
        let title = self.labels.wording(row).or(named).unwrap_or_else(|| self.labels.needed(row, faults));
        let emphasis = self.hints.wording(row);
        self.groups.push(Group { row: at, topic, title, emphasis, relevant, asks: false });
        self.begins = true;
    }

    fn end(&mut self, row: &Row, faults: &mut Vec<Refused>) {
        match self.groups.pop() {
            None => faults.push(row.cell(&["type"]).refused("no group is open here", "此处没有未结束的组")),
            Some(group) if !group.asks => {
                let cell = self.sheet.rows[group.row].cell(&["type"]);
                faults.push(cell.refused("this group asks nothing", "该组没有题目"));
            }
            Some(_) => self.begins = true,
        }
        if let Some(around) = self.groups.last_mut() {
            around.asks = true;
        }
    }

    /// An expression; what is wrong with it is told by its place in the cell.
    fn expression(&self, row: &Row, names: &[&str], faults: &mut Vec<Refused>) -> Option<String> {
        let cell = row.cell(names);
        if cell.text.is_empty() {
            return None;
        }
        if let Err(refused) = parse(cell.text, &|name| self.places.get(name).copied()) {
            let (at, en, zh) = (refused.at, refused.en, refused.zh);
            faults.push(cell.refused(format!("at character {at}: {en}"), format!("第 {at} 个字符：{zh}")));
        }
        Some(cell.text.to_owned())
    }

    fn question(&self, row: &Row, faults: &mut Vec<Refused>) -> Option<Question> {
        let (kind, choices) = self.kind(row, faults)?;
        refuse_text(row, "topic", faults);
        let name = row.cell(&["name"]);
        if name.text.is_empty() {
            faults.push(name.refused("name is missing", "缺少 name"));
        }
        let required = row.cell(&["required"]);
        let required = match required.text.to_lowercase().as_str() {
            "" | "no" | "false" | "false()" | "0" => false,
            "yes" | "true" | "true()" | "1" => true,
            _ => {
                faults.push(required.refused("required is yes or no", "required 应为 yes 或 no"));
                false
            }
        };
        Some(Question {
            name: name.text.to_owned(),
            kind,
            label: self.labels.needed(row, faults),
            hint: self.hints.wording(row),
            required,
            relevant: self.expression(row, &RELEVANT, faults),
            constraint: self.expression(row, &["constraint"], faults),
            constraint_message: self.messages.wording(row),
            choices,
        })
    }

    fn add(&mut self, at: usize, question: Question) {
        let group = self.groups.last_mut();
        if std::mem::take(&mut self.begins) {
            let mut section = Section {
                topic: None,
                title: self.title.clone(),
                emphasis: None,
                relevant: None,
                questions: Vec::new(),
            };
            if let Some(group) = &group {
                section.topic = group.topic;
                section.title.clone_from(&group.title);
                section.emphasis.clone_from(&group.emphasis);
                section.relevant.clone_from(&group.relevant);
            }
            self.outline.sections.push(section);
            self.outline.rows.0.push(Vec::new());
        }
        if let Some(group) = group {
            group.asks = true;
        }
        if let (Some(section), Some(rows)) = (self.outline.sections.last_mut(), self.outline.rows.0.last_mut()) {
            section.questions.push(question);
            rows.push(at);
        }
    }

    fn kind(&self, row: &Row, faults: &mut Vec<Refused>) -> Option<(Kind, Vec<Choice>)> {
        let cell = row.cell(&["type"]);
        let words: Vec<&str> = cell.text.split_whitespace().collect();
        let (kind, list) = match words[..] {
            ["text" | "string"] => (Kind::Text, None),
            ["integer" | "int"] => (Kind::Integer, None),
            ["decimal"] => (Kind::Decimal, None),
            ["date"] => (Kind::Date, None),
            ["boolean" | "bool"] => (Kind::Bool, None),
            ["select_one", list] => (Kind::SelectOne, Some(list)),
            ["select_multiple", list] => (Kind::SelectMultiple, Some(list)),
            [] => {
                faults.push(cell.refused("type is missing", "缺少 type"));
                return None;
            }
            _ => {
                let (en, zh) =
                    (format!("the type {} is not supported", cell.text), format!("不支持类型 {}", cell.text));
                faults.push(cell.refused(en, zh));
                return None;
            }
        };
        let Some(list) = list else { return Some((kind, Vec::new())) };
        let choices = self.lists.get(list).cloned();
        if choices.is_none() {
            let en = format!("there is no list {list:?} in the sheet choices");
            faults.push(cell.refused(en, format!("工作表 choices 中没有列表 {list:?}")));
        }
        Some((kind, choices?))
    }
}
