//! The registered families of a county, drawn in the same order whenever they are asked for: the register writes them down,
//! and later the inspection finds them again.

use super::super::households::CAUSES;
use super::super::people::{self, Ethnicity, Person};
use super::super::world::{County, rng};
use super::land::{Region, Site, degrees, normal, share_out, weighted};
use rand::RngExt as _;
use rand::rngs::StdRng;
use uuid::{Builder, Uuid};

/// What is behind a household's sheet.
#[derive(Debug, Clone)]
pub(super) struct Family {
    pub id: Uuid,
    /// The place of its village among the county's sites, and its number there.
    pub site: usize,
    pub number: usize,
    pub head: Person,
    pub ethnicity: Ethnicity,
    pub people: i64,
    /// Net yuan per head and year, as the register has it.
    pub income: f64,
    /// How much better off it is than its neighbours, in standard deviations.
    pub fortune: f64,
    pub cause: &'static str,
    pub lat: f64,
    pub lon: f64,
}

/// A county's families, village by village.
pub(super) struct Families<'a> {
    county: &'a County,
    region: Region,
    sites: &'a [Site],
    rng: StdRng,
    of_site: Vec<usize>,
    site: usize,
    number: usize,
}

impl<'a> Families<'a> {
    pub(super) fn of(seed: u64, index: usize, county: &'a County, sites: &'a [Site], households: usize) -> Self {
        let weights: Vec<f64> = sites.iter().map(|site| site.weight).collect();
        Self {
            county,
            region: Region::of(&county.area),
            sites,
            rng: rng(seed, "families", index),
            of_site: share_out(households, &weights),
            site: 0,
            number: 0,
        }
    }
}

/// Deviation of the logarithm of incomes among neighbours.
const SPREAD: f64 = 0.42;
/// The logarithm of the median income at the altitude of the plains.
const MEDIAN: f64 = 7.95;
/// What a kilometre of altitude takes from it.
const CLIMB: f64 = 0.11;

impl Iterator for Families<'_> {
    type Item = Family;

    fn next(&mut self) -> Option<Family> {
        while self.number == *self.of_site.get(self.site)? {
            (self.site, self.number) = (self.site + 1, 0);
        }
        self.number += 1;
        let (site, rng) = (&self.sites[self.site], &mut self.rng);
        // The register was made on the first day of December 2014.
        let millis = super::REGISTERED + rng.random_range(0..86_400_000);
        let id = Builder::from_unix_timestamp_millis(millis as u64, &rng.random()).into_uuid();
        let ethnicity = Ethnicity::draw(rng, &self.county.prefecture(), &self.county.area);
        let head = people::person(rng, ethnicity, None);
        let fortune = normal(rng);
        let income = (MEDIAN - CLIMB * site.altitude + site.luck + SPREAD * fortune).exp().round();
        let larger = if ethnicity == Ethnicity::Yi { 1.6 } else { 0.5 };
        let people = (3.0 + larger + 1.4 * normal(rng)).round().clamp(1.0, 11.0) as i64;
        let cause = weighted(rng, &CAUSES, &self.region.causes);
        let mut near = |centre: f64| degrees(centre + 0.006 * normal(rng));
        let (lat, lon) = (near(site.lat), near(site.lon));
        Some(Family {
            id,
            site: self.site,
            number: self.number,
            head,
            ethnicity,
            people,
            income,
            fortune,
            cause,
            lat,
            lon,
        })
    }
}
