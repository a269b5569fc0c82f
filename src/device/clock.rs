//! The phone's clocks, as the protocol wants them: a wall clock that nobody trusts, and where the platform
//! has one, a clock that never goes back, counts while the phone sleeps, and is named anew when it restarts.
//!
//! On Android: `System.currentTimeMillis()`, `SystemClock.elapsedRealtime()`, and the boot count of
//! `Settings.Global.BOOT_COUNT`.

use chrono::{DateTime, FixedOffset, Local, SecondsFormat};
use serde::{Deserialize, Serialize, Serializer};

/// What the clocks said at one moment: `clock` of a push, `at` of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    #[serde(serialize_with = "with_milliseconds")]
    pub wall: DateTime<FixedOffset>,
    /// Milliseconds since some moment of this boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mono: Option<i64>,
    /// Any text that changes when `mono` restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
}

fn with_milliseconds<S: Serializer>(wall: &DateTime<FixedOffset>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&wall.to_rfc3339_opts(SecondsFormat::Millis, false))
}

/// Where the client takes the time from.
pub trait Clock: Send {
    fn read(&self) -> Reading;
}

/// The machine's own clocks; without Linux's boot clock, the wall clock alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn read(&self) -> Reading {
        let (mono, boot) = boot_clock().unzip();
        Reading { wall: Local::now().fixed_offset(), mono, boot }
    }
}

/// Time since boot (sleep included) and the name of the boot.
fn boot_clock() -> Option<(i64, String)> {
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = uptime.split_whitespace().next()?.parse().ok()?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(((seconds * 1000.0) as i64, boot.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::Reading;

    #[test]
    fn a_reading_is_written_with_milliseconds_and_offset_and_without_what_it_lacks() {
        let wall = chrono::DateTime::parse_from_rfc3339("2015-04-16T11:02:38+08:00").unwrap();
        let full = Reading { wall, mono: Some(7), boot: Some("b19".into()) };
        assert_eq!(
            serde_json::to_string(&full).unwrap(),
            r#"{"wall":"2015-04-16T11:02:38.000+08:00","mono":7,"boot":"b19"}"#
        );
        let bare = Reading { wall, mono: None, boot: None };
        assert_eq!(serde_json::to_string(&bare).unwrap(), r#"{"wall":"2015-04-16T11:02:38.000+08:00"}"#);
        assert_eq!(serde_json::from_str::<Reading>(&serde_json::to_string(&bare).unwrap()).unwrap(), bare);
    }
}
