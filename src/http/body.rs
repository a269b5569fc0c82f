//! Request bodies: JSON, perhaps compressed, never longer than allowed.

use super::{Code, Problem};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt as _;
use std::future::Future;
use std::io::{self, Read};
use std::ops::Deref;
use std::pin::Pin;

/// Longer compressed bodies are unpacked on a thread for blocking work.
const UNPACK_AT_ONCE: usize = 16 * 1024;
/// The largest window of a zstd frame, as a power of two: what RFC 8878 asks every decoder to take.
const ZSTD_WINDOW_LOG: u32 = 23;

/// The bytes of a JSON body after decompression, `MOST` at most. Not parsed yet.
#[derive(Debug, Clone)]
pub struct Raw<const MOST: usize>(pub Bytes);

impl<const MOST: usize> Deref for Raw<MOST> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const MOST: usize> FromRequest for Raw<MOST> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = json(request).and_then(|()| Coding::of(request));
        let payload = payload.take();
        Box::pin(async move {
            let coding = form?;
            let packed = collect(payload, MOST).await?;
            let bytes = match coding {
                Coding::Identity => packed,
                _ if packed.len() <= UNPACK_AT_ONCE => coding.unpack(&packed, MOST)?,
                _ => {
                    let unpacked = actix_web::web::block(move || coding.unpack(&packed, MOST)).await;
                    unpacked.map_err(|_| Problem::new(Code::Unavailable))??
                }
            };
            Ok(Self(bytes))
        })
    }
}

/// 415 unless the body says that it is JSON.
fn json(request: &HttpRequest) -> Result<(), Problem> {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType)
        .detail("Send `Content-Type: application/json`.", "请使用 `Content-Type: application/json`。"))
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Zstd,
}

impl Coding {
    /// 415 for any other.
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let mut given = request.headers().get_all(CONTENT_ENCODING);
        let name = match (given.next(), given.next()) {
            (None, _) => return Ok(Self::Identity),
            (Some(only), None) => only.to_str().unwrap_or_default().trim().to_ascii_lowercase(),
            _ => String::new(),
        };
        match name.as_str() {
            "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(Problem::new(Code::UnsupportedMediaType).detail(
                "Send the body as it is, or with one `Content-Encoding`: gzip or zstd.",
                "请求体可不压缩，或使用一种 `Content-Encoding`：gzip 或 zstd。",
            )),
        }
    }

    /// Unpacks until the end or until there is more than allowed: a small body that would become a huge one costs no more
    /// than an honest one.
    fn unpack(self, packed: &[u8], most: usize) -> Result<Bytes, Problem> {
        let unpacked = match self {
            Self::Identity => Ok(packed.to_vec()),
            Self::Gzip => read(flate2::read::MultiGzDecoder::new(packed), most),
            Self::Zstd => zstd::Decoder::with_buffer(packed).and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                read(decoder, most)
            }),
        };
        let bytes = unpacked.map_err(|_| {
            Problem::new(Code::Malformed)
                .detail("The compressed body is damaged or incomplete.", "压缩的请求体已损坏或不完整。")
        })?;
        if bytes.len() > most { Err(too_large(most)) } else { Ok(bytes.into()) }
    }
}

fn read(reader: impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

async fn collect(mut payload: Payload, most: usize) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| match error {
            PayloadError::Overflow => too_large(most),
            _ => Problem::new(Code::Malformed).detail("The body broke off.", "请求体传输中断。"),
        })?;
        if bytes.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn too_large(most: usize) -> Problem {
    Problem::new(Code::TooLarge).detail(
        format!("The body may hold {most} bytes at most, after decompression."),
        format!("解压后的请求体不得超过 {most} 字节。"),
    )
}

#[cfg(test)]
mod tests {
    use super::Coding;
    use crate::http::Code;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_packed_comes_out() {
        let text = b"{\"schema\": 1}".repeat(100);
        assert_eq!(Coding::Gzip.unpack(&gzip(&text), text.len()).unwrap(), text);
        let packed = zstd::encode_all(text.as_slice(), 3).unwrap();
        assert_eq!(Coding::Zstd.unpack(&packed, text.len()).unwrap(), text);
    }

    #[test]
    fn a_bomb_stops_at_the_limit_and_damage_is_told() {
        let huge = vec![b' '; 1 << 24];
        for (coding, packed) in
            [(Coding::Gzip, gzip(&huge)), (Coding::Zstd, zstd::encode_all(huge.as_slice(), 3).unwrap())]
        {
            assert_eq!(coding.unpack(&packed, 1000).unwrap_err().code, Code::TooLarge);
            assert_eq!(coding.unpack(&packed[..packed.len() / 2], 1 << 25).unwrap_err().code, Code::Malformed);
            assert_eq!(coding.unpack(b"no archive", 1000).unwrap_err().code, Code::Malformed);
        }
    }
}
