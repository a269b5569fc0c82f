//! One round: a fresh server and a fresh raw engine, and the phases one after the other. In each phase both do the same
//! with the same bytes, the server first in one round and the raw engine first in the next.

use super::data::{Load, Shape};
use super::drive::{LONG, Timed};
use super::meter::{Meter, Used, Watched};
use super::plan::{self, Phase, Target};
use super::raw::{self, Counters};
use super::server::{Phone, Server, counties, county};
use super::site::{Pair, Site};
use super::table::Figure;
use super::traffic::{WHILE, counted_pulls, poll_requests, polls, pulls, pushes};
use super::wire;
use crate::store::Engine;
use anyhow::{Context as _, ensure};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// Operations in a push.
const BATCH: usize = 100;
/// Changes that a poll brings.
const CHANGES: usize = 100;
const POLLERS: usize = 8;
const WRITERS: usize = 8;
const PULLERS: usize = 8;
/// The largest page that a client may ask for.
const LARGEST_PAGE: usize = 5000;

/// Which county a phase has for itself.
mod place {
    pub(super) const PUSH_1: u32 = 0;
    pub(super) const PUSH_8: u32 = 1;
    pub(super) const PUSH_32: u32 = 2;
    pub(super) const POLL: u32 = 3;
    pub(super) const SINGLE: u32 = 4;
    pub(super) const MEMORY: u32 = 5;
    pub(super) const MANY: std::ops::Range<u32> = 10..60;
}

/// The counties of a phase.
#[derive(Debug, Clone, Copy)]
enum Where {
    /// The worst case: all wait for each other.
    One,
    Fifty,
}

impl Where {
    /// What the phases share that go on with what others have made.
    fn shared(self) -> Vec<u32> {
        self.counties(place::PUSH_8)
    }

    /// One for the phase alone, or the fifty.
    fn counties(self, one: u32) -> Vec<u32> {
        match self {
            Self::One => vec![county(one)],
            Self::Fifty => place::MANY.map(county).collect(),
        }
    }

    fn name(self, phase: &str) -> String {
        match self {
            Self::One => phase.to_owned(),
            Self::Fifty => format!("{phase}, 50 counties"),
        }
    }
}

/// Counties with their records, and the phones that made them.
struct Filled {
    phones: Vec<Phone>,
    load: Load,
}

pub(super) struct Round {
    engine: Engine,
    pair: Pair,
    server: Server,
    counters: Counters,
    rng: StdRng,
    records: usize,
    watched: Watched,
    raw_first: bool,
    one: Option<Filled>,
    fifty: Option<Filled>,
    /// Everything that was pushed.
    total: usize,
    figures: Vec<Figure>,
}

/// What the server did in a phase, and what it cost.
struct Ours {
    timed: Timed,
    used: Used,
}

impl Round {
    pub(super) fn begin(
        site: &Site,
        round: usize,
        seed: u64,
        records: usize,
        postgres: Option<u32>,
    ) -> anyhow::Result<Self> {
        let mut pair = site.fresh(round)?;
        pair.raw.open_counties(&counties())?;
        let server = Server::start(site, &pair)?;
        let watched = Watched { server: server.pid, postgres };
        Ok(Self {
            engine: site.engine(),
            pair,
            server,
            counters: Counters::default(),
            rng: StdRng::seed_from_u64(seed.wrapping_add(round as u64)),
            records,
            watched,
            raw_first: round % 2 == 1,
            one: None,
            fifty: None,
            total: 0,
            figures: Vec::new(),
        })
    }

    pub(super) fn run(&mut self, phase: Phase) -> anyhow::Result<()> {
        use Where::{Fifty, One};
        match phase {
            Phase::Push1 => self.push(One, place::PUSH_1, 1).map(drop),
            Phase::Push8 => self.push(One, place::PUSH_8, 8).map(|filled| self.one = Some(filled)),
            Phase::Push32 => self.push(One, place::PUSH_32, 32).map(drop),
            Phase::Change => self.change(One),
            Phase::Pull1 => self.pull(One, "pull, 1 device", 1),
            Phase::Pull8 => self.pull(One, "pull, 8 devices", PULLERS),
            Phase::PollEmpty => self.poll_empty(One),
            Phase::Poll100 => self.poll_100(One),
            Phase::Single => self.single(One),
            Phase::Counties8 => self.push(Fifty, 0, 8).map(|filled| self.fifty = Some(filled)),
            Phase::Counties32 => self.push(Fifty, 0, 32).map(drop),
            Phase::CountiesChange => self.change(Fifty),
            Phase::CountiesPull => self.pull(Fifty, "pull, 8 devices", PULLERS),
            Phase::CountiesPollEmpty => self.poll_empty(Fifty),
            Phase::CountiesPoll100 => self.poll_100(Fifty),
            Phase::CountiesSingle => self.single(Fifty),
            Phase::Memory => self.memory(),
        }
        .with_context(|| format!("phase {}", phase.name()))
    }

    /// Its figures, the last of them the server's memory over all phases, and the databases to give back.
    pub(super) fn end(mut self) -> (Vec<Figure>, Pair) {
        if let Some(most) = self.figures.iter().max_by_key(|figure| figure.used.resident) {
            let ours = most.used.resident as f64 / 1e6;
            let (name, count, used) = ("memory, the most in any phase".to_owned(), most.count, most.used);
            self.figures.push(Figure { name, unit: "MB", ours, raw: None, target: plan::MEMORY, count, used });
        }
        (self.figures, self.pair)
    }

    /// Lets both do their part, in the order that is this round's.
    fn both(
        &mut self,
        ours: impl FnOnce(&Server) -> anyhow::Result<Timed>,
        raw: impl FnOnce(&mut dyn raw::Engine) -> anyhow::Result<Timed>,
    ) -> anyhow::Result<(Ours, Timed)> {
        let (watched, server) = (self.watched, &self.server);
        let ours = || {
            let meter = Meter::begin(watched);
            let timed = ours(server).context("the server")?;
            Ok::<_, anyhow::Error>(Ours { timed, used: meter.end() })
        };
        let raw = |engine: &mut dyn raw::Engine| raw(engine).context("the raw engine");
        let engine = self.pair.raw.as_mut();
        if self.raw_first {
            let raw = raw(engine)?;
            Ok((ours()?, raw))
        } else {
            Ok((ours()?, raw(engine)?))
        }
    }

    fn per_second(&mut self, name: &str, unit: &'static str, target: Target, ours: &Ours, raw: Option<&Timed>) {
        self.figures.push(Figure {
            name: name.to_owned(),
            unit,
            ours: ours.timed.per_second(),
            raw: raw.map(Timed::per_second),
            target,
            count: ours.timed.count,
            used: ours.used,
        });
    }

    fn push(&mut self, at: Where, one: u32, connections: usize) -> anyhow::Result<Filled> {
        let plural = if connections == 1 { "" } else { "s" };
        let name = at.name(&format!("push, {connections} connection{plural}"));
        let shape = Shape::of(self.records, connections, BATCH);
        let (filled, ours, raw) = self.create(&name, shape, &at.counties(one))?;
        self.per_second(&name, "records/s", plan::push(self.engine), &ours, Some(&raw));
        Ok(filled)
    }

    /// Creates records on both.
    fn create(&mut self, team: &str, shape: Shape, buckets: &[u32]) -> anyhow::Result<(Filled, Ours, Timed)> {
        let mut phones = self.server.phones(team, buckets, shape.connections)?;
        let load = shape.load(&mut self.rng, buckets);
        let rows = self.counters.new_rows(&mut self.rng, &load);
        let now = chrono::Utc::now().timestamp_millis();
        let create = |(phone, batches): (&mut Phone, &Vec<_>)| {
            batches.iter().map(|batch| wire::create(phone, batch, now)).collect()
        };
        let scripts: Vec<Vec<Vec<u8>>> = phones.iter_mut().zip(&load).map(create).collect();
        let (ours, raw) =
            self.both(|server| pushes(server, scripts, shape.batch, LONG), |engine| engine.insert(rows, LONG))?;
        ensure!(ours.timed.count == shape.records() as u64, "not all were taken");
        self.total += shape.records();
        Ok((Filled { phones, load }, ours, raw))
    }

    fn place(&mut self, at: Where) -> &mut Option<Filled> {
        match at {
            Where::One => &mut self.one,
            Where::Fifty => &mut self.fifty,
        }
    }

    /// Shared counties with their records, made now if no phase made them before.
    fn filled(&mut self, at: Where) -> anyhow::Result<Filled> {
        if let Some(filled) = self.place(at).take() {
            return Ok(filled);
        }
        let shape = Shape::of(self.records, 8, BATCH);
        self.create(&at.name("filling"), shape, &at.shared()).map(|(filled, ..)| filled)
    }

    fn change(&mut self, at: Where) -> anyhow::Result<()> {
        let mut filled = self.filled(at)?;
        let rows = self.counters.changed_rows(&mut self.rng, &filled.load);
        let now = chrono::Utc::now().timestamp_millis();
        let mut scripts = Vec::new();
        for (phone, batches) in filled.phones.iter_mut().zip(&filled.load) {
            let modify = |batch| wire::modify(phone, batch, now, &mut self.rng);
            scripts.push(batches.iter().map(modify).collect());
        }
        let batch = filled.load[0][0].interviews.len();
        let (ours, raw) = self.both(|server| pushes(server, scripts, batch, LONG), |engine| engine.update(rows))?;
        let name = at.name("change one answer, 8 connections");
        self.per_second(&name, "records/s", plan::CHANGE, &ours, Some(&raw));
        *self.place(at) = Some(filled);
        Ok(())
    }

    fn pull(&mut self, at: Where, name: &str, devices: usize) -> anyhow::Result<()> {
        let filled = self.filled(at)?;
        let (name, buckets) = (at.name(name), at.shared());
        let mut phones = self.server.phones(&name, &buckets, devices + 1)?;
        let checking = phones.pop();
        let mut records = 0;
        let mut pages = Vec::new();
        let (mut ours, raw) = self.both(
            |server| {
                let (timed, pulled) = pulls(server, &phones, raw::PAGE)?;
                pages.extend(pulled.into_iter().map(|pulled| pulled.pages));
                Ok(timed)
            },
            |engine| {
                let read = engine.read(&buckets, devices)?;
                records = read.count as usize / devices;
                Ok(read)
            },
        )?;
        ours.timed.count = (records * devices) as u64;
        let whole = counted_pulls(&self.server, checking.as_slice(), raw::PAGE)?;
        let is_whole = |pages: &Vec<usize>| whole.iter().all(|whole| whole.records == records && whole.pages == *pages);
        ensure!(pages.iter().all(is_whole), "not every device was given all of the {records} records: {pages:?}");
        let made: usize = filled.load.iter().flatten().map(|batch| batch.interviews.len()).sum();
        ensure!(records >= made, "the raw engine read {records} rows of {made}");
        self.per_second(&name, "records/s", plan::pull(self.engine), &ours, Some(&raw));
        *self.place(at) = Some(filled);
        Ok(())
    }

    fn poll_empty(&mut self, at: Where) -> anyhow::Result<()> {
        let filled = self.filled(at)?;
        let buckets = at.shared();
        let phones = self.server.phones(&at.name("polls"), &buckets, POLLERS)?;
        let (_, pulled) = pulls(&self.server, &phones, LARGEST_PAGE)?;
        let requests = poll_requests(&phones, &pulled);
        let each = self.records.div_ceil(POLLERS);
        let counties: Vec<_> = buckets.into_iter().map(|bucket| (bucket, None)).collect();
        let (ours, raw) = self
            .both(|server| polls(server, requests, each, 0), |engine| engine.poll(&counties, POLLERS, each, WHILE))?;
        let name = at.name("poll with nothing new, 8 connections");
        self.per_second(&name, "polls/s", plan::POLL_EMPTY, &ours, Some(&raw));
        *self.place(at) = Some(filled);
        Ok(())
    }

    fn poll_100(&mut self, at: Where) -> anyhow::Result<()> {
        let buckets = at.counties(place::POLL);
        // One writer, whose batches go to one county after the other, so that what changes is a part of what it made.
        let shape = Shape::of(self.records.min(20_000), 1, BATCH);
        let (Filled { phones: mut writers, load }, ..) = self.create(&at.name("changing"), shape, &buckets)?;
        let phones = self.server.phones(&at.name("polls of changes"), &buckets, POLLERS)?;
        let (_, pulled) = pulls(&self.server, &phones, LARGEST_PAGE)?;
        // As many in each county that has some.
        let touched = buckets.len().min(load[0].len());
        let each = (CHANGES / buckets.len()).min(load[0][0].interviews.len());
        let parts: Vec<_> = load[0][..touched].iter().map(|batch| batch.first(each)).collect();
        let changes = each * touched;
        let counties: Vec<_> = parts.iter().map(|part| (part.bucket, Some(self.counters.last(part.bucket)))).collect();
        let now = chrono::Utc::now().timestamp_millis();
        let modify = |part| wire::modify(&mut writers[0], part, now, &mut self.rng);
        let script = parts.iter().map(modify).collect();
        pushes(&self.server, vec![script], each, LONG)?;
        let rows = self.counters.changed_rows(&mut self.rng, &vec![parts]);
        self.pair.raw.update(rows)?;
        let requests = poll_requests(&phones, &pulled);
        let times = self.records.div_ceil(POLLERS);
        let (ours, raw) = self.both(
            |server| polls(server, requests, times, changes),
            |engine| engine.poll(&counties, POLLERS, times, WHILE),
        )?;
        let name = at.name(&format!("poll that brings {changes} changes, 8 connections"));
        self.per_second(&name, "polls/s", plan::POLL_100, &ours, Some(&raw));
        Ok(())
    }

    fn single(&mut self, at: Where) -> anyhow::Result<()> {
        let buckets = at.counties(place::SINGLE);
        let shape = Shape::of(self.records / 2, WRITERS, 1);
        let name = at.name("single-record push, 8 writers");
        let mut phones = self.server.phones(&at.name("single"), &buckets, WRITERS)?;
        let load = shape.load(&mut self.rng, &buckets);
        let rows = self.counters.new_rows(&mut self.rng, &load);
        let now = chrono::Utc::now().timestamp_millis();
        let create = |(phone, batches): (&mut Phone, &Vec<_>)| {
            batches.iter().map(|batch| wire::create(phone, batch, now)).collect()
        };
        let scripts = phones.iter_mut().zip(&load).map(create).collect();
        let (mut ours, mut raw) =
            self.both(|server| pushes(server, scripts, 1, WHILE), |engine| engine.insert(rows, WHILE))?;
        self.total += ours.timed.count as usize;
        self.per_second(&name, "pushes/s", Target::None, &ours, Some(&raw));
        for (quantile, share, target) in [("median", 0.5, plan::SINGLE), ("p99", 0.99, Target::None)] {
            self.figures.push(Figure {
                name: format!("{name}, {quantile}"),
                unit: "ms",
                ours: ours.timed.quantile(share),
                raw: Some(raw.quantile(share)),
                target,
                count: ours.timed.count,
                used: ours.used,
            });
        }
        Ok(())
    }

    /// The province pulls everything in the largest pages; filled up to four times the records of a phase.
    fn memory(&mut self) -> anyhow::Result<()> {
        let wanted = self.records * 4;
        if self.total < wanted {
            let shape = Shape::of(wanted - self.total, 8, BATCH);
            self.create("more", shape, &[county(place::MEMORY)])?;
        }
        let phone = [self.server.province_phone()?];
        let meter = Meter::begin(self.watched);
        let pulled = counted_pulls(&self.server, &phone, LARGEST_PAGE)?;
        let used = meter.end();
        let records = pulled[0].records;
        ensure!(records == self.total, "{} records are there, and {records} were pulled", self.total);
        self.figures.push(Figure {
            name: format!("memory while 1 device pulls everything in pages of {LARGEST_PAGE}"),
            unit: "MB",
            ours: used.resident as f64 / 1e6,
            raw: None,
            target: plan::MEMORY,
            count: self.total as u64,
            used,
        });
        Ok(())
    }
}
