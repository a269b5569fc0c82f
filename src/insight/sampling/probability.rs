//! How likely sequential Poisson sampling draws each unit. Ohlsson's n·x/X is what it aims at, and is close for large
//! samples; here is the probability itself, by integration. Only additions, multiplications, divisions and square roots of
//! IEEE doubles are used, so that every machine gets the same digits.

/// Places times units of a stratum: beyond it the integration would take seconds.
pub const LARGEST: u64 = 100_000;

/// Points and weights of Gauss and Legendre's rule of eight points, on 0 ± 1.
const RULE: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
];

/// Below this nothing changes any more.
const NEGLIGIBLE: f64 = 1e-18;

/// The probabilities with which the `places` units of the smallest number/size are these, in the order of `sizes`. None of
/// the sizes is so large that it is drawn for certain: `places` times each is less than their sum.
pub fn inclusion(sizes: &[u64], places: usize) -> Vec<f64> {
    if sizes.windows(2).all(|pair| pair[0] == pair[1]) {
        return vec![places as f64 / sizes.len() as f64; sizes.len()];
    }
    let total: u64 = sizes.iter().sum();
    // With time t running, unit i is met by time t with probability min(1, rate·t): its number is even over 0..1, and it
    // is met at number/rate. The sample is those met first. A unit is drawn if fewer than `places` others are met before
    // it; it is met at any t below 1/rate with density rate.
    let rates: Vec<f64> = sizes.iter().map(|size| (places as u64 * size) as f64 / total as f64).collect();
    let mut ends: Vec<f64> = rates.iter().map(|rate| 1.0 / rate).collect();
    ends.sort_by(f64::total_cmp);
    let mut sums = vec![0.0; sizes.len()];
    let mut others = Others::new(&rates, places);
    let mut start = 0.0;
    // Between two ends the integrand is a polynomial. Behind the next one after `places` ends, so many are met for
    // certain that nobody else is drawn.
    for end in ends.into_iter().take(places + 1) {
        let pieces = ((end - start) * (4.0 + 2.0 * (places as f64).sqrt())).ceil().max(1.0);
        let half = (end - start) / pieces / 2.0;
        for piece in 0..pieces as usize {
            let middle = start + half * (2 * piece + 1) as f64;
            for (point, weight) in RULE.into_iter().flat_map(|(point, weight)| [(-point, weight), (point, weight)]) {
                others.add(middle + half * point, half * weight, &mut sums);
            }
            if others.at_most_places < NEGLIGIBLE {
                return sums;
            }
        }
        start = end;
    }
    sums
}

/// At one time, for each unit: how likely fewer than `places` others have been met.
struct Others<'a> {
    rates: &'a [f64],
    places: usize,
    /// Row i, column m: how likely at most m of the units from i on have been met.
    behind: Vec<f64>,
    /// Column m: how likely exactly m of the units before this one have been met.
    before: Vec<f64>,
    /// How likely at most `places` of all have been met: no unit's value is larger.
    at_most_places: f64,
}

impl<'a> Others<'a> {
    fn new(rates: &'a [f64], places: usize) -> Self {
        let width = places + 1;
        let behind = vec![1.0; width * (rates.len() + 1)];
        Self { rates, places, behind, before: vec![0.0; places], at_most_places: 1.0 }
    }

    /// Adds `weight` times the value at `time` to the units' sums.
    fn add(&mut self, time: f64, weight: f64, sums: &mut [f64]) {
        let width = self.places + 1;
        for (i, rate) in self.rates.iter().enumerate().rev() {
            let met = (rate * time).min(1.0);
            let (rows, next) = self.behind.split_at_mut((i + 1) * width);
            let row = &mut rows[i * width..];
            row[0] = (1.0 - met) * next[0];
            for m in 1..width {
                row[m] = (1.0 - met) * next[m] + met * next[m - 1];
            }
        }
        self.at_most_places = self.behind[self.places];
        self.before.fill(0.0);
        self.before[0] = 1.0;
        for (i, rate) in self.rates.iter().enumerate() {
            let met = rate * time;
            if met < 1.0 {
                let next = &self.behind[(i + 1) * width..];
                let few: f64 =
                    self.before.iter().enumerate().map(|(m, exactly)| exactly * next[self.places - 1 - m]).sum();
                sums[i] += weight * rate * few;
            }
            let met = met.min(1.0);
            for m in (1..self.places).rev() {
                self.before[m] = (1.0 - met) * self.before[m] + met * self.before[m - 1];
            }
            self.before[0] *= 1.0 - met;
        }
    }
}
