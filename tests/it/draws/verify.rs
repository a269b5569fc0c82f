//! `ruhu draw verify`: from the published file alone.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;

struct Said {
    good: bool,
    text: String,
}

fn verify(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Said {
    // Nothing of a server: no database, no data directory, and an empty working directory.
    let empty = std::env::temp_dir().join(format!("ruhu-verify-{}", new_id()));
    std::fs::create_dir(&empty).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ruhu"))
        .args(["draw", "verify"])
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(&empty)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0, "it leaves nothing behind");
    std::fs::remove_dir(empty).unwrap();
    let code = output.status.code().unwrap();
    assert!(code < 2, "{output:?}");
    Said {
        good: code == 0,
        text: String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
    }
}

fn judge(document: &Value) -> Said {
    verify(&["-"], &[], &document.to_string())
}

on_both_engines! {
    fn a_published_draw_passes(w) {
        for village in texts(&commit(w, &villages())["frame"], "id") {
            register(w, &village, 2, &json!({}));
        }
        let first = drawn(w, &with(villages(), json!({ "method": "pps", "sizes": "registered" })));
        replace(w, &first, &first["sample"][2]);
        let second = drawn(w, &json!({ "level": "household", "first_stage": first["id"], "method": "srs",
            "places": { "per_stratum": 1 } }));
        replace(w, &second, &second["sample"][0]);
        for draw in [first, second] {
            let whole = w.province().get(&path(w, &draw)).send().ok();
            let said = judge(&whole);
            assert!(said.good && said.text.contains("Nothing differs."), "{}", said.text);
            assert!(said.text.contains("Drawn again from the seed") && said.text.contains("1 replacements"), "{}", said.text);
        }
    }

    fn a_commitment_is_kept_for_later(w) {
        let draw = commit(w, &villages());
        let said = judge(&draw);
        assert!(said.good && said.text.contains("Not drawn yet"), "{}", said.text);
        assert!(said.text.contains(draw["plan_digest"].as_str().unwrap()), "{}", said.text);
    }

    fn what_differs_is_named(w) {
        let draw = drawn(w, &villages());
        let swapped = |mut draw: Value| {
            let (one, two) = (draw["sample"][0].take(), draw["substitutes"][0].take());
            (draw["sample"][0], draw["substitutes"][0]) = (two, one);
            draw
        };
        let changed = |pointer: &str, value: Value| {
            let mut draw = draw.clone();
            *draw.pointer_mut(pointer).unwrap() = value;
            draw
        };
        for (document, words) in [
            (swapped(draw.clone()), "`sample`, entry 1"),
            (changed("/drawn/seed", json!("00".repeat(32))), "The seed is not the one"),
            (changed("/plan/commitment", json!("00".repeat(32))), "The seed is not the one"),
            (changed("/frame/3/id", json!("513430100202x")), "The frame is not the committed one"),
            (changed("/frame/3/size", json!(7)), "The frame is not the committed one"),
            (changed("/plan/places/total", json!(4)), "`strata` is not"),
            (changed("/sample/1/probability", json!(0.31)), "`sample`, entry 2: drawn again, its `probability` is 0.3."),
            (changed("/substitutes/1/number", json!("0000000000000000")), "`substitutes`, entry 2"),
            (changed("/plan_digest", json!("00".repeat(32))), "`plan_digest` is not"),
            (changed("/visible_from", json!("2015-04-16T06:00:00.000+08:00")), "something was changed"),
            (changed("/drawn/by", json!(new_id())), "something was changed"),
        ] {
            let said = judge(&document);
            assert!(!said.good && said.text.contains(words), "{words}: {}", said.text);
            assert!(said.text.contains("Checks that failed"), "{}", said.text);
        }
    }

    fn the_key_is_the_servers(w) {
        let draw = drawn(w, &villages()).to_string();
        let keys = w.session.get("/.well-known/jwks.json").send().ok();
        let kid = keys["keys"][0]["kid"].as_str().unwrap();
        assert!(verify(&["-", "--kid", kid], &[], &draw).good);
        let said = verify(&["-", "--kid", "another"], &[], &draw);
        assert!(!said.good && said.text.contains("not with another"), "{}", said.text);
    }

    fn it_is_said_in_the_readers_language(w) {
        let draw = drawn(w, &villages());
        let file = w.store.data_dir().join("draw.json");
        std::fs::write(&file, draw.to_string()).unwrap();
        let file = file.to_str().unwrap();
        let zh = "全部相符。";
        assert!(verify(&[file, "--lang", "zh"], &[], "").text.contains(zh));
        assert!(verify(&[file], &[("LANG", "zh_CN.UTF-8")], "").text.contains(zh));
        assert!(!verify(&[file, "--lang", "en"], &[("LANG", "zh_CN.UTF-8")], "").text.contains(zh));
        assert!(!verify(&[file], &[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")], "").text.contains(zh));
        std::fs::remove_file(file).unwrap();
    }
}

#[test]
fn what_is_no_draw_is_refused() {
    for (arguments, input, words) in [
        (&["-"][..], "", "is not a published draw"),
        (&["-"], "{}", "is not a published draw"),
        (&["-"], "[1", "is not a published draw"),
        (&["nowhere.json"], "", "cannot read"),
        (&["nowhere.json", "--lang", "zh"], "", "无法读取"),
    ] {
        let said = verify(arguments, &[], input);
        assert!(!said.good && said.text.contains(words), "{words}: {}", said.text);
    }
}
