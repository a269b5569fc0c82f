//! The matrix: every operation of the document, by everybody. A new operation fails it until it has a row.

use std::collections::{BTreeMap, BTreeSet};

use super::forge::Forge;
use super::ground::{COLUMNS, Caller, Ground, Stands};
use super::rows::{Access, Row, rows};
use super::target::{Outcome, Target};
use crate::support::*;

/// Operation ids, with method and path.
fn operations(w: &World) -> BTreeMap<String, (String, String)> {
    let document = w.session.get("/openapi.json").send().ok();
    let paths = document["paths"].as_object().expect("the document has paths").clone();
    let of_path = |(path, item): (String, Value)| {
        let methods = item.as_object().expect("a path has methods").clone();
        methods.into_iter().map(move |(method, operation)| {
            (operation["operationId"].as_str().expect("an id").to_owned(), (method, path.clone()))
        })
    };
    paths.into_iter().flat_map(of_path).collect()
}

/// What a caller gets: a status, and the code of the problem.
fn expected(row: &Row, stands: Stands) -> (u16, &'static str) {
    let column = match (&row.access, stands) {
        (Access::Open(status), _) => return (*status, ""),
        (_, Stands::Unknown) => return (401, "unauthorized"),
        (_, Stands::Flushed) if row.operation == "syncPush" => return (200, ""),
        (_, Stands::Flushed | Stands::Wiped) => return (403, "device_revoked"),
        (_, Stands::WithoutDevice(_)) if row.operation == "syncPush" => return (403, "not_a_device"),
        (Access::Roles(roles), Stands::At(column) | Stands::WithoutDevice(column)) => roles[column],
    };
    let code = match column {
        403 => "forbidden",
        404 => "not_found",
        422 => "invalid",
        _ => "",
    };
    (column, code)
}

/// Those who matter where a token does not.
fn matters(row: &Row, caller: &Caller) -> bool {
    let few = ["nobody", "expired", "another key", "disabled", "wiped", "chen", "deng"];
    matches!(row.access, Access::Roles(_)) || few.contains(&caller.name.as_str())
}

fn is_refused(row: &Row, caller: &Caller) -> bool {
    expected(row, caller.stands).0 >= 400
}

fn see(session: &Session, path: Option<&String>) -> Option<Value> {
    path.map(|path| session.get(path).send().ok())
}

/// Whoever may not do it gets what the table says, and nothing happens.
fn refuse(g: &Ground<'_>, row: &Row, target: &Target) {
    let before = see(g.w.province(), target.watch.as_ref());
    for caller in g.callers.iter().filter(|caller| matters(row, caller) && is_refused(row, caller)) {
        let outcome = target.send(g, caller);
        is_expected(row, caller, &target.name(), &outcome);
        let after = see(g.w.province(), target.watch.as_ref());
        assert_eq!(after, before, "{} by {} did something", target.name(), caller.name);
    }
}

/// The same request does what it is for when the right one sends it: it was their place that was refused.
fn admit(g: &Ground<'_>, row: &Row) {
    for caller in g.callers.iter().filter(|caller| matters(row, caller) && !is_refused(row, caller)) {
        let target = (row.target)(g);
        let before = see(&caller.session, target.watch.as_ref());
        let outcome = target.send(g, caller);
        is_expected(row, caller, &target.name(), &outcome);
        let after = see(&caller.session, target.watch.as_ref());
        assert!(target.watch.is_none() || after != before, "{} by {} did nothing", target.name(), caller.name);
        told_as_they_are(g, row, caller, &outcome.body);
    }
}

#[track_caller]
fn is_expected(row: &Row, caller: &Caller, asked: &str, outcome: &Outcome) {
    let (status, code) = expected(row, caller.stands);
    let given = (outcome.status, outcome.body["code"].as_str().unwrap_or_default());
    let code = if outcome.status < 400 { given.1 } else { code };
    assert_eq!(given, (status, code), "{} by {}: {asked}: {}", row.operation, caller.name, outcome.body);
    if code == "device_revoked" {
        let action = if caller.stands == Stands::Wiped { "wipe" } else { "flush_then_wipe" };
        assert_eq!(outcome.body["action"], action, "{} by {}", row.operation, caller.name);
    }
}

/// Where the status is the same for all, the answer says as whom the caller was taken.
fn told_as_they_are(g: &Ground<'_>, row: &Row, caller: &Caller, answer: &Value) {
    let of = |column: usize| COLUMNS[column];
    match (row.operation, caller.stands) {
        ("syncPush", stands) => {
            let inside = matches!(stands, Stands::At(0..=2));
            let result = &answer["results"][0];
            assert_eq!(result["status"], if inside { "applied" } else { "quarantined" }, "{}", caller.name);
            assert_eq!(result.get("seq").is_some(), inside, "{}: {answer}", caller.name);
        }
        ("readMe", Stands::At(column)) => {
            let role = ["provincial", "prefecture", "team"][column % 3];
            assert_eq!((&answer["role"], &answer["user"]["username"]), (&json!(role), &json!(of(column))));
            let claimed = super::forge::claims(&caller.session)["device"].clone();
            assert_eq!(answer["device"]["id"] == claimed, caller.name != "chen, claiming another's device");
        }
        ("listUsers", Stands::At(column)) if column % 3 == 2 => {
            assert_eq!(answer["items"].as_array().unwrap().len(), 1, "{}: {answer}", caller.name);
        }
        // Whoever brings it, a refresh token is its owner's.
        ("refresh", _) => assert_eq!(answer["user"]["id"], g.w.cast().users["er"], "{}", caller.name),
        ("login", _) => assert_eq!(answer["user"]["username"], "chen", "{}", caller.name),
        _ => {}
    }
}

on_both_engines! {
    fn every_operation_by_everybody(w) {
        let (document, rows) = (operations(w), rows());
        let told: BTreeSet<&str> = document.keys().map(String::as_str).collect();
        let known: BTreeSet<&str> = rows.iter().map(|row| row.operation).collect();
        assert_eq!(told, known, "each operation of the document has a row, and each row its operation");
        let g = Ground::new(w);
        let targets: Vec<Target> = rows.iter().map(|row| (row.target)(&g)).collect();
        let before = g.everything();
        for (row, target) in rows.iter().zip(&targets) {
            let (method, path) = &document[row.operation];
            assert!(target.is_for(method, path), "{} is {method} {path}, not {}", row.operation, target.name());
            refuse(&g, row, target);
        }
        assert_eq!(g.everything(), before, "what was refused did something");
        for row in &rows {
            admit(&g, row);
        }
    }

    fn a_token_ends_while_it_is_in_use(w) {
        let end = chrono::Utc::now().timestamp() + 1;
        let session = Forge::of(w).believed(w.ali(), json!({ "exp": end }));
        session.get("/v1/me").send().ok();
        eventually(10, "the token has ended", || (session.get("/v1/me").send().status == 401).then_some(()));
        assert!(chrono::Utc::now().timestamp() >= end);
        w.ali().get("/v1/me").send().ok();
    }

    /// Beside the operations of the table: rules about what an operation says, which depend on the role.
    fn a_claimed_role_writes_nothing_that_the_true_one_may_not(w) {
        let claims = json!({ "role": "provincial", "region": "51", "team": null });
        let raised = Forge::of(w).believed(w.chen(), claims);
        let visit = Rec::new("visits", ZHAOJUE);
        let envelope = w.chen().envelope([
            Rec::new("findings", ZHAOJUE).create_with(json!({ "state": "verified" })),
            visit.create_with(json!({ "team": w.cast().teams["one"] })),
            visit.create(),
            Rec::household(WUSHENG).create(),
        ]);
        let answer = raised.post("/v1/sync/push", &envelope).send().ok();
        let statuses: Vec<_> = answer["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
        assert_eq!(statuses, ["rejected", "rejected", "merged", "quarantined"], "{answer}");
        assert_eq!(w.chen().fields(&visit)["team"], w.cast().teams["two"]);
        assert_eq!(w.chen().history(&visit)[0]["device"], w.chen().device);
        // The other way round: an office that claims to be a team is an office still.
        let claims = json!({ "role": "team", "region": "51", "team": w.cast().teams["one"] });
        let lowered = Forge::of(w).believed(w.phone("liangshan"), claims);
        let finding = Rec::new("findings", ZHAOJUE).create_with(json!({ "state": "verified" }));
        let answer = lowered.post("/v1/sync/push", &w.phone("liangshan").envelope([finding])).send().ok();
        assert_eq!(answer["results"][0]["status"], "applied", "{answer}");
    }
}
