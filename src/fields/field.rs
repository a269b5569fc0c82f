//! What a line of the field table says. Everything else in `fields` reads these and keeps no list of its own.

use serde::Serialize;
use utoipa::ToSchema;

/// Texts hold at most this many characters (Unicode scalar values).
pub const TEXT_MAX: usize = 4_000;
/// An answer's key holds at most this many characters.
pub const ANSWER_KEY_MAX: usize = 128;
/// 2^53 − 1: beyond it a JSON number is not the same in every language.
pub const SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// One text in the two languages that people read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Label {
    #[serde(rename = "zh-CN")]
    #[schema(example = "户主")]
    pub zh: &'static str,
    #[schema(example = "Head of household")]
    pub en: &'static str,
}

/// One allowed value of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Choice {
    /// What goes over the wire.
    #[schema(example = "lifted")]
    pub value: &'static str,
    pub label: Label,
}

/// What a number counts or measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unit {
    #[schema(example = "mu")]
    pub code: &'static str,
    pub label: Label,
}

/// A field's type with its constraints.
#[derive(Debug)]
pub(crate) enum Kind {
    Text,
    /// A list of texts.
    Texts,
    /// One of the values.
    Choice(&'static [Choice]),
    /// Some of the values, at most `max` of them.
    Choices {
        of: &'static [Choice],
        max: usize,
    },
    Bool,
    /// Bounds are inclusive.
    Integer {
        min: i64,
        max: i64,
    },
    /// Bounds are inclusive.
    Number {
        min: f64,
        max: f64,
    },
    /// `YYYY-MM-DD`
    Date,
    /// RFC 3339 with offset.
    Time,
    /// The UUID of something; of a record of `Some` collection or resource, where it is always the same.
    Uuid(Option<&'static str>),
    /// A 12-digit code that begins with the bucket's.
    Village,
    /// A citizen's identity number or a disability-card number.
    IdNumber,
    /// 64 hexadecimal digits.
    Sha256,
    Object(&'static [Field]),
    List(&'static [Field]),
    /// A map that merges entry by entry, flat on the wire as `answers.<key>`.
    Answers,
}

/// What is judged beside the value itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The record's id is the UUID version 5 of this value.
    NamesTheRecord,
    /// A team may only name itself.
    OwnTeam,
    /// These values are for the offices to set, not for a team.
    OfficeOnly(&'static [&'static str]),
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) label: Label,
    pub(crate) required: bool,
    /// Set by the server alone.
    pub(crate) read_only: bool,
    pub(crate) unit: Option<Unit>,
    pub(crate) doc: Option<Label>,
    pub(crate) rule: Option<Rule>,
    /// A text that has a column of its own beside the records: see `columns`.
    pub(crate) column: bool,
    /// Lists can be sorted by it.
    pub(crate) sorted: bool,
    /// People look for it by a part of it.
    pub(crate) searched: bool,
    /// A number that names a person: lists show it masked.
    pub(crate) personal: bool,
}

/// One collection's fields, in the order in which people read them.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) label: Label,
    pub(crate) fields: &'static [Field],
    /// There may be millions of them.
    pub(crate) large: bool,
}

impl Field {
    pub(crate) const fn new(name: &'static str, kind: Kind, zh: &'static str, en: &'static str) -> Self {
        let label = Label { zh, en };
        Self {
            name,
            kind,
            label,
            required: false,
            read_only: false,
            unit: None,
            doc: None,
            rule: None,
            column: false,
            sorted: false,
            searched: false,
            personal: false,
        }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    pub(crate) const fn unit(mut self, unit: Unit) -> Self {
        self.unit = Some(unit);
        self
    }

    pub(crate) const fn doc(mut self, zh: &'static str, en: &'static str) -> Self {
        self.doc = Some(Label { zh, en });
        self
    }

    pub(crate) const fn rule(mut self, rule: Rule) -> Self {
        self.rule = Some(rule);
        self
    }

    pub(crate) const fn column(mut self) -> Self {
        self.column = true;
        self
    }

    pub(crate) const fn sorted(mut self) -> Self {
        self.sorted = true;
        self
    }

    pub(crate) const fn searched(mut self) -> Self {
        self.searched = true;
        self
    }

    pub(crate) const fn personal(mut self) -> Self {
        self.personal = true;
        self
    }
}

// The table's vocabulary: one constructor per kind, so that a field is one line.

pub(crate) const fn text(name: &'static str, zh: &'static str, en: &'static str) -> Field {
    Field::new(name, Kind::Text, zh, en)
}

pub(crate) const fn flag(name: &'static str, zh: &'static str, en: &'static str) -> Field {
    Field::new(name, Kind::Bool, zh, en)
}

pub(crate) const fn choice(name: &'static str, of: &'static [Choice], zh: &'static str, en: &'static str) -> Field {
    Field::new(name, Kind::Choice(of), zh, en)
}

pub(crate) const fn integer(name: &'static str, max: i64, zh: &'static str, en: &'static str) -> Field {
    Field::new(name, Kind::Integer { min: 0, max }, zh, en)
}

pub(crate) const fn number(name: &'static str, max: f64, zh: &'static str, en: &'static str) -> Field {
    Field::new(name, Kind::Number { min: 0.0, max }, zh, en)
}

pub(crate) const fn date(name: &'static str, zh: &'static str, en: &'static str) -> Field {
    Field::new(name, Kind::Date, zh, en)
}

pub(crate) const fn time(name: &'static str, zh: &'static str, en: &'static str) -> Field {
    Field::new(name, Kind::Time, zh, en)
}

pub(crate) const fn reference(name: &'static str, of: &'static str, zh: &'static str, en: &'static str) -> Field {
    Field::new(name, Kind::Uuid(Some(of)), zh, en)
}

pub(crate) const fn of(value: &'static str, zh: &'static str, en: &'static str) -> Choice {
    Choice { value, label: Label { zh, en } }
}

pub(crate) const fn measured_in(code: &'static str, zh: &'static str, en: &'static str) -> Unit {
    Unit { code, label: Label { zh, en } }
}
