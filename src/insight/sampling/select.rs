//! The selection: simple random sampling without replacement, or sequential Poisson sampling (Ohlsson 1998), in strata.
//! Every comparison is one of whole numbers.

use super::allocation::{Share, allocate};
use super::lots::Lots;
use super::unfit::UNITS_MOST;
use super::{Unfit, probability};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// What can be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawFrameUnit)]
pub struct Unit {
    /// A village's code, a household's id.
    #[schema(example = "513430100201")]
    pub id: String,
    /// What it is drawn within: a county's, a township's or a village's code.
    #[schema(example = "513430100")]
    pub stratum: String,
    /// 1 where all are equally likely. A unit of size 0 is never drawn by size.
    pub size: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DrawMethod)]
pub enum Method {
    /// Simple random sampling without replacement
    Srs,
    /// With probability proportional to size: sequential Poisson sampling
    Pps,
}

/// How many are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DrawPlaces)]
pub enum Places {
    /// So many together; the strata share them in proportion.
    Total(u32),
    /// So many in every stratum, or all where it has fewer.
    PerStratum(u32),
}

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Design {
    pub method: Method,
    pub places: Places,
    /// How many substitutes each stratum has, as far as its units reach.
    pub substitutes: u32,
}

/// A stratum and its places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawStratum)]
pub struct Stratum {
    pub stratum: String,
    /// Those that can be drawn.
    pub units: u32,
    /// The sum of their sizes.
    pub size: u64,
    pub places: u32,
}

/// A unit that was drawn, or is a substitute.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked<'a> {
    pub unit: &'a Unit,
    /// Its place in the order of its stratum, from 1: the sample first, then the substitutes.
    pub place: u32,
    pub number: u64,
    /// With which a random seed draws it into the sample.
    pub probability: f64,
    /// Too large to be left out.
    certain: bool,
}

/// A drawn sample: both lists by stratum and place.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection<'a> {
    pub sample: Vec<Picked<'a>>,
    pub substitutes: Vec<Picked<'a>>,
}

/// The units of each stratum that can be drawn, by id.
fn group(frame: &[Unit], method: Method) -> Result<BTreeMap<&str, Vec<&Unit>>, Unfit> {
    if frame.len() > UNITS_MOST {
        return Err(Unfit::TooManyUnits { units: frame.len() });
    }
    let mut known = BTreeSet::new();
    let mut groups: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
    for unit in frame {
        if !known.insert(&unit.id) {
            return Err(Unfit::Twice { unit: unit.id.clone() });
        }
        if method == Method::Srs || unit.size > 0 {
            groups.entry(&unit.stratum).or_default().push(unit);
        }
    }
    for units in groups.values_mut() {
        units.sort_by(|a, b| a.id.cmp(&b.id));
    }
    Ok(groups)
}

fn size_of(units: &[&Unit]) -> u64 {
    units.iter().map(|unit| u64::from(unit.size)).sum()
}

fn share_out(groups: &BTreeMap<&str, Vec<&Unit>>, design: &Design) -> Result<Vec<Stratum>, Unfit> {
    let units: u64 = groups.values().map(|units| units.len() as u64).sum();
    if units == 0 {
        return Err(Unfit::Empty);
    }
    let places: Vec<u64> = match design.places {
        Places::PerStratum(each) => groups.values().map(|units| u64::from(each).min(units.len() as u64)).collect(),
        Places::Total(total) => {
            let (strata, places) = (groups.len(), u64::from(total));
            if places > units {
                return Err(Unfit::TooFewUnits { units, places });
            }
            let share = |units: &Vec<&Unit>| {
                let count = units.len() as u64;
                Share { units: count, measure: if design.method == Method::Srs { count } else { size_of(units) } }
            };
            let shares: Vec<_> = groups.values().map(share).collect();
            allocate(places, &shares).ok_or(Unfit::MoreStrata { strata, places })?
        }
    };
    let strata = groups.iter().zip(places).map(|((stratum, units), places)| {
        let count = units.len() as u64;
        if design.method == Method::Pps && count * places > probability::LARGEST {
            return Err(Unfit::TooLarge { stratum: (*stratum).to_owned(), units: count, places });
        }
        Ok(Stratum { stratum: (*stratum).to_owned(), units: count as u32, size: size_of(units), places: places as u32 })
    });
    strata.collect()
}

/// The strata and their places, in the order of their codes: known before anything is drawn.
pub fn strata(frame: &[Unit], design: &Design) -> Result<Vec<Stratum>, Unfit> {
    share_out(&group(frame, design.method)?, design)
}

/// Draws.
pub fn select<'a>(frame: &'a [Unit], design: &Design, lots: &Lots) -> Result<Selection<'a>, Unfit> {
    let groups = group(frame, design.method)?;
    let strata = share_out(&groups, design)?;
    let mut selection = Selection { sample: Vec::new(), substitutes: Vec::new() };
    for (units, stratum) in groups.into_values().zip(strata) {
        let places = stratum.places as usize;
        let chances = chances(&units, design.method, places);
        let mut order = order(&units, &chances, design.method, lots);
        order.truncate(places + design.substitutes as usize);
        selection.substitutes.extend(order.split_off(places));
        selection.sample.append(&mut order);
    }
    Ok(selection)
}

/// How likely each unit of one stratum is drawn; `None` for what is certain.
pub(super) fn chances(units: &[&Unit], method: Method, places: usize) -> Vec<Option<f64>> {
    match method {
        Method::Srs => vec![Some(places as f64 / units.len() as f64); units.len()],
        Method::Pps => by_size(units, places),
    }
}

/// All units of one stratum, in the order in which they get places.
pub(super) fn order<'a>(units: &[&'a Unit], chances: &[Option<f64>], method: Method, lots: &Lots) -> Vec<Picked<'a>> {
    let pick = |(unit, chance): (&&'a Unit, &Option<f64>)| {
        let (number, certain) = (lots.number(&unit.id), chance.is_none());
        Picked { unit, place: 0, number, probability: chance.unwrap_or(1.0), certain }
    };
    let mut order: Vec<_> = units.iter().zip(chances).map(pick).collect();
    order.sort_by(|a, b| compare(a, b, method));
    for (place, picked) in (1..).zip(&mut order) {
        picked.place = place;
    }
    order
}

/// What is certain comes first; then the smallest number, or the smallest number for its size; then the id.
fn compare(a: &Picked<'_>, b: &Picked<'_>, method: Method) -> Ordering {
    let weight = |other: &Picked<'_>| u128::from(if method == Method::Srs { 1 } else { other.unit.size });
    // a.number / a.size < b.number / b.size
    let numbers = (u128::from(a.number) * weight(b)).cmp(&(u128::from(b.number) * weight(a)));
    b.certain.cmp(&a.certain).then(numbers).then_with(|| a.unit.id.cmp(&b.unit.id))
}

/// The probabilities of one stratum's units. `None` for those so large that n·x ≥ X, which are taken out for certain, one
/// round after the other until none is left; those of sequential Poisson sampling for the rest.
fn by_size(units: &[&Unit], places: usize) -> Vec<Option<f64>> {
    let mut certain = vec![false; units.len()];
    let (mut left, mut total) = (places as u64, size_of(units));
    loop {
        let large = |i: &usize| !certain[*i] && left * u64::from(units[*i].size) >= total;
        let found: Vec<usize> = (0..units.len()).filter(large).collect();
        if found.is_empty() {
            break;
        }
        for i in found {
            certain[i] = true;
            left -= 1;
            total -= u64::from(units[i].size);
        }
    }
    let sizes: Vec<u64> = (0..units.len()).filter(|i| !certain[*i]).map(|i| u64::from(units[i].size)).collect();
    let mut rest = probability::inclusion(&sizes, left as usize).into_iter();
    certain.into_iter().map(|certain| if certain { None } else { rest.next() }).collect()
}
