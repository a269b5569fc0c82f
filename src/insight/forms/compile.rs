//! From a definition to a form that can check answers.

use super::definition::{Definition, Kind, Question, Section, Wording};
use super::expression::{Expr, parse};
use crate::fields::{Fault, FieldError, Level};
use std::collections::{HashMap, HashSet};

const SECTIONS_MOST: usize = 100;
const QUESTIONS_MOST: usize = 500;
const CHOICES_MOST: usize = 500;
const NAME_MOST: usize = 64;
const WORDS_MOST: usize = 1_000;

/// A form whose expressions are read.
#[derive(Debug)]
pub struct Form {
    pub level: Level,
    pub(super) questions: Vec<Asked>,
    /// Places in `questions`.
    pub(super) places: HashMap<String, usize>,
}

/// A question as answers are checked against it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) required: bool,
    /// All of these must hold: the section's and its own.
    pub(super) relevant: Vec<Expr>,
    pub(super) constraint: Option<Expr>,
    pub(super) message: Option<Wording>,
    pub(super) choices: Vec<String>,
}

impl Form {
    /// Every fault with its place in the definition, if there is one.
    pub fn compile(definition: &Definition) -> Result<Self, Vec<FieldError>> {
        let mut reader = Reader { places: HashMap::new(), faults: Vec::new() };
        if !is_form_name(&definition.form) {
            reader.fault("/form", Fault::InvalidForm);
        }
        reader.wording("/title", &definition.title);
        for (many, max) in
            [(definition.sections.len(), SECTIONS_MOST), (definition.questions().count(), QUESTIONS_MOST)]
        {
            if many > max {
                return Err(vec![FieldError::new("/sections", Fault::TooMany { max })]);
            }
        }
        if definition.sections.is_empty() {
            reader.fault("/sections", Fault::Required);
        }
        reader.names(definition);
        let mut questions = Vec::new();
        for (i, section) in definition.sections.iter().enumerate() {
            reader.section(&format!("/sections/{i}"), section, &mut questions);
        }
        let Reader { places, faults } = reader;
        if faults.is_empty() { Ok(Self { level: definition.level, questions, places }) } else { Err(faults) }
    }

    /// How many questions it asks.
    pub fn questions(&self) -> usize {
        self.questions.len()
    }
}

/// Whether a form may have this name.
pub(super) fn is_form_name(name: &str) -> bool {
    is_name(name, |c| c.is_ascii_lowercase(), |c| c.is_ascii_digit() || matches!(c, '_' | '-'))
}

fn is_name(name: &str, begins: impl Fn(char) -> bool, goes_on: impl Fn(char) -> bool) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(&begins) && chars.all(|c| begins(c) || goes_on(c)) && name.len() <= NAME_MOST
}

struct Reader {
    places: HashMap<String, usize>,
    faults: Vec<FieldError>,
}

impl Reader {
    fn fault(&mut self, pointer: impl Into<String>, fault: Fault) {
        self.faults.push(FieldError::new(pointer, fault));
    }

    /// First all names: an expression may speak of a question further down.
    fn names(&mut self, definition: &Definition) {
        let mut place = 0;
        for (i, section) in definition.sections.iter().enumerate() {
            for (n, question) in section.questions.iter().enumerate() {
                let pointer = format!("/sections/{i}/questions/{n}/name");
                let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
                if !is_name(&question.name, begins, |c| c.is_ascii_digit() || c == '-') {
                    self.fault(pointer, Fault::InvalidForm);
                } else if self.places.insert(question.name.clone(), place).is_some() {
                    self.fault(pointer, Fault::Taken);
                }
                place += 1;
            }
        }
    }

    fn wording(&mut self, pointer: &str, wording: &Wording) {
        let texts = [("zh-CN", &wording.zh), ("en", &wording.en)];
        if texts.iter().all(|(_, text)| text.as_deref().unwrap_or_default().trim().is_empty()) {
            self.fault(pointer, Fault::Required);
        }
        for (language, text) in texts {
            let text = text.as_deref().unwrap_or_default();
            if text.chars().count() > WORDS_MOST {
                self.fault(format!("{pointer}/{language}"), Fault::TooLong { max: WORDS_MOST });
            }
            if text.chars().any(|c| c.is_control() && c != '\n') {
                self.fault(format!("{pointer}/{language}"), Fault::InvalidText);
            }
        }
    }

    fn expression(&mut self, pointer: &str, text: Option<&String>) -> Option<Expr> {
        match parse(text?, &|name| self.places.get(name).copied()) {
            Ok(expression) => Some(expression),
            Err(refused) => {
                let (at, en, zh) = (refused.at, refused.en, refused.zh);
                self.fault(pointer, Fault::InvalidExpression { at, en, zh });
                None
            }
        }
    }

    fn section(&mut self, pointer: &str, section: &Section, asked: &mut Vec<Asked>) {
        self.wording(&format!("{pointer}/title"), &section.title);
        if let Some(emphasis) = &section.emphasis {
            self.wording(&format!("{pointer}/emphasis"), emphasis);
        }
        if section.questions.is_empty() {
            self.fault(format!("{pointer}/questions"), Fault::Required);
        }
        let relevant = self.expression(&format!("{pointer}/relevant"), section.relevant.as_ref());
        for (n, question) in section.questions.iter().enumerate() {
            asked.push(self.question(&format!("{pointer}/questions/{n}"), question, relevant.clone()));
        }
    }

    fn question(&mut self, pointer: &str, question: &Question, section: Option<Expr>) -> Asked {
        self.wording(&format!("{pointer}/label"), &question.label);
        for (name, wording) in [("hint", &question.hint), ("constraint_message", &question.constraint_message)] {
            if let Some(wording) = wording {
                self.wording(&format!("{pointer}/{name}"), wording);
            }
        }
        if question.constraint.is_none() && question.constraint_message.is_some() {
            self.fault(format!("{pointer}/constraint_message"), Fault::NotApplicable);
        }
        self.choices(&format!("{pointer}/choices"), question);
        let own = self.expression(&format!("{pointer}/relevant"), question.relevant.as_ref());
        let constraint = self.expression(&format!("{pointer}/constraint"), question.constraint.as_ref());
        Asked {
            name: question.name.clone(),
            kind: question.kind,
            required: question.required,
            relevant: section.into_iter().chain(own).collect(),
            constraint,
            message: question.constraint_message.clone(),
            choices: question.choices.iter().map(|choice| choice.value.clone()).collect(),
        }
    }

    fn choices(&mut self, pointer: &str, question: &Question) {
        match (question.kind.has_choices(), question.choices.len()) {
            (true, 0) => self.fault(pointer, Fault::Required),
            (true, count) if count > CHOICES_MOST => return self.fault(pointer, Fault::TooMany { max: CHOICES_MOST }),
            (false, 1..) => return self.fault(pointer, Fault::NotApplicable),
            _ => {}
        }
        let mut known = HashSet::new();
        for (i, choice) in question.choices.iter().enumerate() {
            self.wording(&format!("{pointer}/{i}/label"), &choice.label);
            let unfit = |c: char| c.is_whitespace() || c.is_control();
            if choice.value.is_empty() || choice.value.chars().count() > NAME_MOST || choice.value.contains(unfit) {
                self.fault(format!("{pointer}/{i}/value"), Fault::InvalidForm);
            } else if !known.insert(&choice.value) {
                self.fault(format!("{pointer}/{i}/value"), Fault::Taken);
            }
        }
    }
}
