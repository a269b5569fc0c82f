//! The requests that phones send, as bytes that are ready to go.

use super::data::{Batch, change};
use super::http::request;
use super::server::Phone;
use crate::http::time::format_ms;
use rand::rngs::StdRng;
use std::fmt::Write as _;

/// What a phone's clock that counts on shows.
const MONO: i64 = 500_000_000;
/// Between an edit and the push.
const HOURS: i64 = 5 * 3_600_000;

/// A push that creates the batch's records.
pub(super) fn create(phone: &mut Phone, batch: &Batch, now: i64) -> Vec<u8> {
    push(phone, batch, now, |op, interview| {
        let _ = write!(op, r#""fields":{}"#, interview.fields);
    })
}

/// A push that changes one answer in each of the batch's records, which the phone itself made.
pub(super) fn modify(phone: &mut Phone, batch: &Batch, now: i64, rng: &mut StdRng) -> Vec<u8> {
    push(phone, batch, now, |op, _| {
        let (name, value) = change(rng);
        let _ = write!(op, r#""base":1,"fields":{{"{name}":{value}}}"#);
    })
}

/// Writing to a string cannot fail.
fn push(
    phone: &mut Phone,
    batch: &Batch,
    now: i64,
    mut rest: impl FnMut(&mut String, &super::data::Interview),
) -> Vec<u8> {
    let mut body = String::with_capacity(batch.interviews.len() * 1024 + 256);
    let _ = write!(body, r#"{{"schema":1,"clock":{{"wall":"{}","mono":{MONO},"boot":"b1"}},"ops":["#, format_ms(now));
    for (i, interview) in batch.interviews.iter().enumerate() {
        let ago = HOURS - i as i64 * 1000;
        let _ = write!(
            body,
            r#"{}{{"op_seq":{},"kind":"upsert","bucket":"{}","collection":"interviews","id":"{}","at":{{"wall":"{}","mono":{},"boot":"b1"}},"#,
            if i > 0 { "," } else { "" },
            phone.next_op,
            batch.bucket,
            interview.id,
            format_ms(now - ago),
            MONO - ago
        );
        rest(&mut body, interview);
        body.push('}');
        phone.next_op += 1;
    }
    body.push_str("]}");
    request("/v1/sync/push", Some(&phone.token), &body)
}

/// A pull.
pub(super) fn pull(phone: &Phone, cursor: Option<&str>, limit: usize) -> Vec<u8> {
    let body = match cursor {
        Some(cursor) => format!(r#"{{"schema":1,"cursor":"{cursor}","limit":{limit}}}"#),
        None => format!(r#"{{"schema":1,"limit":{limit}}}"#),
    };
    request("/v1/sync/pull", Some(&phone.token), &body)
}
