//! `ruhu demo --scale`: what is written in bulk cannot be told from what phones push. `ruhu check` finds every digest, sum,
//! history and row right, lists and phones find the records, and phones go on where it ends.

use super::{Fresh, told};
use crate::support::engine::Engine;
use crate::support::*;

fn total(session: &Session, list: &str) -> u64 {
    let separator = if list.contains('?') { '&' } else { '?' };
    session.get(&format!("/v1/{list}{separator}count=true&limit=1")).send().ok()["total"].as_u64().unwrap()
}

fn a_province_in_bulk(engine: Engine) {
    let fresh = Fresh::new(engine);
    let said = fresh.demo(&["--scale", "0.01"]);
    assert_eq!(told(&said, "households"), 15_000);
    let checked = fresh.run(&["check"], "");
    assert!(checked.contains("nothing is wrong"), "{checked}");

    let served = fresh.serve();
    let province = served.sign_in("province", None).0;
    for list in ["households", "members", "villages", "visits", "interviews", "findings", "photos"] {
        assert_eq!(total(&province, list), told(&said, list), "{list}");
    }
    let visits = told(&said, "visits");
    assert!((2_300..2_500).contains(&visits), "{visits} visits, not about 2,400");
    // A correction is a second rev, by another device than the first.
    let corrected = &province.get("/v1/households?sort=-updated_at&limit=1").send().ok()["items"][0];
    let id = id_of(corrected);
    let history = province.all(&format!("/v1/households/{id}/history"));
    assert_eq!(history.iter().map(|rev| rev["rev"].clone()).collect::<Vec<_>>(), [1, 2]);
    assert_ne!(history[0]["device"], history[1]["device"]);
    assert!(history[0]["at"].as_str().unwrap() < "2015" && history[1]["at"].as_str().unwrap() > "2015-04-13");
    // What the inspection reached, by what the records say; the samples have their visits.
    let campaign = id_of(&province.get("/v1/campaigns").send().ok()["items"][0]);
    let coverage = province.get(&format!("/v1/campaigns/{campaign}/coverage")).send().ok();
    assert!(coverage.to_string().contains("random_check"), "{coverage}");
    let slots: Vec<Value> =
        province.all("/v1/visits?sort=-day").into_iter().filter(|v| v["fields"]["sample_slot"].is_string()).collect();
    assert!(!slots.is_empty());
    // No answer is flagged but the slips that were made on purpose.
    let flagged =
        province.all("/v1/interviews").into_iter().filter(|i| i["warnings"].as_array().is_some_and(|w| !w.is_empty()));
    let (flagged, all) = (flagged.count() as u64, told(&said, "interviews"));
    assert!(flagged > 0 && flagged * 20 < all, "{flagged} of {all} interviews are flagged");

    // A phone pulls its counties; every sum is what the digests add up to.
    let (session, tokens) = served.sign_in("team001-1", Some("a new phone"));
    let (user, device) = (tokens["user"]["id"].as_str().unwrap_or_default(), tokens["device"]["id"].as_str().unwrap());
    let phone = Phone::new(&session, &tokens, "team", user, device);
    let mut mirror = Mirror::of(&phone.session);
    mirror.sync();
    let county = mirror.buckets.keys().next().unwrap().clone();
    let held = mirror.buckets[&county].values().filter(|record| record.fields.is_some()).count() as u64;
    let listed = ["households", "members", "villages", "visits", "interviews", "findings", "photos"];
    assert_eq!(held, listed.iter().map(|list| total(&province, &format!("{list}?bucket={county}"))).sum::<u64>());
    accepted(phone.push_one(Rec::household(&county).create()));
    mirror.page();
    served.server.stop();
}

#[test]
fn a_province_is_written_in_bulk_on_sqlite() {
    a_province_in_bulk(Engine::Sqlite);
}

#[test]
fn a_province_is_written_in_bulk_on_postgres() {
    a_province_in_bulk(Engine::Postgres);
}
