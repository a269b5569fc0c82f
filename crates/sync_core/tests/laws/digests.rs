//! Section 5: a record's digest, worked out anew by another implementation of RFC 8785 and from known vectors; and the
//! sum of a bucket.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use sync_core::{Bucket, Collection, Digest, Fields, Sum, canonical};
use uuid::Uuid;

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no NaN", |n| n.is_finite()).prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(prop_oneof![inner.clone(), Just(Value::Null)], 0..3).prop_map(Value::from),
            prop::collection::btree_map(".{0,3}", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_digest_is_that_of_the_canonical_array(
        code in 100_000..=999_999_u32, collection in 0..7_usize, id in any::<u128>(), rev in 1..1_u64 << 53,
        members in prop::collection::btree_map(".{1,4}", any_value(), 0..6),
    ) {
        let (bucket, collection, id) = (Bucket::new(code).unwrap(), Collection::ALL[collection], Uuid::from_u128(id));
        let mut fields = Fields::default();
        for (name, value) in members.iter().rev() {
            fields.set(name, Some(&canonical::to_string(value)));
        }
        let members: Map<String, Value> = members.into_iter().collect();
        let array = json!([code.to_string(), collection.name(), id.to_string(), rev, members]);
        let full: [u8; 32] = Sha256::digest(serde_json_canonicalizer::to_string(&array).unwrap()).into();
        let digest = Digest::of_record(bucket, collection, id, rev, fields.canonical());
        prop_assert_eq!(&digest.0[..], &full[..16]);
        let text = canonical::to_string(&Value::from(members));
        prop_assert_eq!(Digest::of_record(bucket, collection, id, rev, &text), digest);
        prop_assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
    }

    /// Whatever came and went in whatever order, the sum is that of what is there.
    #[test]
    fn a_sum_is_of_what_is_there(
        changes in prop::collection::vec((0..6_u8, prop::option::of(any::<[u8; 16]>())), 0..40),
    ) {
        let (mut running, mut live) = (Sum::default(), BTreeMap::new());
        for (id, now) in changes {
            let before = match now {
                Some(now) => live.insert(id, now),
                None => live.remove(&id),
            };
            running = before.map_or(running, |before| running.minus(Digest(before)));
            running = now.map_or(running, |now| running.plus(Digest(now)));
        }
        let anew = live.values().rev().fold(Sum::default(), |sum, digest| sum.plus(Digest(*digest)));
        prop_assert_eq!(running, anew);
        let by_hand = live.values().fold(0_u128, |sum, digest| sum.wrapping_add(u128::from_be_bytes(*digest)));
        prop_assert_eq!(running.to_string(), format!("{by_hand:032x}"));
        prop_assert_eq!(Sum::from_slice(&running.to_bytes()), Some(running));
    }
}

/// Worked out with Python's hashlib.
#[test]
fn known_digests() {
    let id = "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e";
    let odd = json!({
        "€": [null, true, {"1": [], "\u{1f600}": 0, "\u{fb33}": {}}],
        "ö": "\u{f}\n\"\\/", "a": 1e21, "b": 1e-7, "c": -4.5,
    });
    let interview = json!({"respondent": "阿力", "answers.drinking_water_safe": false});
    let known = [
        (513_430, "households", id, 1, json!({}), "3050b23b4f8e726e950e6660712ec5fe"),
        (513_430, "interviews", id, 9, interview, "fb2778cd563664cf2ee968cbaa01fd32"),
        (
            511_622,
            "photos",
            "00000000-0000-0000-0000-000000000000",
            (1 << 53) - 1,
            odd,
            "88680277740fb72601cdb29215ac8486",
        ),
    ];
    for (code, collection, id, rev, fields, hex) in known {
        let (bucket, collection) = (Bucket::new(code).unwrap(), Collection::from_name(collection).unwrap());
        let fields = canonical::to_string(&fields);
        assert_eq!(
            Digest::of_record(bucket, collection, id.parse().unwrap(), rev, &fields).to_string(),
            hex,
            "{fields}"
        );
    }
}

/// RFC 8785, appendix B.
#[test]
fn the_numbers_of_the_rfc() {
    let known: [(u64, &str); 24] = [
        (0, "0"),
        (0x8000_0000_0000_0000, "0"),
        (1, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ];
    for (bits, text) in known {
        assert_eq!(canonical::to_string(&Value::from(f64::from_bits(bits))), text);
    }
}
