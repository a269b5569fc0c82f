//! The sheet `choices`: lists of what can be chosen.

use super::Refused;
use super::language::{Columns, Language, refuse_others};
use super::sheet::Sheet;
use crate::insight::forms::definition::Choice;
use std::collections::BTreeMap;

/// By their names.
#[derive(Debug, Default)]
pub(super) struct Lists(BTreeMap<String, Vec<Choice>>);

impl Lists {
    pub(super) fn read(sheet: Option<&Sheet>, usual: Option<Language>, faults: &mut Vec<Refused>) -> Self {
        let mut lists: BTreeMap<String, Vec<Choice>> = BTreeMap::new();
        let Some(sheet) = sheet else { return Self(lists) };
        refuse_others(sheet, &["list_name", "list name", "name", "value", "label"], faults);
        let labels = Columns::find(sheet, "label", usual, faults);
        for row in &sheet.rows {
            let (list, value) = (row.cell(&["list_name", "list name"]), row.cell(&["name", "value"]));
            for (cell, column) in [(&list, "list_name"), (&value, "name")] {
                if cell.text.is_empty() {
                    faults.push(cell.refused(format!("{column} is missing"), format!("缺少 {column}")));
                }
            }
            if value.text.contains(char::is_whitespace) {
                faults.push(value.refused("the name of a choice has no blanks", "选项的 name 不能含有空白"));
            }
            let choices = lists.entry(list.text.to_owned()).or_default();
            if choices.iter().any(|known| known.value == value.text) {
                faults.push(value.refused("this choice is in the list twice", "该选项在列表中重复出现"));
            }
            choices.push(Choice { value: value.text.to_owned(), label: labels.needed(row, faults) });
        }
        Self(lists)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Vec<Choice>> {
        self.0.get(name)
    }
}
