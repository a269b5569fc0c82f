//! `Idempotency-Key`: a `POST` that is sent twice counts once, also when the first answer was lost. The answer is kept in
//! the transaction of the effect, so that there is never one without the other.

use super::{Answer, Code, Problem};
use crate::store::idempotency::{self, Kept};
use crate::store::{Instant, Tx};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use sha2::{Digest as _, Sha256};
use std::future::{Ready, ready};
use uuid::Uuid;

const HEADER: &str = "idempotency-key";
pub(super) const LONGEST: usize = 255;

/// Whether, and under which key, a request is to count once.
#[derive(Debug, Clone)]
pub struct Idempotency {
    key: Option<String>,
    /// Method and path.
    asked: String,
}

impl Idempotency {
    /// Runs `effect` and keeps its answer; gives the kept one where this user sent the same request under the same key
    /// within 7 days, and 422 where it was another request. Who comes while the first is under way waits for it.
    pub fn once(
        &self,
        tx: &mut Tx<'_>,
        user: Uuid,
        body: &[u8],
        effect: impl FnOnce(&mut Tx<'_>) -> Result<Answer, Problem>,
    ) -> Result<Answer, Problem> {
        let Some(key) = &self.key else { return effect(tx) };
        let mut request = Sha256::new_with_prefix(&self.asked);
        request.update(body);
        let request = request.finalize().to_vec();
        if let Some(kept) = idempotency::claim(tx, user, key, &request, Instant::now())? {
            return if kept.request == request { Ok(Answer::from(kept)) } else { Err(mismatch()) };
        }
        let answer = effect(tx)?;
        let Answer { status, location, body } = answer.clone();
        idempotency::keep(tx, user, key, Kept { request, status, location, body })?;
        Ok(answer)
    }
}

impl From<Kept> for Answer {
    fn from(Kept { status, location, body, .. }: Kept) -> Self {
        Self { status, location, body }
    }
}

fn mismatch() -> Problem {
    Problem::new(Code::IdempotencyMismatch).detail(
        "Another request was sent under this Idempotency-Key. Take a new key for a new request.",
        "该 Idempotency-Key 已用于另一个请求，新的请求请使用新的键。",
    )
}

impl FromRequest for Idempotency {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let asked = format!("{} {}\n", request.method(), request.uri());
        let mut given = request.headers().get_all(HEADER);
        let key = match (given.next().map(|value| value.to_str().unwrap_or_default().trim()), given.next()) {
            (None, _) => Ok(None),
            // A header may have a tab inside.
            (Some(key), None) if (1..=LONGEST).contains(&key.len()) && !key.contains('\t') => Ok(Some(key.to_owned())),
            _ => Err(Problem::new(Code::Malformed).detail(
                format!("Idempotency-Key must be one text of 1 to {LONGEST} ASCII characters."),
                format!("Idempotency-Key 应为一个 1 至 {LONGEST} 个 ASCII 字符的文本。"),
            )),
        };
        ready(key.map(|key| Self { key, asked }))
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Idempotency, LONGEST};
    use actix_web::FromRequest as _;
    use actix_web::test::TestRequest;

    fn key(given: &str) -> Result<Option<String>, Code> {
        let request = TestRequest::post().insert_header(("idempotency-key", given)).to_http_request();
        Idempotency::extract(&request).into_inner().map(|found| found.key).map_err(|problem| problem.code)
    }

    #[test]
    fn a_key_is_what_the_document_says() {
        for given in ["a", "a b", "!~", &"x".repeat(LONGEST)] {
            assert_eq!(key(given), Ok(Some(given.to_owned())));
        }
        // What stands around a header's value is no part of it.
        assert_eq!(key(" a\t"), Ok(Some("a".to_owned())));
        for given in ["", " ", "a\tb", "户", &"x".repeat(LONGEST + 1)] {
            assert_eq!(key(given), Err(Code::Malformed), "{given:?}");
        }
    }
}
