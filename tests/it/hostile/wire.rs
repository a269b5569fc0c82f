//! What is hardly HTTP: chunks that are none, two lengths for one body, requests hidden in others, heads without end. Each
//! is refused with a 4xx or a closed connection; what hides behind it is never answered.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use super::*;

/// All that the server says to these bytes, sent over one connection.
fn say(w: &World, bytes: &[u8]) -> String {
    let url = w.session.url();
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The server may close before it has read all.
    let (mut sink, bytes) = (stream.try_clone().unwrap(), bytes.to_vec());
    let writer = std::thread::spawn(move || {
        let _ = sink.write_all(&bytes);
        let _ = sink.shutdown(Shutdown::Write);
    });
    let mut said = Vec::new();
    let mut part = vec![0; 65_536];
    while let Ok(n @ 1..) = stream.read(&mut part) {
        said.extend_from_slice(&part[..n]);
    }
    writer.join().unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

/// The statuses of the answers among what the server said.
fn statuses(said: &str) -> Vec<&str> {
    said.split("HTTP/1.").skip(1).filter_map(|answer| answer.get(2..5)).collect()
}

/// A head for a push by ali, with these lines in it, and bytes behind it.
fn push(w: &World, lines: &str, behind: &str) -> Vec<u8> {
    let token = w.ali().token.clone().unwrap();
    format!("POST {PUSH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {JSON}\r\n{lines}\r\n{behind}").into_bytes()
}

/// Refused, and nothing behind it answered.
#[track_caller]
fn refused(w: &World, bytes: &[u8]) {
    let said = say(w, bytes);
    let statuses = statuses(&said);
    assert!(
        statuses.len() <= 1 && statuses.iter().all(|status| status.starts_with('4')),
        "{} got {said}",
        String::from_utf8_lossy(bytes)
    );
}

on_both_engines! {
    fn a_body_has_one_length(w) {
        let body = w.ali().envelope([Rec::household(JINYANG).create()]).to_string();
        let n = body.len();
        let hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        for lines in [
            format!("Content-Length: {n}\r\nContent-Length: {}\r\n", n + 1),
            format!("Content-Length: {n}\r\nContent-Length: {n}\r\n"),
            format!("Content-Length: {n}, {n}\r\n"),
            format!("Content-Length: +{n}\r\n"),
            format!("Content-Length: -{n}\r\n"),
            format!("Content-Length: {n}.0\r\n"),
            format!("Content-Length: 0x{n:x}\r\n"),
            format!("Content-Length: {n}a\r\n"),
            "Content-Length: \r\n".into(),
            "Content-Length: 18446744073709551616\r\n".into(),
            "Content-Length: 99999999999999999999999\r\n".into(),
            format!("Content-Length: {n}\r\nTransfer-Encoding: chunked\r\n"),
            format!("Transfer-Encoding: chunked\r\nContent-Length: {n}\r\n"),
            format!("Content-Length : {n}\r\n"),
            format!(" Content-Length: {n}\r\n"),
            format!("X: y\r\n Content-Length: {n}\r\n"),
        ] {
            refused(w, &push(w, &lines, &format!("{body}{hidden}")));
        }
        assert_eq!(w.ali().push([]).acked(), 0);
    }

    fn a_body_has_one_coding(w) {
        let body = w.ali().envelope([Rec::household(JINYANG).create()]).to_string();
        let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        for coding in ["xchunked", "chunked, identity", "gzip, chunked", "chunked, chunked", "identity, chunked", "\"chunked\"", "chunked;q=1",
            "chunked\u{b}", "\tchunkedx", "cow"] {
            refused(w, &push(w, &format!("Transfer-Encoding: {coding}\r\n"), &chunked));
        }
        refused(w, &push(w, "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", &chunked));
        refused(w, &push(w, "Transfer-Encoding : chunked\r\n", &chunked));
        // Not before HTTP/1.1.
        let old = String::from_utf8(push(w, "Transfer-Encoding: chunked\r\n", &chunked)).unwrap().replace("HTTP/1.1", "HTTP/1.0");
        refused(w, old.as_bytes());
        assert_eq!(w.ali().push([]).acked(), 0);
    }

    fn a_chunk_is_what_it_says(w) {
        for chunks in ["zz\r\n{}\r\n0\r\n\r\n", "-1\r\n{}\r\n0\r\n\r\n", "+2\r\n{}\r\n0\r\n\r\n", "0x2\r\n{}\r\n0\r\n\r\n", "\r\n{}\r\n0\r\n\r\n",
            "2\r\n{}0\r\n\r\n", "2\r\n{}xx0\r\n\r\n", "1\r\n{}\r\n0\r\n\r\n", "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
            "ffffffffffffffff\r\n{}\r\n0\r\n\r\n", "2\n{}\n0\n\n", "2\r{}\r0\r\r", "2 2\r\n{}\r\n0\r\n\r\n", "3\r\n{}\r\n", "2", "2\r\n{"] {
            refused(w, &push(w, "Transfer-Encoding: chunked\r\n", chunks));
        }
        // In one byte pieces it is a push like any other.
        let body = w.ali().envelope([Rec::household(JINYANG).create()]).to_string();
        let chunks: Vec<u8> = body.bytes().flat_map(|byte| [b"1\r\n", &[byte][..], b"\r\n"].concat()).collect();
        let mut request = push(w, "Transfer-Encoding: chunked\r\nConnection: close\r\n", "");
        request.extend(chunks);
        request.extend(b"0\r\n\r\n");
        assert_eq!(statuses(&say(w, &request)), ["200"]);
        assert_eq!(w.ali().push([]).acked(), 1);
    }

    fn what_hides_in_a_body_is_not_answered(w) {
        // Whatever becomes of the outer request, what is in its body is its body.
        let hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        let inside = push(w, &format!("Content-Length: {}\r\nConnection: close\r\n", hidden.len()), hidden);
        assert_eq!(statuses(&say(w, &inside)), ["400"]);
        let chunk = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
        let inside = push(w, "Transfer-Encoding: chunked\r\nConnection: close\r\n", &chunk);
        assert_eq!(statuses(&say(w, &inside)), ["400"]);
        // A refusal that comes before the body was read does not make a request of the rest.
        let anonymous = format!("POST {PUSH} HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len());
        let said = say(w, anonymous.as_bytes());
        assert_eq!(statuses(&said), ["401"], "{said}");
        // A GET's body is none, and no request either.
        let get = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}", hidden.len(), hidden);
        let said = say(w, get.as_bytes());
        assert_eq!(statuses(&said), ["200"], "{said}");
    }

    fn requests_in_a_row_are_answered_in_a_row(w) {
        let one = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        let said = say(w, one.repeat(50).as_bytes());
        assert_eq!(statuses(&said), vec!["200"; 50]);
        // A broken one ends the row.
        let said = say(w, format!("{one}{one}GET \u{1} HTTP/1.1\r\n\r\n{one}").as_bytes());
        assert_eq!(statuses(&said)[..2], ["200", "200"]);
        assert!(statuses(&said)[2..].iter().all(|status| status.starts_with('4')) && statuses(&said).len() <= 3, "{said}");
    }

    fn what_is_no_http_is_refused(w) {
        let long = "a".repeat(1_000_000);
        let many = (0..5_000).fold(String::new(), |many, n| many + &format!("X-{n}: y\r\n"));
        for text in [
            "\r\n\r\n\r\n\r\n", "\0\0\0\0", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1 x\r\n\r\n", "get\u{b}/ HTTP/1.1\r\n\r\n",
            "GET http:// HTTP/1.1\r\n\r\n", "GET /healthz\r\n\r\n", "GET /\u{7f} HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET / HTTP/1.1\r\nHost\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\0y\r\n\r\n",
            "GET / HTTP/1.1\r\nHo st: x\r\n\r\n", "GET / HTTP/1.1\r\nX: y\rZ: z\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}",
            "CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "TRACE / HTTP/1.1\r\nHost: x\r\n\r\n",
            "BREW /v1/me HTTP/1.1\r\nHost: x\r\n\r\n", "SSH-2.0-x\r\n",
            &format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
            &format!("GET /?{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
            &format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n"),
            &format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{long}: x\r\n\r\n"),
            &format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
            &format!("{long} / HTTP/1.1\r\nHost: x\r\n\r\n"),
            &format!("GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: {long}"),
        ] {
            refused(w, text.as_bytes());
        }
        w.province().get("/v1/me").send().ok();
        goes_on(w);
    }

    fn the_host_and_the_path_mean_nothing_beyond_themselves(w) {
        // Whoever is asked for, the same server answers; no redirect leads where the caller says.
        for host in ["evil.example", "evil.example:80", "[::1]", "a@b", "localhost"] {
            let said = say(w, format!("GET /docs HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes());
            assert!(!said.contains("evil"), "{said}");
        }
        for target in ["http://evil.example/healthz", "//evil.example/healthz", "/docs/../../etc/passwd", "/docs/%2e%2e/%2e%2e/Cargo.toml",
            "/docs/..%2f..%2fCargo.toml", "\\healthz", "/v1/../healthz"] {
            let said = say(w, format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
            assert!(!said.contains("[package]") && !said.contains("root:"), "{said}");
            assert!(!said.to_lowercase().contains("location: http://evil") && !said.to_lowercase().contains("location: //"), "{said}");
        }
    }
}
