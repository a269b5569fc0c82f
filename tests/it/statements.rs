//! How many statements a request costs: the table of `docs/performance.md`. None grows with the records. SQLite takes a list
//! in pieces whose lengths are powers of two, so that lists of such lengths cost what one row costs.

use crate::support::engine::Engine;
use crate::support::statements::Meter;
use crate::support::*;

/// What `ask` costs, told when a test fails.
fn count(meter: &Meter, what: &str, ask: impl FnOnce()) -> usize {
    let ((), statements) = meter.cost(ask);
    eprintln!("{what}: {} statements: {statements:#?}", statements.len());
    statements.len()
}

/// So many households in each of these counties.
fn fill(w: &World, counties: &[String], each: usize) {
    let new = |county: &String| (0..each).map(|_| Rec::household(county).create()).collect::<Vec<_>>();
    w.phone("province").push(counties.iter().flat_map(new));
}

fn coverage(w: &World) -> String {
    format!("/v1/campaigns/{}/coverage?level=county", w.cast().campaign)
}

/// The first page of a pull of everything, by a server that has just begun.
fn first_page(meter: &Meter, w: &World) -> usize {
    w.restart();
    count(meter, "the province's first page", || drop(w.province().pull(None)))
}

/// What a list of so many items costs.
fn list(meter: &Meter, session: &Session, filter: &str, limit: usize) -> usize {
    let path = format!("/v1/households?limit={limit}{filter}");
    let mut given = 0;
    let ask = || given = session.get(&path).send().ok()["items"].as_array().unwrap().len();
    let cost = count(meter, &path, ask);
    assert_eq!(given, limit);
    cost
}

/// What a push of so many new records costs.
fn push(meter: &Meter, phone: &Phone, records: usize) -> usize {
    let envelope = phone.envelope((0..records).map(|_| Rec::household(JINYANG).create()));
    count(meter, &format!("a push of {records}"), || drop(phone.accept(&envelope)))
}

on_both_engines! {
    fn a_first_page_costs_the_same_however_many_counties_and_records_it_has(w) {
        let counties = cast::counties("51");
        w.province();
        fill(w, &counties[..2], 1);
        let meter = Meter::of(w);
        let few = first_page(&meter, w);
        fill(w, &counties[2..128], 1);
        assert_eq!(first_page(&meter, w), few);
        fill(w, &counties[..128], 3);
        assert_eq!(first_page(&meter, w), few);
        assert!(few <= FIRST_PAGE, "{few}");
    }

    fn coverage_costs_the_same_however_many_records_there_are(w) {
        let counties = cast::counties("51");
        w.province();
        fill(w, &counties[..128], 1);
        let meter = Meter::of(w);
        let cold = || {
            w.restart();
            count(&meter, "coverage, cold", || drop(w.province().get(&coverage(w)).send().ok()))
        };
        let few = cold();
        fill(w, &counties[..128], 3);
        assert_eq!(cold(), few);
        let past = format!("{}&as_of={}", coverage(w), http::urlencode(&wire(ago(60))));
        drop(w.province().get(&past).send().ok());
        let again = count(&meter, "coverage of the past, again", || drop(w.province().get(&past).send().ok()));
        assert!(again <= COVERAGE, "{again}");
        let blocks = counties.len().div_ceil(IN_A_BLOCK);
        assert!(few <= COVERAGE + OF_A_BLOCK * blocks, "{few} for {blocks} blocks");
        // What has not moved is not looked at again.
        let warm = count(&meter, "coverage, warm", || drop(w.province().get(&coverage(w)).send().ok()));
        assert!(warm <= COVERAGE, "{warm}");
        // One county has.
        fill(w, &counties[..1], 1);
        let moved = count(&meter, "coverage, one county", || drop(w.province().get(&coverage(w)).send().ok()));
        assert!(moved <= warm + OF_A_BLOCK, "{moved} after {warm}");
    }

    fn a_long_list_costs_what_a_short_one_costs(w) {
        w.ali().push((0..120).map(|_| Rec::household(JINYANG).create()));
        let office = w.liangshan();
        let meter = Meter::of(w);
        let short = list(&meter, office, "", 1);
        assert_eq!(list(&meter, office, "", 100), short);
        assert!(short <= LIST, "{short}");
    }

    fn a_filtered_list_is_not_looked_for_twice(w) {
        w.ali().push((0..120).map(|_| Rec::household(JINYANG).create()));
        let office = w.liangshan();
        let meter = Meter::of(w);
        let filter = "&people%5Bgte%5D=1";
        // The first of a server looks up what the others know.
        list(&meter, office, "", 1);
        let first = list(&meter, office, filter, 1);
        assert_eq!(list(&meter, office, filter, 64), first, "behind what is known it is looked for");
        let again = list(&meter, office, filter, 64);
        assert!(again <= FILTERED && again < first, "{again} after {first}");
        assert_eq!(list(&meter, office, filter, 1), again);
        w.ali().push([Rec::household(JINYANG).create()]);
        assert_eq!(list(&meter, office, filter, 64), first, "the county has moved");
    }

    fn what_phones_ask_most_costs_least(w) {
        w.ali().push([Rec::household(JINYANG).create()]);
        let cursor = w.chen().pull(None)["cursor"].clone();
        let meter = Meter::of(w);
        let poll = || drop(w.chen().pull(cursor.as_str()));
        assert_eq!(count(&meter, "a poll with nothing new", poll), 1);
        let me = count(&meter, "/v1/me", || drop(w.chen().get("/v1/me").send().ok()));
        assert!(me <= ME, "{me}");
    }

    fn a_long_push_costs_what_a_short_one_costs(w) {
        let meter = Meter::of(w);
        // The first of a server looks up what the others know.
        push(&meter, w.ali(), 1);
        let one = push(&meter, w.ali(), 1);
        let most = match w.engine() {
            Engine::Sqlite => PUSH,
            // What is written is one statement.
            Engine::Postgres => PUSH - 3,
        };
        assert!(one <= most, "{one}");
        let long = push(&meter, w.ali(), 64);
        assert_eq!(push(&meter, w.ali(), 128), long);
        // What may wait for the rest of a short push is written by a statement of its own, beside which the rest is worked out.
        assert!(long <= one + 1, "{long} after {one}");
        // In pieces, at worst.
        let odd = push(&meter, w.ali(), 100);
        assert!(odd <= 2 * long, "{odd}");
    }
}

/// One statement reads all counties; SQLite takes the province's 183 in six pieces.
const FIRST_PAGE: usize = 11;
/// So many counties are looked into together, by so many statements; beside them some are asked once.
const IN_A_BLOCK: usize = 16;
const OF_A_BLOCK: usize = 8;
const COVERAGE: usize = 15;
const LIST: usize = 2;
/// Who has moved and the rows, as they stand at one moment.
const FILTERED: usize = 5;
const ME: usize = 6;
/// Of one record: who pushes, the county's head, the record; then the device, the two rows of the record, the head.
const PUSH: usize = 9;
