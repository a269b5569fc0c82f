//! The real server: a process of its own over a test's database, which can be killed.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use super::time::eventually;
use super::world::World;

/// So many lines of its log are shown when a test fails.
const SHOWN: usize = 30;

/// The built binary, told where the test's data is.
pub(crate) fn ruhu(w: &World) -> Command {
    on(w, Command::new(env!("CARGO_BIN_EXE_ruhu")))
}

fn on(w: &World, mut command: Command) -> Command {
    command.env("RUHU_DATABASE_URL", w.store.database_url()).env("RUHU_DATA_DIR", w.store.data_dir());
    command.env("RUHU_RATE_LIMIT", "0").env("RUHU_POOL_SIZE", "8").env("RUHU_LOG", "warn");
    command
}

/// A server that callers of the world talk to.
pub(crate) struct Serving {
    child: Child,
    log: Arc<Mutex<VecDeque<String>>>,
}

impl Serving {
    pub(crate) fn start(w: &World) -> Self {
        Self::started(w, ruhu(w))
    }

    /// Where none of its files may grow beyond so many blocks of 512 bytes. It meets the limit as a full disk: as a write
    /// that fails.
    pub(crate) fn limited(w: &World, blocks: u64) -> Self {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_ruhu")]);
        Self::started(w, on(w, shell))
    }

    pub(crate) fn started(w: &World, command: Command) -> Self {
        let mut serving = Self::begin(command);
        let mut lines = BufReader::new(serving.child.stdout.take().expect("its output")).lines();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it says where it listens: {:?}", serving.log()));
            if let Some(address) = line.expect("text").strip_prefix("listening on ") {
                break address.to_owned();
            }
        };
        // It must never wait for someone to read what it says.
        std::thread::spawn(move || lines.for_each(drop));
        w.redirect(&address);
        serving
    }

    /// Does not wait until it is ready.
    pub(crate) fn begin(mut command: Command) -> Self {
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let log = Arc::new(Mutex::new(VecDeque::new()));
        let lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let kept = log.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_back(line);
                if kept.len() > SHOWN {
                    kept.pop_front();
                }
            }
        });
        Self { child, log }
    }

    fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().iter().cloned().collect()
    }

    /// `kill -9`
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// `kill -STOP`, `kill -TERM`, …
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill runs").success());
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ended(&mut self, seconds: u64) -> ExitStatus {
        eventually(seconds, "the server ends", || self.child.try_wait().expect("it is ours"))
    }

    /// The most memory that it ever had at once, in bytes, but for the pages of its program file: a build for tests has
    /// many, and they can be read again.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let kib = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the line is there");
            line.trim().trim_end_matches(" kB").parse().expect("a number")
        };
        (kib("VmHWM:") - kib("RssFile:")) * 1024
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the server's log ended with: {:#?}", self.log());
        }
    }
}
