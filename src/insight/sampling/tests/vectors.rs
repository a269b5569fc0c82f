//! Known answers. `vectors.json` was computed by an independent program that reckons in exact fractions; the stream is the
//! one of RFC 8439.

use super::super::lots::Lots;
use super::super::select::{Picked, select, strata};
use super::super::{Design, Method, Places, Unit, document};
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    seed: String,
    public_value: Option<String>,
    method: Method,
    places: Places,
    substitutes: u32,
    frame: Vec<(String, String, u32)>,
    strata: Vec<(String, u32)>,
    sample: Vec<Entry>,
    next: Vec<Entry>,
}

/// Unit, place, number, probability.
type Entry = (String, u32, String, f64);

fn is(case: &str, given: &[Picked<'_>], expected: &[Entry]) {
    assert_eq!(given.len(), expected.len(), "{case}");
    for (given, (unit, place, number, probability)) in given.iter().zip(expected) {
        let number = u64::from_str_radix(number, 16).unwrap();
        assert_eq!((&given.unit.id, given.place, given.number), (unit, *place, number), "{case}");
        assert!((given.probability - probability).abs() < 1e-12, "{case}: {unit}: {} {probability}", given.probability);
    }
}

#[test]
fn what_another_program_has_computed() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let seed = document::seed(&case.seed).unwrap();
        let unit = |(id, stratum, size): (String, String, u32)| Unit { id, stratum, size };
        let frame: Vec<Unit> = case.frame.into_iter().map(unit).collect();
        let design = Design { method: case.method, places: case.places, substitutes: case.substitutes };
        let places: Vec<_> = strata(&frame, &design).unwrap().into_iter().map(|s| (s.stratum, s.places)).collect();
        assert_eq!(places, case.strata, "{}", case.name);
        let drawn = select(&frame, &design, &Lots::new(&seed, case.public_value.as_deref())).unwrap();
        is(&case.name, &drawn.sample, &case.sample);
        is(&case.name, &drawn.substitutes, &case.next);
    }
}

/// RFC 8439, appendix A.1, test vector 1.
#[test]
fn the_stream_is_that_of_the_rfc() {
    let mut stream = [0; 8];
    ChaCha20::new(&[0; 32].into(), &[0; 12].into()).apply_keystream(&mut stream);
    assert_eq!(stream, [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
}
