//! Wire times. Everything is cut to milliseconds, so that what a test sends is what it may compare with.

use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset, SubsecRound, TimeDelta, Utc};
use serde_json::{Value, json};

pub(crate) type Time = DateTime<FixedOffset>;

pub(crate) fn now() -> Time {
    Utc::now().trunc_subsecs(3).with_timezone(&FixedOffset::east_opt(8 * 3600).unwrap())
}

pub(crate) fn ago(minutes: i64) -> Time {
    now() - TimeDelta::minutes(minutes)
}

pub(crate) fn ms(milliseconds: i64) -> TimeDelta {
    TimeDelta::milliseconds(milliseconds)
}

/// `2015-04-16T11:02:38.123+08:00`
pub(crate) fn wire(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// `{"wall": …}`, for an `at` or a `clock`.
pub(crate) fn wall(time: Time) -> Value {
    json!({ "wall": wire(time) })
}

/// `{"wall": …, "mono": …, "boot": …}`
pub(crate) fn mono(time: Time, mono: i64, boot: &str) -> Value {
    json!({ "wall": wire(time), "mono": mono, "boot": boot })
}

/// A time that the server sent: RFC 3339 with an offset and milliseconds.
#[track_caller]
pub(crate) fn read(value: &Value) -> Time {
    let text = value.as_str().unwrap_or_else(|| panic!("not a time: {value}"));
    let time = DateTime::parse_from_rfc3339(text).unwrap_or_else(|e| panic!("not RFC 3339: {text}: {e}"));
    let fraction = text.split('.').nth(1).unwrap_or_else(|| panic!("no milliseconds: {text}"));
    let digits = fraction.chars().take_while(char::is_ascii_digit).count();
    assert_eq!(digits, 3, "milliseconds have three digits: {text}");
    time
}

/// `value` is a time within `tolerance` of `expected`.
#[track_caller]
pub(crate) fn assert_near(value: &Value, expected: Time, tolerance: TimeDelta) {
    let time = read(value);
    assert!((time - expected).abs() <= tolerance, "{time} is not within {tolerance} of {expected}");
}

/// Asks again and again until there is an answer; the test fails after `seconds`.
#[track_caller]
pub(crate) fn eventually<T>(seconds: u64, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {seconds} s: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
