//! The lists of records give the same, by whatever way they come by it: that which goes through the few rows of one filter,
//! and that which walks along an order.

use super::Scratch;
use crate::auth::keys::Keys;
use crate::http::Problem;
use crate::http::list::ListParams;
use crate::store::dialect::Rows;
use crate::store::listing::{Found, Listing, Sql, rows};
use crate::store::records::{Key, RecordRow};
use crate::store::{Conn, Engine, StoreError, Tx, record_indexes, record_lists};
use crate::sync::direct::{By, Direct};
use actix_web::FromRequest as _;
use actix_web::test::TestRequest;
use diesel::sql_types::Text;
use serde_json::{Map, Value, json};
use sync_core::merge::Change;
use sync_core::scope::Region;
use sync_core::{Bucket, Collection, Scope};
use uuid::Uuid;

const COUNTIES: [&str; 3] = ["510104", "513430", "513431"];
const HOUSEHOLDS: u32 = 60;

/// Household `n`: its values repeat in different rhythms, and some are left out.
fn household(n: u32) -> Map<String, Value> {
    let county = COUNTIES[n as usize % 3];
    let of = |values: &[&'static str], n: u32| values[n as usize % values.len()];
    let mut fields = json!({
        "village": format!("{county}1002{:02}", n % 4),
        "head_name": of(&["吉克阿力", "沙马木呷", "Wang Fang"], n),
        "remarks": format!("第{n}户 {}", if n.is_multiple_of(7) { "道路不通" } else { "" }),
        "status": of(&["poor", "lifted", "returned", "removed"], n),
        "housing_grade": of(&["A", "B", "D"], n / 3),
        "people": n % 6 + 1,
        "income_per_capita": f64::from(n * 37 % 50) * 61.5 - 100.0,
        "water_safe": n.is_multiple_of(5),
        "relocation": n.is_multiple_of(3),
        "location": { "lat": 27.0 + f64::from(n) / 100.0, "lon": 102.0 + f64::from(n % 10) / 50.0 },
    });
    let fields = fields.as_object_mut().unwrap();
    for (name, every) in [("people", 11), ("income_per_capita", 7), ("status", 13), ("location", 9)] {
        if n % every == every - 1 {
            fields.remove(name);
        }
    }
    fields.clone()
}

/// Writes to household `n`.
fn write(tx: &mut Tx<'_>, n: u32, fields: &Map<String, Value>) -> Result<(), Problem> {
    let bucket: Bucket = COUNTIES[n as usize % 3].parse().unwrap();
    let id = Uuid::from_u128(u128::from(n * 7919 % 64) << 100);
    let key = Key { bucket, collection: Collection::Households, id };
    let named = crate::fields::check(key.collection, bucket, id, None, &fields.into()).unwrap();
    let by = By { user: Uuid::nil(), team: None, now: 1_429_153_358_000 + i64::from(n * 31 % 17) };
    Direct::open(tx, by, key)?.write(tx, Change::Upsert(named.edits.into()))?;
    Ok(())
}

/// A register of three counties.
pub(crate) struct Register {
    pub(crate) scratch: Scratch,
    keys: Keys,
}

/// The keys of a list's rows, page after page.
type Listed = Vec<(i32, Uuid)>;

impl Register {
    pub(crate) fn new(engine: Engine) -> Self {
        let scratch = Scratch::new(engine);
        let made = scratch.store.write_now(|tx| {
            let codes = COUNTIES.map(|code| code.parse::<i32>().unwrap());
            Rows::new().int("bucket", codes).execute(tx, "INSERT INTO buckets (bucket) SELECT bucket FROM v")?;
            for n in 0..HOUSEHOLDS {
                write(tx, n, &household(n))?;
            }
            Ok::<_, Problem>(())
        });
        made.unwrap();
        let keys = Keys::open(&scratch.dir).unwrap();
        Self { scratch, keys }
    }

    /// Gives household `n` what another one has.
    pub(crate) fn change(&self, n: u32, other: u32) {
        self.scratch.store.write_now(move |tx| write(tx, n, &household(other))).unwrap();
    }

    /// All pages of a list, by a way that takes `few` for few; the ids and the total of each page.
    pub(crate) fn ids(&self, query: &str, limit: usize, few: usize) -> (Listed, Option<u64>) {
        self.pages(query, limit, |conn, scope, collection, listing| {
            let found = record_lists::page_where(conn, scope, collection, listing, few)?;
            let totals = record_lists::totals_where(conn, scope, collection, listing, few)?;
            Ok(Found { total: Some(totals.into_values().sum()), ..found })
        })
    }

    /// All pages of a list, each as `page` finds it.
    pub(crate) fn pages(
        &self,
        query: &str,
        limit: usize,
        page: impl Fn(&mut Conn, &Scope, Collection, &Listing<RecordRow>) -> Result<Found<RecordRow>, StoreError>,
    ) -> (Listed, Option<u64>) {
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let uri = format!("/?{query}&limit={limit}&count=true{cursor}");
            let request = TestRequest::get().uri(&uri).to_http_request();
            let params = ListParams::extract(&request).into_inner().unwrap();
            let asked = params.read(record_lists::list(Collection::Households), &self.keys, Uuid::nil()).unwrap();
            let scope = Scope::Region(Region::parse("51").unwrap());
            let found = self.scratch.store.read_now(|conn| page(conn, &scope, Collection::Households, &asked.listing));
            let found = asked.page(found.unwrap(), |row| (row.bucket, row.id.0));
            ids.extend(found.items);
            let Some(next) = found.next else { return (ids, found.total) };
            cursor = format!("&cursor={next}");
        }
    }
}

pub(crate) const FILTERS: [&str; 17] = [
    "",
    "status=returned",
    "status=returned&housing_grade=D",
    "status[in]=poor,lifted&people[gte]=3",
    "water_safe=false&relocation=true",
    "income_per_capita[lt]=500",
    "income_per_capita[gte]=500&status=poor",
    "village=513430100201",
    "bucket[in]=513430,513431&people=2",
    "q=%E5%90%89%E5%85%8B",
    "q=%E9%81%93%E8%B7%AF+wang&housing_grade=A",
    "near=27.2,102.1,30000",
    "bbox=102,27,102.1,27.3&status=poor",
    "updated_at[gte]=2015-04-16T03:02:38.008Z&status=lifted",
    "people[gte]=3&housing_grade=A",
    "near=27.2,102.1,30000&income_per_capita[gte]=500",
    "q=%E5%90%89%E5%85%8B&income_per_capita[gte]=500",
];

const SORTS: [&str; 8] = [
    "",
    "sort=-id",
    "sort=income_per_capita",
    "sort=-income_per_capita",
    "sort=people,-income_per_capita",
    "sort=-people,village",
    "sort=-updated_at",
    "sort=updated_at,-people",
];

fn every_way_leads_to_the_same(engine: Engine) {
    let register = Register::new(engine);
    for filter in FILTERS {
        let mut all: Option<Vec<_>> = None;
        for sort in SORTS {
            let query = format!("{filter}&{sort}");
            let (expected, total) = register.ids(&query, 1000, 10_000);
            assert_eq!(total, Some(expected.len() as u64), "{query}");
            for (limit, few) in [(1000, 0), (7, 10_000), (7, 0), (7, 12)] {
                assert_eq!(register.ids(&query, limit, few).0, expected, "{query} by {limit}, {few}");
            }
            let mut sorted = expected.clone();
            sorted.sort_unstable();
            assert_eq!(*all.get_or_insert_with(|| sorted.clone()), sorted, "{query}: the same, in another order");
        }
        let all = all.unwrap();
        assert!(!all.is_empty() && (filter.is_empty() || all.len() < HOUSEHOLDS as usize), "{filter}: {}", all.len());
    }
}

#[test]
fn every_way_leads_to_the_same_on_sqlite() {
    every_way_leads_to_the_same(Engine::Sqlite);
}

#[test]
fn every_way_leads_to_the_same_on_postgres() {
    every_way_leads_to_the_same(Engine::Postgres);
}

/// What the lists believe of the indexes stands in the schema, which is the same on both engines (tests/it/migrations.rs).
#[test]
fn the_indexes_are_those_of_the_schema() {
    let scratch = Scratch::new(Engine::Sqlite);
    let sql = "SELECT m.tbl_name, COALESCE(m.sql, ''), (SELECT group_concat(i.name, ' ') FROM \
               (SELECT name FROM pragma_index_info(m.name) ORDER BY seqno) i) FROM sqlite_schema m WHERE m.type = 'index'";
    let found =
        scratch.store.read_now(|conn| rows::<(Text, Text, Text), (String, String, String)>(conn, Sql::new(sql)));
    let found = found.unwrap();
    for collection in Collection::ALL {
        let has = |fits: &dyn Fn(&str, &str) -> bool| {
            found.iter().any(|(table, sql, columns)| table == collection.name() && fits(sql, columns))
        };
        for (column, flag) in record_indexes::indexed(collection) {
            let there = match flag {
                None => has(&|_, columns| columns.split(' ').next() == Some(column)),
                Some(true) => has(&|sql, _| sql.ends_with(&format!("WHERE {column}"))),
                Some(false) => has(&|sql, _| sql.ends_with(&format!("WHERE NOT {column}"))),
            };
            assert!(there, "{collection:?} has no index of {column}");
        }
        for scan in record_indexes::scans(collection) {
            let expected = format!("bucket id {}", scan.join(" "));
            assert!(has(&|_, columns| columns == expected), "{collection:?} has no index of {expected}");
        }
    }
}
