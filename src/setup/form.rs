//! Publishing an interview form from a workbook.

use super::campaign::provincial;
use crate::fields::Level;
use crate::insight::forms::Definition;
use crate::insight::forms::xlsform::{self, Workbook};
use crate::lang::Lang;
use crate::store::Tx;
use crate::store::forms::{self, Form, Whole};
use anyhow::{Context as _, anyhow, bail, ensure};
use sync_core::scope::Region;

/// A version that is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub form: String,
    pub version: i32,
    pub questions: usize,
    /// It was not there before.
    pub new: bool,
}

pub(super) fn read(xlsx: &[u8], level: Option<Level>, lang: Lang) -> anyhow::Result<Workbook> {
    xlsform::read(xlsx, level).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|fault| format!("  {}", fault.text(lang))).collect();
        anyhow!("{}\n{}", lang.pick("the workbook has faults", "工作簿有误"), lines.join("\n"))
    })
}

/// Publishes a workbook's form as its number says, else as the next version.
pub(super) fn publish(tx: &mut Tx<'_>, workbook: &Workbook, user: Option<&str>) -> anyhow::Result<Published> {
    let Workbook { definition, version } = workbook;
    let user = provincial(tx, user)?;
    let province = Region::parse(&user.region).context("the user's region cannot be read")?.province();
    let published = |version, new| {
        Ok(Published { form: definition.form.clone(), version, questions: definition.questions().count(), new })
    };
    let latest = forms::latest(tx, &definition.form, province)?;
    // The version that it would be, if it is there.
    let same_number = match version {
        Some(version) => forms::version(tx, &definition.form, *version, province)?,
        None => latest.clone(),
    };
    if let Some(same) = same_number.filter(|whole| asks(whole, definition)) {
        return published(same.0.version, false);
    }
    let last = latest.as_ref().map_or(0, |(row, _)| row.version);
    if let Some((row, _)) = latest {
        ensure!(
            row.level == definition.level.name(),
            "{} is a form of the level {}: another level needs another form_id",
            row.form,
            row.level
        );
    }
    let number = version.unwrap_or_else(|| last.saturating_add(1));
    let new = Form::new(province, number, definition, user.id.0);
    if number <= last || !forms::publish(tx, &new)? {
        bail!("version {last} of {} is published already: a changed form needs a greater version", definition.form);
    }
    published(number, true)
}

/// Whether a published version is this definition.
fn asks((_, published): &Whole, definition: &Definition) -> bool {
    serde_json::from_str::<Definition>(&published.0).is_ok_and(|published| published == *definition)
}
