//! The sheet `settings`: one row of what concerns the whole form.

use super::Refused;
use super::language::{Columns, Language, refuse_others};
use super::sheet::{Row, Sheet};
use crate::fields::Level;
use crate::insight::forms::compile::is_form_name;
use crate::insight::forms::definition::Wording;

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) form: String,
    pub(super) title: Wording,
    pub(super) level: Level,
    pub(super) version: Option<i32>,
    /// Of columns that do not say theirs.
    pub(super) language: Option<Language>,
}

impl Settings {
    pub(super) fn read(sheet: Option<&Sheet>, level: Option<Level>, faults: &mut Vec<Refused>) -> Self {
        let mut settings = Self {
            form: String::new(),
            title: Wording::default(),
            level: level.unwrap_or(Level::Household),
            version: None,
            language: None,
        };
        let Some(sheet) = sheet else {
            faults.push(Refused::whole("there is no sheet settings", "缺少工作表 settings"));
            return settings;
        };
        refuse_others(sheet, &["form_id", "form_title", "version", "default_language", "level"], faults);
        let [row] = &sheet.rows[..] else {
            let (en, zh) = ("the sheet settings has a header and one row", "工作表 settings 应有表头和一行内容");
            faults.push(Refused::whole(en, zh));
            return settings;
        };
        if let Some(text) = row.text(&["default_language"]) {
            settings.language = Language::parse(text);
            if settings.language.is_none() {
                let en = format!("{text:?} is neither Chinese nor English");
                faults.push(row.cell(&["default_language"]).refused(en, format!("{text:?} 既非中文也非英文")));
            }
        }
        settings.identity(sheet, row, faults);
        settings.level(row, level, faults);
        if let Some(text) = row.text(&["version"]) {
            settings.version = text.parse().ok().filter(|version| *version > 0);
            if settings.version.is_none() {
                let en = "a version is a whole number from 1 to 2147483647";
                faults.push(row.cell(&["version"]).refused(en, "版本应为 1 至 2147483647 的整数"));
            }
        }
        settings
    }

    fn identity(&mut self, sheet: &Sheet, row: &Row, faults: &mut Vec<Refused>) {
        let cell = row.cell(&["form_id"]);
        cell.text.clone_into(&mut self.form);
        if !is_form_name(cell.text) {
            let en = "form_id is 1 to 64 of a-z, 0-9, _ and -, and begins with a letter";
            faults.push(cell.refused(en, "form_id 由 1 至 64 个 a-z、0-9、_、- 组成，以字母开头"));
        }
        // XLSForm has one title, in the default language; where none is named, its letters tell.
        let letters = if row.cell(&["form_title"]).text.is_ascii() { Language::En } else { Language::Zh };
        let columns = Columns::find(sheet, "form_title", self.language.or(Some(letters)), faults);
        match columns.wording(row) {
            Some(wording) => self.title = wording,
            None => faults.push(row.cell(&["form_title"]).refused("form_title is missing", "缺少 form_title")),
        }
    }

    fn level(&mut self, row: &Row, given: Option<Level>, faults: &mut Vec<Refused>) {
        let cell = row.cell(&["level"]);
        match (Level::parse(cell.text), given) {
            (None, Some(_)) if cell.text.is_empty() => {}
            (None, None) if cell.text.is_empty() => faults.push(Refused::whole(
                "the form's level is not known: say it in a column level of the sheet settings, or with --level",
                "问卷的层级未知：请在工作表 settings 的 level 列填写，或以 --level 指定",
            )),
            (Some(level), given) if given.is_none_or(|given| given == level) => self.level = level,
            (_, given) => {
                let allowed = given.map_or("household, village, county", Level::name);
                faults.push(cell.refused(format!("the level is to be {allowed}"), format!("level 应为 {allowed}")));
            }
        }
    }
}
