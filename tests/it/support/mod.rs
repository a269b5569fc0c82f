//! The harness. A test gets a `World`: a server of its own on a database of its own, with the standard cast.

pub(crate) mod cast;
pub(crate) mod cluster;
pub(crate) mod engine;
pub(crate) mod http;
pub(crate) mod jcs;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod mirror;
pub(crate) mod op;
pub(crate) mod outside;
pub(crate) mod phone;
pub(crate) mod raw;
pub(crate) mod serving;
pub(crate) mod statements;
pub(crate) mod time;
pub(crate) mod view;
pub(crate) mod world;

pub(crate) use http::Session;
pub(crate) use mirror::{Mirror, check_record};
pub(crate) use op::{COLLECTIONS, JINYANG, Op, Rec, WUSHENG, XIDE, ZHAOJUE, good, new_id};
pub(crate) use phone::{Phone, accepted, conflict_ids, is, rev, seq};
pub(crate) use serde_json::{Value, json};
pub(crate) use time::{ago, assert_near, eventually, mono, ms, now, read, wall, wire};
pub(crate) use view::{field_of, id_of};
pub(crate) use world::World;

/// Whether the long form of the tests is wanted: `bin/test --long`.
pub(crate) fn is_long() -> bool {
    std::env::var("RUHU_TEST_LONG").is_ok_and(|long| long != "0")
}

/// Each function becomes two tests, `name::sqlite` and `name::postgres`.
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* fn $name:ident($world:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "each test uses what it needs of the file's imports")]
            use super::*;

            fn body($world: &$crate::support::World) $body

            #[test]
            $(#[$attribute])*
            fn sqlite() {
                body(&$crate::support::World::new($crate::support::engine::Engine::Sqlite));
            }

            #[test]
            $(#[$attribute])*
            fn postgres() {
                body(&$crate::support::World::new($crate::support::engine::Engine::Postgres));
            }
        }
    )*};
}
pub(crate) use on_both_engines;
