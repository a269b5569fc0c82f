//! The binary itself: serving, being killed, adding people.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::*;

const PASSWORD: &str = "Jinyang-by-the-river-7";

fn ruhu(w: &World) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruhu"));
    command.env("RUHU_DATABASE_URL", w.store.database_url()).env("RUHU_DATA_DIR", w.store.data_dir());
    command
}

/// A server of its own process, over the world's database.
struct Serving(Child);

impl Serving {
    fn start(w: &World) -> Self {
        let mut child = ruhu(w)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = loop {
            let line = lines.next().expect("it says where it listens").expect("text");
            if let Some(address) = line.strip_prefix("listening on ") {
                break address.to_owned();
            }
        };
        // It must never wait for someone to read what it says.
        std::thread::spawn(move || lines.for_each(drop));
        w.redirect(&address);
        Self(child)
    }

    /// `kill -9`
    fn kill(&mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run_with_input(mut command: Command, input: &str) -> (bool, String) {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

on_both_engines! {
    fn nothing_acknowledged_is_lost_by_a_kill(w) {
        w.stop();
        let mut serving = Serving::start(w);
        let phones = [w.ali(), w.bo(), w.chen()];
        let killed = AtomicBool::new(false);
        // Each phone pushes until the server dies; it keeps what it sent last without an answer.
        let outcomes: Vec<(Vec<Rec>, Value)> = std::thread::scope(|scope| {
            let workers: Vec<_> = phones
                .iter()
                .map(|phone| {
                    let killed = &killed;
                    scope.spawn(move || {
                        let mut acknowledged = Vec::new();
                        loop {
                            let records = [Rec::household(JINYANG), Rec::household(JINYANG)];
                            let envelope = phone.envelope(records.iter().map(Rec::create));
                            match phone.try_accept(&envelope) {
                                Some(_) => acknowledged.extend(records),
                                None if killed.load(Ordering::SeqCst) => return (acknowledged, envelope),
                                None => panic!("no answer, and nobody killed the server"),
                            }
                        }
                    })
                })
                .collect();
            eventually(30, "some pushes arrive", || phones.iter().all(|phone| phone.next() > 10).then_some(()));
            killed.store(true, Ordering::SeqCst);
            serving.kill();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        drop(serving);
        let _again = Serving::start(w);
        let mut mirror = Mirror::of(w.liangshan());
        mirror.sync();
        for (acknowledged, _) in &outcomes {
            assert!(acknowledged.iter().all(|record| mirror.record(record).is_some()));
        }
        // What had no answer is sent again: once in effect, whether or not it had arrived.
        for (phone, (_, envelope)) in phones.iter().zip(&outcomes) {
            assert_eq!(phone.accept(envelope).statuses(), ["applied", "applied"]);
        }
        mirror.sync();
        let sent: usize = outcomes.iter().map(|(acknowledged, _)| acknowledged.len() + 2).sum();
        assert_eq!(mirror.live()[JINYANG].len(), sent);
        assert!(mirror.live()[JINYANG].values().all(|held| held.rev == 1));
    }

    fn a_user_is_added_by_the_command(w) {
        let mut command = ruhu(w);
        command.args(["user", "add", "feng", "--role", "prefecture", "--region", "5134", "--password-stdin"]);
        let (ok, said) = run_with_input(command, PASSWORD);
        assert!(ok, "{said}");
        let tokens = cast::login(&w.session, "feng", PASSWORD, None);
        let session = w.session.with_token(tokens["access_token"].as_str().unwrap());
        assert_eq!(session.get("/v1/me").send().ok()["region"], "5134");
    }

    fn a_user_that_cannot_be_is_not_added(w) {
        for arguments in [
            ["feng", "--role", "king", "--region", "51"],
            ["feng", "--role", "prefecture", "--region", "99"],
            ["ali", "--role", "prefecture", "--region", "5134"],
        ] {
            let mut command = ruhu(w);
            command.args(["user", "add"]).args(arguments).arg("--password-stdin");
            let (ok, said) = run_with_input(command, PASSWORD);
            assert!(!ok, "{arguments:?}: {said}");
        }
    }

    fn a_user_is_listed_and_disabled_by_the_command(w) {
        let mut list = ruhu(w);
        list.args(["user", "list"]);
        let (ok, said) = run_with_input(list, "");
        assert!(ok && said.contains("ali") && said.contains("liangshan"), "{said}");
        w.er().get("/v1/me").send().ok();
        let mut disable = ruhu(w);
        disable.args(["user", "disable", "er"]);
        let (ok, said) = run_with_input(disable, "");
        assert!(ok, "{said}");
        w.er().get("/v1/me").send().refused(&[401, 403]);
    }
}
