//! Reading a form from an XLSForm workbook (https://xlsform.org): the sheets `survey`, `choices` and `settings`. What is
//! supported stands in docs/forms.md; anything else is refused by its cell, so that no rule of a form is lost unseen.

mod choices;
mod language;
mod settings;
mod sheet;
mod survey;
#[cfg(test)]
mod tests;

use super::compile::Form;
use super::definition::Definition;
use crate::fields::Level;
use crate::lang::Lang;
use calamine::{Reader as _, Xlsx};
use choices::Lists;
use settings::Settings;
use sheet::Sheet;
use std::io::Cursor;

/// A form as its workbook says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workbook {
    pub definition: Definition,
    /// That of the sheet `settings`, if it says one.
    pub version: Option<i32>,
}

/// What is wrong with a cell, or with the whole workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// `survey!C7`; absent where it is no cell.
    pub cell: Option<String>,
    en: String,
    zh: String,
}

impl Refused {
    fn whole(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { cell: None, en: en.into(), zh: zh.into() }
    }

    /// One line for people.
    pub fn text(&self, lang: Lang) -> String {
        let what = lang.pick(&self.en, &self.zh);
        self.cell.as_ref().map_or_else(|| what.to_owned(), |cell| format!("{cell}: {what}"))
    }
}

/// What a person can mend at a time.
const FAULTS_MOST: usize = 100;

const SHEETS: [&str; 3] = ["survey", "choices", "settings"];

/// Reads a workbook. `level` is that of a form whose settings do not say one.
pub fn read(bytes: &[u8], level: Option<Level>) -> Result<Workbook, Vec<Refused>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| {
        vec![Refused::whole(format!("this is no .xlsx workbook: {error}"), format!("不是 .xlsx 工作簿：{error}"))]
    })?;
    let mut faults = Vec::new();
    let names = book.sheet_names();
    for name in names.iter().filter(|name| !SHEETS.contains(&name.as_str())) {
        let en = format!("the sheet {name:?} is none of survey, choices, settings");
        faults.push(Refused::whole(en, format!("工作表 {name:?} 不属于 survey、choices、settings")));
    }
    let mut sheet = |name: &'static str| {
        if !names.iter().any(|known| known == name) {
            return Ok(None);
        }
        let range = book.worksheet_range(name).map_err(|error| {
            let (en, zh) =
                (format!("the sheet {name} cannot be read: {error}"), format!("工作表 {name} 无法读取：{error}"));
            vec![Refused::whole(en, zh)]
        })?;
        Ok::<_, Vec<Refused>>(Some(Sheet::read(name, &range)))
    };
    let Some(survey) = sheet("survey")? else {
        return Err(vec![Refused::whole("there is no sheet survey", "缺少工作表 survey")]);
    };
    let (choices, settings) = (sheet("choices")?, sheet("settings")?);
    let settings = Settings::read(settings.as_ref(), level, &mut faults);
    let lists = Lists::read(choices.as_ref(), settings.language, &mut faults);
    let outline = survey::read(&survey, &lists, &settings, &mut faults);
    let definition =
        Definition { form: settings.form, level: settings.level, title: settings.title, sections: outline.sections };
    if faults.is_empty()
        && let Err(errors) = Form::compile(&definition)
    {
        faults.extend(errors.iter().map(|error| outline.rows.locate(&survey, error)));
    }
    faults.truncate(FAULTS_MOST);
    if faults.is_empty() { Ok(Workbook { definition, version: settings.version }) } else { Err(faults) }
}
