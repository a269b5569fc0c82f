//! Somebody who looks at a dashboard: signed in, over one keep-alive connection.

use crate::bench::http::{Connection, get, request};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub(super) struct Client {
    address: SocketAddr,
    username: String,
    password: String,
    token: String,
    connection: Connection,
}

impl Client {
    pub(super) fn sign_in(address: SocketAddr, username: &str, password: &str) -> anyhow::Result<Self> {
        let connection = Connection::open(address)?;
        let (username, password) = (username.to_owned(), password.to_owned());
        let mut client = Self { address, username, password, token: String::new(), connection };
        client.renew()?;
        Ok(client)
    }

    /// Signs in again, on a new connection: tokens and idle connections end.
    pub(super) fn renew(&mut self) -> anyhow::Result<()> {
        self.connection = Connection::open(self.address)?;
        let body = json!({"username": self.username, "password": self.password}).to_string();
        let answer = self.connection.ask(&request("/v1/auth/login", None, &body))?;
        let tokens: Value = serde_json::from_slice(answer.ok().context("signing in")?)?;
        tokens["access_token"].as_str().context("no token in the answer to a sign-in")?.clone_into(&mut self.token);
        Ok(())
    }

    pub(super) fn json(&mut self, path: &str) -> anyhow::Result<Value> {
        let answer = self.connection.ask(&get(path, &self.token))?;
        Ok(serde_json::from_slice(answer.ok().with_context(|| path.to_owned())?)?)
    }

    /// Whether there is anything at this path.
    pub(super) fn has(&mut self, path: &str) -> anyhow::Result<bool> {
        Ok(self.connection.ask(&get(path, &self.token))?.status != 404)
    }

    /// How long the answer takes, and how many bytes it has.
    pub(super) fn time(&mut self, path: &str) -> anyhow::Result<(Duration, usize)> {
        let request = get(path, &self.token);
        let begun = Instant::now();
        let answer = self.connection.ask(&request)?;
        let took = begun.elapsed();
        Ok((took, answer.ok().with_context(|| path.to_owned())?.len()))
    }
}
