//! Writing it all down: county by county, on as many threads as there are cores and one more, which make records while
//! others wait for the database.

use super::family::Families;
use super::place::Place;
use super::work::Inspection;
use super::{Amount, register as sheets};
use crate::demo::forms::VILLAGES;
use crate::demo::progress::{Stage, thousands};
use crate::demo::world::rng;
use crate::setup::{Entry, Filling};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use sync_core::Collection;
use uuid::Uuid;

/// Entries of one transaction.
const BATCH: usize = 4_000;

/// What was written, and how much of what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub records: usize,
    pub households: usize,
    pub villages: usize,
    pub members: usize,
    pub visits: usize,
    pub checks: usize,
    pub interviews: usize,
    pub photos: usize,
    pub findings: usize,
    pub steps: usize,
    pub corrections: usize,
}

impl AddAssign<&Self> for Totals {
    fn add_assign(&mut self, other: &Self) {
        self.records += other.records;
        self.households += other.households;
        self.villages += other.villages;
        self.members += other.members;
        self.visits += other.visits;
        self.checks += other.checks;
        self.interviews += other.interviews;
        self.photos += other.photos;
        self.findings += other.findings;
        self.steps += other.steps;
        self.corrections += other.corrections;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, name, number| writeln!(f, "  {name:14} {:>10}", thousands(number));
        line(f, "households", self.households)?;
        line(f, "members", self.members)?;
        line(f, "villages", self.villages)?;
        line(f, "visits", self.visits)?;
        line(f, "spot checks", self.checks)?;
        line(f, "interviews", self.interviews)?;
        line(f, "findings", self.findings)?;
        line(f, "their steps", self.steps)?;
        line(f, "corrections", self.corrections)?;
        line(f, "photos", self.photos)?;
        write!(f, "  {:14} {:>10}", "operations", thousands(self.records))
    }
}

/// Gathers entries and writes them when there are enough.
pub(super) struct Batches<'a> {
    filling: &'a Filling,
    gathered: Vec<Entry>,
    written: usize,
    /// When each device last sent something.
    last: BTreeMap<Uuid, i64>,
}

impl<'a> Batches<'a> {
    fn new(filling: &'a Filling) -> Self {
        Self { filling, gathered: Vec::with_capacity(BATCH), written: 0, last: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, entry: Entry) -> anyhow::Result<()> {
        let last = self.last.entry(entry.author.device).or_default();
        *last = entry.received.max(*last);
        self.gathered.push(entry);
        if self.gathered.len() == BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        let entries = std::mem::replace(&mut self.gathered, Vec::with_capacity(BATCH));
        let count = entries.len();
        let accepted = self.filling.write(entries)?;
        anyhow::ensure!(accepted == count, "{} of {count} invented records were held", count - accepted);
        self.written += count;
        Ok(())
    }
}

/// Does `work` for every county, a few at a time.
fn each_place(
    filling: &Filling,
    places: &[Place<'_>],
    work: impl Fn(&Place<'_>, &mut Batches<'_>, &mut Totals) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<Totals> {
    let next = AtomicUsize::new(0);
    let (all, failure) = (Mutex::new((Totals::default(), BTreeMap::new())), Mutex::new(None));
    // The largest first: no thread is left alone with one at the end.
    let mut order: Vec<&Place<'_>> = places.iter().collect();
    order.sort_by_key(|place| std::cmp::Reverse(place.households));
    let of_thread = || -> anyhow::Result<()> {
        while let Some(place) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (mut batches, mut totals) = (Batches::new(filling), Totals::default());
            work(place, &mut batches, &mut totals)?;
            batches.flush()?;
            totals.records = batches.written;
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.0 += &totals;
            for (device, at) in batches.last {
                let last = all.1.entry(device).or_default();
                *last = at.max(*last);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        for _ in 0..=available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                if let Err(error) = of_thread() {
                    next.store(usize::MAX / 2, Ordering::Relaxed);
                    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            });
        }
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let (totals, last) = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    filling.sent(&last)?;
    Ok(totals)
}

/// The register: households and the sheets of their villages.
pub(super) fn register(filling: &Filling, places: &[Place<'_>]) -> anyhow::Result<Totals> {
    let stage = Stage::begin("the register", places.iter().map(|place| place.households as u64).sum());
    let totals = each_place(filling, places, |place, batches, totals| {
        let mut rng = rng(place.seed, "register", place.index);
        let mut of_village = vec![0; place.sites.len()];
        for (n, family) in
            Families::of(place.seed, place.index, place.county, &place.sites, place.households).enumerate()
        {
            let site = &place.sites[family.site];
            of_village[family.site] += 1;
            let fields = sheets::household(&mut rng, place.county, site, &family);
            let at = place.registered(n);
            batches.add(place.entry(Collection::Households, family.id, place.desk, (at, at), 0, &fields)?)?;
            totals.households += 1;
            if n % 500 == 499 {
                stage.advance(500);
            }
        }
        stage.advance(place.households as u64 % 500);
        for (n, (site, poor)) in (place.households..).zip(place.sites.iter().zip(of_village)) {
            let fields = sheets::village(&mut rng, place.county, site, poor);
            let code = place.county.villages[site.village].code.as_bytes();
            let (id, at) = (Uuid::new_v5(&VILLAGES, code), place.registered(n));
            batches.add(place.entry(Collection::Villages, id, place.desk, (at, at), 0, &fields)?)?;
            totals.villages += 1;
        }
        Ok(())
    })?;
    stage.done(&format!("{} households, {} villages", thousands(totals.households), thousands(totals.villages)));
    Ok(totals)
}

/// The inspection; adds to the totals what came of it.
pub(super) fn inspection(
    filling: &Filling,
    places: &[Place<'_>],
    amount: Amount,
    totals: &mut Totals,
) -> anyhow::Result<()> {
    let stage = Stage::begin("the inspection", amount.visits as u64);
    let found = each_place(filling, places, |place, batches, totals| {
        let rng = rng(place.seed, "inspection", place.index);
        let inspection = Inspection { place, rng, batches, totals, planned: place.visits, done: 0, later: Vec::new() };
        inspection.run()?;
        stage.advance(place.visits as u64);
        Ok(())
    })?;
    stage.done(&format!("{} visits, {} findings", thousands(found.visits), thousands(found.findings)));
    *totals += &found;
    Ok(())
}
