//! What a campaign goes through, step by step. A step names devices, records and what is held by number and not by identity,
//! so that it means something (or nothing) whatever other steps are taken out: that is what lets a plan shrink.

use std::fmt::{Display, Formatter};

use serde_json::{Value, json};

use crate::support::{Rec, op};

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// The phones that there are at first, by who of the cast has them. Those that are made on the way count on from here.
    pub(crate) devices: Vec<&'static str>,
    pub(crate) records: Vec<Rec>,
    pub(crate) steps: Vec<Step>,
}

/// Something that happens. `device` and `record` count from 0; a device that is not there stands for one that is.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A person changes a record on the phone, online or not. What the phone does not have, it makes: whole, or (`partial`)
    /// without what a new one needs.
    Edit {
        device: usize,
        record: usize,
        fields: Value,
        partial: bool,
        made: Made,
    },
    Delete {
        device: usize,
        record: usize,
        made: Made,
    },
    /// The phone's program has a fault: what it writes can never be applied.
    Spoil {
        device: usize,
        record: usize,
        fault: Fault,
        made: Made,
    },
    /// Another clock from now on.
    Clock {
        device: usize,
        clock: Clock,
    },
    /// The phone sends its oldest `most` operations that have no result.
    Push {
        device: usize,
        most: usize,
        fate: PushFate,
    },
    /// Several phones send all that they have, at the same moment.
    Race {
        devices: Vec<usize>,
    },
    /// The phone asks for `pages` pages of `limit` records.
    Pull {
        device: usize,
        limit: usize,
        pages: usize,
        fate: PullFate,
    },
    Assign {
        team: &'static str,
        county: &'static str,
    },
    /// One of a team's open assignments of a county is closed.
    Close {
        team: &'static str,
        county: &'static str,
    },
    Revoke {
        device: usize,
        mode: &'static str,
    },
    /// A copy of the phone is put away, to be restored later.
    Backup {
        device: usize,
    },
    Restore {
        device: usize,
    },
    /// The phone is copied as it is: two phones take themselves for the same device.
    Twin {
        device: usize,
    },
    /// A person of the prefecture (or the province) decides on the `nth` of what is held: of the open ones, or of all.
    Settle {
        nth: usize,
        how: &'static str,
        open: bool,
        province: bool,
    },
    Resolve {
        nth: usize,
        keep: Keep,
        open: bool,
    },
    /// An office changes the record over REST, as it is then; without fields, it deletes it.
    Online {
        record: usize,
        fields: Option<Value>,
        province: bool,
    },
    /// Who has the phone goes over to another team.
    Move {
        device: usize,
        team: &'static str,
    },
    /// The server is stopped and started.
    Restart,
}

/// When the person made it, as the phone tells it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    /// Milliseconds before this step.
    pub(crate) ago: i64,
    pub(crate) told: Told,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Told {
    Rightly,
    /// `at` is left out.
    Nothing,
    /// `at` cannot be read.
    Nonsense,
}

/// What is wrong with an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// A text where a number must be.
    Type,
    UnknownField,
    /// A required field is cleared.
    Cleared,
    UnknownBucket,
    UnknownCollection,
}

/// A phone's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Clock {
    /// How far the wall clock is ahead, in milliseconds.
    pub(crate) ahead: i64,
    /// Whether the phone has a clock that never goes back.
    pub(crate) mono: bool,
    /// Whether the phone was started again just now.
    pub(crate) reboot: bool,
    /// Whether it tells no clock with its pushes.
    pub(crate) silent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PushFate {
    Answered,
    /// The server did it, the phone never hears of it.
    AnswerLost,
    /// So many copies arrive at the same moment.
    Copies(usize),
    /// Sent again at once although it was answered.
    Repeated,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PullFate {
    Stored,
    /// The answer does not arrive: the cursor stays the old one.
    Lost,
    /// The answer is stored, and asked for once more with the cursor of before.
    Repeated,
    /// It is asked with a cursor that the phone had before, so many back.
    OldCursor(usize),
    /// The phone asks for the county of that record from its beginning.
    Restart(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Keep {
    Current,
    Other,
    Value,
}

/// What a new record needs. Two phones that make the same one say the same, but for what they edit.
pub(crate) fn whole(record: &Rec) -> Value {
    match record.collection {
        "households" => json!({ "village": op::village_of(&record.bucket), "head_name": "吉克阿力" }),
        "visits" => json!({ "campaign": "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e", "method": "site_visit",
            "level": "household", "day": "2015-04-16" }),
        _ => json!({ "visit": "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e", "level": "household", "form": "household",
            "form_version": 1 }),
    }
}

impl Plan {
    /// The same without one device and what it does; none when it is the only one.
    pub(crate) fn without_device(&self, device: usize) -> Option<Self> {
        let mut less = self.clone();
        less.devices.remove(device);
        for step in &mut less.steps {
            if let Step::Race { devices } = step {
                devices.retain(|n| *n != device);
            }
        }
        less.steps.retain_mut(|step| !step.devices().into_iter().any(|n| *n == device));
        for n in less.steps.iter_mut().flat_map(Step::devices) {
            *n -= usize::from(*n > device);
        }
        (!less.devices.is_empty()).then_some(less)
    }
}

impl Step {
    fn devices(&mut self) -> Vec<&mut usize> {
        match self {
            Self::Edit { device, .. }
            | Self::Delete { device, .. }
            | Self::Spoil { device, .. }
            | Self::Clock { device, .. }
            | Self::Push { device, .. }
            | Self::Pull { device, .. }
            | Self::Revoke { device, .. }
            | Self::Move { device, .. }
            | Self::Backup { device }
            | Self::Restore { device }
            | Self::Twin { device } => vec![device],
            Self::Race { devices } => devices.iter_mut().collect(),
            Self::Assign { .. }
            | Self::Close { .. }
            | Self::Settle { .. }
            | Self::Resolve { .. }
            | Self::Online { .. }
            | Self::Restart => Vec::new(),
        }
    }
}

impl Display for Made {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self.told {
            Told::Rightly => write!(f, "{} ms ago", self.ago),
            Told::Nothing => write!(f, "at no time that is told"),
            Told::Nonsense => write!(f, "at a time that cannot be read"),
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Edit { device, record, fields, partial, made } => {
                let how = if *partial { ", never whole" } else { "" };
                write!(f, "device {device} edits record {record}{how}, {made}: {fields}")
            }
            Self::Delete { device, record, made } => write!(f, "device {device} deletes record {record}, {made}"),
            Self::Spoil { device, record, fault, made } => {
                write!(f, "device {device} spoils record {record}, {made}: {fault:?}")
            }
            Self::Clock { device, clock } => write!(f, "device {device} has another clock: {clock:?}"),
            Self::Push { device, most, fate } => write!(f, "device {device} pushes at most {most}: {fate:?}"),
            Self::Race { devices } => write!(f, "devices {devices:?} push at the same moment"),
            Self::Pull { device, limit, pages, fate } => {
                write!(f, "device {device} pulls {pages} pages of {limit}: {fate:?}")
            }
            Self::Assign { team, county } => write!(f, "{county} is given to team {team}"),
            Self::Close { team, county } => write!(f, "an assignment of {county} to team {team} is closed"),
            Self::Revoke { device, mode } => write!(f, "device {device} is revoked: {mode}"),
            Self::Backup { device } => write!(f, "device {device} is copied, and the copy put away"),
            Self::Restore { device } => write!(f, "device {device} is restored from its copy"),
            Self::Twin { device } => write!(f, "device {device} is copied, and both go on"),
            Self::Settle { nth, how, open, province } => {
                let (of, who) = (if *open { "open" } else { "all" }, if *province { "province" } else { "prefecture" });
                write!(f, "the {who} does {how} number {nth} of {of} held operations")
            }
            Self::Resolve { nth, keep, open } => {
                write!(f, "conflict {nth} of {} is settled: {keep:?}", if *open { "the open ones" } else { "all" })
            }
            Self::Online { record, fields, .. } => match fields {
                Some(fields) => write!(f, "an office changes record {record}: {fields}"),
                None => write!(f, "an office deletes record {record}"),
            },
            Self::Move { device, team } => write!(f, "who has device {device} goes over to team {team}"),
            Self::Restart => write!(f, "the server is stopped and started"),
        }
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        for (n, name) in self.devices.iter().enumerate() {
            writeln!(f, "  device {n}: {name}")?;
        }
        for (n, record) in self.records.iter().enumerate() {
            writeln!(f, "  record {n}: {} of {}, {}", record.collection, record.bucket, record.id)?;
        }
        for (n, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {n:3}. {step}")?;
        }
        Ok(())
    }
}
