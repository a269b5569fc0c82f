//! What a body may name that is not the caller's, and what somebody else has sent before: refused as if it were not.

use super::marked::Marked;
use super::model::{Eyes, Home};
use super::scanner::Scanner;
use super::singles::Asker;
use crate::support::*;

/// A new user of this place.
fn user(name: &str, place: Value) -> Value {
    let mut body = json!({ "username": name, "password": cast::PASSWORD });
    for (name, value) in place.as_object().expect("members") {
        body[name] = value.clone();
    }
    body
}

fn assignment(campaign: &str, team: &str, county: &str) -> Value {
    json!({ "campaign": campaign, "team": team, "county": county, "kind": "prefecture", "from": "2015-04-15",
        "to": "2015-05-05" })
}

/// References of an office's bodies: to what is another's, and to nothing.
pub(crate) fn references(m: &Marked<'_>, eyes: &Eyes, scanner: &Scanner, own: &str) {
    let asker = Asker::new(eyes, scanner);
    let (nothing, own) = (new_id(), m.post(own));
    let campaign = m.own_campaign(eyes);
    let hidden = |kind: &str| {
        let of_kind = m.model.things.iter().filter(move |thing| thing.kind == kind && !eyes.sees(&thing.home));
        of_kind.map(|thing| thing.id.clone()).collect::<Vec<_>>()
    };
    for team in hidden("teams") {
        let create =
            |team: &str| eyes.session.post("/v1/users", &user("newcomer", json!({ "role": "team", "team": team })));
        asker.alike("a user of a team", &team, create(&team), create(&nothing));
        let give = |team: &str| eyes.session.post("/v1/assignments", &assignment(&campaign, team, own.county));
        asker.alike("an assignment of a team", &team, give(&team), give(&nothing));
        let path = format!("/v1/users/{}", own.phones[0].user);
        let shift = |team: &str| eyes.session.patch(&path, &json!({ "team": team })).header("if-match", "*");
        asker.alike("a user moved to a team", &team, shift(&team), shift(&nothing));
    }
    for campaign in hidden("campaigns") {
        let give = |campaign: &str| eyes.session.post("/v1/assignments", &assignment(campaign, &own.team, own.county));
        asker.alike("an assignment of a campaign", &campaign, give(&campaign), give(&nothing));
    }
    // A name is taken wherever it is: that it is, and nothing else, is told.
    let name = &m.post(WUSHENG).phones[0].name;
    let taken = eyes.session.post("/v1/users", &user(name, json!({ "role": "team", "team": own.team }))).send();
    scanner.scan("a taken name", &taken);
    taken.problem(409, "conflict");
}

/// Another's key and another's request: it was answered to them alone.
pub(crate) fn repeats(m: &mut Marked<'_>, eyes: &Eyes) {
    let asked = |session: &Session, path: &str, body: &Value, key: &str| {
        session.post(path, body).header("idempotency-key", key).send()
    };
    let campaign = m.w.cast().campaign.clone();
    let mark = || format!("mk{}z", new_id().replace('-', ""));
    let requests = [
        (m.w.province().clone(), "51", "/v1/teams", json!({ "name": mark(), "region": "5116" })),
        (m.w.province().clone(), "51", "/v1/assignments", assignment(&campaign, &m.post(WUSHENG).team, WUSHENG)),
        (m.guizhou.session.clone(), "52", "/v1/teams", json!({ "name": mark(), "region": "5201" })),
        (
            m.guizhou.session.clone(),
            "52",
            "/v1/users",
            user(&mark(), json!({ "role": "prefecture", "region": "5201" })),
        ),
    ];
    for (office, province, path, body) in requests {
        if eyes.session.token == office.token {
            continue;
        }
        let key = new_id();
        let made = asked(&office, path, &body, &key).status(&[201]);
        assert_eq!(asked(&office, path, &body, &key).text(), made.text(), "to themselves it is repeated");
        let id = id_of(&made.json());
        let kind = path.rsplit('/').next().expect("a path");
        m.learn(kind, &made.json(), province);
        let reply = asked(&eyes.session, path, &body, &key);
        // Who may make the same makes another one.
        if reply.status == 201 {
            let own = reply.json();
            assert_ne!(id_of(&own), id, "{}: POST {path} gave another's", eyes.name);
            m.learn(kind, &own, province);
        }
        Scanner::new(&m.model, eyes).scan(&format!("POST {path} under another's key"), &reply);
    }
}

/// A device's id is no secret, and is good for nothing to anybody else.
pub(crate) fn devices(m: &Marked<'_>, eyes: &Eyes, scanner: &Scanner, username: &str) {
    let asker = Asker::new(eyes, scanner);
    let sign_in = |device: &str| {
        let body = json!({ "username": username, "password": cast::PASSWORD, "device_id": device });
        eyes.session.anonymous().post("/v1/auth/login", &body)
    };
    for home in [WUSHENG, "520102"] {
        let device = &m.post(home).phones[0].device;
        assert!(m.model.things.iter().any(|thing| thing.id == *device && matches!(thing.home, Home::People { .. })));
        asker.alike("a sign-in with a device", home, sign_in(device), sign_in(&new_id()));
    }
}
