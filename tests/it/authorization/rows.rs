//! The table: for each operation of the document, what each role gets. It is written from `API.md`, "Who", and from
//! the rule that what is outside one's scope is not there.

use super::ground::Ground;
use super::target::{Target, delete, get, patch, post, push, refresh};
use crate::support::*;

/// One way to call an operation.
pub(super) struct Row {
    pub(super) operation: &'static str,
    pub(super) access: Access,
    /// Makes a request that has not been sent yet.
    pub(super) target: Box<dyn Fn(&Ground<'_>) -> Target>,
}

pub(super) enum Access {
    /// For whoever calls, signed in or not.
    Open(u16),
    /// By the columns: province 51, prefecture 5134 and its team two; province 52, prefecture 5116 and its team three.
    Roles([u16; 6]),
}

fn row(operation: &'static str, access: [u16; 6], target: impl Fn(&Ground<'_>) -> Target + 'static) -> Row {
    Row { operation, access: Access::Roles(access), target: Box::new(target) }
}

fn open(operation: &'static str, status: u16, target: impl Fn(&Ground<'_>) -> Target + 'static) -> Row {
    Row { operation, access: Access::Open(status), target: Box::new(target) }
}

/// For all who are signed in: what they get is theirs.
const ALL: [u16; 6] = [200; 6];
/// For those in whose scope it is.
const SCOPE: [u16; 6] = [200, 200, 200, 404, 404, 404];
/// Done by the offices in whose scope it is.
const OFFICES: [u16; 6] = [200, 200, 403, 404, 404, 403];
/// Made by the offices for their own region.
const OWN: [u16; 6] = [201, 201, 403, 403, 403, 403];
/// Of a campaign: each of its province, of their own counties.
const CAMPAIGN: [u16; 6] = [200, 200, 200, 404, 200, 200];
/// Made by the province alone.
const PROVINCE: [u16; 6] = [201, 403, 403, 403, 403, 403];

pub(super) fn rows() -> Vec<Row> {
    let mut rows = reads();
    rows.extend(records());
    rows.extend(people());
    rows.extend(work());
    rows.extend(draws());
    rows.extend(signing_in());
    rows
}

fn reads() -> Vec<Row> {
    let mut rows = vec![
        open("jwks", 200, |_| get("/.well-known/jwks.json")),
        open("healthz", 200, |_| get("/healthz")),
        open("readyz", 200, |_| get("/readyz")),
        row("readMe", ALL, |_| get("/v1/me")),
        row("readDictionary", ALL, |_| get("/v1/dictionary")),
        row("listDivisions", ALL, |_| get("/v1/divisions?limit=2")),
        row("readDivision", ALL, |_| get(format!("/v1/divisions/{ZHAOJUE}"))),
        row("syncLimits", ALL, |_| get("/v1/sync/limits")),
        row("syncEvents", ALL, |_| get("/v1/sync/events")),
        // Taken from all; whether it is applied is another matter.
        row("syncPush", ALL, |_| push()),
        row("syncPull", ALL, |_| post("/v1/sync/pull", json!({ "schema": 1 }))),
        row("listUsers", ALL, |_| get("/v1/users")),
        row("readUser", SCOPE, |g| get(format!("/v1/users/{}", g.w.cast().users["chen"]))),
        row("listTeams", ALL, |_| get("/v1/teams")),
        row("readTeam", SCOPE, |g| get(format!("/v1/teams/{}", g.w.cast().teams["two"]))),
        row("listDevices", ALL, |_| get("/v1/devices")),
        row("readDevice", SCOPE, |g| get(format!("/v1/devices/{}", g.w.chen().device))),
        row("listCampaigns", ALL, |_| get("/v1/campaigns")),
        row("readCampaign", [200, 200, 200, 404, 200, 200], |g| get(campaign(g))),
        row("listForms", ALL, |_| get("/v1/forms")),
        row("downloadForms", ALL, |_| get("/v1/forms/current")),
        row("readForm", [200, 200, 200, 404, 200, 200], |g| get(format!("/v1/forms/{}", g.form()))),
        row("readCoverage", CAMPAIGN, |g| get(format!("{}/coverage", campaign(g)))),
        row("listCommitments", CAMPAIGN, |g| get(format!("{}/commitments", campaign(g)))),
        row("readDays", CAMPAIGN, |g| get(format!("{}/days", campaign(g)))),
        row("readReport", CAMPAIGN, |g| get(format!("{}/report", campaign(g)))),
        row("summarizeFindings", CAMPAIGN, |g| get(format!("{}/findings", campaign(g)))),
        row("readFeedback", SCOPE, |g| get(format!("{}/feedback/{ZHAOJUE}", campaign(g)))),
        row("readStatistics", CAMPAIGN, |g| get(format!("{}/statistics?field=people", campaign(g)))),
        row("readSpotChecks", CAMPAIGN, |g| get(format!("{}/spot-checks", campaign(g)))),
        row("listAssignments", ALL, |_| get("/v1/assignments")),
        row("readAssignment", SCOPE, |g| {
            get(format!("/v1/assignments/{}", g.w.cast().assignments[&format!("two {ZHAOJUE}")]))
        }),
        row("listConflicts", ALL, |_| get("/v1/conflicts")),
        row("exportRecords", ALL, |_| get("/v1/exports/households.csv")),
        row("listAudit", ALL, |_| get("/v1/audit")),
        row("readFindingSteps", SCOPE, |g| get(format!("/v1/findings/{}/steps", g.finding("open")))),
        row("listHeldOps", ALL, |_| get("/v1/held-ops")),
        row("readHeldOp", SCOPE, |g| get(format!("/v1/held-ops/{}", g.held()))),
    ];
    for (n, collection) in COLLECTIONS.into_iter().enumerate() {
        rows.push(row("listRecords", ALL, move |_| get(format!("/v1/{collection}"))));
        rows.push(row("readRecord", SCOPE, move |g| get(g.records[n].path())));
        rows.push(row("readHistory", SCOPE, move |g| get(format!("{}/history", g.records[n].path()))));
    }
    rows
}

fn records() -> Vec<Row> {
    let mut rows = Vec::new();
    for (n, collection) in COLLECTIONS.into_iter().enumerate() {
        rows.push(row("changeRecord", SCOPE, move |g| patch(g, &g.records[n].path(), json!({}))));
        // A village has one sheet, and it is there.
        if collection == "villages" {
            continue;
        }
        rows.push(row("createRecord", [201, 201, 201, 422, 422, 422], move |g| {
            let mut body = good(collection, ZHAOJUE);
            body["bucket"] = ZHAOJUE.into();
            if collection == "visits" {
                body["team"] = g.w.cast().teams["two"].clone().into();
            }
            post(format!("/v1/{collection}"), body).watched(format!("/v1/{collection}?limit=1000"))
        }));
        rows.push(row("deleteRecord", [204, 204, 204, 404, 404, 404], move |g| {
            let record = Rec::new(collection, ZHAOJUE);
            accepted(g.w.ali().push_one(record.create()));
            delete(g, &record.path())
        }));
    }
    rows
}

fn campaign(g: &Ground<'_>) -> String {
    format!("/v1/campaigns/{}", g.w.cast().campaign)
}

fn user(more: Value) -> Target {
    let mut body = json!({ "username": format!("u{}", new_id()), "password": cast::PASSWORD });
    for (name, value) in more.as_object().expect("members") {
        body[name] = value.clone();
    }
    post("/v1/users", body).watched("/v1/users?limit=1000")
}

fn people() -> Vec<Row> {
    let team = |body: Value| post("/v1/teams", body).watched("/v1/teams?limit=1000");
    let chen = |g: &Ground<'_>| format!("/v1/users/{}", g.w.cast().users["chen"]);
    let mover = |g: &Ground<'_>| format!("/v1/users/{}", g.mover);
    vec![
        row("createUser", OWN, |_| user(json!({ "role": "prefecture", "region": "5134" }))),
        row("createUser", PROVINCE, |_| user(json!({ "role": "provincial", "region": "51" }))),
        row("createUser", [201, 201, 403, 422, 422, 403], |g| {
            user(json!({ "role": "team", "team": g.w.cast().teams["two"] }))
        }),
        row("createUser", [201, 422, 403, 422, 422, 403], |g| {
            user(json!({ "role": "team", "team": g.w.cast().teams["one"] }))
        }),
        row("changeUser", OFFICES, move |g| patch(g, &chen(g), json!({ "display_name": new_id() }))),
        // The place is looked at before the team that it would be.
        row("changeUser", [200, 422, 403, 404, 404, 403], move |g| {
            let now = g.w.province().get(&mover(g)).send().ok()["team"].clone();
            let teams = &g.w.cast().teams;
            let next = if now == teams["one"] { &teams["four"] } else { &teams["one"] };
            patch(g, &mover(g), json!({ "team": next }))
        }),
        row("createTeam", OWN, move |_| team(json!({ "name": new_id(), "region": "5134" }))),
        row("createTeam", PROVINCE, move |_| team(json!({ "name": new_id(), "region": "51" }))),
        row("changeTeam", OFFICES, |g| {
            patch(g, &format!("/v1/teams/{}", g.w.cast().teams["two"]), json!({ "name": new_id() }))
        }),
        row("revokeDevice", OFFICES, |g| {
            let path = format!("/v1/devices/{}", g.w.new_phone("er").device);
            post(format!("{path}/revoke"), json!({ "mode": "flush" })).watched(path)
        }),
    ]
}

fn work() -> Vec<Row> {
    let give = |g: &Ground<'_>, team: &str, kind: &str| {
        let (campaign, team) = (&g.w.cast().campaign, &g.w.cast().teams[team]);
        let body = json!({ "campaign": campaign, "team": team, "county": ZHAOJUE, "kind": kind, "from": "2015-04-15",
            "to": "2015-05-05" });
        post("/v1/assignments", body).watched("/v1/assignments?limit=1000")
    };
    let close = |g: &Ground<'_>, kind: &str| {
        let path = format!("/v1/assignments/{}", g.assignment(kind));
        post(format!("{path}/close"), json!({})).watched(path)
    };
    let step = |g: &Ground<'_>, from: &str, to: &str| {
        let path = format!("/v1/findings/{}/steps", g.finding(from));
        post(path.clone(), json!({ "to": to, "verified_note": "x" })).watched(path)
    };
    let settle = |id: String, how: &str| {
        let path = format!("/v1/held-ops/{id}");
        post(format!("{path}/{how}"), json!({})).watched(path)
    };
    vec![
        row("createCampaign", [201, 403, 403, 201, 403, 403], |_| {
            let body = json!({ "name": new_id(), "from": "2015-06-01", "to": "2015-06-30" });
            post("/v1/campaigns", body).watched("/v1/campaigns?limit=1000")
        }),
        row("createForm", [201, 403, 403, 201, 403, 403], |_| {
            post("/v1/forms", json!({ "definition": Ground::new_form() })).watched("/v1/forms?limit=1000")
        }),
        row("changeCampaign", [200, 403, 403, 404, 403, 403], |g| patch(g, &campaign(g), json!({ "name": new_id() }))),
        row("closeCampaign", [200, 403, 403, 404, 403, 403], |g| {
            let path = format!("/v1/campaigns/{}", g.campaign());
            post(format!("{path}/close"), json!({})).watched(path)
        }),
        row("createAssignment", [201, 201, 403, 422, 422, 403], move |g| give(g, "two", "prefecture")),
        row("createAssignment", [201, 403, 403, 422, 422, 403], move |g| give(g, "two", "provincial")),
        row("createAssignment", [201, 403, 403, 422, 422, 403], move |g| give(g, "two", "spot_check")),
        // A prefecture's own team into a county of another.
        row("createAssignment", [201, 422, 403, 422, 403, 403], move |g| give(g, "three", "prefecture")),
        row("closeAssignment", OFFICES, move |g| close(g, "prefecture")),
        row("closeAssignment", [200, 403, 403, 404, 404, 403], move |g| close(g, "provincial")),
        row("closeAssignment", [200, 403, 403, 404, 404, 403], move |g| close(g, "spot_check")),
        row("takeFindingStep", SCOPE, move |g| step(g, "open", "accepted")),
        row("takeFindingStep", [200, 200, 403, 404, 404, 404], move |g| step(g, "rectified", "verified")),
        row("takeFindingStep", [200, 200, 403, 404, 404, 404], move |g| step(g, "verified", "closed")),
        row("takeFindingStep", [200, 200, 403, 404, 404, 404], move |g| step(g, "open", "rejected")),
        row("resolveConflict", OFFICES, |g| {
            let id = g.conflict();
            let resolve = post(format!("/v1/conflicts/{id}/resolve"), json!({ "keep": "other" }));
            resolve.watched(format!("/v1/conflicts?id={id}"))
        }),
        row("releaseHeldOp", OFFICES, move |g| settle(g.held(), "release")),
        row("discardHeldOp", OFFICES, move |g| settle(g.held(), "discard")),
    ]
}

fn draws() -> Vec<Row> {
    /// Read within the province, by those who have the county.
    const READ: [u16; 6] = [200, 200, 200, 404, 404, 404];
    /// Done by the province.
    const DO: [u16; 6] = [200, 403, 403, 404, 403, 403];
    let all = |g: &Ground<'_>| format!("{}/draws", campaign(g));
    let one = move |g: &Ground<'_>, drawn: bool| format!("{}/{}", all(g), id_of(&g.draw(drawn)));
    vec![
        row("listDraws", [200, 200, 200, 404, 200, 200], move |g| get(all(g))),
        row("createDraw", [201, 403, 403, 404, 403, 403], move |g| {
            post(all(g), Ground::new_draw()).watched(format!("{}?limit=1000", all(g)))
        }),
        row("readDraw", READ, move |g| get(one(g, true))),
        row("listDrawUnits", READ, move |g| get(format!("{}/units", one(g, true)))),
        row("changeDraw", DO, move |g| patch(g, &one(g, true), json!({ "visible_from": wire(ago(1)) }))),
        row("revealDraw", DO, move |g| {
            let path = one(g, false);
            post(format!("{path}/reveal"), json!({})).watched(path)
        }),
        row("replaceDrawUnit", DO, move |g| {
            let draw = g.draw(true);
            let path = format!("{}/{}", all(g), id_of(&draw));
            let unit = id_of(&draw["sample"][0]);
            post(format!("{path}/units/{unit}/replace"), json!({ "reason": "x" })).watched(path)
        }),
    ]
}

fn signing_in() -> Vec<Row> {
    vec![
        open("login", 200, |_| post("/v1/auth/login", json!({ "username": "chen", "password": cast::PASSWORD }))),
        open("refresh", 200, |_| refresh()),
        open("logout", 204, |g| {
            let tokens = cast::login(&g.w.session, "bo", cast::PASSWORD, None);
            post("/v1/auth/logout", json!({ "refresh_token": tokens["refresh_token"] }))
        }),
        // The last: even to the same one, it ends the callers' other sign-ins.
        row("changePassword", [204; 6], |_| {
            let body = json!({ "current_password": cast::PASSWORD, "new_password": cast::PASSWORD });
            post("/v1/auth/password", body)
        }),
    ]
}
