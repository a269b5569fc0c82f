//! `ruhu demo`: the main job in one command. Sets up a database, opens the campaign of 2015, imports a register
//! of households, lets simulated phones work for some days under bad networks and wrong clocks, and then checks
//! that nothing was lost and that every copy agrees.
//!
//! Everything goes through the running server, over HTTP; only the first user and the division list are put
//! into the database directly. The same seed makes the same plan, the same work and the same mishaps; only
//! times, the ids and tokens that the server gives, and the random samples differ: nobody can choose those.

mod chaos;
mod clock;
mod data;
mod days;
mod forms;
mod ground;
mod households;
mod invitation;
mod ledger;
mod office;
mod opening;
mod people;
mod phones;
mod progress;
mod proof;
mod register;
mod report;
mod samples;
pub mod scale;
mod supervisors;
mod threads;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;

pub use data::divisions;
pub use world::Size;

use chaos::Weather;
use days::Campaign;
use ground::Site;
use ledger::Ledger;
use office::Office;
use opening::Opened;
use phones::{Ground, Group, Phone};
use progress::Stage;
use supervisors::Settled;
use world::World;

use crate::device::{Account, Status};

/// What the command line can say.
#[derive(Debug, Clone)]
pub struct Options {
    pub size: Size,
    /// End after the report instead of serving.
    pub exit: bool,
    /// Keep database and phones in this directory, which must be empty or not be there.
    pub keep: Option<PathBuf>,
    /// An empty database; SQLite in the demo's directory by default.
    pub database_url: Option<String>,
    /// 127.0.0.1:8080, or any free port when that is taken, by default.
    pub listen: Option<SocketAddr>,
}

/// Runs it all. Returns whether every sum was equal and every acknowledged operation was found again.
pub fn run(options: Options) -> anyhow::Result<bool> {
    let site = Site::prepare(options.keep)?;
    let told = ground::watch_for_the_end(&site)?;
    let world = World::plan(options.size, divisions()?.as_slice())?;
    let config = ground::config(&site, options.database_url, options.listen);
    println!(
        "ruhu demo: {} phones, {} households, {} days, seed {}\n",
        options.size.devices, options.size.households, options.size.days, options.size.seed
    );
    let account = Account { username: "province".into(), password: opening::password() };
    let running = ground::start(&config, &account.username, &account.password)?;
    let url = running.url();
    let province = Office::new(&url, &account.username, &account.password);
    let ground = Ground { url, address: running.address, phones: site.phones() };

    import_divisions(&config)?;
    let opened = opening::open(&world, &ground.url, &province)?;
    let ledger = Ledger::default();
    let register = register::import(&world, &ground, &ledger, &account)?;
    let shares = households::shares(&world);
    let registered: Vec<usize> = (0..shares.len()).filter(|&county| shares[county] > 0).collect();
    let samples = samples::draw(&world, &province, opened.campaign, &registered)?;
    let weather = Arc::new(Weather::default());
    let mut groups = phones::groups(&world, &ground, &opened, &ledger, &weather)?;
    let mut settled = Settled::default();
    let began = Instant::now();
    Campaign { world: &world, opened: &opened, province: &province, samples: &samples }
        .run(&mut groups, &mut settled)?;
    bring_together(&mut groups)?;
    let days = began.elapsed();

    let statuses = [Status::Applied, Status::Merged, Status::Parked, Status::Quarantined, Status::Rejected];
    let totals = report::Totals {
        register,
        days,
        pulled: groups.iter().flat_map(|group| &group.phones).map(|phone| phone.pulled).sum(),
        statuses: statuses.map(|status| ledger.count(status)),
        conflicts: states(&province, "/v1/conflicts", ["open", "settled"])?,
        held: states(&province, "/v1/held-ops", ["open", "released", "discarded"])?,
        settled,
    };
    let proof = proof::prove(&world, &ground, &mut groups, &ledger, &province)?;
    println!("\n{}", report::text(&proof, &totals, &weather));
    let holds = proof.holds();
    write_report(&province, opened.campaign, &site.report())?;
    println!("  report      {}\n", site.report().display());
    if site.is_kept() {
        println!("  kept in {}\n", site.dir.display());
    }
    if !options.exit {
        invite(&ground, &province, &opened, &groups)?;
        drop(groups);
        ground::now_serving();
        told.recv().context("the signals' thread has ended")?;
    }
    running.stop();
    Ok(holds)
}

fn import_divisions(config: &crate::Config) -> anyhow::Result<()> {
    let csv = divisions()?;
    let lines = csv.split(|byte| *byte == b'\n').count() as u64;
    let stage = Stage::begin("the divisions", lines);
    let count = crate::setup::import_divisions(config, csv.as_slice(), &|done| stage.to(done as u64))?;
    stage.done(&format!("{count} imported"));
    Ok(())
}

/// What the province hands in at the end: in Chinese, for a word processor.
fn write_report(province: &Office, campaign: uuid::Uuid, path: &std::path::Path) -> anyhow::Result<()> {
    let stage = Stage::begin("the report", 1);
    let document = province.download(&format!("/v1/campaigns/{campaign}/report?format=docx&lang=zh"))?;
    std::fs::write(path, &document).with_context(|| format!("cannot write {}", path.display()))?;
    stage.done(&format!("{} KB", document.len() / 1024));
    Ok(())
}

/// The campaign is over and the network is good: everybody sends everything, then everybody fetches everything.
fn bring_together(groups: &mut [Group]) -> anyhow::Result<()> {
    let phones: usize = groups.iter().map(|group| group.phones.len()).sum();
    let stage = Stage::begin("coming together", 2 * phones as u64);
    for step in [Phone::push, Phone::sync] {
        threads::each(groups, |group| {
            for phone in &mut group.phones {
                phone.network.calm(true);
                step(phone);
                stage.advance(1);
            }
            Ok(())
        })?;
    }
    stage.done("all have sent and fetched everything");
    Ok(())
}

/// How many of a list's items are in each state.
fn states<const N: usize>(province: &Office, path: &str, states: [&str; N]) -> anyhow::Result<[usize; N]> {
    let items = province.list(path)?;
    Ok(states.map(|state| items.iter().filter(|item| item["state"] == state).count()))
}

fn invite(ground: &Ground, province: &Office, opened: &Opened, groups: &[Group]) -> anyhow::Result<()> {
    let team = groups.iter().flat_map(|group| &group.phones).find(|phone| !phone.wiped);
    let team = team.map(|phone| (&opened.accounts[phone.index], phone.name.as_str()));
    println!("{}", invitation::text(&ground.url, province, opened, team)?);
    Ok(())
}
