//! The phases: their names, and what is aimed at in each.

use crate::store::Engine;

/// What is measured, in the order in which it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Push1,
    Push8,
    Push32,
    Change,
    Pull1,
    Pull8,
    PollEmpty,
    Poll100,
    Single,
    Counties8,
    Counties32,
    CountiesChange,
    CountiesPull,
    CountiesPollEmpty,
    CountiesPoll100,
    CountiesSingle,
    Memory,
}

impl Phase {
    pub const ALL: [Self; 17] = [
        Self::Push1,
        Self::Push8,
        Self::Push32,
        Self::Change,
        Self::Pull1,
        Self::Pull8,
        Self::PollEmpty,
        Self::Poll100,
        Self::Single,
        Self::Counties8,
        Self::Counties32,
        Self::CountiesChange,
        Self::CountiesPull,
        Self::CountiesPollEmpty,
        Self::CountiesPoll100,
        Self::CountiesSingle,
        Self::Memory,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Push1 => "push-1",
            Self::Push8 => "push-8",
            Self::Push32 => "push-32",
            Self::Change => "change",
            Self::Pull1 => "pull-1",
            Self::Pull8 => "pull-8",
            Self::PollEmpty => "poll-empty",
            Self::Poll100 => "poll-100",
            Self::Single => "single",
            Self::Counties8 => "counties-8",
            Self::Counties32 => "counties-32",
            Self::CountiesChange => "counties-change",
            Self::CountiesPull => "counties-pull",
            Self::CountiesPollEmpty => "counties-poll-empty",
            Self::CountiesPoll100 => "counties-poll-100",
            Self::CountiesSingle => "counties-single",
            Self::Memory => "memory",
        }
    }

    /// The phases that this names: one, or a family such as `push`.
    pub fn named(name: &str) -> Vec<Self> {
        let family = |phase: &Self| phase.name() == name || phase.name().split('-').next() == Some(name);
        Self::ALL.into_iter().filter(family).collect()
    }
}

/// What a figure is to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    None,
    ShareOfRaw(f64),
    AtLeast(f64),
    Below(f64),
}

impl Target {
    pub(super) fn is_reached(self, ours: f64, raw: Option<f64>) -> Option<bool> {
        match self {
            Self::None => None,
            Self::ShareOfRaw(share) => raw.map(|raw| ours >= share * raw),
            Self::AtLeast(least) => Some(ours >= least),
            Self::Below(most) => Some(ours < most),
        }
    }
}

/// The targets of pushes of new records.
pub(super) fn push(engine: Engine) -> Target {
    Target::ShareOfRaw(match engine {
        Engine::Postgres => 0.5,
        Engine::Sqlite => 0.4,
    })
}

pub(super) const CHANGE: Target = Target::ShareOfRaw(0.4);

pub(super) fn pull(engine: Engine) -> Target {
    match engine {
        Engine::Postgres => Target::ShareOfRaw(0.6),
        Engine::Sqlite => Target::AtLeast(100_000.0),
    }
}

pub(super) const POLL_EMPTY: Target = Target::AtLeast(15_000.0);
pub(super) const POLL_100: Target = Target::AtLeast(1_500.0);
/// Milliseconds.
pub(super) const SINGLE: Target = Target::Below(1.5);
/// Megabytes.
pub(super) const MEMORY: Target = Target::Below(150.0);

#[cfg(test)]
mod tests {
    use super::{Phase, Target};

    #[test]
    fn a_name_is_a_phase_or_a_family() {
        assert_eq!(Phase::named("push"), [Phase::Push1, Phase::Push8, Phase::Push32]);
        assert_eq!(Phase::named("poll-100"), [Phase::Poll100]);
        assert!(Phase::named("p").is_empty());
        assert!(Phase::ALL.is_sorted() && Phase::ALL.iter().all(|phase| Phase::named(phase.name()) == [*phase]));
    }

    #[test]
    fn targets_are_reached_or_not() {
        assert_eq!(Target::ShareOfRaw(0.5).is_reached(49.0, Some(100.0)), Some(false));
        assert_eq!(Target::AtLeast(1.0).is_reached(1.0, None), Some(true));
        assert_eq!(Target::Below(1.5).is_reached(1.5, None), Some(false));
        assert_eq!(Target::None.is_reached(1.0, None), None);
    }
}
