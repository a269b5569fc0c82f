//! The lie of the land, invented: where villages are, how high, and how poor the places are. Whatever is recorded of a county
//! follows from it, so that figures hang together: the higher, the lower the incomes, the longer the roads.

use super::super::households::centre;
use super::super::world::{County, rng};
use rand::RngExt as _;
use rand::rngs::StdRng;

/// Registered households of a village, on the average: as many villages have some as that makes.
const OF_A_VILLAGE: usize = 30;

/// A village as a place.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// Its place among the county's villages.
    pub village: usize,
    pub lat: f64,
    pub lon: f64,
    /// Kilometres above the sea.
    pub altitude: f64,
    /// How much better off it is than others as high, in logarithms of income.
    pub luck: f64,
    /// Has so many of the county's households, as a share of the largest.
    pub weight: f64,
}

/// What is common to a poor area (or to the counties outside of all).
#[derive(Debug, Clone, Copy)]
pub(super) struct Region {
    /// Kilometres above the sea, on the average.
    altitude: f64,
    /// How frequent each cause of poverty is, in the order of `CAUSES`.
    pub causes: [u32; 12],
    /// Frequent sources of income, the most frequent first.
    pub sources: [&'static str; 4],
}

impl Region {
    pub(super) fn of(area: &str) -> Self {
        // illness, disability, schooling, disaster, land, water, skills, labour, funds, transport, motivation, other
        match area {
            "qinba" => Self {
                altitude: 0.7,
                causes: [36, 9, 7, 4, 3, 1, 12, 11, 10, 4, 2, 1],
                sources: ["migrant_work", "crops", "livestock", "subsidy"],
            },
            "wumeng" => Self {
                altitude: 1.2,
                causes: [25, 7, 9, 3, 6, 3, 15, 8, 13, 8, 2, 1],
                sources: ["migrant_work", "crops", "local_work", "livestock"],
            },
            "liangshan_yi" => Self {
                altitude: 2.2,
                causes: [13, 4, 10, 4, 5, 4, 21, 6, 16, 10, 6, 1],
                sources: ["crops", "livestock", "migrant_work", "subsidy"],
            },
            "plateau_tibetan" => Self {
                altitude: 3.3,
                causes: [15, 5, 6, 8, 4, 3, 22, 9, 11, 13, 3, 1],
                sources: ["livestock", "local_work", "crops", "subsidy"],
            },
            _ => Self {
                altitude: 0.4,
                causes: [45, 13, 6, 2, 2, 1, 8, 14, 5, 1, 2, 1],
                sources: ["migrant_work", "crops", "subsidy", "local_work"],
            },
        }
    }
}

/// A number of the normal distribution with mean 0 and deviation 1 (Box and Muller).
pub(super) fn normal(rng: &mut StdRng) -> f64 {
    let (one, two): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - one).ln()).sqrt() * (std::f64::consts::TAU * two).cos()
}

/// Degrees as phones tell them.
pub(super) fn degrees(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// One of these, as frequent as its weight says.
pub(super) fn weighted<'a>(rng: &mut StdRng, of: &[&'a str], weights: &[u32]) -> &'a str {
    let mut at = rng.random_range(0..weights.iter().sum::<u32>().max(1));
    for (value, weight) in of.iter().zip(weights) {
        if at < *weight {
            return value;
        }
        at -= weight;
    }
    of.first().copied().unwrap_or_default()
}

/// The villages of a county that have registered households, for so many of these.
pub(super) fn sites(seed: u64, number: usize, county: &County, households: usize) -> Vec<Site> {
    let mut rng = rng(seed, "sites", number);
    let region = Region::of(&county.area);
    let (lat, lon) = centre(county.bucket);
    let (lat, lon) = (lat + 0.5 * normal(&mut rng).clamp(-1.5, 1.5), lon + 0.5 * normal(&mut rng).clamp(-1.5, 1.5));
    let count = households.div_ceil(OF_A_VILLAGE).clamp(1, county.villages.len());
    // Spread over the townships: every so many-th village.
    let every = county.villages.len() as f64 / count as f64;
    (0..count)
        .map(|i| Site {
            village: (i as f64 * every) as usize,
            lat: lat + rng.random_range(-0.15..0.15),
            lon: lon + rng.random_range(-0.15..0.15),
            altitude: (region.altitude * (1.0 + 0.2 * normal(&mut rng))).max(0.25),
            luck: 0.15 * normal(&mut rng),
            weight: rng.random_range(0.3..1.0),
        })
        .collect()
}

/// Shares `total` out as the weights say, exactly (by the largest remainder; of equal ones the earlier).
pub(super) fn share_out(total: usize, weights: &[f64]) -> Vec<usize> {
    let sum: f64 = weights.iter().sum();
    let exact = |weight: &f64| total as f64 * weight / sum;
    let mut shares: Vec<usize> = weights.iter().map(|weight| exact(weight) as usize).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    let remainder = |i: &usize| exact(&weights[*i]).fract();
    order.sort_by(|a, b| remainder(b).total_cmp(&remainder(a)));
    let left = total - shares.iter().sum::<usize>();
    for i in order.into_iter().cycle().take(left) {
        shares[i] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn everything_is_shared_out() {
        for (total, weights) in [(0, vec![1.0]), (7, vec![1.0, 1.0]), (1_000, vec![0.3, 0.9, 0.01]), (3, vec![1.0; 10])]
        {
            assert_eq!(share_out(total, &weights).iter().sum::<usize>(), total);
        }
        assert_eq!(share_out(10, &[3.0, 1.0, 1.0]), [6, 2, 2]);
    }

    #[test]
    fn the_normal_distribution_is_one() {
        let mut rng = StdRng::seed_from_u64(1);
        let values: Vec<f64> = (0..20_000).map(|_| normal(&mut rng)).collect();
        let mean = values.iter().sum::<f64>() / 20_000.0;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
    }
}
