//! Times on the wire: RFC 3339 with milliseconds, in China's one time zone; milliseconds since 1970 inside.

use chrono::{DateTime, FixedOffset, SecondsFormat};

const CHINA_SECONDS_EAST: i32 = 8 * 3600;

/// `2015-04-16T11:02:38.123+08:00`
pub fn format_ms(unix_ms: i64) -> String {
    let utc = DateTime::from_timestamp_millis(unix_ms).unwrap_or_default();
    match FixedOffset::east_opt(CHINA_SECONDS_EAST) {
        Some(zone) => utc.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Millis, true),
        None => utc.to_rfc3339_opts(SecondsFormat::Millis, true),
    }
}

/// Reads any RFC 3339 time; finer digits than milliseconds are cut.
pub fn parse_ms(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis())
}
