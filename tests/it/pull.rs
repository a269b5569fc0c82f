//! Section 5: pages, cursors, counts and sums. `Mirror` checks order, digests, counts and sums of every page.

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

on_both_engines! {
    fn a_new_bucket_is_listed_even_when_empty(w) {
        let page = w.chen().pull(None);
        let mut names = bucket_names(&page);
        names.sort_unstable();
        assert_eq!(names, [JINYANG, ZHAOJUE]);
        for name in names {
            let bucket = bucket_of(&page, name);
            assert_eq!(bucket["complete"], true);
            assert_eq!(bucket["count"], 0);
            assert_eq!(bucket["sum"], "0".repeat(32));
            assert_eq!(bucket["changes"], json!([]));
            assert!(bucket["seq"].is_u64());
        }
        assert_eq!(page["more"], false);
        assert_eq!(page["revoked"], json!([]));
    }

    fn without_scope_there_is_nothing(w) {
        let page = w.er().pull(None);
        assert_eq!(page["buckets"], json!([]));
        assert_eq!(page["more"], false);
        assert!(page["cursor"].is_string());
    }

    fn server_time_is_the_present(w) {
        assert_near(&w.ali().pull(None)["server_time"], now(), ms(5_000));
    }

    fn a_device_gets_its_own_writes_too(w) {
        let record = Rec::household(JINYANG);
        let result = w.ali().push_one(record.create());
        let page = w.ali().pull(None);
        let change = &bucket_of(&page, JINYANG)["changes"][0];
        assert_eq!(change["id"], record.id);
        assert_eq!((&change["rev"], &change["seq"]), (&result["rev"], &result["seq"]));
        assert_near(&change["updated_at"], now(), ms(5_000));
    }

    fn the_limit_has_a_default(w) {
        w.ali().pull_body(&json!({ "schema": 1 })).ok();
    }

    fn a_record_that_changed_often_is_given_once_and_newest(w) {
        let record = Rec::household(JINYANG);
        w.ali().push((0..5).map(|n| record.create_with(json!({ "people": n }))));
        let page = w.chen().pull(None);
        let changes = bucket_of(&page, JINYANG)["changes"].as_array().unwrap();
        assert_eq!(changes.len(), 1);
        assert_eq!((&changes[0]["rev"], &changes[0]["fields"]["people"]), (&json!(5), &json!(4)));
    }

    fn a_pull_gives_what_changed_since_the_cursor(w) {
        let mut mirror = Mirror::of(w.chen());
        let records = households(w.ali(), JINYANG, 3);
        mirror.sync();
        w.ali().push_one(records[1].edit(json!({ "phone": "1" })));
        let page = mirror.page();
        let changes = bucket_of(&page, JINYANG)["changes"].as_array().unwrap();
        assert_eq!(changes.iter().map(|c| &c["id"]).collect::<Vec<_>>(), [&records[1].id]);
        assert_eq!(bucket_of(&page, JINYANG)["count"], 3);
        assert_eq!(changes[0]["fields"]["head_name"], "吉克阿力", "the whole record");
    }

    fn a_bucket_without_news_is_not_listed(w) {
        let mut mirror = Mirror::of(w.chen());
        households(w.ali(), JINYANG, 3);
        mirror.sync();
        assert_eq!(mirror.page()["buckets"], json!([]));
        households(w.chen(), ZHAOJUE, 1);
        assert_eq!(bucket_names(&mirror.page()), [ZHAOJUE]);
    }

    fn pages_hold_no_more_than_the_limit(w) {
        households(w.chen(), JINYANG, 7);
        households(w.chen(), ZHAOJUE, 4);
        for limit in [1, 2, 3, 5, 10, 11, 12] {
            let mut mirror = Mirror::of(w.chen()).with_limit(limit);
            let pages = mirror.sync();
            let last = pages.len() - 1;
            for (i, page) in pages.iter().enumerate() {
                assert_eq!(page["more"], i < last);
            }
            assert_eq!(mirror.live()[JINYANG].len(), 7, "limit {limit}");
            assert_eq!(mirror.live()[ZHAOJUE].len(), 4, "limit {limit}");
        }
    }

    fn count_and_sum_come_with_the_last_page_of_a_bucket(w) {
        households(w.ali(), JINYANG, 5);
        let mut mirror = Mirror::of(w.ali()).with_limit(2);
        let pages = mirror.sync();
        let parts: Vec<_> = pages.iter().flat_map(|page| page["buckets"].as_array().unwrap()).collect();
        let complete: Vec<_> = parts.iter().map(|part| part["complete"] == true).collect();
        assert!(!complete[0]);
        assert_eq!(complete.last(), Some(&true));
        assert_eq!(parts.last().unwrap()["count"], 5);
    }

    fn buckets_are_given_one_after_another(w) {
        households(w.chen(), JINYANG, 5);
        households(w.chen(), ZHAOJUE, 5);
        let pages = Mirror::of(w.chen()).with_limit(2).sync();
        let mut open: Option<&str> = None;
        for part in pages.iter().flat_map(|page| page["buckets"].as_array().unwrap()) {
            let name = part["bucket"].as_str().unwrap();
            assert!(open.is_none() || open == Some(name), "{open:?} is not complete when {name} begins");
            open = (part["complete"] != true).then_some(name);
        }
    }

    fn a_limit_out_of_range_is_refused(w) {
        for limit in [json!(0), json!(-1), json!(5_001), json!(1_000_000_000_000_i64), json!("10"), json!(1.5)] {
            w.ali().pull_body(&json!({ "schema": 1, "limit": limit })).refused(&[400, 422]);
        }
        for limit in [1, 5_000] {
            w.ali().pull_body(&json!({ "schema": 1, "limit": limit })).ok();
        }
    }

    fn an_unreadable_request_is_malformed(w) {
        for body in [json!([]), json!({ "schema": "1" }), json!({ "schema": 1, "cursor": 5 })] {
            w.ali().pull_body(&body).refused(&[400]);
        }
        for restart in [json!("513430"), json!([5]), json!({})] {
            w.ali().pull_body(&json!({ "schema": 1, "restart": restart })).refused(&[400, 422]);
        }
    }

    fn deletes_are_given_as_tombstones(w) {
        let mut mirror = Mirror::of(w.chen());
        let records = households(w.ali(), JINYANG, 2);
        mirror.sync();
        let result = w.ali().push_one(records[0].delete());
        let page = mirror.page();
        let change = &bucket_of(&page, JINYANG)["changes"][0];
        assert_eq!(change["id"], records[0].id);
        assert_eq!(change["deleted"], true);
        assert_eq!((&change["rev"], &change["seq"]), (&result["rev"], &result["seq"]));
        assert_eq!(bucket_of(&page, JINYANG)["count"], 1);
    }

    fn a_record_that_changes_while_paging_is_not_lost(w) {
        let records = households(w.ali(), JINYANG, 6);
        let mut mirror = Mirror::of(w.chen()).with_limit(2);
        mirror.page();
        // One that was given, one that was not yet.
        w.ali().push([records[0].edit(json!({ "phone": "1" })), records[4].edit(json!({ "phone": "1" }))]);
        mirror.sync();
        for record in [&records[0], &records[4]] {
            assert_eq!(mirror.fields(record)["phone"], "1");
        }
        assert_eq!(mirror.live()[JINYANG].len(), 6);
    }

    fn records_that_come_and_go_while_paging_end_right(w) {
        let records = households(w.ali(), JINYANG, 6);
        let mut mirror = Mirror::of(w.chen()).with_limit(2);
        mirror.page();
        let mut added = households(w.ali(), JINYANG, 2);
        mirror.page();
        w.ali().push([records[0].delete(), records[5].delete()]);
        mirror.page();
        added.extend(households(w.ali(), JINYANG, 1));
        mirror.sync();
        let mut fresh = Mirror::of(w.chen());
        fresh.sync();
        assert_eq!(mirror.live(), fresh.live());
        assert_eq!(mirror.live()[JINYANG].len(), 7);
        assert!(added.iter().all(|record| mirror.record(record).is_some()));
    }

    fn a_new_bucket_in_the_middle_of_paging_is_given_too(w) {
        households(w.ali(), JINYANG, 5);
        let record = households(w.chen(), ZHAOJUE, 1).remove(0);
        let mut mirror = Mirror::of(w.ali()).with_limit(2);
        mirror.page();
        w.assign("one", ZHAOJUE);
        mirror.sync();
        assert!(mirror.record(&record).is_some());
        assert_eq!(mirror.live()[JINYANG].len(), 5);
    }

    fn pulling_while_others_push_skips_nothing(w) {
        let phones = [w.ali(), w.bo(), w.phone("liangshan")];
        let shared = Rec::household(JINYANG);
        w.ali().push_one(shared.create());
        let mut mirrors = [Mirror::of(w.chen()).with_limit(5), Mirror::of(w.liangshan())];
        std::thread::scope(|scope| {
            for phone in phones {
                let shared = &shared;
                scope.spawn(move || {
                    for n in 0..8 {
                        phone.push([Rec::household(JINYANG).create(), shared.edit(json!({ "people": n }))]);
                    }
                });
            }
            for mirror in &mut mirrors {
                scope.spawn(move || {
                    for _ in 0..12 {
                        mirror.page();
                    }
                });
            }
        });
        let mut fresh = Mirror::of(w.bo());
        fresh.sync();
        assert_eq!(fresh.live()[JINYANG].len(), 25);
        for mirror in &mut mirrors {
            mirror.sync();
            assert_eq!(mirror.live()[JINYANG], fresh.live()[JINYANG]);
        }
    }

    fn the_digest_is_of_the_rfc_8785_form(w) {
        let record = Rec::interview(JINYANG);
        let answers = json!({
            "z": 1.0, "a": -0.0, "m": 1e21, "n": 1e-7, "o": 0.000_001, "p": 123_456_789.123_456_78,
            "é": "é", "😀": "\u{1f600}\u{2028}\u{7f}", "\u{fb33}": "\t\n\"\\/", "控制": "\u{1}\u{1f}", "l": ["b", "a"],
        });
        is(w.ali().push_one(record.create_with(json!({ "answers": answers.clone() }))), "applied");
        // `Mirror` compares the digest with its own.
        let mut mirror = Mirror::of(w.ali());
        mirror.sync();
        for (name, value) in answers.as_object().unwrap() {
            let got = &mirror.fields(&record)[format!("answers.{name}")];
            let same = got == value || got.as_f64().is_some_and(|number| Some(number) == value.as_f64());
            assert!(same, "{name}: {got} is not {value}");
        }
    }

    fn the_same_fields_have_the_same_digest_only_at_the_same_rev(w) {
        let record = Rec::household(JINYANG);
        w.ali().push_one(record.create());
        let first = w.ali().see(&record).unwrap();
        w.ali().push_one(record.create());
        let second = w.ali().see(&record).unwrap();
        assert_eq!(first["fields"], second["fields"]);
        assert_ne!(first["digest"], second["digest"]);
    }

    fn all_collections_come_by_one_pull(w) {
        let records = COLLECTIONS.map(|name| Rec::new(name, JINYANG));
        w.ali().push(records.iter().map(Rec::create));
        let mut mirror = Mirror::of(w.chen());
        mirror.sync();
        for record in &records {
            assert!(mirror.record(record).is_some(), "{record:?}");
        }
    }

    fn seqs_grow_in_each_bucket(w) {
        let mut last = 0;
        for _ in 0..5 {
            let result = w.chen().push_one(Rec::household(ZHAOJUE).create());
            assert!(seq(&result) > last);
            last = seq(&result);
            households(w.chen(), JINYANG, 2);
        }
        let page = w.chen().pull(None);
        assert_eq!(bucket_of(&page, ZHAOJUE)["seq"], last);
    }

    /// However large the records are, a page stays small: phones and servers have little memory.
    fn pages_of_large_records_hold_fewer(w) {
        let text = "山".repeat(4000);
        let answers = |from: usize| -> Value { (from..from + 100).map(|n| (format!("q{n}"), json!(text))).collect() };
        // A small one between large ones, and one that has grown larger than a page.
        let records: Vec<_> = (0..7).map(|_| Rec::interview(JINYANG)).collect();
        for (n, record) in records.iter().enumerate() {
            let op = if n == 3 { record.create() } else { record.create_with(json!({ "answers": answers(0) })) };
            w.ali().push([op]);
        }
        for round in 1..5 {
            w.ali().push([records[5].edit(json!({ "answers": answers(round * 100) }))]);
        }
        let mut mirror = Mirror::of(w.bo()).with_limit(5000);
        let pages = mirror.sync();
        let sizes: Vec<_> = pages.iter().map(|page| page.to_string().len()).collect();
        assert!(sizes.iter().all(|size| *size < 7 << 20), "{sizes:?}");
        assert!((3..=4).contains(&pages.len()), "{sizes:?}");
        assert_eq!(mirror.live()[JINYANG].len(), records.len());
        assert_eq!(Mirror::of(w.bo()).with_limit(1).sync().len(), records.len());
    }
}
