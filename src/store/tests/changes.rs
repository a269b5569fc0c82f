//! What a poll reads does not grow with what its counties have.

use super::Scratch;
use crate::store::dialect::Rows;
use crate::store::types::Id;
use crate::store::{Engine, StoreError, Tx, changes, snapshot_in_order};
use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use sync_core::cursor::{Grant, Want};
use sync_core::scope::Region;
use sync_core::{Bucket, Scope};
use uuid::Uuid;

const COUNTIES: i32 = 50;
/// Of each county.
const RECORDS: i64 = 200;

fn county(number: i32) -> i32 {
    513_401 + number
}

/// Records with the sequence numbers from 1 on, and no content.
fn fill(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    for number in 0..COUNTIES {
        Rows::new()
            .int("bucket", (0..RECORDS).map(|_| county(number)))
            .small("collection", (0..RECORDS).map(|_| 1))
            .uuid("id", (0..RECORDS).map(|_| Id(Uuid::now_v7())))
            .big("rev", (0..RECORDS).map(|_| 1))
            .big("seq", 1..=RECORDS)
            .flag("deleted", (0..RECORDS).map(|_| false))
            .bytes("digest", (0..RECORDS).map(|_| vec![0; 16]))
            .big("stamp", 1..=RECORDS)
            .big("at_ms", 1..=RECORDS)
            .big("received_ms", 1..=RECORDS)
            .uuid("device_id", (0..RECORDS).map(|_| Id(Uuid::nil())))
            .uuid("user_id", (0..RECORDS).map(|_| Id(Uuid::nil())))
            .json("fields", (0..RECORDS).map(|_| crate::store::JsonText("{}".into())))
            .insert(tx, "records")?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Scanned {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

#[test]
fn what_came_to_fifty_counties_is_found_by_the_index() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let scratch = Scratch::new(engine);
        scratch.store.write_now(fill).unwrap();
        let scope = Scope::Region(Region::parse("51").unwrap());
        let want = |number| Want {
            bucket: Bucket::new(county(number) as u32).unwrap(),
            after: RECORDS as u64 - 2,
            grant: Grant { user: 1, team: 1 },
            baseline: 0,
            reset: false,
            listed: false,
        };
        let wants: Vec<Want> = (0..COUNTIES).map(want).collect();
        let mut found = Vec::new();
        let scanned = scratch.store.read_now(|conn| {
            snapshot_in_order(conn, |conn| {
                changes::all(conn, &scope, &wants, |change| found.push((change.key.bucket, change.seq)))?;
                let crate::store::Conn::Pg(conn) = conn else { return Ok::<_, StoreError>(0) };
                // What this transaction alone has read of the table without an index.
                let of = "SELECT seq_tup_read AS rows FROM pg_stat_xact_user_tables WHERE relname = 'records'";
                Ok(sql_query(of).get_result::<Scanned>(conn)?.rows)
            })
        });
        let wanted = (0..COUNTIES).flat_map(|number| [1, 0].map(|back| (want(number).bucket, RECORDS as u64 - back)));
        assert!(found.iter().copied().eq(wanted), "{engine:?}: {found:?}");
        assert_eq!(scanned.unwrap(), 0, "{engine:?}: rows read one after the other");
    }
}
