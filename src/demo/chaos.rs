//! A bad network, deliberately: it stands between a simulated phone and the server and loses, cuts, repeats
//! and delays. The client behind it is the ordinary one and knows nothing of it.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::device::http::{Answer, Http, Transport, Unreachable};

/// What happened on the way, over all phones.
#[derive(Debug, Default)]
pub(super) struct Weather {
    pub pushes: AtomicU64,
    pub pulls: AtomicU64,
    /// Requests that never arrived, or only half of which did.
    pub cut: AtomicU64,
    pub answers_lost: AtomicU64,
    /// Requests that arrived twice: one after the other, or at the same moment.
    pub repeated: AtomicU64,
    /// Requests that arrived once more, after others had gone by.
    pub belated: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
enum Fate {
    Fine,
    Lost,
    Cut,
    AnswerLost,
    Twice,
    Twins,
    Belated,
}

/// One phone's way to the server.
pub(super) struct BadNetwork {
    http: Http,
    server: SocketAddr,
    weather: Arc<Weather>,
    calm: AtomicBool,
    state: Mutex<State>,
}

struct State {
    rng: StdRng,
    belated: Option<Sent>,
}

#[derive(Clone)]
struct Sent {
    path: String,
    token: Option<String>,
    body: Vec<u8>,
}

impl BadNetwork {
    pub(super) fn new(http: Http, server: SocketAddr, weather: Arc<Weather>, rng: StdRng) -> Self {
        let state = Mutex::new(State { rng, belated: None });
        Self { http, server, weather, calm: AtomicBool::new(false), state }
    }

    /// From now on nothing is lost; or again as before.
    pub(super) fn calm(&self, calm: bool) {
        self.calm.store(calm, Ordering::Relaxed);
    }

    /// What happens to this request, and an earlier one that arrives only now.
    fn draw(&self, sent: &Sent) -> (Fate, Option<Sent>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let belated = state.belated.take();
        if self.calm.load(Ordering::Relaxed) {
            return (Fate::Fine, belated);
        }
        // Sign-ins are lost too, but not repeated: that would be another phone with the same password.
        let top = if sent.path.starts_with("/v1/sync/") { 100 } else { 20 };
        let fate = match state.rng.random_range(0..top) {
            0 | 20..28 => Fate::Lost,
            28..32 => Fate::Cut,
            1 | 32..42 => Fate::AnswerLost,
            42..47 => Fate::Twice,
            47..51 => Fate::Twins,
            51..54 => Fate::Belated,
            _ => Fate::Fine,
        };
        if matches!(fate, Fate::Belated) {
            state.belated = Some(sent.clone());
        }
        (fate, belated)
    }

    fn send(&self, sent: &Sent) -> Result<Answer, Unreachable> {
        match sent.path.as_str() {
            "/v1/sync/push" => self.weather.pushes.fetch_add(1, Ordering::Relaxed),
            "/v1/sync/pull" => self.weather.pulls.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
        self.http.post(&sent.path, sent.token.as_deref(), &sent.body)
    }

    /// Sends the head and half of the body, and hangs up.
    fn send_half(&self, sent: &Sent) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(self.server)?;
        let token = sent.token.as_deref().unwrap_or_default();
        write!(
            stream,
            "POST {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            sent.path,
            self.server,
            sent.body.len()
        )?;
        stream.write_all(&sent.body[..sent.body.len() / 2])?;
        stream.flush()
    }
}

impl Transport for BadNetwork {
    fn post(&self, path: &str, token: Option<&str>, body: &[u8]) -> Result<Answer, Unreachable> {
        let lost = |what: &str| Err(Unreachable(what.to_owned()));
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        let sent = Sent { path: path.to_owned(), token: token.map(str::to_owned), body: body.to_vec() };
        let (fate, belated) = self.draw(&sent);
        if let Some(belated) = belated {
            count(&self.weather.belated);
            // Nobody waits for this answer any more.
            drop(self.send(&belated));
        }
        match fate {
            Fate::Fine | Fate::Belated => self.send(&sent),
            Fate::Lost => {
                count(&self.weather.cut);
                lost("the request was lost")
            }
            Fate::Cut => {
                count(&self.weather.cut);
                drop(self.send_half(&sent));
                lost("the request was cut")
            }
            Fate::AnswerLost => {
                count(&self.weather.answers_lost);
                drop(self.send(&sent));
                lost("the answer was lost")
            }
            Fate::Twice => {
                count(&self.weather.repeated);
                drop(self.send(&sent));
                self.send(&sent)
            }
            Fate::Twins => {
                count(&self.weather.repeated);
                std::thread::scope(|scope| {
                    let twin = scope.spawn(|| self.send(&sent));
                    let answer = self.send(&sent);
                    drop(twin.join());
                    answer
                })
            }
        }
    }
}
