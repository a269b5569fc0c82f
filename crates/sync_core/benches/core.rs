//! What the core's parts cost for one interview of 600 to 700 bytes: `cargo bench -p sync_core`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use std::hint::black_box;
use sync_core::clock::{Reading, correct};
use sync_core::cursor::{Cursor, Grant, Standing};
use sync_core::fields::Edits;
use sync_core::merge::{Change, Op, Outcome, Subject};
use sync_core::record::Author;
use sync_core::window::{Entry, Status, Window};
use sync_core::{Bucket, Collection, Digest, Fields, Stamp, Sum, canonical};
use uuid::Uuid;

const REQUIRED: [&str; 4] = ["form", "form_version", "level", "visit"];
const NOW: i64 = 1_429_150_000_000;

fn interview() -> Value {
    json!({
        "answers.clothes": true, "answers.debt": 12_000, "answers.doctor": false, "answers.food": true,
        "answers.helper_known": true, "answers.house_safe": true, "answers.income": 2_300, "answers.insured": true,
        "answers.policy": false, "answers.pupils": 2, "answers.satisfied": true, "answers.source": "务工",
        "answers.visits": 7, "answers.water_safe": false, "answers.wishes": ["修路", "住房"],
        "form": "household", "form_version": 1, "household": "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e",
        "level": "household", "respondent": "阿力木呷", "respondent_relation": "户主",
        "started_at": "2015-04-16T08:40:02.000+08:00", "visit": "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5f"
    })
}

fn text() -> String {
    canonical::to_string(&interview())
}

fn edits() -> Edits {
    let fields = Fields::from_canonical(text()).unwrap();
    fields.iter().map(|(name, value)| (name, Some(value))).collect()
}

fn author(device: u128) -> Author {
    Author { device: Uuid::from_u128(device), user: Uuid::from_u128(2), team: None }
}

fn op(change: Edits, base: u64, stamp: u64, device: u128) -> Op {
    Op {
        change: Change::Upsert(change.into()),
        base,
        stamp: Stamp(stamp),
        author: author(device),
        at: NOW,
        claimed: Some(NOW),
        received: NOW,
        released: false,
        fill: None,
    }
}

fn income(value: &str) -> Edits {
    [("answers.income", Some(value))].into_iter().collect()
}

/// A record after these operations.
fn subject(ops: &[Op]) -> Subject {
    let (mut subject, mut seq) = (Subject::default(), 0);
    for op in ops {
        black_box(subject.accept(op, &REQUIRED, &mut seq));
    }
    let mut past = subject.past().to_vec();
    past.extend(subject.overtaken().iter().cloned());
    past.dedup_by_key(|past| past.written.rev);
    Subject::new(subject.record().cloned(), past, Vec::new())
}

fn canonical_form(c: &mut Criterion) {
    let (value, text) = (interview(), text());
    let mut group = c.benchmark_group("canonical form");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("of a parsed object", |b| b.iter(|| canonical::to_string(black_box(&value))));
    group.bench_function("into fields", |b| b.iter(|| Fields::from_canonical(black_box(text.as_str())).unwrap()));
    let edits = edits();
    group.bench_function("of edits", |b| b.iter(|| Fields::from_edits(black_box(&edits))));
    group.finish();
}

fn digest(c: &mut Criterion) {
    let (text, id, bucket) = (text(), Uuid::from_u128(7), Bucket::new(513_430).unwrap());
    let mut group = c.benchmark_group("digest");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("of a record", |b| {
        b.iter(|| Digest::of_record(bucket, Collection::Interviews, black_box(id), 3, black_box(&text)));
    });
    group.finish();
    let digest = Digest::of(text.as_bytes());
    c.bench_function("sum, one record in place of another", |b| {
        b.iter(|| black_box(Sum::default()).plus(black_box(digest)).minus(black_box(digest)));
    });
}

fn merge(c: &mut Criterion) {
    let mut group = c.benchmark_group("merge");
    let new = op(edits(), 0, 10, 1);
    let bench = |b: &mut criterion::Bencher<'_>, ready: Subject, op: Op, conflicts: usize| {
        let outcome = ready.clone().accept(&op, &REQUIRED, &mut 5);
        assert!(matches!(outcome, Outcome::Accepted(accepted) if accepted.conflicts.len() == conflicts));
        b.iter_batched_ref(
            || (ready.clone(), 5),
            |(subject, seq)| subject.accept(black_box(&op), &REQUIRED, seq),
            BatchSize::SmallInput,
        );
    };
    group.bench_function("a new record", |b| bench(b, Subject::default(), new.clone(), 0));
    let created = subject(std::slice::from_ref(&new));
    group.bench_function("one field of its own record", |b| bench(b, created.clone(), op(income("2400"), 1, 20, 1), 0));
    let changed = subject(&[new, op(income("2400"), 1, 20, 1)]);
    group.bench_function("a conflict", |b| bench(b, changed.clone(), op(income("2500"), 1, 30, 3), 1));
    group.finish();
}

fn time(c: &mut Criterion) {
    c.bench_function("stamp", |b| {
        b.iter(|| Stamp::issue(black_box(NOW), black_box(Some(Stamp::at(NOW))), black_box(Some(Stamp::at(NOW - 1)))));
    });
    let reading = |ago| Reading { wall: Some(NOW - ago), mono: Some(9_000_000 - ago), boot: Some("b1".into()) };
    let (clock, at) = (reading(0), reading(60_000));
    c.bench_function("clock correction", |b| b.iter(|| correct(NOW, black_box(&clock), black_box(&at))));
}

/// The province's cursor over 161 counties.
fn cursor(c: &mut Criterion) {
    let standing = |seq| {
        move |n: u32| Standing { bucket: Bucket::new(510_101 + n).unwrap(), grant: Grant::default(), seq, floor: 0 }
    };
    let mut cursor = Cursor::new(Uuid::from_u128(1));
    let mut standings: Vec<Standing> = (0..161).map(standing(1000)).collect();
    for want in cursor.plan(&standings, &[]).wants {
        cursor.give(&want, 1000);
    }
    let mut group = c.benchmark_group("cursor plan");
    group.bench_function("nothing new in 161 counties", |b| b.iter(|| cursor.plan(black_box(&standings), &[])));
    standings.iter_mut().step_by(50).for_each(|standing| standing.seq += 7);
    group.bench_function("news in 4 of 161 counties", |b| b.iter(|| cursor.plan(black_box(&standings), &[])));
    let none = Cursor::new(Uuid::from_u128(1));
    group.bench_function("a new device", |b| b.iter(|| none.plan(black_box(&standings), &[])));
    group.finish();
}

/// Pushes of 100.
fn window(c: &mut Criterion) {
    let digest = |seq: u64| Digest::of(&seq.to_be_bytes());
    let entry = |seq| Entry { digest: digest(seq).0, status: Status::Applied, rev: 1, seq, conflicts: vec![] };
    let ops = |from: u64| (from..from + 100).map(|seq| (seq, digest(seq))).collect::<Vec<_>>();
    let mut window = Window::default();
    window.advance(1, (1..=100).map(entry));
    let (again, next) = (ops(1), ops(101));
    let mut group = c.benchmark_group("window of 100");
    group.bench_function("a repeat", |b| b.iter(|| window.compare(100, black_box(&again))));
    group.bench_function("the next push", |b| b.iter(|| window.compare(100, black_box(&next))));
    let entries: Vec<Entry> = (101..=200).map(entry).collect();
    group.bench_function("advance", |b| {
        b.iter_batched_ref(
            || (window.clone(), entries.clone()),
            |(window, entries)| window.advance(101, entries.drain(..)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, canonical_form, digest, merge, time, cursor, window);
criterion_main!(benches);
