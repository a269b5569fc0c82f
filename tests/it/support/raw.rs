//! HTTP by hand over a socket: for what a client library hides (content codings, the bytes of an event stream).

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::http::Session;

/// An answer as it came over the wire, its transfer coding undone and its content coding not.
pub(crate) struct RawReply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl RawReply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

fn open(session: &Session, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> BufReader<TcpStream> {
    let url = session.url();
    let host = url.strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(host).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
    if let Some(token) = session.access_token() {
        let _ = write!(head, "Authorization: Bearer {token}\r\n");
    }
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if method != "GET" {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    head += "\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    // A server may answer and close before it has read all of a body that is too large: read while writing.
    let (mut sink, body) = (stream.try_clone().unwrap(), body.to_vec());
    std::thread::spawn(move || sink.write_all(&body));
    BufReader::new(stream)
}

fn read_head(reader: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
    let mut line = String::new();
    reader.read_line(&mut line).expect("a status line");
    let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("status line {line:?}"));
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).expect("a header");
        let Some((name, value)) = line.trim_end().split_once(':') else { return (status, headers) };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

/// One chunk of a chunked body; empty at its end.
fn read_chunk(reader: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let size = usize::from_str_radix(line.trim_end().split(';').next().unwrap_or("0"), 16).unwrap_or(0);
    let mut chunk = vec![0; size + 2];
    reader.read_exact(&mut chunk)?;
    chunk.truncate(size);
    Ok(chunk)
}

pub(crate) fn exchange(session: &Session, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> RawReply {
    let mut all = vec![("Connection", "close")];
    all.extend_from_slice(headers);
    let mut reader = open(session, method, path, &all, body);
    let (status, headers) = read_head(&mut reader);
    let mut reply = RawReply { status, headers, body: Vec::new() };
    if reply.header("transfer-encoding").is_some() {
        loop {
            let chunk = read_chunk(&mut reader).expect("a chunk");
            if chunk.is_empty() {
                break;
            }
            reply.body.extend(chunk);
        }
    } else if let Some(length) = reply.header("content-length").and_then(|l| l.parse().ok()) {
        reply.body.resize(length, 0);
        reader.read_exact(&mut reply.body).expect("the whole body");
    } else {
        reader.read_to_end(&mut reply.body).expect("the body");
    }
    reply
}

/// Asks for what may have no end: the head of the answer, and the body only where its length is told.
pub(crate) fn begin(session: &Session, path: &str) -> RawReply {
    let mut reader = open(session, "GET", path, &[], b"");
    let (status, headers) = read_head(&mut reader);
    let mut reply = RawReply { status, headers, body: Vec::new() };
    if let Some(length) = reply.header("content-length").and_then(|length| length.parse().ok()) {
        reply.body.resize(length, 0);
        reader.read_exact(&mut reply.body).expect("the whole body");
    }
    reply
}

/// A line of an event stream that means something.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    Event(Value),
    Comment,
    Closed,
}

/// An open `GET /v1/sync/events`, read by a thread of its own.
pub(crate) struct Events {
    heard: Receiver<Heard>,
    stream: TcpStream,
}

impl Events {
    #[track_caller]
    pub(crate) fn open(session: &Session) -> Self {
        let mut reader = open(session, "GET", "/v1/sync/events", &[("Accept", "text/event-stream")], b"");
        let (status, headers) = read_head(&mut reader);
        assert_eq!(status, 200, "{headers:?}");
        let header = |name: &str| headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone());
        let kind = header("content-type").unwrap_or_default();
        assert!(kind.starts_with("text/event-stream"), "content type {kind}");
        let chunked = header("transfer-encoding").is_some();
        let stream = reader.get_ref().try_clone().unwrap();
        let (tell, heard) = channel();
        std::thread::spawn(move || {
            let mut pending = Vec::new();
            loop {
                let more = if chunked {
                    read_chunk(&mut reader)
                } else {
                    reader.fill_buf().map(<[u8]>::to_vec).inspect(|more| reader.consume(more.len()))
                };
                match more {
                    Ok(more) if !more.is_empty() => pending.extend(more),
                    _ => break,
                }
                while let Some(end) = pending.iter().position(|b| *b == b'\n') {
                    let line: Vec<u8> = pending.drain(..=end).collect();
                    let line = String::from_utf8_lossy(&line);
                    let line = line.trim_end();
                    if line.starts_with(':') {
                        let _ = tell.send(Heard::Comment);
                    } else if let Some(data) = line.strip_prefix("data:") {
                        let _ = tell.send(Heard::Event(serde_json::from_str(data).expect("the data is JSON")));
                    }
                }
            }
            let _ = tell.send(Heard::Closed);
        });
        Self { heard, stream }
    }

    /// The next event, comments passed over; `None` when the stream ended or `seconds` are over.
    pub(crate) fn event(&self, seconds: u64) -> Option<Value> {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        loop {
            match self.heard.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Heard::Event(event)) => return Some(event),
                Ok(Heard::Comment) => {}
                Ok(Heard::Closed) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// The next event about `bucket`; every event before it is returned too.
    #[track_caller]
    pub(crate) fn until(&self, bucket: &str) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let event = self.event(10).unwrap_or_else(|| panic!("no event about {bucket}, only {heard:?}"));
            let found = event["bucket"] == bucket;
            heard.push(event);
            if found {
                return heard;
            }
        }
    }

    /// Whatever comes next, within `limit`.
    pub(crate) fn next_within(&self, limit: Duration) -> Option<Heard> {
        self.heard.recv_timeout(limit).ok()
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}
