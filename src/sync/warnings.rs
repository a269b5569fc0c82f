//! What is told and kept beside a record, and never refused: what an interview violates of its form, which follows from the
//! record and the forms that are published when it is written; what is wrong with the steps of a finding, which follows
//! from all that was ever said of it; and why a visit does not count for the sample whose unit it names, as things stand
//! when it is written.

use crate::fields::{Fault, FieldError};
use crate::http::time::day_of;
use crate::insight::findings::{Warning as StepWarning, trail};
use crate::insight::forms::{Form, Interview};
use crate::store::form_cache::Version;
use crate::store::records::{Key, Warnings};
use crate::store::types::Instant;
use crate::store::{StoreError, Tx, draw_units};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use sync_core::Collection;
use sync_core::merge::Subject;
use sync_core::record::Record;
use sync_core::scope::Region;
use uuid::Uuid;

/// The visits, interviews and findings among some records that are not deleted, with all that is needed to judge them.
pub struct Cases<'a> {
    interviews: Vec<(Key, &'a Record, Option<Arc<Form>>)>,
    /// With their whole past.
    findings: Vec<(Key, &'a Record, &'a Subject)>,
    visits: Warnings,
}

impl<'a> Cases<'a> {
    /// A statement for forms that are not known yet, and one where a visit names a drawn unit. Findings need their whole past.
    pub fn gather(
        tx: &mut Tx<'_>,
        now: Instant,
        subjects: impl Iterator<Item = (Key, &'a Subject)> + Clone,
    ) -> Result<Self, StoreError> {
        let of = |collection: Collection| {
            let living = move |(key, subject): (Key, &'a Subject)| {
                let record = subject.record().filter(|record| key.collection == collection && !record.deleted)?;
                Some((key, record, subject))
            };
            subjects.clone().filter_map(living)
        };
        let visits = visits(tx, now, of(Collection::Visits))?;
        let interviews: Vec<_> =
            of(Collection::Interviews).map(|(key, record, _)| (key, record, version(&key, record))).collect();
        let wanted: BTreeSet<&Version> = interviews.iter().filter_map(|(_, _, version)| version.as_ref()).collect();
        let forms = if wanted.is_empty() { HashMap::new() } else { tx.forms().get(tx, &wanted)? };
        let with_form = |(key, record, version): (Key, &'a Record, Option<Version>)| {
            (key, record, version.and_then(|version| forms.get(&version).cloned()))
        };
        Ok(Self {
            interviews: interviews.into_iter().map(with_form).collect(),
            findings: of(Collection::Findings).collect(),
            visits,
        })
    }

    pub fn judge(self) -> Warnings {
        let interviews = self.interviews.into_iter().map(|(key, record, form)| {
            let warnings = match form {
                Some(form) => form.check(Interview { fields: &record.fields, today: day_of(record.last.at) }),
                None => vec![FieldError::new("/form_version", Fault::UnknownForm)],
            };
            (key, warnings)
        });
        let findings = self.findings.into_iter().map(|(key, record, subject)| {
            let steps = trail(record, subject.past());
            let warnings: BTreeSet<StepWarning> = steps.iter().flat_map(|step| &step.warnings).copied().collect();
            (key, warnings.into_iter().map(|warning| FieldError::new("/state", warning.into())).collect())
        });
        let mut told: Warnings = interviews.chain(findings).filter(|(_, warnings)| !warnings.is_empty()).collect();
        told.extend(self.visits);
        told
    }
}

/// One statement, where any of them names a drawn unit.
fn visits<'a>(
    tx: &mut Tx<'_>,
    now: Instant,
    visits: impl Iterator<Item = (Key, &'a Record, &'a Subject)>,
) -> Result<Warnings, StoreError> {
    let named = |(key, record, _): (Key, &'a Record, &'a Subject)| {
        let slot = text(record, "sample_slot").filter(|_| text(record, "state").as_deref() != Some("void"))?;
        Some((key, record, Uuid::try_parse(&slot).ok()?))
    };
    let visits: Vec<_> = visits.filter_map(named).collect();
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
        Some((key, warnings)).filter(|(_, warnings)| !warnings.is_empty())
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
