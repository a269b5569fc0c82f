//! Request bodies: JSON alone, plain or packed with gzip or zstd, measured after unpacking. A bomb stops at the limit, and
//! a body that ends too early never counts as a shorter one.

use super::shape;
use super::{Code, Problem};
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::io::{self, Read as _};
use std::ops::Deref;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::timeout;

/// Of the JSON body of anything but a push.
pub const JSON_BYTES: usize = 1024 * 1024;

/// Larger bodies are unpacked on a thread for blocking work.
const UNPACK_HERE: usize = 64 * 1024;

/// A body may come as slowly as a bad network makes it, but not stand still for so long.
const SILENCE: Duration = Duration::from_mins(1);

/// 8 MiB, what RFC 9659 allows a sender of `zstd`: else a few bytes could ask for 128 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// A body as it was before packing, at most `LIMIT` bytes; read by the handler.
#[derive(Debug, Clone)]
pub struct Raw<const LIMIT: usize>(pub Bytes);

/// A body read into `T`: 400 `malformed` when it is no JSON, 422 `invalid` with the place and the fault when it is not the
/// JSON that belongs here.
#[derive(Debug, Clone)]
pub struct Json<T> {
    pub value: T,
    /// What it was read from: see [`super::idempotency`].
    pub bytes: Bytes,
}

impl<const LIMIT: usize> Deref for Raw<LIMIT> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const LIMIT: usize> FromRequest for Raw<LIMIT> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let coding = is_json(request.headers()).and_then(|()| Coding::of(request.headers()));
        let payload = payload.take();
        Box::pin(async move {
            let coding = coding?;
            let packed = collect(payload, LIMIT).await?;
            let body = match coding {
                Coding::Identity => packed,
                _ if packed.len() <= UNPACK_HERE => coding.unpack(&packed, LIMIT)?,
                _ => {
                    let unpacked = web::block(move || coding.unpack(&packed, LIMIT)).await;
                    unpacked.map_err(|_| Problem::new(Code::Unavailable))??
                }
            };
            Ok(Self(body))
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let raw = Raw::<JSON_BYTES>::from_request(request, payload);
        Box::pin(async move {
            let Raw(bytes) = raw.await?;
            let value = serde_json::from_slice(&bytes).map_err(|error| not_json(&error))?;
            let value = shape::read(value).map_err(|error| Problem::new(Code::Invalid).errors(vec![error]))?;
            Ok(Self { value, bytes })
        })
    }
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

    fn unpack(self, packed: &[u8], limit: usize) -> Result<Bytes, Problem> {
        let mut body = Vec::new();
        // One more than allowed, to tell a full body from one that goes on.
        let most = limit as u64 + 1;
        let outcome = match self {
            Self::Identity => packed.take(most).read_to_end(&mut body),
            Self::Gzip => flate2::read::MultiGzDecoder::new(packed).take(most).read_to_end(&mut body),
            Self::Zstd => zstd_reader(packed).and_then(|reader| reader.take(most).read_to_end(&mut body)),
        };
        match outcome {
            Ok(_) if body.len() <= limit => Ok(body.into()),
            Ok(_) => Err(too_large(limit)),
            Err(_) => Err(Problem::new(Code::Malformed).detail(
                "The body cannot be unpacked: it is damaged, or its end is missing.",
                "请求体无法解压：数据已损坏或不完整。",
            )),
        }
    }
}

fn zstd_reader(packed: &[u8]) -> io::Result<zstd::Decoder<'_, &[u8]>> {
    let mut reader = zstd::Decoder::with_buffer(packed)?;
    reader.window_log_max(ZSTD_WINDOW_LOG)?;
    Ok(reader)
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

/// All of the body as it was sent. Somewhat more than `limit` is read and dropped before the refusal: a client that is
/// still sending would see a broken connection instead of the answer.
async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    let mut arrived = 0_usize;
    let cut = || Problem::new(Code::Malformed).detail("The body did not arrive whole.", "请求体没有完整送达。");
    while let Some(chunk) = timeout(SILENCE, payload.next()).await.map_err(|_| cut())? {
        let chunk = chunk.map_err(|_| cut())?;
        arrived = arrived.saturating_add(chunk.len());
        if arrived <= limit {
            body.extend_from_slice(&chunk);
        } else if arrived > limit.saturating_mul(4) {
            break;
        }
    }
    if arrived <= limit { Ok(body.freeze()) } else { Err(too_large(limit)) }
}

#[cfg(test)]
mod tests {
    use super::{Json, Raw};
    use crate::http::{Code, Problem};
    use actix_web::FromRequest as _;
    use actix_web::test::TestRequest;
    use serde::Deserialize;
    use std::io::Write as _;

    const LIMIT: usize = 1000;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    async fn raw(kind: &str, coding: &str, body: &[u8]) -> Result<Vec<u8>, Code> {
        let request = TestRequest::post().insert_header(("content-type", kind));
        let request = if coding.is_empty() { request } else { request.insert_header(("content-encoding", coding)) };
        let (request, mut payload) = request.set_payload(body.to_vec()).to_http_parts();
        let body = Raw::<LIMIT>::from_request(&request, &mut payload).await;
        body.map(|raw| raw.to_vec()).map_err(|problem| problem.code)
    }

    #[actix_web::test]
    async fn a_body_is_unpacked_and_measured_after_it() {
        let json = "application/json";
        for size in [0, 1, LIMIT] {
            let data = vec![b'x'; size];
            assert_eq!(raw(json, "", &data).await.as_ref(), Ok(&data));
            assert_eq!(raw(json, "identity", &data).await.as_ref(), Ok(&data));
            assert_eq!(raw(json, "GZIP", &gzip(&data)).await.as_ref(), Ok(&data));
            assert_eq!(raw(json, "zstd", &zstd::encode_all(&data[..], 3).unwrap()).await.as_ref(), Ok(&data));
        }
        let large = vec![b'x'; LIMIT + 1];
        let bomb = vec![b'x'; 50 * LIMIT];
        assert_eq!(raw(json, "", &large).await, Err(Code::TooLarge));
        for data in [large, bomb] {
            assert_eq!(raw(json, "gzip", &gzip(&data)).await, Err(Code::TooLarge));
            assert_eq!(raw(json, "zstd", &zstd::encode_all(&data[..], 3).unwrap()).await, Err(Code::TooLarge));
        }
    }

    #[actix_web::test]
    async fn a_damaged_or_cut_body_is_malformed() {
        let data: Vec<u8> = (0..LIMIT).map(|n| (n * n % 251) as u8).collect();
        for (coding, packed) in [("gzip", gzip(&data)), ("zstd", zstd::encode_all(&data[..], 3).unwrap())] {
            for cut in [1, packed.len() / 2, packed.len() - 1] {
                assert_eq!(
                    raw("application/json", coding, &packed[..cut]).await,
                    Err(Code::Malformed),
                    "{coding} {cut}"
                );
            }
            assert_eq!(raw("application/json", coding, b"plain").await, Err(Code::Malformed));
        }
    }

    #[actix_web::test]
    async fn only_json_in_known_codings_is_taken() {
        for kind in ["application/json; charset=UTF-8", "Application/JSON;charset=\"utf-8\""] {
            assert_eq!(raw(kind, "", b"1").await, Ok(b"1".to_vec()));
        }
        for kind in ["", "text/plain", "application/json; charset=gbk", "application/jsonp"] {
            assert_eq!(raw(kind, "", b"1").await, Err(Code::UnsupportedMediaType));
        }
        for coding in ["br", "gzip, gzip", ","] {
            assert_eq!(raw("application/json", coding, b"1").await, Err(Code::UnsupportedMediaType));
        }
    }

    #[actix_web::test]
    async fn json_of_another_shape_is_invalid_and_no_json_is_malformed() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only whether it can be read counts")]
        struct Wanted {
            name: String,
        }
        let read = async |body: &str| -> Result<Json<Wanted>, Problem> {
            let request = TestRequest::post().insert_header(("content-type", "application/json"));
            let (request, mut payload) = request.set_payload(body.to_owned()).to_http_parts();
            Json::from_request(&request, &mut payload).await
        };
        assert_eq!(read(r#"{"name":"x"}"#).await.unwrap().bytes, r#"{"name":"x"}"#);
        for (body, code) in [
            ("", Code::Malformed),
            ("{", Code::Malformed),
            (r#"{"name":"\ud800"}"#, Code::Malformed),
            ("{}", Code::Invalid),
            ("[]", Code::Invalid),
            (r#"{"name":1}"#, Code::Invalid),
        ] {
            assert_eq!(read(body).await.err().map(|problem| problem.code), Some(code), "{body}");
        }
    }
}
