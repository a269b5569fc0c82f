//! Words and sentences with numbers in them.

use super::{Block, Figure, Part, Parts};
use crate::lang::Lang;

/// The number of a chapter before its title.
pub(super) fn numbered(index: usize, title: &str, lang: Lang) -> String {
    const CHINESE: [&str; 10] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    match lang {
        Lang::En => format!("{}. {title}", index + 1),
        Lang::Zh => format!("{}、{title}", CHINESE.get(index).copied().unwrap_or_default()),
    }
}

/// A sentence in which each `{}` is the next figure.
pub(super) fn sentence(lang: Lang, en: &str, zh: &str, figures: &[Figure]) -> Parts {
    let mut parts = Parts::new();
    let mut figures = figures.iter();
    for (i, text) in lang.pick(en, zh).split("{}").enumerate() {
        if i > 0 {
            parts.extend(figures.next().cloned().map(Part::Figure));
        }
        if !text.is_empty() {
            parts.push(text.into());
        }
    }
    parts
}

pub(super) fn paragraph(lang: Lang, en: &str, zh: &str, figures: &[Figure]) -> Block {
    Block::Paragraph { parts: sentence(lang, en, zh, figures) }
}

pub(super) fn words(lang: Lang, pairs: &[(&str, &str)]) -> Vec<String> {
    pairs.iter().map(|(en, zh)| lang.pick(en, zh).to_owned()).collect()
}

/// The title of a finding, of its topic or place.
pub(super) fn with_note(title: &str, note: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{title} ({note})"),
        Lang::Zh => format!("{title}（{note}）"),
    }
}
