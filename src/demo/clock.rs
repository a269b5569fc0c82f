//! The clocks of simulated phones. The true time is the real one, for the server has no other; a simulated day
//! lasts as long as its work does. What a phone believes is another matter: clocks are hours off, jump, start
//! again from nothing, or lack the part that never goes back.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, FixedOffset, Utc};
use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::device::{Clock, Reading};

const HOUR: i64 = 3_600_000;

/// True time within a group of phones, in milliseconds since 1970: no two readings are equal.
#[derive(Debug, Default)]
pub(super) struct TrueTime(AtomicI64);

impl TrueTime {
    pub(super) fn read(&self) -> i64 {
        let now = Utc::now().timestamp_millis();
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(now.max(last + 1)));
        now.max(before.unwrap_or(0) + 1)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Right to the millisecond.
    Right,
    /// Hours off, always by the same.
    Off,
    /// Off by something else every morning.
    Jumping,
    /// Off by the same, on a phone that offers nothing but its wall clock.
    WallOnly,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Off => "off",
            Self::Jumping => "jumping",
            Self::WallOnly => "wall only",
        }
    }
}

#[derive(Debug)]
struct State {
    /// Milliseconds that the wall clock is ahead.
    error: i64,
    boots: u32,
    /// True time at which the present boot began.
    booted: i64,
}

/// One phone's clocks; clones are the same clock.
#[derive(Debug, Clone)]
pub(super) struct PhoneClock {
    kind: Kind,
    time: Arc<TrueTime>,
    state: Arc<Mutex<State>>,
}

impl PhoneClock {
    pub(super) fn new(rng: &mut StdRng, kind: Kind, time: Arc<TrueTime>) -> Self {
        let error = if kind == Kind::Right { 0 } else { error(rng) };
        let booted = Utc::now().timestamp_millis() - rng.random_range(HOUR..200 * HOUR);
        Self { kind, time, state: Arc::new(Mutex::new(State { error, boots: 1, booted })) }
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    /// What a new day brings: some clocks jump, some phones restart.
    pub(super) fn new_day(&self, rng: &mut StdRng) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.kind == Kind::Jumping {
            state.error = error(rng);
        }
        if rng.random_bool(0.1) {
            state.boots += 1;
            state.booted = self.time.read();
        }
    }
}

/// Between half an hour and eleven hours, ahead or behind.
fn error(rng: &mut StdRng) -> i64 {
    let size = rng.random_range(HOUR / 2..11 * HOUR);
    if rng.random_bool(0.5) { size } else { -size }
}

impl Clock for PhoneClock {
    fn read(&self) -> Reading {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.time.read();
        let wall = DateTime::from_timestamp_millis(now + state.error).unwrap_or_default();
        let china = FixedOffset::east_opt(8 * 3600).unwrap_or_else(|| chrono::Offset::fix(&Utc));
        let running = self.kind != Kind::WallOnly;
        Reading {
            wall: wall.with_timezone(&china),
            mono: running.then(|| now - state.booted),
            boot: running.then(|| format!("b{}", state.boots)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn readings_of_a_group_are_all_different_and_rise() {
        let time = TrueTime::default();
        let readings: Vec<i64> = (0..1000).map(|_| time.read()).collect();
        assert!(readings.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_restart_changes_the_boot_and_begins_the_count_again() {
        let mut rng = StdRng::seed_from_u64(5);
        let clock = PhoneClock::new(&mut rng, Kind::Off, Arc::default());
        let before = clock.read();
        while clock.read().boot == before.boot {
            clock.new_day(&mut rng);
        }
        assert!(clock.read().mono < before.mono);
    }
}
