//! Small bodies that unpack to gigabytes, and many large ones at once, at a server process of its own: each is refused, and
//! the process never has more memory than [`MOST`], whatever its callers send.

use std::io::Write as _;

use super::bodies::{MIB, gzip, refused, send};
use super::*;
use crate::support::serving::Serving;

/// What the server may have at once, in bytes. At rest it has 50 MiB, of which 19 hashed the last password.
const MOST: u64 = 192 * MIB as u64;

/// How many callers send at once.
const CROWD: usize = 24;

/// A gigabyte and more of spaces in less than 2 MiB: members of gzip one after another.
fn gzip_members() -> Vec<u8> {
    let member = gzip(&vec![b' '; 16 * MIB]);
    member.repeat(MIB / member.len() + 80)
}

/// One member that goes on and on.
fn gzip_whole() -> Vec<u8> {
    gzip(&vec![b' '; 256 * MIB])
}

/// A frame by hand: its window (a power of two), and blocks that each stand for 128 KiB of spaces.
fn zstd_frame(window_log: u8, blocks: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, (window_log - 10) << 3];
    for n in 0..blocks {
        // Last block? type RLE, size.
        let header = u32::from(n + 1 == blocks) | 1 << 1 | (128 * 1024) << 3;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(b' ');
    }
    frame
}

/// A single segment that claims to hold so many bytes, and holds two.
fn zstd_claim(size: u64) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xe0];
    frame.extend_from_slice(&size.to_le_bytes());
    frame.extend_from_slice(&[1 | 2 << 3, 0, 0]);
    frame.extend_from_slice(b"{}");
    frame
}

/// A frame that stands for nothing.
fn zstd_skipped(size: usize) -> Vec<u8> {
    let mut frame = vec![0x50, 0x2a, 0x4d, 0x18];
    frame.extend_from_slice(&(size as u32).to_le_bytes());
    frame.resize(8 + size, 0);
    frame
}

/// The same push in a frame with such a window.
fn zstd_push(w: &World, window_log: u32) -> Vec<u8> {
    let body = w.ali().envelope([Rec::household(JINYANG).create()]).to_string();
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(window_log).unwrap();
    encoder.write_all(body.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[track_caller]
fn bounded(serving: &Serving) {
    let peak = serving.peak_memory();
    assert!(peak < MOST, "the server had {} MiB", peak / MIB as u64);
}

on_both_engines! {
    fn a_bomb_is_refused_and_costs_little(w) {
        w.stop();
        let serving = Serving::start(w);
        let before = everything(w);
        let (members, whole, frames) = (gzip_members(), gzip_whole(), zstd_frame(20, 16_000));
        assert!([&members, &whole, &frames].iter().all(|bomb| bomb.len() < 3 * MIB));
        let nested = gzip(&gzip(&vec![b' '; MIB]));
        for path in [PUSH, PULL, "/v1/teams", "/v1/auth/login"] {
            let session: &Session = if path == "/v1/teams" { w.province() } else { w.ali() };
            for (coding, bomb) in [("gzip", &members), ("gzip", &whole), ("zstd", &frames), ("zstd", &frames.repeat(20))] {
                refused(&send(session, path, Some(coding), bomb), 413, "too_large");
            }
            // A bomb in a bomb: only one coding is undone.
            refused(&send(session, path, Some("gzip, gzip"), &nested), 415, "unsupported_media_type");
            refused(&send(session, path, Some("gzip"), &nested), 400, "malformed");
        }
        bounded(&serving);
        assert_eq!(everything(w), before);
        goes_on(w);
    }

    fn a_frame_of_zstd_gets_no_more_window_than_it_may(w) {
        w.stop();
        let serving = Serving::start(w);
        for window_log in 24_u8..=31 {
            refused(&send(w.ali(), PUSH, Some("zstd"), &zstd_frame(window_log, 1)), 400, "malformed");
            if window_log <= 27 {
                refused(&send(w.ali(), PUSH, Some("zstd"), &zstd_push(w, window_log.into())), 400, "malformed");
            }
        }
        for size in [1 << 24, 1 << 31, 1 << 40, u64::MAX] {
            refused(&send(w.ali(), PUSH, Some("zstd"), &zstd_claim(size)), 400, "malformed");
        }
        refused(&send(w.ali(), PUSH, Some("zstd"), &zstd_skipped(5 * MIB)), 413, "too_large");
        refused(&send(w.ali(), PUSH, Some("zstd"), &[zstd_skipped(MIB), vec![0xff; 8]].concat()), 400, "malformed");
        bounded(&serving);
        assert_eq!(w.ali().push([]).acked(), 0);
        // What a sender of `zstd` may ask for is granted (RFC 9659), also behind a frame that stands for nothing.
        assert_eq!(send(w.ali(), PUSH, Some("zstd"), &zstd_push(w, 23)).status, 200);
        goes_on(w);
    }

    fn crowds_of_bombs_cost_no_more(w) {
        w.stop();
        let serving = Serving::start(w);
        let before = everything(w);
        let fat = [zstd_skipped(4 * MIB - 8), vec![b'x'; 4 * MIB], vec![b' '; 10 * MIB]];
        let bombs = [("gzip", gzip_members()), ("gzip", gzip_whole()), ("zstd", zstd_frame(23, 20_000)), ("zstd", fat[0].clone()),
            ("identity", fat[1].clone()), ("identity", fat[2].clone())];
        for (coding, bomb) in &bombs {
            let replies: Vec<_> = std::thread::scope(|scope| {
                let bombers = (0..CROWD).map(|n| {
                    let session: &Session = if n % 2 == 0 { w.ali() } else { w.bo() };
                    scope.spawn(move || send(session, PUSH, Some(coding), bomb))
                });
                bombers.collect::<Vec<_>>().into_iter().map(|bomber| bomber.join().unwrap()).collect()
            });
            // Some are looked at, and refused for what they are; who is turned away for want of room may come again.
            let (away, seen): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 503);
            assert!(!seen.is_empty(), "{coding} of {} bytes: none was looked at", bomb.len());
            for reply in away {
                refused(reply, 503, "unavailable");
                assert!(reply.header("retry-after").is_some_and(|wait| wait.parse::<u64>().is_ok()));
            }
            for reply in seen {
                let problem: Value = serde_json::from_slice(&reply.body).unwrap();
                assert!([400, 413].contains(&reply.status), "{problem}");
            }
        }
        bounded(&serving);
        assert_eq!(everything(w), before);
        goes_on(w);
    }

    fn crowds_who_sign_in_and_hang_up_cost_no_more(w) {
        w.stop();
        let serving = Serving::start(w);
        let host = w.session.url().replace("http://", "");
        for n in 0..2 * CROWD {
            let body = json!({ "username": format!("nobody-{n}"), "password": "x".repeat(100) }).to_string();
            let head = format!("POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: {}", body.len());
            let mut stream = std::net::TcpStream::connect(&host).unwrap();
            write!(stream, "{head}\r\n\r\n{body}").unwrap();
        }
        // It has come to the end of them when it signs in one who waits for it.
        let body = json!({ "username": "liangshan", "password": cast::PASSWORD });
        let sign_in = || (w.session.post("/v1/auth/login", &body).send().status(&[200, 503]).status == 200).then_some(());
        eventually(60, "somebody signs in", sign_in);
        bounded(&serving);
    }

    fn crowds_of_the_largest_pushes_cost_no_more(w) {
        w.stop();
        let serving = Serving::start(w);
        // Each is as large as a push may be, and all of it is a text that is too long, which is held.
        let phones: Vec<_> = [w.ali(), w.bo(), w.chen(), w.deng(), w.er(), w.phone("province"), w.phone("liangshan")].into();
        std::thread::scope(|scope| {
            for phone in phones {
                scope.spawn(move || {
                    for _ in 0..2 {
                        let text = "x".repeat(4 * MIB - 2000);
                        let envelope = phone.envelope([Rec::household(JINYANG).create_with(json!({ "remarks": text }))]);
                        let packed = gzip(envelope.to_string().as_bytes());
                        loop {
                            let reply = send(phone, PUSH, Some("gzip"), &packed);
                            if reply.status == 200 {
                                // The repeat may have to come again too.
                                while phone.try_push(&envelope).expect("an answer").is_err() {}
                                break;
                            }
                            // Asked to come again.
                            refused(&reply, 503, "unavailable");
                            assert!(reply.header("retry-after").is_some());
                        }
                    }
                });
            }
        });
        bounded(&serving);
        assert_eq!(w.province().all("/v1/held-ops").len(), 14);
        bounded(&serving);
    }
}
