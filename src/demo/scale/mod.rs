//! `ruhu demo --scale`: a whole province at once. The campaign of 2015 with a register of 1,500,000 households and 240,000
//! visits with their interviews, written in large batches by the way that every write goes. The samples are drawn over HTTP,
//! as a province would, between the register and the visits.
//!
//! The same seed makes the same register and, but for the samples, the same inspection; the server's own ids differ.

mod answers;
mod draws;
mod family;
mod fill;
mod land;
mod place;
mod register;
mod remarks;
mod work;

use super::ground::{self, Site};
use super::office::Office;
use super::opening::{self, Opened};
use super::progress::Stage;
use super::world::{Size, World};
use super::{divisions, import_divisions, invitation};
use crate::Config;
use crate::device::Account;
use crate::setup::Filling;
use anyhow::Context as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use fill::Totals;

/// Of the whole size, 1.
const HOUSEHOLDS: f64 = 1_500_000.0;
const VISITS: f64 = 240_000.0;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// Midnight in China on 2014-12-01, when the register was made, and on 2015-04-13, when the campaign began.
const REGISTERED: i64 = 1_417_363_200_000;
const FIRST_DAY: i64 = 1_428_854_400_000;
const DAYS: i64 = 18;

/// What the command line can say.
#[derive(Debug, Clone)]
pub struct Options {
    /// Of 1,500,000 households and 240,000 visits.
    pub scale: f64,
    pub seed: u64,
    /// End when everything is written instead of serving.
    pub exit: bool,
    /// As in [`super::Options`].
    pub keep: Option<PathBuf>,
    pub database_url: Option<String>,
    pub listen: Option<SocketAddr>,
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    pub households: usize,
    pub visits: usize,
    pub seed: u64,
}

impl Amount {
    pub fn of(scale: f64, seed: u64) -> Self {
        Self { households: (HOUSEHOLDS * scale).round() as usize, visits: (VISITS * scale).round() as usize, seed }
    }
}

/// Fills a database and serves it.
pub fn run(options: Options) -> anyhow::Result<()> {
    let site = Site::prepare(options.keep)?;
    let told = ground::watch_for_the_end(&site)?;
    let amount = Amount::of(options.scale, options.seed);
    let config = ground::config(&site, options.database_url, options.listen);
    println!("ruhu demo: {} households, {} visits, seed {}\n", amount.households, amount.visits, amount.seed);
    let begun = Instant::now();
    let filled = fill(&config, amount)?;
    println!("\n{}\n  {:.0} s in all", filled.totals, begun.elapsed().as_secs_f64());
    if site.is_kept() {
        println!("  kept in {}", site.dir.display());
    }
    if !options.exit {
        let team = filled.world.phones.first().zip(filled.opened.accounts.first());
        let team = team.map(|(phone, account)| (account, phone.person.as_str()));
        println!("\n{}", invitation::text(&filled.running.url(), &filled.province, &filled.opened, team)?);
        ground::now_serving();
        told.recv().context("the signals' thread has ended")?;
    }
    filled.running.stop();
    Ok(())
}

/// Fills the empty database of `config` and ends the server that did it. Gives the name and the password
/// of the province's user.
pub fn fill_only(config: &Config, amount: Amount) -> anyhow::Result<(String, String)> {
    let filled = fill(config, amount)?;
    filled.running.stop();
    println!("{}\n", filled.totals);
    Ok((filled.province.username, filled.province.password))
}

struct Filled {
    world: World,
    opened: Opened,
    province: Office,
    running: crate::Running,
    totals: Totals,
}

/// Sets up the empty database of `config` and fills it.
fn fill(config: &Config, amount: Amount) -> anyhow::Result<Filled> {
    let account = Account { username: "province".into(), password: opening::password() };
    let running = ground::start(config, &account.username, &account.password)?;
    let province = Office::new(&running.url(), &account.username, &account.password);
    import_divisions(config)?;
    let divisions = divisions()?;
    // Two phones to a team.
    let size = |devices| Size { devices, households: amount.households, days: DAYS as u32, seed: amount.seed };
    let teams = World::plan(size(1), divisions.as_slice())?.teams.len();
    let world = World::plan(size(2 * teams), divisions.as_slice())?;
    let opened = opening::open(&world, &running.url(), &province)?;
    let filling = Filling::open(config)?;
    let mut places = place::places(&world, &opened, &filling, &province, amount)?;
    let mut totals = fill::register(&filling, &places)?;
    draws::draw(&province, opened.campaign, &mut places)?;
    fill::inspection(&filling, &places, amount, &mut totals)?;
    let stage = Stage::begin("the statistics", 1);
    filling.settle()?;
    stage.done("taken");
    Ok(Filled { world, opened, province, running, totals })
}

/// A day in so many days from the campaign's first.
fn day(number: i64) -> String {
    crate::http::time::format_ms(FIRST_DAY + number * DAY)[..10].to_owned()
}
