//! How often one caller may ask: each device by itself, everyone else by address, so that a crowd of phones behind one
//! address is no crowd. Seldom callers may ask much at once.

use crate::app::App;
use crate::auth::attempts::network;
use crate::auth::tokens::Bearer;
use crate::http::address::address;
use crate::http::middleware::HEALTH;
use crate::http::{Code, Problem};
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest as _, web};
use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use uuid::Uuid;

/// What a caller may ask at once is what it may ask in so many seconds.
const BURST_SECONDS: u32 = 10;

/// Who is counted as one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Device(Uuid),
    Address(IpAddr),
}

/// The counts of this process. Cheap to clone.
#[derive(Clone)]
pub struct Limits(Option<Arc<DefaultKeyedRateLimiter<Who, StateInformationMiddleware>>>);

/// What is left to a caller, or for how many seconds nothing is.
type Verdict = Result<u32, u64>;

impl Limits {
    /// `per_second` requests on average; 0 sets no limit.
    pub fn new(per_second: u32) -> Self {
        let burst = NonZeroU32::new(per_second.saturating_mul(BURST_SECONDS));
        Self(NonZeroU32::new(per_second).zip(burst).map(|(rate, burst)| {
            Arc::new(RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst)).with_middleware())
        }))
    }

    /// Forgets those who have not asked for a while.
    pub fn sweep(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
        }
    }

    fn count(&self, who: &Who) -> Option<Verdict> {
        let limiter = self.0.as_deref()?;
        Some(match limiter.check_key(who) {
            Ok(standing) => Ok(standing.remaining_burst_capacity()),
            // A whole second more than the rest of one: who waits so long is let in.
            Err(refused) => Err(refused.wait_time_from(limiter.clock().now()).as_secs() + 1),
        })
    }
}

/// Counts a request, and refuses one too many.
pub async fn limit<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let verdict = match request.app_data::<web::Data<App>>().cloned() {
        Some(app) if app.config.rate_limit > 0 && !HEALTH.contains(&request.path()) => app
            .limits
            .count(&who(&mut request, app.config.behind_proxy))
            .map(|verdict| (verdict, app.config.rate_limit)),
        _ => None,
    };
    let Some((verdict, rate)) = verdict else { return Ok(next.call(request).await?.map_into_left_body()) };
    let mut answer = match verdict {
        Ok(_) => next.call(request).await?.map_into_left_body(),
        Err(seconds) => {
            let problem = Problem::new(Code::RateLimited).retry_after(seconds).detail(
                format!("Too many requests in a short time. Ask again after {seconds} s."),
                format!("短时间内请求过多，请在 {seconds} 秒后重试。"),
            );
            request.error_response(problem).map_into_right_body()
        }
    };
    tell(answer.headers_mut(), verdict, rate);
    Ok(answer)
}

/// Only a token that counts makes a device: else anyone could use up another's share.
fn who(request: &mut ServiceRequest, behind_proxy: bool) -> Who {
    let at = Who::Address(network(address(request.request(), behind_proxy)));
    // Signing in makes devices: it must not be paid for by one.
    if request.path().starts_with("/v1/auth/") {
        return at;
    }
    let bearer = Bearer::from_request(request.request(), &mut Payload::None).into_inner();
    match bearer.ok().and_then(|Bearer(claims)| claims.device) {
        Some(device) => Who::Device(device),
        None => at,
    }
}

/// `RateLimit-Policy` and `RateLimit`, as the draft of the IETF's HTTPAPI group has them.
fn tell(headers: &mut HeaderMap, verdict: Verdict, rate: u32) {
    let burst = rate.saturating_mul(BURST_SECONDS);
    let (left, seconds) = match verdict {
        Ok(left) => (left, u64::from((burst - left.min(burst)).div_ceil(rate))),
        Err(seconds) => (0, seconds),
    };
    for (name, text) in [
        ("ratelimit-policy", format!("\"default\";q={burst};w={BURST_SECONDS}")),
        ("ratelimit", format!("\"default\";r={left};t={seconds}")),
    ] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BURST_SECONDS, Limits, Who};
    use std::net::IpAddr;
    use uuid::Uuid;

    #[test]
    fn each_caller_has_its_own_share() {
        let limits = Limits::new(1);
        let (phone, other) = (Who::Device(Uuid::new_v4()), Who::Address(IpAddr::from([10, 0, 0, 1])));
        for left in (0..BURST_SECONDS).rev() {
            assert_eq!(limits.count(&phone), Some(Ok(left)));
        }
        assert!(matches!(limits.count(&phone), Some(Err(1..=2))));
        assert_eq!(limits.count(&other), Some(Ok(BURST_SECONDS - 1)));
    }

    #[test]
    fn a_rate_of_nothing_is_no_limit() {
        assert_eq!(Limits::new(0).count(&Who::Device(Uuid::nil())), None);
    }
}
