//! What a verification found, in both languages.

use crate::lang::Lang;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Good,
    Bad,
    /// For the reader to look at.
    Note,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub outcome: Outcome,
    en: String,
    zh: String,
}

impl Finding {
    pub fn text(&self, lang: Lang) -> &str {
        lang.pick(&self.en, &self.zh)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing differs.
    pub fn is_good(&self) -> bool {
        self.findings.iter().all(|finding| finding.outcome != Outcome::Bad)
    }

    fn add(&mut self, outcome: Outcome, en: String, zh: String) {
        self.findings.push(Finding { outcome, en, zh });
    }

    pub(super) fn good(&mut self, en: impl Into<String>, zh: impl Into<String>) {
        self.add(Outcome::Good, en.into(), zh.into());
    }

    pub(super) fn bad(&mut self, en: impl Into<String>, zh: impl Into<String>) {
        self.add(Outcome::Bad, en.into(), zh.into());
    }

    pub(super) fn note(&mut self, en: impl Into<String>, zh: impl Into<String>) {
        self.add(Outcome::Note, en.into(), zh.into());
    }

    pub(super) fn check(&mut self, good: bool, en: String, zh: String, bad_en: String, bad_zh: String) {
        if good { self.good(en, zh) } else { self.bad(bad_en, bad_zh) }
    }

    /// Takes in what was found of a part.
    pub(super) fn inside(&mut self, en: &str, zh: &str, part: Self) {
        for finding in part.findings {
            self.add(finding.outcome, format!("{en}{}", finding.en), format!("{zh}{}", finding.zh));
        }
    }
}
