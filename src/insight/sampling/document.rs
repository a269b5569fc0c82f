//! A draw as it is published: what was frozen at the commitment, and what came out. From this alone anyone can draw again.

use super::lots::{Lots, SEED_BYTES};
use super::select::{self, Design, Method, Picked, Places, Stratum, Unit};
use super::sign::Signature;
use super::unfit::Unfit;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

pub const FORMAT: &str = "ruhu draw 1";

/// A draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawDocument)]
pub struct Document {
    #[schema(example = "ruhu draw 1")]
    pub format: String,
    pub id: Uuid,
    pub state: State,
    /// Until then nobody but the province sees it; `null`: never hidden.
    pub visible_from: Option<String>,
    pub plan: Plan,
    /// SHA-256 of the RFC 8785 form of `plan`, in hex. Whoever noted it before the draw can tell that nothing was changed.
    pub plan_digest: String,
    /// By id.
    pub frame: Vec<Unit>,
    /// The draw of the villages whose households these are, as it stood at the commitment.
    #[schema(no_recursion)]
    pub first_stage: Option<Box<Document>>,
    /// By code.
    pub strata: Vec<Stratum>,
    /// `null` until the seed is revealed.
    pub drawn: Option<Drawn>,
    /// By stratum and place.
    pub sample: Vec<DrawnUnit>,
    /// By stratum and place: who comes next where a unit is replaced.
    pub substitutes: Vec<DrawnUnit>,
    /// In the order of time.
    pub replacements: Vec<Replacement>,
    /// Of the RFC 8785 form of everything else, by the server that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DrawState)]
pub enum State {
    /// The frame is frozen, the seed a secret whose SHA-256 is known.
    Committed,
    /// The seed is revealed, the sample drawn.
    Drawn,
}

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DrawLevel)]
pub enum Level {
    Village,
    Household,
}

/// Where the frame is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DrawSource)]
pub enum Source {
    /// The villages of the division list
    Divisions,
    /// Those that have a village sheet
    Villages,
    /// Those whose sheet says that they are poor
    PoorVillages,
    /// Those where households are registered
    Registered,
    /// The registered households
    Households,
}

/// A village's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DrawSizes)]
pub enum Sizes {
    /// Its registered households
    Registered,
    /// `households` of its sheet
    Households,
    /// `people` of its sheet
    People,
    /// `poor_households` of its sheet
    PoorHouseholds,
    /// `poor_people` of its sheet
    PoorPeople,
}

/// Within what is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DrawStrata)]
pub enum Strata {
    County,
    Township,
    /// Households, in each village of the first stage
    Village,
}

/// What is frozen at the commitment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawPlan)]
pub struct Plan {
    pub draw: Uuid,
    pub campaign: Uuid,
    #[schema(example = "513430")]
    pub county: String,
    pub level: Level,
    pub source: Source,
    /// Of the households in the frame; `null`: all but those removed from the register.
    pub statuses: Option<Vec<String>>,
    pub method: Method,
    /// What the units' sizes are; `null`: all are alike.
    pub sizes: Option<Sizes>,
    pub strata: Strata,
    pub places: Places,
    /// For each stratum, as far as its units reach.
    pub substitutes: u32,
    /// How many the frame has.
    pub units: u32,
    /// SHA-256 of the RFC 8785 form of `frame`, in hex.
    pub frame_digest: String,
    pub first_stage: Option<FirstStage>,
    /// Where a value will be read, after the commitment, that enters the draw beside the seed.
    pub public_source: Option<String>,
    /// SHA-256 of the seed, in hex.
    pub commitment: String,
    pub committed_at: String,
    pub committed_by: Uuid,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawFirstStage)]
pub struct FirstStage {
    pub draw: Uuid,
    /// SHA-256 of the RFC 8785 form of `first_stage`, in hex.
    pub digest: String,
}

/// The reveal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawReveal)]
pub struct Drawn {
    /// 32 bytes in hex.
    pub seed: String,
    /// What stood at the public source.
    pub public_value: Option<String>,
    pub at: String,
    pub by: Uuid,
}

/// A unit of the sample, or a substitute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawnUnit {
    /// What a visit names in `sample_slot`: UUID version 5 of `unit` in the namespace of the draw's id.
    pub id: Uuid,
    /// A village's code, a household's id.
    pub unit: String,
    pub stratum: String,
    /// In the order of its stratum, from 1: the sample first, then the substitutes.
    pub place: u32,
    /// Its random number, 64 bits in hex.
    #[schema(example = "0b16a3b1f1a8c1e2")]
    pub number: String,
    /// With which this draw takes the unit into its sample; of a household in a drawn village, given the village.
    pub probability: f64,
    /// The same over both stages.
    pub overall: f64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawReplacement)]
pub struct Replacement {
    /// The one that gave up its place: the `id` of a drawn unit.
    pub unit: Uuid,
    /// The substitute that took it.
    pub by: Uuid,
    pub reason: String,
    pub at: String,
    pub user: Uuid,
}

/// SHA-256 of the RFC 8785 form, in hex.
pub fn digest(value: &impl Serialize) -> String {
    // Plain data always serialises.
    let value = serde_json::to_value(value).unwrap_or_default();
    hex(&Sha256::digest(sync_core::canonical::to_string(&value)))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |text, byte| text + &format!("{byte:02x}"))
}

/// A seed in hex.
pub fn seed(text: &str) -> Option<[u8; SEED_BYTES]> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 2 * SEED_BYTES || !text.bytes().all(lower) {
        return None;
    }
    let mut seed = [0; SEED_BYTES];
    for (i, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(seed)
}

/// The commitment to a seed.
pub fn commitment(seed: &[u8; SEED_BYTES]) -> String {
    hex(&Sha256::digest(seed))
}

impl Plan {
    pub fn design(&self) -> Design {
        Design { method: self.method, places: self.places, substitutes: self.substitutes }
    }

    /// Draws from the frame: the sample, and the substitutes.
    pub fn draw(
        &self,
        frame: &[Unit],
        first_stage: Option<&Document>,
        lots: &Lots,
    ) -> Result<(Vec<DrawnUnit>, Vec<DrawnUnit>), Unfit> {
        let before: HashMap<&str, f64> = first_stage.map(Document::villages).unwrap_or_default();
        let selection = select::select(frame, &self.design(), lots)?;
        let drawn = |picked: &Picked<'_>| DrawnUnit {
            id: Uuid::new_v5(&self.draw, picked.unit.id.as_bytes()),
            unit: picked.unit.id.clone(),
            stratum: picked.unit.stratum.clone(),
            place: picked.place,
            number: format!("{:016x}", picked.number),
            probability: picked.probability,
            overall: picked.probability * before.get(picked.unit.stratum.as_str()).unwrap_or(&1.0),
        };
        Ok((selection.sample.iter().map(drawn).collect(), selection.substitutes.iter().map(drawn).collect()))
    }
}

impl Document {
    /// The units that hold the places now: the sample, after all replacements.
    pub fn current(&self) -> Vec<&DrawnUnit> {
        let gone = |unit: &&DrawnUnit| !self.replacements.iter().any(|replacement| replacement.unit == unit.id);
        let called = |unit: &&DrawnUnit| self.replacements.iter().any(|replacement| replacement.by == unit.id);
        let sample = self.sample.iter().filter(gone);
        sample.chain(self.substitutes.iter().filter(called).filter(gone)).collect()
    }

    /// The villages that hold the places now, with their probabilities.
    pub fn villages(&self) -> HashMap<&str, f64> {
        self.current().into_iter().map(|unit| (unit.unit.as_str(), unit.overall)).collect()
    }
}
