//! What it costs to read a push of 100 interviews, before a database is asked: `cargo bench --bench push`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ruhu::sync::envelope::Push;
use serde_json::json;
use std::hint::black_box;

const OPS: u64 = 100;

fn body() -> String {
    let op = |n: u64| {
        json!({
            "op_seq": n, "kind": "upsert", "bucket": "513430", "collection": "interviews",
            "id": format!("0195f0c2-7a31-7c5e-9d0e-3f6a1b2c{n:04x}"),
            "at": {"wall": "2015-04-16T08:40:02.000+08:00", "mono": 77_812_345, "boot": "b19"},
            "fields": {
                "answers.clothes": true, "answers.debt": 12_000, "answers.doctor": false, "answers.food": true,
                "answers.helper_known": true, "answers.house_safe": true, "answers.income": 2_300 + n,
                "answers.insured": true, "answers.policy": false, "answers.pupils": 2, "answers.satisfied": true,
                "answers.source": "务工", "answers.visits": 7, "answers.water_safe": false,
                "answers.wishes": ["修路", "住房"], "form": "household", "form_version": 1,
                "household": "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e", "level": "household", "respondent": "阿力木呷",
                "respondent_relation": "户主", "started_at": "2015-04-16T08:40:02.000+08:00",
                "visit": "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5f"
            }
        })
    };
    let clock = json!({"wall": "2015-04-16T11:02:38.123+08:00", "mono": 86_412_345, "boot": "b19"});
    json!({"schema": 1, "clock": clock, "ops": (1..=OPS).map(op).collect::<Vec<_>>()}).to_string()
}

fn read(c: &mut Criterion) {
    let body = body();
    assert_eq!(Push::read(body.as_bytes(), None, OPS as usize).ok().unwrap().ops.len() as u64, OPS);
    let mut group = c.benchmark_group("push");
    group.throughput(Throughput::Elements(OPS));
    group.bench_function("read 100 interviews", |b| {
        b.iter(|| Push::read(black_box(body.as_bytes()), None, OPS as usize).ok());
    });
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
