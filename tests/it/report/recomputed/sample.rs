//! Hájek's ratio over simple random samples in strata, by the textbook: every unit that was reached stands for N / n others.

use std::f64::consts::FRAC_PI_2;

pub(super) struct Stratum {
    /// Units that could be drawn.
    pub(super) size: usize,
    /// Of those that were reached, what they said.
    pub(super) values: Vec<Option<f64>>,
}

pub(super) struct Estimate {
    mean: f64,
    se: f64,
    freedom: usize,
}

impl Estimate {
    pub(super) fn new(strata: &[Stratum]) -> Self {
        let weight = |stratum: &Stratum| stratum.size as f64 / stratum.values.len() as f64;
        let said = |stratum: &Stratum| stratum.values.iter().flatten().copied().collect::<Vec<f64>>();
        let size: f64 = strata.iter().map(|one| weight(one) * said(one).len() as f64).sum();
        let mean = strata.iter().map(|one| weight(one) * said(one).iter().sum::<f64>()).sum::<f64>() / size;
        let variance = |stratum: &Stratum| {
            let n = stratum.values.len() as f64;
            assert!(n > 1.0, "a single unit tells nothing of its stratum");
            let z = |value: &Option<f64>| value.map_or(0.0, |y| weight(stratum) * (y - mean) / size);
            let centre = stratum.values.iter().map(z).sum::<f64>() / n;
            let squares: f64 = stratum.values.iter().map(|value| (z(value) - centre).powi(2)).sum();
            (1.0 - n / stratum.size as f64) * n / (n - 1.0) * squares
        };
        let freedom = strata.iter().map(|one| said(one).len().saturating_sub(1)).sum();
        Self { mean, se: strata.iter().map(variance).sum::<f64>().sqrt(), freedom }
    }

    pub(super) fn mean(&self, what: &str) -> f64 {
        let half = || student(self.freedom) * self.se;
        match what {
            "value" => self.mean,
            "low" => self.mean - half(),
            "high" => self.mean + half(),
            _ => panic!("no rule for {what}"),
        }
    }

    /// Its interval is that of the log odds.
    pub(super) fn share(&self, what: &str) -> f64 {
        let p = self.mean;
        let half = || student(self.freedom) * self.se / (p * (1.0 - p));
        let back = |odds: f64| odds.exp() / (1.0 + odds.exp());
        match what {
            "value" => p,
            "low" => back((p / (1.0 - p)).ln() - half()),
            "high" => back((p / (1.0 - p)).ln() + half()),
            _ => panic!("no rule for {what}"),
        }
    }
}

/// The 97.5 % point of Student's t: with x = √ν tan θ its density becomes that of cos^(ν−1) θ.
fn student(freedom: usize) -> f64 {
    assert!(freedom > 0, "no interval without a degree of freedom");
    let power = freedom as i32 - 1;
    // Simpson's rule.
    let area = |end: f64| {
        let (steps, width) = (2_000, end / 2_000.0);
        let at = |i: i32| {
            (f64::from(i) * width).cos().powi(power)
                * if i == 0 || i == steps {
                    1.0
                } else if i % 2 == 1 {
                    4.0
                } else {
                    2.0
                }
        };
        (0..=steps).map(at).sum::<f64>() * width / 3.0
    };
    let all = area(FRAC_PI_2);
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if area(middle) < 0.95 * all { low = middle } else { high = middle }
    }
    (freedom as f64).sqrt() * low.tan()
}

#[test]
fn students_t_is_that_of_the_tables() {
    for (freedom, expected) in
        [(1, 12.706_204_736_174_7), (2, 4.302_652_729_911_28), (5, 2.570_581_835_636_3), (30, 2.042_272_456_301_24)]
    {
        assert!((student(freedom) - expected).abs() < 1e-9 * expected, "{} of {freedom}", student(freedom));
    }
}
