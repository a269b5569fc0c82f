//! A sample as it came out: strata, primary units in them, and units in those, each with the chance that it had.
//!
//! What was drawn but not reached is taken not to differ from what was reached of its stratum (weighting classes; Särndal,
//! Swensson, Wretman 1992, section 15.6): the weights of the others are raised by drawn / reached, at each stage.

use std::collections::HashMap;

/// With what chance a unit came into the sample, at one stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chance {
    /// 1 / the inclusion probability.
    pub weight: f64,
    /// The inclusion probability as far as it makes the variance smaller (finite population correction): 0 where units
    /// are taken to be drawn with replacement.
    pub fraction: f64,
}

impl Chance {
    /// Of a sample without replacement.
    pub fn of(probability: f64) -> Self {
        Self { weight: 1.0 / probability, fraction: probability }
    }

    /// There was nothing to choose.
    pub const CERTAIN: Self = Self { weight: 1.0, fraction: 1.0 };

    fn raised(self, by: f64) -> Self {
        Self { weight: self.weight * by, fraction: self.fraction / by }
    }
}

/// A stratum of the first stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stratum {
    /// Strata of one group (those of one draw) are joined where a single primary unit tells nothing of their variance.
    pub group: u32,
    /// How many primary units were drawn; those that were reached, if they are more.
    pub drawn: u32,
}

/// A primary unit: what the first stage draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Primary {
    /// By its place among the strata.
    pub stratum: u32,
    pub chance: Chance,
    /// How many units were drawn in it; those that were reached, if they are more.
    pub drawn: u32,
}

/// A unit that was reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// By its place among the primary units.
    pub primary: u32,
    /// Given its primary unit.
    pub chance: Chance,
}

/// What the variance needs to know of a set of which some were drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Drawn {
    /// How many were reached.
    pub(super) reached: usize,
    /// The sum of (1 − fraction) over them.
    pub(super) open: f64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    /// A primary unit's (joined) stratum, a unit's primary unit.
    pub(super) within: u32,
    /// Achieved: the chance's, less what was not reached.
    pub(super) fraction: f64,
}

/// A sample, ready for estimates. Units are named by their place in the list that it was made from.
#[derive(Debug)]
pub struct Sample {
    /// Over both stages.
    pub(super) weights: Vec<f64>,
    pub(super) units: Vec<Reached>,
    pub(super) primaries: Vec<Reached>,
    /// The units of each primary unit.
    pub(super) in_primary: Vec<Drawn>,
    /// The primary units of each stratum.
    pub(super) in_stratum: Vec<Drawn>,
}

impl Sample {
    pub fn new(strata: &[Stratum], primaries: &[Primary], units: &[Unit]) -> Self {
        let mut in_primary = vec![Drawn::default(); primaries.len()];
        for unit in units {
            in_primary[unit.primary as usize].reached += 1;
        }
        let mut in_stratum = vec![Drawn::default(); strata.len()];
        for (primary, inside) in primaries.iter().zip(&in_primary) {
            in_stratum[primary.stratum as usize].reached += usize::from(inside.reached > 0);
        }
        let raise = |drawn: u32, reached: usize| f64::from(drawn).max(reached as f64) / (reached.max(1) as f64);
        let first: Vec<Chance> = primaries
            .iter()
            .map(|p| {
                let stratum = p.stratum as usize;
                p.chance.raised(raise(strata[stratum].drawn, in_stratum[stratum].reached))
            })
            .collect();
        let second: Vec<Chance> = units
            .iter()
            .map(|u| {
                let primary = u.primary as usize;
                u.chance.raised(raise(primaries[primary].drawn, in_primary[primary].reached))
            })
            .collect();
        let weights = units.iter().zip(&second).map(|(u, c)| c.weight * first[u.primary as usize].weight).collect();
        for (unit, chance) in units.iter().zip(&second) {
            in_primary[unit.primary as usize].open += 1.0 - chance.fraction;
        }
        let joined = joined(strata, &in_stratum);
        let mut together = vec![Drawn::default(); strata.len()];
        for ((primary, chance), inside) in primaries.iter().zip(&first).zip(&in_primary) {
            if inside.reached > 0 {
                let stratum = &mut together[joined[primary.stratum as usize] as usize];
                stratum.reached += 1;
                stratum.open += 1.0 - chance.fraction;
            }
        }
        let reached = |within: u32, chance: &Chance| Reached { within, fraction: chance.fraction };
        Self {
            weights,
            units: units.iter().zip(&second).map(|(u, c)| reached(u.primary, c)).collect(),
            primaries: primaries.iter().zip(&first).map(|(p, c)| reached(joined[p.stratum as usize], c)).collect(),
            in_primary,
            in_stratum: together,
        }
    }

    /// The weight of a unit over both stages.
    pub fn weight(&self, unit: usize) -> f64 {
        self.weights[unit]
    }

    pub fn len(&self) -> usize {
        self.units.len()
    }

    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }
}

/// For each stratum, the one in whose name it counts: those with a single primary unit are joined with each other, and
/// one that is left alone with the first other one of its group (collapsed strata; Wolter 2007, section 2.5).
fn joined(strata: &[Stratum], inside: &[Drawn]) -> Vec<u32> {
    let mut joined: Vec<u32> = (0..strata.len() as u32).collect();
    let mut groups: HashMap<u32, (Vec<u32>, Option<u32>)> = HashMap::new();
    for (place, (stratum, inside)) in (0..).zip(strata.iter().zip(inside)) {
        let (lonely, other) = groups.entry(stratum.group).or_default();
        match inside.reached {
            0 => {}
            1 => lonely.push(place),
            _ => *other = other.or(Some(place)),
        }
    }
    for (lonely, other) in groups.into_values() {
        let into = if lonely.len() == 1 { other } else { lonely.first().copied() };
        for place in lonely {
            joined[place as usize] = into.unwrap_or(place);
        }
    }
    joined
}
