//! Section 6: a region's scope is a matter of leading digits; a team's, of its counties.

use proptest::prelude::*;
use std::collections::BTreeSet;
use sync_core::scope::Region;
use sync_core::{Bucket, Scope};

proptest! {
    #![proptest_config(crate::cases(2000))]

    #[test]
    fn a_region_is_a_prefix(code in "[1-9][0-9]{5}", longer in 0..2_usize, other in "[1-9][0-9]([0-9]{2})?") {
        let bucket: Bucket = code.parse().unwrap();
        // One of its own, and any.
        for region in [&code[..2 + 2 * longer], &other] {
            let parsed = Region::parse(region).unwrap();
            prop_assert_eq!(Scope::Region(parsed).contains(bucket), code.starts_with(region));
            prop_assert_eq!(parsed.buckets().contains(&bucket.code()), code.starts_with(region));
            // And the codes at its edges.
            let (first, last) = (format!("{region:0<6}"), format!("{region:9<6}"));
            let edges = [&first, &last].map(|edge| edge.parse::<u32>().unwrap());
            for edge in [edges[0] - 1, edges[0], edges[1], edges[1] + 1] {
                let seen = Bucket::new(edge).is_some_and(|bucket| Scope::Region(parsed).contains(bucket));
                prop_assert_eq!(seen, edge.to_string().starts_with(region), "{}", edge);
            }
        }
    }

    #[test]
    fn a_team_sees_its_counties_alone(counties in prop::collection::btree_set(100_000..100_009_u32, 0..5)) {
        let scope = Scope::Counties(counties.iter().copied().filter_map(Bucket::new).collect());
        let sees = |code: &u32| scope.contains(Bucket::new(*code).unwrap());
        let seen: BTreeSet<u32> = (100_000..100_009).filter(sees).collect();
        prop_assert_eq!(seen, counties);
    }

    #[test]
    fn what_is_no_code_has_no_scope(text in "[0-9a+ ]{0,8}") {
        let digits = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        prop_assert_eq!(Region::parse(&text).is_some(), digits && [2, 4].contains(&text.len()));
        prop_assert_eq!(text.parse::<Bucket>().is_ok(), digits && text.len() == 6);
    }
}
