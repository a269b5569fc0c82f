//! Coordinates of Chinese maps and phones as WGS-84. GCJ-02 is WGS-84 moved by a few hundred metres, by a published
//! approximation of the official offset (Krasovsky's ellipsoid); BD-09 is GCJ-02 moved once more. Neither has a closed
//! inverse: it is iterated until it stands within a centimetre of what was asked.

use serde_json::Value;
use std::f64::consts::PI;

/// Krasovsky 1940: the semi-major axis in metres, and the first eccentricity squared.
const A: f64 = 6_378_245.0;
const EE: f64 = 0.006_693_421_622_965_943;

/// About a millimetre.
const CLOSE: f64 = 1e-8;
const ROUNDS: usize = 30;

/// A place in degrees: latitude, longitude.
type Place = (f64, f64);

/// Of a datum by its name in the dictionary; an absent one is WGS-84.
fn to_wgs84(datum: Option<&str>, place: Place) -> Place {
    match datum {
        Some("gcj02") => undo(gcj02_of_wgs84, place),
        Some("bd09") => undo(gcj02_of_wgs84, undo(bd09_of_gcj02, place)),
        _ => place,
    }
}

/// A location, as records have it, in WGS-84.
pub fn place(json: &str) -> Option<Place> {
    let location: Value = serde_json::from_str(json).ok()?;
    let degrees = |name: &str| location.get(name)?.as_f64();
    Some(to_wgs84(location.get("datum").and_then(Value::as_str), (degrees("lat")?, degrees("lon")?)))
}

/// What `shift` moves to `place`.
fn undo(shift: fn(Place) -> Place, place: Place) -> Place {
    let mut guess = place;
    for _ in 0..ROUNDS {
        let there = shift(guess);
        let (d_lat, d_lon) = (place.0 - there.0, place.1 - there.1);
        guess = (guess.0 + d_lat, guess.1 + d_lon);
        if d_lat.abs() < CLOSE && d_lon.abs() < CLOSE {
            break;
        }
    }
    guess
}

/// Outside of this box round China the maps are not moved.
fn is_moved((lat, lon): Place) -> bool {
    (0.8293..=55.8271).contains(&lat) && (72.004..=137.8347).contains(&lon)
}

/// What Chinese maps show for a place of WGS-84.
fn gcj02_of_wgs84((lat, lon): Place) -> Place {
    if !is_moved((lat, lon)) {
        return (lat, lon);
    }
    let (x, y) = (lon - 105.0, lat - 35.0);
    let waves = |a: f64, b: f64| (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * a / b;
    let wave =
        |t: f64, parts: [(f64, f64); 2]| parts.iter().map(|(size, rate)| size * (t * rate * PI).sin()).sum::<f64>();
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + waves(2.0, 3.0)
        + wave(y, [(20.0, 1.0), (40.0, 1.0 / 3.0)]) * 2.0 / 3.0
        + wave(y, [(160.0, 1.0 / 12.0), (320.0, 1.0 / 30.0)]) * 2.0 / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + waves(2.0, 3.0)
        + wave(x, [(20.0, 1.0), (40.0, 1.0 / 3.0)]) * 2.0 / 3.0
        + wave(x, [(150.0, 1.0 / 12.0), (300.0, 1.0 / 30.0)]) * 2.0 / 3.0;
    let phi = lat.to_radians();
    let curve = 1.0 - EE * phi.sin() * phi.sin();
    let d_lat = north * 180.0 / (A * (1.0 - EE) / (curve * curve.sqrt()) * PI);
    let d_lon = east * 180.0 / (A / curve.sqrt() * phi.cos() * PI);
    (lat + d_lat, lon + d_lon)
}

/// What Baidu's maps show for a place of GCJ-02.
fn bd09_of_gcj02((lat, lon): Place) -> Place {
    const RATE: f64 = PI * 3000.0 / 180.0;
    let radius = lon.hypot(lat) + 0.000_02 * (lat * RATE).sin();
    let angle = lat.atan2(lon) + 0.000_003 * (lon * RATE).cos();
    (radius * angle.sin() + 0.006, radius * angle.cos() + 0.0065)
}

#[cfg(test)]
mod tests {
    use super::{Place, bd09_of_gcj02, gcj02_of_wgs84, to_wgs84};
    use proptest::prelude::*;

    fn near(a: Place, b: Place, degrees: f64) -> bool {
        (a.0 - b.0).abs() < degrees && (a.1 - b.1).abs() < degrees
    }

    /// As the widely used implementations have them (eviltransform, coordtransform), to a decimetre.
    #[test]
    fn known_places() {
        for (wgs, gcj) in [
            ((31.177_427_6, 121.527_210_6), (31.175_303_98, 121.531_541_86)),
            ((22.543_847, 113.912_316), (22.540_796_13, 113.917_176_48)),
            ((39.915, 116.404), (39.916_404_28, 116.410_244_5)),
        ] {
            assert!(near(gcj02_of_wgs84(wgs), gcj, 1e-6), "{wgs:?} {:?}", gcj02_of_wgs84(wgs));
            assert!(near(to_wgs84(Some("gcj02"), gcj), wgs, 1e-6), "{gcj:?}");
        }
        let bd = bd09_of_gcj02((39.915, 116.404));
        assert!(near(bd, (39.921_337, 116.410_369_49), 1e-6), "{bd:?}");
    }

    #[test]
    fn what_is_outside_or_right_stays() {
        assert_eq!(gcj02_of_wgs84((51.5, 0.1)), (51.5, 0.1));
        assert_eq!(to_wgs84(None, (28.0, 102.8)), (28.0, 102.8));
        assert_eq!(to_wgs84(Some("wgs84"), (28.0, 102.8)), (28.0, 102.8));
    }

    proptest! {
        #[test]
        fn back_and_forth(lat in 20.0..50.0_f64, lon in 80.0..130.0_f64) {
            prop_assert!(near(to_wgs84(Some("gcj02"), gcj02_of_wgs84((lat, lon))), (lat, lon), 1e-7));
            let bd09 = bd09_of_gcj02(gcj02_of_wgs84((lat, lon)));
            prop_assert!(near(to_wgs84(Some("bd09"), bd09), (lat, lon), 1e-7));
        }
    }
}
