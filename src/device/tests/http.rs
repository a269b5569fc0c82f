//! The transport, against a socket that answers once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;

use flate2::read::GzDecoder;
use flate2::{Compression, write::GzEncoder};

use super::*;

/// Serves one request with `answer`; its head in lower case and its body come through the handle.
fn serve(answer: Vec<u8>) -> (String, std::thread::JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).unwrap() > 0);
        }
        let head = head.to_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        reader.get_mut().write_all(&answer).unwrap();
        (head, body)
    });
    (url, served)
}

#[test]
fn bodies_go_compressed_both_ways() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(br#"{"more":false}"#).unwrap();
    let gzip = gzip.finish().unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", gzip.len());
    let (url, served) = serve([head.into_bytes(), gzip].concat());
    let sent = format!("{{\"remarks\":\"{}\"}}", "长".repeat(1000));
    let answer = Http::new(url).post("/v1/sync/push", Some("token"), sent.as_bytes()).unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &br#"{"more":false}"#[..]));
    let (head, body) = served.join().unwrap();
    assert!(head.starts_with("post /v1/sync/push http/1.1\r\n"), "{head}");
    for line in ["authorization: bearer token", "content-type: application/json", "content-encoding: gzip"] {
        assert!(head.contains(line), "{head}");
    }
    assert!(head.contains("accept-encoding: gzip"), "{head}");
    let mut received = String::new();
    GzDecoder::new(body.as_slice()).read_to_string(&mut received).unwrap();
    assert_eq!(received, sent);
}

#[test]
fn a_status_is_an_answer_and_tells_when_to_come_back() {
    let (url, served) =
        serve(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 12\r\nContent-Length: 0\r\n\r\n".to_vec());
    let answer = Http::new(url).post("/v1/sync/pull", None, b"{}").unwrap();
    assert_eq!((answer.status, answer.retry_after), (429, Some(Duration::from_secs(12))));
    let (head, body) = served.join().unwrap();
    assert!(!head.contains("authorization") && !head.contains("content-encoding"), "{head}");
    assert_eq!(body, b"{}");
}

#[test]
fn half_an_answer_is_none() {
    let (url, served) = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"results\":".to_vec());
    assert!(Http::new(url).post("/v1/sync/push", None, b"{}").is_err());
    served.join().unwrap();
}
