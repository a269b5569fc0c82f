//! Bodies as they come over a wire, limits and codings.

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
            assert_eq!(raw("application/json", coding, &packed[..cut]).await, Err(Code::Malformed), "{coding} {cut}");
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
    // Nobody says which of two is meant, not even of two that are the same.
    for second in ["gzip", "identity"] {
        let request = TestRequest::post().insert_header(("content-type", "application/json"));
        let request =
            request.append_header(("content-encoding", "identity")).append_header(("content-encoding", second));
        let (request, mut payload) = request.set_payload("1").to_http_parts();
        let read = Raw::<10>::from_request(&request, &mut payload).await;
        assert_eq!(read.map(|_| ()).map_err(|problem| problem.code), Err(Code::UnsupportedMediaType));
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
