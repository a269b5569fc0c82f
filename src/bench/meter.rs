//! What a process uses, by the kernel's own count: processor time and memory. Linux only; elsewhere it tells nothing.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// `USER_HZ`, which is 100 on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;
/// How often the memory that is not backed by files is looked at: the kernel keeps no peak of it.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A process's times: parent, and processor seconds (its own, without its children's).
struct Stat {
    parent: u32,
    seconds: f64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some(Stat { parent: fields.get(1)?.parse().ok()?, seconds: (number(11)? + number(12)?) / TICKS_PER_SECOND })
}

/// A line of `/proc/PID/status`, in bytes.
fn status(pid: u32, name: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Which processes are watched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched {
    pub server: u32,
    /// PostgreSQL's first process, where it runs on this machine.
    pub postgres: Option<u32>,
}

/// Processor seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Processor {
    pub server: f64,
    pub database: Option<f64>,
    pub client: f64,
}

impl Processor {
    fn of(watched: Watched) -> Self {
        Self {
            server: stat(watched.server).map_or(0.0, |stat| stat.seconds),
            database: watched.postgres.map(family),
            client: stat(std::process::id()).map_or(0.0, |stat| stat.seconds),
        }
    }

    fn since(self, before: Self) -> Self {
        let database = self.database.zip(before.database).map(|(now, then)| (now - then).max(0.0));
        Self { server: self.server - before.server, database, client: self.client - before.client }
    }
}

/// The processor seconds of a process and its living children.
fn family(pid: u32) -> f64 {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|one| stat(one).filter(|stat| one == pid || stat.parent == pid)).map(|stat| stat.seconds).sum()
}

/// The first process of the PostgreSQL that this backend belongs to, when it runs here.
pub(super) fn postmaster(backend: u32) -> Option<u32> {
    let name = |pid: u32| fs::read_to_string(format!("/proc/{pid}/comm")).ok();
    let parent = stat(backend).filter(|_| name(backend).is_some_and(|name| name.starts_with("postgres")))?.parent;
    name(parent).filter(|name| name.starts_with("postgres")).map(|_| parent)
}

/// What a stretch of work used.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Used {
    pub processor: Processor,
    /// The server's largest resident set in bytes, pages of mapped files included.
    pub resident: u64,
    /// The same without the pages of files, as far as it was seen.
    pub own: u64,
}

/// A stretch of work that is being watched.
pub(super) struct Meter {
    watched: Watched,
    before: Processor,
    over: Arc<AtomicBool>,
    own: Arc<AtomicU64>,
    looking: Option<JoinHandle<()>>,
}

impl Meter {
    pub(super) fn begin(watched: Watched) -> Self {
        // Resets the peak; where that is forbidden, the peak is that since the server's start.
        let _ = fs::write(format!("/proc/{}/clear_refs", watched.server), "5");
        let (over, own) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (until, seen) = (over.clone(), own.clone());
        let looking = std::thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                seen.fetch_max(status(watched.server, "RssAnon").unwrap_or_default(), Ordering::Relaxed);
                std::thread::park_timeout(LOOK_EVERY);
            }
        });
        Self { watched, before: Processor::of(watched), over, own, looking: Some(looking) }
    }

    pub(super) fn end(mut self) -> Used {
        let processor = Processor::of(self.watched).since(self.before);
        self.stop();
        let resident = status(self.watched.server, "VmHWM").unwrap_or_default();
        Used { processor, resident, own: self.own.load(Ordering::Relaxed) }
    }

    fn stop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(looking) = self.looking.take() {
            looking.thread().unpark();
            // It only reads.
            let _ = looking.join();
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{Meter, Used, Watched};
    use std::sync::atomic::Ordering;

    #[test]
    fn work_is_seen() {
        // On a busy machine nobody may have looked meanwhile.
        let used = [50, 500, 5_000].map(|most| {
            let meter = Meter::begin(Watched { server: std::process::id(), postgres: None });
            let begun = std::time::Instant::now();
            let seen = || meter.own.load(Ordering::Relaxed) > 8 << 20;
            while begun.elapsed().as_millis() < 50 || (begun.elapsed().as_millis() < most && !seen()) {
                std::hint::black_box(vec![1_u8; 8 << 20]);
            }
            meter.end()
        });
        let is_seen = |u: &Used| u.processor.server > 0.0 && u.resident > 8 << 20 && u.own > 8 << 20;
        assert!(used.iter().any(is_seen), "{used:?}");
    }
}
