//! A draw as it goes out: put together from its rows, and signed.

use crate::auth::keys::Keys;
use crate::http::Problem;
use crate::http::time::format_ms;
use crate::insight::sampling::document::{Drawn, DrawnUnit, FORMAT, Plan, Replacement, State};
use crate::insight::sampling::{Document, Unfit, select};
use crate::store::draw_units::{self, Unit};
use crate::store::draws::{self, Draw, Sight};
use crate::store::{Conn, JsonText, StoreError};
use serde::de::DeserializeOwned;

pub(super) fn read<T: DeserializeOwned>(text: &JsonText) -> Result<T, StoreError> {
    serde_json::from_str(&text.0).map_err(|error| StoreError::Corrupt(error.to_string()))
}

pub(super) fn state(row: &Draw) -> Result<State, StoreError> {
    match row.state.as_str() {
        "committed" => Ok(State::Committed),
        "drawn" => Ok(State::Drawn),
        _ => Err(StoreError::Corrupt("a draw's state".into())),
    }
}

pub(super) fn drawn(row: &Draw) -> Option<Drawn> {
    let (seed, at, by) = (row.seed.clone()?, row.drawn_at?, row.drawn_by?);
    Some(Drawn { seed, public_value: row.public_value.clone(), at: format_ms(at.ms()), by: by.0 })
}

/// What cannot be drawn from any more could never have been committed to.
pub(super) fn corrupt(unfit: Unfit) -> StoreError {
    StoreError::Corrupt(unfit.to_string())
}

/// The whole document of a draw that was found in sight.
pub(super) fn document(conn: &mut Conn, row: &Draw, sight: &Sight, keys: &Keys) -> Result<Document, Problem> {
    let frozen = draws::frozen(conn, row)?;
    let plan: Plan = read(&row.plan)?;
    let frame: Vec<_> = read(&frozen.frame)?;
    let units = draw_units::all(conn, row.campaign.0, row.id.0, sight)?;
    let (sample, substitutes): (Vec<&Unit>, Vec<&Unit>) = units.iter().partition(|unit| unit.sampled);
    let document = Document {
        format: FORMAT.into(),
        id: row.id.0,
        state: state(row)?,
        visible_from: row.visible_from.map(|at| format_ms(at.ms())),
        strata: select::strata(&frame, &plan.design()).map_err(corrupt)?,
        plan,
        plan_digest: row.plan_digest.clone(),
        frame,
        first_stage: frozen.first_stage.as_ref().map(read).transpose()?,
        drawn: drawn(row),
        sample: sample.into_iter().map(drawn_unit).collect(),
        substitutes: substitutes.into_iter().map(drawn_unit).collect(),
        replacements: replacements(&units),
        signature: None,
    };
    Ok(document.signed(|message| keys.sign_published(message)))
}

fn drawn_unit(unit: &Unit) -> DrawnUnit {
    DrawnUnit {
        id: unit.id.0,
        unit: unit.unit.clone(),
        stratum: unit.stratum.clone(),
        place: unit.place as u32,
        number: unit.number.clone(),
        probability: unit.probability,
        overall: unit.overall,
    }
}

/// In the order in which they were made: of two at the same moment, the one with the earlier substitute.
fn replacements(units: &[Unit]) -> Vec<Replacement> {
    let replaced = units.iter().filter_map(|unit| {
        let by = units.iter().find(|other| other.replaces == Some(unit.id))?;
        let (reason, at, user) = (unit.reason.clone()?, unit.replaced_at?, unit.replaced_by?);
        let at_ms = at.ms();
        let replacement = Replacement { unit: unit.id.0, by: by.id.0, reason, at: format_ms(at_ms), user: user.0 };
        Some(((at_ms, by.place), replacement))
    });
    let mut replaced: Vec<_> = replaced.collect();
    replaced.sort_by_key(|(order, _)| *order);
    replaced.into_iter().map(|(_, replacement)| replacement).collect()
}
