//! What phones do, over a connection each: they push, they pull until there is no more, they poll. Whether the answers are
//! right is checked once the clock has stopped, or by their length.

use super::drive::{LONG, Timed, side_by_side};
use super::http::{Connection, member};
use super::raw;
use super::server::{Phone, Server};
use super::wire;
use anyhow::{Context as _, ensure};
use std::time::Duration;

/// How long polls and single pushes go on at most.
pub(super) const WHILE: Duration = Duration::from_millis(2_500);

/// Sends each connection's pushes one after the other. All operations must be applied.
pub(super) fn pushes(
    server: &Server,
    scripts: Vec<Vec<Vec<u8>>>,
    batch: usize,
    most: Duration,
) -> anyhow::Result<Timed> {
    let (timed, bodies) = side_by_side(
        scripts,
        most,
        |script| Ok((Connection::open(server.address)?, script)),
        |(mut connection, script), tally| {
            let mut bodies = Vec::with_capacity(script.len());
            for request in &script {
                if tally.is_enough() {
                    break;
                }
                tally.time(batch as u64, || {
                    bodies.push(connection.ask(request)?.ok()?.to_vec());
                    Ok(())
                })?;
            }
            Ok(bodies)
        },
    )?;
    for body in bodies.iter().flatten() {
        let text = String::from_utf8_lossy(body);
        ensure!(text.matches(r#""status":"applied""#).count() == batch, "not all of {batch} were applied: {text}");
    }
    Ok(timed)
}

/// What a phone pulled.
pub(super) struct Pulled {
    cursor: String,
    /// The sizes of its pages, which tell two pulls of the same records apart.
    pub pages: Vec<usize>,
    /// Where they were counted.
    pub records: usize,
}

/// Each phone pulls until there is no more.
pub(super) fn pulls(server: &Server, phones: &[Phone], limit: usize) -> anyhow::Result<(Timed, Vec<Pulled>)> {
    pulled(server, phones, limit, |_| 0)
}

/// The same, with the records counted, which takes the client as long as the pull itself.
pub(super) fn counted_pulls(server: &Server, phones: &[Phone], limit: usize) -> anyhow::Result<Vec<Pulled>> {
    pulled(server, phones, limit, |body| occurrences(body, br#""collection":""#)).map(|(_, pulled)| pulled)
}

fn pulled(
    server: &Server,
    phones: &[Phone],
    limit: usize,
    count: impl Fn(&[u8]) -> usize + Sync,
) -> anyhow::Result<(Timed, Vec<Pulled>)> {
    let prepare = |phone| Ok((Connection::open(server.address)?, phone));
    side_by_side(phones.iter().collect(), LONG, prepare, |(mut connection, phone): (_, &Phone), tally| {
        let mut pulled = Pulled { cursor: String::new(), pages: Vec::new(), records: 0 };
        let mut more = true;
        while more {
            let request = wire::pull(phone, (!pulled.cursor.is_empty()).then_some(pulled.cursor.as_str()), limit);
            tally.time(1, || {
                let answer = connection.ask(&request)?;
                let body = answer.ok()?;
                member(body, "cursor").context("no cursor in a page")?.clone_into(&mut pulled.cursor);
                more = member(body, "more") == Some("true");
                pulled.pages.push(body.len());
                pulled.records += count(body);
                Ok(())
            })?;
        }
        Ok(pulled)
    })
}

pub(super) fn poll_requests(phones: &[Phone], pulled: &[Pulled]) -> Vec<Vec<u8>> {
    phones.iter().zip(pulled).map(|(phone, pulled)| wire::pull(phone, Some(&pulled.cursor), raw::PAGE)).collect()
}

/// Each connection repeats its poll; each must bring so many changes.
pub(super) fn polls(server: &Server, requests: Vec<Vec<u8>>, each: usize, changes: usize) -> anyhow::Result<Timed> {
    let (timed, _) = side_by_side(
        requests,
        WHILE,
        |request| Ok((Connection::open(server.address)?, request)),
        |(mut connection, request), tally| {
            let mut length = None;
            for _ in 0..each {
                if tally.is_enough() {
                    break;
                }
                tally.time(1, || {
                    let answer = connection.ask(&request)?;
                    let body = answer.ok()?;
                    // Equal lengths have equal contents, but for the time.
                    if length.replace(body.len()) != Some(body.len()) {
                        let found = occurrences(body, br#""collection":""#);
                        ensure!(found == changes, "a poll brought {found} changes, not {changes}");
                    }
                    Ok(())
                })?;
            }
            Ok(())
        },
    )?;
    Ok(timed)
}

/// How often a text occurs that begins with a quotation mark: looked for quickly, for pages are large.
fn occurrences(body: &[u8], what: &[u8]) -> usize {
    body.windows(what.len()).filter(|window| *window == what).count()
}
