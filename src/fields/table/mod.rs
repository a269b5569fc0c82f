//! THE table: the seven collections' fields. Validation, the dictionary and the schemas all come from it.

mod inspection;
mod lists;
mod register;
mod shared;
mod terms;

use std::sync::LazyLock;

use sync_core::Collection;

use super::field::{Field, Kind, Label, Sheet};

pub use lists::OUTSIDE;
pub use terms::{Area, Leads, Level, Topic, VisitMethod};

/// In the order of `Collection::ALL`.
static SHEETS: [Sheet; 7] = [
    Sheet { label: Label { zh: "贫困户", en: "Poor households" }, fields: register::HOUSEHOLDS, large: true },
    Sheet { label: Label { zh: "家庭成员", en: "Household members" }, fields: register::MEMBERS, large: true },
    Sheet { label: Label { zh: "行政村", en: "Villages" }, fields: register::VILLAGES, large: false },
    Sheet { label: Label { zh: "督查活动", en: "Visits" }, fields: inspection::VISITS, large: false },
    Sheet { label: Label { zh: "访谈记录", en: "Interviews" }, fields: inspection::INTERVIEWS, large: false },
    Sheet { label: Label { zh: "问题与建议", en: "Findings" }, fields: inspection::FINDINGS, large: false },
    Sheet { label: Label { zh: "照片", en: "Photos" }, fields: inspection::PHOTOS, large: false },
];

pub(crate) fn sheet(collection: Collection) -> &'static Sheet {
    &SHEETS[collection as usize - 1]
}

/// What the hot path needs of a sheet, derived once.
pub(crate) struct Index {
    /// Sorted by name.
    by_name: Vec<(&'static str, &'static Field)>,
    pub(crate) required: Vec<&'static str>,
    pub(crate) has_answers: bool,
}

impl Index {
    fn new(sheet: &'static Sheet) -> Self {
        let mut by_name: Vec<_> = sheet.fields.iter().map(|field| (field.name, field)).collect();
        by_name.sort_unstable_by_key(|&(name, _)| name);
        let required = sheet.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        let has_answers = sheet.fields.iter().any(|field| matches!(field.kind, Kind::Answers));
        Self { by_name, required, has_answers }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        let at = self.by_name.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
        Some(self.by_name[at].1)
    }
}

static INDICES: LazyLock<[Index; 7]> = LazyLock::new(|| SHEETS.each_ref().map(Index::new));

pub(crate) fn index(collection: Collection) -> &'static Index {
    &INDICES[collection as usize - 1]
}
