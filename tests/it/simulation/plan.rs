//! What a campaign goes through, as steps that a seed decides. A step names devices, records and what is held by number and
//! not by identity, so that it means something (or nothing) whatever other steps are taken out: that is what lets a plan
//! shrink.

use std::fmt::{Display, Formatter};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::support::{JINYANG, Rec, ZHAOJUE, op};

/// Who may hold a phone. The first of them write the same county.
pub(crate) const PEOPLE: [&str; 4] = ["ali", "chen", "bo", "liangshan"];

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// The devices that there are at first: names of the cast.
    pub(crate) devices: Vec<&'static str>,
    pub(crate) records: Vec<Rec>,
    pub(crate) steps: Vec<Step>,
}

/// Something that happens. `device` and `record` count from 0.
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
    /// The phone asks for `pages` pages of `limit` records.
    Pull {
        device: usize,
        limit: usize,
        pages: usize,
        fate: PullFate,
    },
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

/// A phone's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Clock {
    /// How far the wall clock is ahead, in milliseconds.
    pub(crate) ahead: i64,
    /// Whether the phone has a clock that never goes back.
    pub(crate) mono: bool,
    /// Whether the phone was started again just now.
    pub(crate) reboot: bool,
    /// Whether it tells its clock at all.
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
}

impl Plan {
    pub(crate) fn from_seed(seed: u64) -> Self {
        let rng = &mut StdRng::seed_from_u64(seed);
        let devices = PEOPLE[..rng.random_range(2..=PEOPLE.len())].to_vec();
        let records: Vec<Rec> = (0..rng.random_range(1..=4)).map(|_| record(rng)).collect();
        let count = rng.random_range(10..=60);
        let mut plan = Self { seed, devices, records, steps: Vec::new() };
        for _ in 0..count {
            let step = plan.step(rng);
            plan.steps.push(step);
        }
        plan
    }

    /// The same without one device and what it does; none when it is the only one.
    pub(crate) fn without_device(&self, device: usize) -> Option<Self> {
        let mut less = self.clone();
        less.devices.remove(device);
        less.steps.retain(|step| step.device() != device);
        for step in &mut less.steps {
            let n = step.device_mut();
            *n -= usize::from(*n > device);
        }
        (!less.devices.is_empty()).then_some(less)
    }

    fn step(&self, rng: &mut StdRng) -> Step {
        let device = rng.random_range(0..self.devices.len());
        let record = rng.random_range(0..self.records.len());
        match rng.random_range(0..100) {
            0..35 => Step::Edit {
                device,
                record,
                fields: fields(rng, self.records[record].collection),
                partial: rng.random_ratio(1, 8),
                made: made(rng),
            },
            35..43 => Step::Delete { device, record, made: made(rng) },
            43..48 => Step::Clock { device, clock: clock(rng) },
            48..76 => Step::Push {
                device,
                most: if rng.random_bool(0.7) { 500 } else { rng.random_range(0..=3) },
                fate: match rng.random_range(0..10) {
                    0..6 => PushFate::Answered,
                    6..8 => PushFate::AnswerLost,
                    8 => PushFate::Copies(rng.random_range(2..=4)),
                    _ => PushFate::Repeated,
                },
            },
            _ => Step::Pull {
                device,
                limit: if rng.random_bool(0.5) { 1000 } else { rng.random_range(1..=3) },
                pages: rng.random_range(1..=4),
                fate: match rng.random_range(0..10) {
                    0..7 => PullFate::Stored,
                    7..9 => PullFate::Lost,
                    _ => PullFate::Repeated,
                },
            },
        }
    }
}

fn record(rng: &mut StdRng) -> Rec {
    let collection = if rng.random_bool(0.5) { "households" } else { "interviews" };
    let bucket = if rng.random_bool(0.7) { JINYANG } else { ZHAOJUE };
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    let id = uuid::Builder::from_random_bytes(bytes).into_uuid().to_string();
    Rec { bucket: bucket.into(), collection, id }
}

/// What a new record needs. Two phones that make the same one say the same, but for what they edit.
pub(crate) fn whole(record: &Rec) -> Value {
    if record.collection == "households" {
        return json!({ "village": op::village_of(&record.bucket), "head_name": "吉克阿力" });
    }
    json!({ "visit": "0195f0c2-7a31-7c5e-9d0e-3f6a1b2c4d5e", "level": "household", "form": "household",
        "form_version": 1 })
}

/// A few changes, of few fields and few values: so that they meet.
fn fields(rng: &mut StdRng, collection: &str) -> Value {
    let mut fields = json!({});
    for _ in 0..rng.random_range(1..=3) {
        let n = rng.random_range(0..4);
        if collection == "households" {
            let (name, value) = match rng.random_range(0..6) {
                0 => ("phone", json!(format!("{n}"))),
                1 => ("people", json!(n + 1)),
                2 => ("income_wage", [json!(12.5), json!(0), json!(1e3), json!(-0.0)][n].clone()),
                3 => {
                    ("causes_other", [json!([]), json!(["illness"]), json!(["land", "water"]), json!(null)][n].clone())
                }
                4 => ("cooperative", [json!(true), json!(false), json!(null), json!(true)][n].clone()),
                _ => ("remarks", [json!(null), json!("阿力"), json!("b"), json!("")][n].clone()),
            };
            fields[name] = value;
        } else {
            let value = [json!(null), json!("是"), json!(n), json!(["x", "y"])][n].clone();
            match rng.random_range(0..5) {
                0 => fields["respondent"] = json!(format!("{n}")),
                1 => fields["answers.a"] = value,
                2 => fields["answers.b"] = value,
                3 => fields["answers.c"] = value,
                _ => fields["respondent_relation"] = [json!(null), json!("b"), json!("c"), json!("d")][n].clone(),
            }
        }
    }
    // The same as a map: entry by entry all the same.
    if collection == "interviews" && rng.random_bool(0.3) {
        let flat = fields.as_object_mut().expect("an object");
        let entries: Vec<String> = flat.keys().filter(|name| name.starts_with("answers.")).cloned().collect();
        let map = entries.into_iter().map(|name| {
            let value = flat.remove(&name).expect("it is there");
            (name["answers.".len()..].to_owned(), value)
        });
        let map: serde_json::Map<String, Value> = map.collect();
        if !map.is_empty() {
            flat.insert("answers".into(), map.into());
        }
    }
    fields
}

fn made(rng: &mut StdRng) -> Made {
    let ago = *[0, 0, 0, 1, 5, 1_000, 60_000, 3_600_000, 7_200_000].choose(rng).expect("not empty");
    let told = match rng.random_range(0..30) {
        0 => Told::Nothing,
        1 => Told::Nonsense,
        _ => Told::Rightly,
    };
    Made { ago, told }
}

fn clock(rng: &mut StdRng) -> Clock {
    let hours = 3_600_000;
    let ahead = *[0, 0, 30_000, -30_000, 90_000, -90_000, 5 * hours, -7 * hours, 400_000 * hours, -200_000 * hours]
        .choose(rng)
        .expect("not empty");
    Clock { ahead, mono: rng.random_bool(0.5), reboot: rng.random_bool(0.3), silent: rng.random_ratio(1, 12) }
}

impl Step {
    fn device_mut(&mut self) -> &mut usize {
        match self {
            Self::Edit { device, .. }
            | Self::Delete { device, .. }
            | Self::Clock { device, .. }
            | Self::Push { device, .. }
            | Self::Pull { device, .. } => device,
        }
    }

    fn device(&self) -> usize {
        *self.clone().device_mut()
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
            Self::Clock { device, clock } => write!(f, "device {device} has another clock: {clock:?}"),
            Self::Push { device, most, fate } => write!(f, "device {device} pushes at most {most}: {fate:?}"),
            Self::Pull { device, limit, pages, fate } => {
                write!(f, "device {device} pulls {pages} pages of {limit}: {fate:?}")
            }
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
