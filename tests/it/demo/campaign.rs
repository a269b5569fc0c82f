//! A small campaign from its opening to its report: every copy agrees, and every operation is found again.

use super::Fresh;
use crate::support::engine::Engine;

fn a_campaign(engine: Engine) {
    let fresh = Fresh::new(engine);
    let said = fresh.demo(&["--devices", "20", "--households", "400", "--days", "3"]);
    assert!(said.contains("the proof: everything agrees"), "{said}");
    let report = fresh.kept().join("report.docx");
    assert!(said.contains(report.to_str().unwrap()), "{said}");
    assert!(std::fs::read(report).unwrap().starts_with(b"PK"), "not a ZIP file");
    let checked = fresh.run(&["check"], "");
    assert!(checked.contains("nothing is wrong"), "{checked}");

    let served = fresh.serve();
    let held = served.sign_in("province", None).0.all("/v1/held-ops");
    // Whoever looks for what was sent must ask for numbers that lists mask.
    assert!(held.iter().any(|op| op["op"]["fields"]["phone"].to_string().contains("****")), "{held:?}");
    served.server.stop();
}

#[test]
fn everything_agrees_at_its_end_on_sqlite() {
    a_campaign(Engine::Sqlite);
}

#[test]
fn everything_agrees_at_its_end_on_postgres() {
    a_campaign(Engine::Postgres);
}
