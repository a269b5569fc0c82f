//! Who calls in the matrix, and what they call about: everything is of ZHAOJUE, of team two and of the office of 5134.

use std::cell::RefCell;

use super::elsewhere;
use super::forge::Forge;
use crate::support::*;

/// How the server has to take a caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stands {
    /// As a role: a column of the table.
    At(usize),
    /// The same, signed in without a device.
    WithoutDevice(usize),
    /// Its device was revoked.
    Flushed,
    Wiped,
    /// As nobody.
    Unknown,
}

pub(super) struct Caller {
    pub(super) name: String,
    pub(super) session: Session,
    pub(super) stands: Stands,
}

pub(super) struct Ground<'w> {
    pub(super) w: &'w World,
    pub(super) callers: Vec<Caller>,
    /// One of each collection.
    pub(super) records: Vec<Rec>,
    pub(super) guizhou: Session,
    /// The province's, and no caller's.
    clerk: Phone,
    /// Of 5134, with nobody in it.
    spare: String,
    /// Somebody of team four who does nothing.
    pub(super) mover: String,
    /// Of er's phone; each counts once.
    pub(super) refresh: RefCell<String>,
}

/// The columns of the table: three in whose scope everything is, three in whose it is not.
pub(super) const COLUMNS: [&str; 6] = ["province", "liangshan", "chen", "guizhou", "guangan", "deng"];

impl<'w> Ground<'w> {
    pub(super) fn new(w: &'w World) -> Self {
        let guizhou = elsewhere::found(w);
        let guangan = elsewhere::phone_of(w, "guangan", &w.cast().users["guangan"]);
        // Team one does what callers then ask about.
        w.assign("one", ZHAOJUE);
        let records: Vec<Rec> = COLLECTIONS.iter().map(|collection| Rec::new(collection, ZHAOJUE)).collect();
        w.ali().push(records.iter().map(Rec::create));

        let forge = Forge::of(w);
        let columns = [w.phone("province"), w.phone("liangshan"), w.chen(), &guizhou, &guangan, w.deng()];
        let mut callers: Vec<Caller> = Vec::new();
        let mut add = |name: &str, session: &Session, stands| {
            callers.push(Caller { name: name.into(), session: session.clone(), stands });
        };
        for (what, session) in forge.refused(w.phone("province")) {
            add(what, &session, Stands::Unknown);
        }
        add("nobody", &w.session, Stands::Unknown);
        add("a refresh token as access token", &w.session.with_token(&w.bo().refresh_token), Stands::Unknown);
        add("signed out", &signed_out(w), Stands::Unknown);
        add("a family with a reused refresh token", &reused(w), Stands::Unknown);
        add("disabled", &disabled(w), Stands::Unknown);
        add("flushed", &revoked(w, "flush"), Stands::Flushed);
        add("wiped", &revoked(w, "wipe"), Stands::Wiped);
        add("without a device", &clerk(w), Stands::WithoutDevice(0));
        let raised = json!({ "role": "provincial", "region": "51", "team": null });
        add("chen, claiming to be the province", &forge.believed(w.chen(), raised), Stands::At(2));
        let device = json!({ "device": w.phone("province").device });
        add("chen, claiming another's device", &forge.believed(w.chen(), device), Stands::At(2));
        let lowered = json!({ "role": "team", "region": "5134", "team": w.cast().teams["two"] });
        add("guangan, claiming to be of team two", &forge.believed(&guangan, lowered), Stands::At(4));
        add("chen, signed here", &forge.genuine(w.chen()), Stands::At(2));
        for (column, phone) in columns.into_iter().enumerate() {
            add(COLUMNS[column], phone, Stands::At(column));
        }
        let spare = w.province().post("/v1/teams", &json!({ "name": "nobody", "region": "5134" })).send().created();
        let mover = json!({ "role": "team", "team": w.cast().teams["four"] });
        Self {
            w,
            callers,
            records,
            guizhou: guizhou.session.clone(),
            spare: id_of(&spare),
            mover: user(w, "mover", mover),
            clerk: w.new_phone("province"),
            refresh: RefCell::new(w.er().refresh_token.clone()),
        }
    }

    /// A new conflict of ZHAOJUE.
    pub(super) fn conflict(&self) -> String {
        let record = Rec::household(ZHAOJUE);
        self.w.ali().push_one(record.create_with(json!({ "phone": "1" })));
        conflict_ids(&self.w.bo().push_one(record.edit(json!({ "phone": "2" })))).remove(0)
    }

    /// A new finding of ZHAOJUE.
    pub(super) fn finding(&self, state: &str) -> String {
        let record = Rec::new("findings", ZHAOJUE);
        is(self.clerk.push_one(record.create_with(json!({ "state": state }))), "applied");
        record.id
    }

    /// A new held operation of ZHAOJUE.
    pub(super) fn held(&self) -> String {
        let record = Rec::household(ZHAOJUE);
        is(self.w.er().push_one(record.create()), "quarantined");
        id_of(&self.w.province().all(&format!("/v1/held-ops?record_id={}", record.id))[0])
    }

    /// A new assignment in ZHAOJUE.
    pub(super) fn assignment(&self, kind: &str) -> String {
        let body = json!({ "campaign": self.w.cast().campaign, "team": self.spare, "county": ZHAOJUE, "kind": kind, "from": "2015-04-15", "to": "2015-05-05" });
        id_of(&self.w.province().post("/v1/assignments", &body).send().created())
    }

    /// A new campaign.
    pub(super) fn campaign(&self) -> String {
        let body = json!({ "name": new_id(), "from": "2015-06-01", "to": "2015-06-30" });
        id_of(&self.w.province().post("/v1/campaigns", &body).send().created())
    }

    pub(super) fn new_form() -> Value {
        let text = json!({ "en": "x" });
        json!({ "form": format!("f{}", new_id()), "level": "household", "title": text,
            "sections": [{ "title": text, "questions": [{ "name": "q", "type": "text", "label": text }] }] })
    }

    /// A form of the province's own.
    pub(super) fn form(&self) -> String {
        id_of(&self.w.province().post("/v1/forms", &json!({ "definition": Self::new_form() })).send().created())
    }

    /// A draw of ZHAOJUE's villages.
    pub(super) fn new_draw() -> Value {
        json!({ "level": "village", "county": ZHAOJUE, "method": "srs", "places": { "total": 1 } })
    }

    /// A new one, committed to or drawn.
    pub(super) fn draw(&self, drawn: bool) -> Value {
        let path = format!("/v1/campaigns/{}/draws", self.w.cast().campaign);
        let draw = self.w.province().post(&path, &Self::new_draw()).send().created();
        if !drawn {
            return draw;
        }
        self.w.province().post(&format!("{path}/{}/reveal", id_of(&draw)), &json!({})).send().ok()
    }

    /// Everything that both provinces can see of users, teams, counties and records.
    pub(super) fn everything(&self) -> Value {
        let mut lists: Vec<String> =
            ["users", "teams", "devices", "campaigns", "forms", "assignments", "conflicts", "held-ops"]
                .map(Into::into)
                .into();
        lists.extend(COLLECTIONS.map(Into::into));
        let mut all = json!({});
        for (name, session) in [("sichuan", self.w.province()), ("guizhou", &self.guizhou)] {
            for list in &lists {
                let mut items = session.all(&format!("/v1/{list}?limit=1000"));
                // Who asks is seen.
                for item in &mut items {
                    item["last_seen_at"] = Value::Null;
                }
                all[name][list] = items.into();
            }
        }
        all["draws"] =
            self.w.province().all(&format!("/v1/campaigns/{}/draws?limit=1000", self.w.cast().campaign)).into();
        all
    }
}

fn user(w: &World, name: &str, mut body: Value) -> String {
    body["username"] = name.into();
    body["password"] = cast::PASSWORD.into();
    id_of(&w.province().post("/v1/users", &body).send().created())
}

fn provincial(w: &World, name: &str) -> String {
    user(w, name, json!({ "role": "provincial", "region": "51" }))
}

fn tokens(w: &World, answer: &Value) -> Session {
    w.session.with_token(answer["access_token"].as_str().expect("an access token"))
}

fn signed_out(w: &World) -> Session {
    let answer = cast::login(&w.session, "province", cast::PASSWORD, Some("a phone"));
    let body = json!({ "refresh_token": answer["refresh_token"] });
    w.session.post("/v1/auth/logout", &body).send().status(&[204]);
    tokens(w, &answer)
}

fn reused(w: &World) -> Session {
    let first = cast::login(&w.session, "province", cast::PASSWORD, Some("a phone"));
    let body = json!({ "refresh_token": first["refresh_token"] });
    let second = w.session.post("/v1/auth/refresh", &body).send().ok();
    w.session.post("/v1/auth/refresh", &body).send().problem(401, "unauthorized");
    tokens(w, &second)
}

fn disabled(w: &World) -> Session {
    let user = provincial(w, "retired");
    let phone = elsewhere::phone_of(w, "retired", &user);
    let path = format!("/v1/users/{user}");
    w.province().patch(&path, &json!({ "disabled": true })).header("if-match", "*").send().ok();
    phone.session.clone()
}

fn revoked(w: &World, mode: &str) -> Session {
    let phone = w.new_phone("province");
    w.revoke(&phone, mode);
    phone.session.clone()
}

fn clerk(w: &World) -> Session {
    provincial(w, "clerk");
    tokens(w, &cast::login(&w.session, "clerk", cast::PASSWORD, None))
}
