//! Callers who are slow on purpose: bytes that trickle, heads that never end, connections that say nothing. Each costs the
//! server a socket and no more; everybody else is served.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::*;

/// How many keep a connection open.
const SLOW: usize = 300;

fn connect(session: &Session) -> TcpStream {
    let url = session.url();
    let stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).expect("the server listens");
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

fn head(session: &Session, path: &str, length: usize) -> String {
    let token = session.token.clone().unwrap_or_default();
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )
}

/// What the server says until it closes.
fn rest(mut stream: &TcpStream) -> String {
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

/// Others are served, and quickly.
#[track_caller]
fn others_are_served(w: &World) {
    let begun = Instant::now();
    for _ in 0..10 {
        w.bo().push([Rec::household(JINYANG).create()]);
        w.province().get("/v1/me").send().ok();
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "others waited {:?}", begun.elapsed());
}

on_both_engines! {
    fn a_push_that_trickles_in_is_taken(w) {
        let envelope = w.ali().envelope([Rec::household(JINYANG).create()]).to_string();
        let mut stream = connect(w.ali());
        stream.write_all(head(w.ali(), PUSH, envelope.len()).as_bytes()).unwrap();
        // A byte at a time, each in a packet of its own; somebody else is served in between.
        for (n, byte) in envelope.as_bytes().iter().enumerate() {
            stream.write_all(&[*byte]).unwrap();
            if n % 50 == 0 {
                w.bo().get("/v1/me").send().ok();
            }
        }
        let said = rest(&stream);
        assert!(said.starts_with("HTTP/1.1 200") && said.contains("\"applied\""), "{said}");
    }

    fn crowds_of_unfinished_bodies_stop_nobody(w) {
        let slow: Vec<_> = (0..SLOW)
            .map(|n| {
                let session: &Session = if n % 2 == 0 { w.ali() } else { w.province() };
                let (path, length) = if n % 2 == 0 { (PUSH, 4_000_000) } else { ("/v1/teams", 1_000_000) };
                let mut stream = connect(session);
                stream.write_all(head(session, path, length).as_bytes()).unwrap();
                stream.write_all(b"{\"schema\":1,").unwrap();
                stream
            })
            .collect();
        others_are_served(w);
        // When they give up, nothing of theirs is there.
        drop(slow);
        others_are_served(w);
        assert_eq!(w.ali().push([]).acked(), 0);
    }

    fn crowds_of_unfinished_heads_stop_nobody_and_are_let_go(w) {
        let slow: Vec<_> = (0..SLOW)
            .map(|n| {
                let mut stream = connect(&w.session);
                let begun = ["", "GET", "GET /v1/me HTTP/1.1\r\nHost: x\r\n", "POST /v1/sync/push HTTP/1.1\r\nX: "][n % 4];
                stream.write_all(begun.as_bytes()).unwrap();
                stream
            })
            .collect();
        others_are_served(w);
        // Nobody waits for a head for ever: each is let go after a few seconds, with 408 or without a word.
        for stream in &slow {
            let said = rest(stream);
            assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
        }
        others_are_served(w);
    }

    fn crowds_who_do_not_read_their_answers_stop_nobody(w) {
        w.ali().push((0..200).map(|_| Rec::household(JINYANG).create()));
        let body = r#"{"schema":1}"#;
        let slow: Vec<_> = (0..SLOW)
            .map(|_| {
                let mut stream = connect(w.ali());
                let request = format!("{}{body}", head(w.ali(), PULL, body.len()));
                stream.write_all(request.as_bytes()).unwrap();
                stream
            })
            .collect();
        others_are_served(w);
        drop(slow);
        others_are_served(w);
    }

    fn who_hangs_up_in_the_middle_leaves_nothing(w) {
        let envelope = w.ali().envelope([Rec::household(JINYANG).create()]).to_string();
        for sent in (0..envelope.len()).step_by(20) {
            let mut stream = connect(w.ali());
            stream.write_all(head(w.ali(), PUSH, envelope.len()).as_bytes()).unwrap();
            stream.write_all(&envelope.as_bytes()[..sent]).unwrap();
            // An end, not a pause: the rest will never come.
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let said = rest(&stream);
            assert!(said.is_empty() || said.starts_with("HTTP/1.1 400"), "{said}");
        }
        assert_eq!(w.ali().push([]).acked(), 0);
    }
}

on_both_engines! {
    #[ignore = "a minute of silence: bin/test --long"]
    fn a_body_that_stands_still_is_let_go(w) {
        let mut stream = connect(w.ali());
        stream.set_read_timeout(Some(Duration::from_mins(3))).unwrap();
        stream.write_all(head(w.ali(), PUSH, 1000).as_bytes()).unwrap();
        stream.write_all(b"{\"schema\":1,").unwrap();
        let said = rest(&stream);
        assert!(said.starts_with("HTTP/1.1 400") && said.contains("malformed"), "{said}");
    }
}
