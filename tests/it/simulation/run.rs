//! Does what a plan says, over HTTP, and writes down what was asked and answered. It judges nothing.

use std::sync::Barrier;

use serde_json::{Value, json};

use super::client::Client;
use super::log::{Answer, Deed, Event};
use super::plan::{Plan, PullFate, PushFate, Step};
use crate::support::http::{Reply, Session};
use crate::support::{World, now};

pub(crate) struct Run<'a> {
    w: &'a World,
    pub(crate) clients: Vec<Client>,
    pub(crate) log: Vec<Event>,
    step: Option<usize>,
}

fn answer(reply: &Reply) -> Answer {
    Answer { status: reply.status, body: reply.json() }
}

impl<'a> Run<'a> {
    pub(crate) fn new(w: &'a World, plan: &Plan) -> Self {
        let clients = plan.devices.iter().map(|name| Client::new(w.phone(name))).collect();
        Self { w, clients, log: Vec::new(), step: None }
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
        }
        for n in 0..self.clients.len() {
            self.pull(n, 1000, usize::MAX, PullFate::Stored);
        }
    }

    fn step(&mut self, plan: &Plan, step: &Step) {
        match step {
            Step::Edit { device, record, fields, partial, made } => {
                self.clients[*device].edit(&plan.records[*record], fields, *partial, *made);
            }
            Step::Delete { device, record, made } => self.clients[*device].delete(&plan.records[*record], *made),
            Step::Clock { device, clock } => self.clients[*device].set_clock(*clock),
            Step::Push { device, most, fate } => self.push(*device, *most, *fate),
            Step::Pull { device, limit, pages, fate } => self.pull(*device, *limit, *pages, *fate),
        }
    }

    fn note(&mut self, sent: crate::support::time::Time, deed: Deed) {
        self.log.push(Event { step: self.step, sent, answered: now(), deed });
    }

    fn push(&mut self, n: usize, most: usize, fate: PushFate) {
        let envelope = self.clients[n].envelope(most);
        let copies = if let PushFate::Copies(copies) = fate { copies } else { 1 };
        let answers = self.send(n, &envelope, copies);
        let done = answers.iter().find(|answer| answer.status == 200).cloned();
        if let (Some(done), true) = (done, fate != PushFate::AnswerLost) {
            self.clients[n].answered(&done.body);
        }
        if fate == PushFate::Repeated {
            self.send(n, &envelope, 1);
        }
    }

    fn send(&mut self, n: usize, envelope: &Value, copies: usize) -> Vec<Answer> {
        let (sent, client) = (now(), &self.clients[n]);
        let post = |session: &Session| answer(&session.post("/v1/sync/push", envelope).send());
        let answers = if copies == 1 {
            vec![post(&client.session)]
        } else {
            let barrier = &Barrier::new(copies);
            std::thread::scope(|scope| {
                let copy = |_| {
                    scope.spawn(move || {
                        barrier.wait();
                        post(&client.session)
                    })
                };
                let sending: Vec<_> = (0..copies).map(copy).collect();
                sending.into_iter().map(|one| one.join().expect("a copy has an answer")).collect()
            })
        };
        let deed = Deed::Push { device: client.device.clone(), envelope: envelope.clone(), answers: answers.clone() };
        self.note(sent, deed);
        answers
    }

    fn pull(&mut self, n: usize, limit: usize, pages: usize, fate: PullFate) {
        for _ in 0..pages {
            let mut asked = json!({ "schema": 1, "limit": limit });
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

    fn ask(&mut self, n: usize, asked: &Value) -> Answer {
        let (sent, client) = (now(), &self.clients[n]);
        let answer = answer(&client.session.pull_body(asked));
        self.note(sent, Deed::Pull { device: client.device.clone(), asked: asked.clone(), answer: answer.clone() });
        answer
    }

    pub(crate) fn office(&self) -> &Session {
        self.w.province()
    }
}
