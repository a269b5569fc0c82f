//! Section 5: cursors, whom they belong to, and a restart.

use crate::support::*;

fn households(phone: &Phone, bucket: &str, n: usize) -> Vec<Rec> {
    let records: Vec<_> = (0..n).map(|_| Rec::household(bucket)).collect();
    phone.push(records.iter().map(Rec::create));
    records
}

fn bucket_of<'a>(page: &'a Value, name: &str) -> &'a Value {
    let buckets = page["buckets"].as_array().unwrap();
    buckets.iter().find(|b| b["bucket"] == name).unwrap_or_else(|| panic!("no {name} in {page}"))
}

fn bucket_names(page: &Value) -> Vec<&str> {
    page["buckets"].as_array().unwrap().iter().map(|b| b["bucket"].as_str().unwrap()).collect()
}

/// A text near `cursor` that was never issued.
fn forged(cursor: &str, at: usize) -> String {
    let mut bytes = cursor.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

on_both_engines! {
    fn an_old_cursor_may_be_used_again(w) {
        let mut mirror = Mirror::of(w.chen());
        mirror.sync();
        let old = mirror.cursor.clone().unwrap();
        let records = households(w.ali(), JINYANG, 3);
        let first = w.chen().pull(Some(&old));
        let again = w.chen().pull(Some(&old));
        assert_eq!(first["buckets"], again["buckets"]);
        mirror.take(&first);
        w.ali().push_one(records[0].edit(json!({ "phone": "1" })));
        mirror.sync();
        // An answer that was lost on the way comes late: nothing goes back.
        let newest = mirror.cursor.clone();
        mirror.take(&w.chen().pull(Some(&old)));
        mirror.cursor = newest;
        assert_eq!(mirror.fields(&records[0])["phone"], "1");
        mirror.sync();
        let mut fresh = Mirror::of(w.chen());
        fresh.sync();
        assert_eq!(mirror.live(), fresh.live());
    }

    fn an_old_cursor_from_before_a_county_came_tells_what_is_gone(w) {
        w.close("two", ZHAOJUE);
        let mut mirror = Mirror::of(w.chen());
        let records = households(w.phone("liangshan"), ZHAOJUE, 3);
        let pulls = [None, mirror.page()["cursor"].as_str().map(str::to_owned)];
        w.assign("two", ZHAOJUE);
        mirror.sync();
        assert!(mirror.record(&records[0]).is_some());
        w.phone("liangshan").push([records[0].delete().base(1), records[1].edit(json!({ "people": 9 })).base(1)]);
        for old in pulls {
            mirror.cursor = old;
            // Its count and its sum are compared as it is taken in.
            mirror.sync();
            assert_eq!(mirror.record(&records[0]).map(|held| &held.fields), Some(&None));
            assert_eq!(mirror.fields(&records[1])["people"], 9);
        }
    }

    fn a_cursor_survives_a_restart(w) {
        let mut mirror = Mirror::of(w.chen());
        households(w.ali(), JINYANG, 3);
        mirror.sync();
        w.restart();
        assert_eq!(mirror.page()["buckets"], json!([]));
        let record = households(w.ali(), JINYANG, 1).remove(0);
        mirror.sync();
        assert!(mirror.record(&record).is_some());
    }

    fn a_forged_cursor_is_bad(w) {
        households(w.ali(), JINYANG, 3);
        let cursor = w.ali().pull(None)["cursor"].as_str().unwrap().to_owned();
        let bad = |text: &str| {
            w.ali().pull_body(&json!({ "schema": 1, "cursor": text })).problem(400, "bad_cursor");
        };
        for at in (0..cursor.len() - 1).step_by(1 + cursor.len() / 12) {
            bad(&forged(&cursor, at));
        }
        for text in ["", "x", "0", "AAAA", "吉克", &cursor[1..], &cursor[..cursor.len() / 2], &format!("{cursor}AAAA")] {
            bad(text);
        }
    }

    fn a_cursor_of_another_device_is_bad(w) {
        households(w.ali(), JINYANG, 1);
        for other in [w.bo(), w.chen(), w.deng(), w.phone("province")] {
            let cursor = other.pull(None)["cursor"].clone();
            w.ali().pull_body(&json!({ "schema": 1, "cursor": cursor })).problem(400, "bad_cursor");
        }
    }

    fn a_cursor_of_another_user_is_bad(w) {
        let cursor = w.liangshan().pull(None)["cursor"].clone();
        w.province().pull_body(&json!({ "schema": 1, "cursor": cursor })).problem(400, "bad_cursor");
        w.guangan().pull_body(&json!({ "schema": 1, "cursor": cursor })).problem(400, "bad_cursor");
        // Nor is a user's cursor a device's of the same user.
        w.phone("liangshan").pull_body(&json!({ "schema": 1, "cursor": cursor })).problem(400, "bad_cursor");
    }

    fn without_a_device_a_cursor_is_the_users(w) {
        let mut mirror = Mirror::of(w.liangshan());
        mirror.sync();
        let record = households(w.ali(), JINYANG, 1).remove(0);
        mirror.sync();
        assert!(mirror.record(&record).is_some());
        // Another sign-in of the same user may go on with it.
        let tokens = cast::login(&w.session, "liangshan", cast::PASSWORD, None);
        let again = w.session.with_token(tokens["access_token"].as_str().unwrap());
        assert_eq!(again.pull(mirror.cursor.as_deref())["buckets"], json!([]));
    }

    fn a_restart_gives_a_bucket_from_nothing(w) {
        let mut mirror = Mirror::of(w.chen()).with_limit(2);
        let records = households(w.chen(), JINYANG, 5);
        households(w.chen(), ZHAOJUE, 1);
        mirror.sync();
        let before = mirror.live();
        // The copy went wrong: something is missing, something is there that should not be.
        let jinyang = mirror.buckets.get_mut(JINYANG).unwrap();
        let wrong = jinyang.remove(&("households".into(), records[0].id.clone())).unwrap();
        jinyang.insert(("households".into(), new_id()), wrong);
        let page = mirror.restart(&[JINYANG]);
        assert_eq!(bucket_names(&page), [JINYANG]);
        assert_eq!(bucket_of(&page, JINYANG)["reset"], true);
        assert_eq!(page["more"], true);
        for page in mirror.sync() {
            assert_eq!(bucket_of(&page, JINYANG)["reset"], false, "only its first page");
        }
        assert_eq!(mirror.live(), before);
    }

    fn an_empty_bucket_is_listed_when_it_was_restarted(w) {
        let mut mirror = Mirror::of(w.ali());
        mirror.sync();
        let page = mirror.restart(&[JINYANG]);
        assert_eq!(bucket_of(&page, JINYANG)["reset"], true);
        assert_eq!(bucket_of(&page, JINYANG)["count"], 0);
    }

    fn a_restart_of_a_bucket_outside_scope_is_ignored(w) {
        let mut mirror = Mirror::of(w.ali());
        households(w.chen(), ZHAOJUE, 1);
        mirror.sync();
        for bucket in [ZHAOJUE, XIDE, "999999", "x", ""] {
            let page = mirror.restart(&[bucket]);
            assert_eq!(page["buckets"], json!([]), "{bucket}");
            assert_eq!(page["revoked"], json!([]), "{bucket}");
        }
    }

    fn a_restart_leaves_the_other_buckets(w) {
        let mut mirror = Mirror::of(w.chen());
        households(w.chen(), JINYANG, 2);
        households(w.chen(), ZHAOJUE, 2);
        mirror.sync();
        let before = mirror.live();
        let page = mirror.restart(&[ZHAOJUE]);
        assert_eq!(bucket_names(&page), [ZHAOJUE]);
        assert_eq!(mirror.live(), before);
    }
}
