//! How polls ask: who stands behind a session, and how its team's counties stand, is one statement for any number of
//! sessions. While one is being asked, the polls that come gather, and share the next: it costs hardly more than any one
//! of them. On PostgreSQL, where the way to the database and back is most of what a poll costs, one asks at a time.
//!
//! Invariant: a poll is told what stood in the database at a moment after it came, and where one session makes the shared
//! statement fail, each is asked for once more by itself.

use crate::http::{Code, Problem};
use crate::store::buckets::Heads;
use crate::store::callers::{self, Standing};
use crate::store::{Engine, Store};
use actix_web::rt::task::spawn_blocking;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Sessions in one statement at most: bounds the time to the first answer.
const TOGETHER: usize = 64;

/// SQLite answers in the process, as many at a time as there are processors for it.
const AT_WORK_ON_SQLITE: usize = 4;

type Found = Result<Option<(Standing, Heads)>, Problem>;

struct Asked {
    session: Uuid,
    answer: oneshot::Sender<Found>,
}

#[derive(Default)]
struct State {
    waiting: Vec<Asked>,
    at_work: usize,
}

/// The polls of this process. Cheap to clone.
#[derive(Clone)]
pub struct Polls {
    store: Store,
    state: Arc<Mutex<State>>,
    most_at_work: usize,
}

impl Polls {
    pub fn new(store: Store) -> Self {
        let most_at_work = match store.engine() {
            Engine::Sqlite => AT_WORK_ON_SQLITE,
            Engine::Postgres => 1,
        };
        Self { store, state: Arc::default(), most_at_work }
    }

    /// Who stands behind a session, and the heads of its team's counties as they are at the same moment; `None` for an
    /// unknown one.
    pub async fn ask(&self, session: Uuid) -> Found {
        let (answer, found) = oneshot::channel();
        if let Some(turn) = self.join(Asked { session, answer }) {
            drop(spawn_blocking(move || turn.work()));
        }
        found.await.map_err(|_| Problem::new(Code::Unavailable))?
    }

    /// Leaves the question to those at work, or gives the turn to become one of them.
    fn join(&self, asked: Asked) -> Option<Turn> {
        let mut state = self.lock();
        state.waiting.push(asked);
        (state.at_work < self.most_at_work).then(|| {
            state.at_work += 1;
            Turn { polls: self.clone(), given_back: false }
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, together: Vec<Asked>) {
        let sessions = together.iter().map(|asked| asked.session).collect();
        match self.look_up(&sessions) {
            Ok(found) => {
                for Asked { session, answer } in together {
                    // A session may ask twice at a time. Whoever has hung up polls again.
                    let _ = answer.send(Ok(found.get(&session).cloned()));
                }
            }
            Err(problem) if problem.code == Code::Internal && together.len() > 1 => {
                for Asked { session, answer } in together {
                    let found = self.look_up(&BTreeSet::from([session]));
                    let _ = answer.send(found.map(|mut found| found.remove(&session)));
                }
            }
            Err(problem) => {
                for Asked { answer, .. } in together {
                    let _ = answer.send(Err(problem.clone()));
                }
            }
        }
    }

    fn look_up(&self, sessions: &BTreeSet<Uuid>) -> Result<HashMap<Uuid, (Standing, Heads)>, Problem> {
        self.store.look_up_now(|conn| Ok(callers::load_with_heads(conn, sessions)?))
    }
}

/// The right to ask. Given back when nobody waits, or where it is dropped without that: by a panic, by a server that stops.
/// Those for whom nobody asks then are told to try again.
struct Turn {
    polls: Polls,
    given_back: bool,
}

impl Turn {
    fn work(mut self) {
        while let Some(together) = self.next() {
            self.polls.answer(together);
        }
    }

    /// Those who came meanwhile, as many as may go together. When there are none, the turn is over.
    fn next(&mut self) -> Option<Vec<Asked>> {
        let mut state = self.polls.lock();
        let count = state.waiting.len().min(TOGETHER);
        if count > 0 {
            return Some(state.waiting.drain(..count).collect());
        }
        // Under the same lock: who comes now takes a turn of their own.
        state.at_work -= 1;
        self.given_back = true;
        None
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.given_back {
            return;
        }
        let mut state = self.polls.lock();
        state.at_work -= 1;
        if state.at_work == 0 {
            // Their senders: who waits for them reads that as unavailable.
            state.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Found, Polls};
    use crate::http::Code;
    use crate::store::Engine;
    use crate::store::dialect::Rows;
    use crate::store::types::Id;
    use crate::sync::tests::Ground;
    use tokio::sync::oneshot::{self, Receiver};
    use uuid::Uuid;

    /// One who is at work, and answers nobody yet.
    fn at_work(ground: &Ground) -> (Polls, super::Turn) {
        let polls = Polls { most_at_work: 1, ..Polls::new(ground.scratch.store.clone()) };
        polls.lock().at_work = 1;
        (polls.clone(), super::Turn { polls, given_back: false })
    }

    fn ask(polls: &Polls, session: Uuid) -> Receiver<Found> {
        let (answer, found) = oneshot::channel();
        assert!(polls.join(Asked { session, answer }).is_none(), "somebody is at work");
        found
    }

    #[test]
    fn those_who_ask_together_are_told_of_themselves() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let ground = Ground::new(engine);
            let (polls, turn) = at_work(&ground);
            let names: Vec<&'static str> = vec!["one", "two", "three", "four", "five"];
            let sessions: Vec<Uuid> = names.iter().map(|name| ground.phone(name)).collect();
            // More than go together, each several times.
            let asked: Vec<_> = (0..200).map(|i| sessions[i % 5]).collect();
            let found: Vec<_> = asked.iter().map(|session| ask(&polls, *session)).collect();
            let unknown = ask(&polls, Uuid::now_v7());
            turn.work();
            let users: Vec<Uuid> = found
                .into_iter()
                .map(|found| found.blocking_recv().unwrap().unwrap().expect("a known session").0.user)
                .collect();
            for (i, user) in users.iter().enumerate() {
                assert_eq!(*user, users[i % 5], "{engine:?}");
            }
            let mut different = users[..5].to_vec();
            different.sort_unstable();
            different.dedup();
            assert_eq!(different.len(), 5, "{engine:?}");
            assert!(unknown.blocking_recv().unwrap().unwrap().is_none());
            assert_eq!(polls.lock().at_work, 0, "the turn is given back");
        }
    }

    #[test]
    fn those_who_ask_together_are_told_of_their_own_teams_counties() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let ground = Ground::new(engine);
            let (polls, turn) = at_work(&ground);
            // Two that share a county, one with none, and somebody without a team.
            let teams: [(Uuid, &[u32]); 4] = [
                (ground.team("one", &[513_430, 513_431]), &[513_430, 513_431]),
                (ground.team("two", &[513_431, 513_432]), &[513_431, 513_432]),
                (ground.team("none", &[]), &[]),
                (ground.phone("office"), &[]),
            ];
            let found = teams.map(|(session, _)| ask(&polls, session));
            turn.work();
            for (found, (_, counties)) in found.into_iter().zip(teams) {
                let (standing, heads) = found.blocking_recv().unwrap().unwrap().expect("a known session");
                let codes: Vec<u32> = heads.keys().map(|bucket| bucket.code()).collect();
                assert_eq!(codes, counties, "{engine:?}");
                let grants: Vec<_> = standing.counties.iter().map(|(bucket, no)| (bucket.code(), *no)).collect();
                let expected: Vec<_> = counties.iter().map(|code| (*code, code % 100)).collect();
                assert_eq!(grants, expected, "{engine:?}");
            }
        }
    }

    #[test]
    fn whose_row_cannot_be_read_fails_alone() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let ground = Ground::new(engine);
            let (polls, turn) = at_work(&ground);
            let [one, ruined, two] = ["one", "ruined", "two"].map(|name| ground.phone(name));
            let rows = Rows::new().uuid("session", [Id(ruined)]);
            let ruin = "UPDATE users SET region = 'nowhere' WHERE id = (SELECT s.user_id FROM v JOIN sessions s ON s.id = v.session)";
            ground
                .scratch
                .store
                .write_now(move |tx| Ok::<_, crate::store::StoreError>(rows.execute(tx, ruin)?))
                .unwrap();
            let found = [one, ruined, two].map(|session| ask(&polls, session));
            turn.work();
            let told = found.map(|found| match found.blocking_recv().unwrap() {
                Ok(found) => Ok(found.is_some()),
                Err(problem) => Err(problem.code),
            });
            assert_eq!(told, [Ok(true), Err(Code::Internal), Ok(true)], "{engine:?}");
        }
    }

    #[test]
    fn who_waits_for_nobody_is_told_to_try_again() {
        let ground = Ground::new(Engine::Sqlite);
        let (polls, turn) = at_work(&ground);
        let found = ask(&polls, ground.session);
        drop(turn);
        assert!(found.blocking_recv().is_err(), "its sender is gone");
        assert_eq!(polls.lock().at_work, 0);
    }
}
