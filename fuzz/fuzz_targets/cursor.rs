//! Cursors. As a text that a caller sends: none that was not sealed here is opened. As the bytes inside: whatever they are,
//! a cursor made of them comes back whole, and leads a caller to all it may see and to nothing else.

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use ruhu::auth::keys::Keys;
use ruhu::http::Code;
use ruhu::sync::envelope::Pull;
use ruhu::sync::sealed;
use std::sync::LazyLock;
use sync_core::Bucket;
use sync_core::cursor::{Cursor, Grant, Standing};
use uuid::Uuid;

const HOLDER: Uuid = Uuid::from_u128(7);

/// The same for each run, so that a crash can be repeated.
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let dir = std::env::temp_dir().join(format!("ruhu-fuzz-{}", std::process::id()));
    let keys = Keys::open(&dir).expect("a key");
    std::fs::remove_dir_all(&dir).expect("the key is not needed any more");
    keys
});

/// What the server has, and asks for in between.
#[derive(Debug, Arbitrary)]
struct World {
    counties: Vec<County>,
    restart: Vec<u32>,
}

#[derive(Debug, Arbitrary)]
struct County {
    code: u8,
    seq: u64,
    floor: u64,
    grant: (u8, u8),
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    match kind % 3 {
        0 => body(data),
        1 => text(data),
        _ => inside(data),
    }
});

/// The body of a pull.
fn body(data: &[u8]) {
    match Pull::read(data) {
        Err(problem) => assert!(matches!(problem.code, Code::Malformed | Code::SchemaTooOld), "{problem}"),
        Ok(pull) => {
            assert!((1..=5000).contains(&pull.limit));
            if let Some(cursor) = &pull.cursor {
                text(cursor.as_bytes());
            }
        }
    }
}

/// A text that somebody calls a cursor.
fn text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let refused = sealed::open(&KEYS, text, HOLDER).expect_err("nobody sealed it");
    assert_eq!(refused.code, Code::BadCursor);
}

fn inside(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let (Ok(world), Ok(at)) = (World::arbitrary(&mut input), usize::arbitrary(&mut input)) else { return };
    let Ok(mut cursor) = postcard::from_bytes::<Cursor>(input.take_rest()) else { return };
    cursor.holder = HOLDER;
    let sealed = comes_back(&cursor);
    // With any character of it changed, it is nobody's.
    let mut forged = sealed.clone().into_bytes();
    let at = at % forged.len();
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    text(&forged);
    text(&forged[..at]);
    assert!(sealed::open(&KEYS, &sealed, Uuid::from_u128(8)).is_err(), "of another");
    follow(cursor, &world);
}

fn comes_back(cursor: &Cursor) -> String {
    let sealed = sealed::seal(&KEYS, cursor);
    assert_eq!(sealed::open(&KEYS, &sealed, HOLDER).as_ref().ok(), Some(cursor));
    sealed
}

/// Pulls until there is no more.
fn follow(mut cursor: Cursor, world: &World) {
    let mut standings: Vec<Standing> = world.counties.iter().filter_map(standing).collect();
    standings.sort_by_key(|standing| standing.bucket.code());
    standings.dedup_by_key(|standing| standing.bucket.code());
    let restart: Vec<_> = world.restart.iter().filter_map(|code| Bucket::new(510_000 + code % 256)).collect();
    let plan = cursor.plan(&standings, &restart);
    for want in &plan.wants {
        let standing = standings.iter().find(|standing| standing.bucket == want.bucket).expect("nothing outside scope");
        assert!(want.after <= standing.seq && want.grant == standing.grant);
        assert!(!want.reset || (want.after == 0 && want.listed));
    }
    for bucket in &plan.revoked {
        assert!(cursor.has(*bucket) && standings.iter().all(|standing| standing.bucket != *bucket));
    }
    // One bucket has no room on this page; all others are given to their end.
    let (given, postponed) = plan.wants.split_at(plan.wants.len() - plan.wants.len().min(1));
    for want in given {
        let standing = standings.iter().find(|standing| standing.bucket == want.bucket).expect("in scope");
        cursor.give(want, standing.seq);
    }
    let left: Vec<_> = postponed.iter().map(|want| want.bucket).filter(|bucket| restart.contains(bucket)).collect();
    cursor.postpone(&left);
    cursor.revoke(&plan.revoked);
    comes_back(&cursor);
    let rest = cursor.plan(&standings, &[]);
    assert_eq!(rest.revoked, [], "named once");
    let wanted: Vec<_> = rest.wants.iter().map(|want| want.bucket).collect();
    assert_eq!(wanted, postponed.iter().map(|want| want.bucket).collect::<Vec<_>>());
    for (want, before) in rest.wants.iter().zip(postponed) {
        assert_eq!(want.reset, before.reset, "who had to forget still has to");
        cursor.give(want, standings.iter().find(|standing| standing.bucket == want.bucket).expect("in scope").seq);
    }
    assert_eq!(cursor.plan(&standings, &[]).wants, [], "and then there is no more");
    comes_back(&cursor);
}

fn standing(county: &County) -> Option<Standing> {
    let (user, team) = county.grant;
    let (bucket, seq) = (Bucket::new(510_000 + u32::from(county.code))?, county.seq);
    // Nothing was ever forgotten above what there was.
    let floor = county.floor.min(seq);
    Some(Standing { bucket, grant: Grant { user: user.into(), team: team.into() }, seq, floor })
}
