//! Laws that hold for every frame, design and seed.

use super::super::allocation::{Share, allocate};
use super::super::lots::Lots;
use super::super::select::{Selection, select, strata};
use super::super::{Design, Method, Places, Unfit, Unit};
use super::{design, frame, lots};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![Just(Method::Srs), Just(Method::Pps)]
}

/// A frame in up to five strata, some of its sizes 0.
fn any_frame() -> impl Strategy<Value = Vec<Unit>> {
    let size = prop_oneof![1 => Just(0_u32), 8 => 1..300_u32, 1 => 300..50_000_u32];
    prop::collection::vec((size, 0..5_u8), 1..60).prop_map(|units| {
        let unit = |(i, (size, stratum)): (usize, (u32, u8))| Unit {
            id: format!("5134301{i:05}"),
            stratum: format!("51343010{stratum}"),
            size,
        };
        units.into_iter().enumerate().map(unit).collect()
    })
}

fn places() -> impl Strategy<Value = Places> {
    prop_oneof![(1..30_u32).prop_map(Places::Total), (1..8_u32).prop_map(Places::PerStratum)]
}

fn ids(selection: &Selection<'_>) -> Vec<String> {
    selection.sample.iter().chain(&selection.substitutes).map(|picked| picked.unit.id.clone()).collect()
}

proptest! {
    #[test]
    fn sizes_are_exact_and_probabilities_add_up(
        frame in any_frame(), method in method(), places in places(), substitutes in 0..6_u32, seed in any::<[u8; 32]>(),
    ) {
        let design = Design { method, places, substitutes };
        let Ok(strata) = strata(&frame, &design) else { return Ok(()) };
        let drawn = select(&frame, &design, &Lots::new(&seed, None)).unwrap();
        if let Places::Total(total) = places {
            prop_assert_eq!(drawn.sample.len(), total as usize);
        }
        let all = ids(&drawn);
        prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "each once");
        for stratum in &strata {
            prop_assert!(stratum.places >= 1 && stratum.places <= stratum.units);
            let of = |list: &[super::super::select::Picked<'_>]| {
                list.iter().filter(|p| p.unit.stratum == stratum.stratum).map(|p| p.place).collect::<Vec<_>>()
            };
            prop_assert_eq!(of(&drawn.sample), (1..=stratum.places).collect::<Vec<_>>());
            let last = (stratum.places + substitutes).min(stratum.units);
            prop_assert_eq!(of(&drawn.substitutes), (stratum.places + 1..=last).collect::<Vec<_>>());
            // With as many substitutes as there are units, every unit's probability is there.
            let whole = Design { substitutes: stratum.units, ..design };
            let whole = select(&frame, &whole, &Lots::new(&seed, None)).unwrap();
            let here = whole.sample.iter().chain(&whole.substitutes).filter(|p| p.unit.stratum == stratum.stratum);
            let probabilities: Vec<f64> = here.map(|p| p.probability).collect();
            prop_assert_eq!(probabilities.len(), stratum.units as usize);
            prop_assert!(probabilities.iter().all(|p| *p > 0.0 && *p <= 1.0), "{:?}", probabilities);
            let sum: f64 = probabilities.iter().sum();
            prop_assert!((sum - f64::from(stratum.places)).abs() < 1e-9, "{sum} of {}", stratum.places);
        }
    }

    #[test]
    fn the_order_of_the_frame_does_not_matter(
        (frame, shuffled) in any_frame().prop_flat_map(|frame| (Just(frame.clone()), Just(frame).prop_shuffle())),
        method in method(), places in places(), seed in any::<[u8; 32]>(),
    ) {
        let design = Design { method, places, substitutes: 3 };
        let lots = Lots::new(&seed, None);
        // To the last bit of each probability.
        prop_assert_eq!(select(&frame, &design, &lots), select(&shuffled, &design, &lots));
    }

    /// What makes the numbers permanent: who is not in the frame changes nobody else's.
    #[test]
    fn a_unit_that_goes_moves_up_those_behind_it(sizes in prop::collection::vec(1..100_u32, 4..30), n in 1..3_u32, at in any::<prop::sample::Index>(), seed in any::<[u8; 32]>()) {
        let (whole, lots) = (frame(&sizes), Lots::new(&seed, None));
        let mut less = whole.clone();
        let gone = less.remove(at.index(less.len()));
        let design = design(Method::Srs, n, 100);
        let mut before = ids(&select(&whole, &design, &lots).unwrap());
        before.retain(|id| *id != gone.id);
        prop_assert_eq!(ids(&select(&less, &design, &lots).unwrap()), before);
    }

    #[test]
    fn equal_sizes_make_a_simple_random_sample(units in 1..40_usize, size in 1..1000_u32, n in 1..10_u32, seed in any::<[u8; 32]>()) {
        let (frame, lots) = (frame(&vec![size; units]), Lots::new(&seed, None));
        let draw = |method| select(&frame, &design(method, n, 100), &lots);
        prop_assert_eq!(draw(Method::Pps).map(|s| ids(&s)), draw(Method::Srs).map(|s| ids(&s)));
    }

    /// The larger of two units is at least as likely; what is certain is drawn.
    #[test]
    fn larger_is_likelier(sizes in prop::collection::vec(1..5_000_u32, 2..30), n in 1..8_u32, seed in any::<[u8; 32]>()) {
        let frame = frame(&sizes);
        let Ok(drawn) = select(&frame, &design(Method::Pps, n, 100), &Lots::new(&seed, None)) else { return Ok(()) };
        let mut all: Vec<_> = drawn.sample.iter().chain(&drawn.substitutes).collect();
        all.sort_by_key(|picked| picked.unit.size);
        prop_assert!(all.windows(2).all(|pair| pair[0].probability <= pair[1].probability + 1e-12));
        prop_assert!(drawn.substitutes.iter().all(|picked| picked.probability < 1.0));
    }

    /// Against the definition: a factor, clamped, whose sum is the places; then whole numbers next to it.
    #[test]
    fn allocation_is_proportional_within_its_bounds(
        strata in prop::collection::vec((1..100_000_u64, 1..50_u64), 1..12), part in 0.0..=1.0_f64,
    ) {
        let strata: Vec<Share> = strata.into_iter().map(|(measure, units)| Share { measure, units }).collect();
        let (least, most) = (strata.len() as u64, strata.iter().map(|s| s.units).sum::<u64>());
        let places = least + ((most - least) as f64 * part) as u64;
        let shares = allocate(places, &strata).unwrap();
        prop_assert_eq!(shares.iter().sum::<u64>(), places);
        let exact = |factor: f64| strata.iter().map(|s| (s.measure as f64 * factor).clamp(1.0, s.units as f64)).collect::<Vec<_>>();
        let (mut low, mut high) = (0.0, 100.0);
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if exact(middle).iter().sum::<f64>() < places as f64 { low = middle } else { high = middle }
        }
        for ((share, exact), stratum) in shares.iter().zip(exact(high)).zip(&strata) {
            prop_assert!((1..=stratum.units).contains(share));
            prop_assert!((*share as f64 - exact).abs() < 1.0 + 1e-6, "{share} for {exact}");
        }
    }
}

#[test]
fn of_equal_remainders_the_earlier_wins() {
    let share = |measure| Share { measure, units: 100 };
    assert_eq!(allocate(4, &[share(1), share(1), share(1)]), Some(vec![2, 1, 1]));
    assert_eq!(allocate(8, &[share(10), share(10), share(10)]), Some(vec![3, 3, 2]));
    assert_eq!(allocate(10, &[share(500), share(300), share(200)]), Some(vec![5, 3, 2]));
    // 4.2, 3.5, 2.3
    assert_eq!(allocate(10, &[share(420), share(350), share(230)]), Some(vec![4, 4, 2]));
}

#[test]
fn every_stratum_gets_one_and_none_more_than_it_has() {
    let share = |measure, units| Share { measure, units };
    assert_eq!(allocate(5, &[share(1, 9), share(1000, 9), share(1, 9)]), Some(vec![1, 3, 1]));
    assert_eq!(allocate(9, &[share(1000, 2), share(30, 9), share(10, 9)]), Some(vec![2, 5, 2]));
    assert_eq!(allocate(4, &[share(1000, 2), share(999, 2), share(1, 5), share(1, 5)]), Some(vec![1, 1, 1, 1]));
    assert_eq!(allocate(2, &[share(1, 1), share(1, 1), share(1, 1)]), None);
    assert_eq!(allocate(4, &[share(1, 1), share(1, 1), share(1, 1)]), None);
}

#[test]
fn what_is_unfit_is_named() {
    let lots = lots(0);
    let error = |frame: &[Unit], design: Design| select(frame, &design, &lots).map(|_| ()).unwrap_err();
    let pps = |n| design(Method::Pps, n, 0);
    assert_eq!(error(&[], pps(1)), Unfit::Empty);
    assert_eq!(error(&frame(&[0, 0]), pps(1)), Unfit::Empty);
    assert_eq!(error(&frame(&[1, 2, 0]), pps(3)), Unfit::TooFewUnits { units: 2, places: 3 });
    let mut strata = frame(&[1, 1, 1]);
    for unit in &mut strata {
        unit.stratum.clone_from(&unit.id);
    }
    assert_eq!(error(&strata, design(Method::Srs, 2, 0)), Unfit::MoreStrata { strata: 3, places: 2 });
    let twice = [frame(&[1]), frame(&[2])].concat();
    assert_eq!(error(&twice, pps(1)), Unfit::Twice { unit: "513430100000".into() });
    let large = Unfit::TooLarge { stratum: "513430".into(), units: 2_000, places: 201 };
    assert_eq!(error(&frame(&vec![3; 2_000]), pps(201)), large);
    assert_eq!(error(&frame(&vec![1; 50_001]), design(Method::Srs, 1, 0)), Unfit::TooManyUnits { units: 50_001 });
    for (en, zh) in [Unfit::Empty.details(), large.details()] {
        assert!(en.is_ascii() && !zh.is_ascii());
    }
}

/// The largest that is allowed is drawn in time.
#[test]
fn a_large_county_is_drawn_by_size() {
    let sizes: Vec<u32> = (0..1_000_u32).map(|i| 20 + (i * 7919) % 400).collect();
    let (frame, began) = (frame(&sizes), std::time::Instant::now());
    let drawn = select(&frame, &design(Method::Pps, 50, 1_000), &lots(1)).unwrap();
    let sum: f64 = drawn.sample.iter().chain(&drawn.substitutes).map(|p| p.probability).sum();
    assert!((sum - 50.0).abs() < 1e-9, "{sum}");
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}
