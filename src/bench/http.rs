//! A client that costs next to nothing, for it shares the machine with the server: whole requests are made before the
//! clock starts, one write sends one, and of an answer no more is read than its status and its length.

use anyhow::{Context as _, bail, ensure};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer takes; a server that hangs ends the run.
const PATIENCE: Duration = Duration::from_mins(1);
const STEP: usize = 128 * 1024;

/// The bytes of a request.
pub(super) fn request(path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let bearer = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\n{bearer}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The bytes of a question.
pub(super) fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// A connection that is kept open.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Where a body lies that came in chunks.
    body: Vec<u8>,
}

/// An answer, until the next request.
pub(super) struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The body of an answer of success.
    pub(super) fn ok(&self) -> anyhow::Result<&[u8]> {
        let text = || String::from_utf8_lossy(&self.body[..self.body.len().min(2000)]).into_owned();
        ensure!((200..300).contains(&self.status), "the server answered {}: {}", self.status, text());
        Ok(self.body)
    }
}

struct Head {
    status: u16,
    /// Where the body begins.
    end: usize,
    /// `None` when it comes in chunks.
    length: Option<usize>,
}

impl Connection {
    pub(super) fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).context("cannot connect to the server")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: Vec::new(), body: Vec::new() })
    }

    /// Sends a request and waits for its answer.
    pub(super) fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).context("the server took no more")?;
        if self.buffer.len() < STEP {
            self.buffer.resize(STEP, 0);
        }
        let mut filled = 0;
        let head = loop {
            filled += self.read(filled)?;
            if let Some(head) = head(&self.buffer[..filled])? {
                break head;
            }
        };
        let Some(length) = head.length else {
            self.chunks(head.end, filled)?;
            return Ok(Answer { status: head.status, body: &self.body });
        };
        let end = head.end + length;
        if self.buffer.len() < end {
            self.buffer.resize(end, 0);
        }
        if filled < end {
            self.stream.read_exact(&mut self.buffer[filled..end]).context("the answer broke off")?;
        }
        Ok(Answer { status: head.status, body: &self.buffer[head.end..end] })
    }

    /// Reads what there is; the number of bytes.
    fn read(&mut self, filled: usize) -> anyhow::Result<usize> {
        if filled == self.buffer.len() {
            self.buffer.resize(filled * 2, 0);
        }
        match self.stream.read(&mut self.buffer[filled..]).context("no answer")? {
            0 => bail!("the server closed the connection"),
            count => Ok(count),
        }
    }

    /// Puts the chunks together.
    fn chunks(&mut self, mut at: usize, mut filled: usize) -> anyhow::Result<()> {
        self.body.clear();
        loop {
            let line = loop {
                match find(&self.buffer[at..filled], b"\r\n") {
                    Some(end) => break at..at + end,
                    None => filled += self.read(filled)?,
                }
            };
            let digits = std::str::from_utf8(&self.buffer[line.clone()])?;
            let size = usize::from_str_radix(digits.split(';').next().unwrap_or_default().trim(), 16)?;
            let (begin, end) = (line.end + 2, line.end + 2 + size + 2);
            while filled < end {
                filled += self.read(filled)?;
            }
            if size == 0 {
                return Ok(());
            }
            self.body.extend_from_slice(&self.buffer[begin..begin + size]);
            at = end;
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The head, once it is there as a whole.
fn head(bytes: &[u8]) -> anyhow::Result<Option<Head>> {
    let Some(end) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..end])?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let mut length = Some(0);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            length = None;
        }
    }
    Ok(Some(Head { status: status.context("no status in the answer")?, end: end + 4, length }))
}

/// The text of a member that the server writes near the beginning of its answers.
pub(super) fn member<'a>(body: &'a [u8], name: &str) -> Option<&'a str> {
    let begin = std::str::from_utf8(&body[..body.len().min(4096)]).or_else(|error| {
        // A character may be cut.
        std::str::from_utf8(&body[..error.valid_up_to()])
    });
    let (_, rest) = begin.ok()?.split_once(&format!("\"{name}\":"))?;
    let rest = rest.trim_start();
    match rest.strip_prefix('"') {
        Some(text) => text.split('"').next(),
        None => rest.split([',', '}']).next(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Connection, member, request};
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    /// Asks a peer that answers with these pieces.
    fn asked(pieces: &'static [&'static str]) -> (u16, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let peer = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let sent = stream.read(&mut [0; 1024]).unwrap();
            assert!(sent > 0);
            for piece in pieces {
                stream.write_all(piece.as_bytes()).unwrap();
                stream.flush().unwrap();
            }
        });
        let mut connection = Connection::open(address).unwrap();
        let answer = connection.ask(&request("/", None, "{}")).unwrap();
        let found = (answer.status, String::from_utf8(answer.body.to_vec()).unwrap());
        peer.join().unwrap();
        found
    }

    #[test]
    fn answers_of_either_framing_are_read_whole() {
        assert_eq!(asked(&["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "\r\nhe", "llo"]), (200, "hello".into()));
        assert_eq!(asked(&["HTTP/1.1 204 No Content\r\n\r\n"]), (204, String::new()));
        let pieces = &["HTTP/1.1 409 C\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel", "\r\n2\r\nlo\r\n0", "\r\n\r\n"];
        assert_eq!(asked(pieces), (409, "hello".into()));
    }

    #[test]
    fn members_are_found() {
        let body = br#"{"server_time":"x","cursor":"abc","more":false,"revoked":[]}"#;
        assert_eq!(
            (member(body, "cursor"), member(body, "more"), member(body, "none")),
            (Some("abc"), Some("false"), None)
        );
    }
}
