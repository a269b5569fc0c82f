//! Request bodies: JSON alone, plain or packed with gzip or zstd, measured after unpacking. A bomb stops at the limit, a
//! body that ends too early never counts as a shorter one, and all bodies together have an end (see [`super::room`]).

use super::room::{self, Extent, Room};
use super::strict::{self, NotStrict, VALUES};
use super::{Code, Problem, shape};
use crate::fields::{Fault, FieldError};
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::io::{self, Read as _};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Of the JSON body of anything but a push.
pub const JSON_BYTES: usize = 1024 * 1024;

/// Smaller bodies arrive without asking for room, and are unpacked where they are.
const SMALL: usize = 64 * 1024;

/// A body may come as slowly as a bad network makes it, but not stand still for so long.
const SILENCE: Duration = Duration::from_mins(1);

/// 8 MiB, what RFC 9659 allows a sender of `zstd`: else a few bytes could ask for 128 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// A body as it was before packing, at most `LIMIT` bytes; read by the handler.
#[derive(Debug, Clone)]
pub struct Raw<const LIMIT: usize> {
    bytes: Bytes,
    /// What it takes of everybody's memory, until it is dropped and the request is over.
    _room: Arc<Vec<Room>>,
}

/// A body read into `T`: 400 `malformed` when it is no JSON, 422 `invalid` with the place and the fault when it is not the
/// JSON that belongs here.
#[derive(Debug, Clone)]
pub struct Json<T, const LIMIT: usize = JSON_BYTES> {
    pub value: T,
    /// What it was read from: see [`super::idempotency`].
    pub bytes: Bytes,
}

impl<const LIMIT: usize> Deref for Raw<LIMIT> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<const LIMIT: usize> FromRequest for Raw<LIMIT> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let coding = is_json(request.headers()).and_then(|()| Coding::of(request.headers()));
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let coding = coding?;
            let (packed, arrived) = collect(payload, declared(request.headers()), LIMIT).await?;
            let (bytes, working) = match coding {
                Coding::Identity => {
                    let working = room::to_work(Extent::of(&packed)).await?;
                    (packed, working)
                }
                _ => coding.unpacked(packed, LIMIT).await?,
            };
            let room = Arc::new(arrived.into_iter().chain([working]).collect::<Vec<_>>());
            request.extensions_mut().insert(room.clone());
            Ok(Self { bytes, _room: room })
        })
    }
}

impl<T: DeserializeOwned + 'static, const LIMIT: usize> FromRequest for Json<T, LIMIT> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let raw = Raw::<LIMIT>::from_request(request, payload);
        Box::pin(async move {
            let Raw { bytes, .. } = raw.await?;
            let value = strict::from_slice(&bytes).map_err(|error| unreadable(&error))?.into_value();
            let value = shape::read(value).map_err(|error| Problem::new(Code::Invalid).errors(vec![error]))?;
            Ok(Self { value, bytes })
        })
    }
}

fn unreadable(error: &serde_json::Error) -> Problem {
    let fault = match NotStrict::from(error) {
        NotStrict::Twice(pointer) => FieldError::new(pointer, Fault::DuplicateField),
        NotStrict::TooMany => FieldError::new("", Fault::TooMany { max: VALUES }),
        _ => return not_json(error),
    };
    Problem::new(Code::Invalid).errors(vec![fault])
}

/// 400 with the place where the JSON breaks.
fn not_json(error: &serde_json::Error) -> Problem {
    Problem::new(Code::Malformed).detail(
        format!("The body is not JSON: {error}."),
        format!("请求体不是有效的 JSON（第 {} 行第 {} 列）。", error.line(), error.column()),
    )
}

fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let unsupported = || {
        Problem::new(Code::UnsupportedMediaType)
            .detail("The body must be application/json, in UTF-8.", "请求体应为 UTF-8 编码的 application/json。")
    };
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).ok_or_else(unsupported)?;
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let utf8 = parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    if kind.eq_ignore_ascii_case("application/json") && utf8 { Ok(()) } else { Err(unsupported()) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Zstd,
}

impl Coding {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut named = headers.get_all(CONTENT_ENCODING);
        match (named.next(), named.next()) {
            (None, _) => Ok(Self::Identity),
            (Some(one), None) => match one.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
                "identity" => Ok(Self::Identity),
                "gzip" | "x-gzip" => Ok(Self::Gzip),
                "zstd" => Ok(Self::Zstd),
                _ => Err(unsupported_coding()),
            },
            (Some(_), Some(_)) => Err(unsupported_coding()),
        }
    }

    /// The unpacked body, and the room that reading it takes. A large one is unpacked twice, at first only to measure it:
    /// nothing is kept of what turns out to be a bomb.
    async fn unpacked(self, packed: Bytes, limit: usize) -> Result<(Bytes, Room), Problem> {
        let small = limit.min(SMALL);
        if packed.len() <= SMALL {
            match self.unpack(&packed, small) {
                Ok(body) => {
                    let working = room::to_work(Extent::of(&body)).await?;
                    return Ok((body, working));
                }
                Err(problem) if problem.code != Code::TooLarge || limit <= small => return Err(problem),
                Err(_) => {}
            }
        }
        let data = packed.clone();
        let extent = in_turn(move || self.measure(&data, limit)).await?;
        let working = room::to_work(extent).await?;
        let body = in_turn(move || self.unpack(&packed, extent.bytes)).await?;
        Ok((body, working))
    }

    fn reader(self, packed: &[u8]) -> io::Result<Box<dyn io::Read + '_>> {
        Ok(match self {
            Self::Identity => Box::new(packed),
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(packed)),
            Self::Zstd => {
                let mut reader = zstd::Decoder::with_buffer(packed)?;
                reader.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(reader)
            }
        })
    }

    fn measure(self, packed: &[u8], limit: usize) -> Result<Extent, Problem> {
        let mut reader = self.reader(packed).map_err(|_| damaged())?;
        let (mut extent, mut part) = (Extent::default(), vec![0; SMALL]);
        loop {
            let read = reader.read(&mut part).map_err(|_| damaged())?;
            extent = extent.plus(Extent::of(&part[..read]));
            if extent.bytes > limit {
                return Err(too_large(limit));
            }
            if read == 0 {
                return Ok(extent);
            }
        }
    }

    fn unpack(self, packed: &[u8], limit: usize) -> Result<Bytes, Problem> {
        // One more than allowed, to tell a full body from one that goes on.
        let mut body = Vec::with_capacity(limit + 1);
        let reader = self.reader(packed).map_err(|_| damaged())?;
        match reader.take(limit as u64 + 1).read_to_end(&mut body) {
            Ok(_) if body.len() <= limit => Ok(body.into()),
            Ok(_) => Err(too_large(limit)),
            Err(_) => Err(damaged()),
        }
    }
}

/// On a thread for blocking work, a few at a time.
async fn in_turn<T: Send + 'static>(
    unpack: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let turn = room::to_unpack().await?;
    let unpacked = web::block(move || {
        let _turn = turn;
        unpack()
    });
    unpacked.await.map_err(|_| Problem::new(Code::Unavailable))?
}

fn damaged() -> Problem {
    Problem::new(Code::Malformed).detail(
        "The body cannot be unpacked: it is damaged, or its end is missing.",
        "请求体无法解压：数据已损坏或不完整。",
    )
}

fn unsupported_coding() -> Problem {
    Problem::new(Code::UnsupportedMediaType)
        .detail("The body may be packed with gzip or with zstd.", "请求体只能以 gzip 或 zstd 压缩。")
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::TooLarge).detail(
        format!("The body may have {limit} bytes at most, after unpacking."),
        format!("请求体解压后不得超过 {limit} 字节。"),
    )
}

/// What the head says of the body's length.
fn declared(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// All of the body as it was sent, and the room that it takes. Somewhat more than `limit` is read and dropped before the
/// refusal: a client that is still sending would see a broken connection instead of the answer.
async fn collect(
    mut payload: Payload,
    declared: Option<usize>,
    limit: usize,
) -> Result<(Bytes, Option<Room>), Problem> {
    let (mut body, mut room) = (BytesMut::new(), None);
    let mut arrived = 0_usize;
    let cut = || Problem::new(Code::Malformed).detail("The body did not arrive whole.", "请求体没有完整送达。");
    let hopeless = declared.is_some_and(|length| length > limit);
    while let Some(chunk) = timeout(SILENCE, payload.next()).await.map_err(|_| cut())? {
        let chunk = chunk.map_err(|_| cut())?;
        arrived = arrived.saturating_add(chunk.len());
        if arrived > limit.saturating_mul(4) {
            break;
        }
        if hopeless || arrived > limit {
            (body, room) = (BytesMut::new(), None);
            continue;
        }
        if arrived > SMALL && room.is_none() {
            // All at once: two who hold a part each and wait for more would wait for each other.
            let length = declared.unwrap_or(limit);
            room = Some(room::to_arrive(length).await?);
            body.reserve(length.saturating_sub(body.len()));
        }
        body.extend_from_slice(&chunk);
    }
    if hopeless || arrived > limit { Err(too_large(limit)) } else { Ok((body.freeze(), room)) }
}

#[cfg(test)]
mod tests;
