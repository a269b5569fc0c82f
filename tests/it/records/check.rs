//! `ruhu check`: a sound database is found so, and each thing that is not is named.

use std::process::Command;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};

use crate::support::serving::ruhu;
use crate::support::*;

fn run(mut command: Command) -> (bool, String) {
    let output = command.output().expect("the binary runs");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

fn check(w: &World, arguments: &[&str]) -> (bool, String) {
    let mut command = ruhu(w);
    command.arg("check").args(arguments);
    run(command)
}

/// Changes the database behind the server's back.
fn tamper(w: &World, sql: &str) {
    let url = w.store.database_url();
    match url.strip_prefix("sqlite:") {
        Some(path) => SqliteConnection::establish(path).unwrap().batch_execute(sql).unwrap(),
        None => PgConnection::establish(&url).unwrap().batch_execute(sql).unwrap(),
    }
}

/// Records of every collection, changed, deleted and restored, with operations that wait and numbers that were shown.
fn work(w: &World) {
    for collection in COLLECTIONS {
        let record = Rec::new(collection, JINYANG);
        w.ali().push([record.create(), record.edit(json!({})), record.create()]);
        let gone = Rec::household(JINYANG);
        w.ali().push([gone.create(), gone.delete()]);
        w.bo().push_one(gone.edit(json!({ "phone": "1" })));
    }
    w.province().all("/v1/members?reveal=true");
    w.province().all("/v1/households?reveal=true");
}

on_both_engines! {
    fn a_sound_database_is_found_so(w) {
        work(w);
        let (ok, said) = check(w, &[]);
        let entries = format!("{} entries", w.province().all("/v1/audit").len());
        assert!(ok && said.contains("nothing is wrong") && said.contains(&entries), "{said}");
    }

    fn what_is_wrong_is_named(w) {
        work(w);
        for (wrong, right, told) in [
            ("UPDATE buckets SET live = live + 1 WHERE bucket = 513430", "UPDATE buckets SET live = live - 1 WHERE bucket = 513430", "live records"),
            ("UPDATE buckets SET parked = parked + 1 WHERE bucket = 513430", "UPDATE buckets SET parked = parked - 1 WHERE bucket = 513430", "parked operations"),
            ("UPDATE audit SET subject = subject || 'x' WHERE n = 1", "UPDATE audit SET subject = substr(subject, 1, length(subject) - 1) WHERE n = 1", "entry 1 has another content"),
            ("UPDATE audit SET n = 3000 WHERE n = 2", "UPDATE audit SET n = 2 WHERE n = 3000", "does not follow"),
            ("UPDATE audit_heads SET n = n + 1", "UPDATE audit_heads SET n = n - 1", "should not be"),
        ] {
            tamper(w, wrong);
            let (ok, said) = check(w, &[]);
            assert!(!ok && said.contains(told), "{wrong}: {said}");
            tamper(w, right);
        }
        assert!(check(w, &[]).0);
        tamper(w, "UPDATE records SET fields = '{\"title\":\"x\"}' WHERE collection = 6");
        let (ok, said) = check(w, &[]);
        assert!(!ok && said.contains("findings/") && said.contains("digest"), "{said}");
    }

    fn rows_of_the_collections_tables_are_mended(w) {
        work(w);
        for wrong in [
            "UPDATE households SET people = 77",
            "DELETE FROM visits",
            "UPDATE members SET search = 'x', grams = '78'",
            "INSERT INTO findings (bucket, id, level, topic) SELECT bucket, household, 'county', 'difficulties' FROM members",
        ] {
            tamper(w, wrong);
            let (ok, said) = check(w, &[]);
            assert!(!ok && said.contains("is not what the record says"), "{wrong}: {said}");
            let (ok, said) = check(w, &["--mend"]);
            assert!(ok && said.contains("made anew"), "{wrong}: {said}");
            let (ok, said) = check(w, &[]);
            assert!(ok, "{wrong}: {said}");
        }
        assert_eq!(w.province().all("/v1/households?people=77").len(), 0);
        assert_eq!(w.province().all("/v1/members?q=%E6%9C%A8%E5%91%B7").len(), 1);
    }
}
