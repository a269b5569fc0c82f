//! Whether somebody stood in one of a county's villages.

/// How far a hamlet may lie from the point that stands for its village.
const METRES: f64 = 5_000.0;

/// On the mean sphere of the earth.
const METRES_A_DEGREE: f64 = 6_371_008.8 * std::f64::consts::PI / 180.0;

/// In bands of latitude as high as the distance: only three of them can hold a near one.
pub(super) struct Villages(Vec<(i64, (f64, f64))>);

fn band(latitude: f64) -> i64 {
    (latitude * METRES_A_DEGREE / METRES).floor() as i64
}

impl Villages {
    pub(super) fn new(places: &[(f64, f64)]) -> Self {
        let mut bands: Vec<_> = places.iter().map(|place| (band(place.0), *place)).collect();
        bands.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.0.total_cmp(&b.1.0)).then(a.1.1.total_cmp(&b.1.1)));
        Self(bands)
    }

    /// Whether one of them lies within 5 km. Small distances: the earth is flat there.
    pub(super) fn are_near(&self, (latitude, longitude): (f64, f64)) -> bool {
        let here = band(latitude);
        let start = self.0.partition_point(|(band, _)| *band < here - 1);
        let near = self.0[start..].iter().take_while(|(band, _)| *band <= here + 1);
        let shrink = latitude.to_radians().cos();
        near.map(|(_, place)| place).any(|(lat, lon)| {
            let (north, east) = (lat - latitude, (lon - longitude) * shrink);
            north.hypot(east) * METRES_A_DEGREE <= METRES
        })
    }
}
