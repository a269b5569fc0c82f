//! A PostgreSQL of a test's own, which may be stopped under a server. It is durable, as one with real data is.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bin/postgres");

/// Ends with the test, however that ends: what keeps it is the other end of a pipe.
pub(crate) struct Cluster {
    pub(crate) url: String,
    files: String,
    keeper: Child,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let mut keeper = Command::new(SCRIPT)
            .args(["sh", "-c", "echo \"$RUHU_TEST_POSTGRES\"; echo \"$RUHU_TEST_POSTGRES_FILES\"; exec cat"])
            .env_remove("RUHU_TEST_POSTGRES")
            .env("RUHU_TEST_POSTGRES_FSYNC", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bin/postgres runs");
        let mut lines = BufReader::new(keeper.stdout.take().expect("its output")).lines();
        let mut line = || lines.next().expect("bin/postgres starts a cluster").expect("text");
        let (url, files) = (line(), line());
        Self { url, files, keeper }
    }

    /// `fast` or `immediate`, as `pg_ctl` has them. Comes back when it is down.
    pub(crate) fn stop(&self, mode: &str) {
        self.control(&["--stop", mode]);
    }

    /// Comes back when it takes connections again.
    pub(crate) fn start_again(&self) {
        self.control(&["--start"]);
    }

    fn control(&self, arguments: &[&str]) {
        let mut command = Command::new(SCRIPT);
        command.args(arguments).env("RUHU_TEST_POSTGRES", &self.url).env("RUHU_TEST_POSTGRES_FILES", &self.files);
        let output = command.stdin(Stdio::null()).output().expect("bin/postgres runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
