//! Student's t, as far as intervals need it.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

const CONFIDENCE: f64 = 0.95;

/// How many standard errors the interval reaches to each side. `None` without a degree of freedom.
pub(super) fn reach(freedom: usize) -> Option<f64> {
    let t = StudentsT::new(0.0, 1.0, freedom as f64).ok().filter(|_| freedom > 0)?;
    Some(t.inverse_cdf(f64::midpoint(1.0, CONFIDENCE)))
}
