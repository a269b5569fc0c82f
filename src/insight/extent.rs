//! How far places reach: what lies in none of a county's is not looked for in the county.

/// Degrees of WGS-84, edges included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    pub south: f64,
    pub west: f64,
    pub north: f64,
    pub east: f64,
}

impl Extent {
    pub fn meets(&self, other: &Self) -> bool {
        self.south <= other.north && other.south <= self.north && self.west <= other.east && other.west <= self.east
    }
}

#[cfg(test)]
mod tests {
    use super::Extent;
    use proptest::prelude::*;

    fn extent() -> impl Strategy<Value = Extent> {
        [0..9_i8, 0..9, 0..4, 0..4].prop_map(|[south, west, up, right]| {
            let [north, east] = [south + up, west + right];
            let [south, west, north, east] = [south, west, north, east].map(f64::from);
            Extent { south, west, north, east }
        })
    }

    proptest! {
        #[test]
        fn extents_meet_where_a_place_is_in_both(one in extent(), other in extent()) {
            let has = |extent: &Extent, lat: f64, lon: f64| {
                (extent.south..=extent.north).contains(&lat) && (extent.west..=extent.east).contains(&lon)
            };
            let grid = (0..=12).flat_map(|lat| (0..=12).map(move |lon| (f64::from(lat), f64::from(lon))));
            let both = grid.into_iter().any(|(lat, lon)| has(&one, lat, lon) && has(&other, lat, lon));
            prop_assert_eq!(one.meets(&other), both);
            prop_assert_eq!(other.meets(&one), both);
        }
    }
}
