//! Section 3. The one thing that nobody outside can know is the millisecond at which the server took a request: it is
//! looked for between the sending and the answer, as the one that explains every corrected time that the server tells.

use serde_json::Value;

use crate::support::time::Time;

const MINUTE: i64 = 60_000;

/// What a phone's clock said, as far as it can be read.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) wall: i64,
    mono: Option<i64>,
    boot: Option<String>,
}

impl Reading {
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let wall = Time::parse_from_rfc3339(value["wall"].as_str()?).ok()?.timestamp_millis();
        Some(Self { wall, mono: value["mono"].as_i64(), boot: value["boot"].as_str().map(str::to_owned) })
    }
}

/// The corrected time of an operation made `at`, in a request that arrived at `arrival` and told `clock`.
pub(crate) fn corrected(at: Option<&Reading>, clock: Option<&Reading>, arrival: i64) -> i64 {
    let (Some(at), Some(clock)) = (at, clock) else { return arrival };
    let now = if (clock.wall - arrival).abs() <= MINUTE { clock.wall } else { arrival };
    let exact = at.boot.is_some() && at.boot == clock.boot;
    let time = match (exact, clock.mono, at.mono) {
        (true, Some(later), Some(earlier)) => now - (later - earlier),
        _ => at.wall + (now - clock.wall),
    };
    time.min(arrival).max(0)
}

/// Whether the difference is one for a person to weigh.
pub(crate) fn is_marked(at: Option<&Reading>, time: i64) -> bool {
    at.is_some_and(|at| (time - at.wall).abs() > MINUTE)
}

/// `max(t, previous + 1, floor + 1)`
pub(crate) fn stamp(time: i64, previous: Option<u64>, floor: Option<u64>) -> u64 {
    let behind = |stamp: Option<u64>| stamp.map_or(0, |stamp| stamp + 1);
    ((time as u64) << 16).max(behind(previous)).max(behind(floor))
}
