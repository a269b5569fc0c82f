//! Who the phone speaks for: signing in, renewing tokens, becoming a new device, being revoked.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::http::Answer;
use super::schema::{outbox, phone};
use super::wire::{Action, LoginBody, RefreshBody, Tokens};
use super::{Device, Error, pull};

/// A name and a password, kept in memory only, as long as the app is open.
#[derive(Clone)]
pub struct Account {
    pub username: String,
    pub password: String,
}

impl Device {
    /// Signs the person in. The first time registers this installation as a device; later times, and tokens
    /// renewed in between, go on as the same device.
    pub fn sign_in(&mut self, account: Account) -> Result<(), Error> {
        let phone = self.store.phone()?;
        if phone.wiped {
            return Err(Error::Wiped);
        }
        if let Some(owner) = phone.username.filter(|owner| *owner != account.username) {
            return Err(Error::OtherUser(owner));
        }
        self.account = Some(account);
        self.log_in()
    }

    fn log_in(&mut self) -> Result<(), Error> {
        let Some(Account { username, password }) = self.account.clone() else { return Err(Error::SignInNeeded) };
        let phone = self.store.phone()?;
        let known = phone.device.filter(|_| !phone.register_anew);
        let body = LoginBody {
            username: &username,
            password: &password,
            device: known.is_none().then_some(&self.about),
            device_id: known.as_deref(),
        };
        let answer = self.send("/v1/auth/login", None, &serde_json::to_vec(&body)?)?;
        match answer.status {
            200 => {
                let tokens = tokens(&answer)?;
                match (known, &tokens.device) {
                    (Some(_), _) => self.store.step(|conn| store_tokens(conn, &tokens)),
                    (None, Some(device)) => self.store.step(|conn| {
                        diesel::update(phone::table).set(phone::username.eq(&username)).execute(conn)?;
                        begin_as(conn, &device.id)?;
                        store_tokens(conn, &tokens)
                    }),
                    (None, None) => Err(Error::Offline("the server registered no device".into())),
                }
            }
            // The server does not know the device (any more): it gets a new one.
            404 if known.is_some() => {
                self.mark_register_anew()?;
                self.log_in()
            }
            401 => {
                self.account = None;
                Err(Error::SignInRefused)
            }
            _ => Err(Device::refused(&answer)),
        }
    }

    /// Makes this phone a new device, which sends what is unacknowledged under its own numbers.
    pub(super) fn register_anew(&mut self) -> Result<(), Error> {
        self.mark_register_anew()?;
        self.log_in()
    }

    /// Remembered before the attempt, which may need the person first.
    fn mark_register_anew(&mut self) -> Result<(), Error> {
        self.store.step(|conn| {
            diesel::update(phone::table).set(phone::register_anew.eq(true)).execute(conn)?;
            Ok(())
        })
    }

    /// Makes sure that there is a token to send with. May make this phone a new device, and so renumber the
    /// outbox: to be called before a batch is read.
    pub(super) fn ready(&mut self) -> Result<(), Error> {
        let phone = self.store.phone()?;
        if phone.wiped {
            return Err(Error::Wiped);
        }
        if phone.register_anew {
            return self.log_in();
        }
        if phone.access_token.is_none() { self.renew() } else { Ok(()) }
    }

    /// Sends with the access token.
    pub(super) fn ask(&mut self, path: &str, body: &[u8]) -> Result<Answer, Error> {
        let token = self.store.phone()?.access_token;
        self.send(path, token.as_deref(), body)
    }

    /// New tokens, with the refresh token if it is still good, else with the password. A refresh token works
    /// once: when the answer to its use was lost, only the password helps.
    pub(super) fn renew(&mut self) -> Result<(), Error> {
        if let Some(refresh_token) = self.store.phone()?.refresh_token {
            let body = serde_json::to_vec(&RefreshBody { refresh_token: &refresh_token })?;
            let answer = self.send("/v1/auth/refresh", None, &body)?;
            if answer.status == 200 {
                let tokens = tokens(&answer)?;
                return self.store.step(|conn| store_tokens(conn, &tokens));
            }
        }
        self.log_in()
    }

    /// One request, and what every request must heed.
    fn send(&mut self, path: &str, token: Option<&str>, body: &[u8]) -> Result<Answer, Error> {
        let answer = self.transport.post(path, token, body).map_err(|e| Error::Offline(e.0))?;
        match answer.status {
            403 if answer.problem().code == "device_revoked" => Err(self.revoked(answer.problem().action)?),
            426 => Err(Error::UpgradeNeeded),
            429 | 500.. => Err(Error::Later(answer.patience())),
            // A captive portal, or a proxy with ideas of its own.
            ..200 | 300..400 => Err(Error::Offline(format!("status {}", answer.status))),
            _ => Ok(answer),
        }
    }

    /// A lost phone: `wipe` at once; otherwise everything unsent is sent first.
    fn revoked(&mut self, action: Option<Action>) -> Result<Error, Error> {
        if action == Some(Action::Wipe) {
            self.store.wipe()?;
            return Ok(Error::Wiped);
        }
        self.store.step(|conn| {
            diesel::update(phone::table).set(phone::revoked.eq(true)).execute(conn)?;
            Ok(())
        })?;
        Ok(Error::Revoked)
    }

    /// Wipes the device when it was told to as soon as nothing is left to send.
    pub(super) fn wipe_if_flushed(&mut self) -> Result<(), Error> {
        if !self.store.phone()?.revoked {
            return Ok(());
        }
        self.store.wipe()?;
        Err(Error::Wiped)
    }

    pub(super) fn refused(answer: &Answer) -> Error {
        if answer.status == 401 {
            return Error::SignInNeeded;
        }
        let problem = answer.problem();
        Error::Refused { status: answer.status, code: problem.code, detail: problem.detail }
    }
}

fn tokens(answer: &Answer) -> Result<Tokens, Error> {
    serde_json::from_slice(&answer.body).map_err(|e| Error::Offline(format!("not an answer to a sign-in: {e}")))
}

fn store_tokens(conn: &mut SqliteConnection, tokens: &Tokens) -> Result<(), Error> {
    diesel::update(phone::table)
        .set((phone::access_token.eq(&tokens.access_token), phone::refresh_token.eq(&tokens.refresh_token)))
        .execute(conn)?;
    Ok(())
}

/// Begins a life as the device `id`: what is unacknowledged is numbered from 1, with its old base and time, and
/// the cursor, which was bound to the old device, is forgotten.
pub(super) fn begin_as(conn: &mut SqliteConnection, id: &str) -> Result<(), Error> {
    let old: Vec<i64> = outbox::table.select(outbox::op_seq).order(outbox::op_seq).load(conn)?;
    // In rising order the new number is never above the old one, so none is taken twice on the way.
    for (number, op_seq) in (1_i64..).zip(&old) {
        diesel::update(outbox::table.find(op_seq)).set(outbox::op_seq.eq(number)).execute(conn)?;
    }
    diesel::update(phone::table)
        .set((phone::device.eq(id), phone::register_anew.eq(false), phone::next_op_seq.eq(old.len() as i64 + 1)))
        .execute(conn)?;
    pull::forget_cursor(conn)?;
    Ok(())
}
