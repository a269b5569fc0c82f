//! A plan from a seed. Each plan takes a random part of the kinds of steps, so that some of them are about one thing alone
//! and others about everything at once.

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt, SeedableRng};
use serde_json::{Value, json};

use super::plan::{Clock, Fault, Keep, Made, Plan, PullFate, PushFate, Step, Told};
use crate::support::{JINYANG, Rec, WUSHENG, ZHAOJUE};

/// Who may have a phone. The first four meet in one county, where the plans at home stay.
const PEOPLE: [&str; 6] = ["ali", "bo", "chen", "liangshan", "er", "deng"];
const TEAMS: [&str; 4] = ["one", "two", "three", "four"];
const COUNTIES: [&str; 4] = [JINYANG, JINYANG, ZHAOJUE, WUSHENG];

/// How often a kind of step comes; the first three are in every plan.
const KINDS: [(Kind, u32); 18] = [
    (Kind::Edit, 36),
    (Kind::Push, 24),
    (Kind::Pull, 20),
    (Kind::Delete, 9),
    (Kind::Spoil, 2),
    (Kind::Clock, 5),
    (Kind::Race, 5),
    (Kind::Assign, 3),
    (Kind::Close, 3),
    (Kind::Revoke, 1),
    (Kind::Backup, 2),
    (Kind::Restore, 2),
    (Kind::Twin, 1),
    (Kind::Settle, 10),
    (Kind::Resolve, 8),
    (Kind::Online, 4),
    (Kind::Move, 1),
    (Kind::Restart, 1),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Edit,
    Push,
    Pull,
    Delete,
    Spoil,
    Clock,
    Race,
    Assign,
    Close,
    Revoke,
    Backup,
    Restore,
    Twin,
    Settle,
    Resolve,
    Online,
    Move,
    Restart,
}

struct Maker {
    rng: StdRng,
    kinds: Vec<(Kind, u32)>,
    records: Vec<Rec>,
    devices: usize,
}

impl Plan {
    pub(crate) fn from_seed(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let at_home = rng.random_bool(0.6);
        let mut people = PEOPLE[..if at_home { 4 } else { 6 }].to_vec();
        people.shuffle(&mut rng);
        people.truncate(rng.random_range(2..=5));
        let counties = &COUNTIES[..if at_home { 1 } else { 4 }];
        let records: Vec<Rec> = (0..rng.random_range(1..=4)).map(|_| record(&mut rng, counties)).collect();
        let count = rng.random_range(10..=120);
        let mut kinds = KINDS[..3].to_vec();
        kinds.extend(KINDS[3..].iter().filter(|_| rng.random_bool(0.6)));
        let mut maker = Maker { rng, kinds, records: records.clone(), devices: people.len() };
        let steps = (0..count).map(|_| maker.step()).collect();
        Self { seed, devices: people, records, steps }
    }
}

impl Maker {
    fn one_in(&mut self, n: u32) -> bool {
        self.rng.random_ratio(1, n)
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        *of.choose(&mut self.rng).expect("not empty")
    }

    fn below(&mut self, n: usize) -> usize {
        self.rng.random_range(0..n)
    }

    fn step(&mut self) -> Step {
        let kind = self.kinds.choose_weighted(&mut self.rng, |(_, weight)| *weight).expect("there are kinds").0;
        let (device, record) = (self.below(self.devices), self.below(self.records.len()));
        match kind {
            Kind::Edit => {
                let fields = self.fields(self.records[record].collection);
                Step::Edit { device, record, fields, partial: self.one_in(12), made: self.made() }
            }
            Kind::Delete => Step::Delete { device, record, made: self.made() },
            Kind::Spoil => {
                let faults =
                    [Fault::Type, Fault::UnknownField, Fault::Cleared, Fault::UnknownBucket, Fault::UnknownCollection];
                Step::Spoil { device, record, fault: self.one(&faults), made: self.made() }
            }
            Kind::Clock => Step::Clock { device, clock: self.clock() },
            Kind::Push => {
                let fate = match self.below(10) {
                    0..6 => PushFate::Answered,
                    6..8 => PushFate::AnswerLost,
                    8 => PushFate::Copies(self.rng.random_range(2..=4)),
                    _ => PushFate::Repeated,
                };
                Step::Push { device, most: if self.one_in(3) { self.below(4) } else { 500 }, fate }
            }
            Kind::Race => {
                let mut devices: Vec<usize> = (0..self.devices).collect();
                devices.shuffle(&mut self.rng);
                devices.truncate(self.rng.random_range(2..=3));
                Step::Race { devices }
            }
            Kind::Pull => self.pull(device, record),
            Kind::Assign => Step::Assign { team: self.one(&TEAMS), county: self.one(&COUNTIES) },
            Kind::Close => Step::Close { team: self.one(&TEAMS), county: self.one(&COUNTIES) },
            Kind::Revoke => Step::Revoke { device, mode: self.one(&["flush", "flush", "wipe"]) },
            Kind::Backup => Step::Backup { device },
            Kind::Restore => Step::Restore { device },
            Kind::Twin => {
                self.devices += 1;
                Step::Twin { device }
            }
            Kind::Settle => Step::Settle {
                nth: self.below(6),
                how: self.one(&["release", "release", "release", "discard"]),
                open: !self.one_in(8),
                province: self.one_in(4),
            },
            Kind::Resolve => Step::Resolve {
                nth: self.below(6),
                keep: self.one(&[Keep::Current, Keep::Other, Keep::Value]),
                open: !self.one_in(8),
            },
            Kind::Online => {
                let fields = self.fields(self.records[record].collection);
                Step::Online { record, fields: (!self.one_in(4)).then_some(fields), province: self.one_in(3) }
            }
            Kind::Move => Step::Move { device, team: self.one(&TEAMS) },
            Kind::Restart => Step::Restart,
        }
    }

    fn pull(&mut self, device: usize, record: usize) -> Step {
        let fate = match self.below(20) {
            0..13 => PullFate::Stored,
            13..15 => PullFate::Lost,
            15..17 => PullFate::Repeated,
            17..19 => PullFate::OldCursor(self.below(5)),
            _ => PullFate::Restart(record),
        };
        let limit = if self.one_in(2) { 1000 } else { self.rng.random_range(1..=3) };
        Step::Pull { device, limit, pages: self.rng.random_range(1..=4), fate }
    }

    /// A few changes, of few fields and few values: so that they meet.
    fn fields(&mut self, collection: &str) -> Value {
        let mut fields = json!({});
        for _ in 0..self.rng.random_range(1..=3) {
            let (name, values) = self.field(collection);
            fields[name] = values[self.below(4)].clone();
        }
        // The same as a map: entry by entry all the same.
        if collection == "interviews" && self.one_in(3) {
            let flat = fields.as_object_mut().expect("an object");
            let names: Vec<String> = flat.keys().filter(|name| name.starts_with("answers.")).cloned().collect();
            let entry = |name: String| {
                let value = flat.remove(&name).expect("it is there");
                (name["answers.".len()..].to_owned(), value)
            };
            let map: serde_json::Map<String, Value> = names.into_iter().map(entry).collect();
            if !map.is_empty() {
                flat.insert("answers".into(), map.into());
            }
        }
        fields
    }

    fn field(&mut self, collection: &str) -> (&'static str, [Value; 4]) {
        let answer = [json!(null), json!("是"), json!(5), json!(["x", "y"])];
        let text = [json!(null), json!("阿力"), json!("b"), json!("")];
        let n = self.below(6);
        match (collection, n) {
            ("households", 0) => ("phone", [json!("0"), json!("1"), json!("2"), json!("3")]),
            ("households", 1) => ("people", [json!(1), json!(2), json!(3.0), json!(null)]),
            ("households", 2) => ("income_wage", [json!(12.5), json!(0), json!(1e3), json!(-0.0)]),
            ("households", 3) => {
                ("causes_other", [json!([]), json!(["illness"]), json!(["land", "water"]), json!(null)])
            }
            ("households", 4) => ("cooperative", [json!(true), json!(false), json!(null), json!(true)]),
            ("households", _) => ("remarks", text),
            ("visits", 0 | 1) => ("state", [json!("planned"), json!("done"), json!("void"), json!(null)]),
            ("visits", 2) => ("mock_location", [json!(true), json!(false), json!(null), json!(true)]),
            ("visits", 3) => {
                ("day", [json!("2015-04-16"), json!("2015-04-17"), json!("2015-04-18"), json!("2015-04-19")])
            }
            ("visits", _) => ("summary", text),
            (_, 0) => ("respondent", [json!("0"), json!("1"), json!("2"), json!("3")]),
            (_, 1) => ("answers.a", answer),
            (_, 2) => ("answers.b", answer),
            (_, 3) => ("answers.c", answer),
            (_, _) => ("respondent_relation", text),
        }
    }

    fn made(&mut self) -> Made {
        let ago = self.one(&[0, 0, 0, 1, 5, 1_000, 60_000, 3_600_000, 7_200_000]);
        let told = match self.below(30) {
            0 => Told::Nothing,
            1 => Told::Nonsense,
            _ => Told::Rightly,
        };
        Made { ago, told }
    }

    fn clock(&mut self) -> Clock {
        let hour = 3_600_000;
        let aheads = [0, 0, 30_000, -30_000, 90_000, -90_000, 5 * hour, -7 * hour, 400_000 * hour, -200_000 * hour];
        Clock { ahead: self.one(&aheads), mono: self.one_in(2), reboot: self.one_in(3), silent: self.one_in(12) }
    }
}

fn record(rng: &mut StdRng, counties: &[&str]) -> Rec {
    let collection =
        *["households", "households", "interviews", "interviews", "visits"].choose(rng).expect("not empty");
    let bucket = *counties.choose(rng).expect("not empty");
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    let id = uuid::Builder::from_random_bytes(bytes).into_uuid().to_string();
    Rec { bucket: bucket.into(), collection, id }
}
