//! Does what a plan says, over HTTP, and writes down what was asked and answered. It judges nothing.

use std::collections::BTreeMap;
use std::sync::Barrier;

use serde_json::{Value, json};

use super::client::Client;
use super::compare::told_held;
use super::log::{Answer, Deed, Event, Push};
use super::model::record::equal;
use super::plan::{Keep, Plan, PullFate, PushFate, Step};
use crate::support::http::Session;
use crate::support::time::Time;
use crate::support::{Rec, World, id_of, now};

/// What is held, or in conflict, of the records of a plan fits on one page.
const PAGE: &str = "limit=1000&reveal=true";

pub(crate) struct Run<'a> {
    w: &'a World,
    pub(crate) clients: Vec<Client>,
    pub(crate) log: Vec<Event>,
    /// Every device that there was, with its name in the plan.
    labels: Vec<(String, String)>,
    /// The open assignments, by team and county.
    assignments: BTreeMap<(String, String), Vec<String>>,
    step: Option<usize>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(w: &'a World, plan: &Plan) -> Self {
        let clients: Vec<Client> = plan.devices.iter().map(|name| Client::new(w.phone(name))).collect();
        let labels = (0..).zip(&clients).map(|(n, client)| (client.device.clone(), format!("device {n}"))).collect();
        let assignments = w.cast().assignments.iter().map(|(key, id)| {
            let (team, county) = key.split_once(' ').expect("a team and a county");
            ((team.to_owned(), county.to_owned()), vec![id.clone()])
        });
        Self { w, clients, log: Vec::new(), labels, assignments: assignments.collect(), step: None }
    }

    /// Every step, then all that is still to be sent and to be had.
    pub(crate) fn all(&mut self, plan: &Plan) {
        for (n, step) in plan.steps.iter().enumerate() {
            self.step = Some(n);
            self.step(plan, step);
        }
        self.step = None;
        for n in 0..self.clients.len() {
            self.push(n, usize::MAX, PushFate::Answered);
            // What was refused, since the phone was copied, is sent under another name.
            self.push(n, usize::MAX, PushFate::Answered);
        }
        for n in 0..self.clients.len() {
            self.pull(n, 1000, usize::MAX, PullFate::Stored, &plan.records);
        }
    }

    /// With devices by their names in the plan.
    pub(crate) fn readable(&self, text: &str) -> String {
        self.labels.iter().fold(text.to_owned(), |text, (device, label)| text.replace(device, label))
    }

    fn step(&mut self, plan: &Plan, step: &Step) {
        let count = self.clients.len();
        match step {
            Step::Edit { device, record, fields, partial, made } => {
                self.clients[device % count].edit(&plan.records[*record], fields, *partial, *made);
            }
            Step::Delete { device, record, made } => self.clients[device % count].delete(&plan.records[*record], *made),
            Step::Spoil { device, record, fault, made } => {
                self.clients[device % count].spoil(&plan.records[*record], *fault, *made);
            }
            Step::Clock { device, clock } => self.clients[device % count].set_clock(*clock),
            Step::Push { device, most, fate } => self.push(device % count, *most, *fate),
            Step::Race { devices } => {
                let mut devices: Vec<usize> = devices.iter().map(|n| n % count).collect();
                devices.dedup();
                self.race(&devices);
            }
            Step::Pull { device, limit, pages, fate } => {
                self.pull(device % count, *limit, *pages, *fate, &plan.records);
            }
            Step::Assign { team, county } => self.assign(team, county),
            Step::Close { team, county } => self.close(team, county),
            Step::Revoke { device, mode } => self.revoke(device % count, mode),
            Step::Backup { device } => self.clients[device % count].back_up(),
            Step::Restore { device } => self.clients[device % count].restore(),
            Step::Twin { device } => {
                let twin = self.clients[device % count].clone();
                self.clients.push(twin);
            }
            Step::Settle { nth, how, open, province } => self.settle(*nth, how, *open, *province),
            Step::Resolve { nth, keep, open } => self.resolve(*nth, *keep, *open),
            Step::Online { record, fields, province } => {
                self.online(&plan.records[*record], fields.as_ref(), *province);
            }
            Step::Move { device, team } => self.change_team(device % count, team),
            Step::Restart => self.w.restart(),
        }
    }

    fn note(&mut self, sent: Time, deed: Deed) {
        self.log.push(Event { step: self.step, sent, answered: now(), deed });
    }

    fn push(&mut self, n: usize, most: usize, fate: PushFate) {
        let envelope = self.clients[n].envelope(most);
        let copies = if let PushFate::Copies(copies) = fate { copies } else { 1 };
        let sent = now();
        let push = send(vec![(&self.clients[n], &envelope); copies]).into_iter().reduce(|mut all, copy| {
            all.answers.extend(copy.answers);
            all
        });
        let push = push.expect("there is one at least");
        let answer = push.answers[0].clone();
        self.note(sent, Deed::Push(push));
        if fate == PushFate::AnswerLost {
            return;
        }
        self.answered(n, &answer);
        if fate == PushFate::Repeated && answer.status == 200 {
            let sent = now();
            let again = send(vec![(&self.clients[n], &envelope)]).remove(0);
            self.note(sent, Deed::Push(again));
        }
    }

    fn race(&mut self, devices: &[usize]) {
        let envelopes: Vec<Value> = devices.iter().map(|n| self.clients[*n].envelope(usize::MAX)).collect();
        let sent = now();
        let pushes = send(devices.iter().map(|n| &self.clients[*n]).zip(&envelopes).collect());
        self.note(sent, Deed::Race(pushes.clone()));
        for (n, push) in devices.iter().zip(pushes) {
            self.answered(*n, &push.answers[0]);
        }
    }

    /// The phone hears what became of its push.
    fn answered(&mut self, n: usize, answer: &Answer) {
        if answer.status == 200 {
            self.clients[n].answered(&answer.body);
        } else if answer.body["code"] == "device_cloned" {
            let name = self.clients[n].name.clone();
            let (sent, phone) = (now(), self.w.new_phone(&name));
            self.clients[n].become_device(&phone);
            self.labels.push((phone.device.clone(), format!("device {n} under another name")));
            self.note(sent, Deed::Register { device: phone.device, name });
        }
    }

    fn pull(&mut self, n: usize, limit: usize, pages: usize, fate: PullFate, records: &[Rec]) {
        for page in 0..pages {
            let mut asked = json!({ "schema": 1, "limit": limit });
            match fate {
                PullFate::OldCursor(back) if page == 0 => self.go_back(n, back),
                PullFate::Restart(record) if page == 0 => asked["restart"] = json!([records[record].bucket]),
                _ => {}
            }
            if let Some(cursor) = &self.clients[n].mirror.cursor {
                asked["cursor"] = cursor.as_str().into();
            }
            let answer = self.ask(n, &asked);
            if answer.status != 200 || fate == PullFate::Lost {
                return;
            }
            self.clients[n].pulled(&answer.body, limit);
            if fate == PullFate::Repeated {
                let again = self.ask(n, &asked);
                self.clients[n].pulled(&again.body, limit);
            }
            if answer.body["more"] != true {
                return;
            }
        }
    }

    /// To an old cursor, unless it lacks a county that came and went since: no answer would tell of that.
    fn go_back(&mut self, n: usize, back: usize) {
        let before = self.clients[n].clone();
        self.clients[n].go_back(back);
        let client = &self.clients[n];
        let in_doubt = client.in_doubt();
        if !in_doubt.is_empty() {
            let me = client.session.get("/v1/me").send().json();
            let in_scope = |county: &&str| me["buckets"].as_array().is_some_and(|all| all.contains(&json!(county)));
            if !in_doubt.iter().all(in_scope) {
                self.clients[n] = before;
            }
        }
    }

    fn ask(&mut self, n: usize, asked: &Value) -> Answer {
        let (sent, client) = (now(), &self.clients[n]);
        let answer = Answer::from(client.session.pull_body(asked));
        self.note(sent, Deed::Pull { device: client.device.clone(), asked: asked.clone(), answer: answer.clone() });
        answer
    }

    fn assign(&mut self, team: &'static str, county: &'static str) {
        let cast = self.w.cast();
        let body = json!({ "campaign": cast.campaign, "team": cast.teams[team], "county": county,
            "kind": "provincial", "from": "2015-04-15", "to": "2015-05-05" });
        let sent = now();
        let reply = self.w.province().post("/v1/assignments", &body).send().status(&[201]);
        let answer = Answer::from(reply);
        let open = self.assignments.entry((team.into(), county.into())).or_default();
        open.push(id_of(&answer.body));
        self.note(sent, Deed::Assign { team, county, answer });
    }

    fn close(&mut self, team: &'static str, county: &'static str) {
        if self.clients.iter().any(|client| client.in_doubt().contains(&county)) {
            return;
        }
        let open = self.assignments.get_mut(&(team.to_owned(), county.to_owned()));
        let Some(id) = open.and_then(Vec::pop) else { return };
        let sent = now();
        let path = format!("/v1/assignments/{id}/close");
        let answer = Answer::from(self.w.province().post(&path, &json!({})).send().status(&[200]));
        self.note(sent, Deed::Close { team, county, answer });
    }

    fn revoke(&mut self, n: usize, mode: &'static str) {
        // Who was told to forget everything has.
        if self.clients[n].revoked == Some("wipe") {
            return;
        }
        let (sent, device) = (now(), self.clients[n].device.clone());
        self.w.province().post(&format!("/v1/devices/{device}/revoke"), &json!({ "mode": mode })).send().ok();
        for client in self.clients.iter_mut().filter(|client| client.device == device) {
            client.revoked = Some(mode);
        }
        self.note(sent, Deed::Revoke { device, mode });
    }

    fn change_team(&mut self, n: usize, team: &'static str) {
        let name = self.clients[n].name.clone();
        if self.clients.iter().any(|client| client.name == name && !client.in_doubt().is_empty()) {
            return;
        }
        let path = format!("/v1/users/{}", self.w.cast().users[&name]);
        let user = self.w.province().get(&path).send();
        if user.json()["role"] != "team" {
            return;
        }
        let (sent, tag) = (now(), user.header("etag").expect("a tag").to_owned());
        let change = json!({ "team": self.w.cast().teams[team] });
        self.w.province().patch(&path, &change).header("if-match", &tag).send().ok();
        self.note(sent, Deed::Move { name, team });
    }

    fn online(&mut self, record: &Rec, fields: Option<&Value>, province: bool) {
        let (office, user) = self.office(province);
        let shown = office.get(&record.path()).send().status(&[200, 404, 410]);
        let Some(tag) = shown.header("etag").filter(|_| shown.status == 200).map(str::to_owned) else { return };
        let call = match fields {
            Some(fields) => office.patch(&record.path(), fields),
            None => office.call("DELETE", &record.path()),
        };
        let (sent, fields) = (now(), fields.cloned());
        let answer = call.header("if-match", &tag).send().into();
        self.note(sent, Deed::Online { record: record.clone(), fields, user, answer });
    }

    fn office(&self, province: bool) -> (&'a Session, String) {
        let name = if province { "province" } else { "liangshan" };
        (self.w.office(name), self.w.cast().users[name].clone())
    }

    fn settle(&mut self, nth: usize, how: &'static str, open: bool, province: bool) {
        let (office, user) = self.office(province);
        let filter = if open { "&state=open" } else { "" };
        let listed = office.all(&format!("/v1/held-ops?{PAGE}{filter}"));
        let place = nth % listed.len().max(1);
        let Some(held) = listed.get(place).cloned() else { return };
        let told = told_held(&held);
        let twin = listed[..place].iter().filter(|other| equal(&told_held(other), &told)).count();
        let sent = now();
        let answer = office.post(&format!("/v1/held-ops/{}/{how}", id_of(&held)), &json!({})).send();
        self.note(sent, Deed::Settle { held, twin, how, user, answer: answer.into() });
    }

    fn resolve(&mut self, nth: usize, keep: Keep, open: bool) {
        let (office, user) = self.office(false);
        let filter = if open { "&state=open" } else { "" };
        let listed = office.all(&format!("/v1/conflicts?{PAGE}{filter}"));
        let Some(conflict) = listed.get(nth % listed.len().max(1)).cloned() else { return };
        let body = match keep {
            Keep::Current => json!({ "keep": "current" }),
            Keep::Other => json!({ "keep": "other" }),
            Keep::Value => json!({ "value": another(conflict["field"].as_str().unwrap_or_default()) }),
        };
        let sent = now();
        let answer = office.post(&format!("/v1/conflicts/{}/resolve", id_of(&conflict)), &body).send();
        self.note(sent, Deed::Resolve { conflict, body, user, answer: answer.into() });
    }
}

/// A value that nobody else gives.
fn another(field: &str) -> Value {
    match field {
        "people" | "income_wage" => json!(9),
        "causes_other" => json!(["other"]),
        "cooperative" | "mock_location" => json!(true),
        "day" => json!("2015-05-01"),
        "state" => json!("planned"),
        _ => json!("z"),
    }
}

/// All of them at the same moment.
fn send(pushes: Vec<(&Client, &Value)>) -> Vec<Push> {
    let barrier = &Barrier::new(pushes.len());
    std::thread::scope(|scope| {
        let post = |(client, envelope): (&Client, &Value)| {
            let (session, device, envelope) = (client.session.clone(), client.device.clone(), envelope.clone());
            scope.spawn(move || {
                barrier.wait();
                let answers = vec![session.post("/v1/sync/push", &envelope).send().into()];
                Push { device, envelope, answers }
            })
        };
        let sending: Vec<_> = pushes.into_iter().map(post).collect();
        sending.into_iter().map(|one| one.join().expect("each has an answer")).collect()
    })
}
