//! The envelopes of push and pull: what concerns a request as a whole.

use super::operation::{Sent, reading};
use crate::http::strict::parse;
use crate::http::{Code, Problem};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use sync_core::clock::Reading;
use uuid::Uuid;

/// The version of the protocol that this server speaks.
pub const SCHEMA: u64 = 1;

/// A push whose envelope and every `op_seq` could be read.
#[derive(Debug, Clone)]
pub struct Push {
    pub clock: Reading,
    pub ops: Vec<Sent>,
}

#[derive(serde::Deserialize)]
struct RawPush<'a> {
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    #[serde(borrow)]
    clock: Option<&'a RawValue>,
    #[serde(borrow)]
    ops: Option<RawOps<'a>>,
}

/// The operations, of which no more are noted than could be taken: two million `1,` fit into a push.
struct RawOps<'a> {
    noted: Vec<&'a RawValue>,
    count: usize,
}

const NOTED: usize = 10_000;

/// Fewer operations are not worth the way to another thread.
const ALONE: usize = 25;

impl<'de: 'a, 'a> Deserialize<'de> for RawOps<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items;
        impl<'de> Visitor<'de> for Items {
            type Value = RawOps<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut ops = RawOps { noted: Vec::new(), count: 0 };
                while let Some(op) = items.next_element()? {
                    if ops.count < NOTED {
                        ops.noted.push(op);
                    }
                    ops.count += 1;
                }
                Ok(ops)
            }
        }
        deserializer.deserialize_seq(Items)
    }
}

fn malformed(en: impl Into<String>, zh: impl Into<String>) -> Problem {
    Problem::new(Code::Malformed).detail(en, zh)
}

/// A body that is no JSON, or none of the shape that belongs here, with the place where that shows.
pub fn not_json(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    if error.is_data() {
        return malformed(
            format!("The body is JSON, but not of the shape that belongs here: line {line}, column {column}."),
            format!("请求体是 JSON，但结构不符（第 {line} 行第 {column} 列）。"),
        );
    }
    malformed(
        format!("The body is not JSON: it breaks off or goes wrong at line {line}, column {column}."),
        format!("请求体不是 JSON：第 {line} 行第 {column} 列有误或中断。"),
    )
}

fn schema(raw: Option<&str>) -> Result<(), Problem> {
    match raw.and_then(|raw| raw.parse::<u64>().ok()) {
        Some(SCHEMA) => Ok(()),
        Some(older) if older < SCHEMA => Err(Problem::new(Code::SchemaTooOld)),
        Some(_) => Err(malformed(
            format!("This server speaks schema {SCHEMA}; the request asks for a newer one."),
            format!("本服务器支持的协议版本为 {SCHEMA}，请求的版本更新。"),
        )),
        None => Err(malformed("`schema` must be a whole number.", "`schema` 必须是整数。")),
    }
}

impl Push {
    /// Reads a decompressed body. `team` is the author's; `most` the largest number of operations.
    pub fn read(body: &[u8], team: Option<Uuid>, most: usize) -> Result<Self, Problem> {
        let text = utf8(body)?;
        let raw: RawPush<'_> = serde_json::from_str(text).map_err(|e| not_json(&e))?;
        schema(raw.schema.map(RawValue::get))?;
        let ops = raw.ops.ok_or_else(|| malformed("`ops` must be a list.", "`ops` 必须是列表。"))?;
        if ops.count > most.min(NOTED) {
            return Err(Problem::new(Code::TooLarge).detail(
                format!("At most {most} operations in one push; send the rest in the next."),
                format!("一次最多推送 {most} 条操作，其余请下次推送。"),
            ));
        }
        let clock = raw.clock.and_then(|clock| parse(clock.get()).ok());
        let read = |(i, raw): (usize, &RawValue)| {
            Sent::read(raw.get(), team).ok_or_else(|| {
                malformed(
                    format!("/ops/{i}/op_seq must be a whole number from 1 on."),
                    format!("/ops/{i}/op_seq 必须是不小于 1 的整数。"),
                )
            })
        };
        let ops = if ops.count <= ALONE {
            ops.noted.into_iter().enumerate().map(read).collect::<Result<_, _>>()?
        } else {
            // Side by side, because a phone that comes alone waits for nothing else.
            let ops: Vec<_> = ops.noted.into_par_iter().with_min_len(ALONE).enumerate().map(read).collect();
            ops.into_iter().collect::<Result<_, _>>()?
        };
        Ok(Self { clock: reading(clock.as_ref()), ops })
    }
}

/// A pull as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    pub cursor: Option<String>,
    pub limit: u32,
    pub restart: Vec<String>,
}

/// The limits of a page of changes.
pub const PULL_DEFAULT: u32 = 1000;
pub const PULL_MOST: u32 = 5000;

#[derive(serde::Deserialize)]
struct RawPull<'a> {
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    cursor: Option<String>,
    #[serde(borrow)]
    limit: Option<&'a RawValue>,
    restart: Option<Vec<String>>,
}

impl Pull {
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        let raw: RawPull<'_> = serde_json::from_str(utf8(body)?).map_err(|e| not_json(&e))?;
        schema(raw.schema.map(RawValue::get))?;
        let limit = match raw.limit.map(RawValue::get) {
            None => PULL_DEFAULT,
            Some(raw) => raw.parse().ok().filter(|limit| (1..=PULL_MOST).contains(limit)).ok_or_else(|| {
                malformed(
                    format!("`limit` must be a whole number from 1 to {PULL_MOST}."),
                    format!("`limit` 必须是 1 到 {PULL_MOST} 的整数。"),
                )
            })?,
        };
        Ok(Self { cursor: raw.cursor, limit, restart: raw.restart.unwrap_or_default() })
    }
}

fn utf8(body: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(body).map_err(|e| {
        malformed(
            format!("The body is not UTF-8: byte {}.", e.valid_up_to()),
            format!("请求体不是 UTF-8 编码（第 {} 字节）。", e.valid_up_to()),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::Push;
    use crate::http::Code;

    fn push(op_seq: &str) -> Result<Vec<u64>, Code> {
        // Strictly read and, with a member twice, as an outline.
        let [first, second] = ["", r#","kind":"upsert","kind":"upsert""#].map(|more| {
            let body = format!(r#"{{"schema":1,"ops":[{{"op_seq":{op_seq}{more}}}]}}"#);
            let push = Push::read(body.as_bytes(), None, 500);
            push.map(|push| push.ops.iter().map(|op| op.op_seq).collect()).map_err(|problem| problem.code)
        });
        assert_eq!(first, second, "{op_seq}");
        first
    }

    #[test]
    fn operations_are_numbered_from_one_on_and_below_two_to_the_53() {
        for (op_seq, number) in [("1", 1), ("2.0", 2), ("9007199254740991", (1 << 53) - 1)] {
            assert_eq!(push(op_seq), Ok(vec![number]));
        }
        for op_seq in ["0", "0.0", "-0", "-1", "9007199254740992", "9007199254740993", "1e30", "0.5", "null", "\"1\""] {
            assert_eq!(push(op_seq), Err(Code::Malformed), "{op_seq}");
        }
    }
}
