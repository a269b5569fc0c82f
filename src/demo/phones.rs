//! Simulated phones: the ordinary client with a person who works, a bad network and a clock of its own.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use rand::RngExt as _;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::chaos::{BadNetwork, Weather};
use super::clock::{Kind, PhoneClock, TrueTime};
use super::ledger::Ledger;
use super::opening::Opened;
use super::world::{World, rng};
use crate::device::{About, Account, Clock, Device, Durability, Edit, Error, Http, Synced, Transport};

/// How often a person presses "sync" before giving up for the day.
const PATIENCE: usize = 6;

/// Where the demo runs.
pub(super) struct Ground {
    pub url: String,
    pub address: SocketAddr,
    /// The phones' stores.
    pub phones: PathBuf,
}

/// Opens a client whose results go to the ledger.
pub(super) fn opened_device(
    path: &Path,
    durability: Durability,
    transport: Arc<dyn Transport>,
    clock: Box<dyn Clock>,
    name: &str,
    ledger: &Ledger,
) -> Result<Device, Error> {
    let about =
        About { name: name.to_owned(), platform: "simulated".into(), app_version: env!("CARGO_PKG_VERSION").into() };
    let mut device = Device::open(path, durability, transport, clock, about)?;
    let ledger = ledger.clone();
    device.on_result(Box::new(move |id, op, result| ledger.note(id, op, result)));
    Ok(device)
}

pub(super) struct Phone {
    /// Index in the plan.
    pub index: usize,
    pub team: usize,
    pub name: String,
    pub person: String,
    pub rng: StdRng,
    pub clock: PhoneClock,
    pub network: Arc<BadNetwork>,
    /// Operations recorded so far.
    pub recorded: usize,
    pub pushed: usize,
    pub pulled: usize,
    pub wiped: bool,
    /// Places of the samples.
    pub called_on: HashSet<Uuid>,
    /// What went wrong that should not have.
    pub failure: Option<String>,
    account: Account,
    path: PathBuf,
    ledger: Ledger,
    /// Closed only while its file is being copied.
    device: Option<Device>,
}

/// Phones that may share a county; they act one after another.
pub(super) struct Group {
    pub rng: StdRng,
    pub phones: Vec<Phone>,
}

/// Makes the phones, in their groups. Nobody is signed in yet.
pub(super) fn groups(
    world: &World,
    ground: &Ground,
    opened: &Opened,
    ledger: &Ledger,
    weather: &Arc<Weather>,
) -> anyhow::Result<Vec<Group>> {
    let http = Http::new(ground.url.as_str());
    let mut groups = Vec::new();
    for (number, indexes) in world.groups().into_iter().enumerate() {
        let time = Arc::new(TrueTime::default());
        let mut phones = Vec::new();
        for index in indexes {
            let plan = &world.phones[index];
            let mut rng = rng(world.size.seed, "phone", index);
            let kind = match rng.random_range(0..10) {
                0..5 => Kind::Right,
                5..7 => Kind::Off,
                7..9 => Kind::Jumping,
                _ => Kind::WallOnly,
            };
            // Which of its operations came before a team was moved must not hang on a millisecond.
            let kind = if world.is_moved(plan.team) { Kind::Right } else { kind };
            let clock = PhoneClock::new(&mut rng, kind, time.clone());
            let network_rng = super::world::rng(world.size.seed, "network", index);
            let network = Arc::new(BadNetwork::new(http.clone(), ground.address, weather.clone(), network_rng));
            let mut phone = Phone {
                index,
                team: plan.team,
                name: format!("{} {}号机", world.teams[plan.team].name, plan.number),
                person: plan.person.clone(),
                rng,
                clock,
                network,
                recorded: 0,
                pushed: 0,
                pulled: 0,
                wiped: false,
                called_on: HashSet::new(),
                failure: None,
                account: opened.accounts[index].clone(),
                path: ground.phones.join(format!("phone{:04}.db", index + 1)),
                ledger: ledger.clone(),
                device: None,
            };
            phone.open()?;
            phones.push(phone);
        }
        groups.push(Group { rng: rng(world.size.seed, "group", number), phones });
    }
    Ok(groups)
}

impl Phone {
    /// Starts the app. Only the store remembers what was before.
    pub(super) fn open(&mut self) -> anyhow::Result<()> {
        let clock = Box::new(self.clock.clone());
        let network = self.network.clone();
        // Simulated phones share one disk, whose every write would have to wait for the platter.
        let device = opened_device(&self.path, Durability::Crash, network, clock, &self.name, &self.ledger);
        self.device = Some(device.with_context(|| self.name.clone())?);
        Ok(())
    }

    /// The app ends, without a word to anybody, and is started again.
    pub(super) fn restart(&mut self) -> anyhow::Result<()> {
        self.device = None;
        self.open()
    }

    pub(super) fn device(&mut self) -> anyhow::Result<&mut Device> {
        self.device.as_mut().context("the app is closed")
    }

    /// Copies the whole store aside.
    pub(super) fn back_up(&mut self) -> anyhow::Result<()> {
        self.device = None;
        std::fs::copy(&self.path, self.path.with_extension("backup"))?;
        self.open()
    }

    /// Puts the copy back: the phone now believes what it believed then.
    pub(super) fn restore(&mut self) -> anyhow::Result<()> {
        self.device = None;
        for suffix in ["db-wal", "db-shm"] {
            match std::fs::remove_file(self.path.with_extension(suffix)) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.into()),
                _ => {}
            }
        }
        std::fs::copy(self.path.with_extension("backup"), &self.path)?;
        self.open()
    }

    /// Operations without a result; none when the app is closed.
    pub(super) fn unsent(&mut self) -> i64 {
        self.device.as_mut().map_or(0, |device| device.unsent().unwrap_or(0))
    }

    /// Saves a form. A phone that has heard of its end takes no more.
    pub(super) fn save(&mut self, edits: &[Edit]) -> anyhow::Result<()> {
        match self.device()?.edit(edits) {
            Ok(_) => self.recorded += edits.len(),
            Err(Error::Revoked | Error::Wiped) => {}
            Err(e) => return Err(e.into()),
        }
        Ok(())
    }

    /// Presses "sync" until it works or patience ends. Whether it worked.
    pub(super) fn sync(&mut self) -> bool {
        self.attempt(Device::sync)
    }

    /// Sends only.
    pub(super) fn push(&mut self) -> bool {
        self.attempt(|device| device.push().map(|pushed| Synced { pushed, pulled: 0 }))
    }

    fn attempt(&mut self, step: impl Fn(&mut Device) -> Result<Synced, Error>) -> bool {
        if self.wiped || self.failure.is_some() {
            return false;
        }
        let account = self.account.clone();
        for _ in 0..PATIENCE {
            let Some(device) = self.device.as_mut() else { return false };
            // The person is there and gives the password when the app asks.
            let done = match step(device) {
                Err(Error::SignInNeeded) => device.sign_in(account.clone()).and_then(|()| step(device)),
                other => other,
            };
            match done {
                Ok(Synced { pushed, pulled }) => {
                    self.pushed += pushed;
                    self.pulled += pulled;
                    return true;
                }
                Err(Error::Wiped) => {
                    self.wiped = true;
                    return true;
                }
                Err(Error::Later(wait)) => std::thread::sleep(wait.min(std::time::Duration::from_secs(5))),
                Err(Error::Offline(_) | Error::Revoked) => {}
                Err(e) => {
                    self.failure = Some(e.to_string());
                    return false;
                }
            }
        }
        false
    }
}
