//! A form as it is written, stored and downloaded.

use crate::fields::{Level, Topic};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is asked, and what an answer may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FormDefinition)]
pub struct Definition {
    /// What interviews name in `form`: 1 to 64 of `a-z`, `0-9`, `_`, `-`, beginning with a letter.
    #[schema(example = "household")]
    pub form: String,
    /// That of every version of the form.
    pub level: Level,
    pub title: Wording,
    pub sections: Vec<Section>,
}

/// A text for people, in one language at least.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FormText)]
pub struct Wording {
    #[serde(rename = "zh-CN", default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "饮水是否安全？")]
    pub zh: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Is the drinking water safe?")]
    pub en: Option<String>,
}

/// Questions that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FormSection)]
pub struct Section {
    /// What it looks at; absent where it is of no topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Topic>,
    pub title: Wording,
    /// What this level puts weight on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emphasis: Option<Wording>,
    /// It is asked only where this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relevant: Option<String>,
    pub questions: Vec<Question>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FormQuestion)]
pub struct Question {
    /// The key of its answer: 1 to 64 of ASCII letters, digits, `_`, `-`, beginning with a letter or `_`; unique in the
    /// form.
    #[schema(example = "drinking_water_safe")]
    pub name: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub label: Wording,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Wording>,
    /// It must be answered before the interview ends, where it is relevant.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// It is asked only where this holds: an expression over other answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "${has_debt} = true()")]
    pub relevant: Option<String>,
    /// What an answer must fulfil: an expression in which `.` is the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = ". >= 0 and . <= 100")]
    pub constraint: Option<String>,
    /// Told where the constraint does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint_message: Option<Wording>,
    /// Of `select_one` and `select_multiple`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
}

/// What an answer is in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FormQuestionType)]
pub enum Kind {
    Text,
    /// A whole number
    Integer,
    /// A number
    Decimal,
    /// A text `YYYY-MM-DD`
    Date,
    /// `true` or `false`
    Bool,
    /// The value of one of the choices
    SelectOne,
    /// A list of the values of choices, each once
    SelectMultiple,
}

impl Kind {
    pub fn has_choices(self) -> bool {
        matches!(self, Self::SelectOne | Self::SelectMultiple)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FormChoice)]
pub struct Choice {
    /// 1 to 64 characters without blanks; unique in the question.
    pub value: String,
    pub label: Wording,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Definition {
    /// Every question, in the order in which they are asked.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.sections.iter().flat_map(|section| &section.questions)
    }
}
