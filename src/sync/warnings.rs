//! What is told and kept beside a record, and never refused: what an interview violates of its form, which follows from the
//! record and the forms that are published when it is written; what is wrong with the steps of a finding, which follows
//! from all that was ever said of it; and why a visit does not count for the sample whose unit it names, as things stand
//! when it is written.

use crate::fields::{Fault, FieldError};
use crate::http::time::day_of;
use crate::insight::findings::{Warning as StepWarning, trail};
use crate::insight::forms::Interview;
use crate::store::form_cache::Version;
use crate::store::records::Key;
use crate::store::types::Instant;
use crate::store::{StoreError, Tx, draw_units};
use std::collections::{BTreeSet, HashMap};
use sync_core::Collection;
use sync_core::merge::Subject;
use sync_core::record::Record;
use sync_core::scope::Region;
use uuid::Uuid;

/// By record: what is wrong with it, relative to its fields. Those with nothing are not there.
pub type Warnings = HashMap<Key, Vec<FieldError>>;

/// Judges the visits, interviews and findings among these that are not deleted. Findings need their whole past.
pub fn judge<'a>(
    tx: &mut Tx<'_>,
    now: Instant,
    subjects: impl Iterator<Item = (&'a Key, &'a Subject)> + Clone,
) -> Result<Warnings, StoreError> {
    let records = || subjects.clone().filter_map(|(key, subject)| Some((key, subject.record()?)));
    let mut told = interviews(tx, records())?;
    told.extend(visits(tx, now, records())?);
    for (key, subject) in subjects.clone().filter(|(key, _)| key.collection == Collection::Findings) {
        if let Some(record) = subject.record().filter(|record| !record.deleted) {
            let steps = trail(record, subject.past());
            let warnings: BTreeSet<_> = steps.iter().flat_map(|step| &step.warnings).copied().collect();
            let told_of = |warning: StepWarning| FieldError::new("/state", warning.into());
            if !warnings.is_empty() {
                told.insert(*key, warnings.into_iter().map(told_of).collect());
            }
        }
    }
    Ok(told)
}

fn interviews<'a>(
    tx: &mut Tx<'_>,
    records: impl Iterator<Item = (&'a Key, &'a Record)>,
) -> Result<Warnings, StoreError> {
    let is_interview = |(key, record): &(&Key, &Record)| key.collection == Collection::Interviews && !record.deleted;
    let interviews: Vec<_> =
        records.filter(is_interview).map(|(key, record)| (key, record, version(key, record))).collect();
    if interviews.is_empty() {
        return Ok(Warnings::new());
    }
    let wanted: BTreeSet<Version> = interviews.iter().filter_map(|(_, _, version)| version.clone()).collect();
    let forms = tx.forms().get(tx, &wanted)?;
    let judged = interviews.into_iter().map(|(key, record, version)| {
        let warnings = match version.and_then(|version| forms.get(&version)) {
            Some(form) => form.check(Interview { fields: &record.fields, today: day_of(record.last.at) }),
            None => vec![FieldError::new("/form_version", Fault::UnknownForm)],
        };
        (*key, warnings)
    });
    Ok(judged.filter(|(_, warnings)| !warnings.is_empty()).collect())
}

/// One statement, where any of them names a drawn unit.
fn visits<'a>(
    tx: &mut Tx<'_>,
    now: Instant,
    records: impl Iterator<Item = (&'a Key, &'a Record)>,
) -> Result<Warnings, StoreError> {
    let named = |(key, record): (&'a Key, &'a Record)| {
        let judged = key.collection == Collection::Visits && !record.deleted;
        let slot =
            text(record, "sample_slot").filter(|_| judged && text(record, "state").as_deref() != Some("void"))?;
        Some((key, record, Uuid::try_parse(&slot).ok()?))
    };
    let visits: Vec<_> = records.filter_map(named).collect();
    if visits.is_empty() {
        return Ok(Warnings::new());
    }
    let units = draw_units::named(tx, &visits.iter().map(|(key, _, slot)| (key.bucket, *slot)).collect(), now)?;
    let judged = visits.into_iter().filter_map(|(key, record, slot)| {
        let unit = units.get(&(key.bucket, slot))?;
        let mut faults = Vec::new();
        let was_there = ["household", "village"].iter().any(|name| text(record, name).as_ref() == Some(&unit.unit));
        if !was_there || text(record, "campaign") != Some(unit.campaign.0.to_string()) {
            faults.push(Fault::SlotMismatch);
        }
        match unit.state.as_str() {
            "waiting" => faults.push(Fault::SlotWaiting),
            "replaced" => faults.push(Fault::SlotReplaced),
            _ => {}
        }
        let warnings: Vec<_> = faults.into_iter().map(|fault| FieldError::new("/sample_slot", fault)).collect();
        Some((*key, warnings)).filter(|(_, warnings)| !warnings.is_empty())
    });
    Ok(judged.collect())
}

fn text(record: &Record, name: &str) -> Option<String> {
    serde_json::from_str(record.fields.get(name)?).ok()
}

/// The version that an interview names.
fn version(key: &Key, record: &Record) -> Option<Version> {
    let field = |name| record.fields.get(name);
    Some(Version {
        province: Region::parse(key.bucket.to_string().get(..2)?)?,
        form: serde_json::from_str(field("form")?).ok()?,
        number: serde_json::from_str(field("form_version")?).ok()?,
    })
}
