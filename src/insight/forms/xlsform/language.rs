//! Columns that come in languages: `label::zh`, `label::English (en)`, or `label` in the form's default language.

use super::Refused;
use super::sheet::{Row, Sheet};
use crate::insight::forms::definition::Wording;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Zh,
    En,
}

impl Language {
    /// `zh`, `zh-CN`, `中文`, `Chinese`, `Chinese (zh)`, and the like.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let code = text.rsplit_once('(').and_then(|(_, code)| code.strip_suffix(')')).unwrap_or(&text);
        match code.trim() {
            "zh" | "zh-cn" | "zh_cn" | "zh-hans" | "chinese" | "中文" | "汉语" | "简体中文" => Some(Self::Zh),
            "en" | "en-gb" | "en-us" | "english" | "英文" | "英语" => Some(Self::En),
            _ => None,
        }
    }
}

/// Where a sheet has a text in each language.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Columns {
    zh: Option<u32>,
    en: Option<u32>,
}

impl Columns {
    /// Finds the columns `name`, `name::zh`, `name::en`.
    pub(super) fn find(sheet: &Sheet, name: &str, usual: Option<Language>, faults: &mut Vec<Refused>) -> Self {
        let mut columns = Self::default();
        for (column, header) in &sheet.headers {
            let language = match header.split_once("::") {
                None if header == name => usual.ok_or_else(|| {
                    (
                        format!("say {name}::zh or {name}::en, or default_language in the settings"),
                        format!("请写明 {name}::zh 或 {name}::en，或在 settings 中填写 default_language"),
                    )
                }),
                Some((first, language)) if first.trim() == name => Language::parse(language).ok_or_else(|| {
                    let language = language.trim();
                    (format!("{language:?} is neither Chinese nor English"), format!("{language:?} 既非中文也非英文"))
                }),
                _ => continue,
            };
            let place = match language {
                Ok(Language::Zh) => &mut columns.zh,
                Ok(Language::En) => &mut columns.en,
                Err((en, zh)) => {
                    faults.push(sheet.header(*column).refused(en, zh));
                    continue;
                }
            };
            if place.replace(*column).is_some() {
                faults.push(sheet.header(*column).refused("this language is there twice", "该语言重复出现"));
            }
        }
        columns
    }

    /// What a row says there; `None` if nothing.
    pub(super) fn wording(self, row: &Row) -> Option<Wording> {
        let text = |column: Option<u32>| {
            column.map(|column| row.column(column).text).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let wording = Wording { zh: text(self.zh), en: text(self.en) };
        (wording != Wording::default()).then_some(wording)
    }

    /// [`Columns::wording`], which must be there; missed at the column if there is one, else in column A.
    pub(super) fn needed(self, row: &Row, faults: &mut Vec<Refused>) -> Wording {
        self.wording(row).unwrap_or_else(|| {
            let cell = row.column(self.zh.or(self.en).unwrap_or_default());
            faults.push(cell.refused("the label is missing", "缺少 label"));
            Wording::default()
        })
    }
}

/// Refuses what stands in columns that are none of these (`label` also stands for `label::…`), columns that are there twice,
/// and what stands under no header.
pub(super) fn refuse_others(sheet: &Sheet, known: &[&str], faults: &mut Vec<Refused>) {
    let mut seen = Vec::new();
    for (column, header) in &sheet.headers {
        let name = header.split_once("::").map_or(header.as_str(), |(name, _)| name.trim());
        if !known.contains(&name) {
            // Editors write headers that a form does not use.
            for row in sheet.rows.iter().filter(|row| !row.column(*column).text.is_empty()) {
                let (en, zh) = (format!("the column {header} is not supported"), format!("不支持列 {header}"));
                faults.push(row.column(*column).refused(en, zh));
            }
        } else if seen.contains(&header) {
            faults.push(sheet.header(*column).refused("this column is there twice", "该列重复出现"));
        }
        seen.push(header);
    }
    let strays = sheet.rows.iter().flat_map(|row| row.strays(sheet));
    faults.extend(strays.map(|cell| cell.refused("this column has no header", "该列没有表头")));
}
