//! The binary itself: adding people. How it serves, and is killed, is in `crash`.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::serving::ruhu;
use crate::support::*;

const PASSWORD: &str = "Jinyang-by-the-river-7";

fn run_with_input(mut command: Command, input: &str) -> (bool, String) {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

on_both_engines! {
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
