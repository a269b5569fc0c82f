//! Why a sample cannot be drawn from a frame as a design has it.

use super::probability;
use crate::lang::Lang;

/// Of a frame.
pub const UNITS_MOST: usize = 50_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("there is no unit to draw from")]
    Empty,
    #[error("too many units")]
    TooManyUnits { units: usize },
    #[error("too few units")]
    TooFewUnits { units: u64, places: u64 },
    #[error("more strata than places")]
    MoreStrata { strata: usize, places: u64 },
    #[error("too large for probabilities by size")]
    TooLarge { stratum: String, units: u64, places: u64 },
    #[error("a unit is there twice")]
    Twice { unit: String },
}

impl Unfit {
    pub fn detail(&self, lang: Lang) -> String {
        let (en, zh) = self.details();
        lang.pick(&en, &zh).to_owned()
    }

    /// In English and in Chinese.
    pub fn details(&self) -> (String, String) {
        let largest = probability::LARGEST;
        match self {
            Self::Empty => {
                ("The frame is empty: there is no unit to draw from.".into(), "抽样框为空，没有可抽取的单元。".into())
            }
            Self::TooManyUnits { units } => (
                format!("The frame has {units} units; at most {UNITS_MOST} can be drawn from at once."),
                format!("抽样框有 {units} 个单元，一次最多 {UNITS_MOST} 个。"),
            ),
            Self::TooFewUnits { units, places } => (
                format!("The frame has {units} units that can be drawn, fewer than the {places} places."),
                format!("抽样框中可抽取的单元只有 {units} 个，少于 {places} 个名额。"),
            ),
            Self::MoreStrata { strata, places } => (
                format!(
                    "There are {strata} strata and {places} places: each stratum needs one, or its units could never be drawn."
                ),
                format!("共有 {strata} 层，名额只有 {places} 个；每层至少需要一个名额，否则该层单元无法被抽中。"),
            ),
            Self::TooLarge { stratum, units, places } => (
                format!(
                    "Stratum {stratum} has {places} places and {units} units: with probabilities by size their product may be \
                     {largest} at most."
                ),
                format!("{stratum} 层有 {places} 个名额、{units} 个单元；按规模抽样时两者之积不得超过 {largest}。"),
            ),
            Self::Twice { unit } => {
                (format!("Unit {unit} is in the frame twice."), format!("单元 {unit} 在抽样框中重复出现。"))
            }
        }
    }
}
